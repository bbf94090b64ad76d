/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* perform.c: one operation through its stages: inspect, permit, gate, intend, perform, settle,
 * return. */
#include "base/prefix.h"

#include "world/private.h"

#include "world/environment.h"

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
        bl_map_set(record, "error", error);
    }
}

static struct bl_value *performance_nominal(const struct bl_performance *performance)
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

static void performance_settle_change(struct bl_performance *performance)
{
    struct bl_value *record = bl_map_new();
    struct bl_world *world = performance->world;

    bl_map_set(record, "n", bl_value_int(performance->intent));
    bl_map_set(record, "target", bl_value_text(performance->inspection.target));
    bl_map_set(record, "summary", bl_value_text(performance->inspection.summary));
    performance_record_outcome(performance, record);
    bl_world_emit(world, "outcome", record);
    if (performance->outcome.status == BL_UNKNOWN)
        world->counts.in_doubt++;
    if (performance->outcome.status == BL_UNKNOWN || performance->outcome.status == BL_ANSWERED)
        world->counts.changes++;
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
    bl_world_emit(performance->world, "observe", record);
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
    performance->op = NULL;
    performance_return(performance);
}

void performance_end_unsent(struct bl_performance *performance, const struct bl_error *why)
{
    performance->outcome = (struct bl_outcome){.status = BL_FAILED, .error = *why};
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

void performance_name(struct bl_performance *performance)
{
    const struct bl_journal *journal = performance->world->settings.journal;
    char id[64];

    if (performance->call->id != NULL)
        return; /* sent again, as what it is */
    snprintf(id, sizeof(id), "belay-%s-%lld",
             journal != NULL ? bl_journal_run(journal) : "unkept",
             (long long)performance->intent);
    bl_call_set_id(performance->call, id);
}

void performance_intend(struct bl_performance *performance)
{
    struct bl_value *record = performance_record(performance);

    performance_record_change(performance, record);
    performance->intent = ++performance->world->intents;
    performance_name(performance);
    bl_map_set(record, "n", bl_value_int(performance->intent));
    bl_map_set(record, "id", bl_value_text(performance->call->id));
    if (performance->inspection.is_idempotent)
        bl_map_set(record, "idempotent", bl_value_bool(true));
    if (performance->inspection.before != NULL)
        bl_map_set(record, "before", bl_value_ref(performance->inspection.before));
    performance->intended = bl_map_new();
    for (size_t i = 0; i < bl_value_count(record); i++)
        bl_map_set(performance->intended, bl_map_key(record, i),
                   bl_value_ref(bl_map_at(record, i)));
    bl_world_emit(performance->world, "intent", record);
    performance_queue_add(&performance->world->to_send, performance);
    bl_loop_wake(performance->world->settings.loop);
}

static void performance_plan(struct bl_performance *performance)
{
    struct bl_value *record = performance_record(performance);
    struct bl_world *world = performance->world;

    world->counts.planned++;
    world->counts.destroys += performance->inspection.class == BL_CLASS_DESTROY;
    if (world->first_planned == 0)
        world->first_planned = world->counts.planned;
    performance_record_change(performance, record);
    if (performance->permit.why != NULL)
        bl_map_set(record, "why", bl_value_text(performance->permit.why));
    bl_map_set(record, "n", bl_value_int(world->counts.planned));
    bl_world_emit(world, "planned", record);
    performance->outcome = (struct bl_outcome){.status = BL_PLANNED};
    performance->outcome.value = performance_nominal(performance);
    performance_return(performance);
}

static bool performance_is_permitted(struct bl_performance *performance, enum bl_class *most)
{
    const char *named =
        bl_map_text(performance->permit.may, performance->inspection.target, NULL);

    if (named == NULL && performance->call != NULL)
        named = bl_map_text(performance->permit.may, performance->call->target, NULL);
    *most = named == NULL                   ? BL_CLASS_OBSERVE
            : strcmp(named, "destroy") == 0 ? BL_CLASS_DESTROY
            : strcmp(named, "change") == 0  ? BL_CLASS_CHANGE
                                            : BL_CLASS_OBSERVE;
    return performance->inspection.class <= *most;
}

/* An observe that this world does not make: its nominal answer. Exploring, it is shown. */
static void performance_skip(struct bl_performance *performance)
{
    performance->outcome = (struct bl_outcome){.status = BL_ANSWERED};
    performance->outcome.value = performance_nominal(performance);
    if (performance->world->settings.kind == BL_WORLD_EXPLORE)
        bl_world_emit(performance->world, "observe", performance_record(performance));
    performance_return(performance);
}

/* More than `may` says: what it is, why, and what declares it. */
static void performance_refuse_undeclared(struct bl_performance *performance,
                                          enum bl_class most)
{
    const struct bl_inspection *inspection = &performance->inspection;
    const char *class = bl_class_name(inspection->class), *reason = inspection->reason;

    performance_refuse(performance, BL_E_GUARD,
                       "%s: the procedure may only %s it, and this is a %s%s%s%s: %s: declare "
                       "it with may = { [\"%s\"] = \"%s\" }",
                       inspection->target, bl_class_name(most), class,
                       *reason != '\0' ? " (" : "", reason, *reason != '\0' ? ")" : "",
                       inspection->summary, inspection->target, class);
}

void performance_permit(struct bl_performance *performance)
{
    enum bl_class class = performance->inspection.class, most;
    struct bl_world *world = performance->world;

    if (performance->inspection.refused[0] != '\0') {
        performance_refuse(performance, BL_E_GUARD, "%s: refused: %s: %s",
                           performance->inspection.target, performance->inspection.refused,
                           performance->inspection.summary);
        return;
    }
    if (class != BL_CLASS_OBSERVE && performance->permit.is_verifying) {
        performance_refuse(performance, BL_E_GUARD,
                           "%s: a step's `verify` only observes, and this is a %s: %s",
                           performance->inspection.target, bl_class_name(class),
                           performance->inspection.summary);
        return;
    }
    if (class != BL_CLASS_OBSERVE && !performance_is_permitted(performance, &most)) {
        performance_refuse_undeclared(performance, most);
        return;
    }
    if (world->settings.kind == BL_WORLD_LIVE && class != BL_CLASS_OBSERVE) {
        performance_gate(performance);
    } else if (class != BL_CLASS_OBSERVE) {
        performance_plan(performance);
    } else if (world->settings.kind == BL_WORLD_EXPLORE ||
               (world->settings.kind == BL_WORLD_DRY &&
                performance->call->operation->is_wait)) {
        performance_skip(performance);
    } else {
        performance_queue_add(&world->to_send, performance);
    }
}

struct bl_performance *bl_perform(struct bl_world *world, struct bl_call *take_call,
                                  const struct bl_permit *permit,
                                  void (*done)(void *owner, const struct bl_outcome *outcome),
                                  void *owner)
{
    struct bl_performance *performance = bl_alloc(sizeof(*performance));

    performance->world = world;
    performance->call = take_call;
    performance->permit = *permit;
    performance->done = done;
    performance->owner = owner;
    performance->started = bl_clock_steady();
    performance->all_next = world->all;
    if (world->all != NULL)
        world->all->all_prev = performance;
    world->all = performance;
    bl_inspection_init(&performance->inspection, take_call);
    performance_examine(performance);
    return performance;
}

void bl_performance_abandon(struct bl_performance *performance)
{
    performance->is_abandoned = true;
    performance->permit.change_is_allowed = NULL;
    if (performance->question != NULL && performance->intent == 0 && performance->op == NULL &&
        performance->outcome.error.code == BL_OK)
        bl_gate_withdraw(performance->world->settings.gate, performance);
    if (performance->op != NULL)
        bl_op_cancel(performance->op, "the run ends");
}

void performance_free(struct bl_performance *performance)
{
    if (performance->all_prev != NULL)
        performance->all_prev->all_next = performance->all_next;
    else
        performance->world->all = performance->all_next;
    if (performance->all_next != NULL)
        performance->all_next->all_prev = performance->all_prev;
    performance_doubt_free(performance);
    bl_value_unref(performance->intended);
    bl_inspection_release(&performance->inspection);
    bl_outcome_release(&performance->outcome);
    bl_value_unref(performance->question);
    bl_call_free(performance->call);
    bl_call_free(performance->asking);
    bl_free(performance);
}
