/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_lease.c: one live run for a lease: races, take-overs, and what is said about others. */
#include "base/prefix.h"

#include "journal/journal.h"
#include "journal/lease.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#define RACES 200

static struct bl_clock lease_clock;

static void lease_state(const char *folder, struct bl_state *state)
{
    struct bl_error err = {0};

    if (bl_state_open(folder, true, state, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static struct bl_journal *lease_journal(const struct bl_state *state, const char *procedure,
                                        const char *world)
{
    struct bl_value *info = bl_map_new();
    struct bl_journal_options options = {.state = state, .clock = &lease_clock, .info = info};
    struct bl_journal *journal = NULL;
    struct bl_error err = {0};

    bl_map_set(info, "procedure", bl_value_text(procedure));
    bl_map_set(info, "environment", bl_value_text("box"));
    bl_map_set(info, "world", bl_value_text(world));
    bl_map_set(info, "user", bl_value_text("rosa"));
    bl_map_set(info, "host", bl_value_text("bastion"));
    bl_map_set(info, "pid", bl_value_int(getpid()));
    if (bl_journal_create(&options, &journal, &err) != BL_OK ||
        bl_journal_flush(journal, &err) != BL_OK)
        BL_BUG("%s", err.message);
    bl_value_unref(info);
    return journal;
}

static void lease_step(struct bl_journal *journal, const char *kind, const char *step)
{
    struct bl_value *data = bl_map_new();

    bl_map_set(data, "step", bl_value_text(step));
    bl_journal_append(journal, kind, data);
    if (bl_journal_flush(journal, NULL) != BL_OK)
        BL_BUG("cannot write");
}

static void lease_end(struct bl_journal *journal, const char *status)
{
    struct bl_value *data = bl_map_new();

    bl_map_set(data, "exit", bl_value_int(3));
    bl_map_set(data, "status", bl_value_text(status));
    bl_journal_append(journal, "run_ended", data);
    if (bl_journal_close(journal, NULL) != BL_OK)
        BL_BUG("cannot end");
}

static enum bl_code lease_take(const struct bl_state *state, bool take_over,
                               struct bl_lease **lease, struct bl_error *err)
{
    struct bl_lease_request wanted = {
        .procedure = "cache.flush", .environment = "box", .take_over = take_over};

    return bl_lease_take(state, &wanted, &lease_clock, lease, err);
}

/* What two processes that race see of each other. */
struct race {
    atomic_int ready, live, taken, refused, both;
};

/* One operator: takes the lease when it can, has a live run, and ends or dies. */
static void race_run(const struct bl_state *state, struct race *race, bool dies)
{
    struct bl_lease *lease = NULL;
    struct bl_journal *journal;
    struct bl_error err = {0};

    atomic_fetch_add(&race->ready, 1);
    for (int i = 0; i < 2000 && atomic_load(&race->ready) < 2; i++)
        usleep(100);
    if (lease_take(state, false, &lease, &err) != BL_OK) {
        atomic_fetch_add(&race->refused, 1);
        _exit(err.code == BL_E_BUSY ? 0 : 1);
    }
    if (atomic_fetch_add(&race->live, 1) != 0)
        atomic_fetch_add(&race->both, 1);
    atomic_fetch_add(&race->taken, 1);
    journal = lease_journal(state, "cache.flush", "live");
    bl_lease_set_run(lease, bl_journal_run(journal));
    usleep(1000);
    atomic_fetch_sub(&race->live, 1);
    if (dies)
        raise(SIGKILL);
    lease_end(journal, "ok");
    bl_lease_release(lease);
    _exit(0);
}

static void test_lease__two_operators_never_two_live_runs(void **state)
{
    struct race *race =
        mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct bl_state folder;

    assert_ptr_not_equal(race, MAP_FAILED);
    lease_state(*state, &folder);
    for (int i = 0; i < RACES; i++) {
        pid_t operators[2];

        atomic_store(&race->ready, 0);
        for (int j = 0; j < 2; j++) {
            operators[j] = fork();
            if (operators[j] == 0)
                race_run(&folder, race, i % 4 == 0);
        }
        for (int j = 0; j < 2; j++) {
            int status = scratch_wait(operators[j]);
            if (status != 0 && (i % 4 != 0 || status != 128 + SIGKILL))
                fail_msg("race %d: operator %d ended with %d", i, j, status);
        }
        assert_true(atomic_load(&race->taken) > i);
    }
    assert_int_equal(atomic_load(&race->both), 0);
    assert_int_equal(atomic_load(&race->taken) + atomic_load(&race->refused), 2 * RACES);
    assert_true(atomic_load(&race->refused) > RACES / 4);
    print_message("%d races, %d refused, 0 times two live runs\n", RACES,
                  atomic_load(&race->refused));
    munmap(race, sizeof(*race));
}

static volatile sig_atomic_t holder_stopped;

static void holder_signalled(int number)
{
    (void)number;
    holder_stopped = 1;
}

/* A process that holds the lease until SIGTERM; a stubborn one for good. */
static pid_t holder_start(const struct bl_state *state, bool is_stubborn, char run[BL_RUN_TEXT])
{
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        struct bl_lease *lease = NULL;
        struct bl_journal *journal;

        signal(SIGTERM, is_stubborn ? SIG_IGN : holder_signalled);
        if (lease_take(state, false, &lease, NULL) != BL_OK)
            _exit(1);
        journal = lease_journal(state, "cache.flush", "live");
        bl_lease_set_run(lease, bl_journal_run(journal));
        lease_step(journal, "step_started", "Measure");
        lease_step(journal, "step_ended", "Measure");
        lease_step(journal, "step_started", "Flush");
        if (write(ends[1], bl_journal_run(journal), BL_RUN_TEXT) != BL_RUN_TEXT)
            _exit(1);
        while (!holder_stopped)
            usleep(1000);
        lease_end(journal, "cancelled");
        bl_lease_release(lease);
        _exit(0);
    }
    assert_int_equal(read(ends[0], run, BL_RUN_TEXT), BL_RUN_TEXT);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void test_lease__holder_is_told_to_stop_and_leaves_its_run(void **state)
{
    struct bl_lease *lease = NULL;
    struct bl_error err = {0};
    struct bl_state folder;
    char run[BL_RUN_TEXT];
    pid_t holder;

    lease_state(*state, &folder);
    holder = holder_start(&folder, false, run);
    assert_int_equal(lease_take(&folder, false, &lease, &err), BL_E_BUSY);
    assert_non_null(strstr(err.message, "at step \"Flush\""));
    assert_non_null(strstr(err.message, "belay resume 2"));
    assert_non_null(strstr(err.message, "--take-over"));
    if (lease_take(&folder, true, &lease, &err) != BL_OK)
        fail_msg("%s", err.message);
    assert_int_equal(scratch_wait(holder), 0);
    bl_lease_release(lease);
}

static void test_lease__holder_that_lives_is_never_robbed(void **state)
{
    struct bl_lease *lease = NULL;
    struct bl_error err = {0};
    struct bl_state folder;
    char run[BL_RUN_TEXT];
    pid_t holder;

    lease_state(*state, &folder);
    holder = holder_start(&folder, true, run);
    assert_int_equal(lease_take(&folder, true, &lease, &err), BL_E_BUSY);
    assert_non_null(strstr(err.message, "still runs"));
    assert_non_null(strstr(err.message, "kill -9"));
    kill(holder, SIGKILL);
    assert_int_equal(scratch_wait(holder), 128 + SIGKILL);
    assert_int_equal(lease_take(&folder, false, &lease, &err),
                     BL_OK); /* it is free by itself */
    bl_lease_release(lease);
}

/* What a lease's file says is no proof: the kernel is asked who holds it. */
static void test_lease__process_that_does_not_hold_it_is_left_alone(void **state)
{
    struct bl_lease *lease = NULL, *other = NULL;
    struct bl_error err = {0};
    struct bl_state folder;
    char path[PATH_MAX], text[300], host[256] = "";
    pid_t child = fork();

    if (child == 0) {
        for (;;)
            pause();
    }
    lease_state(*state, &folder);
    assert_int_equal(lease_take(&folder, false, &lease, &err), BL_OK);
    gethostname(host, sizeof(host) - 1);
    snprintf(path, sizeof(path), "%s/leases/cache.flush@box.lock", folder.path);
    snprintf(text, sizeof(text), "{\"host\":\"%s\",\"pid\":%d}\n", host, (int)child);
    scratch_write(path, text);
    assert_int_equal(lease_take(&folder, true, &other, &err), BL_E_BUSY);
    assert_non_null(strstr(err.message, "cannot be seen from here"));
    scratch_write(path, "{\"host\":\"elsewhere\",\"pid\":1}");
    assert_int_equal(lease_take(&folder, true, &other, &err), BL_E_BUSY);
    assert_non_null(strstr(err.message, "only on that machine"));
    assert_int_equal(kill(child, 0), 0);
    kill(child, SIGKILL);
    (void)scratch_wait(child);
    bl_lease_release(lease);
}

static void lease_check_live(const struct bl_state *state, const char *except,
                             const char *wanted)
{
    struct bl_value *list = NULL;
    char found[200] = "";

    assert_int_equal(bl_journal_live(state, "box", except, &list), BL_OK);
    for (size_t i = 0; i < bl_value_count(list); i++) {
        const struct bl_value *run = bl_list_get(list, i);
        size_t used = strlen(found);
        snprintf(found + used, sizeof(found) - used, "%s %s %s;",
                 bl_map_text(run, "procedure", ""), bl_map_text(run, "user", ""),
                 bl_map_text(run, "step", "-"));
        assert_true(strlen(bl_map_text(run, "since", "")) > 16);
    }
    assert_string_equal(found, wanted);
    bl_value_unref(list);
}

static void test_live__runs_of_the_environment_that_change_the_world(void **state)
{
    struct bl_journal *mine, *other, *dry;
    struct bl_state folder;

    lease_state(*state, &folder);
    lease_check_live(&folder, NULL, "");
    mine = lease_journal(&folder, "mine", "live");
    other = lease_journal(&folder, "other", "live");
    dry = lease_journal(&folder, "dry", "dry");
    lease_step(other, "step_started", "Outer");
    lease_step(other, "step_started", "Outer / Inner");
    lease_check_live(&folder, bl_journal_run(mine), "other rosa Outer / Inner;");
    lease_step(other, "step_ended", "Outer / Inner");
    lease_check_live(&folder, bl_journal_run(mine), "other rosa Outer;");
    lease_end(other, "ok");
    lease_check_live(&folder, bl_journal_run(mine), "");
    lease_check_live(&folder, NULL, "mine rosa -;");
    lease_end(mine, "ok");
    lease_end(dry, "ok");
}

static void lease_check_stopped(const struct bl_state *state, const char *wanted)
{
    struct bl_value *list = NULL;
    char found[200] = "";

    assert_int_equal(bl_journal_stopped(state, "cache.flush", "box", &list, NULL), BL_OK);
    for (size_t i = 0; i < bl_value_count(list); i++) {
        const struct bl_value *run = bl_list_get(list, i);
        size_t used = strlen(found);
        snprintf(found + used, sizeof(found) - used, "%s %s;",
                 bl_map_text(run, "outcome", bl_map_text(run, "status", "")),
                 bl_map_text(run, "step", "-"));
    }
    assert_string_equal(found, wanted);
    bl_value_unref(list);
}

static void test_stopped__runs_that_can_be_taken_up(void **state)
{
    struct bl_journal *journal;
    struct bl_state folder;
    char run[BL_RUN_TEXT];
    pid_t holder;

    lease_state(*state, &folder);
    lease_check_stopped(&folder, "");
    journal = lease_journal(&folder, "cache.flush", "live");
    lease_step(journal, "step_started", "Flush");
    lease_step(journal, "run_stopped", "");
    lease_step(journal, "step_ended", "Flush"); /* it was only put away */
    lease_end(journal, "waiting");
    lease_end(lease_journal(&folder, "cache.flush", "live"), "failed");
    lease_end(lease_journal(&folder, "cache.flush", "dry"), "waiting");
    lease_end(lease_journal(&folder, "another", "live"), "waiting");
    lease_check_stopped(&folder, "waiting Flush;");
    usleep(3000);
    holder = holder_start(&folder, true, run);
    lease_check_stopped(&folder, "waiting Flush;"); /* the live one is none of them */
    kill(holder, SIGKILL);
    (void)scratch_wait(holder);
    lease_check_stopped(&folder, "cut off Flush;waiting Flush;");
    usleep(3000);
    lease_end(lease_journal(&folder, "cache.flush", "live"), "ok");
    lease_check_stopped(&folder, "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_lease__two_operators_never_two_live_runs),
        T(test_lease__holder_is_told_to_stop_and_leaves_its_run),
        T(test_lease__holder_that_lives_is_never_robbed),
        T(test_lease__process_that_does_not_hold_it_is_left_alone),
        T(test_live__runs_of_the_environment_that_change_the_world),
        T(test_stopped__runs_that_can_be_taken_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
