/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_doubt_docker.c: what became of a change to a container whose client was killed, asked of
 * a real, private Docker Engine. Skipped where none can be started. */
#include "base/prefix.h"

#include "support/doubt.h"
#include "support/engine.h"
#include "support/op.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

static struct test_engine engine;
static char settings[200];

static struct doubt_change change(const char *operation, const char *args)
{
    return (struct doubt_change){
        .module = "docker", .operation = operation, .settings = settings, .args = args};
}

static double started(const char *args)
{
    struct test_run run;
    struct bl_outcome outcome;
    double at;

    test_run_open(&run, "docker", settings);
    outcome = test_op(&run, "inspect", args);
    assert_int_equal(outcome.status, BL_ANSWERED);
    at = bl_map_bool(outcome.value, "running", false)
             ? bl_value_as_float(bl_map_get(outcome.value, "started"))
             : 0;
    bl_outcome_release(&outcome);
    test_run_close(&run);
    return at;
}

static void run_change(const char *operation, const char *args)
{
    struct test_run run;
    struct bl_outcome outcome;

    test_run_open(&run, "docker", settings);
    outcome = test_op(&run, operation, args);
    assert_int_equal(outcome.status, BL_ANSWERED);
    bl_outcome_release(&outcome);
    test_run_close(&run);
}

/* What takes a second to end: the engine goes on with it after the client is gone. */
static void test_doubt__restart(void **state)
{
    struct doubt_change restart = change("restart", "[\"slow\", {\"grace\": 2}]");
    double before;

    test_engine_run(&engine, "slow", "trap 'sleep 1; exit 0' TERM; while :; do sleep 0.1; done",
                    "");
    sleep(1); /* until its trap is there */
    before = started("[\"slow\"]");
    doubt_check(*state, &restart, DOUBT_INTENT, BL_FOUND_NOT_DONE, "was not asked to");
    assert_true(started("[\"slow\"]") == before);
    restart.later_ms = 300;
    doubt_check(*state, &restart, DOUBT_SENT, BL_FOUND_DONE, "started again since");
    assert_true(started("[\"slow\"]") > before);
    restart.later_ms = 0;
    doubt_check(*state, &restart, DOUBT_SETTLED, BL_FOUND_DONE, "started again since");
}

static void test_doubt__start(void **state)
{
    struct doubt_change start = change("start", "[\"twice\"]");

    test_engine_run(&engine, "twice", "exec sleep 600", "");
    run_change("kill", "[\"twice\"]");
    doubt_check(*state, &start, DOUBT_INTENT, BL_FOUND_NOT_DONE, "does not run");
    doubt_check(*state, &start, DOUBT_SETTLED, BL_FOUND_DONE, "the container runs");
    test_engine_run(&engine, "brief", "exit 0", "");
    sleep(1);
    start.args = "[\"brief\"]";
    doubt_check(*state, &start, DOUBT_SETTLED, BL_FOUND_DONE, "the container");
}

/* Stop and kill destroy: they are asked about without the way through a gate. */
static void ask(const char *operation, const char *args, enum bl_finding finding,
                const char *how, const char *after)
{
    struct doubt_change it = change("restart", args), after_it = change(operation, args);
    struct bl_value *intent;
    struct bl_resolution resolution;
    void *folder = NULL;

    assert_int_equal(scratch_setup(&folder), 0);
    intent = doubt_perform(folder, &it, DOUBT_INTENT); /* how it was before */
    if (after != NULL)
        run_change(after, args);
    doubt_find_out(&after_it, intent, 10000, &resolution);
    if (resolution.finding != finding || strstr(resolution.how, how) == NULL)
        fail_msg("%s %s: %s: %s", operation, args, bl_finding_name(resolution.finding),
                 resolution.how);
    bl_resolution_release(&resolution);
    bl_value_unref(intent);
    scratch_teardown(&folder);
}

static void test_doubt__stop_and_kill(void **state)
{
    (void)state;
    test_engine_run(&engine, "end", "exec sleep 600", "");
    ask("stop", "[\"end\"]", BL_FOUND_NOT_DONE, "runs as before", NULL);
    ask("kill", "[\"end\"]", BL_FOUND_NOT_DONE, "no signal", NULL);
    ask("kill", "[\"end\"]", BL_FOUND_DONE, "the signal was sent", "kill");
    run_change("start", "[\"end\"]");
    ask("stop", "[\"end\"]", BL_FOUND_DONE, "does not run", "kill");
    run_change("start", "[\"end\"]");
    ask("stop", "[\"end\"]", BL_FOUND_NOTHING, "started again since", "restart");
}

/* Each phase of a command: it ran exactly when it is said so. */
static void test_doubt__exec(void **state)
{
    struct doubt_change exec =
        change("exec", "[\"box\", [\"sh\", \"-c\", \"echo x >> /count; sleep 1; exit 7\"]]");
    struct test_run run;
    struct bl_outcome outcome;

    test_engine_run(&engine, "box", "exec sleep 600", "");
    doubt_check(*state, &exec, DOUBT_INTENT, BL_FOUND_NOT_DONE, "never came to starting");
    doubt_check(*state, &exec, DOUBT_PREPARED, BL_FOUND_NOT_DONE, "never started");
    exec.later_ms = 300;
    doubt_check(*state, &exec, DOUBT_SENT, BL_FOUND_DONE, "ended with status 7");
    exec.later_ms = 0;
    doubt_check(*state, &exec, DOUBT_SETTLED, BL_FOUND_DONE, "ended with status 7");
    test_run_open(&run, "docker", settings);
    outcome = test_op(&run, "exec", "[\"box\", [\"wc\", \"-l\", \"/count\"]]");
    assert_string_equal(bl_map_text(outcome.value, "stdout", ""), "2 /count\n");
    bl_outcome_release(&outcome);
    outcome = test_op(&run, "kill", "[\"box\"]");
    bl_outcome_release(&outcome);
    test_run_close(&run);
}

static void test_doubt__the_engine_forgets(void **state)
{
    struct doubt_change exec = change("exec", "[\"gone\", [\"true\"]]");
    struct bl_value *intent;
    struct bl_resolution resolution;

    test_engine_run(&engine, "gone", "exec sleep 600", "");
    intent = doubt_perform(*state, &exec, DOUBT_SETTLED);
    assert_int_equal(
        test_engine_call(&engine, "DELETE", "/containers/gone?force=1", NULL, NULL), 204);
    doubt_find_out(&exec, intent, 5000, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_NOTHING);
    assert_non_null(strstr(resolution.how, "has forgotten the command"));
    bl_resolution_release(&resolution);
    bl_value_unref(intent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_doubt__restart, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__start, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__stop_and_kill, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__exec, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__the_engine_forgets, scratch_setup,
                                        scratch_teardown),
    };
    char why[200];
    int failed;

    if (!test_engine_start(&engine, why, sizeof(why))) {
        print_message("skipped: %s\n", why);
        return 77;
    }
    snprintf(settings, sizeof(settings), "{\"socket\": \"%s\"}", engine.socket);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_engine_stop(&engine);
    return failed;
}
