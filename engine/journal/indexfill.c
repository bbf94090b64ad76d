/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* indexfill.c: filling the index from the files of the runs. */
#include "journal/indexfill.h"

#include "journal/writer.h"

#include <dirent.h>
#include <unistd.h>

/* What a run's file says about itself. */
struct fill_run {
    struct index_head head;
    struct bl_value *info;      /* data of the first event */
    struct bl_value *last;      /* data of the last event */
    int64_t started, ended, at; /* at, is_end: of the event read last */
    bool is_ended, is_readable, is_end;
};

struct fill_list {
    struct fill_run *runs;
    size_t count, room;
};

static void fill_run_release(struct fill_run *run)
{
    bl_value_unref(run->info);
    bl_value_unref(run->last);
}

static bool fill_read_row(sqlite3 *db, const char *sql, struct fill_run *run,
                          struct bl_value **data)
{
    sqlite3_stmt *statement = NULL;
    struct store_row row;
    bool good = false;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        store_row_read(statement, &row);
        good = store_row_parse(&row, data, NULL) == BL_OK;
        if (row.event.seq == 1)
            run->started = row.event.at;
        run->at = row.event.at;
        run->is_end = strcmp(row.event.kind, "run_ended") == 0;
        run->head.seq = row.event.seq;
        memcpy(run->head.hash, row.event.hash, BL_HASH_TEXT);
    }
    sqlite3_finalize(statement);
    return good;
}

/* The end of a run is its last event, but for the signature of it. */
static void fill_read_end(sqlite3 *db, struct fill_run *run)
{
    struct fill_run end = {.info = NULL};

    if (!fill_read_row(db, STORE_ROWS " WHERE kind <> 'signed' ORDER BY seq DESC LIMIT 1", &end,
                       &run->last))
        return;
    run->is_ended = end.is_end;
    run->ended = end.at;
}

/* Reads the first and the last event of a file. What cannot be read stays empty. */
static void fill_run_read(struct index *index, const char *id, struct fill_run *run)
{
    struct bl_value *last = NULL;
    char path[PATH_MAX];
    sqlite3 *db;

    memset(run, 0, sizeof(*run));
    snprintf(run->head.run, sizeof(run->head.run), "%s", id);
    memcpy(run->head.hash, store_zeros, BL_HASH_TEXT);
    bl_journal_file(&index->state, id, path);
    if (store_open_reader(path, &db, NULL) != BL_OK)
        return;
    run->is_readable = fill_read_row(db, STORE_ROWS " WHERE seq = 1", run, &run->info) &&
                       fill_read_row(db, STORE_ROWS " ORDER BY seq DESC LIMIT 1", run, &last);
    bl_value_unref(last);
    if (run->is_readable)
        fill_read_end(db, run);
    sqlite3_close_v2(db);
    if (run->is_ended && !store_is_locked(path) && journal_is_sealed(path) &&
        store_digest(path, run->head.digest, NULL) != BL_OK)
        run->head.digest[0] = '\0';
}

static void fill_bind(sqlite3_stmt *statement, int column, const char *text)
{
    sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT);
}

int index_insert(struct index *index, const struct index_run *run)
{
    static const char *const names[] = {"procedure", "title", "environment",
                                        "world",     "user",  "host"};
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(
        index->db,
        "INSERT INTO runs (run, previous, started, state, seq, hash, digest, procedure, title,"
        " environment, world, user, host) VALUES (?1, ?2, ?3, ?4, 0, ?5, '', ?6, ?7, ?8, ?9,"
        " ?10, ?11)"
        /* a reader that scanned the folder may have found the file before its writer came here
         */
        " ON CONFLICT (run) DO UPDATE SET previous = excluded.previous, state = excluded.state,"
        " procedure = excluded.procedure, title = excluded.title,"
        " environment = excluded.environment, world = excluded.world, user = excluded.user,"
        " host = excluded.host",
        -1, &statement, NULL);

    if (rc != SQLITE_OK)
        return rc;
    fill_bind(statement, 1, run->run);
    fill_bind(statement, 2, run->previous[0] == '\0' ? NULL : run->previous);
    sqlite3_bind_int64(statement, 3, run->at);
    fill_bind(statement, 4, run->state);
    fill_bind(statement, 5, store_zeros);
    for (size_t i = 0; i < BL_COUNT(names); i++)
        fill_bind(statement, 6 + (int)i, bl_map_text(run->info, names[i], NULL));
    rc = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static const char *fill_state(struct index *index, const struct fill_run *run)
{
    char path[PATH_MAX];

    bl_journal_file(&index->state, run->head.run, path);
    if (store_is_locked(path))
        return "open";
    if (!run->is_readable)
        return store_is_blank(path) ? "never began" : "damaged";
    return run->is_ended ? "ended" : "cut off";
}

/* Raises a row's head to what the run's writer noted; SQLite's code. */
static int fill_note(struct index *index, const char *id)
{
    char path[PATH_MAX], hash[BL_HASH_TEXT];
    sqlite3_stmt *statement = NULL;
    int64_t seq;
    int rc;

    bl_journal_file(&index->state, id, path);
    if (!store_note_read(path, &seq, hash))
        return SQLITE_OK;
    rc = sqlite3_prepare_v2(index->db,
                            "UPDATE runs SET seq = ?2, hash = ?3 WHERE run = ?1 AND seq < ?2",
                            -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return rc;
    fill_bind(statement, 1, id);
    sqlite3_bind_int64(statement, 2, seq);
    fill_bind(statement, 3, hash);
    rc = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Brings the row of a run up to its file and its writer's note. A file that holds less than the
 * row says does not change the row's head: that is how a cut tail shows. */
static int fill_update(struct index *index, const struct fill_run *run)
{
    static const char sql[] =
        "UPDATE runs SET hash = CASE WHEN ?2 > seq THEN ?3 ELSE hash END, seq = max(seq, ?2),"
        " state = ?4, digest = ?5, exit = ?6, outcome = ?7, ended = ?8 WHERE run = ?1";
    sqlite3_stmt *statement = NULL;
    int rc = fill_note(index, run->head.run);

    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return rc;
    fill_bind(statement, 1, run->head.run);
    sqlite3_bind_int64(statement, 2, run->head.seq);
    fill_bind(statement, 3, run->head.hash);
    fill_bind(statement, 4, fill_state(index, run));
    fill_bind(statement, 5, run->head.digest);
    if (run->is_ended) {
        sqlite3_bind_int64(statement, 6, bl_map_int(run->last, "exit", 0));
        fill_bind(statement, 7, bl_map_text(run->last, "status", NULL));
        sqlite3_bind_int64(statement, 8, run->ended);
    }
    rc = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static struct fill_run *fill_list_add(struct fill_list *list)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->runs = bl_realloc(list->runs, list->room * sizeof(*list->runs));
    }
    return &list->runs[list->count++];
}

static void fill_list_release(struct fill_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        fill_run_release(&list->runs[i]);
    bl_free(list->runs);
}

static int fill_compare(const void *a, const void *b)
{
    const struct fill_run *one = a, *other = b;

    if (one->started != other->started)
        return one->started < other->started ? -1 : 1;
    return strcmp(one->head.run, other->head.run);
}

/* Reads every run that has a file and no row. */
static void fill_scan(struct index *index, struct fill_list *list)
{
    char path[PATH_MAX], id[BL_RUN_TEXT];
    struct index_head head;
    struct dirent *entry;
    DIR *folder;

    snprintf(path, sizeof(path), "%s/runs", index->state.path);
    folder = opendir(path);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len < 7 || len - 6 >= sizeof(id) || strcmp(entry->d_name + len - 6, ".belay") != 0)
            continue;
        snprintf(id, sizeof(id), "%.*s", (int)(len - 6), entry->d_name);
        if (!index_find(index, id, &head))
            fill_run_read(index, id, fill_list_add(list));
    }
    if (folder != NULL)
        closedir(folder);
    if (list->count > 0)
        qsort(list->runs, list->count, sizeof(*list->runs), fill_compare);
}

static int fill_add_missing(struct index *index)
{
    struct fill_list list = {NULL, 0, 0};
    int rc = SQLITE_OK;

    fill_scan(index, &list);
    for (size_t i = 0; rc == SQLITE_OK && i < list.count; i++) {
        const struct fill_run *run = &list.runs[i];
        const struct index_run row = {
            .run = run->head.run,
            .previous = bl_map_text(bl_map_get(run->info, "previous"), "run", ""),
            .state = "open",
            .info = run->info,
            .at = run->started,
        };

        rc = index_insert(index, &row);
        if (rc == SQLITE_OK)
            rc = fill_update(index, run);
    }
    fill_list_release(&list);
    return rc;
}

/* Brings the rows that say "open" up to date. */
static int fill_settle(struct index *index)
{
    sqlite3_stmt *statement = NULL;
    struct fill_list list = {NULL, 0, 0};
    int rc = sqlite3_prepare_v2(index->db, "SELECT run FROM runs WHERE state = 'open'", -1,
                                &statement, NULL);

    while (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        const char *id = (const char *)sqlite3_column_text(statement, 0);
        char path[PATH_MAX];

        bl_journal_file(&index->state, id, path);
        if (access(path, F_OK) == 0)
            fill_run_read(index, id, fill_list_add(&list));
    }
    sqlite3_finalize(statement);
    for (size_t i = 0; rc == SQLITE_OK && i < list.count; i++)
        rc = fill_update(index, &list.runs[i]);
    fill_list_release(&list);
    return rc;
}

enum bl_code index_fill(struct index *index, bool scan, struct bl_error *err)
{
    int rc = fill_settle(index);

    if (rc == SQLITE_OK && scan) {
        rc = sqlite3_exec(index->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = fill_add_missing(index);
        sqlite3_exec(index->db, rc == SQLITE_OK ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL);
    }
    return rc == SQLITE_OK ? BL_OK : store_fail(err, index->db, rc, index->path);
}
