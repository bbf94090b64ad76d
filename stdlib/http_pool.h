/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_pool.h: libcurl's multi handle on the loop; what http_client.c and http_pool.c share. */
#ifndef BL_HTTP_POOL_H
#define BL_HTTP_POOL_H

#include "http_client.h"

struct bl_http_pool *bl_http_pool_ref(struct bl_http_pool *pool); /* NULL is allowed */
void bl_http_pool_unref(struct bl_http_pool *pool);
bool bl_http_pool_is_closed(const struct bl_http_pool *pool);
/* Gives the op's handle to libcurl, a few in each turn of the loop: a start with TLS takes half
 * a millisecond and more. */
void bl_http_pool_start(struct bl_http_pool *pool, struct bl_http_op *http);
/* Takes it back, started or not. */
void bl_http_pool_stop(struct bl_http_pool *pool, struct bl_http_op *http);

/* The last name that was looked up, as "host:port:address,address". A pool has one server. */
void bl_http_pool_remember(struct bl_http_pool *pool, const char *line);
const char *bl_http_pool_recall(struct bl_http_pool *pool, const char *host, int port,
                                int64_t life_ms);

/* Called by the pool for each transfer that ended, outside of libcurl's callbacks. */
void bl_http_finished(CURL *easy, CURLcode code);

#endif
