/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* gates.h: for the verbs that answer a run's gates from elsewhere: which gate, and its note. */
#ifndef BL_CLI_GATES_H
#define BL_CLI_GATES_H

#include "cli/command.h"
#include "journal/journal.h"

/* A live run that the command line named. */
struct bl_live {
    struct bl_state state;
    char id[BL_RUN_TEXT], path[PATH_MAX];
};
/* Finds a run and says whether it is live. BL_E_NOT_FOUND: no such run. */
enum bl_code bl_given_run_of(const struct bl_given *given, const char *word,
                             struct bl_live *live, bool *is_live,
                             struct bl_error *err) BL_MUST_USE;
/* BL_E_NOT_FOUND: no such run, or it is not live; says what to do then. */
enum bl_code bl_given_live(const struct bl_given *given, struct bl_live *live,
                           struct bl_error *err) BL_MUST_USE;
/* The same for a run whose id is known. */
enum bl_code bl_live_find(const struct bl_given *given, const char *id, struct bl_live *live,
                          struct bl_error *err) BL_MUST_USE;
/* The open gate that was named by its number, or the only one there is: a map as of
 * bl_gates_open, to be freed. */
enum bl_code bl_given_gate(const struct bl_given *given, const struct bl_live *live,
                           struct bl_value **gate, struct bl_error *err) BL_MUST_USE;
/* A note about a gate (NULL: about the run). */
struct bl_value *bl_live_note(const struct bl_live *live, const char *does,
                              const struct bl_value *gate);
/* Puts the note (taken) into the inbox, waits until the run has taken it, says what became of
 * it and gives the exit code. */
int bl_live_send(const struct bl_live *live, struct bl_value *take_note);

#endif
