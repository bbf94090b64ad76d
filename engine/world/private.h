/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* private.h: what world.c and perform.c share. */
#ifndef BL_WORLD_PRIVATE_H
#define BL_WORLD_PRIVATE_H

#include "world/world.h"

struct bl_performance {
    struct bl_world *world;
    struct bl_call *call; /* NULL once the operation owns it */
    struct bl_inspection inspection;
    struct bl_permit permit;
    struct bl_outcome outcome;
    struct bl_op *op; /* under way */
    int64_t intent;   /* its number; 0: none */
    int64_t agreed;   /* what was counted when a person agreed to destroy it; 0: not yet */
    int64_t started;  /* steady milliseconds */
    int64_t ask;      /* the how-manieth call of the run it is: a replay counts the same */
    struct bl_call *asking;    /* a question about it that waits to be sent */
    struct bl_value *question; /* of its gate; NULL when none was asked */
    struct bl_value *record;   /* its intent as the journal has it, with its mark; NULL: none */
    int64_t gate;              /* replay: the number of its last gate; 0: none */
    enum bl_finding finding;   /* a doubt: what was found out while the run was resumed */
    bool is_doubtful; /* what became of its intent is being found out, or nobody knows */
    bool is_idle;     /* of a replay: it waits for the journal, or to begin anew */
    bool is_recalled; /* answered from the journal: it was done before */
    bool is_abandoned;
    bool is_asking; /* its question is the one that others wait for (connection.is_asked) */
    void (*done)(void *owner, const struct bl_outcome *outcome);
    void *owner;
    struct bl_performance *next; /* in to_send or to_return */
    struct bl_performance *all_next, *all_prev;
    struct performance_doubt *doubt; /* doubt.c finds out what became of it; NULL: nothing to */
};

struct performance_queue {
    struct bl_performance *first, **end;
};

struct bl_world {
    struct bl_world_settings settings;
    struct bl_world_counts counts;
    struct performance_queue to_send;   /* their intent waits for the flush */
    struct performance_queue to_return; /* their outcome waits for the flush */
    struct performance_queue to_ask;    /* wait for the answer to somebody else's question */
    struct performance_queue to_settle; /* ended while a task ran: told in the world's turn */
    struct performance_queue to_permit; /* wait for what became of the same change before */
    bool is_draining;                   /* nothing is sent any more */
    bool is_settling;                   /* the run ends: nothing is found out any more */
    bool is_held;                       /* nothing is sent now */
    struct replay *replay;              /* NULL once everything is live */
    int64_t turns;                      /* how often a task was resumed */
    int64_t asks;                       /* how many calls tasks have made */
    int64_t since, base, born;          /* the tasks' clock; where it and the machine's began */
    struct bl_pause *pauses;
    int64_t pause_count;
    struct change *changes; /* done in this run, in order */
    size_t change_count;
    struct doubt *doubts; /* that only the step or a person can resolve */
    struct bl_performance *all;
    struct bl_connection **connections;
    size_t connection_count;
    int64_t intents;
    int first_planned;
    struct bl_op *prepared, **prepared_end; /* go on once their mark is on disk; references */
    int64_t patience_ms;                    /* how long it is asked what became of one change */
};

#define WORLD_PATIENCE_MS 30000

/* done.c: a change that was made, or that must bear its old id when it is sent again. */
struct change {
    struct bl_value *record; /* operation, target, args, step */
    struct bl_value *value;
    char *id;     /* NULL: it was made */
    bool is_open; /* its step began again: it answers the same change, once */
};

/* A change of which neither its module nor its server can say what became of it. */
struct doubt {
    struct doubt *next;
    struct bl_value *record; /* its intent */
    int64_t n;
    bool is_resolved;
};

/* What an event must say again about an operation to be about the same one. */
bool record_is_same(const struct bl_value *a, const struct bl_value *b);
/* Keeps a change that was made; with an id one that was not and that is known by that id. All
 * is borrowed. */
void change_add(struct bl_world *world, const struct bl_value *record,
                const struct bl_value *value, const char *id);
/* What an attempt before knows of the same change, taken once; NULL: nothing. */
const struct change *change_recall(struct bl_world *world, const struct bl_value *record);
void doubt_add(struct bl_world *world, int64_t n, const struct bl_value *record);
void done_release(struct bl_world *world);

/* match.c: the operation under way that an entry is about, by its number or by what it asks
 * for, the oldest first; NULL: none. */
struct bl_performance *match_entry(struct bl_world *world, const char *kind,
                                   const struct bl_value *data);
struct bl_performance *match_gate(struct bl_world *world, int64_t gate);

/* replay.c: compares what a task says with what the journal holds; true: it was taken. */
void replay_said(struct bl_world *world, const char *kind, const struct bl_value *data);
void replay_free(struct bl_world *world);
/* Between `run_resumed` and `steps_again`: what is found out about doubts waits. */
bool replay_is_resuming(const struct bl_world *world);
void replay_set_resuming(struct bl_world *world, bool is);
/* What an event's data is once the journal has it: secrets masked, as it is read back. */
struct bl_value *world_journal_form(const struct bl_world *world, const struct bl_value *data);

/* settle.c: what every event about an operation begins with. */
struct bl_value *performance_record(const struct bl_performance *performance);
/* What those about a change say besides. */
void performance_record_change(const struct bl_performance *performance,
                               struct bl_value *record);
struct bl_value *performance_nominal(const struct bl_performance *performance);
/* Its owner is told in this turn or the next. */
void performance_return(struct bl_performance *performance);
/* It has ended while a task ran: what is journaled of it waits for the world's turn. */
void performance_end(struct bl_performance *performance);
/* Ends it without sending: a refusal is an event of its own, what a gate said is one already.
 */
void performance_refuse(struct bl_performance *performance, enum bl_code code,
                        const char *format, ...) BL_PRINTF(3, 4);
/* Asks the module, then says `resolved` and goes on. */
void performance_resolve(struct bl_performance *performance);
/* Its outcome, and what is kept of it, after what was found out. */
void performance_conclude(struct bl_performance *performance,
                          const struct bl_resolution *resolution);
/* One more change that was made, or of which nobody knows. */
void performance_count(const struct bl_performance *performance);
/* Keeps the mark of `prepared` with the intent. */
void performance_mark(struct bl_performance *performance, const struct bl_value *mark);
/* The oldest first: calls fn for every operation under way; fn may free the one it is given. */
void performance_each(struct bl_world *world,
                      void (*fn)(struct bl_performance *performance, void *arg), void *arg);
/* Starts a pause that a replay has left waiting; does nothing for another. */
void pause_go(struct bl_pause *pause);
struct bl_pause *pause_next(const struct bl_pause *pause);
/* Ends the pause of that number now; false: there is none. */
bool pause_end(struct bl_world *world, int64_t number);

void performance_queue_add(struct performance_queue *queue, struct bl_performance *performance);
struct bl_performance *performance_queue_take(struct performance_queue *queue);
/* The run's connection for a target, made on first use; NULL for modules without connections.
 */
struct bl_connection *world_connection(struct bl_world *world, const struct bl_call *call);
/* examine.c: asks the server what it does, then goes on with performance_permit. */
void performance_examine(struct bl_performance *performance);
void performance_send_question(struct bl_performance *performance);
/* perform.c: class, target and reach are known: permitted, planned, gated or refused. */
void performance_permit(struct bl_performance *performance);
/* It may be made: its intent is journaled, then it is sent. */
void performance_intend(struct bl_performance *performance);
/* agree.c: asks whoever policy wants to be asked, then it is intended or refused. */
void performance_gate(struct bl_performance *performance);
/* Nobody waits for it any more and nothing has left: it stays unsent. */
void performance_drop(struct bl_performance *performance);
/* An observe that fails without having been sent. */
void performance_end_unsent(struct bl_performance *performance, const struct bl_error *why);
/* In the world's turn: tells that one has ended while a task ran. */
void performance_tell_end(struct bl_performance *performance);
/* Sends it: the operation starts. */
void performance_send(struct bl_performance *performance);
void performance_free(struct bl_performance *performance);

/*
 * doubt.c: asks what became of a change, by its operation's resolve: `performance->call` is the
 * call (of one that has just become unknown a copy, bl_call_dup, since the operation took its
 * own), `intent` the data of its event with `mark` from `prepared` where there was one. Opens
 * the connection, asks again while the system is away or says PENDING, at most
 * world->patience_ms; the live line says what is waited for. Calls done once, from
 * bl_world_turn or before this returns; the resolution is borrowed, `how` is filled in and
 * holds no secret. Where nobody can be asked a change that is idempotent is NOT_DONE. PENDING
 * in the end means that it was still under way when the time was over: as little as NOTHING.
 * Emits nothing. An abandoned performance is cut off: NOTHING.
 */
void performance_find_out(struct bl_performance *performance, const struct bl_value *intent,
                          void (*done)(struct bl_performance *performance,
                                       const struct bl_resolution *resolution));
void performance_doubt_free(struct bl_performance *performance);
/* perform.c: the id that a change bears, "belay-<run>-<n>". */
void performance_name(struct bl_performance *performance);

#endif
