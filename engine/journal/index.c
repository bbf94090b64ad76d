/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* index.c: the list of runs and of their heads: opening it, and the statements on it. */
#include "journal/index.h"

#include "journal/indexfill.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The rollback journal and no sync: fast, safe between processes, and made again when damaged.
 */
#define INDEX_SETUP                                                                            \
    "PRAGMA journal_mode = PERSIST;"                                                           \
    "PRAGMA synchronous = OFF;"                                                                \
    "PRAGMA user_version = 1;"                                                                 \
    "CREATE TABLE IF NOT EXISTS runs (ord INTEGER PRIMARY KEY AUTOINCREMENT,"                  \
    " run TEXT NOT NULL UNIQUE, previous TEXT, procedure TEXT, title TEXT, environment TEXT,"  \
    " world TEXT, user TEXT, host TEXT, started INTEGER, ended INTEGER, exit INTEGER,"         \
    " outcome TEXT, state TEXT NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,"            \
    " digest TEXT NOT NULL) STRICT;"

/* Said last, when all runs are in: a file whose maker was killed before is made again. */
#define INDEX_FILLED "PRAGMA application_id = 1112299569"

_Static_assert(STORE_INDEX == 1112299569, "INDEX_FILLED says the same number");

static int index_lock(const struct bl_state *state)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/index.lock", state->path);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, state->file_mode);
    if (fd >= 0)
        store_own(fd, state);
    else
        fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        (void)flock(fd, LOCK_EX);
    return fd;
}

static bool index_is_well(sqlite3 *db)
{
    sqlite3_stmt *check = NULL;
    bool well;

    if (store_number(db, "PRAGMA application_id") != STORE_INDEX ||
        sqlite3_exec(db, "SELECT run, digest FROM runs LIMIT 0", NULL, NULL, NULL) != SQLITE_OK)
        return false; /* its making was cut off */
    well = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &check, NULL) == SQLITE_OK &&
           sqlite3_step(check) == SQLITE_ROW &&
           strcmp((const char *)sqlite3_column_text(check, 0), "ok") == 0;
    sqlite3_finalize(check);
    return well;
}

/* Opens the file as it is. BL_E_PARSE: it has to be made again. */
static enum bl_code index_open_file(struct index *index, struct bl_error *err)
{
    enum bl_code code;

    if (access(index->path, F_OK) != 0)
        return bl_fail(err, BL_E_PARSE, "%s is missing", index->path);
    code = store_open(index->path, "PRAGMA synchronous = OFF", &index->db, err);
    if (code == BL_OK && !index_is_well(index->db)) {
        sqlite3_close_v2(index->db);
        index->db = NULL;
        code = bl_fail(err, BL_E_PARSE, "%s is damaged", index->path);
    }
    return code;
}

static enum bl_code index_make_file(struct index *index, struct bl_error *err)
{
    char journal[PATH_MAX + 16];
    enum bl_code code;

    snprintf(journal, sizeof(journal), "%s-journal", index->path);
    unlink(journal);
    unlink(index->path);
    code = store_touch(index->path, &index->state, err);
    if (code == BL_OK) /* SQLite would give it the group of whoever is first */
        code = store_touch(journal, &index->state, err);
    if (code == BL_OK)
        code = store_open(index->path, INDEX_SETUP, &index->db, err);
    return code;
}

/* A copy of what can be read, for somebody who may not write. */
static enum bl_code index_copy(struct index *index, struct bl_error *err)
{
    sqlite3 *from = NULL;
    sqlite3_backup *backup;

    if (sqlite3_open_v2(":memory:", &index->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY,
                        NULL) != SQLITE_OK)
        return store_fail(err, index->db, SQLITE_NOMEM, index->path);
    if (sqlite3_open_v2(index->path, &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        (backup = sqlite3_backup_init(index->db, "main", from, "main")) != NULL) {
        sqlite3_backup_step(backup, -1);
        sqlite3_backup_finish(backup);
    }
    sqlite3_close_v2(from);
    if (sqlite3_exec(index->db, INDEX_SETUP, NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(err, index->db, SQLITE_CORRUPT, index->path);
    return BL_OK;
}

static void index_note_inode(struct index *index)
{
    struct stat info;

    index->inode = stat(index->path, &info) == 0 ? info.st_ino : 0;
}

static enum bl_code index_start(struct index *index, bool scan, struct bl_error *err)
{
    int lock = index_lock(&index->state);
    enum bl_code code = index_open_file(index, err);
    bool is_made = code == BL_E_PARSE;

    if (is_made) {
        scan = true;
        code = index_make_file(index, err);
    }
    if (scan && (code == BL_E_DENIED || code == BL_E_IO)) {
        sqlite3_close_v2(index->db);
        code = index_copy(index, err);
    }
    if (code == BL_OK)
        code = index_fill(index, scan, err);
    if (code == BL_OK && is_made &&
        sqlite3_exec(index->db, INDEX_FILLED, NULL, NULL, NULL) != SQLITE_OK)
        code = store_fail(err, index->db, sqlite3_errcode(index->db), index->path);
    index_note_inode(index);
    if (lock >= 0)
        close(lock);
    return code;
}

enum bl_code index_open(const struct bl_state *state, bool scan, struct index **index,
                        struct bl_error *err)
{
    struct index *made = bl_alloc(sizeof(*made));
    enum bl_code code;

    made->state = *state;
    snprintf(made->path, sizeof(made->path), "%s/index.db", state->path);
    code = index_start(made, scan, err);
    if (code != BL_OK) {
        index_close(made);
        return code;
    }
    *index = made;
    return BL_OK;
}

void index_close(struct index *index)
{
    if (index == NULL)
        return;
    sqlite3_close_v2(index->db);
    bl_free(index);
}

static sqlite3_stmt *index_statement(struct index *index, const char *sql, const char *run)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    if (run != NULL)
        sqlite3_bind_text(statement, 1, run, -1, SQLITE_TRANSIENT);
    return statement;
}

static const char *index_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return text == NULL ? "" : text;
}

static bool index_read_head(sqlite3_stmt *statement, struct index_head *head)
{
    bool found = statement != NULL && sqlite3_step(statement) == SQLITE_ROW;

    memset(head, 0, sizeof(*head));
    if (found) {
        snprintf(head->run, sizeof(head->run), "%s", index_text(statement, 0));
        head->seq = sqlite3_column_int64(statement, 1);
        snprintf(head->hash, sizeof(head->hash), "%s", index_text(statement, 2));
        snprintf(head->digest, sizeof(head->digest), "%s", index_text(statement, 3));
    }
    sqlite3_finalize(statement);
    return found;
}

bool index_find(struct index *index, const char *run, struct index_head *head)
{
    return index_read_head(
        index_statement(index, "SELECT run, seq, hash, digest FROM runs WHERE run = ?1", run),
        head);
}

enum bl_code index_add(struct index *index, const struct index_run *run,
                       struct index_head *previous, struct bl_error *err)
{
    struct index_run row = *run;
    enum bl_code code;
    int rc = sqlite3_exec(index->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    if (rc != SQLITE_OK)
        return store_fail(err, index->db, rc, index->path);
    index_read_head(index_statement(index,
                                    "SELECT run, seq, hash, digest FROM runs WHERE seq > 0"
                                    " AND run <> ?1 ORDER BY ord DESC LIMIT 1",
                                    run->run),
                    previous);
    row.previous = previous->run;
    rc = index_insert(index, &row);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(index->db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return BL_OK;
    code = store_fail(err, index->db, rc, index->path);
    sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

bool index_del(struct index *index, const char *run)
{
    sqlite3_stmt *statement =
        index_statement(index, "DELETE FROM runs WHERE run = ?1 AND seq = 0", run);
    int rc = sqlite3_step(statement);

    sqlite3_finalize(statement);
    return rc == SQLITE_DONE;
}

/* Somebody may have made the index again while this run went on: then goes on with theirs. */
static enum bl_code index_follow(struct index *index, struct bl_error *err)
{
    struct stat info;

    if (stat(index->path, &info) == 0 && info.st_ino == index->inode)
        return BL_OK;
    sqlite3_close_v2(index->db);
    index->db = NULL;
    return index_start(index, true, err);
}

enum bl_code index_set_open(struct index *index, const char *run, struct bl_error *err)
{
    sqlite3_stmt *statement;
    enum bl_code code = index_follow(index, err);
    int rc;

    if (code != BL_OK)
        return code;
    statement = index_statement(index,
                                "UPDATE runs SET state = 'open', digest = '', exit = NULL,"
                                " outcome = NULL, ended = NULL WHERE run = ?1",
                                run);
    rc = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? BL_OK : store_fail(err, index->db, rc, index->path);
}

enum bl_code index_set_end(struct index *index, const struct index_head *head,
                           const struct bl_value *ended, int64_t at, struct bl_error *err)
{
    sqlite3_stmt *statement;
    enum bl_code code = index_follow(index, err);
    int rc;

    if (code != BL_OK)
        return code;
    statement = index_statement(index,
                                "UPDATE runs SET seq = ?2, hash = ?3, digest = ?4, state = ?5,"
                                " exit = ?6, outcome = ?7, ended = ?8 WHERE run = ?1",
                                head->run);
    sqlite3_bind_int64(statement, 2, head->seq);
    sqlite3_bind_text(statement, 3, head->hash, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, head->digest, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, ended == NULL ? "cut off" : "ended", -1, SQLITE_STATIC);
    if (ended != NULL) {
        sqlite3_bind_int64(statement, 6, bl_map_int(ended, "exit", 0));
        sqlite3_bind_text(statement, 7, bl_map_text(ended, "status", NULL), -1,
                          SQLITE_TRANSIENT);
        sqlite3_bind_int64(statement, 8, at);
    }
    rc = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? BL_OK : store_fail(err, index->db, rc, index->path);
}

void index_each_next(struct index *index, const char *run,
                     void (*fn)(void *arg, const char *next), void *arg)
{
    sqlite3_stmt *statement =
        index_statement(index, "SELECT run FROM runs WHERE previous = ?1 ORDER BY ord", run);

    while (statement != NULL && sqlite3_step(statement) == SQLITE_ROW)
        fn(arg, index_text(statement, 0));
    sqlite3_finalize(statement);
}

static void index_set_column(struct bl_value *row, sqlite3_stmt *statement, int column)
{
    const char *name = sqlite3_column_name(statement, column);

    if (sqlite3_column_type(statement, column) == SQLITE_INTEGER)
        bl_map_set(row, name, bl_value_int(sqlite3_column_int64(statement, column)));
    else if (sqlite3_column_type(statement, column) == SQLITE_TEXT)
        bl_map_set(row, name, bl_value_text(index_text(statement, column)));
}

enum bl_code index_list(struct index *index, struct bl_value **runs, struct bl_error *err)
{
    sqlite3_stmt *statement = index_statement(
        index,
        "SELECT run, procedure, title, environment, world, user, host, started, ended, exit,"
        " outcome, state AS status, seq AS events FROM runs ORDER BY started DESC, ord DESC",
        NULL);
    int rc;

    if (statement == NULL)
        return store_fail(err, index->db, SQLITE_CORRUPT, index->path);
    *runs = bl_list_new();
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct bl_value *row = bl_map_new();
        char path[PATH_MAX];

        for (int i = 0; i < sqlite3_column_count(statement); i++)
            index_set_column(row, statement, i);
        bl_journal_file(&index->state, bl_map_text(row, "run", ""), path);
        if (access(path, F_OK) != 0)
            bl_map_set(row, "status", bl_value_text("gone"));
        else if (store_is_locked(path)) /* its end may be one that it goes on from */
            bl_map_set(row, "status", bl_value_text("running"));
        else if (strcmp(bl_map_text(row, "status", ""), "open") == 0)
            bl_map_set(row, "status", bl_value_text("cut off"));
        bl_list_add(*runs, row);
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? BL_OK : store_fail(err, index->db, rc, index->path);
}
