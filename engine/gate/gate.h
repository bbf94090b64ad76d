/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* gate.h: points where a person must answer before the run goes on; nothing unanswered ever
 * goes on. */
#ifndef BL_GATE_H
#define BL_GATE_H

#include "journal/journal.h"
#include "loop/loop.h"

enum bl_gate_result {
    BL_GATE_YES, /* also: the typed word was right, an option was chosen, a value was entered */
    BL_GATE_NO,  /* a person said no */
    BL_GATE_UNANSWERED, /* nobody was there, end of input, the terminal went away */
};
const char *bl_gate_result_name(enum bl_gate_result result); /* "yes", "no", "unanswered" */

/*
 * One question, as the journal keeps it (event gate_opened). Fields of the map, all text unless
 * said otherwise:
 *   kind      "confirm", "choose", "ask", "manual", "operation"; of the engine itself: "failed"
 *             (a step), "doubt" (what became of a change), "interrupt" (Ctrl-C)
 *   question  what is asked, one line
 *   why, detail, class, target, undo: shown when there
 *   typed     the exact word that means yes (a destroy's target); without it y or n is asked
 *   options   (choose, failed, doubt, interrupt) list of titles; the answer is a number or the
 *             title; to those of `choose` "none of these" is added
 *   reasons   map from title to why
 *   input     (ask, manual) what is wanted: "text", "number", "file", a parameter's type
 *   default   (ask) what an empty line means
 *   approvals (an integer) so many other people must approve it by a signature; what is typed
 * at the terminal is needed too when `typed` is there, and is only ever a no else expires_in
 * (an integer) milliseconds after which it is answered no step, file, line
 */
struct bl_gate_answer {
    enum bl_gate_result result;
    /* What was entered or the title chosen; NULL for none of these. Borrowed, as all of it. */
    const char *text;
    const char *reason; /* why a step is skipped (option "skip" of `failed`); else NULL */
    bool is_expired;    /* the no is nobody's: its time was over */
};
struct bl_gate_request {
    const struct bl_value *question;
    /* Says whether an entered text is acceptable (err says why not, and it is asked again); may
     * be NULL. */
    enum bl_code (*accept)(void *owner, const char *text, struct bl_error *err);
    /* Where it says true by the time the question's turn comes, it is answered yes without
     * being shown: an agreement that covers it was given meanwhile. Borrowed; may be NULL. */
    const bool *is_agreed;
    /* Called once, on the loop thread, never from inside bl_gate_ask. */
    void (*answered)(void *owner, const struct bl_gate_answer *answer);
    void *owner;
};

struct bl_signing;
struct bl_gate_settings {
    bool is_attended; /* false: nobody is there (CI, no terminal): every question is unanswered
                       */
    bool yes;         /* --yes: confirmations of class change are answered yes */
    /* Somebody wants the run to end (belay abort): called on the loop's thread. May be NULL. */
    void (*on_abort)(void *arg, const char *by, const char *reason);
    void *arg;
    const char *environment; /* other live runs of it are named at each gate; NULL: none */
    const struct bl_signing *signing; /* where those are listed who may approve; NULL: nobody.
                                       * Read by bl_gate_new, not kept. */
};

struct bl_gate;
/* Journals to `journal`, and opens the run's inbox, from which answers come too. Loop and
 * journal must outlive it. */
struct bl_gate *bl_gate_new(struct bl_loop *loop, struct bl_journal *journal,
                            const struct bl_gate_settings *settings);
void bl_gate_free(struct bl_gate *gate);
/* Whether a person can be asked at all. */
bool bl_gate_is_attended(const struct bl_gate *gate);
/* What is added to each gate_answered before it is journaled. */
void bl_gate_on_answer(struct bl_gate *gate, void (*stamp)(void *arg, struct bl_value *record),
                       void *arg);
/* Puts a question in line (copied) and journals gate_opened. Gives its number in the run,
 * from 1. */
int bl_gate_ask(struct bl_gate *gate, const struct bl_gate_request *request);
/* Keeps what an event says that a person at a gate should know: checks and evidence. */
void bl_gate_hear(struct bl_gate *gate, const char *kind, const struct bl_value *data);
/* Whether somebody could approve at all: BL_E_GUARD says what is missing. */
enum bl_code bl_gate_can_approve(const struct bl_gate *gate, struct bl_error *err) BL_MUST_USE;

/*
 * For a run that is taken up again. Hold puts a question in line without journaling it, and
 * gives the data of its gate_opened (the caller's). Replay settles the one that an event
 * gate_answered is about; an unanswered one stays in line. Set_count says which gate was the
 * last. Reopen opens the gates of all that are in line anew, `again`; renumber gives one of
 * them the number of such an event.
 */
struct bl_value *bl_gate_hold(struct bl_gate *gate, const struct bl_gate_request *request);
void bl_gate_replay(struct bl_gate *gate, int number, const struct bl_value *answered);
void bl_gate_set_count(struct bl_gate *gate, int count);
void bl_gate_reopen(struct bl_gate *gate);
void bl_gate_renumber(struct bl_gate *gate, const struct bl_value *opened);

/* Asks at once: what is shown is put away until this is answered. Its number is 0. */
void bl_gate_interrupt(struct bl_gate *gate, const struct bl_gate_request *request);
/* Takes the questions of an owner back: each is answered with unanswered, at once. */
void bl_gate_withdraw(struct bl_gate *gate, const void *owner);
/* Settles or shows the next question when none is shown, one a turn. Call it after the journal
 * was flushed. True: one is open. */
bool bl_gate_turn(struct bl_gate *gate);

#endif
