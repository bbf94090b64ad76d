/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* log.c: `belay log`: the events of a run. */
#include "base/prefix.h"

#include "cli/commands.h"
#include "cli/state.h"

#include "base/exit.h"
#include "base/text.h"
#include "journal/log.h"
#include "report/report.h"

#include <unistd.h>

#define LOG_INDENT 34 /* columns before what an event says */

struct log_run {
    const struct bl_given *given;
    struct bl_reporter *reporter; /* NULL: lines of text */
    int64_t previous;             /* time of the event shown before; 0: none */
    struct bl_buf out;
};

/* True when the event is asked for: its kind by --kind, its step by --step. */
static bool log_wants(const struct bl_given *given, const struct bl_event *event)
{
    const struct bl_value *kinds = bl_given_list(given, "kind");
    const char *step = bl_given_text(given, "step"),
               *own = bl_map_text(event->data, "step", "");
    bool wanted = kinds == NULL;

    for (size_t i = 0; i < bl_value_count(kinds); i++)
        wanted = wanted || strcmp(bl_value_as_text(bl_list_get(kinds, i)), event->kind) == 0;
    return wanted && (step == NULL || strncmp(own, step, strlen(step)) == 0);
}

/* A kind that does not exist would find nothing, which looks like an answer. */
static enum bl_code log_check_kinds(const struct bl_value *wanted, struct bl_error *err)
{
    const char *kinds[BL_LOG_KINDS];

    bl_log_kinds(kinds);
    for (size_t i = 0; i < bl_value_count(wanted); i++) {
        const char *name = bl_value_as_text(bl_list_get(wanted, i)), *near;
        size_t at = 0;
        while (kinds[at] != NULL && strcmp(kinds[at], name) != 0)
            at++;
        if (kinds[at] != NULL)
            continue;
        near = bl_suggest(name, kinds);
        return bl_fail(err, BL_E_ARG, "log: no kind of event is called '%s'%s%s%s", name,
                       near != NULL ? ": did you mean '" : ": `belay log RUN` shows them",
                       near != NULL ? near : "", near != NULL ? "'?" : "");
    }
    return BL_OK;
}

static bool log_event(void *arg, const struct bl_event *event)
{
    struct log_run *run = arg;

    if (!log_wants(run->given, event))
        return true;
    if (run->reporter != NULL) {
        bl_reporter_event(run->reporter, event);
        return !run->reporter->is_broken;
    }
    bl_buf_reset(&run->out);
    if (bl_given_flag(run->given, "full"))
        bl_log_event_full(&run->out, event, run->previous);
    else
        bl_log_event(&run->out, event, run->previous);
    run->previous = event->at;
    if (bl_given_flag(run->given, "full"))
        fputs(bl_buf_text(&run->out), stdout);
    else
        bl_command_fold(stdout, bl_buf_text(&run->out), LOG_INDENT);
    return ferror(stdout) == 0;
}

static int log_run(const struct bl_given *given)
{
    const char *format = bl_given_text(given, "format");
    struct bl_report_options options = {.fd = STDOUT_FILENO};
    struct log_run run = {.given = given};
    struct bl_error err = {0};
    char id[BL_RUN_TEXT], path[PATH_MAX];
    enum bl_code code;

    if (log_check_kinds(bl_given_list(given, "kind"), &err) != BL_OK)
        return bl_command_end(bl_command_fail(&err));
    if (bl_given_journal(given, given->words[0], id, path, &err) != BL_OK)
        return bl_journal_refuse(&err);
    if (format != NULL && strcmp(format, "text") != 0)
        run.reporter = bl_reporter_open(bl_reporter_find(format), &options);
    bl_buf_init(&run.out, 0);
    code = bl_journal_read(path, log_event, &run, &err);
    fflush(stdout);
    bl_reporter_close(run.reporter);
    bl_buf_release(&run.out);
    return code == BL_OK ? BL_EXIT_OK : bl_journal_refuse(&err);
}

static const struct bl_option log_options[] = {
    {"full", NULL, "with all data of each event, and its hash", false, NULL},
    {"kind", "KIND", "only events of a kind: check, outcome, gate_answered …", true, NULL},
    {"step", "PATH", "only events of a step and of the steps inside it", false, NULL},
    {0},
};

const struct bl_command bl_command_log = {
    .name = "log",
    .words = "RUN",
    .least = 1,
    .most = 1,
    .summary = "shows the events of a run",
    .text =
        "Shows what happened, event by event, of a run that ended, was cut off, or goes on. "
        "RUN is\n"
        "its id, the beginning or the end of it, `last`, or the path of a journal. Times are "
        "UTC.\n\n"
        "  belay log last\n"
        "  belay log k7m3 --kind check --kind outcome\n",
    .options = log_options,
    .run = log_run,
};
