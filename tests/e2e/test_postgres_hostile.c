/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_postgres_hostile.c: the postgres module when things go wrong: timeouts, cancels, cut
 * connections, large answers, servers that misbehave. */
#include "base/prefix.h"

#include "support/certificate.h"
#include "support/hostile.h"
#include "support/op.h"
#include "support/servers.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_MAX (1024 * 1048576L) /* its own memory and time drown ours */
#define TURN_MAX 2000000
#else
#define TURN_MAX 20000
#define MEMORY_MAX (24 * 1048576L)
#endif

static struct test_server server;

/* The most memory that this process has ever had, in bytes. */
static int64_t memory_peak(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (int64_t)usage.ru_maxrss * 1024;
}

static void open_run(struct test_run *run, const char *more)
{
    char settings[600];

    snprintf(settings, sizeof(settings),
             "{\"host\": \"127.0.0.1\", \"port\": %d, \"dbname\": \"postgres\", \"user\": "
             "\"belay\", \"password\": \"" TEST_POSTGRES_PASSWORD "\"%s%s}",
             server.port, *more != '\0' ? ", " : "", more);
    test_run_open(run, "postgres", settings);
}

static void check_has(struct test_run *run, const char *operation, const char *args,
                      const char *wanted)
{
    struct bl_outcome outcome = test_op(run, operation, args);
    char *text = test_outcome_text(&outcome);

    if (strstr(text, wanted) == NULL)
        fail_msg("%s %s: %.300s, wanted %s", operation, args, text, wanted);
    bl_free(text);
    bl_outcome_release(&outcome);
}

/* Asks until the answer is 0; false after two seconds. */
static bool wait_for_none(struct test_run *run, const char *sql)
{
    char args[400];
    int64_t left = 1;

    snprintf(args, sizeof(args), "[\"%s\"]", sql);
    for (int i = 0; i < 100 && left > 0; i++) {
        struct bl_outcome outcome = test_op(run, "value", args);
        left = outcome.status == BL_ANSWERED ? bl_value_as_int(outcome.value) : 1;
        bl_outcome_release(&outcome);
        usleep(left > 0 ? 20000 : 0);
    }
    return left == 0;
}

/* Ten million rows, one huge value, many large ones: bounded while they stream, over soon, and
 * the server is told to stop. */
static void test_postgres__large_answers_are_bounded(void **state)
{
    struct test_run run;
    int64_t before;

    (void)state;
    open_run(&run, "");
    check_has(&run, "value", "[\"select 1\"]", "1");
    before = memory_peak();
    check_has(&run, "query",
              "[\"select i, repeat('x', 100) from generate_series(1, 10000000) i\"]",
              "too_large");
    check_has(&run, "value", "[\"select repeat('x', 300000000)\"]", "too_large");
    check_has(&run, "query",
              "[\"select repeat('y', 100000) as y from generate_series(1, 1000)\"]",
              "too_large");
    assert_true(bl_loop_longest(run.loop) < TURN_MAX);
    assert_true(memory_peak() - before < MEMORY_MAX);
    assert_true(wait_for_none(&run,
                              "select count(*) from pg_stat_activity where state = 'active' "
                              "and pid <> pg_backend_pid() and backend_type = 'client "
                              "backend'"));
    check_has(&run, "value", "[\"select repeat('x', 900000)\"]", "\"xxxx");
    test_run_close(&run);
}

static void test_postgres__timeout_cancels(void **state)
{
    struct test_run run, other;
    int fds, threads;

    (void)state;
    open_run(&other, "");
    check_has(&other, "value", "[\"select 1\"]", "1");
    fds = hostile_fd_count();
    open_run(&run, "\"application_name\": \"sleeper\"");
    check_has(&run, "value", "[\"select 1\"]", "1");
    threads = hostile_thread_count();
    check_has(&run, "query", "[\"select pg_sleep(30)\", {\"timeout\": \"300ms\"}]",
              "timeout: postgres.test query: timed out after 300 ms while waiting for the "
              "answer");
    assert_true(wait_for_none(
        &other, "select count(*) from pg_stat_activity where application_name = 'sleeper'"));
    for (int i = 0; i < 100 && hostile_thread_count() > threads; i++)
        usleep(20000);
    assert_int_equal(hostile_thread_count(), threads);
    check_has(&run, "value", "[\"select 2\"]", "2");
    test_run_close(&run);
    assert_int_equal(hostile_fd_count(), fds);
    test_run_close(&other);
}

/* Before COMMIT has left a change that was cut off has not happened; after it nobody knows. */
static void test_postgres__timeout_of_a_change(void **state)
{
    struct bl_outcome outcome;
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_has(&run, "execute", "[\"create table slow (a int)\"]", "CREATE TABLE");
    outcome = test_op(&run, "execute",
                      "[\"insert into slow select 1 from pg_sleep(30)\", {\"timeout\": 0.3}]");
    assert_int_equal(outcome.status, BL_FAILED);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    bl_outcome_release(&outcome);
    check_has(&run, "value", "[\"select count(*) from slow\"]", "0");
    check_has(&run, "execute",
              "[\"create function wait() returns trigger language plpgsql as $$ begin perform "
              "pg_sleep(30); return null; end $$\"]",
              "CREATE FUNCTION");
    check_has(&run, "execute",
              "[\"create constraint trigger wait after insert on slow deferrable initially "
              "deferred for each row execute function wait()\"]",
              "CREATE TRIGGER");
    outcome = test_op(&run, "execute", "[\"insert into slow values (1)\", {\"timeout\": 0.3}]");
    assert_int_equal(outcome.status, BL_UNKNOWN);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    assert_non_null(strstr(outcome.error.message, "waiting for COMMIT"));
    bl_outcome_release(&outcome);
    check_has(&run, "execute", "[\"drop table slow\"]", "DROP TABLE");
    check_has(&run, "execute", "[\"drop function wait\"]", "DROP FUNCTION");
    test_run_close(&run);
}

static void test_postgres__cancel_while_waiting_or_working(void **state)
{
    struct bl_outcome outcomes[4];
    struct bl_op *ops[4];
    struct test_run run;
    bool is_done[4];

    (void)state;
    open_run(&run, "\"connections\": 1");
    check_has(&run, "value", "[\"select 1\"]", "1");
    for (int i = 0; i < 4; i++)
        ops[i] = test_op_start(&run, "value", "[\"select 7 from pg_sleep(0.3)\"]", &outcomes[i],
                               &is_done[i]);
    bl_loop_turn(run.loop, false);
    bl_op_cancel(ops[1], "the operator said so"); /* waits for the connection */
    bl_op_cancel(ops[3], "the operator said so");
    bl_op_cancel(ops[0], "the operator said so"); /* works */
    for (int i = 0; i < 4; i++)
        test_op_wait(&run, &is_done[i]);
    assert_int_equal(outcomes[0].error.code, BL_E_CANCELLED);
    assert_int_equal(outcomes[1].error.code, BL_E_CANCELLED);
    assert_int_equal(outcomes[3].error.code, BL_E_CANCELLED);
    assert_int_equal(outcomes[2].status, BL_ANSWERED);
    assert_int_equal(bl_value_as_int(outcomes[2].value), 7);
    bl_outcome_release(&outcomes[2]);
    test_run_close(&run);
}

/* The answer comes at about the time of the cancel: one outcome, nothing left, usable after. */
static void test_postgres__cancel_races_the_answer(void **state)
{
    struct test_run run;
    int answered = 0, cancelled = 0;

    (void)state;
    open_run(&run, "\"connections\": 2");
    for (int i = 0; i < 60; i++) {
        struct bl_outcome outcome;
        bool is_done;
        struct bl_op *op = test_op_start(&run, "value", "[\"select count(*) from pg_class\"]",
                                         &outcome, &is_done);
        for (int turn = 0; turn < i % 15 && !is_done; turn++)
            bl_loop_turn(run.loop, true);
        if (!is_done)
            bl_op_cancel(op, "a race");
        test_op_wait(&run, &is_done);
        answered += outcome.status == BL_ANSWERED;
        cancelled += outcome.status == BL_FAILED && outcome.error.code == BL_E_CANCELLED;
        bl_outcome_release(&outcome);
    }
    assert_int_equal(answered + cancelled, 60);
    assert_true(answered > 0 && cancelled > 0);
    check_has(&run, "value", "[\"select 1\"]", "1");
    test_run_close(&run);
}

static void test_postgres__cut_idle_connections_are_replaced(void **state)
{
    struct test_run run, killer;
    struct bl_outcome outcomes[3];
    bool is_done[3];

    (void)state;
    open_run(&run, "\"application_name\": \"victim\", \"connections\": 3");
    open_run(&killer, "");
    for (int round = 0; round < 3; round++) {
        /* from the second round on all sockets are dead, and the loop has not turned since */
        for (int i = 0; i < 3; i++)
            test_op_start(&run, "value", "[\"select 7 from pg_sleep(0.1)\"]", &outcomes[i],
                          &is_done[i]);
        for (int i = 0; i < 3; i++) {
            test_op_wait(&run, &is_done[i]);
            if (outcomes[i].status != BL_ANSWERED)
                fail_msg("round %d: %s", round, outcomes[i].error.message);
            bl_outcome_release(&outcomes[i]);
        }
        check_has(&killer, "execute",
                  "[\"select pg_terminate_backend(pid, 1000) from pg_stat_activity where "
                  "application_name = 'victim'\"]",
                  "\"rows\":3");
    }
    check_has(&run, "execute", "[\"create table after_cut (a int)\"]", "CREATE TABLE");
    check_has(&run, "execute", "[\"drop table after_cut\"]", "DROP TABLE");
    test_run_close(&run);
    test_run_close(&killer);
}

/* The server ends the session in the middle of a statement. */
static void test_postgres__killed_in_the_middle(void **state)
{
    struct test_run run, killer;
    struct bl_outcome outcome;
    bool is_done;

    (void)state;
    open_run(&run, "\"application_name\": \"victim\"");
    open_run(&killer, "");
    check_has(&run, "value", "[\"select 1\"]", "1");
    test_op_start(&run, "value", "[\"select 7 from pg_sleep(30)\"]", &outcome, &is_done);
    for (int i = 0; i < 5; i++)
        bl_loop_turn(run.loop, false);
    usleep(100000);
    for (int i = 0; i < 5; i++)
        bl_loop_turn(run.loop, false);
    check_has(&killer, "execute",
              "[\"select pg_terminate_backend(pid) from pg_stat_activity where "
              "application_name = 'victim'\"]",
              "\"rows\":1");
    test_op_wait(&run, &is_done);
    assert_int_equal(outcome.status, BL_FAILED);
    assert_int_equal(outcome.error.code, BL_E_CLOSED);
    assert_non_null(strstr(outcome.error.message, "terminating connection"));
    test_run_close(&run);
    test_run_close(&killer);
}

static void test_postgres__stopped_server_does_not_hang(void **state)
{
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_has(&run, "value", "[\"select 1\"]", "1");
    kill(server.pid, SIGSTOP); /* takes no cancel requests */
    check_has(&run, "value", "[\"select pg_sleep(3)\", {\"timeout\": \"300ms\"}]", "timeout");
    check_has(&run, "value", "[\"select 1\", {\"timeout\": \"300ms\"}]", "timeout");
    test_run_close(&run);
    kill(server.pid, SIGCONT);
    open_run(&run, "");
    check_has(&run, "value", "[\"select 1\"]", "1");
    test_run_close(&run);
}

/* A server that is well until it is asked: signed in, ready. */
static const char ready[] = "R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\1\0\0\0\2Z\0\0\0\5I";
/* The beginning of an answer: BEGIN was parsed, and a row of 1 GB comes. */
static const char row[] = "1\0\0\0\4"
                          "2\0\0\0\4"
                          "T\0\0\0\x1a\0\1x\0\0\0\0\0\0\0\0\0\0\x19\xff"
                          "\xff\xff\xff\xff\xff\0\0D\x3f\xff\xff\xff\0\1\x3f\xff\xff\xf0";

static void check_peer(struct hostile_spec spec, const char *more, const char *wanted)
{
    struct hostile *peer = hostile_start(&spec);
    int fds = hostile_fd_count();
    int64_t before = memory_peak();
    char settings[300];
    struct test_run run;

    snprintf(settings, sizeof(settings),
             "{\"host\": \"127.0.0.1\", \"port\": %d, \"dbname\": \"x\", \"user\": \"x\"%s}",
             hostile_port(peer), more);
    test_run_open(&run, "postgres", settings);
    check_has(&run, "value", "[\"select 1\", {\"timeout\": \"1s\", \"keep\": 4096}]", wanted);
    assert_true(bl_loop_longest(run.loop) < TURN_MAX);
    test_run_close(&run);
    if (memory_peak() - before > MEMORY_MAX)
        fail_msg("%s: grew by %lld bytes", wanted, (long long)(memory_peak() - before));
    assert_true(hostile_wait_idle(peer, 2000));
    assert_int_equal(hostile_fd_count(), fds);
    hostile_stop(peer);
}

static void test_postgres__hostile_before_sign_in(void **state)
{
    static const char *const plain = ", \"sslmode\": \"disable\"";

    (void)state;
    check_peer((struct hostile_spec){.kind = HOSTILE_SILENT}, plain, "timeout: ");
    check_peer((struct hostile_spec){.kind = HOSTILE_SILENT}, "", "timeout: ");
    check_peer((struct hostile_spec){.kind = HOSTILE_SILENT},
               ", \"connect_timeout\": \"200ms\"", "no connection within connect_timeout");
    check_peer((struct hostile_spec){.kind = HOSTILE_SLOW, .head = "R", .head_len = 1}, plain,
               "timeout: ");
    check_peer((struct hostile_spec){.kind = HOSTILE_FLOOD}, plain, "protocol: ");
    check_peer((struct hostile_spec){.kind = HOSTILE_FLOOD}, "", "protocol: ");
    check_peer((struct hostile_spec){.kind = HOSTILE_GARBAGE}, plain, "protocol: ");
    check_peer((struct hostile_spec){.kind = HOSTILE_CLOSE}, plain, "closed: ");
    check_peer((struct hostile_spec){.kind = HOSTILE_RESET}, plain, "closed: ");
}

static void test_postgres__hostile_after_sign_in(void **state)
{
    static const struct hostile_line lines[] = {{"user", ready, sizeof(ready) - 1},
                                                {"BEGIN", "", 0}};
    static const char *const plain = ", \"sslmode\": \"disable\"";
    struct hostile_spec spec = {.lines = lines, .line_count = 2};

    (void)state;
    spec.kind = HOSTILE_SILENT;
    check_peer(spec, plain, "timeout: ");
    spec.kind = HOSTILE_GARBAGE;
    check_peer(spec, plain, "protocol: ");
    spec.kind = HOSTILE_CLOSE;
    check_peer(spec, plain, "closed: ");
    spec.kind = HOSTILE_RESET;
    check_peer(spec, plain, "closed: ");
    spec.head = row;
    spec.head_len = sizeof(row) - 1;
    spec.kind = HOSTILE_FLOOD;
    check_peer(spec, plain, "too_large: ");
    spec.kind = HOSTILE_SLOW;
    check_peer(spec, plain, "timeout: ");
    spec.head = NULL;
    spec.head_len = 0;
    spec.kind = HOSTILE_FLOOD;
    spec.filler = "N\0\0\0\x0dSNOTICE\0";
    spec.filler_len = 14;
    check_peer(spec, plain, "too_large: ");
}

static void test_postgres__wrong_certificates(void **state)
{
    char folder[] = "/tmp/belay-test-certs-XXXXXX", more[300], certificate[80], key[80];
    struct test_server tls;
    struct test_run run;

    (void)state;
    assert_non_null(mkdtemp(folder));
    certificate_authority(folder, "ours");
    certificate_authority(folder, "theirs");
    certificate_server(folder, "ours", "server", "127.0.0.1", 30);
    snprintf(certificate, sizeof(certificate), "%s/server.pem", folder);
    snprintf(key, sizeof(key), "%s/server.key", folder);
    test_postgres_start_with(&tls, NULL, certificate, key);
    int before = server.port;
    server.port = tls.port;
    snprintf(more, sizeof(more), "\"sslmode\": \"verify-full\", \"ca_file\": \"%s/ours.pem\"",
             folder);
    open_run(&run, more);
    check_has(&run, "value", "[\"select ssl from pg_stat_ssl where pid = pg_backend_pid()\"]",
              "true");
    test_run_close(&run);
    snprintf(more, sizeof(more), "\"sslmode\": \"verify-full\", \"ca_file\": \"%s/theirs.pem\"",
             folder);
    open_run(&run, more);
    check_has(&run, "value", "[\"select 1\"]", "tls: postgres.test value: ");
    test_run_close(&run);
    server.port = before;
    open_run(&run, "\"sslmode\": \"require\"");
    check_has(&run, "value", "[\"select 1\"]", "tls: postgres.test value: ");
    test_run_close(&run);
    test_server_stop(&tls);
    for (int i = 0; i < 2; i++) {
        static const char *const names[] = {"ours", "theirs", "server"};
        for (size_t j = 0; j < BL_COUNT(names); j++) {
            snprintf(more, sizeof(more), "%s/%s.%s", folder, names[j], i == 0 ? "pem" : "key");
            unlink(more);
        }
    }
    assert_int_equal(rmdir(folder), 0);
}

static void test_postgres__memory_stayed_bounded(void **state)
{
    (void)state;
    print_message("at most %lld KiB\n", (long long)(memory_peak() / 1024));
    assert_true(memory_peak() < MEMORY_MAX + 24 * 1048576L);
}

static int start_server(void **state)
{
    (void)state;
    test_postgres_start(&server);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    test_server_stop(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_postgres__large_answers_are_bounded),
        cmocka_unit_test(test_postgres__timeout_cancels),
        cmocka_unit_test(test_postgres__timeout_of_a_change),
        cmocka_unit_test(test_postgres__cancel_while_waiting_or_working),
        cmocka_unit_test(test_postgres__cancel_races_the_answer),
        cmocka_unit_test(test_postgres__cut_idle_connections_are_replaced),
        cmocka_unit_test(test_postgres__killed_in_the_middle),
        cmocka_unit_test(test_postgres__stopped_server_does_not_hang),
        cmocka_unit_test(test_postgres__hostile_before_sign_in),
        cmocka_unit_test(test_postgres__hostile_after_sign_in),
        cmocka_unit_test(test_postgres__wrong_certificates),
        cmocka_unit_test(test_postgres__memory_stayed_bounded),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
