/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* servers_sql.c: PostgreSQL and Redis for tests. */
#include "base/prefix.h"

#include "support/servers.h"

#include <arpa/inet.h>
#include <glob.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static bool postgres_is_ready(struct test_server *server)
{
    char info[160];

    snprintf(info, sizeof(info),
             "hostaddr=127.0.0.1 port=%d user=belay dbname=postgres connect_timeout=2 "
             "password=" TEST_POSTGRES_PASSWORD,
             server->port);
    return PQping(info) == PQPING_OK;
}

/* Debian keeps the server's programs out of PATH, in a folder by version. */
static const char *postgres_program(const char *name, char *out, size_t size)
{
    char pattern[100];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "/usr/lib/postgresql/*/bin/%s", name);
    snprintf(out, size, "%s", name);
    if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0)
        snprintf(out, size, "%s", found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    return out;
}

static void postgres_copy(struct test_server *server, const char *from, const char *to)
{
    FILE *file = fopen(from, "rb");
    char text[16384];
    size_t got = file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file);

    if (got == 0)
        BL_BUG("test: cannot read %s", from);
    fclose(file);
    text[got] = '\0';
    test_server_write(server, to, text);
}

void test_postgres_start_with(struct test_server *server, const char *config,
                              const char *certificate, const char *key)
{
    char program[128], port[16], text[2000];
    const char *initdb[] = {postgres_program("initdb", program, sizeof(program)),
                            "--no-sync",
                            "--pgdata=data",
                            "--username=belay",
                            "--auth=scram-sha-256",
                            "--pwfile=password",
                            "--encoding=UTF8",
                            "--locale=C",
                            NULL};
    const char *postgres[] = {NULL, "-D", "data", "-p", port, NULL};

    test_server_open(server, "postgres", "postgres");
    test_server_write(server, "password", TEST_POSTGRES_PASSWORD "\n");
    test_server_run(server, initdb, NULL);
    snprintf(
        text, sizeof(text),
        "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n"
        "shared_buffers = 16MB\nmax_connections = 40\nlog_statement = all\n"
        "log_line_prefix = ''\nautovacuum = off\nmax_wal_senders = 0\nwal_level = minimal\n"
        "timezone = 'UTC'\nlog_timezone = 'UTC'\n%s\n%s",
        certificate == NULL ? "" : "ssl = on\n", config == NULL ? "" : config);
    test_server_write(server, "data/postgresql.conf", text);
    if (certificate != NULL) {
        postgres_copy(server, certificate, "data/server.crt");
        postgres_copy(server, key, "data/server.key");
    }
    snprintf(port, sizeof(port), "%d", server->port);
    postgres[0] = postgres_program("postgres", program, sizeof(program));
    test_server_spawn(server, postgres, NULL, SIGINT);
    test_server_await(server, postgres_is_ready, 30);
}

void test_postgres_start(struct test_server *server)
{
    test_postgres_start_with(server, NULL, NULL, NULL);
}

void test_postgres_revive(struct test_server *server)
{
    test_server_revive(server);
    test_server_await(server, postgres_is_ready, 30);
}

static bool redis_is_ready(struct test_server *server)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)server->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer[8] = "";
    bool is_ready = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
                    write(fd, "PING\r\n", 6) == 6 && read(fd, answer, sizeof(answer) - 1) > 0;

    if (fd >= 0)
        close(fd);
    /* "-NOAUTH" of a server with a password is an answer as well */
    return is_ready && (answer[0] == '+' || answer[0] == '-');
}

void test_redis_start(struct test_server *server, const char *config)
{
    const char *argv[] = {"redis-server", "redis.conf", NULL};
    char text[2000];

    test_server_open(server, "redis", "redis");
    snprintf(text, sizeof(text),
             "bind 127.0.0.1\nport %d\ndir .\nsave \"\"\nappendonly no\ndaemonize no\n"
             "enable-debug-command yes\n%s\n",
             server->port, config == NULL ? "" : config);
    test_server_write(server, "redis.conf", text);
    test_server_spawn(server, argv, NULL, SIGTERM);
    test_server_await(server, redis_is_ready, 20);
}

void test_redis_revive(struct test_server *server)
{
    test_server_revive(server);
    test_server_await(server, redis_is_ready, 20);
}
