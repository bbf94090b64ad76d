/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* commands.h: one entry for each file of a verb. */
#ifndef BL_COMMANDS_H
#define BL_COMMANDS_H

#include "cli/command.h"

extern const struct bl_command bl_command_list;
extern const struct bl_command bl_command_show;
extern const struct bl_command bl_command_run;
extern const struct bl_command bl_command_runs;
extern const struct bl_command bl_command_resume;
extern const struct bl_command bl_command_undo;
extern const struct bl_command bl_command_log;
extern const struct bl_command bl_command_verify;
extern const struct bl_command bl_command_approve;
extern const struct bl_command bl_command_reject;
extern const struct bl_command bl_command_abort;
extern const struct bl_command bl_command_eval;
extern const struct bl_command bl_command_verb_classify;
extern const struct bl_command bl_command_verb_help;
extern const struct bl_command bl_command_validate;
extern const struct bl_command bl_command_doctor;
extern const struct bl_command bl_command_init;
extern const struct bl_command bl_command_completion;
extern const struct bl_command bl_command_selftest;
extern const struct bl_command bl_command_reference;

#endif
