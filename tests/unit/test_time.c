/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_time.c: the time module through the loop: answers, deadlines and cancelling. */
#include "base/prefix.h"

#include "support/op.h"

#include <setjmp.h>

#include <cmocka.h>

static void test_sleep__answers(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    test_run_open(&run, "time", NULL);
    outcome = test_op(&run, "sleep", "[0.01]");
    assert_int_equal(outcome.status, BL_ANSWERED);
    bl_outcome_release(&outcome);
    test_run_close(&run);
}

static void test_sleep__ends_at_its_timeout(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    test_run_open(&run, "time", NULL);
    outcome = test_op(&run, "sleep", "[60, {\"timeout\": 0.01}]");
    assert_int_equal(outcome.status, BL_FAILED);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    assert_non_null(strstr(outcome.error.message, "timed out after 10 ms while sleeping"));
    test_run_close(&run);
}

static void test_sleep__a_call_may_ask_for_more_time(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    bool is_done;

    (void)state;
    test_run_open(&run, "time", NULL);
    bl_op_extend(test_op_start(&run, "sleep", "[60, {\"timeout\": 0.01}]", &outcome, &is_done),
                 5000);
    test_op_wait(&run, &is_done);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT); /* what the author set counts */
    assert_non_null(strstr(outcome.error.message, "timed out after 10 ms"));
    test_run_close(&run);
}

static void test_sleep__cancelled_leaves_nothing(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    bool is_done;

    (void)state;
    test_run_open(&run, "time", NULL);
    bl_op_cancel(test_op_start(&run, "sleep", "[60]", &outcome, &is_done), "a race was lost");
    test_op_wait(&run, &is_done);
    assert_int_equal(outcome.error.code, BL_E_CANCELLED);
    test_run_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sleep__answers),
        cmocka_unit_test(test_sleep__ends_at_its_timeout),
        cmocka_unit_test(test_sleep__a_call_may_ask_for_more_time),
        cmocka_unit_test(test_sleep__cancelled_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
