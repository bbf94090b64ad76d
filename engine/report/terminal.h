/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* terminal.h: inside the terminal reporter: what it remembers, and the summary at the end. */
#ifndef BL_TERMINAL_H
#define BL_TERMINAL_H

#include "report/block.h"

/* A check's last result, for the summary. */
struct terminal_check {
    char *step, *name, *value, *limit;
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
    char *gate_step;     /* of the gate that is open */
    struct block *steps; /* those that go on */
    size_t step_count;
    struct terminal_check *checks;
    size_t check_count;
    struct terminal_failure *failures;
    size_t failure_count;
    struct terminal_intent *intents;
    size_t intent_count;
    bool is_line_live; /* a live line stands on the terminal */
};

/* The result of a check; the same check of the same step is one. */
struct terminal_check *terminal_find_check(struct terminal *terminal, const char *step,
                                           const char *name);
void terminal_add_failure(struct terminal *terminal, const char *step, const char *message,
                          enum paper_mark mark);
/* Writes what failed, what warned, and the numbers of run_ended. */
void terminal_write_summary(struct terminal *terminal, const struct bl_value *ended);
void terminal_release_results(struct terminal *terminal);

#endif
