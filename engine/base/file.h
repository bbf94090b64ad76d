/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* file.h: reads a whole file that a person named, up to a bound. */
#ifndef BL_FILE_H
#define BL_FILE_H

#include "base/buf.h"
#include "base/error.h"

/*
 * Adds all of a file to `text`, whose `max` is the bound. err says what happened without the
 * file's name, "No such file or directory": BL_E_IO when it cannot be read, BL_E_TOO_LARGE;
 * what was read so far is then in `text`.
 */
enum bl_code bl_path_read(const char *path, struct bl_buf *text,
                          struct bl_error *err) BL_MUST_USE;
/* The same from where it is open; it stays open. */
enum bl_code bl_fd_read(int fd, struct bl_buf *text, struct bl_error *err) BL_MUST_USE;

#endif
