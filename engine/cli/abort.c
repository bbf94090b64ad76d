/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* abort.c: `belay abort`: ends a run from elsewhere, or marks one that stopped as given up. */
#include "base/prefix.h"

#include "cli/commands.h"
#include "cli/gates.h"
#include "cli/state.h"

#include "base/exit.h"

#include <pwd.h>
#include <unistd.h>

/* What a run that stopped had come to. */
struct abort_run {
    struct bl_value *checks; /* the last verdict by step and name */
    struct bl_value *ended;  /* the data of its last run_ended; NULL: it was cut off */
    struct bl_value *doubts; /* numbers of changes that nobody knows about */
    int64_t begun, at;
    int64_t changes, failed_steps;
    bool is_stopped; /* it did not end by its own word */
    bool is_aborted;
};

static void abort_count_change(struct abort_run *run, const struct bl_event *event)
{
    bool is_done;
    char number[24];

    snprintf(number, sizeof(number), "%lld", (long long)bl_map_int(event->data, "n", 0));
    if (strcmp(event->kind, "intent") == 0) {
        bl_map_set(run->doubts, number, bl_value_bool(true));
        return;
    }
    if (strcmp(bl_map_text(event->data, "status", ""), "unknown") == 0)
        return;
    is_done = strcmp(bl_map_text(event->data, "status", ""), "answered") == 0 ||
              strcmp(bl_map_text(event->data, "verdict", ""), "done") == 0;
    bl_map_set(run->doubts, number, bl_value_bool(false));
    run->changes += is_done;
}

static void abort_count(struct abort_run *run, const struct bl_event *event)
{
    const char *kind = event->kind;

    if (strcmp(kind, "check") == 0) {
        struct bl_value *key = bl_value_textf("%s\n%s", bl_map_text(event->data, "step", ""),
                                              bl_map_text(event->data, "name", ""));
        bl_map_set(run->checks, bl_value_as_text(key),
                   bl_value_text(bl_map_text(event->data, "verdict", "")));
        bl_value_unref(key);
    } else if (strcmp(kind, "step_ended") == 0) {
        run->failed_steps += strcmp(bl_map_text(event->data, "status", ""), "failed") == 0;
    } else if (strcmp(kind, "intent") == 0 || strcmp(kind, "outcome") == 0 ||
               strcmp(kind, "resolved") == 0) {
        abort_count_change(run, event);
    }
}

static bool abort_event(void *arg, const struct bl_event *event)
{
    struct abort_run *run = arg;

    run->begun = run->begun == 0 ? event->at : run->begun;
    run->at = event->at;
    if (strcmp(event->kind, "run_resumed") == 0) {
        run->is_stopped = run->is_aborted = false;
        bl_value_unref(run->ended);
        run->ended = NULL;
    } else if (strcmp(event->kind, "run_stopped") == 0) {
        run->is_stopped = true;
        run->is_aborted = strcmp(bl_map_text(event->data, "code", ""), "aborted") == 0;
    } else if (strcmp(event->kind, "run_ended") == 0) {
        bl_value_unref(run->ended);
        run->ended = bl_value_ref(event->data);
    } else {
        abort_count(run, event);
    }
    return true;
}

static int64_t abort_tally(const struct bl_value *map, const char *verdict)
{
    int64_t count = 0;

    for (size_t i = 0; i < bl_value_count(map); i++)
        count += strcmp(bl_value_as_text(bl_map_at(map, i)), verdict) == 0;
    return count;
}

/* run_ended once more: what the run had come to, and that a person has ended it. */
static struct bl_value *abort_end(const struct abort_run *run)
{
    static const char *const zero[] = {"planned", "destroys", "refused", "longest_turn_us"};
    struct bl_value *data = bl_map_new();
    int64_t in_doubt = 0;

    for (size_t i = 0; i < bl_value_count(run->doubts); i++)
        in_doubt += bl_map_bool(run->doubts, bl_map_key(run->doubts, i), false);
    for (size_t i = 0; i < BL_COUNT(zero); i++)
        bl_map_set(data, zero[i], bl_value_int(bl_map_int(run->ended, zero[i], 0)));
    bl_map_set(data, "passed", bl_value_int(abort_tally(run->checks, "pass")));
    bl_map_set(data, "warned", bl_value_int(abort_tally(run->checks, "warn")));
    bl_map_set(data, "failed", bl_value_int(abort_tally(run->checks, "fail")));
    bl_map_set(data, "failed_steps", bl_value_int(run->failed_steps));
    bl_map_set(data, "changes", bl_value_int(run->changes));
    bl_map_set(data, "in_doubt", bl_value_int(in_doubt));
    bl_map_set(data, "millis", bl_value_int(run->at - run->begun));
    bl_map_set(data, "exit", bl_value_int(BL_EXIT_REJECTED));
    bl_map_set(data, "status", bl_value_text(bl_exit_word(BL_EXIT_REJECTED)));
    bl_map_set(data, "meaning", bl_value_text(bl_exit_text(BL_EXIT_REJECTED)));
    return data;
}

static void abort_write(struct bl_journal *journal, const struct abort_run *run,
                        const char *reason)
{
    const struct passwd *user = getpwuid(getuid());
    const char *by = user != NULL ? user->pw_name : "somebody";
    struct bl_value *data = bl_map_new(), *approval = bl_map_new();

    bl_map_set(approval, "does", bl_value_text("abort"));
    bl_map_set(approval, "by", bl_value_text(by));
    bl_map_set(approval, "how", bl_value_text("command line"));
    bl_map_set(approval, "status", bl_value_text("accepted"));
    if (reason != NULL)
        bl_map_set(approval, "reason", bl_value_text(reason));
    bl_map_set(data, "code", bl_value_text("aborted"));
    bl_map_set(data, "why",
               bl_value_textf("aborted by %s%s%s", by, reason != NULL ? ": " : "",
                              reason != NULL ? reason : ""));
    bl_journal_append(journal, "run_stopped", data);
    bl_journal_append(journal, "approval", approval);
    bl_journal_append(journal, "run_ended", abort_end(run));
}

static enum bl_code abort_check(const struct bl_live *live, const struct abort_run *run,
                                struct bl_error *err)
{
    if (run->is_aborted)
        return bl_fail(err, BL_E_ARG, "run %s is aborted already", live->id);
    if (run->ended != NULL && !run->is_stopped)
        return bl_fail(err, BL_E_ARG, "run %s has ended by itself: there is nothing to abort",
                       live->id);
    return BL_OK;
}

/* Nobody writes it: its journal is taken up once more, to say that it is given up. */
static enum bl_code abort_stopped(const struct bl_live *live, const char *reason,
                                  struct bl_error *err)
{
    struct abort_run run = {.checks = bl_map_new(), .doubts = bl_map_new()};
    struct bl_journal_options options = {0};
    struct bl_journal *journal;
    struct bl_clock clock;
    struct bl_state state;
    enum bl_code code = bl_journal_read(live->path, abort_event, &run, err);

    if (code == BL_OK)
        code = abort_check(live, &run, err);
    if (code == BL_OK)
        code = bl_clock_init(&clock, err);
    if (code == BL_OK)
        code = bl_state_open(live->state.path, true, &state, err);
    options.state = &state;
    options.clock = &clock;
    if (code == BL_OK)
        code = bl_journal_reopen(&options, live->id, &journal, err);
    if (code == BL_OK) {
        abort_write(journal, &run, reason);
        code = bl_journal_close(journal, err);
    }
    bl_value_unref(run.checks);
    bl_value_unref(run.doubts);
    bl_value_unref(run.ended);
    return code;
}

static int abort_run(const struct bl_given *given)
{
    const char *reason = bl_given_text(given, "reason");
    struct bl_error err = {0};
    struct bl_value *note;
    struct bl_live live;
    bool is_live;

    if (bl_given_run_of(given, given->words[0], &live, &is_live, &err) != BL_OK)
        return bl_journal_refuse(&err);
    if (!is_live) {
        if (abort_stopped(&live, reason, &err) != BL_OK)
            return bl_journal_refuse(&err);
        printf("abort %s: it is marked as given up\n", live.id);
        return bl_command_end(BL_EXIT_OK);
    }
    note = bl_live_note(&live, "abort", NULL);
    if (reason != NULL)
        bl_map_set(note, "reason", bl_value_text(reason));
    return bl_live_send(&live, note);
}

static const struct bl_option abort_options[] = {
    {"reason", "TEXT", "why, for the journal", false, NULL},
    {0},
};

const struct bl_command bl_command_abort = {
    .name = "abort",
    .words = "RUN",
    .least = 1,
    .most = 1,
    .summary = "ends a run from elsewhere, or gives up one that stopped",
    .text =
        "Ends a live run at its next safe point: what was sent is waited for, nothing new is "
        "sent, and\n"
        "its exit code is 4. A run that was cut off or stopped is marked as given up. Its "
        "journal says\n"
        "who ended it and why.\n\n"
        "  belay abort last --reason \"the other site has taken over\"\n",
    .options = abort_options,
    .run = abort_run,
};
