/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* indexfill.h: inside the index: what it is made of, and filling it from the files of the runs.
 */
#ifndef BL_INDEXFILL_H
#define BL_INDEXFILL_H

#include "journal/index.h"
#include "journal/store.h"

struct index {
    struct bl_state state;
    char path[PATH_MAX];
    ino_t inode; /* of the file that is open */
    sqlite3 *db;
};

/* Adds a row without a head; SQLite's code. */
int index_insert(struct index *index, const struct index_run *run);
/* Settles the rows of runs that nobody writes any more; with `scan` adds files without a row.
 */
enum bl_code index_fill(struct index *index, bool scan, struct bl_error *err) BL_MUST_USE;

#endif
