/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* facts.c: what a gate says besides its question: evidence so far, other live runs, who may
 * approve, until when. */
#include "base/prefix.h"

#include "gate/private.h"

#include "base/measure.h"

#define FACTS_EVIDENCE 12 /* lines that are shown; the journal has the rest */
#define FACTS_LINE 160
#define FACTS_RUNS 5

static void facts_measure(const char *kind, const struct bl_value *data, struct bl_buf *text)
{
    const char *limit = bl_map_text(data, "limit", "");

    if (strcmp(kind, "check") == 0)
        bl_buf_printf(text, "%s: ", bl_map_text(data, "verdict", ""));
    bl_buf_printf(text, "%s: ", bl_map_text(data, "name", ""));
    bl_measure_format(text, bl_map_get(data, "value"), bl_map_text(data, "unit", NULL));
    if (*limit != '\0')
        bl_buf_printf(text, " (%s)", limit);
}

void bl_gate_hear(struct bl_gate *gate, const char *kind, const struct bl_value *data)
{
    const char *name = bl_map_text(data, "name", "");
    struct bl_value *fact, *kept;
    struct bl_buf text;

    if (strcmp(kind, "check") != 0 && strcmp(kind, "evidence") != 0)
        return;
    kept = bl_list_new(); /* the same check made again replaces its result */
    for (size_t i = 0; i < bl_value_count(gate->evidence); i++) {
        const struct bl_value *before = bl_list_get(gate->evidence, i);
        if (strcmp(bl_map_text(before, "name", ""), name) != 0)
            bl_list_add(kept, bl_value_ref(before));
    }
    bl_buf_init(&text, FACTS_LINE);
    facts_measure(kind, data, &text);
    fact = bl_map_new();
    bl_map_set(fact, "name", bl_value_text(name));
    bl_map_set(fact, "text", bl_value_text(bl_buf_text(&text)));
    bl_list_add(kept, fact);
    bl_buf_release(&text);
    bl_value_unref(gate->evidence);
    gate->evidence = kept;
}

static void facts_add_evidence(const struct bl_gate *gate, struct bl_value *facts)
{
    size_t count = bl_value_count(gate->evidence);
    size_t first = count > FACTS_EVIDENCE ? count - FACTS_EVIDENCE : 0;
    struct bl_value *list = bl_list_new();

    for (size_t i = first; i < count; i++) {
        const char *text = bl_map_text(bl_list_get(gate->evidence, i), "text", "");
        bl_list_add(list, bl_value_text(text));
    }
    if (count > 0)
        bl_map_set(facts, "evidence", bl_value_ref(list));
    if (first > 0)
        bl_map_set(facts, "evidence_before", bl_value_int((int64_t)first));
    bl_value_unref(list);
}

static void facts_add_runs(const struct bl_gate *gate, struct bl_value *facts)
{
    struct bl_value *live = NULL, *list;
    const char *environment = gate->settings.environment;

    if (environment == NULL || bl_journal_live(bl_journal_state(gate->journal), environment,
                                               bl_journal_run(gate->journal), &live) != BL_OK)
        return;
    list = bl_list_new();
    for (size_t i = 0; i < bl_value_count(live) && i < FACTS_RUNS; i++) {
        const struct bl_value *run = bl_list_get(live, i);
        const char *step = bl_map_text(run, "step", "");
        bl_list_add(list,
                    bl_value_textf("%s by %s%s%s%s (%s)", bl_map_text(run, "procedure", "?"),
                                   bl_map_text(run, "user", "?"),
                                   *step != '\0' ? ", at step \"" : "", step,
                                   *step != '\0' ? "\"" : "", bl_map_text(run, "run", "?")));
    }
    if (bl_value_count(list) > 0)
        bl_map_set(facts, "runs", bl_value_ref(list));
    bl_value_unref(list);
    bl_value_unref(live);
}

struct bl_value *facts_collect(const struct bl_gate *gate, const struct question *question)
{
    struct bl_value *facts = bl_map_new();
    char time[BL_TIME_TEXT];

    bl_map_set(facts, "run", bl_value_text(bl_journal_run(gate->journal)));
    if (gate->settings.environment != NULL)
        bl_map_set(facts, "environment", bl_value_text(gate->settings.environment));
    facts_add_evidence(gate, facts);
    facts_add_runs(gate, facts);
    if (question->expires > 0) {
        bl_time_format(question->expires, time);
        bl_map_set(facts, "expires", bl_value_text(time));
    }
    if (question->approvals > 0) {
        approvals_describe(gate, facts);
        bl_map_set(facts, "alone", bl_value_bool(!gate->settings.is_attended));
    }
    return facts;
}
