/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* store.h: inside this folder: SQLite files opened the safe way, and the hash of an event. */
#ifndef BL_STORE_H
#define BL_STORE_H

#include "base/event.h"
#include "journal/journal.h"

#include <sqlite3.h>

#define STORE_RUN 0x424c5231   /* application_id of a run, "BLR1" */
#define STORE_INDEX 0x424c5831 /* application_id of the index, "BLX1" */
#define STORE_VERSION 1        /* user_version of both */

extern const char store_zeros[BL_HASH_TEXT];

/* Says what SQLite's code means for `path`. db may be NULL. errno is what the failing call
 * left, or 0. Returns the code it fills in. */
enum bl_code store_fail(struct bl_error *err, sqlite3 *db, int rc, const char *path);

/* Gives an open file the rights that files of this folder have, and its group; root gives it to
 * the folder's owner. What is not allowed stays as it is. */
void store_own(int fd, const struct bl_state *state);
/* Makes an empty file of the state folder; BL_E_EXISTS when there is one. */
enum bl_code store_touch(const char *path, const struct bl_state *state,
                         struct bl_error *err) BL_MUST_USE;
/* Opens for writing. Runs every statement of `setup` on it. */
enum bl_code store_open(const char *path, const char *setup, sqlite3 **db,
                        struct bl_error *err) BL_MUST_USE;
/* Opens a run's file for reading and checks that it is one. */
enum bl_code store_open_reader(const char *path, sqlite3 **db,
                               struct bl_error *err) BL_MUST_USE;
/* True when the making of a run's file was cut off: it holds no event, and never did. */
bool store_is_blank(const char *path);
/* One number out of a pragma; -1 when there is none. */
int64_t store_number(sqlite3 *db, const char *sql);

void store_hash(const struct bl_event *event, const char *data, size_t len,
                char out[BL_HASH_TEXT]);
/* SHA-256 of a whole file; BL_E_IO. */
enum bl_code store_digest(const char *path, char out[BL_HASH_TEXT],
                          struct bl_error *err) BL_MUST_USE;

/* Takes the lock of a run, which its writer holds: BL_E_BUSY when there is one. */
enum bl_code store_lock(const char *path, const struct bl_state *state, int *lock,
                        struct bl_error *err) BL_MUST_USE;
/* Notes the head of a run in its lock's file: one write that outlives the process. */
void store_note(int lock, int64_t seq, const char *hash);
/* Reads that note of the run of this file; false when there is none. */
bool store_note_read(const char *path, int64_t *seq, char hash[BL_HASH_TEXT]);
/* Whether somebody writes the run of this file (…/runs/<id>.belay) now. */
bool store_is_locked(const char *path);

/* A stored event as it stands in the file, nothing checked. */
struct store_row {
    struct bl_event event; /* data is NULL: it is text here; strings are borrowed */
    const char *text;
    size_t len;
};
/* "SELECT …" for store_row_read. */
#define STORE_ROWS "SELECT seq, at, kind, data, prev, hash FROM events"
void store_row_read(sqlite3_stmt *statement, struct store_row *row);
/* The row's event with its data parsed into *data (owned by the caller). */
enum bl_code store_row_parse(struct store_row *row, struct bl_value **data,
                             struct bl_error *err) BL_MUST_USE;

#endif
