/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* seal.c: the file of a run: opened for writing, sealed at its end, unsealed to go on. */
#include "journal/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SEAL_RESERVE 524288L /* bytes of log that are there from the start: 127 pages */
#define SEAL_LOG                                                                               \
    "PRAGMA journal_mode = WAL;"                                                               \
    "PRAGMA synchronous = FULL;"                                                               \
    "PRAGMA wal_autocheckpoint = 120;" SEAL_TEXTS
/* Runs of older versions have no table of texts. */
#define SEAL_TEXTS                                                                             \
    "CREATE TABLE IF NOT EXISTS texts (sha256 TEXT PRIMARY KEY, text BLOB NOT NULL)"           \
    " STRICT, WITHOUT ROWID;"

enum bl_code journal_prepare(struct bl_journal *journal, struct bl_error *err)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&journal->begin, "BEGIN IMMEDIATE"},
        {&journal->insert, "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
        {&journal->keep, "INSERT OR IGNORE INTO texts VALUES (?1, ?2)"},
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

/*
 * Fills the log beside the file with zeros, which SQLite takes for no log: overwriting what is
 * there is a third cheaper to bring to the disk than growing a file. On a disk with little
 * space nothing is reserved, and what cannot be reserved is no error.
 */
void journal_reserve(const struct bl_journal *journal)
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
    end = fstatvfs(fd, &disk) == 0 && disk.f_bavail * disk.f_frsize > 32UL * SEAL_RESERVE
              ? lseek(fd, 0, SEEK_END)
              : -1;
    while (end >= 0 && end < SEAL_RESERVE &&
           pwrite(fd, zeros, sizeof(zeros), end) == (ssize_t)sizeof(zeros))
        end += (off_t)sizeof(zeros);
    close(fd);
}

void journal_close_db(struct bl_journal *journal)
{
    sqlite3_finalize(journal->begin);
    sqlite3_finalize(journal->insert);
    sqlite3_finalize(journal->keep);
    sqlite3_finalize(journal->commit);
    sqlite3_finalize(journal->rollback);
    journal->begin = journal->insert = journal->keep = NULL;
    journal->commit = journal->rollback = NULL;
    sqlite3_close_v2(journal->db);
    journal->db = NULL;
}

bool journal_is_sealed(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && (info.st_mode & 0222) == 0;
}

enum bl_code journal_open_file(struct bl_journal *journal, struct bl_error *err)
{
    enum bl_code code = store_open(journal->path, SEAL_LOG, &journal->db, err);

    if (code == BL_OK)
        code = journal_prepare(journal, err);
    if (code == BL_OK)
        journal_reserve(journal);
    else
        journal_close_db(journal);
    return code;
}

static void seal_beside(const struct bl_journal *journal, const char *ending,
                        char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.*s%s", PATH_MAX - 32, journal->path, ending);
}

static void seal_unlink(const struct bl_journal *journal, const char *ending)
{
    char path[PATH_MAX];

    seal_beside(journal, ending, path);
    unlink(path);
}

/* Opens an empty file beside the run's and brings a copy of all that the run holds into it. */
static enum bl_code seal_copy(struct bl_journal *journal, const char *copy,
                              struct bl_error *err)
{
    sqlite3_backup *backup;
    sqlite3 *from = NULL;
    enum bl_code code;
    int rc = SQLITE_OK;

    seal_unlink(journal, "-new");
    seal_unlink(journal, "-new-journal");
    code = store_touch(copy, &journal->state, err);
    if (code == BL_OK)
        code = store_open_reader(journal->path, &from, err);
    if (code == BL_OK)
        code = store_open(copy, "PRAGMA synchronous = FULL", &journal->db, err);
    if (code == BL_OK) {
        errno = 0;
        backup = sqlite3_backup_init(journal->db, "main", from, "main");
        if (backup != NULL)
            sqlite3_backup_step(backup, -1);
        rc = backup != NULL ? sqlite3_backup_finish(backup) : sqlite3_errcode(journal->db);
        if (rc != SQLITE_OK)
            code = store_fail(err, journal->db, rc, copy);
    }
    sqlite3_close_v2(from);
    return code;
}

static enum bl_code seal_fail(const struct bl_journal *journal, struct bl_error *err)
{
    int error = errno;

    return bl_fail(err, error == ENOSPC || error == EDQUOT ? BL_E_FULL : BL_E_IO,
                   "cannot write %s: %s: check the disk and start again", journal->path,
                   strerror(error));
}

/* Both the file and its name are on the disk when this returns. */
static enum bl_code seal_rename(struct bl_journal *journal, const char *copy, mode_t mode,
                                struct bl_error *err)
{
    char folder[PATH_MAX];
    int fd = open(copy, O_RDONLY | O_CLOEXEC);
    enum bl_code code = BL_OK;

    if (fd < 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0)
        code = seal_fail(journal, err);
    if (code == BL_OK) {
        seal_unlink(journal, "-wal"); /* empty ones: readers kept them */
        seal_unlink(journal, "-shm");
        code = rename(copy, journal->path) == 0 ? BL_OK : seal_fail(journal, err);
    }
    if (fd >= 0)
        close(fd);
    snprintf(folder, sizeof(folder), "%s/runs", journal->state.path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    return code;
}

/* The log of an ended run: empty, or a reader kept the writer from emptying it. */
static bool seal_has_log(const struct bl_journal *journal)
{
    char path[PATH_MAX];
    struct stat info;

    seal_beside(journal, "-wal", path);
    return stat(path, &info) == 0 && info.st_size > 0;
}

static enum bl_code seal_write_copy(struct bl_journal *journal, const char *copy,
                                    struct bl_error *err)
{
    static const char sql[] = SEAL_TEXTS;
    enum bl_code code = seal_copy(journal, copy, err);
    int rc;

    if (code == BL_OK && (rc = sqlite3_exec(journal->db, sql, NULL, NULL, NULL)) != SQLITE_OK)
        code = store_fail(err, journal->db, rc, copy);
    if (code == BL_OK)
        code = journal_prepare(journal, err);
    if (code == BL_OK)
        code = journal_write_batch(journal, err);
    if (code == BL_OK) {
        rc = sqlite3_exec(journal->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (rc != SQLITE_OK)
            code = store_fail(err, journal->db, rc, copy);
    }
    journal_close_db(journal);
    return code;
}

enum bl_code journal_unseal(struct bl_journal *journal, bool *is_written, struct bl_error *err)
{
    char copy[PATH_MAX];
    enum bl_code code;

    *is_written = false;
    code = index_set_open(journal->index, journal->run, err);
    if (code != BL_OK)
        return code;
    if (!journal_is_sealed(journal->path))
        return journal_open_file(journal, err);
    if (seal_has_log(journal))
        return bl_fail(err, BL_E_BUSY, "%s-wal is not empty beside an ended run: %s",
                       journal->path, "end whoever reads it, or move that file away");
    seal_beside(journal, "-new", copy);
    code = seal_write_copy(journal, copy, err);
    if (code == BL_OK)
        code = seal_rename(journal, copy, journal->state.file_mode, err);
    if (code != BL_OK) {
        seal_unlink(journal, "-new");
        return code;
    }
    journal->inode = 0; /* it is another file now */
    *is_written = true;
    return BL_OK;
}

/* Who does not own the file cannot take away its rights: their own copy takes its place. */
static enum bl_code seal_protect(struct bl_journal *journal, struct bl_error *err)
{
    mode_t mode = journal->state.file_mode & 0440;
    char copy[PATH_MAX];
    enum bl_code code;

    if (chmod(journal->path, mode) == 0)
        return BL_OK;
    seal_beside(journal, "-new", copy);
    code = seal_copy(journal, copy, err);
    journal_close_db(journal);
    return code == BL_OK ? seal_rename(journal, copy, mode, err) : code;
}

/* Brings everything into the one file. While a reader keeps the log from being emptied the file
 * stays as it is: sound, but not sealed. */
enum bl_code journal_seal(struct bl_journal *journal, struct bl_error *err)
{
    enum bl_code code = BL_OK;
    int rc;

    if (journal->db == NULL)
        code = journal_open_file(journal, err);
    if (code != BL_OK)
        return code;
    errno = 0;
    rc = sqlite3_wal_checkpoint_v2(journal->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
        return store_fail(err, journal->db, rc, journal->path);
    if (rc == SQLITE_OK) /* one page is written: a rollback journal could only be left behind */
        sqlite3_exec(journal->db, "PRAGMA journal_mode = MEMORY", NULL, NULL, NULL);
    journal_close_db(journal);
    if (rc != SQLITE_OK)
        return BL_OK;
    code = seal_protect(journal, err);
    return code == BL_OK ? store_digest(journal->path, journal->stored.digest, err) : code;
}
