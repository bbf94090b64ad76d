/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* loop.h: the one event loop of a run: libuv, the clock, and the operations that have an
 * outcome to report. */
#ifndef BL_LOOP_H
#define BL_LOOP_H

#include "base/clock.h"
#include "base/error.h"
#include "base/redact.h"

#include <uv.h>

struct bl_loop;

/* A loop with its own libuv loop. The clock must outlive it. From here on the process ignores
 * SIGPIPE: a peer that went away is an error code, not the end. */
struct bl_loop *bl_loop_new(const struct bl_clock *clock);
/* Ends what is left (operations are cancelled, their handles closed), runs until libuv has let
 * go, frees. */
void bl_loop_free(struct bl_loop *loop);

uv_loop_t *bl_loop_uv(struct bl_loop *loop);
const struct bl_clock *bl_loop_clock(const struct bl_loop *loop);

/*
 * Who keeps the secrets of a run: `need` is told of the settings and the arguments of every
 * operation before it starts, fetches what is still to be fetched and teaches the redactor,
 * which masks all that operations fail with and stage from then on, and whatever is handed out
 * of their answers. An error fails the operation.
 */
struct bl_loop_keeper {
    enum bl_code (*need)(void *arg, const struct bl_value *tree, struct bl_error *err);
    void *arg;
    const struct bl_redactor *redactor;
};
const struct bl_redactor *bl_loop_redactor(const struct bl_loop *loop); /* may be NULL */
void bl_loop_keep_secrets(struct bl_loop *loop, const struct bl_loop_keeper *keeper);

/*
 * One turn: waits for something to happen (wait: until then; otherwise not at all), runs the
 * callbacks, then hands every settled operation to its owner, in the order of settling.
 * Callbacks only mark; whatever follows from an outcome happens here, outside of any client
 * library's frame.
 */
void bl_loop_turn(struct bl_loop *loop, bool wait);
/* True while operations are started and not yet handed back. */
bool bl_loop_is_busy(const struct bl_loop *loop);
/* Makes a waiting turn return soon (from the loop's thread, e.g. a signal handler's callback).
 */
void bl_loop_wake(struct bl_loop *loop);
/* The longest time, in microseconds of the thread's CPU clock, that the callbacks of one turn
 * have used. */
int64_t bl_loop_longest(const struct bl_loop *loop);

#endif
