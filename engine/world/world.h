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
    int destroys; /* of the planned in a dry run, else of the changes */
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
/* Whether the run can be taken up again: it is live and has a journal. */
bool bl_world_is_durable(const struct bl_world *world);
/* Makes a turn that waits return soon. */
void bl_world_wake(struct bl_world *world);
/* Journals an event (data is taken). Everything a run says goes through here. */
void bl_world_emit(struct bl_world *world, const char *kind, struct bl_value *take_data);

/* What a task lends to its operations. */
struct bl_permit {
    const struct bl_value *may; /* {target = "change"|"destroy"} of the procedure */
    bool *change_is_allowed;    /* a gate of this step was answered; NULL outside of steps */
    const char *why, *undo;     /* of the step, for the gate; NULL when not said */
    bool is_verifying;          /* inside a step's `verify`: observes only */
};

/*
 * A run that is taken up again answers everything from its journal first, in the order in which
 * it was answered (replay.c); what its tasks say is compared with it, and nothing is sent or
 * journaled. `path` is the run's file.
 */
enum bl_code bl_world_replay(struct bl_world *world, const char *path,
                             struct bl_error *err) BL_MUST_USE;
bool bl_world_is_replaying(const struct bl_world *world);

enum bl_replay_next {
    BL_REPLAY_TASK,  /* let one task run */
    BL_REPLAY_AGAIN, /* the open steps begin again (bl_runtime_again) */
    BL_REPLAY_UNDO,  /* what was done is undone from here on (bl_runtime_undo) */
    BL_REPLAY_OVER,  /* that was all: the world is live now */
};
/*
 * Gives the tasks what the journal holds for this moment. `is_ready`: some task has something
 * to go on with. An error names the first entry of the journal that is not what the body asks
 * or says now, and the line of the body.
 */
enum bl_code bl_world_replay_turn(struct bl_world *world, bool is_ready,
                                  enum bl_replay_next *next, struct bl_error *err) BL_MUST_USE;
/* The run ended by its own word: there is nothing to go on with. Valid once it is over. */
bool bl_world_replay_has_ended(const struct bl_world *world);
/* After a replay: what was sent and never answered stays in doubt, and counts as that. */
void bl_world_leave_doubts(struct bl_world *world);
/*
 * After a replay: asks the systems what became of the changes in doubt, in bl_world_turn, until
 * bl_world_is_resolving is false. What is to begin again is abandoned then; bl_world_go_on lets
 * the rest begin anew.
 */
void bl_world_resolve(struct bl_world *world);
bool bl_world_is_resolving(const struct bl_world *world);
void bl_world_go_on(struct bl_world *world);

/* One task was resumed: what is counted so that answers come back at the same moment. */
void bl_world_count_turn(struct bl_world *world);
/* Milliseconds that have gone by for the tasks: stands still between two answers. */
int64_t bl_world_since(const struct bl_world *world);
void bl_world_stamp(struct bl_world *world, struct bl_value *record);
/* Asks a person; the request as for bl_gate_ask. */
void bl_world_ask(struct bl_world *world, const struct bl_gate_request *request);
/* Whether the journal goes on with an event of this kind; outside of a replay: false. */
bool bl_world_expects(const struct bl_world *world, const char *kind);

/* How many changes were made so far: where a step begins. */
size_t bl_world_changes(const struct bl_world *world);
/* Whether one of them was made by the step itself, not by one inside of it. */
bool bl_world_has_changed(const struct bl_world *world, size_t from, const char *step);
/* A step begins again: changes made from that number on in it or inside it answer the same
 * ones, each once. */
void bl_world_reopen_changes(struct bl_world *world, size_t from, const char *step);
/* The first change in doubt that a step's own `verify` or a person must resolve: its intent;
 * NULL: none. */
const struct bl_value *bl_world_doubt(const struct bl_world *world, const char *step);
/* It was resolved: done, or not and to be sent again. */
void bl_world_end_doubt(struct bl_world *world, int64_t n, bool is_done);
/* From here on nothing more is sent, and no question is asked. */
void bl_world_drain(struct bl_world *world);
/* The same for a while; gates are still shown. */
void bl_world_hold(struct bl_world *world, bool is_held);
/* Whether a change is under way: sent, and not yet answered. */
bool bl_world_has_sent(const struct bl_world *world);

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
 * before. Its end is journaled (`woke`), since tasks go on after it. */
struct bl_pause;
struct bl_pause *bl_pause_start(struct bl_world *world, int64_t millis,
                                void (*done)(void *owner), void *owner);
void bl_pause_cancel(struct bl_pause *pause);

#endif
