/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_docker.c: the docker module against a real, private Docker Engine. Skipped where none
 * can be started. */
#include "base/prefix.h"

#include "support/engine.h"
#include "support/hostile.h"
#include "support/op.h"

#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>

static struct test_engine engine;
static int closed_fds;

static void open_engine(struct test_run *run)
{
    char settings[200];

    snprintf(settings, sizeof(settings), "{\"socket\": \"%s\"}", engine.socket);
    closed_fds = hostile_fd_count();
    test_run_open(run, "docker", settings);
}

static void close_engine(struct test_run *run)
{
    assert_true(bl_loop_longest(run->loop) < 20000);
    test_run_close(run);
    assert_int_equal(hostile_fd_count(), closed_fds);
}

static struct bl_outcome answered(struct test_run *run, const char *operation, const char *args)
{
    struct bl_outcome outcome = test_op(run, operation, args);

    if (outcome.status != BL_ANSWERED)
        fail_msg("%s %s: %s", operation, args, outcome.error.message);
    return outcome;
}

static void assert_failed(struct test_run *run, const char *operation, const char *args,
                          enum bl_code code, const char *part)
{
    struct bl_outcome outcome = test_op(run, operation, args);

    if (outcome.status != BL_FAILED || outcome.error.code != code ||
        strstr(outcome.error.message, part) == NULL)
        fail_msg("status %d, %s: %s", (int)outcome.status, bl_code_name(outcome.error.code),
                 outcome.error.message);
}

/* Waits until the container's log has a line; at most 5 s. */
static void wait_for_line(struct test_run *run, const char *name, const char *line)
{
    char args[200];
    int64_t matched = 0;

    snprintf(args, sizeof(args), "[\"%s\", {\"match\": \"%s\"}]", name, line);
    for (int i = 0; i < 250 && matched == 0; i++) {
        struct bl_outcome outcome = answered(run, "logs", args);
        matched = bl_map_int(outcome.value, "matched", 0);
        bl_outcome_release(&outcome);
        usleep(20000);
    }
    assert_true(matched > 0);
}

static void test_version__is_negotiated(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    open_engine(&run);
    outcome = answered(&run, "version", "[]");
    assert_true(*bl_map_text(outcome.value, "version", "") != '\0');
    assert_true(*bl_map_text(outcome.value, "api_spoken", "") == '1');
    bl_outcome_release(&outcome);
    close_engine(&run);
}

static void test_look__list_and_inspect(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    const struct bl_value *item;

    (void)state;
    test_engine_run(&engine, "look", "sleep 600",
                    ",\"Env\":[\"PASSWORD=invented\"],\"Labels\":{\"area\":\"test\"},"
                    "\"HostConfig\":{\"NetworkMode\":\"none\",\"Memory\":67108864}");
    open_engine(&run);
    outcome = answered(&run, "list", "[{\"label\": \"area=test\"}]");
    assert_int_equal(bl_value_count(outcome.value), 1);
    item = bl_list_get(outcome.value, 0);
    assert_string_equal(bl_map_text(item, "name", ""), "look");
    assert_string_equal(bl_map_text(item, "state", ""), "running");
    assert_null(bl_map_get(item, "health"));
    bl_outcome_release(&outcome);
    outcome = answered(&run, "list", "[{\"name\": \"no-such\", \"all\": true}]");
    assert_int_equal(bl_value_count(outcome.value), 0);
    bl_outcome_release(&outcome);
    outcome = answered(&run, "inspect", "[\"look\"]");
    assert_true(bl_map_bool(outcome.value, "running", false));
    assert_int_equal(bl_map_int(outcome.value, "memory_limit", 0), 67108864);
    assert_string_equal(bl_map_text(bl_map_get(outcome.value, "env"), "PASSWORD", ""),
                        "<opaque>");
    bl_outcome_release(&outcome);
    outcome = answered(&run, "inspect", "[\"no-such\"]");
    assert_int_equal(bl_value_type(outcome.value), BL_NIL);
    bl_outcome_release(&outcome);
    assert_failed(&run, "inspect", "[\"../images/json\"]", BL_E_ARG, "no name of a container");
    assert_failed(&run, "stats", "[\"no-such\"]", BL_E_NOT_FOUND, "no container 'no-such'");
    close_engine(&run);
}

static void test_look__health(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    const char *health = "";
    char seen[20] = "";

    (void)state;
    test_engine_run(&engine, "health", "sleep 600",
                    ",\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"],\"Interval\":200000000},"
                    "\"HostConfig\":{\"NetworkMode\":\"none\"}");
    open_engine(&run);
    for (int i = 0; i < 250 && strcmp(seen, "healthy") != 0; i++) {
        usleep(20000);
        outcome = answered(&run, "inspect", "[\"health\"]");
        health = bl_map_text(outcome.value, "health", "");
        snprintf(seen, sizeof(seen), "%s", health);
        bl_outcome_release(&outcome);
    }
    assert_string_equal(seen, "healthy");
    close_engine(&run);
}

static void test_stats__measure_a_busy_container(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    double cpu;

    (void)state;
    test_engine_run(&engine, "busy", "yes > /dev/null",
                    ",\"HostConfig\":{\"NetworkMode\":\"none\",\"Memory\":67108864}");
    test_engine_run(&engine, "gone", "true", ",\"HostConfig\":{\"NetworkMode\":\"none\"}");
    open_engine(&run);
    outcome = answered(&run, "stats", "[\"busy\"]");
    cpu = bl_value_as_float(bl_map_get(outcome.value, "cpu"));
    assert_true(cpu > 5 && cpu < 400);
    assert_int_equal(bl_map_int(outcome.value, "memory_limit", 0), 67108864);
    assert_in_range(bl_map_int(outcome.value, "memory", 0), 1, 67108864);
    bl_outcome_release(&outcome);
    outcome = answered(&run, "kill", "[\"busy\"]");
    bl_outcome_release(&outcome);
    assert_failed(&run, "stats", "[\"gone\"]", BL_E_SERVER, "is not running");
    close_engine(&run);
}

static void test_logs__both_streams_searched(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    test_engine_run(&engine, "talk",
                    "for i in $(seq 1 50); do echo out $i; echo err $i >&2; done; echo end; "
                    "sleep 600",
                    ",\"HostConfig\":{\"NetworkMode\":\"none\"}");
    open_engine(&run);
    wait_for_line(&run, "talk", "^end$");
    outcome = answered(&run, "logs", "[\"talk\"]");
    assert_int_equal(bl_map_int(outcome.value, "seen", 0), 101);
    assert_int_equal(bl_value_count(bl_map_get(outcome.value, "lines")), 100);
    bl_outcome_release(&outcome);
    outcome = answered(&run, "logs", "[\"talk\", {\"match\": \"^err \\\\d0\", \"first\": 2}]");
    assert_int_equal(bl_map_int(outcome.value, "matched", 0), 5);
    assert_string_equal(bl_value_as_text(bl_list_get(bl_map_get(outcome.value, "lines"), 1)),
                        "err 20");
    bl_outcome_release(&outcome);
    outcome = answered(&run, "logs",
                       "[\"talk\", {\"match\": \"^err\", \"stderr\": false, \"count\": true}]");
    assert_int_equal(bl_map_int(outcome.value, "matched", -1), 0);
    assert_int_equal(bl_map_int(outcome.value, "seen", -1), 51);
    assert_null(bl_map_get(outcome.value, "lines"));
    bl_outcome_release(&outcome);
    outcome = answered(&run, "logs", "[\"talk\", {\"tail\": 3}]");
    assert_int_equal(bl_map_int(outcome.value, "seen", 0), 3);
    bl_outcome_release(&outcome);
    outcome = answered(&run, "logs", "[\"talk\", {\"since\": \"10m\"}]");
    assert_int_equal(bl_map_int(outcome.value, "seen", 0), 101);
    bl_outcome_release(&outcome);
    assert_failed(&run, "logs", "[\"talk\", {\"match\": \"(\"}]", BL_E_ARG, "option 'match'");
    assert_failed(&run, "logs", "[\"no-such\"]", BL_E_NOT_FOUND, "no-such");
    close_engine(&run);
}

static void test_logs__of_a_terminal_have_no_frames(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    test_engine_run(&engine, "term", "echo one; echo two; sleep 600",
                    ",\"Tty\":true,\"HostConfig\":{\"NetworkMode\":\"none\"}");
    open_engine(&run);
    wait_for_line(&run, "term", "^two$");
    outcome = answered(&run, "logs", "[\"term\"]");
    assert_string_equal(bl_value_as_text(bl_list_get(bl_map_get(outcome.value, "lines"), 0)),
                        "one");
    bl_outcome_release(&outcome);
    close_engine(&run);
}

/* A big log, a pattern that is not cheap: counted, the loop stays free, memory bounded. */
static void test_logs__a_big_one_leaves_the_loop_free(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    int64_t memory;

    (void)state;
    test_engine_run(
        &engine, "big",
        "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!; seq 1 400000; echo the end; "
        "sleep 600",
        ",\"HostConfig\":{\"NetworkMode\":\"none\"}");
    open_engine(&run);
    wait_for_line(&run, "big", "^the end$");
    memory = hostile_rss();
    outcome = answered(&run, "logs",
                       "[\"big\", {\"tail\": 1000000, \"match\": \"(\\\\d+)7\\\\1?$\", "
                       "\"last\": 3, \"timeout\": \"60s\"}]");
    assert_int_equal(bl_map_int(outcome.value, "seen", 0), 400002);
    assert_true(bl_map_int(outcome.value, "matched", 0) >= 39999);
    print_message("log of %lld bytes: longest turn %lld us\n",
                  (long long)bl_map_int(outcome.value, "bytes", 0),
                  (long long)bl_loop_longest(run.loop));
    assert_true(hostile_rss() - memory < 16 << 20);
    bl_outcome_release(&outcome);
    assert_failed(&run, "logs", "[\"big\", {\"match\": \"^(a+)+$\", \"tail\": 1000000}]",
                  BL_E_LIMIT, "too many steps");
    close_engine(&run);
}

static void assert_changed(struct test_run *run, const char *operation, const char *args,
                           bool expected)
{
    struct bl_outcome outcome = answered(run, operation, args);

    assert_int_equal(bl_map_bool(outcome.value, "changed", !expected), expected);
    bl_outcome_release(&outcome);
}

static void test_control__stop_start_restart_kill(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    int64_t began;

    (void)state;
    test_engine_run(&engine, "steer", "trap '' TERM; while true; do sleep 0.1; done",
                    ",\"HostConfig\":{\"NetworkMode\":\"none\"}");
    open_engine(&run);
    began = bl_clock_steady();
    assert_changed(&run, "stop", "[\"steer\", {\"grace\": 1}]", true);
    assert_true(bl_clock_steady() - began >= 900); /* the grace that it was given */
    assert_changed(&run, "stop", "[\"steer\"]", false);
    assert_changed(&run, "start", "[\"steer\"]", true);
    assert_changed(&run, "start", "[\"steer\"]", false);
    assert_changed(&run, "restart", "[\"steer\", {\"grace\": 0}]", true);
    assert_changed(&run, "kill", "[\"steer\"]", true);
    outcome = test_op(&run, "kill", "[\"steer\"]");
    assert_int_equal(outcome.status, BL_FAILED);
    assert_failed(&run, "kill", "[\"steer\", {\"signal\": \"K&x=1\"}]", BL_E_ARG, "no signal");
    assert_failed(&run, "start", "[\"no-such\"]", BL_E_NOT_FOUND, "no container 'no-such'");
    close_engine(&run);
}

static void test_exec__status_streams_input(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    test_engine_run(&engine, "inside", "sleep 600",
                    ",\"HostConfig\":{\"NetworkMode\":\"none\"}");
    open_engine(&run);
    outcome = answered(&run, "exec",
                       "[\"inside\", [\"sh\", \"-c\", \"echo $A; echo bad >&2; exit 3\"], "
                       "{\"env\": {\"A\": \"b c\"}}]");
    assert_int_equal(bl_map_int(outcome.value, "status", 0), 3);
    assert_string_equal(bl_map_text(outcome.value, "stdout", ""), "b c\n");
    assert_string_equal(bl_map_text(outcome.value, "stderr", ""), "bad\n");
    bl_outcome_release(&outcome);
    outcome = answered(&run, "exec", "[\"inside\", [\"wc\", \"-c\"], {\"stdin\": \"12345\"}]");
    assert_string_equal(bl_map_text(outcome.value, "stdout", ""), "5\n");
    bl_outcome_release(&outcome);
    outcome = answered(&run, "exec",
                       "[\"inside\", [\"sh\", \"-c\", \"exec >&- 2>&-; sleep 0.4; exit 4\"]]");
    assert_int_equal(bl_map_int(outcome.value, "status", 0), 4); /* outlives its output */
    bl_outcome_release(&outcome);
    outcome = answered(&run, "exec", "[\"inside\", [\"id\", \"-u\"], {\"user\": \"7\"}]");
    assert_string_equal(bl_map_text(outcome.value, "stdout", ""), "7\n");
    bl_outcome_release(&outcome);
    outcome = answered(&run, "exec",
                       "[\"inside\", [\"head\", \"-c\", \"300000\", \"/dev/zero\"], {\"keep\": "
                       "1000}]");
    assert_true(bl_map_bool(outcome.value, "truncated", false));
    bl_outcome_release(&outcome);
    outcome = answered(&run, "exec", "[\"inside\", [\"no-such-program\"]]");
    assert_in_range(bl_map_int(outcome.value, "status", 0), 126, 127);
    bl_outcome_release(&outcome);
    assert_failed(&run, "exec", "[\"gone\", [\"true\"]]", BL_E_BUSY, "not running");
    assert_failed(&run, "exec", "[\"no-such\", [\"true\"]]", BL_E_NOT_FOUND, "no-such");
    close_engine(&run);
}

static void test_exec__cancel_and_timeout_leave_nothing(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    bool is_done;

    (void)state;
    open_engine(&run);
    outcome = test_op(&run, "exec", "[\"inside\", [\"sleep\", \"30\"], {\"timeout\": 0.5}]");
    assert_int_equal(outcome.status, BL_UNKNOWN);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    assert_non_null(strstr(outcome.error.message, "while waiting for the command to end"));
    for (int turns = 0; turns < 60; turns += 3) {
        struct bl_op *op = test_op_start(
            &run, "exec", "[\"inside\", [\"cat\"], {\"stdin\": \"x\"}]", &outcome, &is_done);
        for (int i = 0; i < turns && !is_done; i++)
            bl_loop_turn(run.loop, true);
        if (!is_done)
            bl_op_cancel(op, "a race was lost");
        test_op_wait(&run, &is_done);
        bl_outcome_release(&outcome);
    }
    close_engine(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version__is_negotiated),
        cmocka_unit_test(test_look__list_and_inspect),
        cmocka_unit_test(test_look__health),
        cmocka_unit_test(test_stats__measure_a_busy_container),
        cmocka_unit_test(test_logs__both_streams_searched),
        cmocka_unit_test(test_logs__of_a_terminal_have_no_frames),
        cmocka_unit_test(test_logs__a_big_one_leaves_the_loop_free),
        cmocka_unit_test(test_control__stop_start_restart_kill),
        cmocka_unit_test(test_exec__status_streams_input),
        cmocka_unit_test(test_exec__cancel_and_timeout_leave_nothing),
    };
    char why[500];
    int failed;

    if (!test_engine_start(&engine, why, sizeof(why))) {
        fprintf(stderr, "SKIP: %s\n", why);
        return 77;
    }
    test_warm_up();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_engine_stop(&engine);
    return failed;
}
