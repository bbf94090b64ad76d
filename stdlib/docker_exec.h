/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_exec.h: a command inside a running container: created, started, read to its end, its
 * status asked. */
#ifndef BL_DOCKER_EXEC_H
#define BL_DOCKER_EXEC_H

#include "docker_engine.h"
#include "docker_frames.h"
#include "docker_hijack.h"

struct bl_docker_exec {
    struct bl_docker_op docker;
    struct hijack *stream;
    struct bl_docker_frames frames;
    struct bl_buf out[2]; /* stdout, stderr */
    size_t room;          /* bytes that may still be kept */
    char id[80];
    bool is_cut, has_timer;
    uv_timer_t again; /* asks once more whether the command has ended */
};

void bl_docker_exec_start(struct bl_op *op, const struct bl_call *call);
void bl_docker_exec_release(struct bl_op *op);
struct bl_value *bl_docker_exec_nominal(const struct bl_call *call);

#endif
