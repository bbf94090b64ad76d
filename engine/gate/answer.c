/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* answer.c: what a line means as the answer to a question. */
#include "base/prefix.h"

#include "gate/answer.h"

#include "base/text.h"

#define SKIP "skip"

static bool answer_is_kind(const struct bl_value *question, const char *kind)
{
    return strcmp(bl_map_text(question, "kind", ""), kind) == 0;
}

size_t answer_count(const struct bl_value *question)
{
    return bl_value_count(bl_map_get(question, "options")) + answer_is_kind(question, "choose");
}

bool answer_is_text(const char *line, size_t len)
{
    if (len >= ANSWER_MAX || !bl_utf8_is_valid(line, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            return false;
    }
    return true;
}

bool answer_wants_reason(const struct bl_value *question, const struct bl_gate_answer *answer)
{
    return answer->result == BL_GATE_YES && answer_is_kind(question, "failed") &&
           answer->text != NULL && strcmp(answer->text, SKIP) == 0 &&
           (answer->reason == NULL || *answer->reason == '\0');
}

/* "skip: REASON": the option and its reason on one line. */
static bool answer_read_skip(const struct bl_value *question, const char *line,
                             struct bl_gate_answer *answer)
{
    if (!answer_is_kind(question, "failed") || strncasecmp(line, SKIP ":", sizeof(SKIP)) != 0)
        return false;
    answer->result = BL_GATE_YES;
    answer->text = SKIP;
    answer->reason = line + sizeof(SKIP) + strspn(line + sizeof(SKIP), " ");
    return true;
}

/* A number from 1 to count; 0 when it is none. */
static size_t answer_number(const char *line, size_t count)
{
    char *end;
    long number = strtol(line, &end, 10);

    return end != line && *end == '\0' && number >= 1 && (size_t)number <= count
               ? (size_t)number
               : 0;
}

static enum bl_code answer_read_option(const struct bl_value *question, const char *line,
                                       struct bl_gate_answer *answer, struct bl_error *err)
{
    const struct bl_value *options = bl_map_get(question, "options");
    size_t all = answer_count(question), at = answer_number(line, all);

    if (answer_read_skip(question, line, answer))
        return BL_OK;
    for (size_t i = 0; at == 0 && i < all; i++) {
        const char *title = i < bl_value_count(options)
                                ? bl_value_as_text(bl_list_get(options, i))
                                : ANSWER_NONE;
        if (strcasecmp(title, line) == 0)
            at = i + 1;
    }
    if (at == 0)
        return bl_fail(err, BL_E_ARG, "Please give the number of one of these.");
    answer->result = BL_GATE_YES;
    answer->text =
        at <= bl_value_count(options) ? bl_value_as_text(bl_list_get(options, at - 1)) : NULL;
    return BL_OK;
}

static enum bl_code answer_read_input(const struct bl_gate_request *request, const char *line,
                                      struct bl_gate_answer *answer, struct bl_error *err)
{
    const char *normal = bl_map_text(request->question, "default", NULL);

    if (*line == '\0' && normal != NULL)
        line = normal;
    if (request->accept != NULL && request->accept(request->owner, line, err) != BL_OK)
        return err->code;
    answer->result = BL_GATE_YES;
    answer->text = line;
    return BL_OK;
}

static enum bl_code answer_read_word(const char *line, struct bl_gate_answer *answer,
                                     struct bl_error *err)
{
    if (strcasecmp(line, "yes") == 0 || strcasecmp(line, "y") == 0)
        answer->result = BL_GATE_YES;
    else if (strcasecmp(line, "no") == 0 || strcasecmp(line, "n") == 0)
        answer->result = BL_GATE_NO;
    else
        return bl_fail(err, BL_E_ARG, "Please type yes or no.");
    return BL_OK;
}

enum bl_code answer_read(const struct bl_gate_request *request, const char *line,
                         struct bl_gate_answer *answer, struct bl_error *err)
{
    const struct bl_value *question = request->question;
    const char *typed = bl_map_text(question, "typed", NULL);

    memset(answer, 0, sizeof(*answer));
    if (typed != NULL) {
        answer->result = strcmp(line, typed) == 0 ? BL_GATE_YES : BL_GATE_NO;
        return BL_OK;
    }
    if (bl_map_get(question, "options") != NULL)
        return answer_read_option(question, line, answer, err);
    if (bl_map_get(question, "input") != NULL)
        return answer_read_input(request, line, answer, err);
    return answer_read_word(line, answer, err);
}
