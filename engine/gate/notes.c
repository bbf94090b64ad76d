/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* notes.c: what comes by the run's inbox: an answer that counts is one to a question that is
 * open, named by its hash; everything else is refused and journaled. */
#include "base/prefix.h"

#include "gate/private.h"

#include "gate/answer.h"

/* What became of a note, for the journal and for whoever wrote it. */
static void notes_record(struct bl_gate *gate, const struct bl_note *note, const char *refused)
{
    static const char *const copied[] = {"id", "hash", "does", "answer", "reason"};
    struct bl_value *data = bl_map_new();
    const struct bl_value *number = bl_map_get(note->data, "gate");
    char text[400];

    for (size_t i = 0; i < BL_COUNT(copied); i++) {
        const char *field = bl_map_text(note->data, copied[i], NULL);
        if (field != NULL)
            bl_map_set(data, copied[i], bl_value_text(field));
    }
    if (bl_value_type(number) == BL_INT)
        bl_map_set(data, "gate", bl_value_ref(number));
    bl_map_set(data, "by", bl_value_text(note->by));
    bl_map_set(data, "how", bl_value_text("inbox"));
    bl_map_set(data, "status", bl_value_text(refused == NULL ? "accepted" : "refused"));
    if (refused != NULL)
        bl_map_set(data, "why", bl_value_text(refused));
    bl_journal_append(gate->journal, "approval", data);
    if (refused != NULL && gate->is_shown) {
        snprintf(text, sizeof(text), "A note by %s is refused: %s", note->by, refused);
        bl_terminal_remark(gate->terminal, text);
    }
    bl_loop_wake(gate->loop);
}

static struct question *notes_find(const struct bl_gate *gate, const struct bl_note *note,
                                   struct bl_error *err)
{
    int64_t number = bl_map_int(note->data, "gate", 0);
    struct question *question = gate->first;

    while (question != NULL && question->number != number)
        question = question->next;
    if (question == NULL && number > 0 && number <= gate->count)
        bl_fail(err, BL_E_NOT_FOUND, "gate %lld is answered already", (long long)number);
    else if (question == NULL)
        bl_fail(err, BL_E_NOT_FOUND, "there is no gate %lld", (long long)number);
    else if (strcmp(bl_map_text(note->data, "hash", ""), question->hash) != 0)
        bl_fail(err, BL_E_DENIED,
                "it answers another question: this gate %lld has another hash",
                (long long)number);
    else
        return question;
    return NULL;
}

/* A person's no. Where one of several answers is wanted, there is none. */
static enum bl_code notes_reject(const struct question *question, struct bl_gate_answer *answer,
                                 struct bl_error *err)
{
    if (bl_map_get(question->map, "options") != NULL ||
        bl_map_get(question->map, "input") != NULL)
        return bl_fail(err, BL_E_ARG,
                       "this question is not one of yes or no: answer it (belay approve "
                       "--answer), or end the run (belay abort)");
    answer->result = BL_GATE_NO;
    return BL_OK;
}

static enum bl_code notes_approve(const struct question *question, const struct bl_note *note,
                                  struct bl_gate_answer *answer, struct bl_error *err)
{
    struct bl_gate_request request = question->request;

    request.question = question->map;
    if (answer_read(&request, bl_map_text(note->data, "answer", "yes"), answer, err) != BL_OK)
        return err->code;
    if (answer->reason == NULL)
        answer->reason = bl_map_text(note->data, "reason", NULL);
    if (answer->result == BL_GATE_NO)
        return bl_fail(err, BL_E_DENIED, "what was typed is not what had to be typed");
    if (answer_wants_reason(question->map, answer))
        return bl_fail(err, BL_E_ARG, "a step is not skipped without a reason");
    return BL_OK;
}

static void notes_answer(struct bl_gate *gate, const struct bl_note *note)
{
    bool is_rejection = strcmp(bl_map_text(note->data, "does", ""), "reject") == 0;
    struct gate_source source = {.by = note->by, .how = "inbox"};
    struct bl_gate_answer answer = {0};
    struct question *question;
    struct bl_error err = {0};
    char text[200];

    question = notes_find(gate, note, &err);
    if (question != NULL && is_rejection)
        (void)!notes_reject(question, &answer, &err);
    else if (question != NULL)
        (void)!notes_approve(question, note, &answer, &err);
    notes_record(gate, note, err.code == BL_OK ? NULL : err.message);
    if (err.code != BL_OK)
        return;
    if (is_rejection)
        answer.reason = bl_map_text(note->data, "reason", NULL);
    if (question == gate->first && gate->is_shown) {
        snprintf(text, sizeof(text), "%s has answered from elsewhere: %s", note->by,
                 answer.text != NULL ? answer.text : bl_gate_result_name(answer.result));
        bl_terminal_leave(gate->terminal, text);
    }
    gate_settle(gate, question, &answer, &source);
}

static void notes_abort(struct bl_gate *gate, const struct bl_note *note)
{
    if (gate->settings.on_abort == NULL) {
        notes_record(gate, note, "this run cannot be ended from elsewhere");
        return;
    }
    notes_record(gate, note, NULL);
    gate->settings.on_abort(gate->settings.arg, note->by,
                            bl_map_text(note->data, "reason", NULL));
}

void gate_note(void *context, const struct bl_note *note)
{
    struct bl_gate *gate = context;
    const char *does = bl_map_text(note->data, "does", "");

    if (note->data == NULL)
        notes_record(gate, note, note->why);
    else if (strcmp(bl_map_text(note->data, "run", ""), bl_journal_run(gate->journal)) != 0)
        notes_record(gate, note, "it is for another run");
    else if (strcmp(does, "abort") == 0)
        notes_abort(gate, note);
    else if (strcmp(does, "approve") == 0 || strcmp(does, "reject") == 0)
        notes_answer(gate, note);
    else
        notes_record(gate, note, "it does not say what it does");
}
