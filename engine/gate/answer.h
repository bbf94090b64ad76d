/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* answer.h: inside this folder: what a line means as the answer to a question, wherever it was
 * typed. */
#ifndef BL_GATE_ANSWER_H
#define BL_GATE_ANSWER_H

#include "gate/gate.h"

#define ANSWER_MAX 4096             /* bytes of a line */
#define ANSWER_NONE "none of these" /* the last choice of `choose` */

/*
 * Reads the line. The answer borrows from the line and from the question. An error is no
 * answer: it says what is wanted, for the person who typed it.
 */
enum bl_code answer_read(const struct bl_gate_request *request, const char *line,
                         struct bl_gate_answer *answer, struct bl_error *err) BL_MUST_USE;
/* True while the answer still wants a reason: a step is not skipped without one. */
bool answer_wants_reason(const struct bl_value *question, const struct bl_gate_answer *answer);
/* Plain text on one short line, as a terminal gives it: whole characters, none that control. */
bool answer_is_text(const char *line, size_t len);
/* How many may be chosen from: the options, and "none of these" where that is one. */
size_t answer_count(const struct bl_value *question);

#endif
