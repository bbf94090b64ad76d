/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_engine.h: requests to a Docker Engine over its unix socket, in the version both
 * speak. */
#ifndef BL_DOCKER_ENGINE_H
#define BL_DOCKER_ENGINE_H

#include "http_client.h"

#define BL_DOCKER_VERSION 24 /* bytes of "1.41" */

/* An operation that sends one request or several to the engine. */
struct bl_docker_op {
    struct bl_http_op http;
    char version[BL_DOCKER_VERSION]; /* "1.41" */
    bool may_miss;                   /* a container that is not there is the answer nil */
    void (*then)(struct bl_docker_op *docker);
    void (*read)(struct bl_docker_op *docker, const struct bl_value *json);
};

/* The state of a connection: sockets, and the version once it is known. */
void bl_docker_open(struct bl_connection *connection);
void bl_docker_close(struct bl_connection *connection);

/*
 * Checks the container's name of the call (when it has one), asks the engine once for its
 * versions, and calls then; or the op fails.
 */
void bl_docker_begin(struct bl_docker_op *docker, void (*then)(struct bl_docker_op *docker));
/*
 * Sends a request: path is what follows the version ("/containers/json"). Before it, the body
 * may be set (body and has_body; it is sent as JSON). done is called with every answer, of any
 * status. All but GET counts as a change that was sent.
 */
void bl_docker_send(struct bl_docker_op *docker, const char *method, const char *path,
                    void (*done)(struct bl_http_op *http));
/* Sends a request that changes nothing yet, and whose answer must be a success and JSON. */
void bl_docker_ask(struct bl_docker_op *docker, const char *method, const char *path,
                   void (*read)(struct bl_docker_op *docker, const struct bl_value *json));
/* Fails the op for an answer that is an error; text is its body. */
void bl_docker_fail(struct bl_docker_op *docker, int status, const char *text, size_t len);
const char *bl_docker_socket(const struct bl_call *call);
/* "/containers/NAME/VERB" of the call's container. */
void bl_docker_path(const struct bl_call *call, const char *verb, char *out, size_t size);

/* The version to speak, of ours and those the engine names; false when there is none. */
bool bl_docker_negotiate(const char *newest, const char *oldest, char out[BL_DOCKER_VERSION]);
bool bl_docker_name_is_good(const char *name);

#endif
