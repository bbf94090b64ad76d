/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* lease.h: one live run for a procedure and environment: who holds it, and since when. */
#ifndef BL_LEASE_H
#define BL_LEASE_H

#include "base/clock.h"
#include "base/value.h"
#include "journal/state.h"

struct bl_lease;

/*
 * Takes the lease of `procedure` in `environment`. The kernel gives it back when the process
 * ends, however it ends. BL_E_BUSY names who holds it, since when, with which run and at which
 * step. Give it back with bl_lease_release.
 */
enum bl_code bl_lease_take(const struct bl_state *state, const char *procedure,
                           const char *environment, const struct bl_clock *clock,
                           struct bl_lease **lease, struct bl_error *err) BL_MUST_USE;
/* Says which run holds it, for those who find it taken. A failure is not an error. */
void bl_lease_set_run(struct bl_lease *lease, const char *run);
void bl_lease_release(struct bl_lease *lease); /* NULL is allowed */

#endif
