/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* inbox.h: files that other people and other terminals put into a run's inbox, and who they are
 * from. */
#ifndef BL_GATE_INBOX_H
#define BL_GATE_INBOX_H

#include "journal/journal.h"
#include "loop/loop.h"

/*
 * The inbox of a run is the folder <state>/inbox/<run>. A note in it is one file, a JSON
 * object, written beside its name and moved there: it is seen whole or not at all. Who wrote it
 * is the owner of the file, as the kernel says; a link, a file that others may write, and what
 * is not JSON says nothing. Fields, all text unless said otherwise: run, id     the run; a
 * random word that finds this note again in the journal does        "approve", "reject" or
 * "abort" gate, hash  number of the gate (an integer) and the hash of its event gate_opened
 *   answer      (approve) the line that is the answer: "yes", a number, a typed word, a text
 *   reason      why, for the record
 *   signature   (approve) over the hash, where policy asks for other people
 */
#define BL_INBOX_MAX 65536 /* bytes of a note */

struct bl_note {
    const char *by;              /* the owner's name */
    const struct bl_value *data; /* a map; NULL: it says nothing, and why says the reason */
    const char *why;
};

struct bl_inbox;
/*
 * Makes the folder and tells `came` of every note that is there or comes, on the loop's thread,
 * each once: it is removed then. Notes that cannot be watched for are looked for in intervals.
 * NULL with err filled when there can be no such folder.
 */
struct bl_inbox *bl_inbox_open(struct bl_loop *loop, const struct bl_journal *journal,
                               void (*came)(void *arg, const struct bl_note *note), void *arg,
                               struct bl_error *err);
/* NULL is allowed. Removes the folder when it is empty. */
void bl_inbox_close(struct bl_inbox *inbox);

/*
 * Puts a note there: BL_E_NOT_FOUND when the run has no inbox, because it is not live;
 * BL_E_DENIED when this user may not.
 */
enum bl_code bl_inbox_put(const struct bl_state *state, const char *run,
                          const struct bl_value *note, struct bl_error *err) BL_MUST_USE;

#endif
