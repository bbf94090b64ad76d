/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_journal_proof.c: what was written stays, or it is found: kills, full disks, altered
 * files.
 */
#include "base/prefix.h"

#include "journal/journal.h"
#include "journal/store.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLS 60
#define FLIPS 400

static struct bl_clock proof_clock;

static void proof_open(const char *folder, struct bl_state *state)
{
    struct bl_error err = {0};

    if (bl_state_open(folder, true, state, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static struct bl_journal *proof_create(const struct bl_state *state)
{
    struct bl_value *info = bl_map_new();
    struct bl_journal_options options = {.state = state, .clock = &proof_clock, .info = info};
    struct bl_journal *journal = NULL;
    struct bl_error err = {0};

    bl_map_set(info, "procedure", bl_value_text("daily.morning"));
    if (bl_journal_create(&options, &journal, &err) != BL_OK)
        BL_BUG("%s", err.message);
    bl_value_unref(info);
    return journal;
}

static void proof_add(struct bl_journal *journal, int number)
{
    struct bl_value *data = bl_map_new();

    bl_map_set(data, "text", bl_value_textf("note %d: something was seen here", number));
    bl_journal_append(journal, "note", data);
}

/* A run with run_started, nine notes and run_ended: 11 events. */
static void proof_run(const struct bl_state *state, char id[BL_RUN_TEXT], char path[PATH_MAX])
{
    struct bl_journal *journal = proof_create(state);
    struct bl_error err = {0};

    for (int i = 2; i <= 10; i++)
        proof_add(journal, i);
    bl_journal_append(journal, "run_ended", bl_map_new());
    snprintf(id, BL_RUN_TEXT, "%s", bl_journal_run(journal));
    snprintf(path, PATH_MAX, "%s", bl_journal_path(journal));
    if (bl_journal_close(journal, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static void proof_verify(const struct bl_state *state, const char *id,
                         struct bl_verdict *verdict)
{
    struct bl_error err = {0};

    if (bl_journal_verify(state, id, verdict, &err) != BL_OK)
        fail_msg("%s", err.message);
    assert_true(strlen(verdict->text) > 20);
}

static void proof_sound(const struct bl_state *state, const char *id, int64_t events)
{
    struct bl_verdict verdict;

    proof_verify(state, id, &verdict);
    if (!verdict.is_sound)
        fail_msg("%s", verdict.text);
    assert_int_equal(verdict.events, events);
    assert_int_equal(verdict.altered, 0);
}

static void proof_altered(const struct bl_state *state, const char *id, int64_t altered,
                          const char *text)
{
    struct bl_verdict verdict;

    proof_verify(state, id, &verdict);
    assert_false(verdict.is_sound);
    if (verdict.altered != altered || strstr(verdict.text, text) == NULL)
        fail_msg("event %d, not %d: %s", (int)verdict.altered, (int)altered, verdict.text);
}

static void proof_sql(const char *path, const char *sql)
{
    char *error = NULL;
    sqlite3 *db;

    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "DROP TRIGGER IF EXISTS events_stay; DROP TRIGGER IF EXISTS events_last",
                 NULL, NULL, NULL);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(db);
}

/* Writes the hashes of the events from `first` to `last` anew, as one does who forges a run. */
static void proof_forge(const char *path, int64_t first, int64_t last)
{
    char prev[BL_HASH_TEXT] = "", hash[BL_HASH_TEXT], sql[400];

    for (int64_t seq = first; seq <= last; seq++) {
        sqlite3_stmt *statement;
        struct store_row row;
        sqlite3 *db;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        snprintf(sql, sizeof(sql), STORE_ROWS " WHERE seq = %d", (int)seq);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        store_row_read(statement, &row);
        if (seq > first)
            memcpy(row.event.prev, prev, BL_HASH_TEXT);
        store_hash(&row.event, row.text, row.len, hash);
        memcpy(prev, hash, BL_HASH_TEXT);
        snprintf(sql, sizeof(sql), "UPDATE events SET prev = '%s', hash = '%s' WHERE seq = %d",
                 row.event.prev, hash, (int)seq);
        sqlite3_finalize(statement);
        sqlite3_close(db);
        proof_sql(path, sql);
    }
}

static void test_verify__sound_runs(void **state)
{
    char first[BL_RUN_TEXT], second[BL_RUN_TEXT], path[PATH_MAX];
    struct bl_verdict verdict;
    struct bl_state folder;

    proof_open(*state, &folder);
    proof_run(&folder, first, path);
    assert_int_equal(bl_journal_verify_file(path, &verdict, NULL), BL_OK);
    assert_true(verdict.is_sound);
    proof_run(&folder, second, path);
    proof_sound(&folder, first, 11);
    proof_sound(&folder, second, 11);
    proof_verify(&folder, first, &verdict);
    assert_non_null(strstr(verdict.text, "the index and run "));
    assert_int_equal(bl_journal_verify_file("/tmp/not-there.belay", &verdict, NULL),
                     BL_E_NOT_FOUND);
}

static void test_verify__names_the_event_that_was_altered(void **state)
{
    static const struct {
        const char *sql;
        int forge_first, forge_last; /* 0: nothing */
        int altered;
        const char *text;
    } cases[] = {
        {"UPDATE events SET data = replace(data, 'seen', 'sewn') WHERE seq = 5", 0, 0, 5,
         "content"},
        {"UPDATE events SET kind = 'evidence' WHERE seq = 5", 0, 0, 5, "altered"},
        {"UPDATE events SET at = at + 1 WHERE seq = 1", 0, 0, 1, "altered"},
        {"UPDATE events SET hash = replace(hash, substr(hash, 1, 1), '-') WHERE seq = 5", 0, 0,
         5, "altered"},
        {"UPDATE events SET prev = 'x' WHERE seq = 5", 0, 0, 5, "should follow"},
        {"DELETE FROM events WHERE seq = 5", 0, 0, 5, "missing"},
        {"DELETE FROM events WHERE seq = 1", 0, 0, 1, "missing"},
        {"DELETE FROM events WHERE seq > 7", 0, 0, 8, "cut off"},
        {"DELETE FROM events", 0, 0, 1, "no event"},
        {"DELETE FROM events WHERE seq = 1; UPDATE events SET seq = seq - 1", 0, 0, 1,
         "altered"},
        {"UPDATE events SET seq = seq + 50 WHERE seq > 4; UPDATE events SET seq = seq - 49"
         " WHERE seq > 50; INSERT INTO events SELECT 5, at, kind, data, prev, hash FROM events"
         " WHERE seq = 6",
         0, 0, 5, "inserted"},
        {"UPDATE events SET seq = seq + 50 WHERE seq > 4; UPDATE events SET seq = seq - 49"
         " WHERE seq > 50; INSERT INTO events SELECT 5, at, 'note', data, prev, hash FROM "
         "events"
         " WHERE seq = 6",
         5, 5, 5, "inserted"},
        {"UPDATE events SET seq = 99 WHERE seq = 5; UPDATE events SET seq = 5 WHERE seq = 6;"
         "UPDATE events SET seq = 6 WHERE seq = 99",
         0, 0, 5, "altered"},
        {"INSERT INTO events SELECT 0, at, kind, data, prev, hash FROM events WHERE seq = 1", 0,
         0, 1, "number 0"},
        {"UPDATE events SET data = '{}' WHERE seq = 5", 5, 5, 5, "which event 6 follows"},
        {"UPDATE events SET data = '{}' WHERE seq = 5", 5, 11, 11, "or one before it"},
        {"UPDATE events SET data = '{\"exit\":0}' WHERE seq = 11", 11, 11, 11,
         "the index noted"},
    };

    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        char id[BL_RUN_TEXT], path[PATH_MAX], name[PATH_MAX];
        struct bl_state folder;

        snprintf(name, sizeof(name), "%s/%zu", (const char *)*state, i);
        proof_open(name, &folder);
        proof_run(&folder, id, path);
        proof_sql(path, cases[i].sql);
        if (cases[i].forge_first > 0)
            proof_forge(path, cases[i].forge_first, cases[i].forge_last);
        proof_altered(&folder, id, cases[i].altered, cases[i].text);
    }
}

static void test_verify__next_run_knows_the_end_without_an_index(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX], next[BL_RUN_TEXT], name[PATH_MAX];
    struct bl_state folder;

    proof_open(*state, &folder);
    proof_run(&folder, id, path);
    proof_run(&folder, next, name);
    proof_sql(path, "DELETE FROM events WHERE seq > 7");
    snprintf(name, sizeof(name), "%s/index.db", folder.path);
    unlink(name);
    proof_altered(&folder, id, 8, next);
    proof_sound(&folder, next, 11);
}

static void test_verify__whole_file_that_was_exchanged(void **state)
{
    char one[BL_RUN_TEXT], other[BL_RUN_TEXT], one_path[PATH_MAX], other_path[PATH_MAX];
    struct bl_state folder;

    proof_open(*state, &folder);
    proof_run(&folder, one, one_path);
    proof_run(&folder, other, other_path);
    assert_int_equal(rename(one_path, other_path), 0);
    proof_altered(&folder, other, 11, "the index noted");
    assert_int_equal(bl_journal_verify(&folder, one, &(struct bl_verdict){0}, NULL),
                     BL_E_NOT_FOUND);
}

static void proof_flip(const char *path, off_t at, int bit)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    unsigned char byte;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte = (unsigned char)(byte ^ (1U << bit));
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static off_t proof_size(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_size;
}

static void test_verify__finds_every_flipped_bit_of_an_ended_run(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX], beside[PATH_MAX + 8];
    struct bl_verdict verdict;
    struct bl_state folder;
    off_t size;

    proof_open(*state, &folder);
    proof_run(&folder, id, path);
    chmod(path, 0600);
    size = proof_size(path);
    srandom(20260301);
    for (int i = 0; i < FLIPS; i++) {
        off_t at = random() % size;
        int bit = (int)(random() % 8);

        proof_flip(path, at, bit);
        proof_verify(&folder, id, &verdict);
        if (verdict.is_sound)
            fail_msg("bit %d of byte %d flipped: %s", bit, (int)at, verdict.text);
        proof_flip(path, at, bit);
        snprintf(beside, sizeof(beside), "%s-wal", path); /* a flipped header asks for one */
        unlink(beside);
        snprintf(beside, sizeof(beside), "%s-shm", path);
        unlink(beside);
    }
    proof_sound(&folder, id, 11);
}

struct proof_count {
    int64_t events;
};

static bool proof_count(void *arg, const struct bl_event *event)
{
    ((struct proof_count *)arg)->events = event->seq;
    return true;
}

/* Writes and says after each flush which event is safe, until it is killed. */
static void proof_write_forever(const struct bl_state *state, int pipe)
{
    struct bl_journal *journal = proof_create(state);

    for (int64_t i = 2;; i++) {
        int64_t safe = bl_journal_queued(journal) ? i - 1 : 0;
        if (bl_journal_flush(journal, NULL) != BL_OK)
            _exit(1);
        if (safe == 1 && write(pipe, bl_journal_run(journal), BL_RUN_TEXT) != BL_RUN_TEXT)
            _exit(1);
        if (write(pipe, &safe, sizeof(safe)) != (ssize_t)sizeof(safe))
            _exit(1);
        proof_add(journal, (int)i);
    }
}

/* Starts a writer, kills it after some time, gives its run and the last event it called safe.
 */
static int64_t proof_kill(const struct bl_state *state, char id[BL_RUN_TEXT], useconds_t after)
{
    int64_t safe = 0, next;
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0)
        proof_write_forever(state, ends[1]);
    close(ends[1]);
    assert_int_equal(read(ends[0], id, BL_RUN_TEXT), BL_RUN_TEXT);
    usleep(after);
    kill(child, SIGKILL);
    assert_int_equal(scratch_wait(child), 128 + SIGKILL);
    while (read(ends[0], &next, sizeof(next)) == (ssize_t)sizeof(next))
        safe = next;
    close(ends[0]);
    return safe;
}

static void test_journal__killed_writer_loses_nothing_it_called_safe(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX];
    struct proof_count count;
    struct bl_verdict verdict;
    struct bl_state folder;
    int64_t safe, all = 0;

    proof_open(*state, &folder);
    srandom((unsigned)getpid());
    for (int i = 0; i < KILLS; i++) {
        /* some live long enough to begin their log anew */
        safe = proof_kill(&folder, id, (useconds_t)(random() % (i % 10 == 0 ? 90000 : 12000)));
        bl_journal_file(&folder, id, path);
        count.events = 0;
        assert_int_equal(bl_journal_read(path, proof_count, &count, NULL), BL_OK);
        assert_true(count.events >= safe);
        proof_sound(&folder, id, count.events);
        all += safe;
    }
    assert_true(all > KILLS);
    proof_verify(&folder, id, &verdict);
    assert_non_null(strstr(verdict.text, "cut off"));
}

/* Where a log ends: behind it there are zeros. */
static off_t proof_used(const char *path)
{
    size_t len;
    char *data = scratch_read(path, &len);

    while (len > 0 && data[len - 1] == 0)
        len--;
    bl_free(data);
    return (off_t)len;
}

/* A run of 20 events whose process ends without a word. */
static void proof_cut_off(const struct bl_state *state, char id[BL_RUN_TEXT])
{
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        struct bl_journal *journal = proof_create(state);
        for (int i = 2; i <= 21 && bl_journal_flush(journal, NULL) == BL_OK; i++)
            proof_add(journal, i);
        _exit(write(ends[1], bl_journal_run(journal), BL_RUN_TEXT) == BL_RUN_TEXT ? 0 : 1);
    }
    assert_int_equal(scratch_wait(child), 0);
    assert_int_equal(read(ends[0], id, BL_RUN_TEXT), BL_RUN_TEXT);
    close(ends[0]);
    close(ends[1]);
}

static void test_verify__finds_flipped_bits_in_the_log_of_a_killed_run(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX + 8];
    struct bl_verdict verdict;
    struct bl_state folder;
    off_t size;

    proof_open(*state, &folder);
    proof_cut_off(&folder, id);
    bl_journal_file(&folder, id, path);
    memcpy(path + strlen(path), "-wal", 5);
    size = proof_used(path);
    assert_true(size > 4096);
    for (int i = 0; i < 60; i++) {
        off_t at = random() % size;

        proof_flip(path, at, 3);
        proof_verify(&folder, id, &verdict);
        if (verdict.is_sound)
            fail_msg("byte %d of the log flipped: %s", (int)at, verdict.text);
        proof_flip(path, at, 3);
    }
    proof_verify(&folder, id, &verdict);
    assert_true(verdict.is_sound);
}

static void test_journal__one_writer_only(void **state)
{
    struct bl_journal *journal;
    struct bl_error err = {0};
    struct bl_state folder;
    int lock = -1;

    proof_open(*state, &folder);
    journal = proof_create(&folder);
    assert_true(store_is_locked(bl_journal_path(journal)));
    assert_int_equal(store_lock(bl_journal_path(journal), &folder, &lock, &err), BL_E_BUSY);
    assert_non_null(strstr(err.message, "one writer"));
    assert_int_equal(bl_journal_close(journal, NULL), BL_OK);
}

/* Writes until there is no space; then makes some by more() and goes on. */
static void proof_fill(const char *folder, void (*more)(void))
{
    struct bl_journal *journal;
    struct bl_error err = {0};
    struct bl_state state;
    enum bl_code code = BL_OK;
    int64_t safe = 0;
    char id[BL_RUN_TEXT];

    proof_open(folder, &state);
    journal = proof_create(&state);
    for (int i = 2; i < 5000 && code == BL_OK; i++) {
        safe = i - 1;
        code = bl_journal_flush(journal, &err);
        proof_add(journal, i);
    }
    if (code != BL_E_FULL)
        fail_msg("%s (%s)", err.message, err.cause);
    assert_non_null(strstr(err.message, "no space left"));
    assert_non_null(strstr(err.message, folder));
    assert_int_equal(bl_journal_queued(journal), 2);
    proof_sound(&state, bl_journal_run(journal), safe - 1);
    more();
    assert_int_equal(bl_journal_flush(journal, &err), BL_OK);
    snprintf(id, sizeof(id), "%s", bl_journal_run(journal));
    assert_int_equal(bl_journal_close(journal, &err), BL_OK);
    proof_sound(&state, id, safe + 1);
}

static void proof_limit(rlim_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes > limit.rlim_max ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void proof_limit_off(void)
{
    proof_limit(RLIM_INFINITY);
}

static void test_journal__file_that_may_not_grow_is_a_full_disk(void **state)
{
    signal(SIGXFSZ, SIG_IGN);
    proof_limit(150000);
    proof_fill(*state, proof_limit_off);
}

static const char *proof_mount;

static void proof_mount_more(void)
{
    assert_int_equal(mount("none", proof_mount, "tmpfs", MS_REMOUNT, "size=4m"), 0);
}

static void test_journal__full_disk_stops_before_the_next_change(void **state)
{
    int wanted = 0, ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) { /* a mount namespace of its own: nothing is left behind */
        bool mounted = unshare(CLONE_NEWNS) == 0 &&
                       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                       mount("none", *state, "tmpfs", 0, "size=320k") == 0;
        if (write(ends[1], mounted ? "y" : "n", 1) != 1 || !mounted)
            _exit(0);
        proof_mount = *state;
        proof_fill(*state, proof_mount_more);
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &wanted, 1), 1);
    close(ends[0]);
    assert_int_equal(scratch_wait(child), 0);
    if (wanted != 'y')
        skip(); /* no right to mount; the test before this one covers the same path */
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_verify__sound_runs),
        T(test_verify__names_the_event_that_was_altered),
        T(test_verify__next_run_knows_the_end_without_an_index),
        T(test_verify__whole_file_that_was_exchanged),
        T(test_verify__finds_every_flipped_bit_of_an_ended_run),
        T(test_journal__killed_writer_loses_nothing_it_called_safe),
        T(test_verify__finds_flipped_bits_in_the_log_of_a_killed_run),
        T(test_journal__one_writer_only),
        T(test_journal__file_that_may_not_grow_is_a_full_disk),
        T(test_journal__full_disk_stops_before_the_next_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
