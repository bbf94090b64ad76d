/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* tcp_dial.h: a TCP connection for one operation: looks the host up and tries its addresses in
 * turn. */
#ifndef BL_TCP_DIAL_H
#define BL_TCP_DIAL_H

#include "module.h"

struct tcp_dial; /* one attempt; it lives until the loop has let go of its socket */

/* An operation with one socket. A module's struct begins with it. */
struct bl_tcp_op {
    struct bl_op base;
    struct bl_addresses addresses;
    int tried;
    struct tcp_dial *dial;
    uint64_t began;   /* nanoseconds */
    double seconds;   /* that resolving and connecting took */
    char address[80]; /* "127.0.0.1:5432", of the attempt under way */
    size_t received;  /* bytes read so far */
    void (*connected)(struct bl_tcp_op *tcp);
    /* len 0: the peer closed. Not called once the op is settled. */
    void (*read)(struct bl_tcp_op *tcp, const char *data, size_t len);
};

/* Takes host and port from the arguments of the call. connected comes later, or the op fails.
 */
void bl_tcp_dial(struct bl_tcp_op *tcp);
/* After connected: begins to read; copies and sends. */
void bl_tcp_read(struct bl_tcp_op *tcp);
void bl_tcp_write(struct bl_tcp_op *tcp, const void *data, size_t len);
/* For release. */
void bl_tcp_close(struct bl_tcp_op *tcp);

#endif
