/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_answer.h: what an HTTP answer becomes for an author: one table, JSON read where
 * promised. */
#ifndef BL_HTTP_ANSWER_H
#define BL_HTTP_ANSWER_H

#include "http_client.h"

enum bl_http_json {
    BL_HTTP_JSON_AUTO, /* read when the content type says JSON */
    BL_HTTP_JSON_MUST,
    BL_HTTP_JSON_NEVER,
};

/*
 * Answers the op from what the transfer brought. An answer that is not the JSON it promised
 * fails an observe; a change was performed all the same, so its answer says so in json_error
 * instead. A large text is read on the thread pool.
 */
void bl_http_answer(struct bl_http_op *http, enum bl_http_json json);
/*
 * Reads the body as JSON, a large one on the thread pool, and calls then (only while the op is
 * not settled). json is borrowed; NULL: it is not JSON, and err says why.
 */
void bl_http_json(struct bl_http_op *http,
                  void (*then)(struct bl_http_op *http, const struct bl_value *json,
                               const struct bl_error *err));
/* "application/json; charset=utf-8", "application/problem+json". */
bool bl_http_type_is_json(const char *content_type);
/* The answer of a good run, for a request of that URL. */
struct bl_value *bl_http_nominal(const char *url);

#endif
