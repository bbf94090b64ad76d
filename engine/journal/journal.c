/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* journal.c: the writer of a run: queue, one transaction a flush, subscribers. */
#include "journal/writer.h"

#include "base/json.h"

#include <errno.h>
#include <sys/stat.h>

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

const struct bl_state *bl_journal_state(const struct bl_journal *journal)
{
    return &journal->state;
}

const char *bl_journal_head(const struct bl_journal *journal)
{
    return journal->head;
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

void journal_queue_release(struct journal_queue *queue)
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

static int journal_insert_text(struct bl_journal *journal, const struct journal_text *text)
{
    sqlite3_stmt *keep = journal->keep;
    int rc;

    sqlite3_bind_text(keep, 1, text->sha256, -1, SQLITE_STATIC);
    rc = sqlite3_bind_blob64(keep, 2, text->text, text->len, SQLITE_STATIC);
    return rc == SQLITE_OK ? journal_run(keep) : rc;
}

enum bl_code journal_write_batch(struct bl_journal *journal, struct bl_error *err)
{
    enum bl_code code;
    int rc;

    errno = 0;
    rc = journal_run(journal->begin);
    for (size_t i = 0; rc == SQLITE_OK && i < journal->text_count; i++)
        rc = journal_insert_text(journal, &journal->texts[i]);
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

static enum bl_code journal_write(struct bl_journal *journal, struct bl_error *err)
{
    enum bl_code code = BL_OK;
    bool is_written = false;
    struct stat info;

    if (stat(journal->path, &info) != 0 ||
        (journal->inode != 0 && info.st_ino != journal->inode))
        return bl_fail(err, BL_E_IO,
                       "%s is gone: it was moved or removed while the run wrote to it, and "
                       "nothing is done without a journal",
                       journal->path);
    journal->inode = info.st_ino;
    if (journal->db == NULL)
        code = journal_unseal(journal, &is_written, err);
    return code != BL_OK || is_written ? code : journal_write_batch(journal, err);
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
    journal_texts_release(journal);
    journal_note(journal);
    journal_tell(journal);
    journal_queue_empty(&journal->sending);
    return BL_OK;
}
