/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_sandbox.h: runs a command where it can look at this machine and change nothing. */
#ifndef BL_EXEC_SANDBOX_H
#define BL_EXEC_SANDBOX_H

#include "exec_keeper.h"

/*
 * The sandbox is bubblewrap's, with a filter of system calls, and with the program of
 * exec_inside.h as its first process: the root and the folder of the command read-only; /run,
 * /tmp, /var/tmp and /dev/shm empty and its own; a fresh /proc without other processes; no
 * network, no socket, no capability, no descriptor but three; bounds on processes, memory,
 * files and time. The command never runs unless all of that stands.
 */
struct bl_sandbox {
    int shared, filter, image; /* files without a name; -1: none */
    char **argv;               /* of bubblewrap */
    char *path, *cwd;
    char *cgroup; /* that bounds it; NULL: none could be made, or none is needed */
};
void bl_sandbox_init(struct bl_sandbox *sandbox);
/*
 * Turns a command into one that runs it in a sandbox, for at most so many milliseconds of
 * processor time. The result borrows from sandbox until bl_sandbox_close. BL_E_GUARD when this
 * machine cannot do it, or when the command names a FIFO; says why and what to do.
 */
enum bl_code bl_sandbox_open(struct bl_sandbox *sandbox, struct bl_keeper_command *command,
                             int64_t millis, struct bl_error *err) BL_MUST_USE;
bool bl_sandbox_is_open(const struct bl_sandbox *sandbox);
/*
 * After bubblewrap's end: gives the command's own status as waitpid says it. BL_E_GUARD when
 * the sandbox could not be made (said: the last line that was printed), BL_E_LIMIT when it
 * outgrew its limits, else the failure of its start.
 */
enum bl_code bl_sandbox_status(const struct bl_sandbox *sandbox, const char *said, int *status,
                               struct bl_error *err) BL_MUST_USE;
void bl_sandbox_close(struct bl_sandbox *sandbox);

#endif
