/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_amqp.c: the amqp module against brokers that behave badly, and its settings. */
#include "base/prefix.h"

#include "support/certificate.h"
#include "support/hostile.h"
#include "support/op.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>

/* What a broker says up to an open channel and one answer about the queue "orders". */
static const char start_frame[] = "\x01\0\0\0\0\0\x1c\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x05PLAIN"
                                  "\0\0\0\x05"
                                  "en_US\xce";
static const char tune_frame[] = "\x01\0\0\0\0\0\x0c\0\x0a\0\x1e\0\0\0\x02\0\0\0\0\xce";
static const char open_frame[] = "\x01\0\0\0\0\0\x05\0\x0a\0\x29\0\xce";
static const char channel_frame[] = "\x01\0\x01\0\0\0\x08\0\x14\0\x0b\0\0\0\0\xce";
static const char declared_frame[] =
    "\x01\0\x01\0\0\0\x13\0\x32\0\x0b\x06orders\0\0\0\x05\0\0\0\x02\xce";
static const char heartbeat_frame[] = "\x08\0\0\0\0\0\0\xce";

#define LINE(text, frame)                                                                      \
    {                                                                                          \
        .expect = text, .answer = frame, .len = sizeof(frame) - 1                              \
    }

/* The lines of an exchange, up to where the peer turns bad. */
static const struct hostile_line lines[] = {
    LINE("AMQP", start_frame), LINE("PLAIN", tune_frame),      LINE("made-up", open_frame),
    LINE("", channel_frame),   LINE("orders", declared_frame),
};
enum { AT_START = 0, AT_OPEN = 2, AT_QUESTION = 4, AFTER_ANSWER = 5 };

static struct test_run run;
static int fds, threads;

static int warm_up(void **state)
{
    struct bl_outcome outcome;

    (void)state;
    test_run_open(&run, "amqp", "{\"url\":\"amqp://127.0.0.1:1\"}");
    outcome = test_op(&run, "ping", "[]");
    assert_int_equal(outcome.error.code, BL_E_REFUSED);
    test_run_close(&run);
    return 0;
}

static void open_to(int port, const char *more)
{
    char settings[400];

    fds = hostile_fd_count();
    threads = hostile_thread_count();
    snprintf(settings, sizeof(settings),
             "{\"url\":\"amqp://u:invented@127.0.0.1:%d/made-up\"%s}", port, more);
    test_run_open(&run, "amqp", settings);
}

/* Neither a socket, a thread nor a connection may be left. */
static void close_run(struct hostile *peer)
{
    test_run_close(&run);
    assert_int_equal(hostile_fd_count(), fds);
    assert_int_equal(hostile_thread_count(), threads);
    if (peer != NULL) {
        assert_true(hostile_wait_idle(peer, 2000));
        hostile_stop(peer);
    }
}

static struct hostile *peer_new(enum hostile_kind kind, size_t line_count)
{
    struct hostile_spec spec = {.kind = kind, .lines = lines, .line_count = line_count};

    if (kind == HOSTILE_FLOOD && line_count > 0) {
        spec.filler = heartbeat_frame; /* well formed, and never an answer */
        spec.filler_len = sizeof(heartbeat_frame) - 1;
    }
    return hostile_start(&spec);
}

static void assert_bad_peer(enum hostile_kind kind, size_t line_count)
{
    struct hostile *peer = peer_new(kind, line_count);
    int64_t before = hostile_rss();
    struct bl_outcome outcome;

    open_to(hostile_port(peer), "");
    outcome = test_op(&run, "queue", "[\"orders\",{\"timeout\":\"200ms\"}]");
    if (outcome.status != BL_FAILED ||
        (outcome.error.code != BL_E_TIMEOUT && outcome.error.code != BL_E_CLOSED &&
         outcome.error.code != BL_E_PROTOCOL))
        fail_msg("kind %d after %zu lines: %s %s", (int)kind, line_count,
                 bl_code_name(outcome.error.code), outcome.error.message);
    if (outcome.error.code == BL_E_TIMEOUT && line_count < AT_QUESTION)
        assert_non_null(strstr(outcome.error.message, "while logging in (127.0.0.1"));
    assert_null(strstr(outcome.error.message, "invented"));
    assert_non_null(strstr(outcome.error.message, "127.0.0.1"));
    assert_true(hostile_rss() - before < 16 * 1024 * 1024);
    close_run(peer);
}

static void test_amqp__bad_peers_at_the_start(void **state)
{
    (void)state;
    assert_bad_peer(HOSTILE_SILENT, AT_START);
    assert_bad_peer(HOSTILE_SLOW, AT_START);
    assert_bad_peer(HOSTILE_FLOOD, AT_START);
    assert_bad_peer(HOSTILE_GARBAGE, AT_START);
    assert_bad_peer(HOSTILE_CLOSE, AT_START);
    assert_bad_peer(HOSTILE_RESET, AT_START);
}

static void test_amqp__bad_peers_at_login(void **state)
{
    (void)state;
    assert_bad_peer(HOSTILE_SILENT, AT_OPEN);
    assert_bad_peer(HOSTILE_SLOW, AT_OPEN);
    assert_bad_peer(HOSTILE_FLOOD, AT_OPEN);
    assert_bad_peer(HOSTILE_GARBAGE, AT_OPEN);
    assert_bad_peer(HOSTILE_CLOSE, AT_OPEN);
    assert_bad_peer(HOSTILE_RESET, AT_OPEN);
}

static void test_amqp__bad_peers_at_a_question(void **state)
{
    (void)state;
    assert_bad_peer(HOSTILE_SILENT, AT_QUESTION);
    assert_bad_peer(HOSTILE_SLOW, AT_QUESTION);
    assert_bad_peer(HOSTILE_FLOOD, AT_QUESTION);
    assert_bad_peer(HOSTILE_GARBAGE, AT_QUESTION);
    assert_bad_peer(HOSTILE_CLOSE, AT_QUESTION);
    assert_bad_peer(HOSTILE_RESET, AT_QUESTION);
}

static void test_amqp__an_idle_connection_that_closed_is_replaced(void **state)
{
    struct hostile *peer = peer_new(HOSTILE_CLOSE, AFTER_ANSWER);
    struct bl_outcome outcome;

    (void)state;
    open_to(hostile_port(peer), "");
    for (int i = 0; i < 3; i++) {
        outcome = test_op(&run, "queue", "[\"orders\",{\"timeout\":\"2s\"}]");
        if (outcome.status != BL_ANSWERED)
            fail_msg("%s", outcome.error.message);
        assert_int_equal(bl_map_int(outcome.value, "messages", 0), 5);
        assert_int_equal(bl_map_int(outcome.value, "consumers", 0), 2);
        bl_outcome_release(&outcome);
        assert_true(hostile_wait_idle(peer, 2000)); /* it closes after its answer */
    }
    assert_int_equal(hostile_count(peer).accepted, 3);
    close_run(peer);
}

static void assert_change(enum hostile_kind kind, size_t line_count, enum bl_status status)
{
    struct hostile *peer = peer_new(kind, line_count);
    struct bl_outcome outcome;

    open_to(hostile_port(peer), "");
    /* enough time to get there, on a busy machine too */
    outcome = test_op(&run, "purge",
                      line_count == AT_QUESTION ? "[\"orders\",{\"timeout\":\"1500ms\"}]"
                                                : "[\"orders\",{\"timeout\":\"200ms\"}]");
    if (outcome.status != status)
        fail_msg("kind %d after %zu lines: %s: %s", (int)kind, line_count,
                 bl_status_name(outcome.status), outcome.error.message);
    close_run(peer);
}

static void test_amqp__a_change_that_left_is_unknown(void **state)
{
    (void)state;
    assert_change(HOSTILE_SILENT, AT_START, BL_FAILED); /* nothing has left */
    assert_change(HOSTILE_SILENT, AT_OPEN, BL_FAILED);
    assert_change(HOSTILE_SILENT, AT_QUESTION, BL_UNKNOWN);
    assert_change(HOSTILE_GARBAGE, AT_QUESTION, BL_UNKNOWN);
    assert_change(HOSTILE_RESET, AT_START, BL_FAILED);
}

static void test_amqp__cancel_leaves_nothing(void **state)
{
    static const size_t places[] = {AT_START, AT_OPEN, AT_QUESTION};

    (void)state;
    for (size_t i = 0; i < BL_COUNT(places); i++) {
        struct hostile *peer = peer_new(HOSTILE_SILENT, places[i]);
        struct bl_outcome outcomes[6];
        struct bl_op *ops[6];
        bool done[6];
        int64_t start;
        open_to(hostile_port(peer), ",\"connections\":2"); /* four of them wait in line */
        for (size_t k = 0; k < BL_COUNT(ops); k++)
            ops[k] = test_op_start(&run, "queue", "[\"orders\"]", &outcomes[k], &done[k]);
        for (int turn = 0; turn < 20; turn++)
            bl_loop_turn(run.loop, false);
        start = bl_clock_steady();
        while (bl_clock_steady() - start < 200)
            bl_loop_turn(run.loop, false);
        for (size_t k = 0; k < BL_COUNT(ops); k++)
            bl_op_cancel(ops[k], "the test says so");
        for (size_t k = 0; k < BL_COUNT(ops); k++) {
            test_op_wait(&run, &done[k]);
            assert_int_equal(outcomes[k].error.code, BL_E_CANCELLED);
        }
        close_run(peer);
    }
}

static void test_amqp__wrong_certificates_are_refused(void **state)
{
    const char *folder = *state;
    char ca[300], other[300], cert[300], key[300], settings[700];
    struct hostile_spec spec = {.kind = HOSTILE_SILENT, .cert = cert, .key = key};
    struct bl_outcome outcome;
    struct hostile *peer;

    certificate_authority(folder, "ca");
    certificate_authority(folder, "other");
    certificate_server(folder, "ca", "server", "127.0.0.1", 30);
    snprintf(ca, sizeof(ca), "%s/ca.pem", folder);
    snprintf(other, sizeof(other), "%s/other.pem", folder);
    snprintf(cert, sizeof(cert), "%s/server.pem", folder);
    snprintf(key, sizeof(key), "%s/server.key", folder);
    peer = hostile_start(&spec);
    for (int i = 0; i < 3; i++) {
        /* an authority that did not sign it; a name that it is not for; all well, but silent */
        snprintf(settings, sizeof(settings),
                 "{\"url\":\"amqps://u:invented@%s:%d\",\"ca_file\":\"%s\"}",
                 i == 1 ? "localhost" : "127.0.0.1", hostile_port(peer), i == 0 ? other : ca);
        test_run_open(&run, "amqp", settings);
        outcome = test_op(&run, "ping", "[{\"timeout\":\"700ms\"}]");
        if (outcome.error.code != (i < 2 ? BL_E_TLS : BL_E_TIMEOUT))
            fail_msg("%d: %s", i, outcome.error.message);
        test_run_close(&run);
    }
    hostile_stop(peer);
}

static void test_amqp__settings_are_checked(void **state)
{
    static const char *const bad[] = {"http://x", "amqp://h:port/", "amqp://h/a/b", ""};
    struct bl_outcome outcome;
    char settings[200];

    (void)state;
    for (size_t i = 0; i < BL_COUNT(bad); i++) {
        snprintf(settings, sizeof(settings), "{\"url\":\"%s\"}", bad[i]);
        test_run_open(&run, "amqp", settings);
        outcome = test_op(&run, "ping", "[]");
        assert_int_equal(outcome.error.code, BL_E_ARG);
        assert_non_null(strstr(outcome.error.message, "amqp.test: setting 'url'"));
        test_run_close(&run);
    }
}

static void test_amqp__an_unknown_host_is_told(void **state)
{
    struct bl_outcome outcome;

    (void)state;
    test_run_open(&run, "amqp", "{\"url\":\"amqp://no-such-host.invalid\"}");
    outcome = test_op(&run, "ping", "[]");
    assert_int_equal(outcome.error.code, BL_E_RESOLVE);
    test_run_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amqp__bad_peers_at_the_start),
        cmocka_unit_test(test_amqp__bad_peers_at_login),
        cmocka_unit_test(test_amqp__bad_peers_at_a_question),
        cmocka_unit_test(test_amqp__an_idle_connection_that_closed_is_replaced),
        cmocka_unit_test(test_amqp__a_change_that_left_is_unknown),
        cmocka_unit_test(test_amqp__cancel_leaves_nothing),
        cmocka_unit_test_setup_teardown(test_amqp__wrong_certificates_are_refused,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test(test_amqp__settings_are_checked),
        cmocka_unit_test(test_amqp__an_unknown_host_is_told),
    };

    return cmocka_run_group_tests(tests, warm_up, NULL);
}
