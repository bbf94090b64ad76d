/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* terminal.h: inside the terminal reporter: what it remembers, and the summary at the end. */
#ifndef BL_TERMINAL_H
#define BL_TERMINAL_H

#include "report/block.h"

/* A check's last result, for the summary. */
struct terminal_check {
    char *step, *name;
    char *text; /* name, value and limit */
    enum paper_mark mark;
};

/* A step that failed, for the summary. */
struct terminal_failure {
    char *step, *message;
    enum paper_mark mark;
};

/* A change that was sent and is not answered yet. */
struct terminal_intent {
    int64_t n;
    char *step, *text;
};

struct terminal {
    struct bl_reporter base;
    struct paper paper;
    char *journal, *note, *run, *world;
    char *title, *place; /* of the head, for a run that is taken up again */
    struct bl_buf past;  /* the outer steps that were done before that: "One, Two" */
    char *asked;         /* the question that was answered last; NULL for none */
    int gates_open;      /* while one is, nothing is written: the terminal shows a question */
    struct block *steps; /* those that go on */
    size_t step_count;
    struct terminal_check *checks;
    size_t check_count;
    struct terminal_failure *failures;
    size_t failure_count;
    struct terminal_intent *intents;
    size_t intent_count;
    bool is_ended;
    bool is_line_live; /* a live line stands on the terminal */
};

/* A step that goes on; NULL for none. */
struct block *terminal_find_step(struct terminal *terminal, const char *path);
/* Adds a line to its step, or writes it at once. Takes the text out of the buffer. */
void terminal_add_at(struct terminal *terminal, const char *path, enum paper_mark mark,
                     struct bl_buf *text);

/* A question and its answer stand in one line; the decision or evidence that follows says the
 * same once more. */
void terminal_keep_asked(struct terminal *terminal, const struct bl_value *data);
bool terminal_is_asked(const struct terminal *terminal, const struct bl_value *data);

/* The head of a run; and of one that is taken up again. */
void terminal_run_started(struct terminal *terminal, const struct bl_event *event);
void terminal_keep_past(struct terminal *terminal, const char *title, const char *status);
void terminal_run_resumed(struct terminal *terminal, const struct bl_event *event);
/* Closes the steps that nobody ended. */
void terminal_cut_steps(struct terminal *terminal);

/* Calls: what was sent, what became of it, and questions that failed. */
void terminal_intent(struct terminal *terminal, const struct bl_event *event);
void terminal_refused(struct terminal *terminal, const struct bl_event *event);
void terminal_outcome(struct terminal *terminal, const struct bl_event *event);
/* It is known what became of a change without an outcome. */
void terminal_doubt_ended(struct terminal *terminal, const struct bl_event *event);
void terminal_observe(struct terminal *terminal, const struct bl_event *event);

/* The result of a check; the same check of the same step is one. */
struct terminal_check *terminal_find_check(struct terminal *terminal, const char *step,
                                           const char *name);
void terminal_add_failure(struct terminal *terminal, const char *step, const char *message,
                          enum paper_mark mark);
/* Writes what failed, what warned, and the numbers of run_ended. */
void terminal_write_summary(struct terminal *terminal, const struct bl_value *ended);
/* The same for a run whose journal has no end. */
void terminal_write_cut(struct terminal *terminal);
/* What failed before a run was taken up again. */
void terminal_forget_failures(struct terminal *terminal);
void terminal_release_results(struct terminal *terminal);

#endif
