/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_http_load.c: the http module under load: many requests at once, cancels, timeouts. */
#include "base/prefix.h"

/* Processor time of one turn's callbacks; sanitizers make everything several times slower. */
#ifdef __SANITIZE_ADDRESS__
#define TURN_MAX_US 200000
#else
#define TURN_MAX_US 20000
#endif

#include "support/certificate.h"
#include "support/hostile.h"
#include "support/op.h"
#include "support/scratch.h"
#include "support/web.h"

#include <setjmp.h>

#include <cmocka.h>

static struct web *web;
static int closed_fds, own_threads;

static int start_web(void **state)
{
    (void)state;
    web = web_start(NULL, NULL);
    test_warm_up();
    return 0;
}

static int stop_web(void **state)
{
    (void)state;
    web_stop(web);
    return 0;
}

/* Opens a connection to the server, with more settings (from a comma on). */
static void open_api(struct test_run *run, const char *more)
{
    char settings[600];

    snprintf(settings, sizeof(settings), "{\"url\": \"http://127.0.0.1:%d\"%s}", web_port(web),
             more);
    closed_fds = hostile_fd_count();
    own_threads = hostile_thread_count();
    test_run_open(run, "http", settings);
}

/* Closes it; nothing may be left. */
static void close_api(struct test_run *run)
{
    test_run_close(run);
    assert_int_equal(hostile_fd_count(), closed_fds);
    assert_int_equal(hostile_thread_count(), own_threads);
}

static void test_cancel__leaves_nothing(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    bool is_done;
    int before;

    (void)state;
    open_api(&run, "");
    before = web_requests(web);
    test_op_start(&run, "get", "[\"/sleep/400\"]", &outcome, &is_done);
    while (web_requests(web) == before)
        bl_loop_turn(run.loop, false);
    bl_op_cancel(bl_loop_oldest(run.loop), "a race was lost");
    test_op_wait(&run, &is_done);
    assert_int_equal(outcome.status, BL_FAILED);
    assert_int_equal(outcome.error.code, BL_E_CANCELLED);
    test_op_start(&run, "post", "[\"/sleep/400\"]", &outcome, &is_done);
    while (web_requests(web) == before + 1)
        bl_loop_turn(run.loop, false);
    bl_op_cancel(bl_loop_oldest(run.loop), "the operator said so");
    test_op_wait(&run, &is_done);
    assert_int_equal(outcome.status, BL_UNKNOWN); /* sent, and nobody knows */
    close_api(&run);
}

/* Cancels at every possible moment of a request: before, during and after its completion. */
static void test_cancel__races_the_answer(void **state)
{
    struct test_run run;
    int answers = 0, cancels = 0;

    (void)state;
    open_api(&run, "");
    for (int turns = 0; turns < 40; turns++) {
        struct bl_outcome outcome;
        bool is_done;
        struct bl_op *op = test_op_start(&run, "get", "[\"/json/10\"]", &outcome, &is_done);
        for (int i = 0; i < turns && !is_done; i++)
            bl_loop_turn(run.loop, i % 2 == 0);
        if (!is_done)
            bl_op_cancel(op, "a race was lost");
        test_op_wait(&run, &is_done);
        answers += outcome.status == BL_ANSWERED;
        cancels += outcome.status == BL_FAILED;
        bl_outcome_release(&outcome);
    }
    assert_int_equal(answers + cancels, 40);
    assert_true(answers > 0 && cancels > 0);
    close_api(&run);
}

static void test_timeout__says_what_it_was_doing(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    open_api(&run, ", \"timeout\": \"200ms\"");
    outcome = test_op(&run, "get", "[\"/sleep/600\"]");
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    assert_non_null(strstr(outcome.error.message, "timed out after 200 ms while waiting for "));
    close_api(&run);
}

/* 500 requests, 64 in flight at a time, and no turn of the loop takes long. */
static void test_many__five_hundred_requests(void **state)
{
    enum { MANY = 500, AT_ONCE = 64 };
    struct test_run run;
    struct bl_outcome *outcomes = bl_alloc(MANY * sizeof(*outcomes));
    bool *is_done = bl_alloc(MANY * sizeof(*is_done));
    int started = 0, done = 0, before = web_requests(web), sockets = web_connections(web);
    int64_t began;

    (void)state;
    open_api(&run, "");
    began = bl_clock_steady();
    while (done < MANY) {
        done = 0;
        for (int i = 0; i < started; i++)
            done += is_done[i];
        while (started < MANY && started - done < AT_ONCE) {
            test_op_start(&run, "get", "[\"/echo\"]", &outcomes[started], &is_done[started]);
            started++;
        }
        if (done < MANY)
            bl_loop_turn(run.loop, true);
    }
    print_message("500 requests: %lld ms, longest turn %lld us, %d sockets\n",
                  (long long)(bl_clock_steady() - began), (long long)bl_loop_longest(run.loop),
                  web_connections(web) - sockets);
    assert_int_equal(web_requests(web), before + MANY);
    assert_true(web_connections(web) - sockets <= AT_ONCE);
    assert_true(bl_loop_longest(run.loop) < TURN_MAX_US);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(outcomes[i].status, BL_ANSWERED);
        assert_int_equal(bl_map_int(outcomes[i].value, "status", 0), 200);
        bl_outcome_release(&outcomes[i]);
    }
    bl_free(outcomes);
    bl_free(is_done);
    close_api(&run);
}

static void test_many__wait_in_line_for_sockets(void **state)
{
    struct test_run run;
    struct bl_outcome outcomes[12];
    bool is_done[12];
    int before = web_connections(web);

    (void)state;
    open_api(&run, ", \"connections\": 3");
    for (int i = 0; i < 12; i++)
        test_op_start(&run, "get", "[\"/sleep/10\"]", &outcomes[i], &is_done[i]);
    for (int i = 0; i < 12; i++) {
        test_op_wait(&run, &is_done[i]);
        assert_int_equal(outcomes[i].status, BL_ANSWERED);
        bl_outcome_release(&outcomes[i]);
    }
    assert_in_range(web_connections(web) - before, 1, 3);
    close_api(&run);
}

/* 64 handshakes at once: each takes a millisecond of our CPU. */
static void test_many__tls_handshakes(void **state)
{
    enum { MANY = 64 };
    const char *folder = *state;
    struct bl_outcome outcomes[MANY];
    bool is_done[MANY];
    char cert[200], key[200], settings[600];
    struct test_run run;
    struct web *secure;

    certificate_authority(folder, "ca");
    certificate_server(folder, "ca", "good", "127.0.0.1", 30);
    snprintf(cert, sizeof(cert), "%s/good.pem", folder);
    snprintf(key, sizeof(key), "%s/good.key", folder);
    secure = web_start(cert, key);
    snprintf(settings, sizeof(settings),
             "{\"url\": \"https://127.0.0.1:%d\", \"ca_file\": \"%s/ca.pem\"}",
             web_port(secure), folder);
    test_run_open(&run, "http", settings);
    for (int i = 0; i < MANY; i++)
        test_op_start(&run, "get", "[\"/status/200\"]", &outcomes[i], &is_done[i]);
    for (int i = 0; i < MANY; i++) {
        test_op_wait(&run, &is_done[i]);
        assert_int_equal(outcomes[i].status, BL_ANSWERED);
        bl_outcome_release(&outcomes[i]);
    }
    print_message("64 TLS handshakes: longest turn %lld us\n",
                  (long long)bl_loop_longest(run.loop));
    assert_true(bl_loop_longest(run.loop) < TURN_MAX_US);
    test_run_close(&run);
    web_stop(secure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cancel__leaves_nothing),
        cmocka_unit_test(test_cancel__races_the_answer),
        cmocka_unit_test(test_timeout__says_what_it_was_doing),
        cmocka_unit_test(test_many__five_hundred_requests),
        cmocka_unit_test(test_many__wait_in_line_for_sockets),
        cmocka_unit_test_setup_teardown(test_many__tls_handshakes, scratch_setup,
                                        scratch_teardown),
    };

    return cmocka_run_group_tests(tests, start_web, stop_web);
}
