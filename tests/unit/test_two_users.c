/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_two_users.c: two users of one group share a state folder: what one runs the other sees,
 * and takes over once it is killed. Needs root, which becomes either of them. */
#include "base/prefix.h"

#include "journal/journal.h"
#include "journal/lease.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>
#include <grp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP 61000 /* no such user or group needs to be there: numbers do */
#define ROSA 61001
#define OTTO 61002
#define STRANGER 61003

static struct bl_clock users_clock;

/* What a child tells: which run, and what went wrong. */
struct users {
    char run[BL_RUN_TEXT];
    char error[512];
    atomic_int is_ready;
};

struct users_test {
    void *folder;
    struct users *shared;
};

typedef void users_fn(const char *folder, struct users *users);

/* Becomes that user for good. */
static void users_become(uid_t uid, bool is_in_group)
{
    const gid_t group = GROUP;

    umask(uid == ROSA ? 022 : 077);
    if (setgroups(is_in_group ? 1 : 0, &group) != 0 || setresgid(uid, uid, uid) != 0 ||
        setresuid(uid, uid, uid) != 0)
        _exit(99);
}

static pid_t users_start(const struct users_test *test, uid_t uid, users_fn *fn)
{
    pid_t child = fork();

    if (child == 0) {
        users_become(uid, uid != STRANGER);
        fn(test->folder, test->shared);
        _exit(0);
    }
    return child;
}

/* Runs fn as that user to its end. */
static void users_do(const struct users_test *test, uid_t uid, users_fn *fn)
{
    int status = scratch_wait(users_start(test, uid, fn));

    if (status != 0)
        fail_msg("as %d: status %d: %s", (int)uid, status, test->shared->error);
}

/* In a child: says what went wrong and ends. */
static void users_fail(struct users *users, const char *what, const char *why)
{
    snprintf(users->error, sizeof(users->error), "%s: %s", what, why);
    _exit(1);
}

static void users_state(const char *folder, struct users *users, struct bl_state *state)
{
    struct bl_error err = {0};

    if (bl_state_open(folder, true, state, &err) != BL_OK)
        users_fail(users, "state", err.message);
}

static void users_add(struct bl_journal *journal, struct users *users, const char *kind,
                      const char *step)
{
    struct bl_value *data = bl_map_new();
    struct bl_error err = {0};

    bl_map_set(data, "step", bl_value_text(step));
    bl_journal_append(journal, kind, data);
    if (bl_journal_flush(journal, &err) != BL_OK)
        users_fail(users, "flush", err.message);
}

/* Runs until it is killed. */
static void users_run_on(const char *folder, struct users *users)
{
    struct bl_value *info = bl_map_new();
    struct bl_state state;
    struct bl_journal_options options = {.state = &state, .clock = &users_clock, .info = info};
    struct bl_lease_request wanted = {.procedure = "cache.flush", .environment = "box"};
    struct bl_lease *lease = NULL;
    struct bl_journal *journal = NULL;
    struct bl_error err = {0};

    users_state(folder, users, &state);
    bl_map_set(info, "procedure", bl_value_text("cache.flush"));
    bl_map_set(info, "environment", bl_value_text("box"));
    bl_map_set(info, "world", bl_value_text("live"));
    bl_map_set(info, "user", bl_value_text("rosa"));
    if (bl_lease_take(&state, &wanted, &users_clock, &lease, &err) != BL_OK ||
        bl_journal_create(&options, &journal, &err) != BL_OK)
        users_fail(users, "create", err.message);
    bl_lease_set_run(lease, bl_journal_run(journal));
    users_add(journal, users, "step_started", "Flush");
    snprintf(users->run, sizeof(users->run), "%s", bl_journal_run(journal));
    atomic_store(&users->is_ready, 1);
    for (;;)
        pause();
}

/* Sees the live run of the other, and cannot take anything of it. */
static void users_look(const char *folder, struct users *users)
{
    struct bl_state state;
    struct bl_journal_options options = {.state = &state, .clock = &users_clock};
    struct bl_lease_request wanted = {
        .procedure = "cache.flush", .environment = "box", .take_over = true};
    struct bl_lease *lease = NULL;
    struct bl_journal *journal = NULL;
    struct bl_value *list = NULL;
    struct bl_verdict verdict;
    struct bl_error err = {0};

    users_state(folder, users, &state);
    if (bl_journal_live(&state, "box", NULL, &list) != BL_OK || bl_value_count(list) != 1 ||
        strcmp(bl_map_text(bl_list_get(list, 0), "step", ""), "Flush") != 0)
        users_fail(users, "live", "the run of the other is not seen");
    if (bl_journal_verify(&state, users->run, &verdict, &err) != BL_OK || !verdict.is_sound)
        users_fail(users, "verify", err.message[0] ? err.message : verdict.text);
    if (bl_journal_reopen(&options, users->run, &journal, &err) != BL_E_BUSY ||
        strstr(err.message, "by rosa on") == NULL)
        users_fail(users, "reopen of a live run", err.message);
    if (bl_lease_take(&state, &wanted, &users_clock, &lease, &err) != BL_E_BUSY ||
        strstr(err.message, "you may not stop that process") == NULL)
        users_fail(users, "lease of a live run", err.message);
}

/* Takes over what was cut off or has ended, and ends it. */
static void users_take_over(const char *folder, struct users *users)
{
    struct bl_state state;
    struct bl_journal_options options = {.state = &state, .clock = &users_clock};
    struct bl_lease_request wanted = {.procedure = "cache.flush", .environment = "box"};
    struct bl_lease *lease = NULL;
    struct bl_journal *journal = NULL;
    struct bl_verdict verdict;
    struct bl_error err = {0};

    users_state(folder, users, &state);
    if (bl_lease_take(&state, &wanted, &users_clock, &lease, &err) != BL_OK)
        users_fail(users, "lease", err.message);
    if (bl_journal_reopen(&options, users->run, &journal, &err) != BL_OK)
        users_fail(users, "reopen", err.message);
    users_add(journal, users, "run_resumed", "");
    users_add(journal, users, "step_ended", "Flush");
    bl_journal_append(journal, "run_ended", bl_map_new());
    if (bl_journal_close(journal, &err) != BL_OK)
        users_fail(users, "close", err.message);
    bl_lease_release(lease);
    if (bl_journal_verify(&state, users->run, &verdict, &err) != BL_OK || !verdict.is_sound)
        users_fail(users, "verify", err.message[0] ? err.message : verdict.text);
}

static void users_be_refused(const char *folder, struct users *users)
{
    struct bl_error err = {0};
    struct bl_state state;

    if (bl_state_open(folder, false, &state, &err) != BL_E_DENIED ||
        strstr(err.message, "chmod 2770") == NULL)
        users_fail(users, "a stranger", err.message);
}

static void users_check_file(const struct users_test *test, uid_t owner, mode_t mode)
{
    char path[PATH_MAX];
    struct stat info;

    snprintf(path, sizeof(path), "%s/runs/%s.belay", (const char *)test->folder,
             test->shared->run);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_uid, owner);
    assert_int_equal(info.st_gid, GROUP);
    assert_int_equal(info.st_mode & 07777, mode);
}

static void users_all(const struct users_test *test)
{
    pid_t rosa = users_start(test, ROSA, users_run_on);

    for (int i = 0; i < 500 && atomic_load(&test->shared->is_ready) == 0; i++)
        usleep(10000);
    if (atomic_load(&test->shared->is_ready) == 0)
        fail_msg("rosa's run does not begin: %s", test->shared->error);
    users_check_file(test, ROSA, 0660);
    users_do(test, OTTO, users_look);
    kill(rosa, SIGKILL);
    assert_int_equal(scratch_wait(rosa), 128 + SIGKILL);
    users_do(test, OTTO, users_take_over); /* cut off, and the log is rosa's */
    users_check_file(test, OTTO, 0440);
    users_do(test, ROSA, users_take_over); /* ended, and the file is otto's */
    users_check_file(test, ROSA, 0440);
    users_do(test, STRANGER, users_be_refused);
}

static int users_setup(void **state)
{
    static struct users_test test;

    test.shared = mmap(NULL, sizeof(*test.shared), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (test.shared == MAP_FAILED || scratch_setup(&test.folder) != 0)
        return -1;
    *state = &test;
    return 0;
}

static int users_teardown(void **state)
{
    struct users_test *test = *state;

    munmap(test->shared, sizeof(*test->shared));
    return scratch_teardown(&test->folder);
}

static void test_users__folder_that_hands_its_group_on(void **state)
{
    struct users_test *test = *state;

    assert_int_equal(chown(test->folder, 0, GROUP), 0);
    assert_int_equal(chmod(test->folder, 02770), 0);
    users_all(test);
}

/* Without that bit a file would get the group of who makes it. */
static void test_users__folder_of_a_group_only(void **state)
{
    struct users_test *test = *state;

    assert_int_equal(chown(test->folder, 0, GROUP), 0);
    assert_int_equal(chmod(test->folder, 0770), 0);
    users_all(test);
}

/* What root does in somebody's own folder stays theirs. */
static void test_users__root_helps_out(void **state)
{
    struct users_test *test = *state;
    pid_t rosa;

    assert_int_equal(chown(test->folder, ROSA, ROSA), 0);
    assert_int_equal(chmod(test->folder, 0700), 0);
    rosa = users_start(test, ROSA, users_run_on);
    for (int i = 0; i < 500 && atomic_load(&test->shared->is_ready) == 0; i++)
        usleep(10000);
    kill(rosa, SIGKILL);
    assert_int_equal(scratch_wait(rosa), 128 + SIGKILL);
    users_take_over(test->folder, test->shared);
    users_take_over(test->folder, test->shared);
    users_do(test, ROSA, users_take_over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, users_setup, users_teardown)
        T(test_users__folder_that_hands_its_group_on),
        T(test_users__folder_of_a_group_only),
        T(test_users__root_helps_out),
    };

    if (geteuid() != 0) {
        puts("skipped: only root can become two users");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
