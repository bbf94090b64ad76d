/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_run.h: one command under way: its pipes, its end, and what becomes of its outcome. */
#ifndef BL_EXEC_RUN_H
#define BL_EXEC_RUN_H

#include "exec_keeper.h"
#include "exec_sandbox.h"
#include "exec_text.h"
#include "module.h"

struct bl_exec_run;

/* Standard output or error on its way to us. */
struct bl_exec_stream {
    struct bl_exec_run *run;
    const char *name;
    uv_poll_t poll;
    int fd;                       /* -1: ended */
    struct bl_redact_stream mask; /* a secret may come in two pieces */
    struct bl_capture capture;
};

struct bl_exec_run {
    struct bl_op base; /* first: the engine's part */
    struct bl_exec_stream streams[2];
    struct bl_keeper keeper;
    struct bl_sandbox sandbox; /* open with reads = true */
    uv_poll_t socket, in;
    uv_timer_t grace;  /* for pipes after the command's end; for the keeper after release */
    uv_timer_t reaper; /* until the keeper can be waited for */
    const char *stdin_data;
    size_t stdin_left;
    char program[64];
    int status;               /* as waitpid says */
    bool has_exited, is_done; /* the command; the keeper */
};

/* The operation exec.run; its arguments are those of the table in exec.c. */
void bl_exec_run_start(struct bl_op *op, const struct bl_call *call);
void bl_exec_run_release(struct bl_op *op);

#endif
