/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* open.c: the beginning of a run's journal, its end, and taking it up again. */
#include "journal/writer.h"

#include <unistd.h>

#define OPEN_SETUP                                                                             \
    "PRAGMA journal_mode = MEMORY;"                                                            \
    "PRAGMA application_id = 1112298033;"                                                      \
    "PRAGMA user_version = 1;"                                                                 \
    "PRAGMA journal_mode = WAL;"                                                               \
    "PRAGMA synchronous = FULL;"                                                               \
    "PRAGMA wal_autocheckpoint = 120;"                                                         \
    "BEGIN;"                                                                                   \
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL,"   \
    " data TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL) STRICT;"                     \
    "CREATE TABLE texts (sha256 TEXT PRIMARY KEY, text BLOB NOT NULL)"                         \
    " STRICT, WITHOUT ROWID;"                                                                  \
    "CREATE TRIGGER events_stay BEFORE UPDATE ON events"                                       \
    " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;"                               \
    "CREATE TRIGGER events_last BEFORE DELETE ON events"                                       \
    " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;"                               \
    "COMMIT;"

_Static_assert(STORE_RUN == 1112298033, "OPEN_SETUP says the same number");

/* A name that nobody has yet: the file is made and locked. */
static enum bl_code journal_claim(struct bl_journal *journal, int64_t now, struct bl_error *err)
{
    enum bl_code code = BL_E_EXISTS;
    char text[BL_TIME_TEXT], tail[5];

    bl_time_format(now, text);
    for (int i = 0; code == BL_E_EXISTS && i < 100; i++) {
        bl_random_name(tail, 4);
        snprintf(journal->run, sizeof(journal->run), "%.4s%.2s%.2s-%.2s%.2s-%s", text, text + 5,
                 text + 8, text + 11, text + 14, tail);
        bl_journal_file(&journal->state, journal->run, journal->path);
        code = store_touch(journal->path, &journal->state, err);
    }
    if (code != BL_OK)
        return code;
    code = store_lock(journal->path, &journal->state, &journal->lock, err);
    if (code != BL_OK)
        unlink(journal->path);
    return code;
}

static void journal_unlink(const char *path, const char *ending)
{
    char name[PATH_MAX];
    size_t stem = strlen(path) - strlen(".belay");

    snprintf(name, sizeof(name), "%.*s%s", (int)stem, path, ending);
    unlink(name);
}

static void journal_unlock(struct bl_journal *journal, bool is_done)
{
    if (journal->lock < 0)
        return;
    if (is_done || journal_is_sealed(journal->path))
        journal_unlink(journal->path, ".lock"); /* else it notes the head of a run cut off */
    close(journal->lock);
    journal->lock = -1;
}

static void journal_free(struct bl_journal *journal)
{
    bool is_gone = access(journal->path, F_OK) != 0;

    journal_close_db(journal);
    index_close(journal->index);
    journal_unlock(journal, is_gone);
    journal_queue_release(&journal->queue);
    journal_queue_release(&journal->sending);
    journal_texts_release(journal);
    bl_value_unref(journal->ended);
    bl_free(journal);
}

/* A run that never wrote an event leaves no file; but one that the index cannot forget (its
 * disk is full) keeps it, because a file that is gone means that somebody removed it. */
static void journal_abandon(struct bl_journal *journal)
{
    static const char *const endings[] = {".belay-wal", ".belay-shm", ".belay"};
    bool is_forgotten = journal->index == NULL || index_del(journal->index, journal->run);

    journal_close_db(journal);
    for (size_t i = 0; is_forgotten && journal->lock >= 0 && i < BL_COUNT(endings); i++)
        journal_unlink(journal->path, endings[i]);
    journal_free(journal);
}

/* The first event: what the caller knows, the run's id, and the head of the run before. */
static void journal_begin(struct bl_journal *journal, const struct bl_value *info,
                          const struct index_head *previous)
{
    struct bl_value *data = bl_map_new();

    for (size_t i = 0; i < bl_value_count(info); i++)
        bl_map_set(data, bl_map_key(info, i), bl_value_ref(bl_map_at(info, i)));
    bl_map_set(data, "run", bl_value_text(journal->run));
    if (previous->run[0] != '\0') {
        struct bl_value *head = bl_map_new();
        bl_map_set(head, "run", bl_value_text(previous->run));
        bl_map_set(head, "seq", bl_value_int(previous->seq));
        bl_map_set(head, "hash", bl_value_text(previous->hash));
        if (previous->digest[0] != '\0')
            bl_map_set(head, "digest", bl_value_text(previous->digest));
        bl_map_set(data, "previous", head);
    }
    bl_journal_append(journal, "run_started", data);
}

static enum bl_code journal_register(struct bl_journal *journal, const struct bl_value *info,
                                     struct index_head *previous, struct bl_error *err)
{
    const struct index_run row = {
        .run = journal->run,
        .state = "open",
        .info = info,
        .at = bl_clock_now(journal->clock),
    };

    return index_add(journal->index, &row, previous, err);
}

static struct bl_journal *journal_new(const struct bl_journal_options *options)
{
    struct bl_journal *made = bl_alloc(sizeof(*made));

    made->state = *options->state;
    made->clock = options->clock;
    made->redactor = options->redactor;
    made->lock = -1;
    memcpy(made->head, store_zeros, BL_HASH_TEXT);
    return made;
}

enum bl_code bl_journal_create(const struct bl_journal_options *options,
                               struct bl_journal **journal, struct bl_error *err)
{
    struct bl_journal *made = journal_new(options);
    struct index_head previous = {0};
    enum bl_code code;

    code = index_open(&made->state, false, &made->index, err);
    if (code == BL_OK)
        code = journal_claim(made, bl_clock_now(made->clock), err);
    if (code == BL_OK)
        code = store_open(made->path, OPEN_SETUP, &made->db, err);
    if (code == BL_OK)
        code = journal_prepare(made, err);
    if (code == BL_OK)
        journal_reserve(made);
    if (code == BL_OK)
        code = journal_register(made, options->info, &previous, err);
    if (code != BL_OK) {
        journal_abandon(made);
        return code;
    }
    snprintf(made->stored.run, sizeof(made->stored.run), "%s", made->run);
    memcpy(made->stored.hash, store_zeros, BL_HASH_TEXT);
    journal_begin(made, options->info, &previous);
    *journal = made;
    return BL_OK;
}

/* What the run's file ends with: there the chain goes on. */
static enum bl_code journal_read_head(struct bl_journal *journal, struct bl_error *err)
{
    sqlite3_stmt *statement = NULL;
    struct store_row row;
    sqlite3 *db;
    enum bl_code code = store_open_reader(journal->path, &db, err);

    if (code != BL_OK)
        return code;
    if (sqlite3_prepare_v2(db, STORE_ROWS " ORDER BY seq DESC LIMIT 1", -1, &statement, NULL) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        store_row_read(statement, &row);
        journal->seq = journal->first = journal->stored.seq = row.event.seq;
        memcpy(journal->head, row.event.hash, BL_HASH_TEXT);
        memcpy(journal->stored.hash, row.event.hash, BL_HASH_TEXT);
    } else {
        code = bl_fail(err, BL_E_PARSE, "%s holds no event: there is nothing to go on from",
                       journal->path);
    }
    sqlite3_finalize(statement);
    sqlite3_close_v2(db);
    return code;
}

/* Nobody adds to a journal that somebody changed. */
static enum bl_code journal_check(struct bl_journal *journal, struct bl_error *err)
{
    struct bl_verdict verdict;
    enum bl_code code = verify_own(&journal->state, journal->run, &verdict, err);

    if (code != BL_OK || verdict.is_sound)
        return code;
    return bl_fail(err, BL_E_PARSE,
                   "run %s cannot go on: its journal is not as it was written: %s: keep a copy "
                   "of %s and find out who wrote to it",
                   journal->run, verdict.text, journal->path);
}

enum bl_code bl_journal_reopen(const struct bl_journal_options *options, const char *run,
                               struct bl_journal **journal, struct bl_error *err)
{
    struct bl_journal *made = journal_new(options);
    enum bl_code code = BL_OK;

    made->is_reopened = true;
    snprintf(made->run, sizeof(made->run), "%s", run);
    snprintf(made->stored.run, sizeof(made->stored.run), "%s", run);
    bl_journal_file(&made->state, run, made->path);
    if (access(made->path, F_OK) != 0)
        code = bl_fail(err, BL_E_NOT_FOUND, "there is no file %s", made->path);
    if (code == BL_OK)
        code = store_lock(made->path, &made->state, &made->lock, err);
    if (code == BL_E_BUSY)
        code = live_busy(&made->state, run, err);
    if (code == BL_OK && store_is_blank(made->path))
        code = bl_fail(err, BL_E_NOT_FOUND,
                       "run %s never began: it was cut off before its first event: start its "
                       "procedure again",
                       run);
    if (code == BL_OK)
        code = journal_check(made, err);
    if (code == BL_OK)
        code = journal_read_head(made, err);
    if (code == BL_OK)
        code = index_open(&made->state, false, &made->index, err);
    if (code != BL_OK) {
        journal_free(made);
        return code;
    }
    *journal = made;
    return BL_OK;
}

enum bl_code bl_journal_close(struct bl_journal *journal, struct bl_error *err)
{
    enum bl_code code = bl_journal_flush(journal, err);
    struct bl_error why = {0};

    if (journal->stored.seq == 0) {
        journal_abandon(journal);
        return code;
    }
    if (journal->is_reopened && journal->stored.seq == journal->first) {
        journal_free(journal); /* it was only looked at */
        return code;
    }
    if (code == BL_OK) {
        code = journal_seal(journal, &why);
        if (code == BL_OK)
            code = index_set_end(journal->index, &journal->stored, journal->ended,
                                 journal->ended_at, &why);
        if (code != BL_OK)
            bl_fail(err, code, "all events of the run are safe, but its file stays open: %s",
                    why.message);
    }
    journal_free(journal);
    return code;
}
