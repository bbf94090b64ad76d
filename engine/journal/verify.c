/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* verify.c: proves that a run is as it was written, or names the first event that is not. */
#include "journal/index.h"
#include "journal/store.h"
#include "journal/writer.h"

#define VERIFY_HEADS 16
#define SHORT_HASH 12 /* hex digits shown to people */

/* A head that somebody else noted, to hold against the file. */
struct verify_head {
    struct index_head head;
    char who[BL_RUN_TEXT + 8]; /* "the index", "run 2026…" */
    bool is_seen;              /* the file holds that event */
    char found[BL_HASH_TEXT];  /* its hash there */
};

struct verify {
    const struct bl_state *state;
    const char *id;
    char path[PATH_MAX];
    struct bl_verdict *verdict;
    struct verify_head heads[VERIFY_HEADS];
    size_t head_count;
    char last[BL_HASH_TEXT];   /* hash of the event before */
    char before[BL_HASH_TEXT]; /* hash of the one before that */
    bool is_ended, is_own;     /* own: the lock of the run is held by who asks */
};

static bool verify_stop(struct bl_verdict *verdict, int64_t altered, const char *format, ...)
    BL_PRINTF(3, 4);

/* Says what is not sound. Gives false, so that it ends a check. */
static bool verify_stop(struct bl_verdict *verdict, int64_t altered, const char *format, ...)
{
    va_list args;

    verdict->is_sound = false;
    verdict->altered = altered;
    va_start(args, format);
    vsnprintf(verdict->text, sizeof(verdict->text), format, args);
    va_end(args);
    return false;
}

static bool verify_place(struct verify *verify, const struct store_row *row)
{
    int64_t wanted = verify->verdict->events + 1;
    long long seq = (long long)row->event.seq;

    if (row->event.seq == wanted)
        return true;
    if (row->event.seq > wanted)
        return verify_stop(verify->verdict, wanted,
                           "event %lld is missing: after event %lld comes event %lld",
                           (long long)wanted, (long long)wanted - 1, seq);
    return verify_stop(verify->verdict, wanted,
                       "an event with the number %lld stands where event %lld should be", seq,
                       (long long)wanted);
}

/* Does the event's own hash fit its content, if it had followed `prev`? */
static bool verify_fits(const struct store_row *row, const char *prev, char hash[BL_HASH_TEXT])
{
    struct bl_event event = row->event;

    memcpy(event.prev, prev, BL_HASH_TEXT);
    store_hash(&event, row->text == NULL ? "" : row->text, row->len, hash);
    return strcmp(hash, row->event.hash) == 0;
}

/* The event names another one before it than the one that is there. Who is wrong? */
static bool verify_link(struct verify *verify, const struct store_row *row)
{
    const struct bl_event *event = &row->event;
    long long seq = (long long)event->seq;
    char hash[BL_HASH_TEXT];

    if (seq > 1 && strcmp(event->prev, verify->before) == 0)
        return verify_stop(verify->verdict, seq - 1,
                           "event %lld was inserted: the next one should follow %.*s and does "
                           "not know it",
                           seq - 1, SHORT_HASH, verify->before);
    if (!verify_fits(row, event->prev, hash))
        return verify_stop(
            verify->verdict, seq,
            "event %lld (%.32s) was altered: it should follow %.*s and says %.*s", seq,
            event->kind, SHORT_HASH, verify->last, SHORT_HASH, event->prev);
    if (seq == 1)
        return verify_stop(verify->verdict, 1,
                           "event 1 is not the first that was written: it follows %.*s",
                           SHORT_HASH, event->prev);
    return verify_stop(
        verify->verdict, seq - 1,
        "event %lld was altered: its hash is %.*s and should be %.*s, which event "
        "%lld follows",
        seq - 1, SHORT_HASH, verify->last, SHORT_HASH, event->prev, seq);
}

static bool verify_row(struct verify *verify, const struct store_row *row)
{
    const struct bl_event *event = &row->event;
    char hash[BL_HASH_TEXT];

    if (!verify_place(verify, row))
        return false;
    if (strcmp(event->prev, verify->last) != 0)
        return verify_link(verify, row);
    if (!verify_fits(row, event->prev, hash))
        return verify_stop(verify->verdict, event->seq,
                           "event %lld (%.32s) was altered: its content should give the hash "
                           "%.*s and gives %.*s",
                           (long long)event->seq, event->kind, SHORT_HASH, event->hash,
                           SHORT_HASH, hash);
    memcpy(verify->before, verify->last, BL_HASH_TEXT);
    memcpy(verify->last, event->hash, BL_HASH_TEXT);
    if (strcmp(event->kind, "signed") != 0) /* the end is signed after it */
        verify->is_ended = strcmp(event->kind, "run_ended") == 0;
    for (size_t i = 0; i < verify->head_count; i++) {
        if (verify->heads[i].head.seq == event->seq) {
            verify->heads[i].is_seen = true;
            memcpy(verify->heads[i].found, event->hash, BL_HASH_TEXT);
        }
    }
    verify->verdict->events++;
    return true;
}

static bool verify_damaged(struct verify *verify, const char *why)
{
    long long good = (long long)verify->verdict->events;

    return verify_stop(verify->verdict, good + 1,
                       "event %lld cannot be read: the file is damaged behind event %lld: %s",
                       good + 1, good, why);
}

static bool verify_events(struct verify *verify, sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    struct store_row row;
    bool good = true;
    int rc = sqlite3_prepare_v2(db, STORE_ROWS " ORDER BY seq", -1, &statement, NULL);

    memcpy(verify->last, store_zeros, BL_HASH_TEXT);
    if (rc == SQLITE_OK)
        rc = SQLITE_ROW;
    while (good && rc == SQLITE_ROW && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        store_row_read(statement, &row);
        good = verify_row(verify, &row);
    }
    if (good && rc != SQLITE_DONE)
        good = verify_damaged(verify, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    return good;
}

/* Each text of a loaded file is what its hash says; the hash is in a file_loaded event. */
static bool verify_texts(struct verify *verify, sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    char hash[BL_HASH_TEXT];
    bool good = true;

    if (sqlite3_prepare_v2(db, "SELECT sha256, text FROM texts", -1, &statement, NULL) !=
        SQLITE_OK)
        return true; /* an older version keeps none */
    while (good && sqlite3_step(statement) == SQLITE_ROW) {
        const char *wanted = (const char *)sqlite3_column_text(statement, 0);
        const void *text = sqlite3_column_blob(statement, 1);

        bl_hash_hex(text == NULL ? "" : text, (size_t)sqlite3_column_bytes(statement, 1), hash);
        if (wanted == NULL || strcmp(hash, wanted) != 0)
            good = verify_stop(verify->verdict, 0,
                               "the %lld events are sound, but the text of a loaded file was "
                               "altered: its hash should be %.*s and is %.*s",
                               (long long)verify->verdict->events, SHORT_HASH,
                               wanted == NULL ? "" : wanted, SHORT_HASH, hash);
    }
    sqlite3_finalize(statement);
    return good;
}

static bool verify_structure(struct verify *verify, sqlite3 *db)
{
    sqlite3_stmt *check = NULL;
    const char *text = "it cannot be checked";
    bool good = true;

    if (sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &check, NULL) == SQLITE_OK &&
        sqlite3_step(check) == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(check, 0);
    if (text == NULL || strcmp(text, "ok") != 0)
        good = verify_stop(verify->verdict, 0,
                           "the %lld events are sound, but the file around them is damaged: "
                           "%.200s",
                           (long long)verify->verdict->events, text == NULL ? "" : text);
    sqlite3_finalize(check);
    return good;
}

/* The making of its file was cut off: nobody ever saw an event of it. */
static bool verify_is_blank(const struct verify *verify)
{
    char hash[BL_HASH_TEXT];
    int64_t seq;

    for (size_t i = 0; i < verify->head_count; i++) {
        if (verify->heads[i].head.seq > 0)
            return false;
    }
    return verify->id != NULL && !journal_is_sealed(verify->path) &&
           !store_note_read(verify->path, &seq, hash) && store_is_blank(verify->path);
}

/* Checks what the file says by itself. */
static enum bl_code verify_file(struct verify *verify, struct bl_error *err)
{
    struct bl_error inner = {0};
    sqlite3 *db;
    enum bl_code code = store_open_reader(verify->path, &db, &inner);

    if (code == BL_E_PARSE || code == BL_E_UNSUPPORTED) {
        verify_stop(verify->verdict, 1, "event 1 cannot be read: %.300s", inner.message);
        return BL_OK;
    }
    if (code != BL_OK) {
        if (err != NULL)
            *err = inner;
        return code;
    }
    verify->verdict->is_sound = true;
    if (verify_events(verify, db) && verify->verdict->events == 0)
        verify_stop(verify->verdict, 1, "event 1 is missing: the file holds no event");
    if (verify->verdict->is_sound && verify_structure(verify, db))
        verify_texts(verify, db);
    sqlite3_close_v2(db);
    return BL_OK;
}

static void verify_heads(struct verify *verify)
{
    for (size_t i = 0; i < verify->head_count; i++) {
        const struct verify_head *head = &verify->heads[i];
        long long seq = (long long)head->head.seq, end = (long long)verify->verdict->events;

        if (!head->is_seen && seq > 0) {
            verify_stop(verify->verdict, end + 1,
                        "event %lld is missing: the end was cut off: %s saw event %lld (%.*s), "
                        "the file ends at event %lld",
                        end + 1, head->who, seq, SHORT_HASH, head->head.hash, end);
            return;
        }
        if (head->is_seen && strcmp(head->found, head->head.hash) != 0) {
            verify_stop(
                verify->verdict, seq,
                "event %lld was altered, or one before it and all that follow: its hash "
                "is %.*s and should be %.*s, which %s noted",
                seq, SHORT_HASH, head->found, SHORT_HASH, head->head.hash, head->who);
            return;
        }
    }
}

static void verify_digest(struct verify *verify)
{
    char digest[BL_HASH_TEXT];

    for (size_t i = 0; i < verify->head_count; i++) {
        const struct verify_head *head = &verify->heads[i];
        if (head->head.digest[0] == '\0' || head->head.seq != verify->verdict->events ||
            (!verify->is_own && store_is_locked(verify->path)))
            continue;
        if (store_digest(verify->path, digest, NULL) == BL_OK &&
            strcmp(digest, head->head.digest) == 0)
            continue;
        verify_stop(verify->verdict, 0,
                    "the %lld events are sound, but other bytes of the file were altered: its "
                    "digest should be %.*s, which %s noted",
                    (long long)verify->verdict->events, SHORT_HASH, head->head.digest,
                    head->who);
        return;
    }
}

static struct verify_head *verify_head_add(struct verify *verify)
{
    return verify->head_count == VERIFY_HEADS ? NULL : &verify->heads[verify->head_count++];
}

/* The head that the first event of a later run holds, when that event is sound itself. */
static bool verify_read_next(const struct bl_state *state, const char *next,
                             struct index_head *head)
{
    char path[PATH_MAX], hash[BL_HASH_TEXT];
    sqlite3_stmt *statement = NULL;
    struct bl_value *data = NULL;
    const struct bl_value *previous;
    struct store_row row;
    sqlite3 *db;

    bl_journal_file(state, next, path);
    if (store_open_reader(path, &db, NULL) != BL_OK)
        return false;
    if (sqlite3_prepare_v2(db, STORE_ROWS " WHERE seq = 1", -1, &statement, NULL) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        store_row_read(statement, &row);
        if (!verify_fits(&row, row.event.prev, hash) ||
            store_row_parse(&row, &data, NULL) != BL_OK)
            data = NULL;
    }
    sqlite3_finalize(statement);
    sqlite3_close_v2(db);
    previous = bl_map_get(data, "previous");
    snprintf(head->run, sizeof(head->run), "%s", bl_map_text(previous, "run", ""));
    head->seq = bl_map_int(previous, "seq", 0);
    snprintf(head->hash, sizeof(head->hash), "%s", bl_map_text(previous, "hash", ""));
    snprintf(head->digest, sizeof(head->digest), "%s", bl_map_text(previous, "digest", ""));
    bl_value_unref(data);
    return head->seq > 0;
}

static void verify_next(void *arg, const char *next)
{
    struct verify *verify = arg;
    struct index_head head = {.seq = 0};
    struct verify_head *added;

    if (!verify_read_next(verify->state, next, &head) || strcmp(head.run, verify->id) != 0)
        return;
    added = verify_head_add(verify);
    if (added == NULL)
        return;
    added->head = head;
    snprintf(added->who, sizeof(added->who), "run %s", next);
}

/* Collects what others noted about this run, before its file is read: it may be growing. */
static enum bl_code verify_collect(struct verify *verify, struct bl_error *err)
{
    struct index_head head;
    struct index *index;
    enum bl_code code = index_open(verify->state, true, &index, err);

    if (code != BL_OK)
        return code;
    if (index_find(index, verify->id, &head)) {
        struct verify_head *added = verify_head_add(verify);
        added->head = head;
        snprintf(added->who, sizeof(added->who), "the index");
    }
    index_each_next(index, verify->id, verify_next, verify);
    index_close(index);
    return BL_OK;
}

static void verify_praise(struct verify *verify)
{
    struct bl_verdict *verdict = verify->verdict;
    size_t used;

    snprintf(verdict->text, sizeof(verdict->text),
             "%lld events are as they were written, head %.*s", (long long)verdict->events,
             SHORT_HASH, verify->last);
    for (size_t i = 0; i < verify->head_count; i++) {
        used = strlen(verdict->text);
        snprintf(verdict->text + used, sizeof(verdict->text) - used, "%s%s",
                 i == 0 ? ", as noted by " : " and ", verify->heads[i].who);
    }
    used = strlen(verdict->text);
    if (!verify->is_ended)
        snprintf(verdict->text + used, sizeof(verdict->text) - used, "; the run %s",
                 store_is_locked(verify->path) ? "goes on" : "has no end: it was cut off");
}

static enum bl_code verify_run(struct verify *verify, const char *id, struct bl_error *err)
{
    struct bl_verdict *verdict = verify->verdict;
    enum bl_code code;

    verify->id = id;
    memset(verdict, 0, sizeof(*verdict));
    bl_journal_file(verify->state, id, verify->path);
    code = verify_collect(verify, err);
    if (code == BL_OK && verify_is_blank(verify)) {
        verdict->is_sound = true;
        snprintf(verdict->text, sizeof(verdict->text), "the run never began: its file %s",
                 "was cut off before the first event, and nobody saw one");
        return BL_OK;
    }
    if (code == BL_OK)
        code = verify_file(verify, err);
    if (code == BL_OK && verdict->is_sound)
        verify_heads(verify);
    if (code == BL_OK && verdict->is_sound)
        verify_digest(verify);
    if (code == BL_OK && verdict->is_sound)
        verify_praise(verify);
    return code;
}

enum bl_code bl_journal_verify(const struct bl_state *state, const char *id,
                               struct bl_verdict *verdict, struct bl_error *err)
{
    struct verify verify = {.state = state, .verdict = verdict};

    return verify_run(&verify, id, err);
}

enum bl_code verify_own(const struct bl_state *state, const char *id,
                        struct bl_verdict *verdict, struct bl_error *err)
{
    struct verify verify = {.state = state, .verdict = verdict, .is_own = true};

    return verify_run(&verify, id, err);
}

enum bl_code bl_journal_verify_file(const char *path, struct bl_verdict *verdict,
                                    struct bl_error *err)
{
    struct verify verify = {.verdict = verdict};
    enum bl_code code;

    memset(verdict, 0, sizeof(*verdict));
    snprintf(verify.path, sizeof(verify.path), "%s", path);
    code = verify_file(&verify, err);
    if (code == BL_OK && verdict->is_sound)
        verify_praise(&verify);
    return code;
}
