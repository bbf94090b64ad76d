/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* web.h: a well-behaved HTTP server in its own process, on libmicrohttpd, for tests. */
#ifndef BL_TEST_WEB_H
#define BL_TEST_WEB_H

#include "base/prefix.h"

/*
 * Paths: /echo (JSON: method, path, query, headers, body) · /status/N (with the body "N") ·
 * /big/N (N bytes of 'x') · /header/N (a header of N bytes) · /sleep/MS (then "awake") ·
 * /to?url=U (302 there) · /again (302 to itself) · /broken (content type JSON, text "{") ·
 * /json/N (a JSON list of N small tables) · /drop (closes the socket after it answered) · all
 * other: 404.
 */
struct web;

/* Starts it on a free port of 127.0.0.1; cert and key are PEM files (NULL: plain HTTP). */
struct web *web_start(const char *cert, const char *key);
int web_port(const struct web *web);
int web_requests(const struct web *web);    /* answered so far */
int web_connections(const struct web *web); /* accepted so far */
void web_stop(struct web *web);

#endif
