/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_logs.c: streams a container's log through the search, in slices that keep the loop
 * free. */
#include "base/prefix.h"

#include "docker_logs.h"

#define SLICE_NS 4000000 /* of one turn of the loop, libcurl's part included */
#define ERROR_MAX 8192
#define PIECE 64 /* bytes given to the search between two looks at the clock */

static void logs_take(void *user, int stream, const char *data, size_t len)
{
    struct bl_docker_logs *logs = user;

    bl_docker_search_feed(&logs->search, stream, data, len);
}

static bool logs_turn_is_over(const struct bl_docker_logs *logs)
{
    return uv_hrtime() - logs->began > SLICE_NS;
}

/* Searches what is pending until it is done or the slice is over; false when the op failed. */
static bool logs_slice(struct bl_docker_logs *logs)
{
    struct bl_op *op = &logs->docker.http.base;

    if (uv_now(bl_op_loop(op)) != logs->turn) {
        logs->turn = uv_now(bl_op_loop(op));
        logs->began = uv_hrtime();
    }
    while (logs->pending_at < logs->pending.len && !logs_turn_is_over(logs)) {
        size_t left = logs->pending.len - logs->pending_at, part = left < PIECE ? left : PIECE;
        if (bl_docker_frames_feed(&logs->frames, logs->pending.data + logs->pending_at, part,
                                  logs_take, logs) != BL_OK) {
            bl_op_fail(op, BL_E_PROTOCOL,
                       "%s logs: the log of '%s' is no stream of a Docker Engine",
                       op->call->target, bl_call_text(op->call, "name"));
            return false;
        }
        if (logs->search.err.code != BL_OK) {
            bl_op_fail(op, logs->search.err.code, "%s logs: %s", op->call->target,
                       logs->search.err.message);
            return false;
        }
        logs->pending_at += part;
    }
    if (logs->pending_at == logs->pending.len) {
        bl_buf_reset(&logs->pending);
        logs->pending_at = 0;
    }
    return true;
}

static void logs_go_on(uv_timer_t *timer)
{
    struct bl_docker_logs *logs = timer->data;

    logs->turn = 0; /* a turn of its own */
    if (bl_op_is_settled(&logs->docker.http.base) || !logs_slice(logs))
        return;
    if (logs->pending.len > 0)
        uv_timer_start(&logs->pause, logs_go_on, 1, 0);
    else
        bl_http_resume(&logs->docker.http);
}

static bool logs_sink(struct bl_http_op *http, const char *data, size_t len)
{
    struct bl_docker_logs *logs = (struct bl_docker_logs *)http;
    struct bl_op *op = &http->base;

    if (http->status != 200) { /* the engine's complaint */
        bl_buf_add(&logs->pending, data, logs->pending.len < ERROR_MAX ? len : 0);
        return true;
    }
    bl_buf_add(&logs->pending, data, len);
    if (!logs_slice(logs))
        return false;
    if (logs->pending.len > 0 || logs_turn_is_over(logs)) {
        bl_op_stage(op, "searching the log of %s (%lld bytes so far)",
                    bl_call_text(op->call, "name"), (long long)http->bytes);
        bl_http_pause(http);
        uv_timer_start(&logs->pause, logs_go_on, 1, 0);
    }
    return true;
}

static void logs_done(struct bl_http_op *http)
{
    struct bl_docker_logs *logs = (struct bl_docker_logs *)http;
    struct bl_value *answer;

    if (http->status != 200) {
        bl_docker_fail(&logs->docker, http->status, bl_buf_text(&logs->pending),
                       logs->pending.len);
        return;
    }
    bl_docker_search_end(&logs->search);
    if (logs->search.err.code != BL_OK) {
        bl_op_fail(&http->base, logs->search.err.code, "%s logs: %s", http->base.call->target,
                   logs->search.err.message);
        return;
    }
    answer = bl_docker_search_answer(&logs->search, bl_call_bool(http->base.call, "count"));
    bl_map_set(answer, "bytes", bl_value_int(http->bytes));
    bl_op_answer(&http->base, answer);
}

/* The container is known: whether it has a terminal says how its log is framed. */
static void logs_inspected(struct bl_docker_op *docker, const struct bl_value *json)
{
    struct bl_docker_logs *logs = (struct bl_docker_logs *)docker;
    const struct bl_call *call = docker->http.base.call;
    int64_t since = bl_call_int(call, "since"), tail = bl_call_int(call, "tail");
    struct bl_buf path;
    char start[200];

    logs->frames.is_raw = bl_map_bool(bl_map_get(json, "Config"), "Tty", false);
    bl_docker_path(call, "logs", start, sizeof(start));
    bl_buf_init(&path, 0);
    bl_buf_printf(&path, "%s?stdout=1&stderr=%d", start, bl_call_bool(call, "stderr"));
    if (since > 0) /* the engine's clock is the machine's, not the run's */
        bl_buf_printf(&path, "&since=%lld", (long long)(time(NULL) - (since + 999) / 1000));
    if (tail > 0 || since == 0)
        bl_buf_printf(&path, "&tail=%lld", (long long)(tail > 0 ? tail : 1000));
    bl_docker_send(docker, "GET", bl_buf_text(&path), logs_done);
    docker->http.sink = logs_sink; /* nothing comes before the loop turns */
    bl_buf_release(&path);
}

static void logs_begin(struct bl_docker_op *docker)
{
    char path[200];

    bl_docker_path(docker->http.base.call, "json", path, sizeof(path));
    bl_docker_ask(docker, "GET", path, logs_inspected);
}

void bl_docker_logs_start(struct bl_op *op, const struct bl_call *call)
{
    struct bl_docker_logs *logs = (struct bl_docker_logs *)op;
    const char *match = bl_call_text(call, "match");
    int64_t first = bl_call_int(call, "first"), last = bl_call_int(call, "last");
    struct bl_error err;

    if (first == 0 && last == 0 && !bl_call_bool(call, "count"))
        last = 100;
    bl_docker_search_init(&logs->search, (size_t)first, (size_t)last, (size_t)call->keep);
    bl_buf_init(&logs->pending, 0);
    uv_timer_init(bl_op_loop(op), &logs->pause);
    logs->pause.data = bl_op_ref(op);
    logs->has_pause = true;
    if (*match != '\0') {
        logs->search.pattern = bl_pattern_new(match, &err);
        if (logs->search.pattern == NULL) {
            bl_op_fail(op, err.code, "%s logs: option 'match': %s", call->target, err.message);
            return;
        }
    }
    bl_docker_begin(&logs->docker, logs_begin);
}

static void logs_pause_closed(uv_handle_t *handle)
{
    bl_op_unref(handle->data);
}

void bl_docker_logs_release(struct bl_op *op)
{
    struct bl_docker_logs *logs = (struct bl_docker_logs *)op;

    bl_http_release(op);
    bl_docker_search_release(&logs->search);
    bl_buf_release(&logs->pending);
    if (logs->has_pause)
        uv_close((uv_handle_t *)&logs->pause, logs_pause_closed);
    logs->has_pause = false;
}
