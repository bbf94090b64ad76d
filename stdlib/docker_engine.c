/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_engine.c: requests to a Docker Engine over its unix socket. */
#include "base/prefix.h"

#include "docker_engine.h"

#include "base/json.h"
#include "base/text.h"
#include "http_answer.h"
#include "http_pool.h"

#define OUR_MAJOR 1
#define OUR_MINOR 47 /* the newest interface that this module was written for */
#define ANSWER_MAX ((size_t)8 << 20)

struct docker_engine {
    struct bl_http_pool *pool;
    char version[BL_DOCKER_VERSION]; /* "" until asked for */
};

void bl_docker_open(struct bl_connection *connection)
{
    struct docker_engine *engine = bl_alloc(sizeof(*engine));

    engine->pool = bl_http_pool_new(connection->loop,
                                    (int)bl_map_int(connection->settings, "connections", 8));
    connection->state = engine;
}

void bl_docker_close(struct bl_connection *connection)
{
    struct docker_engine *engine = connection->state;

    bl_http_pool_close(engine->pool);
    bl_free(engine);
}

const char *bl_docker_socket(const struct bl_call *call)
{
    return bl_call_setting(call, "socket", "/var/run/docker.sock");
}

bool bl_docker_name_is_good(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= 128 && *name != '-' && *name != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
               len;
}

void bl_docker_path(const struct bl_call *call, const char *verb, char *out, size_t size)
{
    snprintf(out, size, "/containers/%s/%s", bl_call_text(call, "name"), verb);
}

/* Reads "1.41"; 0 when it is no version. */
static long version_number(const char *text)
{
    char *end;
    long major = strtol(text, &end, 10), minor = 0;

    if (*end == '.')
        minor = strtol(end + 1, &end, 10);
    return *end == '\0' && major > 0 && major < 1000 && minor >= 0 && minor < 10000
               ? major * 10000 + minor
               : 0;
}

bool bl_docker_negotiate(const char *newest, const char *oldest, char out[BL_DOCKER_VERSION])
{
    long ours = OUR_MAJOR * 10000 + OUR_MINOR, theirs = version_number(newest);
    long use = theirs < ours ? theirs : ours;

    if (theirs == 0 || use < version_number(oldest))
        return false;
    snprintf(out, BL_DOCKER_VERSION, "%ld.%ld", use / 10000, use % 10000);
    return true;
}

void bl_docker_fail(struct bl_docker_op *docker, int status, const char *text, size_t len)
{
    struct bl_op *op = &docker->http.base;
    const char *target = op->call->target, *name = bl_call_text(op->call, "name");
    struct bl_value *json = NULL;
    struct bl_buf words;
    struct bl_error err = {0};

    if (bl_json_parse(text, len, false, &json, NULL) == BL_OK) {
        text = bl_map_text(json, "message", "");
        len = strlen(text);
    }
    bl_buf_init(&words, 300);
    bl_text_clean(&words, text, len, false);
    if (status == 404 && *name != '\0')
        bl_fail(&err, BL_E_NOT_FOUND,
                "%s: no container '%s': list({ all = true }) names those "
                "that are there",
                target, name);
    else
        bl_fail(&err, status == 409 ? BL_E_BUSY : BL_E_SERVER, "%s %s: the engine says: %s",
                target, op->call->operation->name,
                words.len > 0 ? bl_buf_text(&words) : "(nothing)");
    err.retryable = false;
    bl_error_cause(&err, "HTTP %d", status);
    bl_op_fail_error(op, &err);
    bl_buf_release(&words);
    bl_value_unref(json);
}

static void engine_describe(struct bl_docker_op *docker, const char *method, const char *path)
{
    struct bl_http_op *http = &docker->http;
    struct bl_value *body = NULL;
    struct bl_buf url;

    if (http->has_body) { /* survives the reset */
        body = bl_value_take_buf(&http->body);
        http->has_body = false;
    }
    bl_http_reset(http);
    bl_buf_init(&url, 0);
    if (docker->version[0] != '\0')
        bl_buf_printf(&url, "http://docker/v%s%s", docker->version, path);
    else
        bl_buf_printf(&url, "http://docker%s", path);
    http->url = bl_buf_take(&url, NULL);
    http->shown = bl_strdup(path);
    http->method = method;
    http->is_safe = strcmp(method, "GET") == 0;
    http->server.socket = bl_docker_socket(http->base.call);
    if (body != NULL) {
        size_t len;
        const char *text = bl_value_as_bytes(body, &len);
        bl_buf_init(&http->body, 0);
        bl_buf_add(&http->body, text, len);
        http->has_body = true;
        bl_http_header(http, "Content-Type", "application/json");
        bl_value_unref(body);
    }
}

static bool engine_has_pool(struct bl_docker_op *docker)
{
    struct docker_engine *engine = bl_op_state(&docker->http.base);

    if (docker->http.pool == NULL && engine != NULL)
        docker->http.pool = bl_http_pool_ref(engine->pool);
    if (docker->http.pool != NULL)
        return true;
    bl_op_fail(&docker->http.base, BL_E_CANCELLED, "%s: the connection is closed",
               docker->http.base.call->target);
    return false;
}

static void engine_send(struct bl_docker_op *docker, const char *method, const char *path,
                        void (*done)(struct bl_http_op *http), bool is_change)
{
    if (bl_op_is_settled(&docker->http.base) || !engine_has_pool(docker))
        return;
    engine_describe(docker, method, path);
    docker->http.keep = ANSWER_MAX;
    docker->http.done = done;
    docker->http.is_change = is_change;
    bl_http_send(&docker->http);
}

void bl_docker_send(struct bl_docker_op *docker, const char *method, const char *path,
                    void (*done)(struct bl_http_op *http))
{
    engine_send(docker, method, path, done, strcmp(method, "GET") != 0);
}

static void engine_parsed(struct bl_http_op *http, const struct bl_value *json,
                          const struct bl_error *err)
{
    struct bl_docker_op *docker = (struct bl_docker_op *)http;

    if (json != NULL)
        docker->read(docker, json);
    else
        bl_op_fail(&http->base, BL_E_PARSE,
                   "%s: %s of %s is not JSON: %.200s: is this a Docker Engine?",
                   http->base.call->target, http->shown, http->server.socket, err->message);
}

static void engine_got(struct bl_http_op *http)
{
    struct bl_docker_op *docker = (struct bl_docker_op *)http;

    if (http->status == 404 && docker->may_miss)
        bl_op_answer(&http->base, bl_value_nil());
    else if (http->status < 200 || http->status > 299)
        bl_docker_fail(docker, http->status, bl_buf_text(&http->text), http->text.len);
    else
        bl_http_json(http, engine_parsed);
}

void bl_docker_ask(struct bl_docker_op *docker, const char *method, const char *path,
                   void (*read)(struct bl_docker_op *docker, const struct bl_value *json))
{
    docker->read = read;
    engine_send(docker, method, path, engine_got, false);
}

static void engine_versioned(struct bl_docker_op *docker, const struct bl_value *json)
{
    struct bl_op *op = &docker->http.base;
    struct docker_engine *engine = bl_op_state(op);
    const char *newest = bl_map_text(json, "ApiVersion", ""),
               *oldest = bl_map_text(json, "MinAPIVersion", "1.0");

    if (!bl_docker_negotiate(newest, oldest, docker->version)) {
        bl_op_fail(op, BL_E_UNSUPPORTED,
                   "%s: the engine speaks interface %.20s to %.20s, this program at most %d.%d",
                   op->call->target, oldest, *newest != '\0' ? newest : "(none)", OUR_MAJOR,
                   OUR_MINOR);
        return;
    }
    if (engine != NULL)
        snprintf(engine->version, sizeof(engine->version), "%s", docker->version);
    docker->then(docker);
}

void bl_docker_begin(struct bl_docker_op *docker, void (*then)(struct bl_docker_op *docker))
{
    struct bl_op *op = &docker->http.base;
    struct docker_engine *engine = bl_op_state(op);
    const struct bl_arg *name = bl_arg_find(op->call->operation->args, "name");

    if (name != NULL && !(name->flags & BL_ARG_OPTION) &&
        !bl_docker_name_is_good(bl_call_text(op->call, "name"))) {
        bl_op_fail(op, BL_E_ARG, "%s: '%.80s' is no name of a container", op->call->target,
                   bl_call_text(op->call, "name"));
        return;
    }
    if (engine->version[0] != '\0') {
        memcpy(docker->version, engine->version, sizeof(docker->version));
        then(docker);
        return;
    }
    docker->then = then;
    bl_docker_ask(docker, "GET", "/version", engine_versioned);
}
