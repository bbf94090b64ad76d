/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* world.h: the one way out: every operation of a run goes through perform. */
#ifndef BL_WORLD_H
#define BL_WORLD_H

#include "base/redact.h"
#include "gate/gate.h"
#include "journal/journal.h"
#include "loop/op.h"

enum bl_world_kind {
    BL_WORLD_LIVE,    /* everything is performed, changes after their gate */
    BL_WORLD_DRY,     /* observes are performed; changes are never sent: planned */
    BL_WORLD_EXPLORE, /* nothing is sent at all: every answer is the nominal one */
};
const char *bl_world_name(enum bl_world_kind kind); /* "live", "dry", "explore" */

struct bl_world_settings {
    enum bl_world_kind kind;
    struct bl_loop *loop;
    struct bl_journal *journal;         /* NULL (explore, eval): events go to on_event only */
    struct bl_gate *gate;               /* live only */
    const struct bl_value *environment; /* checked (environment.h); NULL: no connections */
    /* Without a journal: told of every event at once. May be NULL. */
    void (*on_event)(void *arg, const char *kind, const struct bl_value *data);
    void *on_event_arg;
};

struct bl_world_counts {
    int changes;  /* performed or unknown */
    int in_doubt; /* outcome unknown */
    int planned;
    int destroys; /* of the planned */
    int refused;
};

struct bl_world;
struct bl_world *bl_world_new(const struct bl_world_settings *settings);
/* Cancels what is under way and waits until its outcome is journaled. Nobody is called any
 * more. */
void bl_world_settle(struct bl_world *world);
/* Settles, closes every connection, frees. */
void bl_world_free(struct bl_world *world);
enum bl_world_kind bl_world_kind_of(const struct bl_world *world);
struct bl_gate *bl_world_gate(const struct bl_world *world); /* NULL unless live */
const struct bl_value *bl_world_environment(const struct bl_world *world);
const struct bl_world_counts *bl_world_counts_of(const struct bl_world *world);
/* The number of the first planned operation; 0 when nothing was planned: nothing is assumed. */
int bl_world_assumed(const struct bl_world *world);
/* Journals an event (data is taken). Everything a run says goes through here. */
void bl_world_emit(struct bl_world *world, const char *kind, struct bl_value *take_data);

/* What a task lends to its operations. */
struct bl_permit {
    const struct bl_value *may; /* {target = "change"|"destroy"} of the procedure */
    bool *change_is_allowed;    /* a gate of this step was answered; NULL outside of steps */
    const char *why, *undo;     /* of the step, for the gate; NULL when not said */
    bool is_verifying;          /* inside a step's `verify`: observes only */
};

/* One operation on its way through the stages. */
struct bl_performance;
/*
 * Inspects, permits, asks, intends, performs and settles (design: one way out). Takes call.
 * `done` is called once from bl_world_turn, after the outcome is on disk; the outcome is
 * borrowed during it.
 */
struct bl_performance *bl_perform(struct bl_world *world, struct bl_call *take_call,
                                  const struct bl_permit *permit,
                                  void (*done)(void *owner, const struct bl_outcome *outcome),
                                  void *owner);
/* The owner goes away: done will not be called; what was not sent is dropped, the rest
 * cancelled and journaled. */
void bl_performance_abandon(struct bl_performance *performance);

/*
 * Finds out what a call would do, asking the server what only the server knows, and sends
 * nothing else. Blocks. An error: the server could not be asked; the inspection is what the
 * call alone says.
 */
enum bl_code bl_world_inspect(struct bl_world *world, const struct bl_call *call,
                              struct bl_inspection *inspection,
                              struct bl_error *err) BL_MUST_USE;

/*
 * One turn: flush what tasks said and intended, start the changes whose intent is on disk, show
 * gates, wait for something to happen (when wait), flush outcomes, then call the owners. An
 * error means that the journal takes nothing more: the run must end.
 */
enum bl_code bl_world_turn(struct bl_world *world, bool wait, struct bl_error *err) BL_MUST_USE;
bool bl_world_is_busy(const struct bl_world *world);

/* Waits without an operation: done is called from bl_world_turn, unless the pause is cancelled
 * before. */
struct bl_pause;
struct bl_pause *bl_pause_start(struct bl_world *world, int64_t millis,
                                void (*done)(void *owner), void *owner);
void bl_pause_cancel(struct bl_pause *pause);

#endif
