/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_request.h: what a call of the http module asks for: method, class, URL; and its start.
 */
#ifndef BL_HTTP_REQUEST_H
#define BL_HTTP_REQUEST_H

#include "http_client.h"

/* The operation's own method, or the argument of request(). */
const char *bl_http_call_method(const struct bl_call *call);
/* Capitals, and not one that libcurl would treat as something else. */
bool bl_http_method_is_good(const char *method);
/* By method; a header that lets the server take it for another method makes it destroy. */
enum bl_class bl_http_call_class(const struct bl_call *call);
/* http_doubt.c: whether the same request again changes nothing more, by its method. */
bool bl_http_call_is_idempotent(const struct bl_call *call);
/* The header in which a change bears its id; NULL: none. */
const char *bl_http_call_key(const struct bl_call *call);
struct bl_call *bl_http_resolve(struct bl_connection *connection, const struct bl_call *call,
                                const struct bl_value *intent, const struct bl_value *answer,
                                struct bl_resolution *resolution);
/* The URL for people, without secrets; freed by bl_free. */
char *bl_http_call_shown(const struct bl_call *call);
/* The start of every operation of the module. */
void bl_http_call_start(struct bl_op *op, const struct bl_call *call);

#endif
