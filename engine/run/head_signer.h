/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* head_signer.h: signs the head of a run with the operator's key: at gates and at its end. */
#ifndef BL_HEAD_SIGNER_H
#define BL_HEAD_SIGNER_H

#include "journal/journal.h"
#include "journal/sign.h"
#include "loop/loop.h"

struct bl_head_signer;

/* Whether the key can sign, now: for a run that must not begin when it cannot. BL_E_GUARD. */
enum bl_code bl_head_signer_try(const struct bl_signing *signing, const char *environment,
                                struct bl_error *err) BL_MUST_USE;

/*
 * Watches the journal from now on: what stands when a gate opens is signed on a thread beside
 * the loop, and the event `signed` is queued when it is. When the key cannot sign, a `notice`
 * says so once and the run goes on.
 */
struct bl_head_signer *bl_head_signer_new(struct bl_loop *loop, struct bl_journal *journal,
                                          const struct bl_signing *signing);
/*
 * Signs the last event on disk and writes `signed` behind it; waits for it. An error only when
 * the journal cannot be written, or `required` is set and the key cannot sign. NULL: nothing is
 * to be signed.
 */
enum bl_code bl_head_signer_end(struct bl_head_signer *signer,
                                struct bl_error *err) BL_MUST_USE;
void bl_head_signer_free(struct bl_head_signer *signer); /* before the loop; NULL is allowed */

#endif
