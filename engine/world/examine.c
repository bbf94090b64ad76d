/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* examine.c: what only the server knows about a call, asked before it is permitted. */
#include "base/prefix.h"

#include "world/private.h"

static void examine_go_on(struct bl_performance *performance, const struct bl_value *answer);

/* Those who waited for the same answer: most of them have no question left; where there was no
 * answer, there is none for them either. */
static void examine_next(struct bl_performance *performance, const struct bl_error *failure)
{
    struct bl_world *world = performance->world;
    struct bl_connection *connection = world_connection(world, performance->call);
    struct performance_queue waiting = world->to_ask;

    if (!performance->is_asking)
        return;
    performance->is_asking = connection->is_asked = false;
    world->to_ask.first = NULL; /* some of them wait again */
    world->to_ask.end = &world->to_ask.first;
    while ((performance = performance_queue_take(&waiting)) != NULL) {
        if (failure != NULL && world_connection(world, performance->call) == connection)
            performance_end_unsent(performance, failure);
        else
            performance_examine(performance);
    }
}

static void examine_settled(struct bl_op *op, void *owner)
{
    struct bl_performance *performance = owner;
    struct bl_outcome outcome = op->outcome;
    bool is_guard = performance->inspection.class == BL_CLASS_OBSERVE;

    op->outcome.value = NULL; /* taken */
    performance->op = NULL;
    if (performance->is_abandoned) {
        performance_drop(performance);
        examine_next(performance, NULL);
    } else if (outcome.status != BL_ANSWERED && is_guard) {
        performance_end_unsent(performance, &outcome.error);
        examine_next(performance, &outcome.error);
    } else {
        examine_go_on(performance, outcome.status == BL_ANSWERED ? outcome.value : NULL);
        if (performance->asking == NULL || performance->inspection.class != BL_CLASS_OBSERVE)
            examine_next(performance, NULL);
    }
    bl_outcome_release(&outcome);
}

void performance_send_question(struct bl_performance *performance)
{
    struct bl_call *question = performance->asking;
    struct bl_connection *connection = world_connection(performance->world, question);

    performance->asking = NULL;
    if (performance->is_abandoned) {
        bl_call_free(question);
        performance_drop(performance);
        examine_next(performance, NULL);
        return;
    }
    performance->op = bl_op_start(performance->world->settings.loop, question, BL_CLASS_OBSERVE,
                                  connection, examine_settled, performance);
}

/* Questions need a connection that is open: its module keeps there what it has learned. */
static void examine_go_on(struct bl_performance *performance, const struct bl_value *answer)
{
    struct bl_world *world = performance->world;
    struct bl_call *call = performance->call;
    struct bl_connection *connection = world_connection(world, call);
    struct bl_inspection *inspection = &performance->inspection;
    struct bl_value *notice;

    bl_connection_open(connection);
    performance->asking = call->operation->ask(connection, call, inspection, answer);
    if (inspection->notice[0] != '\0' && world->settings.kind == BL_WORLD_DRY) {
        notice = bl_map_new();
        bl_map_set(notice, "target", bl_value_text(inspection->target));
        bl_map_set(notice, "text", bl_value_text(inspection->notice));
        inspection->notice[0] = '\0';
        bl_world_emit(world, "notice", notice);
    }
    if (performance->asking == NULL && inspection->failure.code != BL_OK) {
        performance_end_unsent(performance, &inspection->failure);
        return;
    }
    if (performance->asking == NULL) {
        performance_permit(performance);
        return;
    }
    if (inspection->class == BL_CLASS_OBSERVE)
        performance->is_asking = connection->is_asked = true;
    performance_queue_add(&world->to_send, performance);
    bl_loop_wake(world->settings.loop);
}

void performance_examine(struct bl_performance *performance)
{
    const struct bl_call *call = performance->call;
    struct bl_world *world = performance->world;
    struct bl_connection *connection;

    if (call->operation->ask == NULL || performance->inspection.refused[0] != '\0' ||
        world->settings.kind == BL_WORLD_EXPLORE) {
        performance_permit(performance);
        return;
    }
    connection = world_connection(world, call);
    if (performance->is_abandoned)
        performance_drop(performance);
    else if (connection->is_asked && performance->inspection.class == BL_CLASS_OBSERVE)
        performance_queue_add(&world->to_ask, performance);
    else
        examine_go_on(performance, NULL);
}

struct inspect_answer {
    struct bl_outcome outcome;
    bool is_there;
};

static void inspect_settled(struct bl_op *op, void *owner)
{
    struct inspect_answer *answer = owner;

    answer->outcome = op->outcome;
    op->outcome.value = NULL; /* taken */
    answer->is_there = true;
}

enum bl_code bl_world_inspect(struct bl_world *world, const struct bl_call *call,
                              struct bl_inspection *inspection, struct bl_error *err)
{
    struct bl_connection *connection = world_connection(world, call);
    struct bl_loop *loop = world->settings.loop;
    struct inspect_answer answer = {.outcome = {.value = NULL}};
    struct bl_call *question = NULL;

    bl_inspection_init(inspection, call);
    if (call->operation->ask == NULL || inspection->refused[0] != '\0' || connection == NULL)
        return BL_OK;
    bl_connection_open(connection);
    while ((question = call->operation->ask(connection, call, inspection,
                                            answer.outcome.value)) != NULL) {
        bl_outcome_release(&answer.outcome);
        answer.is_there = false;
        (void)bl_op_start(loop, question, BL_CLASS_OBSERVE, connection, inspect_settled,
                          &answer);
        while (!answer.is_there)
            bl_loop_turn(loop, true);
        if (answer.outcome.status != BL_ANSWERED && inspection->class == BL_CLASS_OBSERVE) {
            *err = answer.outcome.error;
            bl_outcome_release(&answer.outcome);
            return err->code;
        }
    }
    bl_outcome_release(&answer.outcome);
    if (inspection->failure.code != BL_OK)
        *err = inspection->failure;
    return inspection->failure.code;
}
