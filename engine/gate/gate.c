/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* gate.c: questions in line, one shown at a time, each journaled before it is shown and after
 * it is answered. */
#include "base/prefix.h"

#include "gate/private.h"

#include "gate/answer.h"

#include <pwd.h>
#include <unistd.h>

const char *bl_gate_result_name(enum bl_gate_result result)
{
    static const char *const names[] = {"yes", "no", "unanswered"};

    return names[result];
}

struct bl_gate *bl_gate_new(struct bl_loop *loop, struct bl_journal *journal,
                            const struct bl_gate_settings *settings)
{
    struct bl_gate *gate = bl_alloc(sizeof(*gate));

    gate->loop = loop;
    gate->journal = journal;
    gate->settings = *settings;
    gate->end = &gate->first;
    gate->evidence = bl_list_new();
    gate->approvals = approvals_new(settings->signing);
    gate->settings.signing = NULL;
    return gate;
}

static void question_free(struct question *question)
{
    expiry_stop(question);
    bl_value_unref(question->map);
    bl_value_unref(question->opened);
    bl_value_unref(question->approved);
    bl_free(question);
}

void bl_gate_free(struct bl_gate *gate)
{
    struct question *next;

    if (gate == NULL)
        return;
    bl_inbox_close(gate->inbox);
    approvals_free(gate->approvals);
    bl_value_unref(gate->evidence);
    bl_terminal_close(gate->terminal);
    for (struct question *at = gate->first; at != NULL; at = next) {
        next = at->next;
        question_free(at);
    }
    bl_free(gate);
}

/* Before anybody can hear of a gate, but not while a replay holds what cannot be answered yet.
 * Without an inbox answers come from the terminal only, which is no reason not to run. */
static void gate_open_inbox(struct bl_gate *gate)
{
    struct bl_error err;

    if (gate->has_looked)
        return;
    gate->has_looked = true;
    gate->inbox = bl_inbox_open(gate->loop, gate->journal, gate_note, gate, &err);
}

/* Journals that it is open. Facts are what may be otherwise when it is asked again. */
void gate_open(struct bl_gate *gate, struct question *question, struct bl_value *take_data)
{
    gate_open_inbox(gate);
    question->approvals = (int)bl_map_int(question->map, "approvals", 0);
    question->approved = bl_list_new();
    expiry_start(gate, question);
    bl_map_set(take_data, "facts", facts_collect(gate, question));
    question->opened = bl_value_ref(take_data);
    bl_journal_append(gate->journal, "gate_opened", take_data);
    memcpy(question->hash, bl_journal_head(gate->journal), BL_HASH_TEXT);
}

struct question *gate_line_up(struct bl_gate *gate, const struct bl_gate_request *request)
{
    struct question *question = bl_alloc(sizeof(*question));

    question->request = *request;
    question->map = bl_value_ref(request->question);
    question->number = ++gate->count;
    *gate->end = question;
    gate->end = &question->next;
    return question;
}

struct bl_value *question_describe(const struct question *question)
{
    struct bl_value *data = bl_map_new();

    for (size_t i = 0; i < bl_value_count(question->map); i++)
        bl_map_set(data, bl_map_key(question->map, i),
                   bl_value_ref(bl_map_at(question->map, i)));
    bl_map_set(data, "gate", bl_value_int(question->number));
    return data;
}

int bl_gate_ask(struct bl_gate *gate, const struct bl_gate_request *request)
{
    struct question *question = gate_line_up(gate, request);

    gate_open(gate, question, question_describe(question));
    return question->number;
}

void bl_gate_interrupt(struct bl_gate *gate, const struct bl_gate_request *request)
{
    struct question *question = bl_alloc(sizeof(*question));

    if (gate->is_shown)
        bl_terminal_leave(gate->terminal, "This question is asked again later.");
    gate->is_shown = false;
    question->request = *request;
    question->map = bl_value_ref(request->question);
    question->next = gate->first;
    if (gate->first == NULL)
        gate->end = &question->next;
    gate->first = question;
    gate_open(gate, question, question_describe(question));
}

bool bl_gate_is_attended(const struct bl_gate *gate)
{
    return gate->settings.is_attended;
}

static void gate_unlink(struct bl_gate *gate, struct question *question)
{
    struct question **at = &gate->first;

    if (question == gate->first)
        gate->is_shown = false;
    while (*at != question)
        at = &(*at)->next;
    *at = question->next;
    if (*at == NULL)
        gate->end = at;
}

void gate_hand_over(struct bl_gate *gate, struct question *question,
                    const struct bl_gate_answer *answer)
{
    gate_unlink(gate, question);
    question->request.answered(question->request.owner, answer);
    question_free(question);
    bl_loop_wake(gate->loop); /* whoever waits for the loop has something to do now */
}

void gate_settle(struct bl_gate *gate, struct question *question,
                 const struct bl_gate_answer *answer, const struct gate_source *source)
{
    struct bl_value *data = bl_map_new();
    const struct passwd *user = getpwuid(getuid());

    bl_map_set(data, "gate", bl_value_int(question->number));
    bl_map_set(data, "answer", bl_value_text(bl_gate_result_name(answer->result)));
    bl_map_set(data, "question", bl_value_text(bl_map_text(question->map, "question", "")));
    bl_map_set(data, "step", bl_value_text(bl_map_text(question->map, "step", "")));
    if (answer->text != NULL)
        bl_map_set(data, "value", bl_value_text(answer->text));
    else if (answer->result == BL_GATE_YES && bl_map_get(question->map, "options") != NULL)
        bl_map_set(data, "value", bl_value_text(ANSWER_NONE));
    if (answer->reason != NULL)
        bl_map_set(data, "reason", bl_value_text(answer->reason));
    if (source->by != NULL)
        bl_map_set(data, "by", bl_value_text(source->by));
    else if (user != NULL && answer->result != BL_GATE_UNANSWERED)
        bl_map_set(data, "by", bl_value_text(user->pw_name));
    bl_map_set(data, "how", bl_value_text(source->how));
    if (gate->stamp != NULL)
        gate->stamp(gate->stamp_arg, data);
    bl_journal_append(gate->journal, "gate_answered", data);
    gate_hand_over(gate, question, answer);
}

static void gate_wait(struct bl_gate *gate, const struct question *question)
{
    struct bl_buf text;

    bl_buf_init(&text, 0);
    approvals_say(question, &text);
    bl_terminal_wait(gate->terminal, bl_buf_text(&text));
    bl_buf_release(&text);
}

void gate_advance(struct bl_gate *gate, struct question *question)
{
    bool is_shown = question == gate->first && gate->is_shown;
    bool wants_word = question->opened != NULL &&
                      bl_map_get(question->opened, "typed") != NULL && !question->is_word_given;
    struct gate_source source = {.how = "approvals"};
    struct bl_buf text;

    bl_buf_init(&text, 0);
    if (!approvals_are_complete(question) || wants_word) {
        approvals_say(question, &text);
        if (is_shown && wants_word)
            bl_terminal_remark(gate->terminal, bl_buf_text(&text));
        else if (is_shown)
            gate_wait(gate, question);
    } else {
        approvals_name(question, &text);
        source.by = bl_buf_text(&text);
        if (is_shown)
            bl_terminal_leave(gate->terminal, "It is approved.");
        gate_settle(gate, question, &(struct bl_gate_answer){.result = BL_GATE_YES}, &source);
    }
    bl_buf_release(&text);
}

static void gate_answered(void *context, const struct bl_gate_answer *answer, const char *how)
{
    struct bl_gate *gate = context;

    if (expiry_is_over(gate, gate->first))
        return;
    if (answer->result == BL_GATE_YES && gate->first->approvals > 0) {
        gate->first->is_word_given = true;
        gate_advance(gate, gate->first);
        return;
    }
    gate_settle(gate, gate->first, answer, &(struct gate_source){.how = how});
}

void bl_gate_withdraw(struct bl_gate *gate, const void *owner)
{
    struct question *next;

    for (struct question *at = gate->first; at != NULL; at = next) {
        next = at->next;
        if (at->request.owner != owner)
            continue;
        if (at->is_held)
            gate_hand_over(gate, at, &(struct bl_gate_answer){.result = BL_GATE_UNANSWERED});
        else if (at == gate->first && gate->is_shown)
            bl_terminal_withdraw(gate->terminal);
        else
            gate_settle(gate, at, &(struct bl_gate_answer){.result = BL_GATE_UNANSWERED},
                        &(struct gate_source){.how = "taken back"});
    }
}

/* A question that --yes may answer: whether a change may be made, and nothing else. */
static bool gate_says_yes(const struct bl_gate *gate, const struct question *question)
{
    const char *kind = bl_map_text(question->map, "kind", "");

    return gate->settings.yes && question->approvals == 0 &&
           (strcmp(kind, "confirm") == 0 || strcmp(kind, "operation") == 0) &&
           strcmp(bl_map_text(question->map, "class", ""), "change") == 0;
}

static void gate_pass_over(struct bl_gate *gate, enum bl_gate_result result, const char *how)
{
    gate_settle(gate, gate->first, &(struct bl_gate_answer){.result = result},
                &(struct gate_source){.how = how});
}

/* Nobody is here to answer. Where the approval of others is all that is wanted, it may come. */
static void gate_leave_open(struct bl_gate *gate, const char *why)
{
    struct question *question = gate->first;

    if (question->approvals > 0 && question->expires > 0 && gate->inbox != NULL &&
        bl_map_get(question->map, "typed") == NULL)
        question->is_standing = true;
    else
        gate_pass_over(gate, BL_GATE_UNANSWERED, why);
}

static void gate_show(struct bl_gate *gate)
{
    struct question *question = gate->first;
    struct bl_gate_request request = question->request;
    struct bl_error err;

    if (gate->terminal == NULL)
        gate->terminal = bl_terminal_open(gate->loop, &err);
    if (gate->terminal == NULL || bl_terminal_ready(gate->terminal, &err) != BL_OK) {
        gate_leave_open(gate, err.message);
        return;
    }
    gate->is_shown = true;
    request.question = question->opened;
    bl_terminal_ask(gate->terminal, question->number, &request, gate_answered, gate);
    if (question->approvals > 0 && bl_map_get(question->map, "typed") == NULL)
        gate_wait(gate, question);
}

bool bl_gate_turn(struct bl_gate *gate)
{
    const struct question *question;

    gate_open_inbox(gate);
    question = gate->first;
    if (question == NULL)
        return false;
    if (gate->is_shown || question->is_standing)
        return true;
    if (question->request.is_agreed != NULL && *question->request.is_agreed)
        gate_pass_over(gate, BL_GATE_YES, "agreed in this step");
    else if (gate_says_yes(gate, question))
        gate_pass_over(gate, BL_GATE_YES, "--yes");
    else if (!gate->settings.is_attended)
        gate_leave_open(gate, "nobody is there");
    else
        gate_show(gate);
    return gate->first != NULL && (gate->is_shown || gate->first->is_standing);
}
