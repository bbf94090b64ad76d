/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* live.h: inside this folder: what is said about a run that somebody writes. */
#ifndef BL_LIVE_H
#define BL_LIVE_H

#include "journal/journal.h"

/* {run, procedure, environment, world, user, host, pid, since, step?}: who writes it since
 * when, and the innermost step that is open or was when it stopped. What cannot be read is
 * missing. */
struct bl_value *live_describe(const struct bl_state *state, const char *run);
/* Adds ", at step \"…\"" when the step is known. */
void live_add_step(struct bl_buf *out, const struct bl_value *about);

#endif
