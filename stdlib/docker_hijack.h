/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_hijack.h: one request after which the socket is a plain stream in both directions; the
 * one thing of the engine that libcurl cannot do. */
#ifndef BL_DOCKER_HIJACK_H
#define BL_DOCKER_HIJACK_H

#include "loop/op.h"

struct hijack; /* lives until the loop has let go of its socket */

struct bl_docker_hijack {
    struct bl_op *op;
    const char *path;  /* "/v1.41/exec/ID/start" */
    const char *body;  /* JSON */
    const char *input; /* sent once the engine has answered; then the direction is closed */
    size_t input_len;
    /* Bytes of the stream. False: it has failed the op, and nothing follows. */
    bool (*take)(struct bl_op *op, const char *data, size_t len);
    /* The stream ended. */
    void (*done)(struct bl_op *op);
    /* The engine said no, with its status and the body of its answer. */
    void (*refused)(struct bl_op *op, int status, const char *text, size_t len);
};

/* Copies what it is given. Gives a handle for close, which may come at any time. */
struct hijack *bl_docker_hijack_open(const struct bl_docker_hijack *request,
                                     const char *socket);
void bl_docker_hijack_close(struct hijack *hijack); /* NULL is allowed */

#endif
