/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_exec.c: a command inside a running container. */
#include "base/prefix.h"

#include "docker_exec.h"

#include "base/json.h"
#include "http_url.h"

#define ASK_AGAIN_MS 50

static void exec_take_stream(void *user, int stream, const char *data, size_t len)
{
    struct bl_docker_exec *exec = user;
    size_t part = len < exec->room ? len : exec->room;

    bl_buf_add(&exec->out[stream == 2], data, part);
    exec->room -= part;
    exec->is_cut = exec->is_cut || part < len;
}

static bool exec_take(struct bl_op *op, const char *data, size_t len)
{
    struct bl_docker_exec *exec = (struct bl_docker_exec *)op;

    if (bl_docker_frames_feed(&exec->frames, data, len, exec_take_stream, exec) == BL_OK)
        return true;
    bl_op_lost(op, BL_E_PROTOCOL, "%s exec: the output is no stream of a Docker Engine",
               op->call->target);
    return false;
}

static void exec_ask(uv_timer_t *timer);

static void exec_ended(struct bl_docker_op *docker, const struct bl_value *json)
{
    struct bl_docker_exec *exec = (struct bl_docker_exec *)docker;
    struct bl_op *op = &docker->http.base;
    struct bl_value *answer;

    if (bl_map_bool(json, "Running", false)) { /* its output ends a little earlier, or much */
        bl_op_stage(op, "waiting for the command to end");
        uv_timer_start(&exec->again, exec_ask, ASK_AGAIN_MS, 0);
        return;
    }
    answer = bl_map_new();
    bl_map_set(answer, "status", bl_value_int(bl_map_int(json, "ExitCode", 0)));
    bl_map_set(answer, "stdout", bl_value_bytes(bl_buf_text(&exec->out[0]), exec->out[0].len));
    bl_map_set(answer, "stderr", bl_value_bytes(bl_buf_text(&exec->out[1]), exec->out[1].len));
    bl_map_set(answer, "truncated", bl_value_bool(exec->is_cut));
    bl_op_answer(op, answer);
}

static void exec_ask(uv_timer_t *timer)
{
    struct bl_docker_exec *exec = timer->data;
    char path[120];

    snprintf(path, sizeof(path), "/exec/%s/json", exec->id);
    bl_docker_ask(&exec->docker, "GET", path, exec_ended);
}

static void exec_done(struct bl_op *op)
{
    struct bl_docker_exec *exec = (struct bl_docker_exec *)op;

    if (!bl_docker_frames_is_whole(&exec->frames)) {
        bl_op_lost(op, BL_E_CLOSED, "%s exec: the output was cut off in the middle",
                   op->call->target);
        return;
    }
    exec_ask(&exec->again);
}

static void exec_refused(struct bl_op *op, int status, const char *text, size_t len)
{
    bl_docker_fail((struct bl_docker_op *)op, status, text, len);
}

/* The command's id is kept: it can be asked about. */
static void exec_begin(struct bl_op *op)
{
    struct bl_docker_exec *exec = (struct bl_docker_exec *)op;
    struct bl_docker_hijack request = {.op = op,
                                       .body = "{\"Detach\":false,\"Tty\":false}",
                                       .take = exec_take,
                                       .done = exec_done,
                                       .refused = exec_refused};
    char path[140];

    snprintf(path, sizeof(path), "/v%s/exec/%s/start", exec->docker.version, exec->id);
    request.path = path;
    request.input = bl_value_reveal(bl_call_value(op->call, "stdin"), &request.input_len);
    bl_op_stage(op, "starting %s in %s",
                bl_value_as_text(bl_list_get(bl_call_value(op->call, "argv"), 0)),
                bl_call_text(op->call, "name"));
    exec->stream = bl_docker_hijack_open(&request, bl_docker_socket(op->call));
}

static void exec_created(struct bl_docker_op *docker, const struct bl_value *json)
{
    struct bl_docker_exec *exec = (struct bl_docker_exec *)docker;
    struct bl_op *op = &docker->http.base;
    const char *id = bl_map_text(json, "Id", "");
    struct bl_value *mark;

    if (!bl_docker_name_is_good(id) || strlen(id) >= sizeof(exec->id)) {
        bl_op_fail(op, BL_E_PROTOCOL, "%s exec: the engine gave the command no id",
                   op->call->target);
        return;
    }
    snprintf(exec->id, sizeof(exec->id), "%s", id);
    mark = bl_map_new();
    bl_map_set(mark, "exec", bl_value_text(id));
    bl_op_prepared(op, mark, exec_begin);
}

/* "NAME=value" for each variable; a secret is revealed here, on its way to the engine. */
static struct bl_value *exec_environment(const struct bl_value *env)
{
    struct bl_value *list = bl_list_new();

    for (size_t i = 0; i < bl_value_count(env); i++) {
        struct bl_buf text;
        bl_buf_init(&text, 0);
        bl_buf_printf(&text, "%s=", bl_map_key(env, i));
        if (bl_value_type(bl_map_at(env, i)) == BL_SECRET)
            bl_buf_text_add(&text, bl_value_reveal(bl_map_at(env, i), NULL));
        else
            bl_http_scalar(&text, bl_map_at(env, i));
        bl_list_add(list, bl_value_take_buf(&text));
    }
    return list;
}

static void exec_create(struct bl_docker_op *docker)
{
    const struct bl_call *call = docker->http.base.call;
    const struct bl_value *input = bl_call_value(call, "stdin");
    struct bl_value *body = bl_map_new();
    char path[200];

    bl_map_set(body, "Cmd", bl_value_ref(bl_call_value(call, "argv")));
    bl_map_set(body, "AttachStdout", bl_value_bool(true));
    bl_map_set(body, "AttachStderr", bl_value_bool(true));
    bl_map_set(body, "AttachStdin", bl_value_bool(input != NULL));
    bl_map_set(body, "Env", exec_environment(bl_call_value(call, "env")));
    if (*bl_call_text(call, "user") != '\0')
        bl_map_set(body, "User", bl_value_text(bl_call_text(call, "user")));
    bl_buf_init(&docker->http.body, 0);
    bl_json_write(&docker->http.body, body, BL_JSON_PLAIN);
    docker->http.has_body = true;
    bl_value_unref(body);
    bl_docker_path(call, "exec", path, sizeof(path));
    bl_docker_ask(docker, "POST", path, exec_created);
}

void bl_docker_exec_start(struct bl_op *op, const struct bl_call *call)
{
    struct bl_docker_exec *exec = (struct bl_docker_exec *)op;

    exec->room = (size_t)call->keep;
    uv_timer_init(bl_op_loop(op), &exec->again);
    exec->again.data = bl_op_ref(op);
    exec->has_timer = true;
    if (bl_value_count(bl_call_value(call, "argv")) == 0)
        bl_op_fail(op, BL_E_ARG, "%s exec: argument 'argv' is empty", call->target);
    else
        bl_docker_begin(&exec->docker, exec_create);
}

static void exec_timer_closed(uv_handle_t *handle)
{
    bl_op_unref(handle->data);
}

void bl_docker_exec_release(struct bl_op *op)
{
    struct bl_docker_exec *exec = (struct bl_docker_exec *)op;

    bl_docker_hijack_close(exec->stream);
    exec->stream = NULL;
    bl_http_release(op);
    bl_buf_release(&exec->out[0]);
    bl_buf_release(&exec->out[1]);
    if (exec->has_timer)
        uv_close((uv_handle_t *)&exec->again, exec_timer_closed);
    exec->has_timer = false;
}

struct bl_value *bl_docker_exec_nominal(const struct bl_call *call)
{
    struct bl_value *answer = bl_map_new();

    (void)call;
    bl_map_set(answer, "status", bl_value_int(0));
    bl_map_set(answer, "stdout", bl_value_text(""));
    bl_map_set(answer, "stderr", bl_value_text(""));
    bl_map_set(answer, "truncated", bl_value_bool(false));
    return answer;
}
