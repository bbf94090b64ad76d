/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* runs.c: `belay runs`: the runs of an environment, newest first. */
#include "base/prefix.h"

#include "cli/commands.h"
#include "cli/state.h"

#include "base/exit.h"
#include "base/json.h"
#include "base/text.h"
#include "journal/log.h"

#define RUNS_SHOWN 20

/* How many to show: --last; false when it is no number. */
static bool runs_last(const struct bl_given *given, size_t *last)
{
    const char *text = bl_given_text(given, "last");
    char *end;
    long number;

    *last = RUNS_SHOWN;
    if (text == NULL)
        return true;
    number = strtol(text, &end, 10);
    *last = (size_t)number;
    return *text != '\0' && *end == '\0' && number > 0;
}

static struct bl_value *runs_select(const struct bl_given *given, const struct bl_value *runs,
                                    size_t last)
{
    const char *procedure = bl_given_text(given, "procedure");
    struct bl_value *chosen = bl_list_new();

    for (size_t i = 0; i < bl_value_count(runs) && bl_value_count(chosen) < last; i++) {
        const struct bl_value *run = bl_list_get(runs, i);
        if (procedure == NULL || strcmp(bl_map_text(run, "procedure", ""), procedure) == 0)
            bl_list_add(chosen, bl_value_ref(run));
    }
    return chosen;
}

static void runs_print(const struct bl_given *given, const struct bl_state *state,
                       const struct bl_value *runs, size_t all)
{
    size_t count = bl_value_count(runs);
    struct bl_buf out;

    bl_buf_init(&out, 0);
    for (size_t i = 0; bl_given_json(given) && i < count; i++) {
        bl_json_write(&out, bl_list_get(runs, i), BL_JSON_PLAIN);
        bl_buf_char(&out, '\n');
    }
    if (!bl_given_json(given) && count > 0)
        bl_log_runs(&out, runs);
    fputs(bl_buf_text(&out), stdout);
    bl_buf_release(&out);
    if (all == 0)
        fprintf(stderr, "no runs in %s yet%s\n", state->path, bl_state_hint(state));
    else if (count < all)
        fprintf(stderr, "%zu of %zu runs in %s: --last N and --procedure choose others\n",
                count, all, state->path);
}

static int runs_run(const struct bl_given *given)
{
    struct bl_value *runs = NULL, *chosen;
    struct bl_error err = {0};
    struct bl_state state;
    size_t last;

    if (!runs_last(given, &last)) {
        bl_fail(&err, BL_E_ARG, "--last must be a number above 0, not '%s'",
                bl_given_text(given, "last"));
        return bl_journal_refuse(&err);
    }
    if (bl_given_state(given, &state, &err) != BL_OK ||
        bl_journal_list(&state, &runs, &err) != BL_OK)
        return bl_journal_refuse(&err);
    chosen = runs_select(given, runs, last);
    runs_print(given, &state, chosen, bl_value_count(runs));
    bl_value_unref(chosen);
    bl_value_unref(runs);
    return BL_EXIT_OK;
}

static const struct bl_option runs_options[] = {
    {"last", "N", "how many, the newest first (default 20)", false, NULL},
    {"procedure", "PROC", "only those of one procedure", false, NULL},
    {0},
};

const struct bl_command bl_command_runs = {
    .name = "runs",
    .words = "",
    .summary = "lists the runs of an environment",
    .text = "Lists the runs in the environment's state folder, newest first, with how they "
            "ended. The\n"
            "list is made again from the journals when it is missing or damaged.\n\n"
            "  belay runs --env production --last 5\n",
    .options = runs_options,
    .run = runs_run,
};
