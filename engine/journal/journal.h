/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* journal.h: the durable record of a run: written by one, read by many, and proof of itself. */
#ifndef BL_JOURNAL_H
#define BL_JOURNAL_H

#include "base/clock.h"
#include "base/event.h"
#include "base/redact.h"
#include "journal/state.h"

/*
 * A run is one file, <state>/runs/<run>.belay: an SQLite database with the append-only table
 * events(seq, at, kind, data, prev, hash) and texts(sha256, text), the files that it loaded
 * (not in runs of older versions). hash is the SHA-256 of
 *     prev LF seq LF at LF kind LF data
 * with the numbers in decimal and data as canonical JSON; prev is the hash of the event before,
 * 64 zeros for the first. While a run goes on there are -wal, -shm and .lock beside its file;
 * an ended run is one plain file that nobody may write. The head (seq, hash) is also in
 * <state>/index.db, and in `previous` of the first event of the next run in that folder.
 */
struct bl_journal;

#define BL_RUN_TEXT 24 /* "20260301-0259-k7m3" */

struct bl_journal_options {
    const struct bl_state *state;       /* opened with `make`; copied */
    const struct bl_clock *clock;       /* must live as long as the journal */
    const struct bl_redactor *redactor; /* may be NULL; must live as long as the journal */
    const struct bl_value *info;        /* a map: what `run_started` says; borrowed */
};

/* What a check of a run found. */
struct bl_verdict {
    bool is_sound;
    int64_t events;  /* how many from the first on are sound */
    int64_t altered; /* the seq of the first event that is not as it was; 0 when it is none */
    char text[400];  /* one line: what was checked, or which event and what it should have been
                      */
};

/*
 * Makes the file of a new run and queues its first event, `run_started`: info with `run` and
 * `previous` added. Nobody else can write this file until bl_journal_close.
 */
enum bl_code bl_journal_create(const struct bl_journal_options *options,
                               struct bl_journal **journal, struct bl_error *err) BL_MUST_USE;
/*
 * Takes up a run again that ended or was cut off: its lock, its seq and its chain. Nothing is
 * written before the first flush, and a journal that is closed before it is the same, byte by
 * byte. options->info is not read. BL_E_BUSY says who writes it, since when and at which step;
 * BL_E_PARSE that it is not as it was written; BL_E_NOT_FOUND.
 */
enum bl_code bl_journal_reopen(const struct bl_journal_options *options, const char *run,
                               struct bl_journal **journal, struct bl_error *err) BL_MUST_USE;
const char *bl_journal_run(const struct bl_journal *journal);  /* the run's id */
const char *bl_journal_path(const struct bl_journal *journal); /* of its file */
const struct bl_state *bl_journal_state(const struct bl_journal *journal);
/* The hash of the event that was queued last: what is signed and approved by name. */
const char *bl_journal_head(const struct bl_journal *journal);

/* Calls fn(arg, event) for every event once it is on disk, in order. It may append, not flush
 * or close. */
typedef void bl_journal_fn(void *arg, const struct bl_event *event);
void bl_journal_subscribe(struct bl_journal *journal, bl_journal_fn *fn, void *arg);

/*
 * Queues an event and gives its seq. `kind` is lower case letters and '_'. Known secrets are
 * masked. Nothing is on disk before the flush.
 */
int64_t bl_journal_append(struct bl_journal *journal, const char *kind,
                          struct bl_value *take_data);
/*
 * Keeps the text of a loaded file under its SHA-256, once, in the transaction of the next flush
 * that has an event. A text that holds a known secret is not kept.
 */
void bl_journal_keep(struct bl_journal *journal, const char *sha256, const char *text,
                     size_t len);
/* Adds a kept text of a run's file to out. BL_E_NOT_FOUND: it was not kept, or an older version
 * wrote the file; BL_E_PARSE: it is not what its hash says. */
enum bl_code bl_journal_kept(const char *path, const char *sha256, struct bl_buf *out,
                             struct bl_error *err) BL_MUST_USE;
/*
 * Writes everything queued in one transaction that is on disk when this returns, then tells the
 * subscribers. On failure (BL_E_FULL, BL_E_IO) nothing of it is in the file, the queue is kept
 * and the next flush tries again: the caller must not start a change before a flush succeeded.
 */
enum bl_code bl_journal_flush(struct bl_journal *journal, struct bl_error *err) BL_MUST_USE;
size_t bl_journal_queued(const struct bl_journal *journal);
/*
 * Flushes, writes the index and turns the file into a plain one that nobody may write. Frees
 * the journal even when it fails; what was flushed before stays safe.
 */
enum bl_code bl_journal_close(struct bl_journal *journal, struct bl_error *err) BL_MUST_USE;

/*
 * Finds a run by its id, by the beginning or the end of it ("k7m3") when only one fits, or
 * "last". Fills id. BL_E_NOT_FOUND says which runs there are.
 */
enum bl_code bl_journal_find(const struct bl_state *state, const char *wanted,
                             char id[BL_RUN_TEXT], struct bl_error *err) BL_MUST_USE;
/* What the hash of an event is by its other fields: it is what it was when they are equal. */
void bl_event_hash(const struct bl_event *event, char out[BL_HASH_TEXT]);
/* The path of a run's file. */
void bl_journal_file(const struct bl_state *state, const char *id, char path[PATH_MAX]);

/*
 * Gives every event of a run's file to fn, in order, until it returns false. Reading never
 * waits for the run that is being written and never changes anything.
 */
typedef bool bl_journal_read_fn(void *arg, const struct bl_event *event);
enum bl_code bl_journal_read(const char *path, bl_journal_read_fn *fn, void *arg,
                             struct bl_error *err) BL_MUST_USE;

/*
 * All runs, newest first: a list of maps {run, procedure, title, environment, world, user,
 * host, started, ended?, exit?, outcome?, status, events}. status is "running", "ended", "cut
 * off", "never began" (cut off before its first event), "damaged" or "gone" (its file is). The
 * index is made again from the files when it is missing or damaged.
 */
enum bl_code bl_journal_list(const struct bl_state *state, struct bl_value **runs,
                             struct bl_error *err) BL_MUST_USE;

/*
 * The runs of an environment that change the world now: a list of maps {run, procedure,
 * environment, world, user, host, pid, since, step?}. `since` is when that user began it or
 * took it up. `except` is left out (NULL: none). Looks only at locks and at runs that are held.
 */
enum bl_code bl_journal_live(const struct bl_state *state, const char *environment,
                             const char *except, struct bl_value **list) BL_MUST_USE;
/*
 * The runs of a procedure and environment that stopped where they can be taken up again and
 * were not followed by one that ended well: the newest first, at most 5, maps as above with
 * `status`
 * ("cut off", "ended") and `outcome?` ("waiting", "doubt" …). `step` is where it stopped.
 */
enum bl_code bl_journal_stopped(const struct bl_state *state, const char *procedure,
                                const char *environment, struct bl_value **list,
                                struct bl_error *err) BL_MUST_USE;

/*
 * Checks a run: every event against its hash, the chain, the head against the index and against
 * the next run, the whole file against its digest once it is ended. BL_OK means that it could
 * be checked; the verdict says the rest.
 */
enum bl_code bl_journal_verify(const struct bl_state *state, const char *id,
                               struct bl_verdict *verdict, struct bl_error *err) BL_MUST_USE;
/*
 * Checks the signatures of a run whose events are sound: each `signed` event holds the hash
 * that its event has and a signature of it by somebody in the file `allowed`, and the last
 * event is one that signs all before it. The text names who signed.
 */
enum bl_code bl_journal_verify_signed(const char *path, const char *allowed,
                                      struct bl_verdict *verdict,
                                      struct bl_error *err) BL_MUST_USE;
/* The same as bl_journal_verify for a lone file: its events and their chain only. */
enum bl_code bl_journal_verify_file(const char *path, struct bl_verdict *verdict,
                                    struct bl_error *err) BL_MUST_USE;

#endif
