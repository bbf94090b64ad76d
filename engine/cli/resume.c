/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* resume.c: `belay resume` and `belay undo`: a run is taken up again. */
#include "base/prefix.h"

#include "cli/commands.h"
#include "cli/runner.h"

static int resume_run(const struct bl_given *given)
{
    struct bl_run_options options = {
        .resume = given->words[0],
        .old_source = bl_given_flag(given, "old-source"),
        .set_files = bl_given_list(given, "set-file"),
        .world = BL_WORLD_LIVE,
    };

    return bl_given_run(given, &options);
}

static int undo_run(const struct bl_given *given)
{
    struct bl_run_options options = {
        .resume = given->words[0],
        .undo = true,
        .old_source = bl_given_flag(given, "old-source"),
        .set_files = bl_given_list(given, "set-file"),
        .world = BL_WORLD_LIVE,
    };

    return bl_given_run(given, &options);
}

#define RESUME_OPTIONS                                                                         \
    {"yes", NULL, "answers confirmations of class change with yes; never a destroy", false,    \
     NULL},                                                                                    \
        {"set-file", "NAME=PATH", "gives a secret parameter once more: the text of a file",    \
         true, NULL},                                                                          \
        {"old-source", NULL, "with the text of the files that the run kept", false, NULL},     \
        {"take-over", NULL,                                                                    \
         "asks whoever runs it now to stop (a word has to be typed), and waits for that",      \
         false, NULL},                                                                         \
    {                                                                                          \
        0                                                                                      \
    }

static const struct bl_option resume_options[] = {RESUME_OPTIONS};

const struct bl_command bl_command_resume = {
    .name = "resume",
    .words = "RUN",
    .least = 1,
    .most = 1,
    .summary = "takes up a run that was cut off or stopped",
    .text = "Takes up a run where it stopped. What was answered before is answered from its "
            "journal and not\n"
            "asked or sent again; then each open step begins again: it asks anew, and a change "
            "that it has\n"
            "made already is not made twice. What became of a change that was sent and never "
            "answered is\n"
            "asked of its server, then of the step's `verify`, then of you (exit 7 without a "
            "terminal).\n"
            "A runbook that asks for something else than before stops with the line that "
            "differs.\n\n"
            "  belay resume last\n"
            "  belay resume k7m3 --old-source\n",
    .options = resume_options,
    .run = resume_run,
};

const struct bl_command bl_command_undo = {
    .name = "undo",
    .words = "RUN",
    .least = 1,
    .most = 1,
    .summary = "undoes the completed steps of a run, the last first",
    .text = "Runs the `undo` of every completed step that has one, the last step first. Each "
            "is a step of\n"
            "its own: its changes are asked for and journaled as any others.\n\n"
            "  belay undo last\n",
    .options = resume_options,
    .run = undo_run,
};
