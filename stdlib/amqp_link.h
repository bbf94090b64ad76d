/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_link.h: one connection to a broker, used by one thread: every call is bounded in time.
 */
#ifndef BL_AMQP_LINK_H
#define BL_AMQP_LINK_H

#include "loop/resolve.h"

#include <amqp.h>

#define BL_AMQP_CHANNEL 1

/* Where and how to connect; read only once made. */
struct bl_amqp_settings {
    char *host, *vhost, *user, *password, *ca_file; /* ca_file: NULL for the system's */
    int port;
    bool has_tls;
    int heartbeat; /* seconds; 0: none */
};

struct bl_amqp_link {
    const struct bl_amqp_settings *settings;
    const char *target; /* of the call that is served, for messages */
    amqp_connection_state_t state;
    int fd;           /* -1: not connected */
    int64_t deadline; /* steady milliseconds, of the call that is served */
    bool has_channel, has_confirms;
    bool is_broken; /* the connection is of no use any more: close it */
    /* Told of every descriptor before it is used and (-1) before it is closed; false: nobody
     * wants the connection any more. May be asked at any time with the same descriptor. */
    bool (*on_fd)(void *owner, int fd);
    void (*on_stage)(void *owner, const char *stage); /* what it does now, a constant */
    void *owner;
};

/* Connects and logs in. addresses is not used with TLS, which looks the name up by itself. */
enum bl_code bl_amqp_link_open(struct bl_amqp_link *link, const struct bl_addresses *addresses,
                               struct bl_error *err) BL_MUST_USE;
void bl_amqp_link_close(struct bl_amqp_link *link);
/* False when the peer has closed an idle connection or said something unexpected on it. */
bool bl_amqp_link_is_alive(struct bl_amqp_link *link);
/* Opens the channel when there is none. */
enum bl_code bl_amqp_link_channel(struct bl_amqp_link *link, struct bl_error *err) BL_MUST_USE;

/*
 * The result of the last remote call: BL_OK, or the error, which begins with target and doing.
 * After the broker's exception the channel is closed in good order, and *server_code (may be
 * NULL) is its number, else 0.
 */
enum bl_code bl_amqp_link_check(struct bl_amqp_link *link, const char *doing,
                                amqp_rpc_reply_t reply, int *server_code,
                                struct bl_error *err) BL_MUST_USE;
/* The same for a call that gives a status. */
enum bl_code bl_amqp_link_status(struct bl_amqp_link *link, const char *doing, int status,
                                 struct bl_error *err) BL_MUST_USE;
/* Waits for the next frame of the channel; the broker's exceptions are errors. */
enum bl_code bl_amqp_link_frame(struct bl_amqp_link *link, const char *doing,
                                amqp_frame_t *frame, struct bl_error *err) BL_MUST_USE;

#endif
