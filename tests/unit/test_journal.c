/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_journal.c: the record of a run: written, read, listed, leased. */
#include "base/prefix.h"

#include "journal/journal.h"
#include "journal/lease.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bl_clock test_clock;

static struct bl_value *test_info(const char *procedure)
{
    struct bl_value *info = bl_map_new();

    bl_map_set(info, "procedure", bl_value_text(procedure));
    bl_map_set(info, "title", bl_value_text("A title"));
    bl_map_set(info, "environment", bl_value_text("box"));
    return info;
}

static struct bl_journal *test_create(const struct bl_state *state,
                                      const struct bl_redactor *redactor)
{
    struct bl_value *info = test_info("daily.morning");
    struct bl_journal_options options = {
        .state = state, .clock = &test_clock, .redactor = redactor, .info = info};
    struct bl_journal *journal = NULL;
    struct bl_error err = {0};

    if (bl_journal_create(&options, &journal, &err) != BL_OK)
        fail_msg("%s", err.message);
    bl_value_unref(info);
    return journal;
}

static void test_add(struct bl_journal *journal, const char *kind, const char *name,
                     const char *text)
{
    struct bl_value *data = bl_map_new();

    bl_map_set(data, name, bl_value_text(text));
    bl_journal_append(journal, kind, data);
}

static void test_flush(struct bl_journal *journal)
{
    struct bl_error err = {0};

    if (bl_journal_flush(journal, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static void test_close(struct bl_journal *journal)
{
    struct bl_error err = {0};

    if (bl_journal_close(journal, &err) != BL_OK)
        fail_msg("%s", err.message);
}

/* A whole run of `notes` notes; gives its id. */
static void test_whole_run(const struct bl_state *state, int notes, char id[BL_RUN_TEXT])
{
    struct bl_journal *journal = test_create(state, NULL);
    struct bl_value *ended = bl_map_new();

    for (int i = 0; i < notes; i++) {
        test_add(journal, "note", "text", "something that was seen");
        test_flush(journal);
    }
    bl_map_set(ended, "exit", bl_value_int(1));
    bl_map_set(ended, "status", bl_value_text("failed"));
    bl_journal_append(journal, "run_ended", ended);
    snprintf(id, BL_RUN_TEXT, "%s", bl_journal_run(journal));
    test_close(journal);
}

static void test_open_state(const char *folder, struct bl_state *state)
{
    struct bl_error err = {0};

    if (bl_state_open(folder, true, state, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static mode_t test_mode(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

struct seen {
    int count;
    int64_t last;
    char kinds[400];
    char note[200];
};

static void seen_add(struct seen *seen, const struct bl_event *event)
{
    size_t used = strlen(seen->kinds);

    seen->count++;
    assert_int_equal(event->seq, seen->last + 1);
    seen->last = event->seq;
    snprintf(seen->kinds + used, sizeof(seen->kinds) - used, "%s ", event->kind);
    if (strcmp(event->kind, "note") == 0)
        snprintf(seen->note, sizeof(seen->note), "%s", bl_map_text(event->data, "text", ""));
}

static void seen_subscriber(void *arg, const struct bl_event *event)
{
    seen_add(arg, event);
}

static bool seen_reader(void *arg, const struct bl_event *event)
{
    seen_add(arg, event);
    return true;
}

static void test_read(const struct bl_state *state, const char *id, struct seen *seen)
{
    struct bl_error err = {0};
    char path[PATH_MAX];

    memset(seen, 0, sizeof(*seen));
    bl_journal_file(state, id, path);
    if (bl_journal_read(path, seen_reader, seen, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static void test_journal__tells_what_is_on_disk_and_nothing_else(void **state)
{
    struct seen told = {0}, read;
    struct bl_journal *journal;
    struct bl_state folder;

    test_open_state(*state, &folder);
    journal = test_create(&folder, NULL);
    bl_journal_subscribe(journal, seen_subscriber, &told);
    assert_int_equal(bl_journal_queued(journal), 1);
    assert_int_equal(told.count, 0);
    test_flush(journal);
    assert_string_equal(told.kinds, "run_started ");
    for (int i = 0; i < 64; i++)
        test_add(journal, "observe", "operation", "redis.info");
    assert_int_equal(told.count, 1);
    test_read(&folder, bl_journal_run(journal), &read);
    assert_int_equal(read.count, 1);
    test_flush(journal);
    assert_int_equal(told.count, 65);
    test_read(&folder, bl_journal_run(journal), &read);
    assert_int_equal(read.count, 65);
    test_close(journal);
}

static void test_journal__ended_run_is_one_plain_file(void **state)
{
    struct bl_state folder;
    struct seen seen;
    char id[BL_RUN_TEXT], path[PATH_MAX], beside[PATH_MAX + 8];

    test_open_state(*state, &folder);
    test_whole_run(&folder, 3, id);
    bl_journal_file(&folder, id, path);
    assert_int_equal(test_mode(path), 0400);
    assert_int_equal(test_mode(folder.path), 0700);
    snprintf(beside, sizeof(beside), "%s-wal", path);
    assert_int_not_equal(access(beside, F_OK), 0);
    snprintf(beside, sizeof(beside), "%.*s.lock", (int)strlen(path) - 6, path);
    assert_int_not_equal(access(beside, F_OK), 0);
    test_read(&folder, id, &seen);
    assert_string_equal(seen.kinds, "run_started note note note run_ended ");
}

static void test_journal__group_folder_gives_the_group_rights(void **state)
{
    struct bl_state folder;
    char id[BL_RUN_TEXT], path[PATH_MAX];

    assert_int_equal(chmod(*state, 02770), 0);
    test_open_state(*state, &folder);
    assert_false(folder.is_default);
    test_whole_run(&folder, 1, id);
    bl_journal_file(&folder, id, path);
    assert_int_equal(test_mode(path), 0440);
    snprintf(path, sizeof(path), "%s/index.db", folder.path);
    assert_int_equal(test_mode(path), 0660);
}

static void test_journal__secrets_never_reach_the_file(void **state)
{
    struct bl_redactor *redactor = bl_redactor_new();
    struct bl_value *data = bl_map_new();
    struct bl_journal *journal;
    struct bl_state folder;
    struct seen seen;
    char id[BL_RUN_TEXT], path[PATH_MAX];

    bl_redactor_add(redactor, "PGPASSWORD", "sesame-open-7", 13);
    test_open_state(*state, &folder);
    journal = test_create(&folder, redactor);
    test_add(journal, "note", "text", "it was sesame-open-7, they said");
    bl_map_set(data, "token", bl_value_secret("TOKEN", "grasshopper-12", 14));
    bl_journal_append(journal, "observe", data);
    snprintf(id, sizeof(id), "%s", bl_journal_run(journal));
    test_close(journal);
    bl_redactor_free(redactor);
    test_read(&folder, id, &seen);
    assert_string_equal(seen.note, "it was <secret:PGPASSWORD>, they said");
    bl_journal_file(&folder, id, path);
    assert_false(scratch_file_has(path, "sesame-open-7"));
    assert_false(scratch_file_has(path, "grasshopper-12"));
    assert_true(scratch_file_has(path, "$secret"));
}

static void test_journal__events_cannot_be_changed_by_sql(void **state)
{
    struct bl_state folder;
    char id[BL_RUN_TEXT], path[PATH_MAX];
    sqlite3 *db;

    test_open_state(*state, &folder);
    test_whole_run(&folder, 1, id);
    bl_journal_file(&folder, id, path);
    chmod(path, 0600);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE events SET at = 0", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM events", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

static bool seen_previous(void *arg, const struct bl_event *event)
{
    const struct bl_value *previous = bl_map_get(event->data, "previous");

    snprintf(arg, 200, "%s %lld %.6s %zu", bl_map_text(previous, "run", "none"),
             (long long)bl_map_int(previous, "seq", 0), bl_map_text(previous, "hash", ""),
             strlen(bl_map_text(previous, "digest", "")));
    return false;
}

static void test_journal__next_run_holds_the_head_of_the_one_before(void **state)
{
    char first[BL_RUN_TEXT], second[BL_RUN_TEXT], path[PATH_MAX], found[200], wanted[200];
    struct bl_state folder;

    test_open_state(*state, &folder);
    test_whole_run(&folder, 2, first);
    test_whole_run(&folder, 2, second);
    bl_journal_file(&folder, first, path);
    assert_int_equal(bl_journal_read(path, seen_previous, found, NULL), BL_OK);
    assert_string_equal(found, "none 0  0");
    bl_journal_file(&folder, second, path);
    assert_int_equal(bl_journal_read(path, seen_previous, found, NULL), BL_OK);
    snprintf(wanted, sizeof(wanted), "%s 4 ", first);
    assert_memory_equal(found, wanted, strlen(wanted));
    assert_string_equal(found + strlen(found) - 2, "64");
}

static void test_journal__list_is_made_again_from_the_files(void **state)
{
    static const char *const damage[] = {NULL, "", "this is no database, it is text"};
    char id[BL_RUN_TEXT], path[PATH_MAX];
    struct bl_value *runs = NULL;
    struct bl_state folder;

    test_open_state(*state, &folder);
    test_whole_run(&folder, 1, id);
    test_whole_run(&folder, 1, id);
    snprintf(path, sizeof(path), "%s/index.db", folder.path);
    for (size_t i = 0; i < BL_COUNT(damage); i++) {
        unlink(path);
        if (damage[i] != NULL)
            scratch_write(path, damage[i]);
        assert_int_equal(bl_journal_list(&folder, &runs, NULL), BL_OK);
        assert_int_equal(bl_value_count(runs), 2);
        for (size_t j = 0; j < 2; j++) {
            const struct bl_value *run = bl_list_get(runs, j);
            assert_string_equal(bl_map_text(run, "procedure", ""), "daily.morning");
            assert_string_equal(bl_map_text(run, "status", ""), "ended");
            assert_string_equal(bl_map_text(run, "outcome", ""), "failed");
            assert_int_equal(bl_map_int(run, "exit", -1), 1);
            assert_int_equal(bl_map_int(run, "events", 0), 3);
        }
        bl_value_unref(runs);
    }
}

static void test_journal__index_made_again_while_a_run_goes_on(void **state)
{
    struct bl_value *runs = NULL;
    struct bl_journal *journal;
    struct bl_state folder;
    char path[PATH_MAX];

    test_open_state(*state, &folder);
    journal = test_create(&folder, NULL);
    test_flush(journal);
    snprintf(path, sizeof(path), "%s/index.db", folder.path);
    unlink(path);
    assert_int_equal(bl_journal_list(&folder, &runs, NULL), BL_OK);
    assert_string_equal(bl_map_text(bl_list_get(runs, 0), "status", ""), "running");
    bl_value_unref(runs);
    bl_journal_append(journal, "run_ended", bl_map_new());
    test_close(journal);
    assert_int_equal(bl_journal_list(&folder, &runs, NULL), BL_OK);
    assert_int_equal(bl_value_count(runs), 1);
    assert_string_equal(bl_map_text(bl_list_get(runs, 0), "status", ""), "ended");
    assert_int_equal(bl_map_int(bl_list_get(runs, 0), "events", 0), 2);
    bl_value_unref(runs);
}

static void test_journal__run_is_found_by_its_beginning_its_end_or_last(void **state)
{
    char id[BL_RUN_TEXT], other[BL_RUN_TEXT], found[BL_RUN_TEXT];
    struct bl_error err = {0};
    struct bl_state folder;

    test_open_state(*state, &folder);
    assert_int_equal(bl_journal_find(&folder, "last", found, &err), BL_E_NOT_FOUND);
    test_whole_run(&folder, 1, id);
    assert_int_equal(bl_journal_find(&folder, id, found, &err), BL_OK);
    assert_string_equal(found, id);
    assert_int_equal(bl_journal_find(&folder, id + strlen(id) - 4, found, &err), BL_OK);
    assert_string_equal(found, id);
    assert_int_equal(bl_journal_find(&folder, "2", found, &err), BL_OK);
    usleep(2000);
    test_whole_run(&folder, 1, other);
    assert_int_equal(bl_journal_find(&folder, "last", found, &err), BL_OK);
    assert_string_equal(found, other);
    assert_int_equal(bl_journal_find(&folder, "2", found, &err), BL_E_ARG);
    assert_int_equal(bl_journal_find(&folder, "zzzz", found, &err), BL_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "belay runs"));
}

static void test_state__missing_and_unusable_folders(void **state)
{
    struct bl_error err = {0};
    struct bl_state folder;
    struct bl_value *runs = NULL;
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/not/yet", (const char *)*state);
    assert_int_equal(bl_state_open(path, false, &folder, &err), BL_OK);
    assert_false(folder.is_there);
    assert_int_equal(bl_journal_list(&folder, &runs, &err), BL_OK);
    assert_int_equal(bl_value_count(runs), 0);
    bl_value_unref(runs);
    assert_int_equal(bl_state_open(path, true, &folder, &err), BL_OK);
    assert_true(folder.is_there);

    snprintf(path, sizeof(path), "%s/file", (const char *)*state);
    scratch_write(path, "x");
    assert_int_not_equal(bl_state_open(path, true, &folder, &err), BL_OK);
    assert_non_null(strstr(err.message, path));
    assert_non_null(strstr(err.message, "state ="));
    assert_int_not_equal(bl_state_open("/proc/nothing-here", true, &folder, &err), BL_OK);
    assert_non_null(strstr(err.message, "/proc/nothing-here"));
}

static void test_state__default_is_the_users_own(void **state)
{
    struct bl_error err = {0};
    struct bl_state folder;
    char wanted[PATH_MAX];

    setenv("XDG_STATE_HOME", *state, 1);
    assert_int_equal(bl_state_open(NULL, true, &folder, &err), BL_OK);
    snprintf(wanted, sizeof(wanted), "%s/belay", (const char *)*state);
    assert_string_equal(folder.path, wanted);
    assert_true(folder.is_default);
    unsetenv("XDG_STATE_HOME");
    setenv("HOME", *state, 1);
    assert_int_equal(bl_state_open("", true, &folder, &err), BL_OK);
    snprintf(wanted, sizeof(wanted), "%s/.local/state/belay", (const char *)*state);
    assert_string_equal(folder.path, wanted);
    assert_int_equal(bl_state_open("~/mine/", true, &folder, &err), BL_OK);
    snprintf(wanted, sizeof(wanted), "%s/mine", (const char *)*state);
    assert_string_equal(folder.path, wanted);
}

static enum bl_code test_take(const struct bl_state *state, const char *environment,
                              struct bl_lease **lease, struct bl_error *err)
{
    struct bl_lease_request wanted = {.procedure = "a.b", .environment = environment};

    return bl_lease_take(state, &wanted, &test_clock, lease, err);
}

static void test_lease__second_taker_learns_who_and_where(void **state)
{
    struct bl_lease *lease = NULL, *other = NULL, *third = NULL;
    struct bl_value *step = bl_map_new();
    struct bl_error err = {0};
    struct bl_journal *journal;
    struct bl_state folder;

    test_open_state(*state, &folder);
    journal = test_create(&folder, NULL);
    bl_map_set(step, "step", bl_value_text("Measure memory"));
    bl_journal_append(journal, "step_started", step);
    test_flush(journal);
    assert_int_equal(test_take(&folder, "box", &lease, &err), BL_OK);
    bl_lease_set_run(lease, bl_journal_run(journal));
    assert_int_equal(test_take(&folder, "box", &other, &err), BL_E_BUSY);
    assert_non_null(strstr(err.message, "a.b is already running in box"));
    assert_non_null(strstr(err.message, bl_journal_run(journal)));
    assert_non_null(strstr(err.message, "Measure memory"));
    assert_int_equal(test_take(&folder, "prod", &third, &err), BL_OK);
    bl_lease_release(third);
    bl_lease_release(lease);
    assert_int_equal(test_take(&folder, "box", &other, &err), BL_OK);
    bl_lease_release(other);
    test_close(journal);
}

static void test_lease__kernel_gives_it_back(void **state)
{
    struct bl_lease *lease = NULL;
    struct bl_state folder;
    pid_t child;

    test_open_state(*state, &folder);
    child = fork();
    if (child == 0)
        _exit(test_take(&folder, "box", &lease, NULL) == BL_OK ? 0 : 1);
    assert_int_equal(scratch_wait(child), 0);
    assert_int_equal(test_take(&folder, "box", &lease, NULL), BL_OK);
    bl_lease_release(lease);
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_journal__tells_what_is_on_disk_and_nothing_else),
        T(test_journal__ended_run_is_one_plain_file),
        T(test_journal__group_folder_gives_the_group_rights),
        T(test_journal__secrets_never_reach_the_file),
        T(test_journal__events_cannot_be_changed_by_sql),
        T(test_journal__next_run_holds_the_head_of_the_one_before),
        T(test_journal__list_is_made_again_from_the_files),
        T(test_journal__index_made_again_while_a_run_goes_on),
        T(test_journal__run_is_found_by_its_beginning_its_end_or_last),
        T(test_state__missing_and_unusable_folders),
        T(test_state__default_is_the_users_own),
        T(test_lease__second_taker_learns_who_and_where),
        T(test_lease__kernel_gives_it_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
