/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_cancel.c: cancel requests, which block in libpq, on threads of their own. */
#include "base/prefix.h"

#include "postgres_private.h"

#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* libpq opens another connection for a cancel request and waits until the server closes it. A
 * server that hangs would keep a thread of the pool for ever, so there are two threads: one
 * calls libpq, the other one ends it when it takes too long. */
#define CANCEL_SECONDS 1
#define CANCEL_AT_ONCE 8

static atomic_int cancel_count;

/* Its file descriptors are its own, so that being ended leaves no socket behind; PQcancel holds
 * neither memory nor locks. */
static void *cancel_call(void *data)
{
    char problem[256];

    if (close_range(3, ~0U, CLOSE_RANGE_UNSHARE) == 0)
        PQcancel(data, problem, sizeof(problem));
    return NULL;
}

static void *cancel_watch(void *data)
{
    struct timespec until;
    pthread_t caller;

    if (pthread_create(&caller, NULL, cancel_call, data) == 0) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += CANCEL_SECONDS;
        if (pthread_timedjoin_np(caller, NULL, &until) != 0) {
            pthread_cancel(caller);
            pthread_join(caller, NULL);
        }
    }
    PQfreeCancel(data);
    atomic_fetch_sub(&cancel_count, 1);
    return NULL;
}

void bl_postgres_cancel(PGconn *pg)
{
    PGcancel *cancel = PQgetCancel(pg);
    sigset_t all, before;
    pthread_t watcher;
    int failed = 1;

    if (cancel == NULL)
        return;
    if (atomic_fetch_add(&cancel_count, 1) < CANCEL_AT_ONCE) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the loop's thread */
        failed = pthread_create(&watcher, NULL, cancel_watch, cancel);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (failed == 0) {
        pthread_detach(watcher);
    } else { /* the server's own statement_timeout will do it */
        atomic_fetch_sub(&cancel_count, 1);
        PQfreeCancel(cancel);
    }
}
