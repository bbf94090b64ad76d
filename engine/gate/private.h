/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* private.h: what the files of this folder share: the questions in line. */
#ifndef BL_GATE_PRIVATE_H
#define BL_GATE_PRIVATE_H

#include "gate/gate.h"
#include "gate/inbox.h"
#include "gate/terminal.h"
#include "journal/sign.h"

struct question {
    struct question *next;
    struct bl_gate_request request;
    struct bl_value *map;
    int number;
    char hash[BL_HASH_TEXT];   /* of its event gate_opened */
    struct bl_value *opened;   /* the data of that event: what is shown, and what is approved */
    int approvals;             /* how many other people must approve; 0: none */
    struct bl_value *approved; /* list of {by, key} of those who did */
    bool is_word_given; /* what has to be typed was typed; the approvals are not complete */
    bool is_standing;   /* open without a terminal: approvals may still come */
    int64_t expires;    /* the run's clock; 0: never */
    uv_timer_t *timer;  /* of that; closed and freed by the loop */
    bool is_held;       /* of a replay: the journal knows it, this process has not asked */
};

struct approvals; /* who may approve, and whose signatures are being checked */

struct bl_gate {
    struct bl_loop *loop;
    struct bl_journal *journal;
    struct bl_gate_settings settings;
    struct bl_terminal *terminal; /* NULL until the first question is shown */
    struct bl_inbox *inbox;       /* NULL: there is none, answers come from the terminal only */
    bool has_looked;              /* it was tried to make one */
    struct approvals *approvals;
    struct bl_value *evidence; /* list of {name, text}: what was measured and kept so far */
    struct question *first, **end;
    bool is_shown; /* the first of the line is on the terminal */
    int count;
    void (*stamp)(void *arg, struct bl_value *record); /* NULL: nothing is added to answers */
    void *stamp_arg;
};

/* Who answered, and by what means ("terminal", "inbox" …). */
struct gate_source {
    const char *by; /* NULL: whoever runs it */
    const char *how;
};

/* gate.c. Puts it in line, with a number; nothing is journaled. */
struct question *gate_line_up(struct bl_gate *gate, const struct bl_gate_request *request);
/* The data of its gate_opened. */
struct bl_value *question_describe(const struct question *question);
/* Journals that. */
void gate_open(struct bl_gate *gate, struct question *question, struct bl_value *take_data);
/* Takes it out of the line and tells its owner. */
void gate_hand_over(struct bl_gate *gate, struct question *question,
                    const struct bl_gate_answer *answer);
/* gate.c: journals the answer, takes the question out of the line, tells its owner. */
void gate_settle(struct bl_gate *gate, struct question *question,
                 const struct bl_gate_answer *answer, const struct gate_source *source);
/* notes.c: what a note in the inbox says is done, or refused; either is journaled. */
void gate_note(void *context, const struct bl_note *note);
/* The open question that a note is about; NULL with err filled when there is none. */
struct question *notes_find(const struct bl_gate *gate, const struct bl_note *note,
                            struct bl_error *err);
/* What became of a note, for the journal and for whoever wrote it. */
struct note_fate {
    const char *refused;  /* why it did nothing; NULL: it counts */
    const char *by, *key; /* who signed it; NULL: it is its owner's word */
    const char *state;    /* what it has brought about, for whoever wrote it; may be NULL */
};
void notes_record(struct bl_gate *gate, const struct bl_note *note,
                  const struct note_fate *fate);

/* approvals.c: approvals by other people, by signatures that are checked off the loop. */
struct approvals *approvals_new(const struct bl_signing *signing);
void approvals_free(struct approvals *approvals);
/* Adds who may approve, and the hash of the list that says so, to what a gate shows. */
void approvals_describe(const struct bl_gate *gate, struct bl_value *facts);
/* A signed note: its signature is checked, then it counts or is refused. */
void approvals_check(struct bl_gate *gate, const struct bl_note *note);
/* "1 of 2 approvals: alice" */
void approvals_say(const struct question *question, struct bl_buf *text);
/* "alice, carol" */
void approvals_name(const struct question *question, struct bl_buf *text);
bool approvals_are_complete(const struct question *question);
/* gate.c: the last approval came, or the word was typed: it is answered, or goes on waiting. */
void gate_advance(struct bl_gate *gate, struct question *question);

/* facts.c: what a gate says besides its question: evidence, other runs, who may approve, until
 * when. */
struct bl_value *facts_collect(const struct bl_gate *gate, const struct question *question);
/* expiry.c: a question with an end is answered by it. */
void expiry_start(struct bl_gate *gate, struct question *question);
void expiry_stop(struct question *question);
/* True, and it is settled, when its time is over. */
bool expiry_is_over(struct bl_gate *gate, struct question *question);

#endif
