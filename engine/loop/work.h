/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* work.h: a blocking job on the thread pool; a job whose operation has ended finishes alone and
 * frees itself. */
#ifndef BL_WORK_H
#define BL_WORK_H

#include "loop/op.h"

/*
 * run gets `job` on a pool thread: a plain struct of the module's, not the op. done gets both
 * back on the loop thread, but only when the op is not yet settled; then free_job frees the job
 * in every case. Until then the op is kept alive. The pool has 16 threads (UV_THREADPOOL_SIZE).
 */
void bl_work_start(struct bl_op *op, void *job, void (*run)(void *job),
                   void (*done)(struct bl_op *op, void *job), void (*free_job)(void *job));

#endif
