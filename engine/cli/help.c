/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* help.c: `belay help [VERB]`. */
#include "base/prefix.h"

#include "cli/commands.h"

static int help_run(const struct bl_given *given)
{
    struct bl_error err;

    if (given->count == 0) {
        bl_command_help(NULL, stdout);
        return 0;
    }
    for (size_t i = 0; bl_commands[i] != NULL; i++) {
        if (strcmp(bl_commands[i]->name, given->words[0]) == 0) {
            bl_command_help(bl_commands[i], stdout);
            return 0;
        }
    }
    bl_fail(&err, BL_E_ARG, "no verb '%s': `belay help` lists them", given->words[0]);
    return bl_command_fail(&err);
}

const struct bl_command bl_command_verb_help = {
    .name = "help",
    .words = "[VERB]",
    .most = 1,
    .summary = "says more about a verb",
    .text = "Shows the verbs, or what one of them does and which options it knows.\n",
    .run = help_run,
};
