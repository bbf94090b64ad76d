/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* runner.h: for the verbs that run: a run with its reports. */
#ifndef BL_CLI_RUNNER_H
#define BL_CLI_RUNNER_H

#include "cli/command.h"
#include "run/run.h"

/* Runs with the options that all such verbs share (--project, --env, --yes, --take-over) and
 * shows it. Gives the exit code. */
int bl_given_run(const struct bl_given *given, const struct bl_run_options *wanted);

#endif
