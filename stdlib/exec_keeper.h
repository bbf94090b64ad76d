/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_keeper.h: starts a command under a keeper process of its own, which can end the
 * command's whole tree. */
#ifndef BL_EXEC_KEEPER_H
#define BL_EXEC_KEEPER_H

#include "base/error.h"

#include <sys/types.h>

/*
 * The keeper is a fork of this process that does nothing but wait. It is the command's parent
 * and its subreaper: whatever the command starts, also in a session of its own, ends up as the
 * keeper's child when its parent dies, and is found there. Told to stop (or when this process
 * dies) it sends SIGTERM to the command's group and its own children, waits for
 * BL_KEEPER_GRACE_MS, then kills its children until none is left. A command that ended by
 * itself keeps what it left running: a daemon was started on purpose.
 */
#define BL_KEEPER_GRACE_MS 400
#define BL_KEEPER_PASSED 3

enum bl_keeper_kind {
    BL_KEEPER_FAILED, /* the command could not be started; value is errno, what says where */
    BL_KEEPER_EXITED, /* it ended; value is waitpid's status */
};

/* What comes through the socket, one packet each. After the last one it is closed. */
struct bl_keeper_report {
    enum bl_keeper_kind kind;
    int value;
    char what[16]; /* "chdir", "exec", "fork" */
};

/* What is started. Everything is borrowed. */
struct bl_keeper_command {
    const char *path; /* of the program, looked up already */
    char *const *argv;
    char *const *environment;
    const char *cwd;              /* NULL: stays here */
    bool has_stdin;               /* else standard input is /dev/null */
    int passed[BL_KEEPER_PASSED]; /* further descriptors: they become 4, 5, 6 of the command */
    int passed_count;
    const char
        *cgroup;    /* the folder of one to put it into and to remove after it; NULL: none */
    bool is_urgent; /* it goes before everything else on this machine, where we may say so */
};

/* A started command. All descriptors are non-blocking, close on exec, and the caller's. */
struct bl_keeper {
    pid_t pid;  /* the keeper's own: wait for it after the socket has been closed */
    int socket; /* reports; shut down its writing side to have the tree ended */
    int out, err;
    int in; /* -1 without standard input */
};

/* BL_E_IO when this process has no descriptors or processes left. */
enum bl_code bl_keeper_start(struct bl_keeper *keeper, const struct bl_keeper_command *command,
                             struct bl_error *err) BL_MUST_USE;

#endif
