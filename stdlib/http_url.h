/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_url.h: URLs of requests: made from base, path and query; shown without secrets; compared
 * by origin. */
#ifndef BL_HTTP_URL_H
#define BL_HTTP_URL_H

#include "module.h"

struct bl_http_origin {
    char host[260]; /* without the brackets of an IPv6 address */
    int port;
    bool is_tls;
    bool is_address; /* a literal address: no name to look up */
};

/* False when it is not an http or https URL with a host. */
bool bl_http_origin_parse(const char *url, struct bl_http_origin *origin);
bool bl_http_origin_is_same(const char *a, const char *b);

/*
 * The complete URL of a call: the base, then `path` ("" or from "/"), then `query` (a map of
 * scalars and lists of them; NULL allowed), percent-encoded where needed. Freed by bl_free;
 * NULL with err filled when base or path cannot be used.
 */
char *bl_http_url(const struct bl_call *call, const char *base, const char *path,
                  const struct bl_value *query, struct bl_error *err);
/* A URL as people may see it: without user and password, and with "<secret:NAME>" in place of
 * a secret base. */
char *bl_http_shown(const struct bl_call *call, const char *url);
/* A string, number or boolean as text; false for anything else. */
bool bl_http_scalar(struct bl_buf *out, const struct bl_value *value);

#endif
