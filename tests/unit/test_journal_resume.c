/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_journal_resume.c: a run that is taken up again: its file, its proof, its texts, its
 * users.
 */
#include "base/prefix.h"

#include "journal/journal.h"
#include "journal/store.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bl_clock resume_clock;

static void resume_state(const char *folder, struct bl_state *state)
{
    struct bl_error err = {0};

    if (bl_state_open(folder, true, state, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static struct bl_journal *resume_create(const struct bl_state *state)
{
    struct bl_value *info = bl_map_new();
    struct bl_journal_options options = {.state = state, .clock = &resume_clock, .info = info};
    struct bl_journal *journal = NULL;
    struct bl_error err = {0};

    bl_map_set(info, "procedure", bl_value_text("cache.flush"));
    bl_map_set(info, "environment", bl_value_text("box"));
    bl_map_set(info, "world", bl_value_text("live"));
    bl_map_set(info, "user", bl_value_text("rosa"));
    bl_map_set(info, "host", bl_value_text("bastion"));
    bl_map_set(info, "pid", bl_value_int(4711));
    if (bl_journal_create(&options, &journal, &err) != BL_OK)
        BL_BUG("%s", err.message);
    bl_value_unref(info);
    return journal;
}

static enum bl_code resume_try(const struct bl_state *state, const char *run,
                               struct bl_journal **journal, struct bl_error *err)
{
    struct bl_journal_options options = {.state = state, .clock = &resume_clock};

    return bl_journal_reopen(&options, run, journal, err);
}

static struct bl_journal *resume_open(const struct bl_state *state, const char *run)
{
    struct bl_journal *journal = NULL;
    struct bl_error err = {0};

    if (resume_try(state, run, &journal, &err) != BL_OK)
        fail_msg("%s", err.message);
    return journal;
}

static void resume_add(struct bl_journal *journal, const char *kind, const char *name,
                       const char *text)
{
    struct bl_value *data = bl_map_new();

    bl_map_set(data, name, bl_value_text(text));
    bl_journal_append(journal, kind, data);
}

static void resume_flush(struct bl_journal *journal)
{
    struct bl_error err = {0};

    if (bl_journal_flush(journal, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static void resume_end(struct bl_journal *journal, int exit, const char *status)
{
    struct bl_value *data = bl_map_new();
    struct bl_error err = {0};

    bl_map_set(data, "exit", bl_value_int(exit));
    bl_map_set(data, "status", bl_value_text(status));
    bl_journal_append(journal, "run_ended", data);
    if (bl_journal_close(journal, &err) != BL_OK)
        fail_msg("%s", err.message);
}

/* A run that stopped at a gate: 5 events. */
static void resume_whole(const struct bl_state *state, char id[BL_RUN_TEXT],
                         char path[PATH_MAX])
{
    struct bl_journal *journal = resume_create(state);

    snprintf(id, BL_RUN_TEXT, "%s", bl_journal_run(journal));
    snprintf(path, PATH_MAX, "%s", bl_journal_path(journal));
    resume_add(journal, "step_started", "step", "Look");
    resume_add(journal, "step_ended", "step", "Look");
    resume_add(journal, "step_started", "step", "Flush the cache");
    resume_flush(journal);
    resume_end(journal, 3, "waiting");
}

static void resume_verdict(const struct bl_state *state, const char *id, bool is_sound,
                           int64_t events, const char *text)
{
    struct bl_verdict verdict;
    struct bl_error err = {0};

    if (bl_journal_verify(state, id, &verdict, &err) != BL_OK)
        fail_msg("%s", err.message);
    if (verdict.is_sound != is_sound || strstr(verdict.text, text) == NULL)
        fail_msg("%s", verdict.text);
    if (is_sound)
        assert_int_equal(verdict.events, events);
}

static mode_t resume_mode(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

/* What `belay runs` says about a run. */
static void resume_listed(const struct bl_state *state, const char *id, const char *status,
                          const char *outcome, int64_t events)
{
    struct bl_value *runs = NULL;
    bool found = false;

    assert_int_equal(bl_journal_list(state, &runs, NULL), BL_OK);
    for (size_t i = 0; i < bl_value_count(runs); i++) {
        const struct bl_value *run = bl_list_get(runs, i);
        if (strcmp(bl_map_text(run, "run", ""), id) != 0)
            continue;
        found = true;
        assert_string_equal(bl_map_text(run, "status", ""), status);
        assert_string_equal(bl_map_text(run, "outcome", ""), outcome);
        assert_int_equal(bl_map_int(run, "events", 0), events);
    }
    bl_value_unref(runs);
    assert_true(found);
}

static void test_reopen__ended_run_goes_on_and_ends_again(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX], other[BL_RUN_TEXT], other_path[PATH_MAX];
    struct bl_journal *journal;
    struct bl_state folder;

    resume_state(*state, &folder);
    resume_whole(&folder, id, path);
    resume_whole(&folder, other, other_path); /* it noted the digest of the first */
    resume_verdict(&folder, id, true, 5, other);
    journal = resume_open(&folder, id);
    resume_listed(&folder, id, "running", "waiting", 5);
    resume_add(journal, "run_resumed", "user", "otto");
    resume_flush(journal);
    assert_int_equal(resume_mode(path), 0600);
    resume_listed(&folder, id, "running", "", 6);
    resume_verdict(&folder, id, true, 6, "goes on");
    for (int i = 0; i < 3; i++) {
        resume_add(journal, "note", "text", "goes on");
        resume_flush(journal);
    }
    resume_end(journal, 0, "ok");
    assert_int_equal(resume_mode(path), 0400);
    resume_listed(&folder, id, "ended", "ok", 10);
    resume_verdict(&folder, id, true, 10, other);
    resume_verdict(&folder, other, true, 5, "the index");
}

static void test_reopen__looking_changes_no_byte(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX], other[BL_RUN_TEXT], other_path[PATH_MAX];
    char before[BL_HASH_TEXT], after[BL_HASH_TEXT];
    struct bl_state folder;

    resume_state(*state, &folder);
    resume_whole(&folder, id, path);
    resume_whole(&folder, other, other_path);
    assert_int_equal(store_digest(path, before, NULL), BL_OK);
    assert_int_equal(bl_journal_close(resume_open(&folder, id), NULL), BL_OK);
    assert_int_equal(store_digest(path, after, NULL), BL_OK);
    assert_string_equal(before, after);
    assert_int_equal(resume_mode(path), 0400);
    resume_listed(&folder, id, "ended", "waiting", 5);
    resume_verdict(&folder, id, true, 5, other);
}

static void resume_flip(const char *path, off_t at)
{
    int fd;
    char byte;

    chmod(path, 0600);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte = (char)(byte ^ 4);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void test_reopen__what_later_runs_noted_still_finds_a_change(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX], other[BL_RUN_TEXT], other_path[PATH_MAX];
    struct bl_journal *journal;
    struct bl_state folder;
    char *data, *found;
    size_t size;

    resume_state(*state, &folder);
    resume_whole(&folder, id, path);
    resume_whole(&folder, other, other_path);
    journal = resume_open(&folder, id);
    resume_add(journal, "run_resumed", "user", "otto");
    resume_end(journal, 0, "ok");
    resume_verdict(&folder, id, true, 7, other);
    data = scratch_read(path, &size);
    found = memmem(data, size, "Flush the cache", 15);
    assert_non_null(found);
    resume_flip(path, found - data);
    bl_free(data);
    resume_verdict(&folder, id, false, 0, "was altered");
    /* and nobody goes on with it */
    struct bl_error err = {0};
    assert_int_equal(resume_try(&folder, id, &journal, &err), BL_E_PARSE);
    assert_non_null(strstr(err.message, "is not as it was written"));
    assert_non_null(strstr(err.message, id));
}

static void test_reopen__changed_byte_of_a_sealed_run_is_seen_before_it_goes_on(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX];
    struct bl_journal *journal;
    struct bl_error err = {0};
    struct bl_state folder;

    resume_state(*state, &folder);
    resume_whole(&folder, id, path);
    resume_flip(path, 60); /* user_version or so: no event */
    assert_int_equal(resume_try(&folder, id, &journal, &err), BL_E_PARSE);
}

/* A run whose process is killed; with the log beside it. */
static void resume_cut_off(const struct bl_state *state, char id[BL_RUN_TEXT])
{
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        struct bl_journal *journal = resume_create(state);
        resume_add(journal, "step_started", "step", "Flush the cache");
        if (bl_journal_flush(journal, NULL) != BL_OK ||
            write(ends[1], bl_journal_run(journal), BL_RUN_TEXT) != BL_RUN_TEXT)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ends[0], id, BL_RUN_TEXT), BL_RUN_TEXT);
    close(ends[0]);
    close(ends[1]);
    kill(child, SIGKILL);
    assert_int_equal(scratch_wait(child), 128 + SIGKILL);
}

static void test_reopen__killed_run_goes_on_from_its_log(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX], beside[PATH_MAX + 8];
    struct bl_journal *journal;
    struct bl_state folder;
    struct stat info;

    resume_state(*state, &folder);
    resume_cut_off(&folder, id);
    bl_journal_file(&folder, id, path);
    snprintf(beside, sizeof(beside), "%s-wal", path);
    assert_int_equal(stat(beside, &info), 0);
    assert_true(info.st_size > 0);
    resume_listed(&folder, id, "cut off", "", 2);
    assert_int_equal(bl_journal_close(resume_open(&folder, id), NULL), BL_OK);
    resume_listed(&folder, id, "cut off", "", 2); /* only looked at: the log is still there */
    journal = resume_open(&folder, id);
    resume_add(journal, "run_resumed", "user", "otto");
    resume_flush(journal);
    resume_verdict(&folder, id, true, 3, "goes on");
    resume_end(journal, 0, "ok");
    assert_int_not_equal(stat(beside, &info), 0);
    assert_int_equal(resume_mode(path), 0400);
    resume_listed(&folder, id, "ended", "ok", 4);
    resume_verdict(&folder, id, true, 4, "the index");
}

/* Goes on with a run and says after each flush that one more event is safe, until it is killed;
 * with `ends` it stops in order after four. */
static void resume_write_on(const struct bl_state *state, const char *id, int pipe, bool ends)
{
    struct bl_journal *journal = resume_open(state, id);

    for (int i = 0; i < (ends ? 4 : 40); i++) {
        resume_add(journal, "note", "text", "goes on");
        if (bl_journal_flush(journal, NULL) != BL_OK || write(pipe, "x", 1) != 1)
            _exit(1);
    }
    if (ends)
        resume_end(journal, 3, "waiting");
    while (!ends)
        pause();
    _exit(0);
}

/* Kills such a one after some events and some time; how many events were safe. */
static int64_t resume_kill(const struct bl_state *state, const char *id, bool ends)
{
    int64_t safe = 0;
    int ends_of[2];
    pid_t child;
    char byte;

    assert_int_equal(pipe(ends_of), 0);
    child = fork();
    if (child == 0)
        resume_write_on(state, id, ends_of[1], ends);
    close(ends_of[1]);
    for (long wanted = random() % 8; wanted > 0 && read(ends_of[0], &byte, 1) == 1; wanted--)
        safe++;
    usleep((useconds_t)(random() % 2000));
    kill(child, SIGKILL);
    (void)scratch_wait(child);
    while (read(ends_of[0], &byte, 1) == 1)
        safe++;
    close(ends_of[0]);
    return safe;
}

static void test_reopen__killed_again_and_again_nothing_is_lost(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX], other[BL_RUN_TEXT], other_path[PATH_MAX];
    struct bl_verdict verdict;
    struct bl_error err = {0};
    struct bl_state folder;
    int64_t events = 5;

    resume_state(*state, &folder);
    resume_whole(&folder, id, path);
    resume_whole(&folder, other, other_path);
    srandom(20260301);
    for (int i = 0; i < 60; i++) {
        int64_t least = events + resume_kill(&folder, id, i % 3 == 0);

        if (bl_journal_verify(&folder, id, &verdict, &err) != BL_OK || !verdict.is_sound)
            fail_msg("after %d: %s%s (%s)", i, verdict.text, err.message, err.cause);
        if (verdict.events < least)
            fail_msg("after %d: %d events, %d were safe", i, (int)verdict.events, (int)least);
        events = verdict.events;
    }
    assert_true(events > 60);
    resume_end(resume_open(&folder, id), 0, "ok");
    resume_verdict(&folder, id, true, events + 1, other);
}

static void test_reopen__second_one_learns_who_and_where(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX];
    struct bl_journal *journal, *second;
    struct bl_value *data = bl_map_new();
    struct bl_error err = {0};
    struct bl_state folder;

    resume_state(*state, &folder);
    resume_whole(&folder, id, path);
    journal = resume_open(&folder, id);
    bl_map_set(data, "user", bl_value_text("otto"));
    bl_map_set(data, "pid", bl_value_int(815));
    bl_journal_append(journal, "run_resumed", data);
    resume_flush(journal);
    assert_int_equal(resume_try(&folder, id, &second, &err), BL_E_BUSY);
    assert_non_null(strstr(err.message, "otto on bastion since 20"));
    assert_non_null(strstr(err.message, "process 815, at step \"Flush the cache\""));
    assert_int_equal(bl_journal_close(journal, NULL), BL_OK);
    assert_int_equal(resume_try(&folder, "20990101-0000-none", &second, &err), BL_E_NOT_FOUND);
}

/* Whoever asks whether a run goes on holds its lock for a moment, as this one does for 40 ms.
 */
static pid_t resume_start_asker(const char *path)
{
    char lock[PATH_MAX], byte = 'x';
    int ends[2];
    pid_t child;

    snprintf(lock, sizeof(lock), "%.*s.lock", (int)strlen(path) - 6, path);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (flock(fd, LOCK_SH) != 0 || write(ends[1], &byte, 1) != 1)
            _exit(1);
        usleep(40000);
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void test_reopen__who_only_asks_is_in_nobodys_way(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX];
    struct bl_journal *journal;
    struct bl_state folder;
    pid_t asker;

    resume_state(*state, &folder);
    resume_whole(&folder, id, path);
    asker = resume_start_asker(path);
    journal = resume_open(&folder, id);
    resume_add(journal, "run_resumed", "user", "otto");
    resume_end(journal, 3, "waiting");
    assert_int_equal(scratch_wait(asker), 0);
    resume_verdict(&folder, id, true, 7, "the index");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define RESUME(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
        RESUME(test_reopen__ended_run_goes_on_and_ends_again),
        RESUME(test_reopen__looking_changes_no_byte),
        RESUME(test_reopen__what_later_runs_noted_still_finds_a_change),
        RESUME(test_reopen__changed_byte_of_a_sealed_run_is_seen_before_it_goes_on),
        RESUME(test_reopen__killed_run_goes_on_from_its_log),
        RESUME(test_reopen__killed_again_and_again_nothing_is_lost),
        RESUME(test_reopen__who_only_asks_is_in_nobodys_way),
        RESUME(test_reopen__second_one_learns_who_and_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
