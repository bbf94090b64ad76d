/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* doubt.c: what became of a change that nobody has heard of: its module asks the system, again
 * and again while the system is away or does not know yet, within a bounded time. */
#include "base/prefix.h"

#include "world/private.h"

#include "base/text.h"

#define DOUBT_QUESTION_MS 10000 /* one question: a connection that hangs is tried anew */
#define DOUBT_FIRST_MS 200      /* the first wait before it is asked again, then longer ones */
#define DOUBT_LATER_MS 1000

struct performance_doubt {
    struct bl_performance *performance;
    struct bl_value *intent;
    struct bl_resolution resolution;
    int64_t until; /* steady milliseconds */
    int64_t delay; /* of the next wait */
    void (*done)(struct bl_performance *performance, const struct bl_resolution *resolution);
};

/* Waiting is an operation too: it is shown while it lasts and ends when the run does. */
struct doubt_wait {
    struct bl_op base;
    uv_timer_t timer;
};

static void wait_closed(uv_handle_t *handle)
{
    bl_op_unref(handle->data);
}

static void wait_release(struct bl_op *op)
{
    uv_close((uv_handle_t *)&((struct doubt_wait *)op)->timer, wait_closed);
}

static void wait_over(uv_timer_t *timer)
{
    bl_op_answer(timer->data, NULL);
}

static void wait_start(struct bl_op *op, const struct bl_call *call)
{
    struct doubt_wait *wait = (struct doubt_wait *)op;

    bl_op_stage(op, "%s", bl_call_text(call, "stage"));
    uv_timer_init(bl_op_loop(op), &wait->timer);
    wait->timer.data = bl_op_ref(op);
    uv_timer_start(&wait->timer, wait_over, (uint64_t)bl_call_int(call, "millis"), 0);
}

static const struct bl_operation doubt_wait = {
    .name = "(what became of it)",
    .class = BL_CLASS_OBSERVE,
    .size = sizeof(struct doubt_wait),
    .start = wait_start,
    .release = wait_release,
};

void performance_doubt_free(struct bl_performance *performance)
{
    struct performance_doubt *doubt = performance->doubt;

    performance->doubt = NULL;
    if (doubt == NULL)
        return;
    bl_value_unref(doubt->intent);
    bl_resolution_release(&doubt->resolution);
    bl_free(doubt);
}

/* There is nobody to ask. What may be done twice is done again. */
static void doubt_unasked(struct performance_doubt *doubt)
{
    if (doubt->performance->inspection.is_idempotent)
        bl_resolution_set(&doubt->resolution, BL_FOUND_NOT_DONE,
                          "its system cannot tell, but sending it again changes nothing more");
    else
        bl_resolution_set(&doubt->resolution, BL_FOUND_NOTHING,
                          "its system cannot tell what became of it");
}

static void doubt_end(struct performance_doubt *doubt)
{
    struct bl_performance *performance = doubt->performance;
    struct bl_resolution *resolution = &doubt->resolution;

    bl_redact_line(bl_loop_redactor(performance->world->settings.loop), resolution->how,
                   sizeof(resolution->how),
                   strlen(resolution->how) + 1 >= sizeof(resolution->how));
    performance->doubt = NULL; /* done may ask again */
    doubt->done(performance, resolution);
    bl_value_unref(doubt->intent);
    bl_resolution_release(resolution);
    bl_free(doubt);
}

static void doubt_ask(struct performance_doubt *doubt, const struct bl_value *answer);

static void doubt_waited(struct bl_op *op, void *owner)
{
    struct performance_doubt *doubt = owner;
    char how[sizeof(doubt->resolution.how)];

    doubt->performance->op = NULL;
    if (op->outcome.status != BL_ANSWERED) {
        snprintf(how, sizeof(how), "%s", doubt->resolution.how);
        bl_resolution_set(&doubt->resolution, BL_FOUND_NOTHING,
                          "%.180s%sthe run ended before it was known", how,
                          how[0] != '\0' ? ": " : "");
        doubt_end(doubt);
        return;
    }
    bl_resolution_release(&doubt->resolution);
    doubt_ask(doubt, NULL);
}

/* Asks once more in a while; false when the time is over. */
static bool doubt_wait_more(struct performance_doubt *doubt, const char *why)
{
    struct bl_performance *performance = doubt->performance;
    const struct bl_call *about = performance->call;
    int64_t left = doubt->until - bl_clock_steady();
    int64_t millis = doubt->delay < left ? doubt->delay : left;
    struct bl_value *args;
    struct bl_call *call;

    if (left <= 0)
        return false;
    doubt->delay = doubt->delay * 2 < DOUBT_LATER_MS ? doubt->delay * 2 : DOUBT_LATER_MS;
    args = bl_map_new();
    bl_map_set(args, "stage", bl_value_text(why));
    bl_map_set(args, "millis", bl_value_int(millis));
    call = bl_call_question(about, &doubt_wait, args);
    call->timeout_ms = millis + DOUBT_QUESTION_MS;
    performance->op = bl_op_start(performance->world->settings.loop, call, BL_CLASS_OBSERVE,
                                  NULL, doubt_waited, doubt);
    return true;
}

/* The module has said all that it can. */
static void doubt_final(struct performance_doubt *doubt)
{
    struct bl_resolution *resolution = &doubt->resolution;
    char how[sizeof(resolution->how)];

    if (resolution->finding != BL_FOUND_PENDING) {
        doubt_end(doubt);
        return;
    }
    if (doubt_wait_more(doubt, resolution->how))
        return;
    snprintf(how, sizeof(how), "%s", resolution->how);
    bl_resolution_set(resolution, BL_FOUND_PENDING, "%.180s: it was waited for in vain", how);
    doubt_end(doubt);
}

/* Whether asking again may have another answer. */
static bool doubt_is_passing(const struct bl_error *err)
{
    switch (err->code) {
    case BL_E_REFUSED:
    case BL_E_CLOSED:
    case BL_E_TIMEOUT:
    case BL_E_BUSY:
    case BL_E_IO:
        return true;
    default:
        return err->retryable;
    }
}

static void doubt_unanswered(struct performance_doubt *doubt, const struct bl_error *err)
{
    if (!doubt->performance->world->is_settling && doubt_is_passing(err) &&
        doubt_wait_more(doubt, err->message))
        return;
    bl_value_unref(doubt->resolution.value);
    doubt->resolution.value = NULL;
    bl_resolution_set(&doubt->resolution, BL_FOUND_NOTHING, "it could not be asked: %.210s",
                      err->message);
    doubt_end(doubt);
}

static void doubt_answered(struct bl_op *op, void *owner)
{
    struct performance_doubt *doubt = owner;
    struct bl_outcome outcome = op->outcome;

    op->outcome.value = NULL; /* taken */
    doubt->performance->op = NULL;
    if (outcome.status == BL_ANSWERED)
        doubt_ask(doubt, outcome.value);
    else
        doubt_unanswered(doubt, &outcome.error);
    bl_outcome_release(&outcome);
}

static void doubt_ask(struct performance_doubt *doubt, const struct bl_value *answer)
{
    struct bl_performance *performance = doubt->performance;
    const struct bl_call *about = performance->call;
    struct bl_connection *connection = world_connection(performance->world, about);
    int64_t left = doubt->until - bl_clock_steady();
    struct bl_call *question;

    bl_connection_open(connection);
    question =
        about->operation->resolve(connection, about, doubt->intent, answer, &doubt->resolution);
    if (question == NULL) {
        doubt_final(doubt);
        return;
    }
    if (question->timeout_ms > DOUBT_QUESTION_MS)
        question->timeout_ms = DOUBT_QUESTION_MS;
    if (question->timeout_ms > left)
        question->timeout_ms = left > DOUBT_FIRST_MS ? left : DOUBT_FIRST_MS;
    performance->op = bl_op_start(performance->world->settings.loop, question, BL_CLASS_OBSERVE,
                                  connection, doubt_answered, doubt);
}

void performance_find_out(struct bl_performance *performance, const struct bl_value *intent,
                          void (*done)(struct bl_performance *performance,
                                       const struct bl_resolution *resolution))
{
    struct performance_doubt *doubt = bl_alloc(sizeof(*doubt));
    const char *id = bl_map_text(intent, "id", NULL);

    doubt->performance = performance;
    doubt->intent = bl_value_ref(intent);
    doubt->done = done;
    doubt->until = bl_clock_steady() + performance->world->patience_ms;
    doubt->delay = DOUBT_FIRST_MS;
    performance->doubt = doubt;
    if (id != NULL)
        bl_call_set_id(performance->call, id);
    if (performance->call->operation->resolve == NULL) {
        doubt_unasked(doubt);
        doubt_end(doubt);
    } else if (performance->world->is_settling) {
        bl_resolution_set(&doubt->resolution, BL_FOUND_NOTHING,
                          "nobody was asked: the run ends");
        doubt_end(doubt);
    } else {
        doubt_ask(doubt, NULL);
    }
}
