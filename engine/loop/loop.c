/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* loop.c: the one event loop of a run. */
#include "loop/loop.h"

#include "loop/private.h"

#include <signal.h>
#include <time.h>

static void loop_woken(uv_async_t *handle)
{
    (void)handle;
}

struct bl_loop *bl_loop_new(const struct bl_clock *clock)
{
    struct bl_loop *loop = bl_alloc(sizeof(*loop));

    signal(SIGPIPE, SIG_IGN);
    loop->clock = clock;
    loop->ready_end = &loop->ready;
    loop->prepared_end = &loop->prepared;
    if (uv_loop_init(&loop->uv) != 0 || uv_async_init(&loop->uv, &loop->wake, loop_woken) != 0)
        BL_BUG("libuv cannot make a loop (too many open files?)");
    uv_unref((uv_handle_t *)&loop->wake);
    return loop;
}

void bl_loop_free(struct bl_loop *loop)
{
    if (loop == NULL)
        return;
    for (struct bl_op *op = loop->live; op != NULL; op = op->next)
        bl_op_cancel(op, "the run ends");
    bl_loop_drain(loop);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop->uv) != 0)
        BL_BUG("a handle of the loop was never closed");
    bl_free(loop);
}

uv_loop_t *bl_loop_uv(struct bl_loop *loop)
{
    return &loop->uv;
}

const struct bl_clock *bl_loop_clock(const struct bl_loop *loop)
{
    return loop->clock;
}

static int64_t loop_cpu(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void bl_loop_turn(struct bl_loop *loop, bool wait)
{
    int64_t before = loop_cpu(), used;

    uv_run(&loop->uv,
           wait && loop->ready == NULL && loop->prepared == NULL ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    used = loop_cpu() - before;
    if (used > loop->longest)
        loop->longest = used;
    bl_loop_drain(loop);
}

bool bl_loop_is_busy(const struct bl_loop *loop)
{
    return loop->live != NULL;
}

void bl_loop_wake(struct bl_loop *loop)
{
    uv_async_send(&loop->wake);
}

int64_t bl_loop_longest(const struct bl_loop *loop)
{
    return loop->longest;
}
