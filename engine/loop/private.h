/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* private.h: what loop.c and op.c share. */
#ifndef BL_LOOP_PRIVATE_H
#define BL_LOOP_PRIVATE_H

#include "loop/op.h"

struct bl_loop {
    uv_loop_t uv;
    const struct bl_clock *clock;
    struct bl_op *live;                     /* started, not yet handed back */
    struct bl_op *ready, **ready_end;       /* settled, in order */
    struct bl_op *prepared, **prepared_end; /* their marks wait to be journaled */
    uv_async_t wake;
    int64_t longest;
    struct bl_loop_keeper keeper;
    void (*on_output)(struct bl_op *op, const char *stream, const char *data, size_t len);
    void (*on_prepared)(struct bl_op *op, void *owner, struct bl_value *take_mark);
};

/* Hands every prepared operation to whoever journals it, every settled one to its owner. */
void bl_loop_drain(struct bl_loop *loop);

#endif
