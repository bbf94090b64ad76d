/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exit.h: the exit codes of Belay, in the order in which they win. */
#ifndef BL_EXIT_H
#define BL_EXIT_H

#include "base/error.h"

enum bl_exit {
    BL_EXIT_OK = 0,
    BL_EXIT_FAILED = 1,   /* a check or step failed */
    BL_EXIT_USAGE = 2,    /* usage, or an invalid runbook */
    BL_EXIT_WAITING = 3,  /* waiting at a gate */
    BL_EXIT_REJECTED = 4, /* rejected or aborted by a person */
    BL_EXIT_REFUSED = 5,  /* refused by guard, may or policy */
    BL_EXIT_TIMEOUT = 6,
    BL_EXIT_DOUBT = 7, /* a change whose outcome nobody knows */
    BL_EXIT_INT = 130,
    BL_EXIT_TERM = 143,
};

/* The exit code that an error leads to when it ends a run. */
int bl_exit_of(enum bl_code code);
/* What it means, for people: "a check or step failed". */
const char *bl_exit_text(int status);
/* The word of run_ended: "ok", "failed", "waiting" … */
const char *bl_exit_word(int status);

#endif
