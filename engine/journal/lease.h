/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* lease.h: one live run for a procedure and environment: who holds it, and since when. */
#ifndef BL_LEASE_H
#define BL_LEASE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "journal/state.h"

struct bl_lease;

/* Which lease is wanted. */
struct bl_lease_request {
    const char *procedure, *environment;
    bool take_over; /* ask a holder that lives to stop, and wait for it */
};

/*
 * Takes a lease. The kernel gives it back when the process ends, however it ends: a holder that
 * is gone needs no word of anybody. BL_E_BUSY names who holds it, since when, with which run,
 * at which step, and what to do. With `take_over` a holder on this machine gets SIGTERM, stops
 * at the next safe point and leaves a run that can be taken up again; that is waited for, 10 s
 * at most. Nothing ever takes a lease from a process that lives. Give it back with
 * bl_lease_release.
 */
enum bl_code bl_lease_take(const struct bl_state *state, const struct bl_lease_request *wanted,
                           const struct bl_clock *clock, struct bl_lease **lease,
                           struct bl_error *err) BL_MUST_USE;
/* Says which run holds it, for those who find it taken. A failure is not an error. */
void bl_lease_set_run(struct bl_lease *lease, const char *run);
void bl_lease_release(struct bl_lease *lease); /* NULL is allowed */

#endif
