/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* abort.c: `belay abort`: ends a run from elsewhere. */
#include "base/prefix.h"

#include "cli/commands.h"
#include "cli/gates.h"
#include "cli/state.h"

static int abort_run(const struct bl_given *given)
{
    const char *reason = bl_given_text(given, "reason");
    struct bl_error err = {0};
    struct bl_value *note;
    struct bl_live live;

    if (bl_given_live(given, &live, &err) != BL_OK)
        return bl_journal_refuse(&err);
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
    .summary = "ends a run from elsewhere",
    .text =
        "Ends a live run at its next safe point: what was sent is waited for, nothing new is "
        "sent, and\n"
        "its exit code is 4. Its journal says who ended it and why.\n\n"
        "  belay abort last --reason \"the other site has taken over\"\n",
    .options = abort_options,
    .run = abort_run,
};
