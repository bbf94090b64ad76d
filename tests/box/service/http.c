/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http.c: the HTTP server of a stand-in: routes, bodies, answers and the access log. */
#include "base/prefix.h"

#include "mt.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HTTP_BODY_MAX = 1 << 20 };

struct http_exchange {
    struct timespec start;
    char *body;
    size_t len;
    bool too_big;
};

struct http_server {
    struct mt_service *service;
    FILE *access;
};

const char *mt_query(const struct mt_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

long mt_query_int(const struct mt_request *request, const char *name, long fallback)
{
    const char *text = mt_query(request, name);
    char *end;
    long value;

    if (!text || !*text) {
        return fallback;
    }
    value = strtol(text, &end, 10);
    return *end ? -1 : value;
}

void mt_reply_json(struct mt_reply *reply, unsigned status, json_t *json)
{
    reply->status = status;
    reply->json = json;
}

void mt_reply_text(struct mt_reply *reply, unsigned status, const char *type, char *text)
{
    reply->status = status;
    reply->type = type;
    reply->text = text;
}

void mt_reply_detail(struct mt_reply *reply, unsigned status, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    mt_reply_json(reply, status, json_pack("{s:s}", "detail", text));
}

/* Whether `path` fits `pattern`; what its `*` stands for goes to `part`. */
static bool http_match(const char *pattern, const char *path, char *part, size_t size)
{
    const char *star = strchr(pattern, '*');
    size_t head = star ? (size_t)(star - pattern) : 0;
    size_t len;

    if (!star) {
        return strcmp(pattern, path) == 0;
    }
    if (strncmp(pattern, path, head) != 0) {
        return false;
    }
    len = strcspn(path + head, "/");
    if (len == 0 || len >= size || strcmp(path + head + len, star + 1) != 0) {
        return false;
    }
    memcpy(part, path + head, len);
    part[len] = '\0';
    return true;
}

static void http_route(struct mt_service *service, struct mt_request *request,
                       struct mt_reply *reply)
{
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    bool known = false;

    for (const struct mt_route *route = service->role->routes; route->method; route++) {
        if (!http_match(route->pattern, request->path, request->part, sizeof request->part)) {
            continue;
        }
        if (strcmp(route->method, method) == 0) {
            route->handler(service, request, reply);
            return;
        }
        known = true;
    }
    if (known) {
        mt_reply_detail(reply, 405, "Method Not Allowed");
    } else {
        mt_reply_detail(reply, 404, "Not Found");
    }
}

static enum MHD_Result http_send(struct MHD_Connection *connection, struct mt_reply *reply)
{
    char *text = reply->json ? json_dumps(reply->json, JSON_COMPACT) : reply->text;
    struct MHD_Response *response;
    enum MHD_Result result;

    json_decref(reply->json);
    if (!text) {
        text = strdup("");
    }
    response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type",
                            reply->type ? reply->type : "application/json");
    if (reply->ask_login) {
        MHD_add_response_header(response, "WWW-Authenticate", "Basic realm=\"box\"");
    }
    result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static void http_note(struct http_server *server, const struct mt_request *request,
                      unsigned status, const struct http_exchange *exchange)
{
    struct timespec end;
    json_t *now = mt_time_now(server->service);

    clock_gettime(CLOCK_MONOTONIC, &end);
    mt_meter_request(server->service->meter, request->method, status,
                     (double)(end.tv_sec - exchange->start.tv_sec) +
                         (double)(end.tv_nsec - exchange->start.tv_nsec) / 1e9);
    fprintf(server->access, "%s %s %s %u\n", json_string_value(now), request->method,
            request->path, status);
    json_decref(now);
}

static enum MHD_Result http_collect(struct http_exchange *exchange, const char *data,
                                    size_t *size)
{
    if (exchange->len + *size > HTTP_BODY_MAX) {
        exchange->too_big = true;
    } else {
        char *grown = realloc(exchange->body, exchange->len + *size + 1);

        if (!grown) {
            return MHD_NO;
        }
        memcpy(grown + exchange->len, data, *size);
        exchange->body = grown;
        exchange->len += *size;
    }
    *size = 0;
    return MHD_YES;
}

/* libmicrohttpd calls this for the head, for each piece of the body, and once more at its end.
 */
static enum MHD_Result http_access(void *data, struct MHD_Connection *connection,
                                   const char *url, const char *method, const char *version,
                                   const char *upload, size_t *upload_size, void **state)
{
    struct http_server *server = data;
    struct http_exchange *exchange = *state;
    struct mt_request request = {.connection = connection, .method = method, .path = url};
    struct mt_reply reply = {0};

    (void)version;
    if (!exchange) {
        *state = exchange = calloc(1, sizeof *exchange);
        if (exchange) {
            clock_gettime(CLOCK_MONOTONIC, &exchange->start);
        }
        return exchange ? MHD_YES : MHD_NO;
    }
    if (*upload_size) {
        return http_collect(exchange, upload, upload_size);
    }
    if (exchange->too_big) {
        mt_reply_detail(&reply, 413, "Body too large");
    } else {
        request.body =
            exchange->len ? json_loadb(exchange->body, exchange->len, 0, NULL) : NULL;
        http_route(server->service, &request, &reply);
        json_decref(request.body);
    }
    http_note(server, &request, reply.status, exchange);
    return http_send(connection, &reply);
}

static void http_completed(void *data, struct MHD_Connection *connection, void **state,
                           enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *state;

    (void)data;
    (void)connection;
    (void)code;
    if (exchange) {
        free(exchange->body);
        free(exchange);
    }
}

/* Waits for a signal: TERM and INT end the service, USR1 stops its consumers, USR2 starts them
 * again. */
static void http_wait(const sigset_t *signals)
{
    int number;

    while (sigwait(signals, &number) == 0) {
        if (number == SIGUSR1 || number == SIGUSR2) {
            mt_broker_pause(number == SIGUSR1);
        } else {
            break;
        }
    }
}

int mt_http_run(struct mt_service *service, uint16_t port, const char *access_log)
{
    struct http_server server = {service, access_log ? fopen(access_log, "ae") : stderr};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct MHD_Daemon *daemon;
    sigset_t signals;

    if (!server.access) {
        mt_log(service, "error", "Cannot open the access log",
               json_pack("{s:s}", "path", access_log));
        return 1;
    }
    setvbuf(server.access, NULL, _IOLBF, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, port, NULL, NULL, http_access, &server,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE, 4U,
        MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
        MHD_OPTION_NOTIFY_COMPLETED, http_completed, NULL, MHD_OPTION_END);
    if (!daemon) {
        mt_log(service, "error", "Address already in use: cannot listen",
               json_pack("{s:i}", "port", (int)port));
        return 1;
    }
    mt_log(service, "info", "Service started", json_pack("{s:i}", "port", (int)port));
    http_wait(&signals);
    MHD_stop_daemon(daemon);
    if (server.access != stderr) {
        fclose(server.access);
    }
    mt_log(service, "info", "Service stopped", NULL);
    return 0;
}
