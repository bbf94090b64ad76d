/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_calls.c: the operations that are one request: look at containers, start and stop them.
 */
#include "base/prefix.h"

#include "docker_calls.h"

#include "base/json.h"
#include "docker_shape.h"

#define GRACE_MARGIN_MS 20000 /* what a stop or restart takes beyond its grace period */

/* Answers, unless it is more than may go to Lua. */
static void docker_answer(struct bl_docker_op *docker, struct bl_value *take_answer)
{
    struct bl_op *op = &docker->http.base;

    if (bl_value_size(take_answer) <= (size_t)op->call->keep) {
        bl_op_answer(op, take_answer);
        return;
    }
    bl_op_fail(op, BL_E_TOO_LARGE, "%s %s: the answer is larger than `keep`: ask for less",
               op->call->target, op->call->operation->name);
    bl_value_unref(take_answer);
}

static void version_read(struct bl_docker_op *docker, const struct bl_value *json)
{
    docker_answer(docker, bl_docker_shape_version(json, docker->version));
}

static void version_ask(struct bl_docker_op *docker)
{
    bl_docker_ask(docker, "GET", "/version", version_read);
}

void bl_docker_version_start(struct bl_op *op, const struct bl_call *call)
{
    (void)call;
    bl_docker_begin((struct bl_docker_op *)op, version_ask);
}

static void list_read(struct bl_docker_op *docker, const struct bl_value *json)
{
    docker_answer(docker, bl_docker_shape_list(json));
}

static void list_add_filter(struct bl_value *filters, const char *name, const char *text)
{
    struct bl_value *values = bl_list_new();

    bl_list_add(values, bl_value_text(text));
    bl_map_set(filters, name, values);
}

static void list_ask(struct bl_docker_op *docker)
{
    const struct bl_call *call = docker->http.base.call;
    const char *name = bl_call_text(call, "name"), *label = bl_call_text(call, "label");
    struct bl_value *filters = bl_map_new();
    struct bl_buf json, path;
    char *escaped;

    if (*name != '\0')
        list_add_filter(filters, "name", name);
    if (*label != '\0')
        list_add_filter(filters, "label", label);
    bl_buf_init(&json, 0);
    bl_buf_init(&path, 0);
    bl_json_write(&json, filters, BL_JSON_PLAIN);
    escaped = curl_easy_escape(NULL, bl_buf_text(&json), (int)json.len);
    bl_buf_printf(&path, "/containers/json?all=%d&filters=%s", bl_call_bool(call, "all"),
                  escaped);
    bl_docker_ask(docker, "GET", bl_buf_text(&path), list_read);
    curl_free(escaped);
    bl_buf_release(&json);
    bl_buf_release(&path);
    bl_value_unref(filters);
}

void bl_docker_list_start(struct bl_op *op, const struct bl_call *call)
{
    (void)call;
    bl_docker_begin((struct bl_docker_op *)op, list_ask);
}

static void inspect_read(struct bl_docker_op *docker, const struct bl_value *json)
{
    docker_answer(docker, bl_docker_shape_container(json));
}

static void inspect_ask(struct bl_docker_op *docker)
{
    char path[200];

    bl_docker_path(docker->http.base.call, "json", path, sizeof(path));
    docker->may_miss = true;
    bl_docker_ask(docker, "GET", path, inspect_read);
}

void bl_docker_inspect_start(struct bl_op *op, const struct bl_call *call)
{
    (void)call;
    bl_docker_begin((struct bl_docker_op *)op, inspect_ask);
}

static void stats_read(struct bl_docker_op *docker, const struct bl_value *json)
{
    struct bl_op *op = &docker->http.base;

    if (bl_value_count(bl_map_get(json, "memory_stats")) == 0)
        bl_op_fail(op, BL_E_SERVER, "%s stats: '%s' is not running: it has no statistics",
                   op->call->target, bl_call_text(op->call, "name"));
    else
        docker_answer(docker, bl_docker_shape_stats(json));
}

static void stats_ask(struct bl_docker_op *docker)
{
    char path[200];

    bl_docker_path(docker->http.base.call, "stats?stream=false", path, sizeof(path));
    bl_docker_ask(docker, "GET", path, stats_read);
}

void bl_docker_stats_start(struct bl_op *op, const struct bl_call *call)
{
    (void)call;
    bl_docker_begin((struct bl_docker_op *)op, stats_ask);
}

static void control_done(struct bl_http_op *http)
{
    struct bl_value *answer;

    if (http->status != 304 && (http->status < 200 || http->status > 299)) {
        bl_docker_fail((struct bl_docker_op *)http, http->status, bl_buf_text(&http->text),
                       http->text.len);
        return;
    }
    answer = bl_map_new();
    bl_map_set(answer, "changed", bl_value_bool(http->status != 304));
    bl_op_answer(&http->base, answer);
}

static void control_send(struct bl_docker_op *docker)
{
    const struct bl_call *call = docker->http.base.call;
    const char *signal = bl_call_text(call, "signal");
    char verb[80], path[220];
    int64_t grace = bl_call_int(call, "grace");

    if (bl_map_get(call->args, "grace") != NULL)
        snprintf(verb, sizeof(verb), "%s?t=%lld", call->operation->name,
                 (long long)(grace + 999) / 1000);
    else if (*signal != '\0')
        snprintf(verb, sizeof(verb), "kill?signal=%.30s", signal);
    else
        snprintf(verb, sizeof(verb), "%s", call->operation->name);
    bl_docker_path(call, verb, path, sizeof(path));
    bl_docker_send(docker, "POST", path, control_done);
}

void bl_docker_control_start(struct bl_op *op, const struct bl_call *call)
{
    const char *signal = bl_call_text(call, "signal");

    if (signal[strspn(signal, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-")] != '\0') {
        bl_op_fail(op, BL_E_ARG, "%s kill: '%.40s' is no signal: write \"TERM\", \"HUP\", …",
                   call->target, signal);
        return;
    }
    if (bl_map_get(call->args, "grace") != NULL)
        bl_op_extend(op, bl_call_int(call, "grace") + GRACE_MARGIN_MS);
    bl_docker_begin((struct bl_docker_op *)op, control_send);
}
