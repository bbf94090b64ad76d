/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* terminal.h: one question at a time on /dev/tty, in the terminal's own line mode, so nothing
 * needs restoring. */
#ifndef BL_GATE_TERMINAL_H
#define BL_GATE_TERMINAL_H

#include "gate/gate.h"

struct bl_terminal;
/* NULL with err filled when there is no terminal. */
struct bl_terminal *bl_terminal_open(struct bl_loop *loop, struct bl_error *err);
/* Fails when this process is in the background of its terminal now: it may not ask there. */
enum bl_code bl_terminal_ready(const struct bl_terminal *terminal,
                               struct bl_error *err) BL_MUST_USE;
void bl_terminal_close(struct bl_terminal *terminal);
/*
 * Shows a question in full and reads answers until one counts. What was typed before is thrown
 * away. `answered` is called once from the loop, `how` says by what means ("terminal", "end of
 * input").
 */
void bl_terminal_ask(struct bl_terminal *terminal, int number,
                     const struct bl_gate_request *request,
                     void (*answered)(void *context, const struct bl_gate_answer *answer,
                                      const char *how),
                     void *context);
/* Somebody answered elsewhere: says so and stops reading; `answered` is not called. */
void bl_terminal_leave(struct bl_terminal *terminal, const char *text);
/* The question waits for others, as the text says: from here on only a no counts. */
void bl_terminal_wait(struct bl_terminal *terminal, const char *text);
/* Says something about the shown question, and asks on. */
void bl_terminal_remark(struct bl_terminal *terminal, const char *text);
/* Takes the shown question back: `answered` is called with unanswered. */
void bl_terminal_withdraw(struct bl_terminal *terminal);

#endif
