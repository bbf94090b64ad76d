/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* say.c: events as one line of text each. */
#include "report/say.h"

#include "base/measure.h"
#include "base/text.h"

void say_change(struct bl_buf *text, const struct bl_value *data)
{
    bl_buf_printf(text, "%s %s: %s", bl_map_text(data, "class", "change"),
                  bl_map_text(data, "target", ""), bl_map_text(data, "summary", ""));
}

void say_measure(struct bl_buf *text, const struct bl_value *data)
{
    const char *value;

    bl_measure_format(text, bl_map_get(data, "value"), bl_map_text(data, "unit", NULL));
    while (text->len > 0 && strchr(" \t\r\n", text->data[text->len - 1]) != NULL)
        text->data[--text->len] = '\0';
    value = bl_buf_text(text);
    for (size_t i = 0; i < text->len; i++) {
        if (strchr("\t\r\n", value[i]) != NULL)
            text->data[i] = ' ';
    }
}

/* What is known of a change whose outcome nobody has heard. */
static bool say_doubt(struct bl_buf *text, const struct bl_event *event, enum paper_mark *mark)
{
    const struct bl_value *data = event->data;
    const char *verdict = bl_map_text(data, "verdict", "");
    bool is_known = strcmp(verdict, "done") == 0 || strcmp(verdict, "not done") == 0;

    if (strcmp(event->kind, "resolved") != 0 && strcmp(event->kind, "doubt_ended") != 0)
        return false;
    *mark = MARK_WARN;
    bl_buf_printf(text, "in doubt #%lld", (long long)bl_map_int(data, "n", 0));
    if (bl_map_get(data, "summary") != NULL)
        bl_buf_printf(text, " %s: %s", bl_map_text(data, "target", ""),
                      bl_map_text(data, "summary", ""));
    bl_buf_printf(text, ": %s: %s", is_known ? verdict : "nobody knows",
                  bl_map_text(data, "how", ""));
    return true;
}

/* What came by the inbox and did not count, and that somebody ended the run from elsewhere. */
static bool say_note(struct bl_buf *text, const struct bl_event *event, enum paper_mark *mark)
{
    const struct bl_value *data = event->data;
    const char *why = bl_map_text(data, "why", NULL),
               *does = bl_map_text(data, "does", "answer");

    if (strcmp(event->kind, "approval") != 0)
        return false;
    if (why == NULL && strcmp(does, "abort") != 0)
        return false; /* the answer itself says who gave it */
    *mark = MARK_WARN;
    bl_buf_printf(text, "%s by %s", does, bl_map_text(data, "by", "somebody"));
    if (bl_map_get(data, "gate") != NULL)
        bl_buf_printf(text, " at gate %lld", (long long)bl_map_int(data, "gate", 0));
    if (why != NULL)
        bl_buf_printf(text, " refused: %s", why);
    return true;
}

bool say_event(struct bl_buf *text, const struct bl_event *event, enum paper_mark *mark)
{
    const struct bl_value *data = event->data;

    *mark = MARK_INFO;
    if (strcmp(event->kind, "planned") == 0) {
        *mark = MARK_PLANNED;
        bl_buf_printf(text, "planned #%lld ", (long long)bl_map_int(data, "n", 0));
        say_change(text, data);
        if (bl_map_text(data, "undo", NULL) != NULL)
            bl_buf_printf(text, " (undo: %s)", bl_map_text(data, "undo", ""));
    } else if (strcmp(event->kind, "decision") == 0) {
        bl_buf_printf(text, "%s ", bl_map_text(data, "question", ""));
        bl_measure_format(text, bl_map_get(data, "answer"), NULL);
    } else if (strcmp(event->kind, "gate_assumed") == 0) {
        *mark = MARK_ASSUMED;
        bl_buf_printf(text, "%s ", bl_map_text(data, "question", ""));
        if (bl_map_get(data, "answer") != NULL)
            bl_measure_format(text, bl_map_get(data, "answer"), NULL);
        else
            bl_buf_text_add(text, "no answer");
        bl_buf_text_add(text, " (assumed)");
    } else if (strcmp(event->kind, "notice") == 0) {
        *mark = MARK_WARN;
        bl_buf_text_add(text, bl_map_text(data, "text", ""));
    } else if (strcmp(event->kind, "note") == 0) {
        bl_buf_text_add(text, bl_map_text(data, "text", ""));
    } else if (strcmp(event->kind, "evidence") == 0) {
        bl_buf_printf(text, "%s: ", bl_map_text(data, "name", ""));
        bl_measure_format(text, bl_map_get(data, "value"), NULL);
    } else if (strcmp(event->kind, "done") == 0) {
        *mark = MARK_PASS;
        bl_buf_printf(text, "done: %s", bl_map_text(data, "text", ""));
    } else if (strcmp(event->kind, "recalled") == 0) {
        *mark = MARK_PASS;
        bl_buf_printf(text, "was done before: %s: %s", bl_map_text(data, "target", ""),
                      bl_map_text(data, "summary", ""));
    } else {
        return say_doubt(text, event, mark) || say_note(text, event, mark);
    }
    return true;
}

enum paper_mark say_wait(struct bl_buf *text, const struct bl_value *data)
{
    const char *status = bl_map_text(data, "status", "ok");
    long long tries = (long long)bl_map_int(data, "tries", 0);
    char time[40];

    bl_format_duration(time, sizeof(time), bl_map_int(data, "millis", 0));
    bl_buf_printf(text, "waited for %s: ", bl_map_text(data, "what", ""));
    if (strcmp(status, "assumed") == 0) {
        bl_buf_text_add(text, "assumed");
        return MARK_ASSUMED;
    }
    if (strcmp(status, "timeout") == 0)
        bl_buf_text_add(text, "timed out after ");
    else if (strcmp(status, "ok") != 0)
        bl_buf_printf(text, "%s after ", status);
    bl_buf_printf(text, "%s, %lld %s", time, tries, tries == 1 ? "try" : "tries");
    return strcmp(status, "ok") == 0 ? MARK_PASS : MARK_FAIL;
}

void say_wanted(struct bl_buf *text, const struct bl_value *data)
{
    const struct bl_value *facts = bl_map_get(data, "facts");

    bl_buf_printf(text, "waits for: belay approve %s %lld --key KEY (until %.16s UTC)",
                  bl_map_text(facts, "run", ""), (long long)bl_map_int(data, "gate", 0),
                  bl_map_text(facts, "expires", ""));
}

void say_answer(struct bl_buf *text, const struct bl_value *data)
{
    const char *answer = bl_map_text(data, "answer", "unanswered");
    const char *by = bl_map_text(data, "by", ""), *how = bl_map_text(data, "how", "");
    bool is_answered = strcmp(answer, "unanswered") != 0;

    if (!is_answered)
        bl_buf_text_add(text, "nobody answered");
    else if (bl_map_get(data, "value") != NULL)
        bl_measure_format(text, bl_map_get(data, "value"), NULL);
    else
        bl_buf_text_add(text, answer);
    if (*bl_map_text(data, "reason", "") != '\0')
        bl_buf_printf(text, ": %s", bl_map_text(data, "reason", ""));
    if (is_answered && *by != '\0')
        bl_buf_printf(text, ", says %s", by);
    if (*how != '\0')
        bl_buf_printf(text, " (%s)", how);
}

enum paper_mark say_step(const char *status, enum paper_mark worst, const char **word)
{
    static const struct {
        const char *status, *word;
        enum paper_mark mark;
    } all[] = {
        {"failed", "failed", MARK_FAIL},
        {"skipped", "skipped", MARK_SKIP},
        {"refused", "refused", MARK_FAIL},
        {"waiting", "waits at its gate", MARK_ASK},
        {"cancelled", "cancelled", MARK_FAIL},
        {"assumed", "assumed", MARK_ASSUMED},
        {"rejected", "a person said no", MARK_FAIL},
    };

    for (size_t i = 0; i < BL_COUNT(all); i++) {
        if (strcmp(all[i].status, status) == 0) {
            *word = all[i].word;
            return all[i].mark;
        }
    }
    *word = strcmp(status, "ok") == 0 ? "" : status;
    return strcmp(status, "ok") == 0 ? worst : MARK_FAIL;
}
