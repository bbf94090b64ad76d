/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* held.c: the questions of a run that is taken up again: in line, answered by its journal, or
 * opened anew. */
#include "base/prefix.h"

#include "gate/private.h"

#include "gate/answer.h"

void bl_gate_on_answer(struct bl_gate *gate, void (*stamp)(void *arg, struct bl_value *record),
                       void *arg)
{
    gate->stamp = stamp;
    gate->stamp_arg = arg;
}

struct bl_value *bl_gate_hold(struct bl_gate *gate, const struct bl_gate_request *request)
{
    struct question *question = gate_line_up(gate, request);

    question->is_held = true;
    return question_describe(question);
}

void bl_gate_set_count(struct bl_gate *gate, int count)
{
    gate->count = count > gate->count ? count : gate->count;
}

void bl_gate_replay(struct bl_gate *gate, int number, const struct bl_value *answered)
{
    const char *word = bl_map_text(answered, "answer", "");
    struct bl_gate_answer answer = {.result = BL_GATE_YES};
    struct question *at = gate->first;

    while (at != NULL && at->number != number)
        at = at->next;
    if (at == NULL || strcmp(word, "unanswered") == 0)
        return;
    if (strcmp(word, "no") == 0)
        answer.result = BL_GATE_NO;
    answer.text = bl_map_text(answered, "value", NULL);
    if (answer.text != NULL && bl_map_get(at->map, "options") != NULL &&
        strcmp(answer.text, ANSWER_NONE) == 0)
        answer.text = NULL;
    answer.reason = bl_map_text(answered, "reason", NULL);
    gate_hand_over(gate, at, &answer);
}

void bl_gate_reopen(struct bl_gate *gate)
{
    for (struct question *at = gate->first; at != NULL; at = at->next) {
        struct bl_value *data;
        if (!at->is_held)
            continue;
        at->is_held = false;
        at->number = ++gate->count;
        data = question_describe(at);
        bl_map_set(data, "again", bl_value_bool(true));
        gate_open(gate, at, data);
    }
}

/* Of several with the same text it is the one whose turn it is: they open in line. */
void bl_gate_renumber(struct bl_gate *gate, const struct bl_value *opened)
{
    const char *text = bl_map_text(opened, "question", "");
    struct question *found = NULL;

    for (struct question *at = gate->first; at != NULL; at = at->next) {
        if (strcmp(bl_map_text(at->map, "question", ""), text) == 0 &&
            (found == NULL || at->number < found->number))
            found = at;
    }
    if (found != NULL)
        found->number = (int)bl_map_int(opened, "gate", found->number);
}
