/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* work.c: a blocking job on the thread pool. */
#include "loop/work.h"

struct work {
    uv_work_t request;
    struct bl_op *op;
    void *job;
    void (*run)(void *job);
    void (*done)(struct bl_op *op, void *job);
    void (*free_job)(void *job);
};

static void work_run(uv_work_t *request)
{
    struct work *work = request->data;

    work->run(work->job);
}

static void work_done(uv_work_t *request, int status)
{
    struct work *work = request->data;

    if (status == 0 && !bl_op_is_settled(work->op))
        work->done(work->op, work->job);
    work->free_job(work->job);
    bl_op_unref(work->op);
    bl_free(work);
}

void bl_work_start(struct bl_op *op, void *job, void (*run)(void *job),
                   void (*done)(struct bl_op *op, void *job), void (*free_job)(void *job))
{
    struct work *work = bl_alloc(sizeof(*work));

    *work = (struct work){
        .op = bl_op_ref(op), .job = job, .run = run, .done = done, .free_job = free_job};
    work->request.data = work;
    if (uv_queue_work(bl_op_loop(op), &work->request, work_run, work_done) != 0)
        BL_BUG("libuv has no thread pool");
}
