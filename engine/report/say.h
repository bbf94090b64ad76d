/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* say.h: inside the terminal reporter: events as one line of text each. */
#ifndef BL_SAY_H
#define BL_SAY_H

#include "base/event.h"
#include "report/paper.h"

/* "destroy redis.cache: FLUSHDB", of an intent, a planned or a refused call. */
void say_change(struct bl_buf *text, const struct bl_value *data);
/* planned, decision, gate_assumed, note, evidence, done; false for every other kind.
 */
bool say_event(struct bl_buf *text, const struct bl_event *event, enum paper_mark *mark);
/* The value of a check, on one line. */
void say_measure(struct bl_buf *text, const struct bl_value *data);
/* wait_ended. */
enum paper_mark say_wait(struct bl_buf *text, const struct bl_value *data);
/* gate_opened, where nobody is there and others may approve. */
void say_wanted(struct bl_buf *text, const struct bl_value *data);
/* How a step ended: its mark, by the worst of its checks, and the word behind its title. */
enum paper_mark say_step(const char *status, enum paper_mark worst, const char **word);
/* gate_answered. */
void say_answer(struct bl_buf *text, const struct bl_value *data);

#endif
