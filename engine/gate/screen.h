/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* screen.h: a question in full, as lines of so many columns. */
#ifndef BL_GATE_SCREEN_H
#define BL_GATE_SCREEN_H

#include "gate/gate.h"

/*
 * Adds the question with all that it says, cleaned and broken between words. Unless `full` the
 * details are cut after some lines when there are many, and it says how many more there are.
 * False: something was cut.
 */
bool bl_gate_screen(struct bl_buf *screen, int width, int number,
                    const struct bl_value *question, bool full);

#endif
