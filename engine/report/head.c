/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* head.c: inside the terminal reporter: the lines that a run begins with, and those with which
 * it is taken up again. */
#include "base/json.h"
#include "report/terminal.h"

static void terminal_write_head(struct terminal *terminal)
{
    paper_wrap(&terminal->paper, PAPER_BOLD, terminal->title, 0, 2);
    paper_line(&terminal->paper);
    paper_wrap(&terminal->paper, PAPER_DIM, terminal->place, 0, 2);
    paper_line(&terminal->paper);
}

void terminal_run_started(struct terminal *terminal, const struct bl_event *event)
{
    struct paper *paper = &terminal->paper;
    const struct bl_value *params = bl_map_get(event->data, "params");
    const struct bl_value *given = bl_map_get(event->data, "given");
    const struct bl_value *trusted = bl_map_get(event->data, "trusted");
    struct bl_buf text;

    terminal->run = bl_strdup(bl_map_text(event->data, "run", ""));
    terminal->world = bl_strdup(bl_map_text(event->data, "world", "live"));
    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "%s in %s, run %s", bl_map_text(event->data, "procedure", ""),
                  bl_map_text(event->data, "environment", "no environment"), terminal->run);
    terminal->title = bl_strdup(bl_map_text(event->data, "title", ""));
    terminal->place = bl_strdup(bl_buf_text(&text));
    terminal_write_head(terminal);
    bl_buf_reset(&text);
    for (size_t i = 0; i < bl_value_count(given); i++) { /* defaults are in the journal */
        const char *name = bl_value_as_text(bl_list_get(given, i));
        bl_buf_printf(&text, "%s%s=", i == 0 ? "with " : ", ", name);
        bl_json_write(&text, bl_map_get(params, name), BL_JSON_PLAIN);
    }
    if (text.len > 0) {
        paper_wrap(paper, PAPER_DIM, bl_buf_text(&text), 0, 2);
        paper_line(paper);
    }
    for (size_t i = 0; i < bl_value_count(trusted); i++) {
        bl_buf_reset(&text);
        bl_buf_printf(&text, "by its environment: %s",
                      bl_value_as_text(bl_list_get(trusted, i)));
        paper_wrap(paper, PAPER_DIM, bl_buf_text(&text), 0, 2);
        paper_line(paper);
    }
    if (strcmp(terminal->world, "live") != 0) {
        bl_buf_reset(&text);
        bl_buf_printf(&text, "%s: %s", terminal->world,
                      strcmp(terminal->world, "dry") == 0 ? "changes are planned and never sent"
                                                          : "nothing outside is touched");
        paper_wrap(paper, PAPER_WARN, bl_buf_text(&text), 0, 2);
        paper_line(paper);
    }
    bl_buf_release(&text);
    if (terminal->note != NULL) {
        paper_wrap(paper, PAPER_DIM, terminal->note, 0, 2);
        paper_line(paper);
    }
    paper_line(paper);
}

/* A step that is done will not be shown again. */
void terminal_keep_past(struct terminal *terminal, const char *title, const char *status)
{
    bool is_skipped = strcmp(status, "skipped") == 0;

    if (strcmp(status, "ok") != 0 && !is_skipped)
        return;
    bl_buf_printf(&terminal->past, "%s%s%s", terminal->past.len > 0 ? ", " : "", title,
                  is_skipped ? " (skipped)" : "");
}

/* The head once more, and from here on the steps that are not done. */
void terminal_run_resumed(struct terminal *terminal, const struct bl_event *event)
{
    struct paper *paper = &terminal->paper;
    struct bl_buf text;

    terminal_cut_steps(terminal);
    terminal_forget_failures(terminal);
    terminal->is_ended = false;
    terminal->gates_open = 0;
    if (terminal->title != NULL)
        terminal_write_head(terminal);
    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "%s by %s",
                  bl_map_bool(event->data, "undo", false) ? "what it has done is undone"
                                                          : "taken up again",
                  bl_map_text(event->data, "user", "somebody"));
    paper_wrap(paper, PAPER_DIM, bl_buf_text(&text), 0, 2);
    paper_line(paper);
    if (terminal->past.len > 0) {
        bl_buf_reset(&text);
        bl_buf_printf(&text, "done before: %s", bl_buf_text(&terminal->past));
        paper_wrap(paper, PAPER_DIM, bl_buf_text(&text), 0, 2);
        paper_line(paper);
    }
    bl_buf_release(&text);
    paper_line(paper);
}
