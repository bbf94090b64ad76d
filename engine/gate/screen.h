/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* screen.h: a question in full, as lines of so many columns. */
#ifndef BL_GATE_SCREEN_H
#define BL_GATE_SCREEN_H

#include "gate/gate.h"

/* Adds the question with all that it says, cleaned and broken between words. */
void bl_gate_screen(struct bl_buf *screen, int width, int number,
                    const struct bl_value *question);

#endif
