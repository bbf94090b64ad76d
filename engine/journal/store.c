/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* store.c: SQLite files opened the safe way, and the hash of an event. */
#include "journal/store.h"

#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_NOTE 86 /* 20 digits, a space, 64 digits, a line feed */
#define STORE_TRIES 20
#define STORE_CHECK 9 /* the beginning of their hash, a line feed: half a note is none */

const char store_zeros[BL_HASH_TEXT] =
    "0000000000000000000000000000000000000000000000000000000000000000";

static enum bl_code store_no_space(struct bl_error *err, const char *path)
{
    return bl_fail(err, BL_E_FULL, "cannot write %s: no space left: free some and start again",
                   path);
}

static bool store_is_space(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

enum bl_code store_fail(struct bl_error *err, sqlite3 *db, int rc, const char *path)
{
    int last = errno; /* SQLite forgets it when COMMIT fails */
    int error = db == NULL ? 0 : sqlite3_system_errno(db);
    enum bl_code code;

    switch (rc & 0xff) {
    case SQLITE_FULL:
        return store_no_space(err, path);
    case SQLITE_IOERR:
        error = error == 0 && last != ENOENT ? last : error; /* ENOENT is of something else */
        if (store_is_space(error))
            return store_no_space(err, path);
        code = bl_fail(err, BL_E_IO, "cannot read or write %s: %s: check the disk", path,
                       error ? strerror(error) : sqlite3_errstr(rc));
        break;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        code = bl_fail(err, BL_E_DENIED, "cannot open %s: %s: check who owns it and its folder",
                       path, error ? strerror(error) : sqlite3_errstr(rc));
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        code = bl_fail(err, BL_E_BUSY, "%s is in use by another process: try again", path);
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
        code = bl_fail(err, BL_E_PARSE, "%s is damaged: %s", path,
                       db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(db));
        break;
    default:
        code = bl_fail(err, BL_E_IO, "cannot use %s: %s", path, sqlite3_errstr(rc));
    }
    if (err != NULL)
        bl_error_cause(err, "SQLite %d", rc);
    return code;
}

void store_own(int fd, const struct bl_state *state)
{
    uid_t owner = geteuid() == 0 ? state->owner : (uid_t)-1;

    (void)!fchown(fd, owner, state->file_mode == 0660 ? state->group : (gid_t)-1);
    (void)fchmod(fd, state->file_mode); /* the umask has no say in it */
}

enum bl_code store_touch(const char *path, const struct bl_state *state, struct bl_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, state->file_mode);

    if (fd < 0 && errno == EEXIST)
        return bl_fail(err, BL_E_EXISTS, "%s is there already", path);
    if (fd < 0 && store_is_space(errno))
        return store_no_space(err, path);
    if (fd < 0)
        return bl_fail(err, errno == EACCES ? BL_E_DENIED : BL_E_IO,
                       "cannot make %s: %s: check who owns its folder", path, strerror(errno));
    store_own(fd, state);
    close(fd);
    return BL_OK;
}

static int store_configure(sqlite3 *db)
{
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, 5000);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
}

enum bl_code store_open(const char *path, const char *setup, sqlite3 **db, struct bl_error *err)
{
    sqlite3 *opened = NULL;
    int rc;

    errno = 0;
    rc = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK)
        rc = store_configure(opened);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(opened, setup, NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        enum bl_code code = store_fail(err, opened, rc, path);
        sqlite3_close_v2(opened);
        return code;
    }
    *db = opened;
    return BL_OK;
}

int64_t store_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static enum bl_code store_check_run(sqlite3 *db, const char *path, struct bl_error *err)
{
    int rc = sqlite3_exec(db, "SELECT seq FROM events LIMIT 0", NULL, NULL, NULL);
    int64_t version;

    if (rc != SQLITE_OK)
        return store_fail(err, db, rc, path);
    if (store_number(db, "PRAGMA application_id") != STORE_RUN)
        return bl_fail(err, BL_E_PARSE, "%s is not the file of a run", path);
    version = store_number(db, "PRAGMA user_version");
    if (version != STORE_VERSION)
        return bl_fail(err, BL_E_UNSUPPORTED,
                       "%s has format %lld and this belay reads format %d: use the belay that "
                       "wrote it",
                       path, (long long)version, STORE_VERSION);
    return BL_OK;
}

enum bl_code store_open_reader(const char *path, sqlite3 **db, struct bl_error *err)
{
    sqlite3 *opened = NULL;
    struct stat info;
    enum bl_code code;
    int rc;

    if (stat(path, &info) != 0)
        return bl_fail(err, BL_E_NOT_FOUND, "there is no file %s", path);
    if (!S_ISREG(info.st_mode))
        return bl_fail(err, BL_E_ARG, "%s is not a plain file, so no journal", path);
    rc = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = store_configure(opened);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    code = rc == SQLITE_OK ? store_check_run(opened, path, err)
                           : store_fail(err, opened, rc, path);
    if (code != BL_OK) {
        sqlite3_close_v2(opened);
        return code;
    }
    *db = opened;
    return BL_OK;
}

bool store_is_blank(const char *path)
{
    sqlite3 *opened = NULL;
    bool is_blank = false;

    if (sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        store_configure(opened) == SQLITE_OK) {
        sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        is_blank = store_number(opened, "SELECT count(*) FROM sqlite_schema") == 0 ||
                   store_number(opened, "SELECT count(*) FROM events") == 0;
    }
    sqlite3_close_v2(opened);
    return is_blank;
}

void store_hash(const struct bl_event *event, const char *data, size_t len,
                char out[BL_HASH_TEXT])
{
    struct bl_hash *hash = bl_hash_new();
    char number[32];

    bl_hash_add(hash, event->prev, strlen(event->prev));
    snprintf(number, sizeof(number), "\n%lld", (long long)event->seq);
    bl_hash_add(hash, number, strlen(number));
    snprintf(number, sizeof(number), "\n%lld\n", (long long)event->at);
    bl_hash_add(hash, number, strlen(number));
    bl_hash_add(hash, event->kind, strlen(event->kind));
    bl_hash_add(hash, "\n", 1);
    bl_hash_add(hash, data, len);
    bl_hash_end(hash, out);
}

void bl_event_hash(const struct bl_event *event, char out[BL_HASH_TEXT])
{
    struct bl_buf data;

    bl_buf_init(&data, 0);
    bl_json_write(&data, event->data, BL_JSON_CANONICAL);
    store_hash(event, bl_buf_text(&data), data.len, out);
    bl_buf_release(&data);
}

enum bl_code store_digest(const char *path, char out[BL_HASH_TEXT], struct bl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct bl_hash *hash;
    char chunk[16384];
    ssize_t got;

    if (fd < 0)
        return bl_fail(err, BL_E_IO, "cannot read %s: %s", path, strerror(errno));
    hash = bl_hash_new();
    while ((got = read(fd, chunk, sizeof(chunk))) > 0)
        bl_hash_add(hash, chunk, (size_t)got);
    bl_hash_end(hash, out);
    close(fd);
    return got == 0 ? BL_OK : bl_fail(err, BL_E_IO, "cannot read %s to its end", path);
}

static void store_lock_path(const char *path, char lock[PATH_MAX])
{
    size_t len = strlen(path);
    bool is_run = len > 6 && strcmp(path + len - 6, ".belay") == 0;

    snprintf(lock, PATH_MAX, "%.*s.lock", (int)(is_run ? len - 6 : len), path);
}

/* Its holder takes the file of a lock away when it is done: a lock on one that has gone is
 * none. */
static bool store_is_there(int fd, const char *name)
{
    struct stat mine, there;

    return fstat(fd, &mine) == 0 && stat(name, &there) == 0 && mine.st_ino == there.st_ino &&
           mine.st_dev == there.st_dev;
}

static int store_open_lock(const char *name, const struct bl_state *state)
{
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, state->file_mode);

    if (fd >= 0)
        store_own(fd, state);
    else if (errno == EEXIST)
        fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, state->file_mode);
    return fd;
}

/* Who asks whether a run goes on holds its lock for a moment: that is no writer. */
static bool store_take_lock(int fd)
{
    for (int i = 0; i < STORE_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        usleep(5000);
    }
    return false;
}

enum bl_code store_lock(const char *path, const struct bl_state *state, int *lock,
                        struct bl_error *err)
{
    char name[PATH_MAX];
    int fd;

    store_lock_path(path, name);
    for (;;) {
        fd = store_open_lock(name, state);
        if (fd < 0 && store_is_space(errno))
            return store_no_space(err, name);
        if (fd < 0)
            return bl_fail(err, errno == EACCES ? BL_E_DENIED : BL_E_IO,
                           "cannot make %s: %s: check who owns its folder", name,
                           strerror(errno));
        if (!store_take_lock(fd)) {
            close(fd);
            return bl_fail(err, BL_E_BUSY,
                           "%s is being written by another process: a run has one writer",
                           path);
        }
        if (store_is_there(fd, name))
            break;
        close(fd);
    }
    *lock = fd;
    return BL_OK;
}

bool store_is_locked(const char *path)
{
    char lock[PATH_MAX];
    bool locked;
    int fd;

    store_lock_path(path, lock);
    fd = open(lock, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    locked = flock(fd, LOCK_SH | LOCK_NB) != 0;
    close(fd);
    return locked;
}

void store_note(int lock, int64_t seq, const char *hash)
{
    char note[STORE_NOTE + STORE_CHECK + 1], check[BL_HASH_TEXT];

    snprintf(note, sizeof(note), "%020lld %.64s\n", (long long)seq, hash);
    bl_hash_hex(note, STORE_NOTE, check);
    snprintf(note + STORE_NOTE, STORE_CHECK + 1, "%.8s\n", check);
    (void)!pwrite(lock, note, STORE_NOTE + STORE_CHECK,
                  0); /* without it the note is older, which is no harm */
}

/* Older versions wrote no check. */
static bool store_note_is_whole(const char *note, ssize_t len)
{
    char check[BL_HASH_TEXT];

    if (len < STORE_NOTE || strspn(note, "0123456789") != 20 ||
        strspn(note + 21, "0123456789abcdef") != 64)
        return false;
    bl_hash_hex(note, STORE_NOTE, check);
    return len == STORE_NOTE || (len == STORE_NOTE + STORE_CHECK &&
                                 memcmp(note + STORE_NOTE, check, STORE_CHECK - 1) == 0);
}

bool store_note_read(const char *path, int64_t *seq, char hash[BL_HASH_TEXT])
{
    char name[PATH_MAX], note[STORE_NOTE + STORE_CHECK + 1] = "";
    ssize_t got;
    int fd;

    store_lock_path(path, name);
    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    got = pread(fd, note, STORE_NOTE + STORE_CHECK, 0);
    close(fd);
    if (!store_note_is_whole(note, got))
        return false;
    *seq = strtoll(note, NULL, 10);
    snprintf(hash, BL_HASH_TEXT, "%.64s", note + 21);
    return true;
}

static void store_copy_hash(sqlite3_stmt *statement, int column, char out[BL_HASH_TEXT])
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    snprintf(out, BL_HASH_TEXT, "%s", text == NULL ? "" : text);
}

void store_row_read(sqlite3_stmt *statement, struct store_row *row)
{
    memset(row, 0, sizeof(*row));
    row->event.seq = sqlite3_column_int64(statement, 0);
    row->event.at = sqlite3_column_int64(statement, 1);
    row->event.kind = (const char *)sqlite3_column_text(statement, 2);
    if (row->event.kind == NULL)
        row->event.kind = "";
    row->text = (const char *)sqlite3_column_text(statement, 3);
    row->len = row->text == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, 3);
    store_copy_hash(statement, 4, row->event.prev);
    store_copy_hash(statement, 5, row->event.hash);
}

enum bl_code store_row_parse(struct store_row *row, struct bl_value **data,
                             struct bl_error *err)
{
    struct bl_error inner = {.message = "its text is not there"};

    if (row->text == NULL || bl_json_parse(row->text, row->len, true, data, &inner) != BL_OK)
        return bl_fail(err, BL_E_PARSE, "event %lld cannot be read: %s",
                       (long long)row->event.seq, inner.message);
    row->event.data = *data;
    return BL_OK;
}
