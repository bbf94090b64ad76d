/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* servers.h: starts real servers for a test on free ports of 127.0.0.1, and ends them whatever
 * happens. */
#ifndef BL_TEST_SERVERS_H
#define BL_TEST_SERVERS_H

#include "base/prefix.h"

#include <sys/types.h>

/*
 * One server with a folder of its own under /tmp. A keeper process, the server's parent, waits
 * on a pipe that this process holds: when the test stops the server, crashes or is killed, the
 * keeper ends the server and removes the folder. As root, server and folder belong to `user`
 * (or nobody). Whatever cannot be started ends the test with a message that holds the log.
 */
struct test_server {
    const char *name;
    const char *user; /* NULL: we are not root */
    char folder[64];
    char log[96]; /* what it printed */
    int port;
    pid_t pid;    /* the server's own */
    pid_t keeper; /* 0: none */
    int hold;     /* write end of the keeper's pipe */
    int tell;     /* read end of the pipe on which it says the server's pid */
};

/* PostgreSQL 15 with every statement in its log, a superuser "belay" and that password. */
#define TEST_POSTGRES_PASSWORD "invented-for-tests"
void test_postgres_start(struct test_server *server);
/* The same with more lines for postgresql.conf; certificate and key are files to copy in when
 * TLS is wanted (else NULL). */
void test_postgres_start_with(struct test_server *server, const char *config,
                              const char *certificate, const char *key);
/* Redis without persistence; config: more lines for redis.conf, may be NULL. */
void test_redis_start(struct test_server *server, const char *config);
/* Ends it, whatever it is, and removes its folder. Harmless on a stopped one. */
void test_server_stop(struct test_server *server);
/* Kills it the hard way (SIGKILL) and waits until it is gone; stop is still needed. */
void test_server_kill(struct test_server *server);
/* Starts it again, with the same command, folder and port, after it was killed; what is left of
 * its process group is ended first. The caller awaits it; those of a kind do. */
void test_server_revive(struct test_server *server);
void test_postgres_revive(struct test_server *server);
void test_redis_revive(struct test_server *server);

/* For servers of other kinds: first open, then run or spawn, then await. */
void test_server_open(struct test_server *server, const char *name, const char *user);
/* A path in the server's folder; four of them stay valid. */
const char *test_server_path(const struct test_server *server, const char *file);
/* Writes a file into the folder, owned and readable by the server's user alone. */
void test_server_write(struct test_server *server, const char *file, const char *text);
/* Runs a command to its end as the server's user, output to the log; it must exit with 0.
 * environment: NULL-terminated "NAME=value", may be NULL. */
void test_server_run(struct test_server *server, const char *const *argv,
                     const char *const *environment);
/* Starts the server itself under its keeper, which ends it with the signal given. */
void test_server_spawn(struct test_server *server, const char *const *argv,
                       const char *const *environment, int stop_signal);
/* Waits until is_ready says true, at most so many seconds. */
void test_server_await(struct test_server *server, bool (*is_ready)(struct test_server *server),
                       int seconds);
/* What is in its log so far. Freed by bl_free. */
char *test_server_log(const struct test_server *server);
/* True once a connection to the port is accepted. */
bool test_server_listens(struct test_server *server);
/* A port of 127.0.0.1 that was free just now. */
int test_free_port(void);

#endif
