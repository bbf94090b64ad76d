/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* index.h: inside this folder: the list of runs and of their heads, made again from the files
 * when it is gone. */
#ifndef BL_INDEX_H
#define BL_INDEX_H

#include "journal/journal.h"

struct index;

/* A run's head as somebody noted it. */
struct index_head {
    char run[BL_RUN_TEXT];
    int64_t seq;
    char hash[BL_HASH_TEXT];
    char digest[BL_HASH_TEXT]; /* of the whole file; "" while the run goes on */
};

/*
 * Opens <state>/index.db. When it is missing or damaged it is made again from the files; with
 * `scan` files that it does not know are added in any case. A process may hold it open for
 * long: nobody waits for it. With `scan` and no right to write, a copy in memory is given.
 */
enum bl_code index_open(const struct bl_state *state, bool scan, struct index **index,
                        struct bl_error *err) BL_MUST_USE;
void index_close(struct index *index); /* NULL is allowed */

/* What is known about a run from its beginning. */
struct index_run {
    const char *run;
    const char *previous; /* "": none */
    const char *state;    /* "open", "ended", "cut off", "damaged", "never began" */
    const struct bl_value *info;
    int64_t at;
};

/* Adds a run that begins and gives the head of the run before it (run "" when it is the first).
 */
enum bl_code index_add(struct index *index, const struct index_run *run,
                       struct index_head *previous, struct bl_error *err) BL_MUST_USE;
/* Takes a run out that never wrote an event; false when that cannot be written. */
bool index_del(struct index *index, const char *run);
/* Notes that a run goes on which had ended or was cut off. */
enum bl_code index_set_open(struct index *index, const char *run,
                            struct bl_error *err) BL_MUST_USE;
/* Notes the end: run_ended's data (NULL when the run has none), its time and the digest. */
enum bl_code index_set_end(struct index *index, const struct index_head *head,
                           const struct bl_value *ended, int64_t at,
                           struct bl_error *err) BL_MUST_USE;

/* What the index notes about a run; false when it does not know it. */
bool index_find(struct index *index, const char *run, struct index_head *head);
/* Calls fn(arg, run) for each run whose first event names `run` as the one before it. */
void index_each_next(struct index *index, const char *run,
                     void (*fn)(void *arg, const char *next), void *arg);
/* Every run, newest first, as bl_journal_list gives them. */
enum bl_code index_list(struct index *index, struct bl_value **runs,
                        struct bl_error *err) BL_MUST_USE;

#endif
