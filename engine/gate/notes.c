/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* notes.c: what comes by the run's inbox: an answer that counts is one to a question that is
 * open, named by its hash; everything else is refused and journaled. */
#include "base/prefix.h"

#include "gate/private.h"

#include "gate/answer.h"

static void notes_copy(const struct bl_note *note, struct bl_value *data)
{
    static const char *const copied[] = {"id", "hash", "does", "answer", "reason", "signature"};
    const struct bl_value *number = bl_map_get(note->data, "gate");

    for (size_t i = 0; i < BL_COUNT(copied); i++) {
        const char *field = bl_map_text(note->data, copied[i], NULL);
        if (field != NULL)
            bl_map_set(data, copied[i], bl_value_text(field));
    }
    if (bl_value_type(number) == BL_INT)
        bl_map_set(data, "gate", bl_value_ref(number));
}

void notes_record(struct bl_gate *gate, const struct bl_note *note,
                  const struct note_fate *fate)
{
    struct bl_value *data = bl_map_new();
    char text[400];

    notes_copy(note, data);
    bl_map_set(data, "by", bl_value_text(fate->by != NULL ? fate->by : note->by));
    if (fate->by != NULL)
        bl_map_set(data, "via", bl_value_text(note->by));
    if (fate->key != NULL)
        bl_map_set(data, "key", bl_value_text(fate->key));
    bl_map_set(data, "how", bl_value_text(fate->key != NULL ? "signature" : "inbox"));
    bl_map_set(data, "status", bl_value_text(fate->refused == NULL ? "accepted" : "refused"));
    if (fate->refused != NULL)
        bl_map_set(data, "why", bl_value_text(fate->refused));
    if (fate->state != NULL)
        bl_map_set(data, "state", bl_value_text(fate->state));
    bl_journal_append(gate->journal, "approval", data);
    if (fate->refused != NULL && gate->is_shown) {
        snprintf(text, sizeof(text), "A note by %s is refused: %s",
                 fate->by != NULL ? fate->by : note->by, fate->refused);
        bl_terminal_remark(gate->terminal, text);
    }
    bl_loop_wake(gate->loop);
}

static void notes_refuse(struct bl_gate *gate, const struct bl_note *note, const char *why)
{
    notes_record(gate, note, &(struct note_fate){.refused = why});
}

struct question *notes_find(const struct bl_gate *gate, const struct bl_note *note,
                            struct bl_error *err)
{
    int64_t number = bl_map_int(note->data, "gate", 0);
    struct question *question = gate->first;

    while (question != NULL && (question->number != number || question->opened == NULL))
        question = question->next; /* one that is not open has no hash */
    if (question == NULL && number > 0 && number <= gate->count)
        bl_fail(err, BL_E_NOT_FOUND, "gate %lld is no longer open", (long long)number);
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
    const char *line = bl_map_text(note->data, "answer", "yes");
    const char *reason = bl_map_text(note->data, "reason", "");

    if (!answer_is_text(line, strlen(line)) || !answer_is_text(reason, strlen(reason)))
        return bl_fail(err, BL_E_ARG, "an answer is plain text on one short line");
    if (question->approvals > 0)
        return bl_fail(
            err, BL_E_DENIED,
            "here only a signature of somebody else counts: belay approve --key KEY");
    request.question = question->map;
    if (answer_read(&request, line, answer, err) != BL_OK)
        return err->code;
    if (answer->reason == NULL)
        answer->reason = bl_map_text(note->data, "reason", NULL);
    if (answer->result == BL_GATE_NO && bl_map_get(question->map, "typed") != NULL)
        return bl_fail(err, BL_E_DENIED, "what was typed is not what had to be typed");
    if (answer_wants_reason(question->map, answer))
        return bl_fail(err, BL_E_ARG, "a step is not skipped without a reason");
    return BL_OK;
}

/* The answer of a note to an open question, which is told where it is shown. */
static void notes_give(struct bl_gate *gate, struct question *question,
                       const struct bl_note *note, const struct bl_gate_answer *answer)
{
    struct gate_source source = {.by = note->by, .how = "inbox"};
    char text[200];

    notes_record(gate, note, &(struct note_fate){0});
    if (question == gate->first && gate->is_shown) {
        snprintf(text, sizeof(text), "%s has answered from elsewhere: %s", note->by,
                 answer->text != NULL ? answer->text : bl_gate_result_name(answer->result));
        bl_terminal_leave(gate->terminal, text);
    }
    gate_settle(gate, question, answer, &source);
}

static void notes_answer(struct bl_gate *gate, const struct bl_note *note)
{
    bool is_rejection = strcmp(bl_map_text(note->data, "does", ""), "reject") == 0;
    struct bl_gate_answer answer = {0};
    struct bl_error err = {0};
    struct question *question = notes_find(gate, note, &err);
    enum bl_code code;

    if (question == NULL) {
        notes_refuse(gate, note, err.message);
        return;
    }
    if (expiry_is_over(gate, question)) {
        notes_refuse(gate, note, "its time was over");
        return;
    }
    if (!is_rejection && question->approvals > 0 &&
        bl_map_get(note->data, "signature") != NULL) {
        approvals_check(gate, note);
        return;
    }
    code = is_rejection ? notes_reject(question, &answer, &err)
                        : notes_approve(question, note, &answer, &err);
    if (is_rejection)
        answer.reason = bl_map_text(note->data, "reason", NULL);
    if (code == BL_OK)
        notes_give(gate, question, note, &answer);
    else
        notes_refuse(gate, note, err.message);
}

static void notes_abort(struct bl_gate *gate, const struct bl_note *note)
{
    if (gate->settings.on_abort == NULL) {
        notes_refuse(gate, note, "this run cannot be ended from elsewhere");
        return;
    }
    notes_record(gate, note, &(struct note_fate){0});
    gate->settings.on_abort(gate->settings.arg, note->by,
                            bl_map_text(note->data, "reason", NULL));
}

void gate_note(void *context, const struct bl_note *note)
{
    struct bl_gate *gate = context;
    const char *does = bl_map_text(note->data, "does", "");

    if (note->data == NULL)
        notes_refuse(gate, note, note->why);
    else if (strcmp(bl_map_text(note->data, "run", ""), bl_journal_run(gate->journal)) != 0)
        notes_refuse(gate, note, "it is for another run");
    else if (strcmp(does, "abort") == 0)
        notes_abort(gate, note);
    else if (strcmp(does, "approve") == 0 || strcmp(does, "reject") == 0)
        notes_answer(gate, note);
    else
        notes_refuse(gate, note, "it does not say what it does");
}
