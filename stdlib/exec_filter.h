/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_filter.h: the system calls that a command in the sandbox may make. */
#ifndef BL_EXEC_FILTER_H
#define BL_EXEC_FILTER_H

#include "base/error.h"

/*
 * Writes the filter as the kernel takes it into a file. No socket of any kind but a pair of
 * streams between its own processes, no new namespaces, no mounts, nothing of other processes'
 * memory, no change of modes, owners, times or attributes, no locks that keep others out, no
 * memory that the limits do not count. Calls that this build does not know do not exist.
 * BL_E_IO when it cannot be made or written.
 */
enum bl_code bl_exec_filter(int fd, struct bl_error *err) BL_MUST_USE;

#endif
