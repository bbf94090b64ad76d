/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* private.h: what gate.c and notes.c share: the questions in line. */
#ifndef BL_GATE_PRIVATE_H
#define BL_GATE_PRIVATE_H

#include "gate/gate.h"
#include "gate/inbox.h"
#include "gate/terminal.h"

struct question {
    struct question *next;
    struct bl_gate_request request;
    struct bl_value *map;
    int number;
    char hash[BL_HASH_TEXT]; /* of its event gate_opened */
};

struct bl_gate {
    struct bl_loop *loop;
    struct bl_journal *journal;
    struct bl_gate_settings settings;
    struct bl_terminal *terminal; /* NULL until the first question is shown */
    struct bl_inbox *inbox;       /* NULL: there is none, answers come from the terminal only */
    struct question *first, **end;
    bool is_shown; /* the first of the line is on the terminal */
    int count;
};

/* Who answered, and by what means ("terminal", "inbox" …). */
struct gate_source {
    const char *by; /* NULL: whoever runs it */
    const char *how;
};

/* gate.c: journals the answer, takes the question out of the line, tells its owner. */
void gate_settle(struct bl_gate *gate, struct question *question,
                 const struct bl_gate_answer *answer, const struct gate_source *source);
/* notes.c: what a note in the inbox says is done, or refused; either is journaled. */
void gate_note(void *context, const struct bl_note *note);

#endif
