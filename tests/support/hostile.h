/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* hostile.h: peers that behave badly, each in its own process, for tests of modules that talk
 * to servers. */
#ifndef BL_TEST_HOSTILE_H
#define BL_TEST_HOSTILE_H

#include "base/prefix.h"

/* What a peer does after its well-behaved lines. It always goes on reading what it is sent. */
enum hostile_kind {
    HOSTILE_SILENT,  /* says nothing more and keeps the connection open */
    HOSTILE_SLOW,    /* head at once, then filler at a byte a second, over and over */
    HOSTILE_FLOOD,   /* head at once, then filler as fast as it is taken, `limit` bytes of it */
    HOSTILE_GARBAGE, /* bytes of no protocol (the same 4096 each time), then silent */
    HOSTILE_CLOSE,   /* head, then an orderly close */
    HOSTILE_RESET,   /* head, then a reset (TCP only; a close on a unix socket) */
};

/* One well-behaved exchange before the bad part: waits for bytes, then answers. */
struct hostile_line {
    const char *expect; /* text that must have come; "": any byte; NULL: does not wait */
    const void *answer;
    size_t len;
};

/* Copied when the peer starts. Zero is a good default for every field. */
struct hostile_spec {
    enum hostile_kind kind;
    const struct hostile_line *lines; /* for each connection from its start */
    size_t line_count;
    const void *head;
    size_t head_len;
    const void *filler; /* default: 'x' */
    size_t filler_len;
    int64_t limit;      /* of FLOOD; default 1 GiB, then the connection is closed */
    const char *path;   /* a unix socket to make; default: a free port of 127.0.0.1 */
    const char *cert;   /* PEM files: speaks TLS */
    const char *key;    /* (certificate.h makes them) */
    size_t plain_lines; /* lines spoken before the TLS handshake begins; default 0 */
};

/* What happened so far, over all connections. */
struct hostile_count {
    int64_t accepted; /* connections ever made */
    int64_t open;     /* connections not yet closed by either side */
    int64_t received; /* bytes (of plain text, under TLS) */
    int64_t sent;
};

struct hostile;

/* Starts a peer; it listens when this returns. It dies with the test's process at the latest.
 */
struct hostile *hostile_start(const struct hostile_spec *spec);
int hostile_port(const struct hostile *hostile); /* 0 for a unix socket */
struct hostile_count hostile_count(const struct hostile *hostile);
/* Waits (at most `millis`) until there was a connection and none is open; else false. */
bool hostile_wait_idle(const struct hostile *hostile, int millis);
/* Ends it with all its connections and frees. The unix socket is removed. */
void hostile_stop(struct hostile *hostile);

/* A port of 127.0.0.1 where nobody listens. */
int hostile_closed_port(void);

/* For leak checks: the open file descriptors, threads and resident bytes of this process. */
int hostile_fd_count(void);
int hostile_thread_count(void);
int64_t hostile_rss(void);

#endif
