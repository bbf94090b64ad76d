/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_exec_secret.c: commands that are given secrets, and many commands at once. */
#include "base/prefix.h"

#include "support/op.h"

#include <setjmp.h>

#include <cmocka.h>

#define SECRET "correct-horse-invented"

static struct test_run run;

static int setup(void **state)
{
    (void)state;
    test_run_open(&run, "exec", NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_run_close(&run);
    return 0;
}

static void settled(struct bl_op *op, void *owner)
{
    *(struct bl_outcome *)owner = op->outcome;
    op->outcome.value = NULL;
}

/* Runs a shell text that is given the secret in $WORD and on standard input. */
static struct bl_outcome run_with_secret(const char *text, int64_t timeout_ms)
{
    const struct bl_module *module = bl_module_find("exec");
    struct bl_value *args = bl_map_new(), *argv = bl_list_new(), *env = bl_map_new();
    struct bl_outcome outcome = {.status = BL_PLANNED};
    struct bl_call *call;

    bl_list_add(argv, bl_value_text(text));
    bl_map_set(args, "argv", argv);
    bl_map_set(args, "shell", bl_value_bool(true));
    bl_map_set(env, "WORD", bl_value_secret("word", SECRET, strlen(SECRET)));
    bl_map_set(args, "env", env);
    bl_map_set(args, "stdin", bl_value_secret("word", SECRET, strlen(SECRET)));
    call = bl_call_new(module, bl_operation_find(module, "run"), "exec", args);
    call->timeout_ms = timeout_ms;
    bl_value_unref(args);
    bl_op_start(run.loop, call, BL_CLASS_CHANGE, NULL, settled, &outcome);
    while (outcome.status == BL_PLANNED)
        bl_loop_turn(run.loop, true);
    return outcome;
}

static void test_exec__secrets_reach_the_command(void **state)
{
    struct bl_outcome outcome =
        run_with_secret("test $(cat) = $WORD && printf ${#WORD}", 10000);

    (void)state;
    assert_int_equal(outcome.status, BL_ANSWERED);
    assert_string_equal(bl_map_text(outcome.value, "stdout", ""), "22");
    bl_outcome_release(&outcome);
}

static void test_exec__secrets_stay_out_of_messages(void **state)
{
    struct bl_outcome outcome = run_with_secret("echo no entry: $WORD >&2; exit 1", 10000);

    (void)state;
    assert_int_equal(outcome.error.code, BL_E_EXIT);
    assert_null(strstr(outcome.error.message, "horse"));
    assert_non_null(strstr(outcome.error.message, "(a line with a secret)"));
    outcome = run_with_secret("echo harmless; echo trying $WORD; sleep 10", 500);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    assert_null(strstr(outcome.error.message, "horse"));
    outcome = run_with_secret("echo table 7 of 9; sleep 10", 500);
    assert_non_null(strstr(outcome.error.message, "of output so far): table 7 of 9"));
}

static void test_exec__secrets_are_refused_in_arguments(void **state)
{
    const struct bl_module *module = bl_module_find("exec");
    struct bl_value *given = bl_list_new(), *argv = bl_list_new(), *bound = NULL;
    struct bl_error err;

    (void)state;
    bl_list_add(argv, bl_value_text("mysql"));
    bl_list_add(argv, bl_value_secret("word", SECRET, strlen(SECRET)));
    bl_list_add(given, argv);
    assert_int_equal(
        bl_args_bind(bl_operation_find(module, "run")->args, true, given, &bound, &err),
        BL_E_ARG);
    assert_non_null(strstr(err.message, "<secret:word>"));
    bl_value_unref(given);
}

static void test_exec__fifty_at_once(void **state)
{
    struct bl_outcome outcomes[50];
    bool done[50];
    int64_t start = bl_clock_steady();

    (void)state;
    for (int i = 0; i < 50; i++)
        test_op_start(&run, "run", "[\"sleep 0.3; echo here\",{\"shell\":true}]", &outcomes[i],
                      &done[i]);
    for (int i = 0; i < 50; i++) {
        test_op_wait(&run, &done[i]);
        assert_int_equal(outcomes[i].status, BL_ANSWERED);
        assert_string_equal(bl_map_text(outcomes[i].value, "stdout", ""), "here\n");
        bl_outcome_release(&outcomes[i]);
    }
    print_message("50 commands took %lld ms\n", (long long)(bl_clock_steady() - start));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exec__secrets_reach_the_command, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exec__secrets_stay_out_of_messages, setup,
                                        teardown),
        cmocka_unit_test(test_exec__secrets_are_refused_in_arguments),
        cmocka_unit_test_setup_teardown(test_exec__fifty_at_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
