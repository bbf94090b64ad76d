/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* run.c: `belay run`: runs a procedure step by step. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/runner.h"
#include "report/report.h"

#include <unistd.h>

#define ANSWERS_MAX 1048576

/* People read stderr when a program reads stdout. */
struct run_reports {
    const struct bl_given *given;
    struct bl_reporter *people, *program;
    bool knows; /* what the run has said: it was read along */
};

static struct bl_reporter *run_open_report(const struct bl_given *given, const char *format,
                                           int fd, const struct bl_journal *journal,
                                           bool is_default_state)
{
    const char *color = bl_given_text(given, "color");
    struct bl_report_options options = {.fd = fd, .journal = bl_journal_path(journal)};

    if (color != NULL && strcmp(color, "auto") != 0)
        options.color = strcmp(color, "always") == 0 ? BL_ALWAYS : BL_NEVER;
    if (is_default_state)
        options.note = "The journal is in your own folder: the environment names no `state`.";
    return bl_reporter_open(bl_reporter_find(format), &options);
}

static void run_started(void *arg, const struct bl_journal *journal, bool is_default_state)
{
    struct run_reports *reports = arg;
    const char *format = bl_given_text(reports->given, "format");

    reports->knows = reports->people != NULL;
    if (reports->knows)
        return; /* what was aborted is undone: the same people read on */
    if (format != NULL && strcmp(format, "text") != 0) {
        reports->program =
            run_open_report(reports->given, format, STDOUT_FILENO, journal, is_default_state);
        reports->people =
            run_open_report(reports->given, "text", STDERR_FILENO, journal, is_default_state);
    } else {
        reports->people =
            run_open_report(reports->given, "text", STDOUT_FILENO, journal, is_default_state);
    }
}

static void run_event(void *arg, const struct bl_event *event)
{
    struct run_reports *reports = arg;

    bl_reporter_event(reports->people, event);
    if (reports->program != NULL)
        bl_reporter_event(reports->program, event);
}

static void run_past(void *arg, const struct bl_event *event)
{
    struct run_reports *reports = arg;

    if (reports->knows)
        return;
    bl_reporter_past(reports->people, event);
    if (reports->program != NULL)
        bl_reporter_past(reports->program, event);
}

static void run_waiting(void *arg, const char *text, int64_t millis)
{
    struct run_reports *reports = arg;

    bl_reporter_waiting(reports->people, text, millis);
}

/* Reads --answers FILE: a JSON object from question to answer. */
static enum bl_code run_read_answers(const char *path, struct bl_value **answers,
                                     struct bl_error *err)
{
    struct bl_buf text;
    struct bl_error why;
    enum bl_code code;

    bl_buf_init(&text, ANSWERS_MAX);
    if (bl_path_read(path, &text, &why) != BL_OK)
        code = bl_fail(err, BL_E_ARG, "--answers %s: %s", path, why.message);
    else if (bl_json_parse(bl_buf_text(&text), text.len, false, answers, &why) != BL_OK)
        code = bl_fail(err, BL_E_ARG, "--answers %s: %s: write {\"question\": \"answer\"}",
                       path, why.message);
    else
        code = BL_OK;
    bl_buf_release(&text);
    return code;
}

int bl_given_run(const struct bl_given *given, const struct bl_run_options *wanted)
{
    struct run_reports reports = {.given = given};
    struct bl_run_options options = *wanted;
    struct bl_error err = {0};
    int status;

    options.project = bl_given_text(given, "project");
    options.environment = bl_given_text(given, "env");
    options.is_attended = bl_command_is_attended();
    options.yes = bl_given_flag(given, "yes");
    options.take_over = bl_given_flag(given, "take-over");
    options.on_event = run_event;
    options.on_past = run_past;
    options.on_waiting = run_waiting;
    options.on_start = run_started;
    options.arg = &reports;
    status = bl_run(&options, &err);
    bl_reporter_close(reports.people);
    bl_reporter_close(reports.program);
    return err.code != BL_OK ? bl_command_end_error(&err, status) : bl_command_end(status);
}

static int run_run(const struct bl_given *given)
{
    struct bl_value *answers = NULL;
    struct bl_run_options options = {
        .procedure = given->words[0],
        .sets = bl_given_list(given, "set"),
        .set_files = bl_given_list(given, "set-file"),
        .world = bl_given_flag(given, "dry-run") ? BL_WORLD_DRY : BL_WORLD_LIVE,
    };
    const char *file = bl_given_text(given, "answers");
    struct bl_error err = {0};
    int status;

    if (file != NULL && run_read_answers(file, &answers, &err) != BL_OK)
        return bl_command_end_error(&err, BL_EXIT_USAGE);
    options.answers = answers;
    status = bl_given_run(given, &options);
    bl_value_unref(answers);
    return status;
}

static const struct bl_option run_options[] = {
    {"set", "NAME=VALUE", "sets a parameter", true, NULL},
    {"set-file", "NAME=PATH", "sets a parameter to the text of a file", true, NULL},
    {"dry-run", NULL, "asks everything, changes nothing: shows what would be done", false,
     NULL},
    {"answers", "FILE", "answers for a dry run: JSON, question to answer", false, NULL},
    {"yes", NULL, "answers confirmations of class change with yes; never a destroy", false,
     NULL},
    {"take-over", NULL,
     "asks whoever runs it now to stop (a word has to be typed), and waits for that", false,
     NULL},
    {0},
};

const struct bl_command bl_command_run = {
    .name = "run",
    .words = "PROC",
    .least = 1,
    .most = 1,
    .summary = "runs a procedure, step by step",
    .text =
        "Runs a procedure against an environment and keeps a journal of all that happened. "
        "Before a\n"
        "change it asks, as the environment's policy says; without a terminal it stops there\n"
        "(exit 3). With --format json or junit the report goes to stdout and people's text to "
        "stderr.\n\n"
        "  belay run daily.morning --env production\n"
        "  belay run troubleshooting.redis_memory --set limit=4GB --dry-run\n",
    .options = run_options,
    .run = run_run,
};
