/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* settle.c: what is journaled of an operation, and what becomes of it once it has an outcome.
 */
#include "base/prefix.h"

#include "world/private.h"

struct bl_value *performance_record(const struct bl_performance *performance)
{
    const struct bl_call *call =
        performance->op != NULL ? performance->op->call : performance->call;
    struct bl_value *record = bl_map_new();

    bl_map_set(record, "operation",
               bl_value_textf("%s.%s", call->module->name, call->operation->name));
    bl_map_set(record, "target", bl_value_text(performance->inspection.target));
    bl_map_set(record, "summary", bl_value_text(performance->inspection.summary));
    bl_map_set(record, "args", bl_value_ref(call->args));
    bl_map_set(record, "step", bl_value_text(call->step));
    bl_map_set(record, "file", bl_value_text(call->file));
    bl_map_set(record, "line", bl_value_int(call->line));
    if (bl_world_is_durable(performance->world))
        bl_map_set(record, "ask", bl_value_int(performance->ask));
    return record;
}

void performance_record_change(const struct bl_performance *performance,
                               struct bl_value *record)
{
    bl_map_set(record, "class", bl_value_text(bl_class_name(performance->inspection.class)));
    if (performance->inspection.detail.len > 0)
        bl_map_set(record, "detail",
                   bl_value_text(bl_buf_text(&performance->inspection.detail)));
    if (performance->inspection.reason[0] != '\0')
        bl_map_set(record, "reason", bl_value_text(performance->inspection.reason));
    if (performance->inspection.affects[0] != '\0')
        bl_map_set(record, "affects", bl_value_text(performance->inspection.affects));
    if (performance->permit.undo != NULL)
        bl_map_set(record, "undo", bl_value_text(performance->permit.undo));
}

static void performance_record_outcome(const struct bl_performance *performance,
                                       struct bl_value *record)
{
    const struct bl_outcome *outcome = &performance->outcome;

    bl_map_set(record, "status", bl_value_text(bl_status_name(outcome->status)));
    bl_map_set(record, "millis", bl_value_int(bl_clock_steady() - performance->started));
    if (outcome->value != NULL)
        bl_map_set(record, "value", bl_value_ref(outcome->value));
    if (outcome->error.code != BL_OK) {
        struct bl_value *error = bl_map_new();
        bl_map_set(error, "code", bl_value_text(bl_code_name(outcome->error.code)));
        bl_map_set(error, "message", bl_value_text(outcome->error.message));
        if (outcome->error.cause[0] != '\0')
            bl_map_set(error, "cause", bl_value_text(outcome->error.cause));
        if (outcome->error.retryable)
            bl_map_set(error, "retryable", bl_value_bool(true));
        bl_map_set(record, "error", error);
    }
}

struct bl_value *performance_nominal(const struct bl_performance *performance)
{
    const struct bl_call *call =
        performance->op != NULL ? performance->op->call : performance->call;

    return call->operation->nominal == NULL ? bl_value_nil() : call->operation->nominal(call);
}

void performance_return(struct bl_performance *performance)
{
    performance_queue_add(&performance->world->to_return, performance);
    bl_loop_wake(performance->world->settings.loop);
}

static void performance_tell_refusal(struct bl_performance *performance)
{
    struct bl_value *record = performance_record(performance);

    performance_record_change(performance, record);
    bl_map_set(record, "why", bl_value_text(performance->outcome.error.message));
    performance->world->counts.refused++;
    bl_world_emit(performance->world, "refused", record);
}

/* Ends it without sending: a refusal is an event of its own, what a gate said is one already.
 */
void performance_refuse(struct bl_performance *performance, enum bl_code code,
                        const char *format, ...)
{
    va_list args;

    performance->outcome.status = BL_REFUSED;
    va_start(args, format);
    bl_failv(&performance->outcome.error, code, format, args);
    va_end(args);
    if (code == BL_E_GUARD)
        performance_tell_refusal(performance);
    performance_return(performance);
}

/* An observe that did not work out, in a dry run after something was planned: it cannot be held
 * against it. */
static void performance_assume(struct bl_performance *performance, struct bl_value *record)
{
    struct bl_world *world = performance->world;

    if (world->first_planned == 0 || performance->outcome.status != BL_FAILED)
        return;
    bl_map_set(record, "assumed", bl_value_int(world->first_planned));
    bl_outcome_release(&performance->outcome);
    performance->outcome = (struct bl_outcome){.status = BL_ANSWERED};
    performance->outcome.value = performance_nominal(performance);
}

void performance_count(const struct bl_performance *performance)
{
    const char *class = bl_map_text(performance->record, "class", "");

    performance->world->counts.changes++;
    performance->world->counts.destroys += strcmp(class, "destroy") == 0;
}

static void performance_settle_change(struct bl_performance *performance)
{
    struct bl_value *record = bl_map_new();
    struct bl_world *world = performance->world;

    bl_map_set(record, "n", bl_value_int(performance->intent));
    bl_map_set(record, "target", bl_value_text(performance->inspection.target));
    bl_map_set(record, "summary", bl_value_text(performance->inspection.summary));
    performance_record_outcome(performance, record);
    bl_world_stamp(world, record);
    bl_world_emit(world, "outcome", record);
    if (performance->outcome.status == BL_ANSWERED) {
        performance_count(performance);
        change_add(world, performance->record, performance->outcome.value, NULL);
    } else if (performance->outcome.status == BL_UNKNOWN && world->is_settling) {
        performance_count(performance);
        world->counts.in_doubt++;
    }
}

void performance_mark(struct bl_performance *performance, const struct bl_value *mark)
{
    struct bl_value *record = bl_map_new();

    for (size_t i = 0; i < bl_value_count(performance->record); i++)
        bl_map_set(record, bl_map_key(performance->record, i),
                   bl_value_ref(bl_map_at(performance->record, i)));
    bl_map_set(record, "mark", bl_value_ref(mark));
    bl_value_unref(performance->record);
    performance->record = record;
}

/* Done, not done, or nobody can say: then the step's own `verify` or a person does. */
void performance_conclude(struct bl_performance *performance,
                          const struct bl_resolution *resolution)
{
    struct bl_world *world = performance->world;
    struct bl_outcome *outcome = &performance->outcome;

    bl_outcome_release(outcome);
    memset(outcome, 0, sizeof(*outcome));
    performance->finding = resolution->finding;
    performance->is_doubtful = false;
    if (resolution->finding == BL_FOUND_DONE) {
        performance_count(performance);
        outcome->status = BL_ANSWERED;
        outcome->value = bl_value_ref(resolution->value);
        change_add(world, performance->record, resolution->value, NULL);
    } else if (resolution->finding == BL_FOUND_NOT_DONE) {
        outcome->status = BL_FAILED;
        bl_fail(&outcome->error, BL_E_FAILED, "%s: it was in doubt, and was not done: %s",
                performance->inspection.target, resolution->how);
        if (resolution->same_id)
            change_add(world, performance->record, NULL,
                       bl_map_text(performance->record, "id", NULL));
    } else {
        performance_count(performance);
        world->counts.in_doubt++;
        outcome->status = BL_UNKNOWN;
        bl_fail(&outcome->error, BL_E_DOUBT, "%s: %s: %s", performance->inspection.target,
                performance->inspection.summary, resolution->how);
        doubt_add(world, performance->intent, performance->record);
    }
}

static void performance_found(struct bl_performance *performance,
                              const struct bl_resolution *resolution)
{
    struct bl_world *world = performance->world;
    bool is_resuming = replay_is_resuming(world);
    struct bl_value *record = bl_map_new();

    if (world->is_settling) { /* it stays in doubt */
        bl_value_unref(record);
        performance_return(performance);
        return;
    }
    bl_map_set(record, "n", bl_value_int(performance->intent));
    bl_map_set(record, "target", bl_value_text(performance->inspection.target));
    bl_map_set(record, "summary", bl_value_text(performance->inspection.summary));
    bl_map_set(record, "step", bl_value_text(bl_map_text(performance->record, "step", "")));
    bl_map_set(record, "verdict", bl_value_text(bl_finding_name(resolution->finding)));
    bl_map_set(record, "how", bl_value_text(resolution->how));
    if (resolution->same_id)
        bl_map_set(record, "same_id", bl_value_bool(true));
    if (resolution->value != NULL)
        bl_map_set(record, "value", bl_value_ref(resolution->value));
    bl_world_stamp(world, record);
    bl_world_emit(world, "resolved", record);
    performance_conclude(performance, resolution);
    if (!is_resuming || performance->is_abandoned)
        performance_return(performance);
    else
        bl_loop_wake(world->settings.loop);
}

void performance_resolve(struct bl_performance *performance)
{
    performance->is_doubtful = true;
    performance_find_out(performance, performance->record, performance_found);
}

static void performance_settle_observe(struct bl_performance *performance)
{
    struct bl_value *record;

    if (performance->outcome.status == BL_REFUSED) { /* its module found no safe way */
        performance_tell_refusal(performance);
        return;
    }
    record = performance_record(performance);
    performance_record_outcome(performance, record);
    performance_assume(performance, record);
    bl_world_stamp(performance->world, record);
    if (performance->is_abandoned)
        bl_map_set(record, "abandoned", bl_value_bool(true));
    bl_world_emit(performance->world, performance->is_recalled ? "recalled" : "observe",
                  record);
}

static void performance_settled(struct bl_op *op, void *owner)
{
    struct bl_performance *performance = owner;

    performance->outcome = op->outcome;
    if (op->outcome.value != NULL) /* the script sees what the journal does */
        performance->outcome.value = bl_redact_value(bl_op_redactor(op), op->outcome.value);
    if (performance->intent != 0)
        performance_settle_change(performance);
    else
        performance_settle_observe(performance);
    if (performance->outcome.status == BL_UNKNOWN && !performance->world->is_settling) {
        performance->call = bl_call_dup(op->call);
        performance->op = NULL;
        performance_resolve(performance);
        return;
    }
    performance->op = NULL;
    performance_return(performance);
}

/* What tasks go on after is told in the world's turn, never while one of them runs. */
void performance_end(struct bl_performance *performance)
{
    performance_queue_add(&performance->world->to_settle, performance);
    bl_loop_wake(performance->world->settings.loop);
}

void performance_end_unsent(struct bl_performance *performance, const struct bl_error *why)
{
    performance->outcome = (struct bl_outcome){.status = BL_FAILED, .error = *why};
    performance_end(performance);
}

void performance_tell_end(struct bl_performance *performance)
{
    performance_settle_observe(performance);
    performance_return(performance);
}

/* Nobody waits for it any more and nothing has left: it stays unsent. */
void performance_drop(struct bl_performance *performance)
{
    bl_fail(&performance->outcome.error, BL_E_CANCELLED, "%s: not sent: the run ends",
            performance->inspection.target);
    performance->outcome.status = BL_FAILED;
    if (performance->intent != 0)
        performance_settle_change(performance);
    performance_return(performance);
}

void performance_send(struct bl_performance *performance)
{
    struct bl_call *call = performance->call;
    struct bl_connection *connection;

    if (performance->asking != NULL) {
        performance_send_question(performance);
        return;
    }
    if (performance->is_abandoned) {
        performance_drop(performance);
        return;
    }
    connection = world_connection(performance->world, call);
    performance->call = NULL;
    performance->started = bl_clock_steady();
    performance->op =
        bl_op_start(performance->world->settings.loop, call, performance->inspection.class,
                    connection, performance_settled, performance);
}
