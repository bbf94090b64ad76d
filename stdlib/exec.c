/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec: runs commands of this machine, with a bound on their time, their output and their
 * children. */
#include "base/prefix.h"

#include "exec_run.h"
#include "guard/exec.h"

static const char *run_input(const struct bl_call *call)
{
    const struct bl_value *input = bl_call_value(call, "stdin");

    return input == NULL ? NULL : bl_value_reveal(input, NULL);
}

static void run_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    const struct bl_value *argv = bl_call_value(call, "argv");
    const struct bl_value *env = bl_call_value(call, "env");
    bool shell = bl_call_bool(call, "shell");
    struct bl_command command;
    struct bl_buf quoted;
    size_t len;

    bl_command_classify(argv, shell, run_input(call), call->settings, &command);
    if (bl_call_bool(call, "reads")) {
        command.class = BL_CLASS_OBSERVE;
        command.why = "runs in a sandbox that lets it change nothing";
    }
    inspection->class = command.class;
    snprintf(inspection->target, sizeof(inspection->target), "%s", command.target);
    bl_buf_init(&quoted, 60000);
    if (shell)
        bl_buf_text_add(&quoted, bl_value_as_text(bl_list_get(argv, 0)));
    else
        bl_exec_quote(&quoted, argv);
    snprintf(inspection->summary, sizeof(inspection->summary), "%.*s%s",
             quoted.len < 200 ? (int)quoted.len : 200, bl_buf_text(&quoted),
             quoted.len < 200 ? "" : " ...");
    bl_buf_printf(&inspection->detail, "%s%s\n", shell ? "/bin/sh -c: " : "",
                  bl_buf_text(&quoted));
    if (*bl_call_text(call, "cwd") != '\0')
        bl_buf_printf(&inspection->detail, "in folder: %s\n", bl_call_text(call, "cwd"));
    for (size_t i = 0; i < bl_value_count(env); i++)
        bl_buf_printf(&inspection->detail, "%s%s%s", i == 0 ? "environment: " : ", ",
                      bl_map_key(env, i), i + 1 == bl_value_count(env) ? "\n" : "");
    if (bl_value_type(bl_call_value(call, "stdin")) == BL_SECRET) {
        bl_buf_printf(&inspection->detail, "standard input: <secret:%s>\n",
                      bl_value_secret_name(bl_call_value(call, "stdin")));
    } else if (bl_call_value(call, "stdin") != NULL) {
        bl_value_reveal(bl_call_value(call, "stdin"), &len);
        bl_buf_printf(&inspection->detail, "standard input: %zu bytes\n", len);
    }
    snprintf(inspection->reason, sizeof(inspection->reason), "it %s", command.why);
    bl_buf_release(&quoted);
}

static struct bl_value *run_nominal(const struct bl_call *call)
{
    static const char *const zeros[] = {"status", "stdout_bytes", "stderr_bytes"};
    struct bl_value *answer = bl_map_new();

    (void)call;
    for (size_t i = 0; i < BL_COUNT(zeros); i++)
        bl_map_set(answer, zeros[i], bl_value_int(0));
    bl_map_set(answer, "stdout", bl_value_text(""));
    bl_map_set(answer, "stderr", bl_value_text(""));
    bl_map_set(answer, "truncated", bl_value_bool(false));
    bl_map_set(answer, "seconds", bl_value_float(0));
    return answer;
}

static const struct bl_arg run_args[] = {
    {.name = "argv",
     .type = BL_T_COMMAND,
     .text = "the program and its arguments, one string each; with shell one text"},
    {.name = "stdin",
     .type = BL_T_STRING,
     .text = "what the command reads; without it there is nothing to read",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL | BL_ARG_SECRET | BL_ARG_DATA},
    {.name = "env",
     .type = BL_T_MAP,
     .text = "variables besides PATH, HOME, LANG, TZ and TERM=dumb; nothing else is inherited",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "cwd",
     .type = BL_T_PATH,
     .text = "the folder it runs in",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {.name = "ok",
     .type = BL_T_LIST,
     .text = "exit statuses that are an answer and no failure; 0 when left out",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {.name = "shell",
     .type = BL_T_BOOLEAN,
     .text = "argv is one text that /bin/sh reads",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL,
     .fallback = "false"},
    {.name = "reads",
     .type = BL_T_BOOLEAN,
     .text = "it only reads: runs in a sandbox, in dry runs too, without network, daemons and "
             "writable files; /tmp, /var/tmp and /run are empty there",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL,
     .fallback = "false"},
    {0},
};

static const char *const run_outcomes[] = {"ok", "other status", "not found", "timeout", NULL};

static const struct bl_operation exec_operations[] = {
    {
        .name = "run",
        .text = "Runs a command and waits for its end. When its time is over, or the run is "
                "cancelled, the command and everything it started is ended. Of its output the "
                "beginning and the end are kept (three quarters of keep for stdout, one for "
                "stderr).",
        .args = run_args,
        .result = "table: status (128 + n when signal n killed it), signal, stdout, stderr, "
                  "stdout_bytes, stderr_bytes, truncated, seconds",
        .class = BL_CLASS_DESTROY,
        .timeout_ms = 60000,
        .outcomes = run_outcomes,
        .example = "exec.run({ \"pg_isready\", \"--quiet\" }, { ok = { 0, 1, 2 } }).status",
        .size = sizeof(struct bl_exec_run),
        .inspect = run_inspect,
        .start = bl_exec_run_start,
        .release = bl_exec_run_release,
        .nominal = run_nominal,
    },
    {0},
};

const struct bl_module bl_module_exec = {
    .name = "exec",
    .text = "Commands of this machine.",
    .operations = exec_operations,
};
