/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_exec.c: real commands: answers, bounds, and trees that do not want to end. */
#include "base/prefix.h"

#include "support/hostile.h"
#include "support/op.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#define MEMORY_BOUND (512 * 1024) /* KiB, the sanitizer's own memory among them */
#else
#define MEMORY_BOUND (64 * 1024)
#endif

static char marker[40]; /* in the environment of every process of one test */

static bool file_holds(const char *path, const char *text)
{
    char data[8192];
    FILE *file = fopen(path, "rb");
    size_t got = file == NULL ? 0 : fread(data, 1, sizeof(data), file);

    if (file != NULL)
        fclose(file);
    return memmem(data, got, text, strlen(text)) != NULL;
}

/* How many processes carry the marker: the tree of this test's command. */
static int tree_count(void)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    int count = 0;

    while ((entry = readdir(folder)) != NULL) {
        char path[300];
        snprintf(path, sizeof(path), "/proc/%s/environ", entry->d_name);
        count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && file_holds(path, marker);
    }
    closedir(folder);
    return count;
}

struct fixture {
    struct test_run run;
    int fds;
};

static void fixture_open(struct fixture *fixture)
{
    static unsigned serial;

    snprintf(marker, sizeof(marker), "BELAY_TEST_TREE=%d-%u", (int)getpid(), serial++);
    fixture->fds = hostile_fd_count();
    test_run_open(&fixture->run, "exec", NULL);
}

/* Nothing may be left: descriptor, process, zombie. */
static void fixture_close(struct fixture *fixture)
{
    test_run_close(&fixture->run);
    assert_int_equal(hostile_fd_count(), fixture->fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static struct bl_outcome run(struct fixture *fixture, const char *args)
{
    return test_op(&fixture->run, "run", args);
}

static void assert_text(const struct bl_outcome *outcome, const char *key, const char *expected)
{
    if (outcome->status != BL_ANSWERED)
        fail_msg("%s: %s", bl_status_name(outcome->status), outcome->error.message);
    assert_string_equal(bl_map_text(outcome->value, key, "(none)"), expected);
}

static void assert_output(struct fixture *fixture, const char *args, const char *expected)
{
    struct bl_outcome outcome = run(fixture, args);

    assert_text(&outcome, "stdout", expected);
    bl_outcome_release(&outcome);
}

static void assert_failure(struct fixture *fixture, const char *args, enum bl_code code,
                           const char *part)
{
    struct bl_outcome outcome = run(fixture, args);

    assert_int_equal(outcome.status, BL_FAILED);
    if (outcome.error.code != code || strstr(outcome.error.message, part) == NULL)
        fail_msg("%s: %s", bl_code_name(outcome.error.code), outcome.error.message);
}

static void test_exec__a_command_answers(void **state)
{
    struct fixture fixture;
    struct bl_outcome outcome;

    (void)state;
    fixture_open(&fixture);
    outcome = run(&fixture, "[\"printf out; printf oops >&2; exit 3\","
                            "{\"shell\":true,\"ok\":[0,3]}]");
    assert_text(&outcome, "stdout", "out");
    assert_text(&outcome, "stderr", "oops");
    assert_int_equal(bl_map_int(outcome.value, "status", -1), 3);
    assert_int_equal(bl_map_int(outcome.value, "stdout_bytes", -1), 3);
    assert_int_equal(bl_map_int(outcome.value, "stderr_bytes", -1), 4);
    assert_false(bl_map_bool(outcome.value, "truncated", true));
    assert_null(bl_map_get(outcome.value, "signal"));
    bl_outcome_release(&outcome);
    assert_output(&fixture, "[[\"printf\",\"%s,\",\"a b\",\"$HOME;\"]]", "a b,$HOME;,");
    fixture_close(&fixture);
}

static void test_exec__input_environment_and_folder_arrive(void **state)
{
    struct fixture fixture;

    (void)state;
    setenv("TMOUT", "1", 1);
    fixture_open(&fixture);
    assert_output(&fixture, "[[\"cat\"],{\"stdin\":\"given\"}]", "given");
    assert_output(&fixture, "[[\"cat\"],{\"stdin\":\"\"}]", "");
    assert_output(&fixture, "[[\"cat\"]]", "");
    assert_output(&fixture, "[[\"pwd\"],{\"cwd\":\"/usr\"}]", "/usr\n");
    assert_output(&fixture, "[\"echo $A-$TERM-$TMOUT\",{\"shell\":true,\"env\":{\"A\":\"x\"}}]",
                  "x-dumb-\n");
    /* a session of its own, and no descriptor but three */
    assert_output(&fixture,
                  "[\"test $(ps -o sid= -p $$) = $$ && ls /proc/self/fd | wc -l\","
                  "{\"shell\":true}]",
                  "4\n");
    fixture_close(&fixture);
    unsetenv("TMOUT");
}

static void test_exec__much_input_and_output_at_once(void **state)
{
    struct fixture fixture;
    struct bl_outcome outcome;
    struct bl_buf args;

    (void)state;
    fixture_open(&fixture);
    bl_buf_init(&args, 0);
    bl_buf_text_add(&args, "[[\"cat\"],{\"keep\":\"4MB\",\"stdin\":\"");
    for (int i = 0; i < 200000; i++)
        bl_buf_text_add(&args, "0123456789");
    bl_buf_text_add(&args, "\"}]");
    outcome = run(&fixture, bl_buf_text(&args));
    assert_int_equal(bl_map_int(outcome.value, "stdout_bytes", 0), 2000000);
    assert_false(bl_map_bool(outcome.value, "truncated", true));
    bl_outcome_release(&outcome);
    bl_buf_release(&args);
    /* a command that does not read its input is no error */
    assert_output(&fixture, "[[\"true\"],{\"stdin\":\"nobody reads this\"}]", "");
    fixture_close(&fixture);
}

static void test_exec__failures_say_why(void **state)
{
    struct fixture fixture;

    (void)state;
    fixture_open(&fixture);
    assert_failure(&fixture,
                   "[\"echo first >&2; echo the reason >&2; exit 2\",{\"shell\":true}]",
                   BL_E_EXIT, "sh ended with status 2: the reason");
    assert_failure(&fixture, "[\"kill -KILL $$\",{\"shell\":true}]", BL_E_EXIT,
                   "killed by signal 9 (KILL): it printed nothing");
    assert_failure(&fixture, "[[\"no-such-program\"]]", BL_E_NOT_FOUND, "in PATH (");
    assert_failure(&fixture, "[\"ls -l\"]", BL_E_NOT_FOUND, "shell = true");
    assert_failure(&fixture, "[[\"/no/such/file\"]]", BL_E_NOT_FOUND, "/no/such/file");
    assert_failure(&fixture, "[[\"/etc/passwd\"]]", BL_E_DENIED, "executable");
    assert_failure(&fixture, "[[\"true\"],{\"cwd\":\"/no/such\"}]", BL_E_NOT_FOUND,
                   "check option cwd");
    assert_failure(&fixture, "[[\"a\",\"b\"],{\"shell\":true}]", BL_E_ARG, "one string");
    assert_failure(&fixture, "[[\"true\"],{\"ok\":[\"0\"]}]", BL_E_ARG, "option 'ok'");
    assert_failure(&fixture, "[[\"true\"],{\"env\":{\"A\":[]}}]", BL_E_ARG, "option 'env'");
    fixture_close(&fixture);
}

static size_t shown;

static void show(struct bl_op *op, const char *stream, const char *data, size_t len)
{
    (void)op;
    (void)data;
    shown += strcmp(stream, "stdout") == 0 ? len : 0;
}

static void test_exec__a_flood_is_counted_and_cut(void **state)
{
    struct fixture fixture;
    struct bl_outcome outcome;
    const char *text;
    size_t len;

    (void)state;
    fixture_open(&fixture);
    shown = 0;
    bl_loop_on_output(fixture.run.loop, show);
    outcome = run(&fixture, "[\"echo first; head -c 100000000 /dev/zero; echo last\","
                            "{\"shell\":true,\"keep\":\"64KB\"}]");
    assert_int_equal(outcome.status, BL_ANSWERED);
    assert_int_equal(bl_map_int(outcome.value, "stdout_bytes", 0), 100000011);
    assert_int_equal(shown, 100000011);
    print_message("the longest callback used %lld us\n",
                  (long long)bl_loop_longest(fixture.run.loop));
    assert_true(bl_loop_longest(fixture.run.loop) < 20000);
    assert_true(bl_map_bool(outcome.value, "truncated", false));
    text = bl_value_as_bytes(bl_map_get(outcome.value, "stdout"), &len);
    assert_true(len <= 49152);
    assert_memory_equal(text, "first\n", 6);
    assert_memory_equal(text + len - 5, "last\n", 5);
    assert_non_null(memmem(text, len, "bytes left out]", 15));
    bl_outcome_release(&outcome);
    fixture_close(&fixture);
}

/*
 * The whole family of what does not want to end: it ignores SIGTERM, has a child, a grandchild
 * in a new session that was left by its parent, and all of them flood the output.
 */
#define STUBBORN                                                                               \
    "trap '' TERM HUP INT; "                                                                   \
    "yes stubborn & "                                                                          \
    "setsid sh -c 'trap \\\"\\\" TERM HUP; yes grandchild & yes orphan >&2 & exit 0' & "       \
    "(setsid setsid sh -c 'trap \\\"\\\" TERM; while :; do sleep 0.01; done' &) ; "            \
    "while :; do echo flood; done"

static void stubborn_args(struct bl_buf *args, const char *timeout)
{
    const char *equals = strchr(marker, '=');

    bl_buf_init(args, 0);
    bl_buf_printf(args,
                  "[\"" STUBBORN "\",{\"shell\":true,\"timeout\":\"%s\","
                  "\"env\":{\"%.*s\":\"%s\"}}]",
                  timeout, (int)(equals - marker), marker, equals + 1);
}

/* Turns the loop until the tree is gone; how many milliseconds that took. */
static int64_t await_tree(struct fixture *fixture)
{
    int64_t start = bl_clock_steady();

    /* looked at three times: who is just being replaced by exec shows no environment */
    for (int gone = 0; gone < 3 && bl_clock_steady() - start < 30000; usleep(2000)) {
        bl_loop_turn(fixture->run.loop, false);
        gone = tree_count() == 0 ? gone + 1 : 0;
    }
    return bl_clock_steady() - start;
}

static void test_exec__a_stubborn_tree_is_gone_after_its_timeout(void **state)
{
    struct fixture fixture;
    struct bl_outcome outcome;
    struct rusage usage;
    struct bl_buf args;
    int64_t took;

    (void)state;
    fixture_open(&fixture);
    stubborn_args(&args, "1s");
    outcome = run(&fixture, bl_buf_text(&args));
    assert_true(tree_count() >= 4); /* it really is stubborn */
    assert_int_equal(outcome.status, BL_UNKNOWN);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    if (strstr(outcome.error.message, "timed out after 1.0 s while running sh (") == NULL)
        fail_msg("%s", outcome.error.message);
    took = await_tree(&fixture);
    print_message("the tree was gone %lld ms after its timeout\n", (long long)took);
    assert_int_equal(tree_count(), 0);
    bl_buf_release(&args);
    fixture_close(&fixture);
    getrusage(RUSAGE_SELF, &usage);
    print_message("peak memory %ld KiB\n", usage.ru_maxrss);
    assert_true(usage.ru_maxrss < MEMORY_BOUND);
}

/* Generations that each start the next one in a new session and die at once. */
static void test_exec__a_fleeing_chain_is_caught(void **state)
{
    struct fixture fixture;
    struct bl_outcome outcome;
    const char *equals;
    char args[500];

    (void)state;
    fixture_open(&fixture);
    equals = strchr(marker, '=');
    snprintf(args, sizeof(args),
             "[\"eval \\\"$CHAIN\\\" & while :; do sleep 1; done\",{\"shell\":true,"
             "\"timeout\":\"600ms\",\"env\":{\"%.*s\":\"%s\",\"CHAIN\":"
             "\"trap '' TERM HUP; echo; setsid sh -c \\\"$CHAIN\\\" & exit 0\"}}]",
             (int)(equals - marker), marker, equals + 1);
    shown = 0;
    bl_loop_on_output(fixture.run.loop, show);
    outcome = run(&fixture, args);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    assert_true(shown > 20);       /* it really had children and children of these */
    fixture_close(&fixture);       /* waits for the keeper */
    for (int i = 0; i < 20; i++) { /* a look may miss somebody who flees from it */
        assert_int_equal(tree_count(), 0);
        usleep(5000);
    }
}

static void test_exec__the_end_of_the_run_ends_the_tree(void **state)
{
    struct fixture fixture;
    struct bl_outcome outcome = {0};
    struct bl_buf args;
    bool is_done;

    (void)state;
    fixture_open(&fixture);
    stubborn_args(&args, "1m");
    test_op_start(&fixture.run, "run", bl_buf_text(&args), &outcome, &is_done);
    while (tree_count() < 4)
        bl_loop_turn(fixture.run.loop, true);
    bl_connection_unref(fixture.run.connection);
    bl_loop_free(fixture.run.loop); /* cancels, and waits for what was started */
    assert_true(is_done);
    assert_int_equal(outcome.error.code, BL_E_CANCELLED);
    assert_int_equal(tree_count(), 0);
    assert_int_equal(hostile_fd_count(), fixture.fds);
    bl_buf_release(&args);
}

static void test_exec__a_dead_engine_ends_the_tree(void **state)
{
    struct bl_buf args;
    struct fixture fixture = {0};
    pid_t engine;

    (void)state;
    fixture_open(&fixture);
    stubborn_args(&args, "1m");
    engine = fork();
    if (engine == 0) {
        struct fixture inner;
        struct bl_outcome outcome;
        bool is_done;
        test_run_open(&inner.run, "exec", NULL);
        test_op_start(&inner.run, "run", bl_buf_text(&args), &outcome, &is_done);
        for (;;)
            bl_loop_turn(inner.run.loop, true);
    }
    while (tree_count() < 4)
        usleep(10000);
    kill(engine, SIGKILL);
    waitpid(engine, NULL, 0);
    await_tree(&fixture);
    assert_int_equal(tree_count(), 0);
    bl_buf_release(&args);
    fixture_close(&fixture);
}

static void test_exec__a_tidy_command_may_clean_up(void **state)
{
    struct fixture fixture;
    char path[60], args[300];

    (void)state;
    fixture_open(&fixture);
    snprintf(path, sizeof(path), "/tmp/belay-test-exec-%d", (int)getpid());
    snprintf(args, sizeof(args),
             "[\"trap 'echo tidy > %s; exit 0' TERM; while :; do sleep 0.02; done\","
             "{\"shell\":true,\"timeout\":\"300ms\"}]",
             path);
    run(&fixture, args);
    fixture_close(&fixture);
    assert_true(file_holds(path, "tidy"));
    unlink(path);
}

static void test_exec__a_daemon_that_holds_the_pipe_does_not_hold_us(void **state)
{
    struct fixture fixture;
    struct bl_outcome outcome;
    char text[200];
    pid_t daemon;

    (void)state;
    fixture_open(&fixture);
    snprintf(text, sizeof(text),
             "[\"setsid sleep 60 & echo $!\",{\"shell\":true,\"env\":{\"%.*s\":\"%s\"}}]",
             (int)(strchr(marker, '=') - marker), marker, strchr(marker, '=') + 1);
    outcome = run(&fixture, text);
    assert_int_equal(outcome.status, BL_ANSWERED);
    daemon = (pid_t)strtol(bl_map_text(outcome.value, "stdout", "0"), NULL, 10);
    assert_int_equal(tree_count(), 1); /* started on purpose: it lives on */
    assert_true(daemon > 1);
    kill(daemon, SIGKILL);
    bl_outcome_release(&outcome);
    fixture_close(&fixture);
}

static void test_exec__cancel_races_the_end(void **state)
{
    struct fixture fixture;
    struct bl_outcome outcome;
    bool is_done;

    (void)state;
    fixture_open(&fixture);
    for (int i = 0; i < 40; i++) {
        struct bl_op *op =
            test_op_start(&fixture.run, "run", "[[\"true\"]]", &outcome, &is_done);
        for (int turn = 0; turn < i / 4 && !is_done; turn++)
            bl_loop_turn(fixture.run.loop, true);
        if (!is_done)
            bl_op_cancel(op, "the test says so");
        test_op_wait(&fixture.run, &is_done);
        bl_outcome_release(&outcome);
    }
    fixture_close(&fixture);
}

static void test_exec__a_killed_keeper_is_an_unknown_outcome(void **state)
{
    struct fixture fixture;
    struct bl_outcome outcome;

    (void)state;
    fixture_open(&fixture);
    outcome = run(&fixture, "[\"kill -KILL $PPID; sleep 5\",{\"shell\":true}]");
    fixture_close(&fixture);
    assert_int_equal(outcome.status, BL_UNKNOWN);
    assert_non_null(strstr(outcome.error.message, "killed from outside"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec__a_command_answers),
        cmocka_unit_test(test_exec__input_environment_and_folder_arrive),
        cmocka_unit_test(test_exec__much_input_and_output_at_once),
        cmocka_unit_test(test_exec__failures_say_why),
        cmocka_unit_test(test_exec__a_flood_is_counted_and_cut),
        cmocka_unit_test(test_exec__a_stubborn_tree_is_gone_after_its_timeout),
        cmocka_unit_test(test_exec__a_fleeing_chain_is_caught),
        cmocka_unit_test(test_exec__the_end_of_the_run_ends_the_tree),
        cmocka_unit_test(test_exec__a_dead_engine_ends_the_tree),
        cmocka_unit_test(test_exec__a_tidy_command_may_clean_up),
        cmocka_unit_test(test_exec__a_daemon_that_holds_the_pipe_does_not_hold_us),
        cmocka_unit_test(test_exec__cancel_races_the_end),
        cmocka_unit_test(test_exec__a_killed_keeper_is_an_unknown_outcome),
    };

    struct test_run first;

    test_run_open(&first, "exec",
                  NULL); /* libuv opens a few descriptors once, and keeps them */
    test_run_close(&first);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
