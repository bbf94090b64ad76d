/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* eval.c: `belay eval`: one expression or file in the cage, in a dry world. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "run/project.h"
#include "run/session.h"

#include <unistd.h>

#define EVAL_MAX 1048576

/* Bytes as they are for a program, made safe for a terminal. */
static void eval_print(void *context, const char *text, size_t len)
{
    struct bl_buf clean;

    (void)context;
    bl_buf_init(&clean, 0);
    if (isatty(STDOUT_FILENO))
        bl_text_clean(&clean, text, len, true);
    else
        bl_buf_add(&clean, text, len);
    bl_buf_char(&clean, '\n');
    fwrite(clean.data, 1, clean.len, stdout);
    bl_buf_release(&clean);
}

static void eval_show(const struct bl_value *value)
{
    struct bl_buf out;
    const char *data;
    size_t len;

    if (bl_value_type(value) == BL_NIL)
        return;
    if (bl_value_type(value) == BL_BYTES) {
        data = bl_value_as_bytes(value, &len);
        eval_print(NULL, data, len);
        return;
    }
    bl_buf_init(&out, 0);
    bl_json_write(&out, value, BL_JSON_PRETTY);
    eval_print(NULL, bl_buf_text(&out), out.len);
    bl_buf_release(&out);
}

static enum bl_code eval_read(const char *path, struct bl_buf *text, struct bl_error *err)
{
    struct bl_error why;
    enum bl_code code = strcmp(path, "-") == 0 ? bl_fd_read(STDIN_FILENO, text, &why)
                                               : bl_path_read(path, text, &why);

    return code == BL_OK ? BL_OK
                         : bl_fail(err, BL_E_ARG, "eval --file %s: %s", path, why.message);
}

/* Starts the text as an expression, else as statements. */
static enum bl_code eval_start(struct bl_runtime *runtime, const char *name,
                               const struct bl_buf *text, struct bl_error *err)
{
    struct bl_buf expression;
    enum bl_code code;

    bl_buf_init(&expression, 0);
    bl_buf_text_add(&expression, "return ");
    bl_buf_add(&expression, bl_buf_text(text), text->len);
    code = bl_runtime_start_text(runtime, name, bl_buf_text(&expression), expression.len, err);
    bl_buf_release(&expression);
    if (code == BL_OK)
        return BL_OK;
    return bl_runtime_start_text(runtime, name, bl_buf_text(text), text->len, err);
}

static int eval_in(struct bl_runtime *runtime, const struct bl_value *environment,
                   const char *name, const struct bl_buf *text, struct bl_error *err)
{
    struct bl_clock clock;
    struct bl_session_settings settings = {
        .runtime = runtime, .clock = &clock, .environment = environment, .world = BL_WORLD_DRY};
    struct bl_session *session;
    struct bl_result result;
    enum bl_code code = bl_clock_init(&clock, err);

    if (code != BL_OK)
        return bl_command_end_error(err, bl_exit_of(code));
    bl_vm_print(bl_runtime_vm(runtime), eval_print, NULL);
    session = bl_session_new(&settings);
    code = eval_start(runtime, name, text, err);
    if (code == BL_OK)
        code = bl_session_run(session, err);
    else
        err->code = code = BL_E_ARG; /* text that is no Lua is wrong use */
    bl_runtime_result(runtime, &result);
    if (code == BL_OK && result.is_failed) {
        *err = result.error;
        code = err->code;
    }
    if (code == BL_OK)
        eval_show(result.value);
    bl_value_unref(result.value);
    bl_session_free(session);
    return code == BL_OK ? 0 : bl_command_end_error(err, bl_exit_of(code));
}

static int eval_text(const struct bl_given *given, const char *name, const struct bl_buf *text)
{
    struct bl_project project = {0};
    struct bl_value *environment = NULL;
    struct bl_runtime_settings bare = {0};
    struct bl_error err;
    enum bl_code code;
    int status;

    code = bl_project_open(&project, bl_given_text(given, "project"), NULL, NULL, &err);
    if (code == BL_OK)
        code =
            bl_project_environment(&project, bl_given_text(given, "env"), &environment, &err);
    else if (bl_given_text(given, "project") == NULL && code == BL_E_NOT_FOUND)
        code = bl_runtime_new(&bare, &project.runtime, &err);
    status = code == BL_OK ? eval_in(project.runtime, environment, name, text, &err)
                           : bl_command_end_error(&err, bl_exit_of(code));
    bl_value_unref(environment);
    bl_project_close(&project);
    return status;
}

static int eval_run(const struct bl_given *given)
{
    const char *file = bl_given_text(given, "file");
    struct bl_buf text;
    struct bl_error err;
    int status;

    if ((file == NULL) == (given->count == 0)) {
        bl_fail(&err, BL_E_ARG, "eval: give it one expression, or --file FILE");
        return bl_command_end_error(&err, BL_EXIT_USAGE);
    }
    bl_buf_init(&text, EVAL_MAX);
    if (file == NULL) {
        bl_buf_text_add(&text, given->words[0]);
        status = eval_text(given, "eval", &text);
    } else if (eval_read(file, &text, &err) == BL_OK) {
        status = eval_text(given, file, &text);
    } else {
        status = bl_command_end_error(&err, BL_EXIT_USAGE);
    }
    bl_buf_release(&text);
    return status;
}

static const struct bl_option eval_options[] = {
    {"file", "FILE", "evaluates a file (- for standard input)", false, NULL},
    {0},
};

const struct bl_command bl_command_eval = {
    .name = "eval",
    .words = "[EXPR]",
    .most = 1,
    .summary = "evaluates Lua in the cage; changes nothing",
    .text = "Evaluates one expression, or a file, as a runbook's body would be: in the cage, "
            "in a dry\n"
            "world, with the project's environment if there is one. Prints what it gives.\n\n"
            "  belay eval '6 * 7'\n"
            "  belay eval 'require(\"time\").now().text'\n",
    .options = eval_options,
    .run = eval_run,
};
