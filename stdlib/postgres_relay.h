/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_relay.h: stands between libpq and its socket, so that libpq reads only what it is
 * given. */
#ifndef BL_POSTGRES_RELAY_H
#define BL_POSTGRES_RELAY_H

#include "base/prefix.h"

#include <uv.h>

struct postgres_relay;

/*
 * Left alone, libpq reads in one call for as long as a server sends: hundreds of megabytes of
 * one row, and the loop stands. So the descriptor `sock` of a connection that is made becomes
 * one end of a pair of sockets (TLS goes through unread), and the relay carries bytes between
 * the other end and the server, a little in each turn. *count grows by what has come from the
 * server. NULL when the system has no descriptors left.
 */
struct postgres_relay *bl_postgres_relay_new(uv_loop_t *uv, int sock, int64_t *count);
/* After libpq has closed its end: what it said last goes out, then all is closed. NULL is
 * allowed. */
void bl_postgres_relay_free(struct postgres_relay *relay);

#endif
