/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* secret_command.h: inside this folder: a secret that a program prints. */
#ifndef BL_SECRET_COMMAND_H
#define BL_SECRET_COMMAND_H

#include "base/error.h"
#include "base/value.h"

/* Runs the program with its arguments, without a shell, and adds its stdout to value. What it
 * says on stderr is shown, without the value. */
enum bl_code secret_command(const struct bl_value *argv, struct bl_buf *value,
                            struct bl_error *err) BL_MUST_USE;

#endif
