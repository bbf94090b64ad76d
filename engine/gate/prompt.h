/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* prompt.h: asks on the terminal before anything else goes on. */
#ifndef BL_GATE_PROMPT_H
#define BL_GATE_PROMPT_H

#include "base/buf.h"
#include "base/error.h"

#define BL_PROMPT_MAX 4096

/*
 * Shows the question on /dev/tty and adds the line that is typed to value, without its end and
 * without an echo. Blocks. The terminal is as before on every way out: an answer, the end of
 * input (BL_E_WAITING), no terminal or one that is not in the foreground (BL_E_WAITING), and
 * the signals that end a process, which are raised again once it is restored (BL_E_CANCELLED
 * when the process lives on).
 */
enum bl_code bl_prompt_secret(const char *question, struct bl_buf *value,
                              struct bl_error *err) BL_MUST_USE;
/* The same for a line that may be seen. */
enum bl_code bl_prompt_line(const char *question, struct bl_buf *value,
                            struct bl_error *err) BL_MUST_USE;

#endif
