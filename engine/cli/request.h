/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* request.h: a gate as a file that is carried to another machine, signed there, and brought
 * back. */
#ifndef BL_CLI_REQUEST_H
#define BL_CLI_REQUEST_H

#include "base/error.h"
#include "base/value.h"

/* Writes the gate of a run (a map as of bl_gates_open) to a new file and says so. */
enum bl_code bl_request_write(const char *path, const char *run, const struct bl_value *gate,
                              struct bl_error *err) BL_MUST_USE;
/* Reads one, signed or not. BL_E_PARSE: its hash is not that of what it shows. */
enum bl_code bl_request_read(const char *path, struct bl_value **gate,
                             struct bl_error *err) BL_MUST_USE;
/* Writes it with its signature to `path`.signed and says so. */
enum bl_code bl_request_write_signed(const char *path, const struct bl_value *gate,
                                     struct bl_error *err) BL_MUST_USE;
/* Signs the gate's hash and sets `signature` in `note`. */
enum bl_code bl_gate_sign(const struct bl_value *gate, const char *key, struct bl_value *note,
                          struct bl_error *err) BL_MUST_USE;

#endif
