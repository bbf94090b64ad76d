/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_run.c: one command under way. */
#include "base/prefix.h"

#include "exec_run.h"
#include "guard/exec.h"

#include "base/text.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_READ 65536      /* bytes a read */
#define RUN_READS 4         /* reads a callback, so that other operations get their turn */
#define RUN_PIPE_GRACE 200  /* milliseconds that pipes may stay open after the command's end */
#define RUN_KEEPER_MAX 3000 /* after which a keeper that does not end is killed */

static void run_closed(uv_handle_t *handle)
{
    bl_op_unref(handle->data);
}

static void run_close(struct bl_exec_run *run, void *handle)
{
    if (!uv_is_closing(handle)) {
        ((uv_handle_t *)handle)->data = run;
        uv_close(handle, run_closed);
    }
}

static void run_close_fd(struct bl_exec_run *run, uv_poll_t *poll, int *fd)
{
    if (*fd < 0)
        return;
    uv_poll_stop(poll);
    run_close(run, poll);
    close(*fd);
    *fd = -1;
}

/* Says what it does: how much it has printed, and its last words. */
static void run_show(struct bl_exec_run *run, const char *data, size_t len)
{
    char size[40];
    struct bl_buf line;
    size_t start;

    len = bl_exec_trim(data, len);
    start = len;
    while (start > 0 && data[start - 1] != '\n' && data[start - 1] != '\r' && len - start < 200)
        start--;
    bl_buf_init(&line, 0);
    bl_text_clean(&line, data + start, len - start, false);
    bl_exec_hide_secrets(run->base.call, &line);
    bl_format_bytes(size, sizeof(size),
                    run->streams[0].capture.total + run->streams[1].capture.total);
    bl_op_stage(&run->base, "running %s (%s of output so far)%s%s", run->program, size,
                line.len > 0 ? ": " : "", bl_buf_text(&line));
    bl_buf_release(&line);
}

/* Some of its output, without secrets. */
static void run_take(struct bl_exec_stream *stream, const struct bl_buf *clean)
{
    if (clean->len == 0)
        return;
    bl_capture_add(&stream->capture, bl_buf_text(clean), clean->len);
    bl_op_output(&stream->run->base, stream->name, bl_buf_text(clean), clean->len);
    run_show(stream->run, bl_buf_text(clean), clean->len);
}

static void run_end_stream(struct bl_exec_stream *stream)
{
    struct bl_buf rest;

    if (stream->fd >= 0 && !bl_op_is_settled(&stream->run->base)) {
        bl_buf_init(&rest, 0);
        bl_redact_stream_end(&stream->mask, &rest);
        run_take(stream, &rest);
        bl_buf_release(&rest);
    }
    run_close_fd(stream->run, &stream->poll, &stream->fd);
}

/* Gives back what is left once the keeper is gone. */
static void run_end(struct bl_exec_run *run)
{
    run->is_done = true;
    for (int i = 0; i < 2; i++)
        run_end_stream(&run->streams[i]);
    run_close_fd(run, &run->in, &run->keeper.in);
    run_close(run, &run->grace);
    run_close(run, &run->reaper);
}

static int run_exit_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static struct bl_value *run_answer(struct bl_exec_run *run)
{
    struct bl_value *answer = bl_map_new();
    const struct bl_capture *out = &run->streams[0].capture, *err = &run->streams[1].capture;

    bl_map_set(answer, "status", bl_value_int(run_exit_status(run->status)));
    if (WIFSIGNALED(run->status))
        bl_map_set(answer, "signal", bl_value_int(WTERMSIG(run->status)));
    bl_map_set(answer, "stdout", bl_capture_value(out));
    bl_map_set(answer, "stderr", bl_capture_value(err));
    bl_map_set(answer, "stdout_bytes", bl_value_int(out->total));
    bl_map_set(answer, "stderr_bytes", bl_value_int(err->total));
    bl_map_set(answer, "truncated",
               bl_value_bool(bl_capture_is_truncated(out) || bl_capture_is_truncated(err)));
    bl_map_set(answer, "seconds",
               bl_value_float((double)(bl_clock_steady() - run->base.started) / 1000));
    return answer;
}

static bool run_is_ok(const struct bl_op *op, int status)
{
    const struct bl_value *list = bl_call_value(op->call, "ok");

    for (size_t i = 0; i < bl_value_count(list); i++) {
        if (bl_value_as_int(bl_list_get(list, i)) == status)
            return true;
    }
    return list == NULL && status == 0;
}

static void run_fail_status(struct bl_exec_run *run)
{
    struct bl_buf line;
    char how[80];
    const char *name = sigabbrev_np(WTERMSIG(run->status));

    bl_buf_init(&line, 300);
    if (!bl_capture_last_line(&run->streams[1].capture, &line) &&
        !bl_capture_last_line(&run->streams[0].capture, &line))
        bl_buf_text_add(&line, "it printed nothing");
    bl_exec_hide_secrets(run->base.call, &line);
    if (WIFSIGNALED(run->status))
        snprintf(how, sizeof(how), "was killed by signal %d (%s)", WTERMSIG(run->status),
                 name != NULL ? name : "real time");
    else
        snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(run->status));
    bl_op_fail(&run->base, BL_E_EXIT, "exec.%s %s: %s%s", run->program, how, bl_buf_text(&line),
               bl_sandbox_is_open(&run->sandbox)
                   ? " (reads = true: it had no network, no daemons and nothing to write to)"
                   : "");
    bl_buf_release(&line);
}

static void run_fail_sandbox(struct bl_exec_run *run, const struct bl_error *err)
{
    if (err->code == BL_E_GUARD)
        bl_op_refuse(&run->base, "exec.%s: %s", run->program, err->message);
    else
        bl_op_fail(&run->base, err->code, "exec.%s %s", run->program, err->message);
}

/* In a sandbox: the command's own status, or why there is none. */
static bool run_judge(struct bl_exec_run *run)
{
    struct bl_error err;
    struct bl_buf said;
    enum bl_code code;

    if (!bl_sandbox_is_open(&run->sandbox))
        return true;
    bl_buf_init(&said, 300);
    if (!bl_capture_last_line(&run->streams[1].capture, &said))
        bl_buf_text_add(&said, "bubblewrap printed nothing");
    code = bl_sandbox_status(&run->sandbox, bl_buf_text(&said), &run->status, &err);
    bl_buf_release(&said);
    if (code != BL_OK)
        run_fail_sandbox(run, &err);
    return code == BL_OK;
}

/* Settles once the command has ended and its pipes are closed. */
static void run_settle(struct bl_exec_run *run)
{
    if (!run->has_exited || run->streams[0].fd >= 0 || run->streams[1].fd >= 0 ||
        bl_op_is_settled(&run->base))
        return;
    if (!run_judge(run))
        return;
    if (run_is_ok(&run->base, run_exit_status(run->status)))
        bl_op_answer(&run->base, run_answer(run));
    else
        run_fail_status(run);
}

/* Reads what is there. After the outcome it is only drained, until the keeper is gone. */
static void run_read(struct bl_exec_stream *stream, int reads)
{
    struct bl_exec_run *run = stream->run;
    struct bl_buf clean;
    char data[RUN_READ];

    bl_buf_init(&clean, 0);
    while (reads-- > 0) {
        ssize_t got = read(stream->fd, data, sizeof(data));
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (got <= 0) {
            run_end_stream(stream);
            break;
        }
        if (bl_op_is_settled(&run->base))
            continue;
        bl_buf_reset(&clean);
        bl_redact_stream_feed(&stream->mask, &clean, data, (size_t)got);
        run_take(stream, &clean);
    }
    bl_buf_release(&clean);
}

static void run_readable(uv_poll_t *poll, int status, int events)
{
    struct bl_exec_stream *stream = BL_CONTAINER(poll, struct bl_exec_stream, poll);

    (void)status;
    (void)events;
    run_read(stream, RUN_READS);
    run_settle(stream->run);
}

/* Somebody the command left behind holds its pipes: what they hold now is all we take. */
static void run_grace_over(uv_timer_t *timer)
{
    struct bl_exec_run *run = BL_CONTAINER(timer, struct bl_exec_run, grace);

    if (!run->has_exited) {
        kill(run->keeper.pid, SIGKILL);
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (run->streams[i].fd >= 0)
            run_read(&run->streams[i], RUN_READS * 4);
        run_end_stream(&run->streams[i]);
    }
    run_settle(run);
}

static void run_write(uv_poll_t *poll, int status, int events)
{
    struct bl_exec_run *run = BL_CONTAINER(poll, struct bl_exec_run, in);
    size_t part = run->stdin_left < RUN_READ ? run->stdin_left : RUN_READ;
    ssize_t put = part == 0 ? 0 : write(run->keeper.in, run->stdin_data, part);

    (void)status;
    (void)events;
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (put > 0) {
        run->stdin_data += put;
        run->stdin_left -= (size_t)put;
    }
    if (put <= 0 || run->stdin_left == 0) /* all written, or nobody reads it any more */
        run_close_fd(run, &run->in, &run->keeper.in);
}

static void run_fail_start(struct bl_exec_run *run, const struct bl_keeper_report *report)
{
    const struct bl_call *call = run->base.call;
    const char *cwd = bl_call_text(call, "cwd"), *why = strerror(report->value);
    enum bl_code code = report->value == ENOENT   ? BL_E_NOT_FOUND
                        : report->value == EACCES ? BL_E_DENIED
                                                  : BL_E_IO;

    if (strcmp(report->what, "chdir") == 0)
        bl_op_fail(&run->base, code, "%s: cannot run %s in folder %.200s: %s: check option cwd",
                   call->target, run->program, cwd, why);
    else if (strcmp(report->what, "fork") == 0)
        bl_op_fail(&run->base, code, "%s: cannot start a process for %s: %s", call->target,
                   run->program, why);
    else if (report->value == E2BIG)
        bl_op_fail(&run->base, code,
                   "%s: the arguments and environment of %s are too long: give the data on "
                   "stdin",
                   call->target, run->program);
    else
        bl_op_fail(&run->base, code,
                   "%s: cannot run %.200s: %s (is it there, executable, and its interpreter "
                   "too?)",
                   call->target, bl_value_as_text(bl_list_get(bl_call_value(call, "argv"), 0)),
                   why);
}

/* The keeper's socket has ended, it is exiting: a moment later it can be waited for. */
static void run_reap(uv_timer_t *timer)
{
    struct bl_exec_run *run = BL_CONTAINER(timer, struct bl_exec_run, reaper);

    if (waitpid(run->keeper.pid, NULL, WNOHANG) == 0)
        return;
    bl_op_lost(&run->base, BL_E_IO,
               "%s: the process that watches over %s was killed from outside: check what "
               "became of the command",
               run->base.call->target, run->program);
    run_end(run);
}

static void run_keeper_gone(struct bl_exec_run *run)
{
    run_close_fd(run, &run->socket, &run->keeper.socket);
    if (run->has_exited && !bl_op_is_settled(&run->base))
        return; /* the pipes are still read; release comes here again */
    uv_timer_start(&run->reaper, run_reap, 0, 2);
}

static void run_reported(uv_poll_t *poll, int status, int events)
{
    struct bl_exec_run *run = BL_CONTAINER(poll, struct bl_exec_run, socket);
    struct bl_keeper_report report;
    ssize_t got = recv(run->keeper.socket, &report, sizeof(report), MSG_DONTWAIT);

    (void)status;
    (void)events;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got != (ssize_t)sizeof(report)) {
        run_keeper_gone(run);
    } else if (report.kind == BL_KEEPER_FAILED) {
        run_fail_start(run, &report);
    } else if (!bl_op_is_settled(&run->base)) {
        run->has_exited = true;
        run->status = report.value;
        uv_timer_start(&run->grace, run_grace_over, RUN_PIPE_GRACE, 0);
        run_settle(run);
    }
}

/* Ends the tree without waiting for it: the op lives on until the keeper has gone. */
void bl_exec_run_release(struct bl_op *op)
{
    struct bl_exec_run *run = (struct bl_exec_run *)op;

    for (int i = 0; i < 2; i++) {
        bl_capture_release(&run->streams[i].capture);
        bl_redact_stream_release(&run->streams[i].mask);
    }
    bl_sandbox_close(&run->sandbox);
    if (run->keeper.pid <= 0)
        return;
    if (run->has_exited)
        uv_timer_stop(&run->grace);
    else
        uv_timer_start(&run->grace, run_grace_over, RUN_KEEPER_MAX, 0);
    run_close_fd(run, &run->in, &run->keeper.in);
    if (run->keeper.socket >= 0)
        shutdown(run->keeper.socket, SHUT_WR);
    else if (!run->is_done)
        run_keeper_gone(run);
}

static void run_watch_fd(struct bl_exec_run *run, uv_poll_t *poll, int fd, int events,
                         uv_poll_cb callback)
{
    if (uv_poll_init(bl_op_loop(&run->base), poll, fd) != 0)
        BL_BUG("a pipe cannot be polled");
    bl_op_ref(&run->base);
    uv_poll_start(poll, events, callback);
}

static void run_watch(struct bl_exec_run *run)
{
    static const char *const names[] = {"stdout", "stderr"};
    int fds[] = {run->keeper.out, run->keeper.err};

    for (int i = 0; i < 2; i++) {
        run->streams[i].run = run;
        run->streams[i].name = names[i];
        run->streams[i].fd = fds[i];
        run_watch_fd(run, &run->streams[i].poll, fds[i], UV_READABLE, run_readable);
    }
    run_watch_fd(run, &run->socket, run->keeper.socket, UV_READABLE, run_reported);
    if (run->keeper.in >= 0)
        run_watch_fd(run, &run->in, run->keeper.in, UV_WRITABLE, run_write);
    uv_timer_init(bl_op_loop(&run->base), &run->grace);
    bl_op_ref(&run->base);
    uv_timer_init(bl_op_loop(&run->base), &run->reaper);
    bl_op_ref(&run->base);
}

/* What the table cannot say about the arguments. */
static bool run_check(struct bl_op *op, const struct bl_call *call)
{
    const struct bl_value *argv = bl_call_value(call, "argv"), *ok = bl_call_value(call, "ok");
    size_t bad = 0;

    for (size_t i = 0; i < bl_value_count(ok); i++) {
        int64_t status = bl_value_as_int(bl_list_get(ok, i));
        bad += bl_value_type(bl_list_get(ok, i)) != BL_INT || status < 0 || status > 255;
    }
    if (bad > 0)
        bl_op_fail(op, BL_E_ARG,
                   "exec.run: option 'ok' must be a list of exit statuses (0 to 255)");
    else if (bl_call_bool(call, "shell") && bl_value_count(argv) != 1)
        bl_op_fail(op, BL_E_ARG,
                   "exec.run: argument 'argv' must be one string with shell = true");
    else if (*bl_value_as_text(bl_list_get(argv, 0)) == '\0')
        bl_op_fail(op, BL_E_ARG,
                   "exec.run: argument 'argv' must begin with the name of a program");
    else
        return true;
    return false;
}

static void run_fail_program(struct bl_op *op, const char *program, const char *folders)
{
    if (strchr(program, ' ') != NULL)
        bl_op_fail(op, BL_E_NOT_FOUND,
                   "%s: no program '%.100s': give a list, one string a word, or shell = true",
                   op->call->target, program);
    else
        bl_op_fail(op, BL_E_NOT_FOUND,
                   "%s: no program '%.100s' in PATH (%.200s): install it or set PATH in env",
                   op->call->target, program, folders);
}

static void run_launch(struct bl_exec_run *run, const struct bl_call *call, char **environment)
{
    const struct bl_value *argv = bl_call_value(call, "argv");
    const struct bl_value *input = bl_call_value(call, "stdin");
    const char *folders = bl_exec_variable(environment, "PATH");
    bool shell = bl_call_bool(call, "shell");
    const char *program = shell ? "/bin/sh" : bl_value_as_text(bl_list_get(argv, 0));
    char **list = bl_exec_argv(argv, shell), *path = bl_exec_find(program, folders);
    const char *cwd = bl_call_text(call, "cwd");
    struct bl_keeper_command command = {.path = path,
                                        .argv = list,
                                        .environment = environment,
                                        .cwd = *cwd != '\0' ? cwd : NULL,
                                        .has_stdin = input != NULL};
    struct bl_error err;

    if (path == NULL) {
        run_fail_program(&run->base, program, folders);
    } else if (bl_call_bool(call, "reads") &&
               bl_sandbox_open(&run->sandbox, &command, call->timeout_ms, &err) != BL_OK) {
        run_fail_sandbox(run, &err);
    } else if (bl_keeper_start(&run->keeper, &command, &err) != BL_OK) {
        run->keeper.pid = 0;
        bl_op_fail(&run->base, err.code, "%s: %s", call->target, err.message);
    } else {
        bl_op_sent(&run->base);
        if (input != NULL)
            run->stdin_data = bl_value_reveal(input, &run->stdin_left);
        run_watch(run);
    }
    bl_free(list);
    bl_free(path);
}

void bl_exec_run_start(struct bl_op *op, const struct bl_call *call)
{
    struct bl_exec_run *run = (struct bl_exec_run *)op;
    size_t room = (size_t)call->keep;
    struct bl_command command;
    struct bl_error err;
    char **environment;

    bl_sandbox_init(&run->sandbox);
    if (!run_check(op, call))
        return;
    bl_command_classify(bl_call_value(call, "argv"), bl_call_bool(call, "shell"), NULL, NULL,
                        &command);
    snprintf(run->program, sizeof(run->program), "%s", command.program);
    bl_op_stage(op, "running %s", run->program);
    for (int i = 0; i < 2; i++)
        bl_redact_stream_init(&run->streams[i].mask, bl_op_redactor(op));
    bl_capture_init(&run->streams[0].capture, room - room / 4);
    bl_capture_init(&run->streams[1].capture, room / 4);
    if (bl_exec_environment(bl_call_value(call, "env"), &environment, &err) != BL_OK) {
        bl_op_fail(op, err.code, "exec.run: %s", err.message);
        return;
    }
    run_launch(run, call, environment);
    bl_exec_free_environment(environment);
}
