/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_amqp.c: the amqp module against a real RabbitMQ. */
#include "base/prefix.h"

#include "support/certificate.h"
#include "support/hostile.h"
#include "support/op.h"
#include "support/rabbit.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct test_server rabbit;
static struct test_run run;
static int fds, threads, tls_port;
static char certificates[40];

/* Certificates that the server's user can read, and lines for its configuration. */
static void make_certificates(char *config, size_t size)
{
    char key[80];

    snprintf(certificates, sizeof(certificates), "/tmp/belay-test-amqp-XXXXXX");
    assert_non_null(mkdtemp(certificates));
    assert_int_equal(chmod(certificates, 0755), 0);
    certificate_authority(certificates, "ca");
    certificate_server(certificates, "ca", "server", "127.0.0.1", 30);
    snprintf(key, sizeof(key), "%s/server.key", certificates);
    assert_int_equal(chmod(key, 0644), 0);
    tls_port = test_free_port();
    snprintf(config, size,
             "listeners.ssl.1 = 127.0.0.1:%d\nssl_options.cacertfile = %s/ca.pem\n"
             "ssl_options.certfile = %s/server.pem\nssl_options.keyfile = %s/server.key\n"
             "ssl_options.verify = verify_none",
             tls_port, certificates, certificates, certificates);
}

static int start_rabbit(void **state)
{
    struct test_run first;
    char config[600];

    (void)state;
    make_certificates(config, sizeof(config));
    test_rabbit_start(&rabbit, config);
    /* libuv and sanitizers open descriptors and threads once, and keep them */
    test_run_open(&first, "amqp", "{\"url\":\"amqp://127.0.0.1:1\"}");
    assert_int_equal(test_op(&first, "ping", "[]").error.code, BL_E_REFUSED);
    test_run_close(&first);
    fds = hostile_fd_count();
    threads = hostile_thread_count();
    return 0;
}

static int stop_rabbit(void **state)
{
    (void)state;
    test_server_stop(&rabbit);
    scratch_remove(certificates);
    return 0;
}

static void open_as(const char *user, const char *password, const char *vhost)
{
    char settings[300];

    snprintf(
        settings, sizeof(settings),
        "{\"url\":\"amqp://nobody:x@127.0.0.1:%d/%s\",\"user\":\"%s\",\"password\":\"%s\"}",
        rabbit.port, vhost, user, password);
    test_run_open(&run, "amqp", settings);
}

static int setup(void **state)
{
    (void)state;
    open_as(TEST_RABBIT_USER, TEST_RABBIT_PASSWORD, "");
    return 0;
}

/* Neither a socket nor a thread may be left. */
static int teardown(void **state)
{
    (void)state;
    test_run_close(&run);
    assert_int_equal(hostile_fd_count(), fds);
    assert_int_equal(hostile_thread_count(), threads);
    return 0;
}

static void assert_answer(const char *operation, const char *args, const char *expected)
{
    struct bl_outcome outcome = test_op(&run, operation, args);
    char *text = test_outcome_text(&outcome);

    assert_string_equal(text, expected);
    bl_free(text);
    bl_outcome_release(&outcome);
}

static void assert_failure(const char *operation, const char *args, enum bl_code code,
                           const char *part)
{
    struct bl_outcome outcome = test_op(&run, operation, args);

    if (outcome.status != BL_FAILED || outcome.error.code != code ||
        strstr(outcome.error.message, part) == NULL)
        fail_msg("%s %s: %s", bl_status_name(outcome.status), bl_code_name(outcome.error.code),
                 outcome.error.message);
    assert_null(strstr(outcome.error.message, TEST_RABBIT_PASSWORD));
    bl_outcome_release(&outcome);
}

static void test_amqp__ping_knows_the_broker(void **state)
{
    struct bl_outcome outcome = test_op(&run, "ping", "[]");

    (void)state;
    if (outcome.status != BL_ANSWERED)
        fail_msg("%s", outcome.error.message);
    assert_string_equal(bl_map_text(outcome.value, "product", ""), "RabbitMQ");
    assert_true(*bl_map_text(outcome.value, "version", "") == '3');
    bl_outcome_release(&outcome);
}

static void test_amqp__queues_are_counted(void **state)
{
    (void)state;
    test_rabbit_declare(&rabbit, "counted", 0);
    test_rabbit_declare(&rabbit, "other", 0);
    assert_answer("queue", "[\"counted\"]", "{\"consumers\":0,\"messages\":0}");
    assert_answer("publish", "[\"\",\"counted\",\"one\"]", "true");
    assert_answer("publish", "[\"\",\"counted\",\"two\"]", "true");
    assert_answer("queue", "[\"counted\"]", "{\"consumers\":0,\"messages\":2}");
    assert_answer("queue", "[\"missing\"]", "null");
    assert_answer("queue", "[\"counted\"]", "{\"consumers\":0,\"messages\":2}");
    assert_answer("queues", "[[\"missing\",\"counted\",\"absent\",\"other\"]]",
                  "{\"counted\":{\"consumers\":0,\"messages\":2},"
                  "\"other\":{\"consumers\":0,\"messages\":0}}");
    assert_answer("purge", "[\"counted\"]", "{\"messages\":2}");
    assert_answer("queue", "[\"counted\"]", "{\"consumers\":0,\"messages\":0}");
    assert_failure("purge", "[\"missing\"]", BL_E_NOT_FOUND, "no queue 'missing'");
    assert_answer("exchange", "[\"amq.topic\"]", "true");
    assert_answer("exchange", "[\"missing\"]", "false");
}

static void test_amqp__peek_leaves_the_messages(void **state)
{
    struct bl_outcome outcome;
    const struct bl_value *first;

    (void)state;
    test_rabbit_declare(&rabbit, "peeked", 0);
    assert_answer("publish",
                  "[\"\",\"peeked\",\"a long body\",{\"content_type\":\"text/plain\","
                  "\"headers\":{\"n\":5,\"s\":\"x\",\"b\":true,\"f\":0.5},\"priority\":3,"
                  "\"message_id\":\"m1\"}]",
                  "true");
    assert_answer("publish", "[\"\",\"peeked\",\"second\",{\"persistent\":false}]", "true");
    outcome = test_op(&run, "peek", "[\"peeked\",{\"body\":6}]");
    if (outcome.status != BL_ANSWERED)
        fail_msg("%s", outcome.error.message);
    assert_int_equal(bl_value_count(outcome.value), 2);
    first = bl_list_get(outcome.value, 0);
    assert_string_equal(bl_map_text(first, "body", ""), "a long");
    assert_int_equal(bl_map_int(first, "bytes", 0), 11);
    assert_string_equal(bl_map_text(first, "key", ""), "peeked");
    assert_string_equal(bl_map_text(first, "content_type", ""), "text/plain");
    assert_string_equal(bl_map_text(first, "message_id", ""), "m1");
    assert_int_equal(bl_map_int(first, "priority", 0), 3);
    assert_true(bl_map_bool(first, "persistent", false));
    assert_int_equal(bl_map_int(bl_map_get(first, "headers"), "n", 0), 5);
    assert_true(bl_map_bool(bl_map_get(first, "headers"), "b", false));
    assert_false(bl_map_bool(first, "redelivered", true));
    assert_false(bl_map_bool(bl_list_get(outcome.value, 1), "persistent", true));
    bl_outcome_release(&outcome);
    assert_answer("queue", "[\"peeked\"]", "{\"consumers\":0,\"messages\":2}");
    outcome = test_op(&run, "peek", "[\"peeked\",{\"count\":1}]");
    assert_int_equal(bl_value_count(outcome.value), 1);
    assert_true(bl_map_bool(bl_list_get(outcome.value, 0), "redelivered", false));
    bl_outcome_release(&outcome);
    assert_failure("peek", "[\"peeked\",{\"keep\":50}]", BL_E_TOO_LARGE, "back in the queue");
    assert_failure("peek", "[\"missing\"]", BL_E_NOT_FOUND, "no queue 'missing'");
    assert_answer("purge", "[\"peeked\"]", "{\"messages\":2}");
    assert_answer("peek", "[\"peeked\"]", "[]");
}

static void test_amqp__publish_is_certain(void **state)
{
    char *args = bl_alloc(3000100);

    (void)state;
    test_rabbit_declare(&rabbit, "small", 1);
    test_rabbit_exchange(&rabbit, "lonely");
    assert_answer("publish", "[\"\",\"small\",\"fits\"]", "true");
    assert_failure("publish", "[\"\",\"small\",\"does not\"]", BL_E_SERVER, "nack");
    assert_failure("publish", "[\"lonely\",\"k\",\"x\"]", BL_E_NOT_FOUND, "unroutable");
    assert_answer("publish", "[\"lonely\",\"k\",\"x\",{\"mandatory\":false}]", "true");
    assert_failure("publish", "[\"missing\",\"k\",\"x\"]", BL_E_NOT_FOUND,
                   "no exchange 'missing'");
    assert_failure("publish", "[\"\",\"small\",\"x\",{\"headers\":{\"l\":[1]}}]", BL_E_ARG,
                   "option 'headers'");
    test_rabbit_declare(&rabbit, "large", 0);
    snprintf(args, 100, "[\"\",\"large\",\"");
    memset(args + strlen(args), 'x', 3000000);
    snprintf(args + 3000000 + strlen("[\"\",\"large\",\""), 10, "\"]");
    assert_answer("publish", args, "true");
    assert_answer("queue", "[\"large\"]", "{\"consumers\":0,\"messages\":1}");
    bl_free(args);
}

static void test_amqp__names_are_bounded(void **state)
{
    char args[400] = "[\"";

    (void)state;
    memset(args + 2, 'q', 256);
    snprintf(args + 258, 10, "\"]");
    assert_failure("queue", args, BL_E_ARG, "255 bytes");
}

static void test_amqp__who_may_not_log_in_is_told(void **state)
{
    (void)state;
    test_run_close(&run);
    open_as(TEST_RABBIT_USER, "wrong", "");
    assert_failure("ping", "[]", BL_E_AUTH, "ACCESS_REFUSED");
    test_run_close(&run);
    open_as(TEST_RABBIT_USER, TEST_RABBIT_PASSWORD, "no-such-vhost");
    assert_failure("ping", "[]", BL_E_NOT_FOUND, "vhost");
}

static void test_amqp__tls_is_spoken_and_checked(void **state)
{
    char settings[400];

    (void)state;
    test_rabbit_declare(&rabbit, "sealed", 0);
    for (int i = 0; i < 2; i++) { /* with the authority that signed it, and without */
        test_run_close(&run);
        snprintf(settings, sizeof(settings),
                 "{\"url\":\"amqps://127.0.0.1:%d\",\"user\":\"" TEST_RABBIT_USER
                 "\",\"password\":\"" TEST_RABBIT_PASSWORD "\"%s%s%s}",
                 tls_port, i == 0 ? ",\"ca_file\":\"" : "", i == 0 ? certificates : "",
                 i == 0 ? "/ca.pem\"" : "");
        test_run_open(&run, "amqp", settings);
        if (i == 0) {
            assert_answer("publish", "[\"\",\"sealed\",\"one\"]", "true");
            assert_answer("queue", "[\"sealed\"]", "{\"consumers\":0,\"messages\":1}");
        } else {
            assert_failure("queue", "[\"sealed\"]", BL_E_TLS, "check ca_file");
        }
    }
}

static void test_amqp__many_at_once_share_connections(void **state)
{
    struct bl_outcome outcomes[200];
    bool done[200];
    int64_t start = bl_clock_steady();

    (void)state;
    test_rabbit_declare(&rabbit, "shared", 0);
    for (int i = 0; i < 200; i++)
        test_op_start(&run, "queue", "[\"shared\"]", &outcomes[i], &done[i]);
    for (int i = 0; i < 200; i++) {
        test_op_wait(&run, &done[i]);
        if (outcomes[i].status != BL_ANSWERED)
            fail_msg("%s", outcomes[i].error.message);
        bl_outcome_release(&outcomes[i]);
    }
    print_message("200 questions took %lld ms\n", (long long)(bl_clock_steady() - start));
    assert_true(hostile_fd_count() - fds <= 10); /* four connections, and our loop */
}

static void test_amqp__a_cancel_races_the_answer(void **state)
{
    struct bl_outcome outcome;
    bool is_done;

    (void)state;
    test_rabbit_declare(&rabbit, "raced", 0);
    for (int i = 0; i < 60; i++) {
        struct bl_op *op =
            test_op_start(&run, i % 2 ? "queue" : "purge", "[\"raced\"]", &outcome, &is_done);
        for (int turn = 0; turn < i / 6 && !is_done; turn++)
            bl_loop_turn(run.loop, true);
        if (!is_done)
            bl_op_cancel(op, "the test says so");
        test_op_wait(&run, &is_done);
        bl_outcome_release(&outcome);
    }
    assert_answer("queue", "[\"raced\"]", "{\"consumers\":0,\"messages\":0}");
}

static void test_amqp__an_idle_connection_shows_that_it_lives(void **state)
{
    struct timespec pause = {.tv_nsec = 50000000};
    char settings[300], *log;
    int64_t start;

    (void)state;
    test_run_close(&run);
    snprintf(settings, sizeof(settings),
             "{\"url\":\"amqp://" TEST_RABBIT_USER ":" TEST_RABBIT_PASSWORD
             "@127.0.0.1:%d\",\"heartbeat\":\"1s\"}",
             rabbit.port);
    test_run_open(&run, "amqp", settings);
    assert_answer("queue", "[\"missing\"]", "null");
    /* RabbitMQ closes after two silent heartbeats, and says so */
    for (start = bl_clock_steady(); bl_clock_steady() - start < 4000; nanosleep(&pause, NULL))
        bl_loop_turn(run.loop, false);
    assert_answer("queue", "[\"missing\"]", "null");
    log = test_server_log(&rabbit);
    assert_null(strstr(log, "missed heartbeats"));
    bl_free(log);
}

/* The last one: it kills the broker. */
static void test_amqp__a_dead_broker_is_noticed(void **state)
{
    (void)state;
    assert_answer("queue", "[\"missing\"]", "null");
    kill(-rabbit.pid, SIGKILL); /* what rabbitmq-server has started as well */
    test_server_kill(&rabbit);
    assert_failure("queue", "[\"missing\"]", BL_E_REFUSED, "cannot connect to 127.0.0.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_amqp__ping_knows_the_broker, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amqp__queues_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amqp__peek_leaves_the_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amqp__publish_is_certain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amqp__names_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amqp__who_may_not_log_in_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amqp__tls_is_spoken_and_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amqp__many_at_once_share_connections, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_amqp__a_cancel_races_the_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_amqp__an_idle_connection_shows_that_it_lives,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_amqp__a_dead_broker_is_noticed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, start_rabbit, stop_rabbit);
}
