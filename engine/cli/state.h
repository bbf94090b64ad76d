/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* state.h: for the verbs that read journals: where they are, and which one is meant. */
#ifndef BL_CLI_STATE_H
#define BL_CLI_STATE_H

#include "cli/command.h"
#include "journal/journal.h"
#include "journal/sign.h"

/* The state folder of the environment that was asked for (--env, else belay.lua's); outside of
 * a project the user's own. It need not be there. */
enum bl_code bl_given_state(const struct bl_given *given, struct bl_state *state,
                            struct bl_error *err) BL_MUST_USE;
/* What that environment says about signing; BL_E_NOT_FOUND outside of a project. */
enum bl_code bl_given_signing(const struct bl_given *given, struct bl_signing *signing,
                              struct bl_error *err) BL_MUST_USE;
/* True when a word names a file rather than a run. */
bool bl_word_is_file(const char *word);
/* The file that a word means: a run of the state folder, or a path. Fills id ("" for a path).
 */
enum bl_code bl_given_journal(const struct bl_given *given, const char *word,
                              char id[BL_RUN_TEXT], char path[PATH_MAX],
                              struct bl_error *err) BL_MUST_USE;
/* Prints the error and gives the exit code: 2 for a run or a project that is not there. */
int bl_journal_refuse(const struct bl_error *err);
bool bl_given_json(const struct bl_given *given);

#endif
