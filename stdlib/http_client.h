/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_client.h: HTTP requests on the loop by libcurl, for every module that speaks HTTP. */
#ifndef BL_HTTP_CLIENT_H
#define BL_HTTP_CLIENT_H

#include "module.h"

#include "late_curl.h"
#include <sys/queue.h>

#define BL_HTTP_HEADERS_MAX 65536 /* bytes of all header lines of one answer */
#define BL_HTTP_LINES_MAX 500     /* header lines of one answer */
#define BL_HTTP_REDIRECTS 5

/*
 * The sockets of one connection: requests beyond `connections` wait in line, idle sockets are
 * used again. After close no request starts; the memory goes when the last operation and the
 * loop have let go.
 */
struct bl_http_pool;
struct bl_http_pool *bl_http_pool_new(struct bl_loop *loop, int connections);
void bl_http_pool_close(struct bl_http_pool *pool); /* NULL is allowed */

/* How a server is reached. Borrowed: must live as long as the operation. NULL: not used. */
struct bl_http_server {
    const char *socket; /* path of a unix socket */
    const char *user, *password;
    const char *ca_file; /* default: the authorities of the system */
    const char *proxy;
    bool is_unverified; /* the certificate of the server is not checked */
};

/* An operation that sends one request or several, one after the other. A module's struct begins
 * with it. */
struct bl_http_op {
    struct bl_op base;
    struct bl_http_pool *pool; /* a reference, taken by the first send */

    /* The request: set before bl_http_send. The op owns url, shown, headers and body. */
    struct bl_http_server server;
    const char *method;
    char *url;   /* complete, for libcurl */
    char *shown; /* the same for people, without secrets */
    struct curl_slist *headers;
    struct bl_buf body;
    bool has_body;
    bool is_safe; /* may be asked again on another socket and follow redirects; any other uses a
                     fresh socket and is sent once */
    bool is_change; /* the op counts as sent when this request leaves */
    bool may_cut;   /* an answer above `keep` is cut there instead of failing */
    size_t keep;    /* bytes of the answer's body; 0: the call's */
    /* Takes the body instead of `text`. False: it has failed the op, and the transfer ends. */
    bool (*sink)(struct bl_http_op *http, const char *data, size_t len);
    /* The answer is complete. Failures never get here: they have failed the op. */
    void (*done)(struct bl_http_op *http);

    /* The answer. The status is there before the first byte of the body. */
    int status;
    struct bl_value *answer_headers; /* a map, names in lower case */
    struct bl_buf text;
    int64_t bytes; /* of the body, as they came */
    bool was_cut;
    int64_t micros[5]; /* resolve, connect, tls, first byte, total */

    /* The client's own. */
    CURL *easy;
    TAILQ_ENTRY(bl_http_op) line; /* of those that wait to be started */
    bool is_in_line;
    struct curl_slist *addresses;
    size_t header_bytes, header_lines;
    uint64_t staged; /* the loop's time when progress was last said */
    int redirects;
    int64_t began, resolved; /* steady milliseconds */
    bool is_paused;
    char error[CURL_ERROR_SIZE];
};

void bl_http_header(struct bl_http_op *http, const char *name, const char *value);
/* Sends the request and forgets the answer before. Does nothing when the op is settled. */
void bl_http_send(struct bl_http_op *http);
/* Frees url, shown, headers, body and answer, so that another request can be described. */
void bl_http_reset(struct bl_http_op *http);
/* For the operation's release: cancels what is under way and frees all that the op owns. */
void bl_http_release(struct bl_op *op);
/* From a sink: no more data until bl_http_resume. */
void bl_http_pause(struct bl_http_op *http);
void bl_http_resume(struct bl_http_op *http);
/* {resolve, connect, tls, first_byte, total} in seconds. */
struct bl_value *bl_http_timings(const struct bl_http_op *http);

/* http_error.c: fails the op for a transfer that libcurl gave up. */
void bl_http_fail(struct bl_http_op *http, CURLcode code, long os_error);

#endif
