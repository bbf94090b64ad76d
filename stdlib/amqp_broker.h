/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_broker.h: the state of an amqp connection: a few threads, each with a link of its own,
 * that serve calls in order. */
#ifndef BL_AMQP_BROKER_H
#define BL_AMQP_BROKER_H

#include "amqp_link.h"
#include "module.h"

struct bl_amqp_broker;
struct bl_amqp_job;

/* What an operation does, on a worker's thread, with a link that is open and has a channel. It
 * fills answer, or err. */
typedef void bl_amqp_work(struct bl_amqp_job *job, struct bl_amqp_link *link);

struct bl_amqp_job {
    const struct bl_call *call; /* read only on the thread */
    bl_amqp_work *work;
    struct bl_value *answer;
    struct bl_error err;

    /* The broker's part. */
    struct bl_op *op; /* of the loop's thread */
    struct bl_amqp_broker *broker;
    struct bl_amqp_job *next;
    int64_t deadline;
    bool is_change;
    bool is_queued;
    bool is_lost; /* the link broke after a change may have been sent */
    /* Under the broker's lock. */
    bool is_cancelled; /* nobody waits any more */
    bool wants_leave;  /* waits for the loop to note that a change leaves now */
    bool has_asked;    /* for it to be noted */
    bool has_leave;
    const char *stage;
};

/* Takes the settings. Starts no thread yet. */
struct bl_amqp_broker *bl_amqp_broker_open(struct bl_loop *loop,
                                           struct bl_amqp_settings *take_settings,
                                           size_t most_links);
/* Ends every thread without waiting for it; the last one frees all. */
void bl_amqp_broker_close(struct bl_amqp_broker *broker);
void bl_amqp_settings_free(struct bl_amqp_settings *settings);

/* Serves an operation; the result goes to op on the loop's thread. */
struct bl_amqp_job *bl_amqp_broker_serve(struct bl_amqp_broker *broker, struct bl_op *op,
                                         bl_amqp_work *work);
/* Nobody waits for the job any more (it may be done already: *job is NULL then). */
void bl_amqp_job_cancel(struct bl_amqp_job *job);

/* An operation of the module: the job is there until its result was delivered. */
struct bl_amqp_op {
    struct bl_op base; /* first: the engine's part */
    struct bl_amqp_job *job;
};

#endif
