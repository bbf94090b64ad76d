/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* journal.c: the writer of a run: queue, one transaction a flush, subscribers. */
#include "journal/journal.h"

#include "base/json.h"
#include "journal/index.h"
#include "journal/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define JOURNAL_SETUP                                                                          \
    "PRAGMA application_id = 1112298033;"                                                      \
    "PRAGMA user_version = 1;"                                                                 \
    "PRAGMA journal_mode = WAL;"                                                               \
    "PRAGMA synchronous = FULL;"                                                               \
    "PRAGMA wal_autocheckpoint = 120;"                                                         \
    "BEGIN;"                                                                                   \
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL,"   \
    " data TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL) STRICT;"                     \
    "CREATE TRIGGER events_stay BEFORE UPDATE ON events"                                       \
    " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;"                               \
    "CREATE TRIGGER events_last BEFORE DELETE ON events"                                       \
    " BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;"                               \
    "COMMIT;"

_Static_assert(STORE_RUN == 1112298033, "JOURNAL_SETUP says the same number");

#define JOURNAL_SUBSCRIBERS 8
#define JOURNAL_KIND 32
#define JOURNAL_RESERVE 524288L /* bytes of log that are there from the start: 127 pages */

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

struct bl_journal {
    struct bl_state state;
    char run[BL_RUN_TEXT];
    char path[PATH_MAX];
    ino_t inode; /* of that file, once written to */
    int lock;
    sqlite3 *db;
    sqlite3_stmt *begin, *insert, *commit, *rollback;
    struct index *index;
    const struct bl_clock *clock;
    const struct bl_redactor *redactor;
    struct journal_queue queue, sending;
    bool is_telling;
    int64_t seq; /* of the last event queued */
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

void bl_journal_file(const struct bl_state *state, const char *id, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/runs/%s.belay", state->path, id);
}

const char *bl_journal_run(const struct bl_journal *journal)
{
    return journal->run;
}

const char *bl_journal_path(const struct bl_journal *journal)
{
    return journal->path;
}

size_t bl_journal_queued(const struct bl_journal *journal)
{
    return journal->queue.count;
}

void bl_journal_subscribe(struct bl_journal *journal, bl_journal_fn *fn, void *arg)
{
    if (journal->subscriber_count == JOURNAL_SUBSCRIBERS)
        BL_BUG("more than %d subscribers of a journal", JOURNAL_SUBSCRIBERS);
    journal->subscribers[journal->subscriber_count].fn = fn;
    journal->subscribers[journal->subscriber_count].arg = arg;
    journal->subscriber_count++;
}

static struct journal_entry *journal_queue_add(struct journal_queue *queue)
{
    if (queue->count == queue->room) {
        size_t room = queue->room ? 2 * queue->room : 16;
        queue->entries = bl_realloc(queue->entries, room * sizeof(*queue->entries));
        memset(queue->entries + queue->room, 0, (room - queue->room) * sizeof(*queue->entries));
        queue->room = room;
    }
    return &queue->entries[queue->count++];
}

static void journal_queue_empty(struct journal_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++) {
        struct journal_entry *entry = &queue->entries[i];
        bl_value_unref(entry->data);
        entry->data = NULL;
        if (entry->text.cap > 65536)
            bl_buf_release(&entry->text);
        else
            bl_buf_reset(&entry->text);
    }
    queue->count = 0;
}

static void journal_queue_release(struct journal_queue *queue)
{
    journal_queue_empty(queue);
    for (size_t i = 0; i < queue->room; i++)
        bl_buf_release(&queue->entries[i].text);
    bl_free(queue->entries);
}

int64_t bl_journal_append(struct bl_journal *journal, const char *kind,
                          struct bl_value *take_data)
{
    struct journal_entry *entry = journal_queue_add(&journal->queue);
    struct bl_event *event = &entry->event;

    if (strlen(kind) >= JOURNAL_KIND || kind[strspn(kind, "abcdefghijklmnopqrstuvwxyz_")])
        BL_BUG("'%s' is no kind of event", kind);
    snprintf(entry->kind, sizeof(entry->kind), "%s", kind);
    entry->data = bl_redact_value(journal->redactor, take_data);
    bl_value_unref(take_data);
    bl_json_write(&entry->text, entry->data, BL_JSON_CANONICAL);
    event->seq = ++journal->seq;
    event->at = bl_clock_now(journal->clock);
    event->kind = entry->kind;
    event->data = entry->data;
    memcpy(event->prev, journal->head, BL_HASH_TEXT);
    store_hash(event, bl_buf_text(&entry->text), entry->text.len, event->hash);
    memcpy(journal->head, event->hash, BL_HASH_TEXT);
    return event->seq;
}

static int journal_run(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);

    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int journal_insert(struct bl_journal *journal, const struct journal_entry *entry)
{
    sqlite3_stmt *insert = journal->insert;
    const struct bl_event *event = &entry->event;
    int rc;

    sqlite3_bind_int64(insert, 1, event->seq);
    sqlite3_bind_int64(insert, 2, event->at);
    sqlite3_bind_text(insert, 3, entry->kind, -1, SQLITE_STATIC);
    rc = sqlite3_bind_text64(insert, 4, bl_buf_text(&entry->text), entry->text.len,
                             SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_text(insert, 5, event->prev, BL_HASH_TEXT - 1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 6, event->hash, BL_HASH_TEXT - 1, SQLITE_STATIC);
    return rc == SQLITE_OK ? journal_run(insert) : rc;
}

static enum bl_code journal_write(struct bl_journal *journal, struct bl_error *err)
{
    enum bl_code code;
    struct stat info;
    int rc;

    if (stat(journal->path, &info) != 0 ||
        (journal->inode != 0 && info.st_ino != journal->inode))
        return bl_fail(err, BL_E_IO,
                       "%s is gone: it was moved or removed while the run wrote to it, and "
                       "nothing is done without a journal",
                       journal->path);
    journal->inode = info.st_ino;
    errno = 0;
    rc = journal_run(journal->begin);

    for (size_t i = 0; rc == SQLITE_OK && i < journal->queue.count; i++)
        rc = journal_insert(journal, &journal->queue.entries[i]);
    if (rc == SQLITE_OK)
        rc = journal_run(journal->commit);
    if (rc == SQLITE_OK)
        return BL_OK;
    code = store_fail(err, journal->db, rc, journal->path);
    if (!sqlite3_get_autocommit(journal->db))
        journal_run(journal->rollback);
    return code;
}

/* Keeps what the index needs from the events that are on disk now. */
static void journal_note(struct bl_journal *journal)
{
    const struct journal_queue *sent = &journal->sending;
    const struct bl_event *last = &sent->entries[sent->count - 1].event;

    journal->stored.seq = last->seq;
    memcpy(journal->stored.hash, last->hash, BL_HASH_TEXT);
    if (strcmp(last->kind, "run_ended") == 0) {
        bl_value_unref(journal->ended);
        journal->ended = bl_value_ref(last->data);
        journal->ended_at = last->at;
    }
    store_note(journal->lock, last->seq, last->hash);
}

static void journal_tell(struct bl_journal *journal)
{
    journal->is_telling = true;
    for (size_t i = 0; i < journal->sending.count; i++) {
        for (size_t j = 0; j < journal->subscriber_count; j++)
            journal->subscribers[j].fn(journal->subscribers[j].arg,
                                       &journal->sending.entries[i].event);
    }
    journal->is_telling = false;
}

/* The entries may have moved since they were queued; their events point into them. */
static void journal_fix_pointers(struct journal_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        queue->entries[i].event.kind = queue->entries[i].kind;
}

enum bl_code bl_journal_flush(struct bl_journal *journal, struct bl_error *err)
{
    struct journal_queue queue;
    enum bl_code code;

    if (journal->is_telling)
        BL_BUG("a subscriber flushes the journal");
    if (journal->queue.count == 0)
        return BL_OK;
    code = journal_write(journal, err);
    if (code != BL_OK)
        return code;
    queue = journal->queue;
    journal->queue = journal->sending;
    journal->sending = queue;
    journal_fix_pointers(&journal->sending);
    journal_note(journal);
    journal_tell(journal);
    journal_queue_empty(&journal->sending);
    return BL_OK;
}

static enum bl_code journal_prepare(struct bl_journal *journal, struct bl_error *err)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&journal->begin, "BEGIN IMMEDIATE"},
        {&journal->insert, "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
        {&journal->commit, "COMMIT"},
        {&journal->rollback, "ROLLBACK"},
    };

    for (size_t i = 0; i < BL_COUNT(all); i++) {
        int rc = sqlite3_prepare_v3(journal->db, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
                                    all[i].statement, NULL);
        if (rc != SQLITE_OK)
            return store_fail(err, journal->db, rc, journal->path);
    }
    return BL_OK;
}

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
        code = store_touch(journal->path, journal->state.file_mode, err);
    }
    if (code != BL_OK)
        return code;
    code = store_lock(journal->path, journal->state.file_mode, &journal->lock, err);
    if (code != BL_OK)
        unlink(journal->path);
    return code;
}

/*
 * Fills the log beside the file with zeros, which SQLite takes for no log: overwriting what is
 * there is a third cheaper to bring to the disk than growing a file. On a disk with little
 * space nothing is reserved, and what cannot be reserved is no error.
 */
static void journal_reserve(const struct bl_journal *journal)
{
    static const char zeros[16384];
    char name[PATH_MAX + 8];
    struct statvfs disk;
    off_t end;
    int fd;

    snprintf(name, sizeof(name), "%s-wal", journal->path);
    fd = open(name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    end = fstatvfs(fd, &disk) == 0 && disk.f_bavail * disk.f_frsize > 32UL * JOURNAL_RESERVE
              ? lseek(fd, 0, SEEK_END)
              : -1;
    while (end >= 0 && end < JOURNAL_RESERVE &&
           pwrite(fd, zeros, sizeof(zeros), end) == (ssize_t)sizeof(zeros))
        end += (off_t)sizeof(zeros);
    close(fd);
}

static void journal_unlink(const char *path, const char *ending)
{
    char name[PATH_MAX];
    size_t stem = strlen(path) - strlen(".belay");

    snprintf(name, sizeof(name), "%.*s%s", (int)stem, path, ending);
    unlink(name);
}

static void journal_unlock(struct bl_journal *journal)
{
    if (journal->lock < 0)
        return;
    journal_unlink(journal->path, ".lock");
    close(journal->lock);
    journal->lock = -1;
}

static void journal_close_db(struct bl_journal *journal)
{
    sqlite3_finalize(journal->begin);
    sqlite3_finalize(journal->insert);
    sqlite3_finalize(journal->commit);
    sqlite3_finalize(journal->rollback);
    journal->begin = journal->insert = journal->commit = journal->rollback = NULL;
    sqlite3_close_v2(journal->db);
    journal->db = NULL;
}

static void journal_free(struct bl_journal *journal)
{
    journal_close_db(journal);
    index_close(journal->index);
    journal_unlock(journal);
    journal_queue_release(&journal->queue);
    journal_queue_release(&journal->sending);
    bl_value_unref(journal->ended);
    bl_free(journal);
}

/* A run that never wrote an event leaves no file. */
static void journal_abandon(struct bl_journal *journal)
{
    static const char *const endings[] = {".belay-wal", ".belay-shm", ".belay"};

    if (journal->index != NULL)
        index_del(journal->index, journal->run);
    journal_close_db(journal);
    for (size_t i = 0; journal->lock >= 0 && i < BL_COUNT(endings); i++)
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

enum bl_code bl_journal_create(const struct bl_journal_options *options,
                               struct bl_journal **journal, struct bl_error *err)
{
    struct bl_journal *made = bl_alloc(sizeof(*made));
    struct index_head previous = {0};
    enum bl_code code;

    made->state = *options->state;
    made->clock = options->clock;
    made->redactor = options->redactor;
    made->lock = -1;
    memcpy(made->head, store_zeros, BL_HASH_TEXT);
    code = index_open(&made->state, false, &made->index, err);
    if (code == BL_OK)
        code = journal_claim(made, bl_clock_now(made->clock), err);
    if (code == BL_OK)
        code = store_open(made->path, JOURNAL_SETUP, &made->db, err);
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

/* Brings everything into the one file. A reader that is there keeps it in WAL, which is no
 * harm.
 */
static enum bl_code journal_seal(struct bl_journal *journal, struct bl_error *err)
{
    int rc =
        sqlite3_wal_checkpoint_v2(journal->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
        return store_fail(err, journal->db, rc, journal->path);
    sqlite3_exec(journal->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    journal_close_db(journal);
    (void)chmod(journal->path, journal->state.file_mode & 0440);
    return store_digest(journal->path, journal->stored.digest, err);
}

enum bl_code bl_journal_close(struct bl_journal *journal, struct bl_error *err)
{
    enum bl_code code = bl_journal_flush(journal, err);

    if (journal->stored.seq == 0) {
        journal_abandon(journal);
        return code;
    }
    if (code == BL_OK)
        code = journal_seal(journal, err);
    if (code == BL_OK)
        code = index_set_end(journal->index, &journal->stored, journal->ended,
                             journal->ended_at, err);
    journal_free(journal);
    return code;
}
