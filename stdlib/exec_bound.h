/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_bound.h: a cgroup for one command, in which the kernel itself bounds what it may have.
 */
#ifndef BL_EXEC_BOUND_H
#define BL_EXEC_BOUND_H

#include "base/prefix.h"

#include <limits.h>

/*
 * RLIMIT_NPROC does not count for root, and the program of exec_inside.h sees too many
 * processes only after they were made. These bounds lie above its own: they hold while it
 * looks.
 */
#define BL_BOUND_TASKS 256 /* processes and threads */
#define BL_BOUND_MEMORY                                                                        \
    (1536LL << 20) /* bytes, with private files and what the kernel caches */

/*
 * The folder in which a cgroup can be made that counts processes: below this process's own with
 * cgroup v1, and the nearest above it that shares the controller out with v2. `own` and
 * `mounts` are the texts of /proc/self/cgroup and /proc/self/mountinfo.
 */
bool bl_bound_find(const char *own, const char *mounts, char folder[PATH_MAX]);
/*
 * Makes a cgroup with the bounds in that folder, and removes those of engines that were killed.
 * False when that cannot be: no cgroups, none that may be made, no such controller.
 */
bool bl_bound_make(const char *folder, char path[PATH_MAX]);
/* Both, on this machine. Only for root: the limits of others are counted without it. */
bool bl_bound_open(char path[PATH_MAX]);

#endif
