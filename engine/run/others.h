/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* others.h: what somebody who starts a run should know about other runs. */
#ifndef BL_OTHERS_H
#define BL_OTHERS_H

#include "journal/journal.h"

/*
 * Queues one `notice` for each run that changes the world in this environment now, and for each
 * run of this procedure there that stopped where it can be taken up again. What cannot be read
 * is not said.
 */
void bl_others_name(struct bl_journal *journal, const struct bl_state *state,
                    const char *procedure, const char *environment);

#endif
