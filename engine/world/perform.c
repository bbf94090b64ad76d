/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* perform.c: one operation through its stages: inspect, permit, gate, intend, perform, settle,
 * return. */
#include "base/prefix.h"

#include "world/private.h"

#include "world/environment.h"

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
    performance->record = world_journal_form(performance->world, record);
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

static bool performance_is_skipped(const struct bl_performance *performance)
{
    enum bl_world_kind kind = performance->world->settings.kind;

    return kind == BL_WORLD_EXPLORE ||
           (kind == BL_WORLD_DRY && performance->call->operation->is_wait);
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

/* Whether a change is under way that its task has given up. */
static bool performance_has_left(const struct bl_world *world)
{
    for (const struct bl_performance *at = world->all; at != NULL; at = at->all_next) {
        if (at->is_abandoned && at->record != NULL)
            return true;
    }
    return false;
}

/* Whether the same change is one of them: what became of it is waited for. */
static bool change_is_open(const struct bl_world *world, const struct bl_value *record)
{
    for (const struct bl_performance *at = world->all; at != NULL; at = at->all_next) {
        if (at->is_abandoned && at->record != NULL && record_is_same(at->record, record))
            return true;
    }
    return false;
}

/* True when an attempt of its step before has made this change: it is not made twice, whatever
 * it would be called now that it has been made. */
static bool performance_recall(struct bl_performance *performance)
{
    struct bl_value *record, *form;
    const struct change *change;
    bool is_open;

    if (performance->world->settings.kind != BL_WORLD_LIVE ||
        performance->inspection.class == BL_CLASS_OBSERVE || performance->is_recalled ||
        (performance->world->change_count == 0 && !performance_has_left(performance->world)))
        return false;
    record = performance_record(performance);
    form = world_journal_form(performance->world, record);
    change = change_recall(performance->world, form);
    is_open = change == NULL && change_is_open(performance->world, form);
    bl_value_unref(form);
    bl_value_unref(record);
    if (is_open)
        performance_queue_add(&performance->world->to_permit, performance);
    if (change == NULL)
        return is_open;
    if (change->id != NULL) {
        bl_call_set_id(performance->call, change->id);
        return false;
    }
    performance->is_recalled = true;
    performance->outcome =
        (struct bl_outcome){.status = BL_ANSWERED, .value = bl_value_ref(change->value)};
    performance_end(performance);
    return true;
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
    if (performance_recall(performance))
        return;
    if (class != BL_CLASS_OBSERVE && !performance_is_permitted(performance, &most)) {
        performance_refuse_undeclared(performance, most);
        return;
    }
    if (world->settings.kind == BL_WORLD_LIVE && class != BL_CLASS_OBSERVE) {
        performance_gate(performance);
    } else if (class != BL_CLASS_OBSERVE) {
        performance_plan(performance);
    } else if (performance_is_skipped(performance)) {
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
    performance->ask = ++world->asks;
    performance->all_next = world->all;
    if (world->all != NULL)
        world->all->all_prev = performance;
    world->all = performance;
    bl_inspection_init(&performance->inspection, take_call);
    performance->is_idle = bl_world_is_replaying(world);
    if (!performance->is_idle)
        performance_examine(performance);
    return performance;
}

void bl_performance_abandon(struct bl_performance *performance)
{
    if (performance->is_idle && performance->is_doubtful &&
        bl_world_is_replaying(performance->world)) {
        performance->is_abandoned = true; /* the journal may say what became of it */
        return;
    }
    if (performance->is_idle && performance->doubt == NULL) {
        performance_free(performance); /* nothing of it was sent by this process */
        return;
    }
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
    bl_inspection_release(&performance->inspection);
    bl_outcome_release(&performance->outcome);
    bl_value_unref(performance->question);
    bl_value_unref(performance->record);
    bl_call_free(performance->call);
    bl_call_free(performance->asking);
    bl_free(performance);
}
