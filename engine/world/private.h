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
    struct bl_call *asking;    /* a question about it that waits to be sent */
    struct bl_value *question; /* of its gate; NULL when none was asked */
    bool is_abandoned;
    bool is_asking; /* its question is the one that others wait for (connection.is_asked) */
    void (*done)(void *owner, const struct bl_outcome *outcome);
    void *owner;
    struct bl_performance *next; /* in to_send or to_return */
    struct bl_performance *all_next, *all_prev;
    struct bl_value *intended; /* the data of its intent, with `mark` once it was prepared: what
                                  performance_find_out wants of a live one; NULL: none */
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
    struct bl_performance *all;
    struct bl_connection **connections;
    size_t connection_count;
    int64_t intents;
    int first_planned;
    struct bl_op *prepared, **prepared_end; /* go on once their mark is on disk; references */
    int64_t patience_ms;                    /* how long it is asked what became of one change */
};

#define WORLD_PATIENCE_MS 30000

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
/* What every event about an operation begins with. */
struct bl_value *performance_record(const struct bl_performance *performance);
/* What those about a change say besides. */
void performance_record_change(const struct bl_performance *performance,
                               struct bl_value *record);
/* Ends it without sending: a refusal is an event of its own, what a gate said is one already.
 */
void performance_refuse(struct bl_performance *performance, enum bl_code code,
                        const char *format, ...) BL_PRINTF(3, 4);
/* Its owner is told in this turn or the next. */
void performance_return(struct bl_performance *performance);
/* It may be made: its intent is journaled, then it is sent. */
void performance_intend(struct bl_performance *performance);
/* agree.c: asks whoever policy wants to be asked, then it is intended or refused. */
void performance_gate(struct bl_performance *performance);
/* Nobody waits for it any more and nothing has left: it stays unsent. */
void performance_drop(struct bl_performance *performance);
/* An observe that fails without having been sent. */
void performance_end_unsent(struct bl_performance *performance, const struct bl_error *why);
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
