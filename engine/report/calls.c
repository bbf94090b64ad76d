/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* calls.c: calls and questions of a run for people: changes with their outcome, what failed,
 * what was asked. */
#include "report/say.h"
#include "report/terminal.h"

void terminal_keep_asked(struct terminal *terminal, const struct bl_value *data)
{
    bl_free(terminal->asked);
    terminal->asked = bl_strdup(bl_map_text(data, "question", NULL));
}

bool terminal_is_asked(const struct terminal *terminal, const struct bl_value *data)
{
    const char *question = bl_map_text(data, "question", bl_map_text(data, "name", NULL));

    return question != NULL && terminal->asked != NULL &&
           strcmp(question, terminal->asked) == 0;
}

void terminal_intent(struct terminal *terminal, const struct bl_event *event)
{
    struct terminal_intent *intent;
    struct bl_buf text;

    terminal->intents = bl_realloc(terminal->intents,
                                   (terminal->intent_count + 1) * sizeof(*terminal->intents));
    intent = &terminal->intents[terminal->intent_count++];
    bl_buf_init(&text, 0);
    say_change(&text, event->data);
    intent->n = bl_map_int(event->data, "n", 0);
    intent->step = bl_strdup(bl_map_text(event->data, "step", ""));
    intent->text = bl_buf_take(&text, NULL);
}

/* A failed call: its line says less when its step fails by it. Takes text and brief. */
static void calls_add_failure(struct terminal *terminal, const char *path,
                              struct block_item *item, const char *error)
{
    struct block *step = terminal_find_step(terminal, path);

    item->error = bl_strdup(error);
    if (step != NULL) {
        block_add_failure(&terminal->paper, step, item);
        return;
    }
    block_write_item(&terminal->paper, item, 0);
    block_item_release(item);
}

static void calls_write_outcome(struct terminal *terminal, const struct terminal_intent *intent,
                                const struct bl_value *data)
{
    const char *status = bl_map_text(data, "status", "failed");
    const char *message = bl_map_text(bl_map_get(data, "error"), "message", "no reason");
    bool is_unknown = strcmp(status, "unknown") == 0;
    struct block_item item = {.mark = MARK_FAIL};
    struct bl_buf text;

    bl_buf_init(&text, 0);
    bl_buf_text_add(&text, intent->text);
    if (strcmp(status, "answered") == 0) {
        terminal_add_at(terminal, intent->step, MARK_CHANGE, &text);
    } else {
        bl_buf_text_add(&text, is_unknown ? ": IN DOUBT" : ": failed");
        item.brief = bl_strdup(bl_buf_text(&text));
        bl_buf_printf(&text, ": %s", message);
        item.text = bl_buf_take(&text, NULL);
        calls_add_failure(terminal, intent->step, &item, message);
    }
    bl_buf_release(&text);
}

void terminal_refused(struct terminal *terminal, const struct bl_event *event)
{
    const char *why = bl_map_text(event->data, "why", "");
    struct block_item item = {.mark = MARK_FAIL};
    struct bl_buf text;

    bl_buf_init(&text, 0);
    bl_buf_text_add(&text, "refused ");
    say_change(&text, event->data);
    item.brief = bl_strdup(bl_buf_text(&text));
    bl_buf_printf(&text, ": %s", why);
    item.text = bl_buf_take(&text, NULL);
    calls_add_failure(terminal, bl_map_text(event->data, "step", ""), &item, why);
    bl_buf_release(&text);
}

static void calls_forget(struct terminal *terminal, struct terminal_intent *intent)
{
    bl_free(intent->text);
    bl_free(intent->step);
    *intent = terminal->intents[--terminal->intent_count];
}

void terminal_doubt_ended(struct terminal *terminal, const struct bl_event *event)
{
    const char *verdict = bl_map_text(event->data, "verdict", "");
    int64_t n = bl_map_int(event->data, "n", 0);

    if (strcmp(verdict, "done") != 0 && strcmp(verdict, "not done") != 0)
        return;
    for (size_t i = 0; i < terminal->intent_count; i++) {
        if (terminal->intents[i].n == n) {
            calls_forget(terminal, &terminal->intents[i]);
            return;
        }
    }
}

void terminal_outcome(struct terminal *terminal, const struct bl_event *event)
{
    int64_t n = bl_map_int(event->data, "n", 0);

    for (size_t i = 0; i < terminal->intent_count; i++) {
        struct terminal_intent *intent = &terminal->intents[i];

        if (intent->n != n)
            continue;
        calls_write_outcome(terminal, intent, event->data);
        calls_forget(terminal, intent);
        return;
    }
}

void terminal_observe(struct terminal *terminal, const struct bl_event *event)
{
    const char *message = bl_map_text(bl_map_get(event->data, "error"), "message", NULL);
    const char *target = bl_map_text(event->data, "target", "");
    const char *summary = bl_map_text(event->data, "summary", "");
    struct block_item item = {.mark = MARK_INFO};
    struct bl_buf text;

    if (message == NULL || bl_map_get(event->data, "assumed") != NULL)
        return;
    bl_buf_init(&text, 0);
    if (strstr(message, target) == NULL) /* else the message says itself what it is about */
        bl_buf_printf(&text, "%s: %s: ", target, summary);
    bl_buf_text_add(&text, message);
    item.text = bl_buf_take(&text, NULL);
    calls_add_failure(terminal, bl_map_text(event->data, "step", ""), &item, message);
}
