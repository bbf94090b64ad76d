/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* commands.c: the list of verbs. */
#include "base/prefix.h"

#include "cli/commands.h"

const struct bl_command *const bl_commands[] = {
    &bl_command_list,     &bl_command_show,       &bl_command_run,
    &bl_command_validate, &bl_command_runs,       &bl_command_log,
    &bl_command_verify,   &bl_command_approve,    &bl_command_reject,
    &bl_command_resume,   &bl_command_undo,       &bl_command_abort,
    &bl_command_init,     &bl_command_eval,       &bl_command_verb_classify,
    &bl_command_doctor,   &bl_command_completion, &bl_command_verb_help,
    &bl_command_selftest, &bl_command_reference,  NULL,
};
