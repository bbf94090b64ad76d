/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* session.h: loop, gate and world around a runtime, and the turning of it all until the first
 * task has ended. */
#ifndef BL_SESSION_H
#define BL_SESSION_H

#include "vm/runtime.h"
#include "vm/selftest.h"
#include "world/secrets.h"

struct bl_session_settings {
    struct bl_runtime *runtime; /* something was started in it */
    const struct bl_clock *clock;
    struct bl_journal *journal; /* NULL: none (eval, selftest, explore) */
    const struct bl_value *environment;
    const char *project; /* its folder, for the names in `signing`; NULL without a journal */
    enum bl_world_kind world;
    struct bl_secrets *secrets; /* NULL: the session has its own */
    bool is_attended, yes;      /* see gate.h */
    const char *replay;         /* a run that is taken up again: its file; NULL: a new one */
    bool undo;                  /* then: what was done is undone */
    const struct bl_value *resumed; /* then: what `run_resumed` says, but for `undo` */
    void (*on_resumed)(void *arg);  /* then: called right after that */
    void *on_resumed_arg;
    void (*on_waiting)(void *arg, const char *text, int64_t millis); /* may be NULL */
    void (*on_event)(void *arg, const char *kind,
                     const struct bl_value *data); /* without a journal */
    void *arg;
};

struct bl_session;
struct bl_session *bl_session_new(const struct bl_session_settings *settings);
/* Turns until it is over; signals stop it. Everything under way has settled then. An error: the
 * journal is full or gone. */
enum bl_code bl_session_run(struct bl_session *session, struct bl_error *err) BL_MUST_USE;
/* Signs the head of the run, once its end is on disk; see head_signer.h. */
enum bl_code bl_session_sign(struct bl_session *session, struct bl_error *err) BL_MUST_USE;
void bl_session_free(struct bl_session *session);
/* The run that was to be taken up again had ended by its own word. */
bool bl_session_had_ended(const struct bl_session *session);
struct bl_world *bl_session_world(struct bl_session *session);
int bl_session_signal(const struct bl_session *session);      /* that stopped it; 0: none */
int64_t bl_session_longest(const struct bl_session *session); /* bl_loop_longest */

/* For `belay selftest`: each test is a task on a loop of its own, in a dry world. */
extern const struct bl_selftest_hooks bl_session_selftest;

#endif
