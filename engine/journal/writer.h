/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* writer.h: inside this folder: the writer of a run, its queue and its file. */
#ifndef BL_WRITER_H
#define BL_WRITER_H

#include "journal/index.h"
#include "journal/store.h"

#define JOURNAL_SUBSCRIBERS 8
#define JOURNAL_KIND 32

struct journal_entry {
    struct bl_event event;
    char kind[JOURNAL_KIND];
    struct bl_value *data;
    struct bl_buf text; /* keeps its memory from turn to turn */
};

struct journal_queue {
    struct journal_entry *entries;
    size_t count, room;
};

/* A loaded file that is to be kept. */
struct journal_text {
    char sha256[BL_HASH_TEXT];
    char *text;
    size_t len;
};

struct bl_journal {
    struct bl_state state;
    char run[BL_RUN_TEXT];
    char path[PATH_MAX];
    ino_t inode; /* of that file, once written to */
    int lock;
    sqlite3 *db; /* NULL: a run that was taken up again and not written to yet */
    sqlite3_stmt *begin, *insert, *keep, *commit, *rollback;
    struct index *index;
    const struct bl_clock *clock;
    const struct bl_redactor *redactor;
    struct journal_queue queue, sending;
    struct journal_text *texts; /* for the next flush */
    size_t text_count;
    bool is_telling, is_reopened;
    int64_t seq;   /* of the last event queued */
    int64_t first; /* the last event that was there when the run was taken up again */
    char head[BL_HASH_TEXT];
    struct index_head stored; /* the last event on disk */
    struct bl_value *ended;   /* the data of run_ended, once on disk */
    int64_t ended_at;
    struct {
        bl_journal_fn *fn;
        void *arg;
    } subscribers[JOURNAL_SUBSCRIBERS];
    size_t subscriber_count;
};

/* Writes the queue and the texts in one transaction on journal->db. */
enum bl_code journal_write_batch(struct bl_journal *journal, struct bl_error *err) BL_MUST_USE;
void journal_queue_release(struct journal_queue *queue);
void journal_texts_release(struct bl_journal *journal);

/*
 * Opens the file of a run that was taken up again: at its first flush, so that a run which is
 * only looked at stays as it is, byte by byte. An ended run is copied, written to, and put in
 * the place of the old one in one move: then *is_written is set, and the batch is on disk.
 */
enum bl_code journal_unseal(struct bl_journal *journal, bool *is_written,
                            struct bl_error *err) BL_MUST_USE;
/* Opens the file for writing, as it is. */
enum bl_code journal_open_file(struct bl_journal *journal, struct bl_error *err) BL_MUST_USE;
/* Makes the file one that nobody may write, and notes its digest. */
enum bl_code journal_seal(struct bl_journal *journal, struct bl_error *err) BL_MUST_USE;
/* True when nobody may write the file: the run has ended. */
bool journal_is_sealed(const char *path);
enum bl_code journal_prepare(struct bl_journal *journal, struct bl_error *err) BL_MUST_USE;
void journal_reserve(const struct bl_journal *journal);
void journal_close_db(struct bl_journal *journal);

/* bl_journal_verify for the one who holds the run's lock. */
enum bl_code verify_own(const struct bl_state *state, const char *id,
                        struct bl_verdict *verdict, struct bl_error *err) BL_MUST_USE;
/* Says who writes a run and at which step it is: BL_E_BUSY. */
enum bl_code live_busy(const struct bl_state *state, const char *run, struct bl_error *err);

#endif
