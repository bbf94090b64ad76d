/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* web.c: a well-behaved HTTP server for tests. */
#include "base/prefix.h"

#include "support/web.h"

#include "base/json.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    _Atomic int port, requests, connections;
};

struct web {
    pid_t pid;
    struct shared *shared;
};

struct request {
    struct bl_buf body;
};

static enum MHD_Result collect(void *map, enum MHD_ValueKind kind, const char *name,
                               const char *value)
{
    (void)kind;
    bl_map_set(map, name, bl_value_text(value != NULL ? value : ""));
    return MHD_YES;
}

static enum MHD_Result answer_buf(struct MHD_Connection *connection, unsigned status,
                                  struct bl_buf *text, const char *type)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        text->len, (void *)(uintptr_t)bl_buf_text(text), MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    MHD_add_response_header(response, "Content-Type", type);
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    bl_buf_release(text);
    return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status,
                                   const char *text, const char *header, const char *value)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (header != NULL)
        MHD_add_response_header(response, header, value);
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_echo(struct MHD_Connection *connection, const char *path,
                                   const char *method, const struct request *request)
{
    struct bl_value *echo = bl_map_new(), *headers = bl_map_new(), *query = bl_map_new();
    struct bl_buf text;

    MHD_get_connection_values(connection, MHD_HEADER_KIND, collect, headers);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, collect, query);
    bl_map_set(echo, "method", bl_value_text(method));
    bl_map_set(echo, "path", bl_value_text(path));
    bl_map_set(echo, "headers", headers);
    bl_map_set(echo, "query", query);
    bl_map_set(echo, "body", bl_value_text(bl_buf_text(&request->body)));
    bl_buf_init(&text, 0);
    bl_json_write(&text, echo, BL_JSON_PLAIN);
    bl_value_unref(echo);
    return answer_buf(connection, 200, &text, "application/json; charset=utf-8");
}

static enum MHD_Result answer_many(struct MHD_Connection *connection, long count, bool is_json)
{
    struct bl_buf text;

    bl_buf_init(&text, 0);
    for (long i = 0; i < count; i++) {
        if (is_json)
            bl_buf_printf(&text, "%s{\"id\":%ld,\"name\":\"row %ld\"}", i > 0 ? "," : "[", i,
                          i);
        else
            bl_buf_char(&text, 'x');
    }
    if (is_json)
        bl_buf_text_add(&text, count > 0 ? "]" : "[]");
    return answer_buf(connection, 200, &text, is_json ? "application/json" : "text/plain");
}

static enum MHD_Result answer_number(struct MHD_Connection *connection, const char *path)
{
    const char *slash = strchr(path + 1, '/');
    long number = slash != NULL ? strtol(slash + 1, NULL, 10) : 0;
    char text[32];

    if (strncmp(path, "/status/", 8) == 0)
        return answer_text(connection, (unsigned)number, slash + 1, NULL, NULL);
    if (strncmp(path, "/big/", 5) == 0)
        return answer_many(connection, number, false);
    if (strncmp(path, "/json/", 6) == 0)
        return answer_many(connection, number, true);
    if (strncmp(path, "/sleep/", 7) == 0) {
        usleep((useconds_t)number * 1000);
        return answer_text(connection, 200, "awake", NULL, NULL);
    }
    if (strncmp(path, "/header/", 8) == 0) {
        char *value = bl_alloc((size_t)number + 1);
        enum MHD_Result result;
        memset(value, 'h', (size_t)number);
        result = answer_text(connection, 200, "", "X-Long", value);
        bl_free(value);
        return result;
    }
    snprintf(text, sizeof(text), "no such path");
    return answer_text(connection, 404, text, NULL, NULL);
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *len, void **state)
{
    struct shared *shared = user;
    struct request *request = *state;
    const char *url;

    (void)version;
    if (request == NULL) {
        *state = bl_alloc(sizeof(*request));
        return MHD_YES;
    }
    if (*len > 0) {
        bl_buf_add(&request->body, data, *len);
        *len = 0;
        return MHD_YES;
    }
    shared->requests++;
    if (strcmp(path, "/echo") == 0)
        return answer_echo(connection, path, method, request);
    if (strcmp(path, "/broken") == 0)
        return answer_text(connection, 200, "{", "Content-Type", "application/json");
    if (strcmp(path, "/again") == 0)
        return answer_text(connection, 302, "", "Location", "/again");
    if (strcmp(path, "/drop") == 0)
        return answer_text(connection, 200, "bye", "Connection", "close");
    url = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "url");
    if (strcmp(path, "/to") == 0 && url != NULL)
        return answer_text(connection, 302, "elsewhere", "Location", url);
    return answer_number(connection, path);
}

static void completed(void *user, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode code)
{
    struct request *request = *state;

    (void)user, (void)connection, (void)code;
    if (request != NULL)
        bl_buf_release(&request->body);
    bl_free(request);
}

static void connected(void *user, struct MHD_Connection *connection, void **state,
                      enum MHD_ConnectionNotificationCode code)
{
    struct shared *shared = user;

    (void)connection, (void)state;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        shared->connections++;
}

static char *read_file(const char *path)
{
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char *text = bl_alloc(8192);

    if (path != NULL && (file == NULL || fread(text, 1, 8191, file) == 0))
        BL_BUG("test: cannot read %s", path);
    if (file != NULL)
        fclose(file);
    return text;
}

static _Noreturn void serve(struct shared *shared, const char *cert, const char *key)
{
    char *cert_text = read_file(cert), *key_text = read_file(key);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, cert_text},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, key_text},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_Daemon *daemon;

    if (cert == NULL)
        options[0].option = MHD_OPTION_END;
    daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                                  MHD_USE_POLL | (cert != NULL ? MHD_USE_TLS : 0U),
                              0, NULL, NULL, answer, shared, MHD_OPTION_SOCK_ADDR,
                              (struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED,
                              completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, connected, shared,
                              MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)1 << 20,
                              MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (daemon == NULL)
        BL_BUG("test: the web server does not start");
    shared->port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    for (;;)
        pause();
}

struct web *web_start(const char *cert, const char *key)
{
    struct web *web = bl_alloc(sizeof(*web));
    pid_t parent = getpid();

    web->shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (web->shared == MAP_FAILED)
        BL_BUG("test: no shared memory");
    web->pid = fork();
    if (web->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        serve(web->shared, cert, key);
    }
    for (int i = 0; web->shared->port == 0; i++) {
        if (i > 2000 || web->pid < 0)
            BL_BUG("test: the web server did not come up");
        usleep(5000);
    }
    return web;
}

int web_port(const struct web *web)
{
    return web->shared->port;
}

int web_requests(const struct web *web)
{
    return web->shared->requests;
}

int web_connections(const struct web *web)
{
    return web->shared->connections;
}

void web_stop(struct web *web)
{
    kill(web->pid, SIGKILL);
    while (waitpid(web->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    munmap(web->shared, sizeof(struct shared));
    bl_free(web);
}
