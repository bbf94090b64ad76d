/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* terminal.c: a run for people: each step with its checks beneath it, as it happens. */
#include "report/terminal.h"
#include "report/say.h"

#include "base/json.h"
#include "base/measure.h"
#include "base/text.h"

#define TERMINAL_VALUE 200 /* bytes of a value that are shown */

static struct bl_reporter *terminal_open(const struct bl_report_options *options)
{
    struct terminal *terminal = bl_alloc(sizeof(*terminal));

    paper_init(&terminal->paper, options);
    bl_buf_init(&terminal->past, 4000);
    terminal->journal = bl_strdup(options->journal);
    terminal->note = bl_strdup(options->note);
    return &terminal->base;
}

/* Takes the live line away and puts the paper out, once no question stands there. */
static void terminal_put(struct terminal *terminal)
{
    struct bl_buf *out = &terminal->paper.out, clear;

    if (terminal->gates_open > 0)
        return;
    if (terminal->is_line_live && out->len > 0) {
        bl_buf_init(&clear, 0);
        bl_buf_text_add(&clear, "\r\x1b[K");
        bl_reporter_write(&terminal->base, &clear);
        bl_buf_release(&clear);
        terminal->is_line_live = false;
    }
    bl_reporter_write(&terminal->base, out);
}

struct block *terminal_find_step(struct terminal *terminal, const char *path)
{
    for (size_t i = terminal->step_count; i > 0; i--) {
        if (strcmp(terminal->steps[i - 1].path, path) == 0)
            return &terminal->steps[i - 1];
    }
    return NULL;
}

/* The innermost step around a path. */
static struct block *terminal_find_parent(struct terminal *terminal, const char *path)
{
    struct block *parent = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < terminal->step_count; i++) {
        size_t len = strlen(terminal->steps[i].path);
        if (len >= longest && strncmp(path, terminal->steps[i].path, len) == 0 &&
            strncmp(path + len, " / ", 3) == 0) {
            parent = &terminal->steps[i];
            longest = len;
        }
    }
    return parent;
}

/* Opens a step and all that it is in. */
static void terminal_open_step(struct terminal *terminal, struct block *step)
{
    struct block *parent;

    if (step == NULL || step->is_open)
        return;
    parent = terminal_find_parent(terminal, step->path);
    terminal_open_step(terminal, parent);
    block_open(&terminal->paper, step);
}

void terminal_add_at(struct terminal *terminal, const char *path, enum paper_mark mark,
                     struct bl_buf *text)
{
    struct block *step = terminal_find_step(terminal, path == NULL ? "" : path);
    struct block_item *item;

    if (step == NULL || step->is_open) {
        struct block_item now = {.mark = mark, .text = bl_buf_take(text, NULL)};
        if (step != NULL)
            block_write_held(&terminal->paper, step);
        block_write_item(&terminal->paper, &now, step == NULL ? 0 : block_indent(step));
        block_item_release(&now);
        return;
    }
    item = block_add(step, NULL);
    item->mark = mark;
    item->text = bl_buf_take(text, NULL);
}

static void terminal_add(struct terminal *terminal, const struct bl_value *data,
                         enum paper_mark mark, struct bl_buf *text)
{
    terminal_add_at(terminal, bl_map_text(data, "step", ""), mark, text);
}

static void terminal_say_no_undo(struct terminal *terminal, const struct bl_value *data)
{
    struct bl_buf text;

    bl_buf_init(&text, 0);
    bl_buf_text_add(&text, "cannot be undone");
    terminal_add(terminal, data, MARK_WARN, &text);
    bl_buf_release(&text);
}

static void terminal_step_started(struct terminal *terminal, const struct bl_event *event)
{
    const char *path = bl_map_text(event->data, "step", "");
    struct block *parent = terminal_find_parent(terminal, path), *step;
    int depth = parent == NULL ? 0 : parent->depth + 1;

    terminal_open_step(terminal, parent);
    terminal->steps =
        bl_realloc(terminal->steps, (terminal->step_count + 1) * sizeof(*terminal->steps));
    step = &terminal->steps[terminal->step_count++];
    memset(step, 0, sizeof(*step));
    step->path = bl_strdup(path);
    step->title = bl_strdup(bl_map_text(event->data, "title", path));
    step->why = bl_strdup(bl_map_text(event->data, "why", NULL));
    step->depth = depth;
    step->worst = MARK_PASS;
    if (strcmp(bl_map_text(event->data, "undo", ""), "none") == 0)
        terminal_say_no_undo(terminal, event->data);
}

/* True when a step inside of this one failed with the same words. */
static bool terminal_is_said(const struct terminal *terminal, const char *step,
                             const char *message)
{
    const struct terminal_failure *last;
    size_t len = strlen(step);

    if (terminal->failure_count == 0)
        return false;
    last = &terminal->failures[terminal->failure_count - 1];
    return strcmp(last->message, message) == 0 && strncmp(last->step, step, len) == 0 &&
           last->step[len] == ' ';
}

static void terminal_step_failed(struct terminal *terminal, struct block *step,
                                 const struct bl_value *data, enum paper_mark mark)
{
    const char *message = bl_map_text(bl_map_get(data, "error"), "message", NULL);
    struct bl_buf text;

    if (message == NULL)
        return;
    block_settle(step, message);
    bl_buf_init(&text, 0);
    if (!terminal_is_said(terminal, step->path, message)) {
        bl_buf_text_add(&text, message);
        terminal_add(terminal, data, mark, &text);
        terminal_add_failure(terminal, step->path, message, mark);
    }
    if (step->why != NULL) {
        bl_buf_printf(&text, "why this step: %s", step->why);
        terminal_add(terminal, data, MARK_INFO, &text);
    }
    bl_buf_release(&text);
}

static void terminal_step_ended(struct terminal *terminal, const struct bl_event *event)
{
    struct block *step = terminal_find_step(terminal, bl_map_text(event->data, "step", ""));
    enum paper_mark mark;
    const char *word;
    size_t at;

    if (step == NULL)
        return;
    mark = say_step(bl_map_text(event->data, "status", "ok"), step->worst, &word);
    if (step->depth == 0)
        terminal_keep_past(terminal, step->title, bl_map_text(event->data, "status", "ok"));
    terminal_step_failed(terminal, step, event->data, mark);
    block_close(&terminal->paper, step, mark, word, bl_map_int(event->data, "millis", 0));
    at = (size_t)(step - terminal->steps);
    block_release(step);
    memmove(step, step + 1, (terminal->step_count - at - 1) * sizeof(*step));
    terminal->step_count--;
}

/* What a reader of a dry run wants to know of a change: all of the call, its reach, its reason.
 */
static void terminal_planned(struct terminal *terminal, const struct bl_event *event)
{
    const struct bl_value *data = event->data;
    static const char *const fields[] = {"reason", "affects", "why"};
    const char *detail = bl_map_text(data, "detail", ""), *summary;
    enum paper_mark mark;
    struct bl_buf text;

    bl_buf_init(&text, 0);
    say_event(&text, event, &mark);
    terminal_add(terminal, data, mark, &text);
    summary = bl_map_text(data, "summary", "");
    if (strncmp(detail, summary, strlen(summary)) == 0 &&
        strchr("\n", detail[strlen(summary)]) != NULL)
        detail += strlen(summary);
    for (detail += strspn(detail, "\n"); *detail != '\0'; detail += strspn(detail, "\n")) {
        size_t len = strcspn(detail, "\n");
        bl_buf_add(&text, detail, len);
        terminal_add(terminal, data, MARK_INFO, &text);
        detail += len;
    }
    for (size_t i = 0; i < BL_COUNT(fields); i++) {
        const char *field = bl_map_text(data, fields[i], NULL);
        if (field == NULL)
            continue;
        bl_buf_printf(&text, "%s: %s", fields[i], field);
        terminal_add(terminal, data, MARK_INFO, &text);
    }
    bl_buf_release(&text);
}

static enum paper_mark terminal_verdict(const struct bl_value *data)
{
    const char *verdict = bl_map_text(data, "verdict", "pass");

    if (bl_map_get(data, "assumed") != NULL)
        return MARK_ASSUMED;
    return strcmp(verdict, "fail") == 0   ? MARK_FAIL
           : strcmp(verdict, "warn") == 0 ? MARK_WARN
                                          : MARK_PASS;
}

static void terminal_add_assumed(struct bl_buf *text, const struct bl_value *data)
{
    if (bl_map_get(data, "assumed") != NULL)
        bl_buf_printf(text, "%sassumed: follows planned #%lld", text->len > 0 ? ", " : "",
                      (long long)bl_map_int(data, "assumed", 0));
}

static void terminal_keep_worst(struct block *step)
{
    step->worst = MARK_PASS;
    for (size_t i = 0; i < step->count; i++) {
        enum paper_mark mark = step->items[i].mark;
        if (step->items[i].name != NULL &&
            (mark == MARK_FAIL || (mark == MARK_WARN && step->worst == MARK_PASS)))
            step->worst = mark;
    }
}

static void terminal_check(struct terminal *terminal, const struct bl_event *event)
{
    const char *path = bl_map_text(event->data, "step", "");
    const char *name = bl_map_text(event->data, "name", "");
    struct terminal_check *check = terminal_find_check(terminal, path, name);
    struct block *step = terminal_find_step(terminal, path);
    struct block alone = {.is_open = true};
    struct block_item *item = block_add(step == NULL ? &alone : step, name);
    struct bl_buf text;

    item->mark = terminal_verdict(event->data);
    bl_buf_init(&text, TERMINAL_VALUE);
    if (item->mark == MARK_ASSUMED)
        bl_buf_text_add(&text, "-");
    else
        say_measure(&text, event->data);
    item->value = bl_buf_take(&text, NULL);
    if (item->mark == MARK_FAIL || item->mark == MARK_WARN)
        bl_buf_text_add(&text, item->mark == MARK_FAIL ? "FAIL: " : "WARN: ");
    bl_buf_text_add(&text, bl_map_text(event->data, "limit", ""));
    terminal_add_assumed(&text, event->data);
    item->text = bl_buf_take(&text, NULL);
    check->mark = item->mark;
    bl_buf_printf(&text, "%s: %s, %s", name, item->value,
                  bl_map_text(event->data, "limit", ""));
    check->text = bl_buf_take(&text, NULL);
    if (step != NULL)
        block_write_held(&terminal->paper, step);
    if (step == NULL || step->is_open)
        block_write_item(&terminal->paper, item, step == NULL ? 0 : block_indent(step));
    if (step != NULL)
        terminal_keep_worst(step);
    block_release(&alone);
}

static void terminal_wait_ended(struct terminal *terminal, const struct bl_event *event)
{
    struct bl_buf text;
    enum paper_mark mark;

    bl_buf_init(&text, 0);
    mark = say_wait(&text, event->data);
    terminal_add(terminal, event->data, mark, &text);
    bl_buf_release(&text);
}

/* What a person is about to see must stand above the question, which the gate itself shows. */
static void terminal_gate_opened(struct terminal *terminal, const struct bl_event *event)
{
    const struct bl_value *facts = bl_map_get(event->data, "facts");
    struct bl_buf text;

    terminal_open_step(terminal,
                       terminal_find_step(terminal, bl_map_text(event->data, "step", "")));
    if (bl_map_bool(facts, "alone", false)) { /* no gate will show it: nobody is there */
        bl_buf_init(&text, 0);
        say_wanted(&text, event->data);
        terminal_add(terminal, event->data, MARK_ASK, &text);
        bl_buf_release(&text);
    } else {
        terminal->gates_open++;
    }
    terminal_put(terminal);
}

/* What happened meanwhile comes out between this question and the next. */
static void terminal_gate_answered(struct terminal *terminal, const struct bl_event *event)
{
    const char *question = bl_map_text(event->data, "question", "");
    int others = terminal->gates_open - 1;
    struct bl_buf text;

    terminal_keep_asked(terminal, event->data);
    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "%s%s", question, *question != '\0' ? " " : "");
    say_answer(&text, event->data);
    terminal_add(terminal, event->data, MARK_ASK, &text);
    bl_buf_release(&text);
    terminal->gates_open = 0;
    terminal_put(terminal);
    terminal->gates_open = others > 0 ? others : 0;
}

/* Steps that the end of the run cut off, the innermost first. */
void terminal_cut_steps(struct terminal *terminal)
{
    while (terminal->step_count > 0) {
        struct block *step = &terminal->steps[--terminal->step_count];
        block_close(&terminal->paper, step, MARK_FAIL, "did not end", 0);
        block_release(step);
    }
}

static void terminal_run_ended(struct terminal *terminal, const struct bl_event *event)
{
    terminal_cut_steps(terminal);
    terminal_write_summary(terminal, event->data);
    terminal->is_ended = true;
    terminal->gates_open = 0;
}

static void terminal_step_again(struct terminal *terminal, const struct bl_event *event)
{
    const char *path = bl_map_text(event->data, "step", ""), *title = path, *slash;
    struct bl_value *data;
    struct bl_event begun = *event;
    struct bl_buf text;

    while ((slash = strstr(title, " / ")) != NULL)
        title = slash + 3;
    if (terminal_find_step(terminal, path) == NULL) {
        data = bl_map_new();
        bl_map_set(data, "step", bl_value_text(path));
        bl_map_set(data, "title", bl_value_text(title));
        begun.data = data;
        terminal_step_started(terminal, &begun);
        bl_value_unref(data);
    }
    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "begins again, attempt %lld",
                  (long long)bl_map_int(event->data, "attempt", 2));
    terminal_add(terminal, event->data, MARK_INFO, &text);
    bl_buf_release(&text);
}

static const struct {
    const char *kind;
    void (*write)(struct terminal *terminal, const struct bl_event *event);
} terminal_kinds[] = {
    {"run_started", terminal_run_started}, {"step_started", terminal_step_started},
    {"step_ended", terminal_step_ended},   {"check", terminal_check},
    {"observe", terminal_observe},         {"intent", terminal_intent},
    {"outcome", terminal_outcome},         {"wait_ended", terminal_wait_ended},
    {"gate_opened", terminal_gate_opened}, {"gate_answered", terminal_gate_answered},
    {"planned", terminal_planned},         {"refused", terminal_refused},
    {"run_ended", terminal_run_ended},     {"run_resumed", terminal_run_resumed},
    {"step_again", terminal_step_again},
};

static void terminal_event(struct bl_reporter *reporter, const struct bl_event *event)
{
    struct terminal *terminal = (struct terminal *)reporter;
    enum paper_mark mark;
    struct bl_buf text;

    for (size_t i = 0; i < BL_COUNT(terminal_kinds); i++) {
        if (strcmp(terminal_kinds[i].kind, event->kind) == 0) {
            terminal_kinds[i].write(terminal, event);
            terminal_put(terminal);
            return;
        }
    }
    if (strcmp(event->kind, "gate_assumed") == 0)
        terminal_keep_asked(terminal, event->data);
    else if (terminal_is_asked(terminal, event->data))
        return;
    if (strcmp(event->kind, "resolved") == 0 || strcmp(event->kind, "doubt_ended") == 0)
        terminal_doubt_ended(terminal, event);
    bl_buf_init(&text, 2000);
    if (say_event(&text, event, &mark)) {
        terminal_add(terminal, event->data, mark, &text);
        terminal_put(terminal);
    }
    bl_buf_release(&text);
}

static void terminal_waiting(struct bl_reporter *reporter, const char *text, int64_t elapsed_ms)
{
    struct terminal *terminal = (struct terminal *)reporter;
    struct paper *paper = &terminal->paper;
    struct bl_buf line;
    char time[40];

    if (!paper->live || (text == NULL && !terminal->is_line_live) ||
        (text != NULL && terminal->gates_open > 0))
        return;
    bl_buf_init(&line, 0);
    bl_buf_text_add(&line, "\r\x1b[K");
    if (text != NULL) {
        bl_format_duration(time, sizeof(time), elapsed_ms);
        paper_write_live(paper, &line, text, time);
    }
    terminal->is_line_live = text != NULL;
    bl_reporter_write(reporter, &line);
    bl_buf_release(&line);
}

static void terminal_close(struct bl_reporter *reporter)
{
    struct terminal *terminal = (struct terminal *)reporter;

    terminal_waiting(reporter, NULL, 0);
    terminal->gates_open = 0;
    if (terminal->run != NULL && !terminal->is_ended) {
        terminal_cut_steps(terminal);
        terminal_write_cut(terminal);
        terminal_put(terminal);
    }
    for (size_t i = 0; i < terminal->intent_count; i++) {
        bl_free(terminal->intents[i].text);
        bl_free(terminal->intents[i].step);
    }
    terminal_release_results(terminal);
    bl_free(terminal->steps);
    bl_free(terminal->intents);
    bl_free(terminal->journal);
    bl_free(terminal->note);
    bl_free(terminal->asked);
    bl_buf_release(&terminal->past);
    bl_free(terminal->title);
    bl_free(terminal->place);
    bl_free(terminal->run);
    bl_free(terminal->world);
    paper_release(&terminal->paper);
    bl_free(terminal);
}

const struct bl_reporter_type bl_reporter_text = {
    .name = "text",
    .text = "For people: each step with its checks, a summary at the end.",
    .open = terminal_open,
    .event = terminal_event,
    .waiting = terminal_waiting,
    .close = terminal_close,
};
