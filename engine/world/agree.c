/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* agree.c: what policy wants before a change is made: nothing, a person's answer, the approval
 * of others; or never. */
#include "base/prefix.h"

#include "world/private.h"

/* What a person agreed to destroy may have grown while the question stood there: it is counted
 * once more. */
static void performance_agreed(struct bl_performance *performance)
{
    struct bl_inspection *inspection = &performance->inspection;
    int64_t count = bl_inspection_count(inspection);

    if (inspection->class != BL_CLASS_DESTROY || count <= 0) {
        performance_intend(performance);
        return;
    }
    performance->agreed = count;
    bl_value_unref(inspection->asking);
    inspection->asking = NULL;
    performance_examine(performance);
}

static void performance_answered(void *owner, const struct bl_gate_answer *answer)
{
    struct bl_performance *performance = owner;

    if (performance->is_abandoned) {
        performance_return(performance);
        return;
    }
    if (answer->result == BL_GATE_YES) {
        if (performance->inspection.class == BL_CLASS_CHANGE &&
            performance->permit.change_is_allowed != NULL)
            *performance->permit.change_is_allowed = true;
        performance_agreed(performance);
    } else if (answer->is_expired) {
        performance_refuse(performance, BL_E_REJECTED,
                           "%s: the time of its gate was over, which is a no: %s",
                           performance->inspection.target, performance->inspection.summary);
    } else if (answer->result == BL_GATE_NO) {
        performance_refuse(performance, BL_E_REJECTED, "%s: a person said no to: %s",
                           performance->inspection.target, performance->inspection.summary);
    } else {
        performance_refuse(performance, BL_E_WAITING,
                           "%s: nobody answered the gate of: %s: run it in a terminal",
                           performance->inspection.target, performance->inspection.summary);
    }
}

/* `terms` are what policy asks for: { typed, approvals, expires }. */
static void performance_ask(struct bl_performance *performance, const struct bl_value *terms)
{
    bool typed =
        performance->inspection.class == BL_CLASS_DESTROY && bl_map_bool(terms, "typed", true);
    int64_t approvals = bl_map_int(terms, "approvals", 0);
    struct bl_value *question = performance_record(performance);
    struct bl_gate_request request = {
        .question = question, .answered = performance_answered, .owner = performance};

    if (approvals == 0 && performance->inspection.class == BL_CLASS_CHANGE)
        request.is_agreed = performance->permit.change_is_allowed;
    performance_record_change(performance, question);
    bl_map_set(question, "kind", bl_value_text("operation"));
    bl_map_set(question, "question", bl_value_text(performance->inspection.summary));
    if (performance->permit.why != NULL)
        bl_map_set(question, "why", bl_value_text(performance->permit.why));
    if (performance->agreed > 0)
        bl_map_set(
            question, "grown",
            bl_value_textf("it was %lld when you agreed", (long long)performance->agreed));
    if (typed)
        bl_map_set(question, "typed", bl_value_text(performance->inspection.target));
    if (approvals > 0)
        bl_map_set(question, "approvals", bl_value_int(approvals));
    if (bl_map_get(terms, "expires") != NULL)
        bl_map_set(question, "expires_in", bl_value_ref(bl_map_get(terms, "expires")));
    bl_value_unref(performance->question);
    performance->question =
        bl_redact_value(bl_loop_redactor(performance->world->settings.loop), question);
    bl_value_unref(question);
    request.question = performance->question;
    bl_gate_ask(performance->world->settings.gate, &request);
}

/* The same, unless it asks for people who cannot be there. */
static void performance_ask_for(struct bl_performance *performance,
                                const struct bl_value *terms)
{
    struct bl_error err;

    if (bl_map_int(terms, "approvals", 0) > 0 &&
        bl_gate_can_approve(performance->world->settings.gate, &err) != BL_OK)
        performance_refuse(performance, BL_E_GUARD, "%s: %s: %s",
                           performance->inspection.target, err.message,
                           performance->inspection.summary);
    else
        performance_ask(performance, terms);
}

/* A person has agreed to about as much as is counted now: at most a tenth more. */
static bool performance_is_agreed(const struct bl_performance *performance)
{
    int64_t count = bl_inspection_count(&performance->inspection);

    return performance->agreed > 0 && count >= 0 && count <= performance->agreed * 11 / 10;
}

void performance_gate(struct bl_performance *performance)
{
    const struct bl_value *policy =
        bl_map_get(performance->world->settings.environment, "policy");
    const struct bl_value *destroy = bl_map_get(policy, "destroy");
    const char *change = bl_map_text(policy, "change", "confirm");
    bool *allowed = performance->permit.change_is_allowed;

    if (performance_is_agreed(performance)) {
        performance_intend(performance);
        return;
    }
    if (performance->inspection.class == BL_CLASS_DESTROY) {
        if (strcmp(bl_value_as_text(destroy), "refuse") == 0)
            performance_refuse(performance, BL_E_GUARD,
                               "%s: this environment's policy refuses to destroy: %s",
                               performance->inspection.target, performance->inspection.summary);
        else
            performance_ask_for(performance, destroy);
        return;
    }
    if (strcmp(change, "refuse") == 0)
        performance_refuse(performance, BL_E_GUARD,
                           "%s: this environment's policy refuses changes: %s",
                           performance->inspection.target, performance->inspection.summary);
    else if (strcmp(change, "free") == 0 ||
             (allowed != NULL && *allowed &&
              bl_map_int(bl_map_get(policy, "confirm"), "approvals", 0) == 0))
        performance_intend(performance);
    else
        performance_ask_for(performance, bl_map_get(policy, "confirm"));
}
