/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_tcp.c: the tcp module against listeners, TLS servers and peers that behave badly. */
#include "base/prefix.h"

#include "support/certificate.h"
#include "support/hostile.h"
#include "support/op.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>

/* Runs one operation on a port; nothing may be left after it. */
static struct bl_outcome ask(const char *operation, const char *host, int port,
                             const char *options)
{
    int fds = hostile_fd_count(), threads = hostile_thread_count();
    struct test_run run;
    struct bl_outcome outcome;
    char args[500];

    snprintf(args, sizeof(args), "[\"%s\", %d, {%s}]", host, port, options);
    test_run_open(&run, "tcp", NULL);
    outcome = test_op(&run, operation, args);
    assert_true(bl_loop_longest(run.loop) < 20000);
    test_run_close(&run);
    assert_int_equal(hostile_fd_count(), fds);
    assert_int_equal(hostile_thread_count(), threads);
    return outcome;
}

static void assert_failed(struct bl_outcome outcome, enum bl_code code, const char *part)
{
    if (outcome.status != BL_FAILED || outcome.error.code != code ||
        strstr(outcome.error.message, part) == NULL)
        fail_msg("status %d, %s: %s", (int)outcome.status, bl_code_name(outcome.error.code),
                 outcome.error.message);
}

static void test_connect__says_how_long_it_took(void **state)
{
    struct hostile *peer = hostile_start(&(struct hostile_spec){.kind = HOSTILE_SILENT});
    struct bl_outcome outcome = ask("connect", "127.0.0.1", hostile_port(peer), "");
    char address[40];

    (void)state;
    assert_int_equal(outcome.status, BL_ANSWERED);
    snprintf(address, sizeof(address), "127.0.0.1:%d", hostile_port(peer));
    assert_string_equal(bl_map_text(outcome.value, "address", ""), address);
    assert_true(bl_value_as_float(bl_map_get(outcome.value, "seconds")) > 0);
    assert_true(bl_value_as_float(bl_map_get(outcome.value, "seconds")) < 1);
    bl_outcome_release(&outcome);
    assert_true(hostile_wait_idle(peer, 2000));
    hostile_stop(peer);
}

static void test_connect__tries_every_address_of_a_name(void **state)
{
    struct hostile *peer = hostile_start(&(struct hostile_spec){.kind = HOSTILE_SILENT});
    struct bl_outcome outcome = ask("connect", "localhost", hostile_port(peer), "");

    (void)state;
    assert_int_equal(outcome.status, BL_ANSWERED); /* also where ::1 comes first */
    bl_outcome_release(&outcome);
    hostile_stop(peer);
}

static void test_connect__nobody_listens(void **state)
{
    (void)state;
    assert_failed(ask("connect", "127.0.0.1", hostile_closed_port(), ""), BL_E_REFUSED,
                  "is the service running?");
    assert_failed(ask("connect", "no-such-host.invalid", 1, ""), BL_E_RESOLVE,
                  "no-such-host.invalid");
}

static struct hostile_spec saying(enum hostile_kind kind, const char *text)
{
    return (struct hostile_spec){.kind = kind, .head = text, .head_len = strlen(text)};
}

static void test_banner__is_the_first_line(void **state)
{
    struct hostile_spec spec = saying(HOSTILE_SILENT, "220 mail ready\r\nmore");
    struct hostile *peer = hostile_start(&spec);
    struct bl_outcome outcome =
        ask("connect", "127.0.0.1", hostile_port(peer), "\"banner\": 200");

    (void)state;
    assert_int_equal(outcome.status, BL_ANSWERED);
    assert_memory_equal(bl_map_text(outcome.value, "banner", ""), "220 mail ready\r\n", 16);
    bl_outcome_release(&outcome);
    hostile_stop(peer);
}

static void test_banner__bad_servers(void **state)
{
    struct hostile_spec spec = saying(HOSTILE_FLOOD, "");
    struct hostile *peer = hostile_start(&spec);
    struct bl_outcome outcome;

    (void)state;
    outcome = ask("connect", "127.0.0.1", hostile_port(peer), "\"banner\": 100");
    assert_int_equal(strlen(bl_map_text(outcome.value, "banner", "")), 100);
    bl_outcome_release(&outcome);
    hostile_stop(peer);
    spec = saying(HOSTILE_SLOW, "ab");
    peer = hostile_start(&spec);
    assert_failed(ask("connect", "127.0.0.1", hostile_port(peer),
                      "\"banner\": 100, \"timeout\": \"300ms\""),
                  BL_E_TIMEOUT, "while waiting for the first line of 127.0.0.1:");
    hostile_stop(peer);
    spec = saying(HOSTILE_RESET, "ab");
    peer = hostile_start(&spec);
    assert_failed(ask("connect", "127.0.0.1", hostile_port(peer), "\"banner\": 100"),
                  BL_E_CLOSED, "after 2 bytes");
    hostile_stop(peer);
}

/* Starts a TLS server with its own certificate of the authority "ca" in folder. */
static struct hostile *tls_start(const char *folder, const char *host, int days)
{
    char cert[200], key[200];
    struct hostile_spec spec = {.kind = HOSTILE_SILENT, .cert = cert, .key = key};

    certificate_server(folder, "ca", host, host, days);
    snprintf(cert, sizeof(cert), "%s/%s.pem", folder, host);
    snprintf(key, sizeof(key), "%s/%s.key", folder, host);
    return hostile_start(&spec);
}

static void test_certificate__good_late_foreign(void **state)
{
    const char *folder = *state;
    struct bl_outcome outcome;
    struct hostile *peer;
    char options[300];
    double days;

    certificate_authority(folder, "ca");
    snprintf(options, sizeof(options), "\"ca_file\": \"%s/ca.pem\"", folder);
    peer = tls_start(folder, "127.0.0.1", 30);
    outcome = ask("certificate", "127.0.0.1", hostile_port(peer), options);
    assert_int_equal(outcome.status, BL_ANSWERED);
    assert_true(bl_map_bool(outcome.value, "trusted", false));
    assert_string_equal(bl_map_text(outcome.value, "subject", ""), "CN=127.0.0.1");
    assert_string_equal(bl_map_text(outcome.value, "issuer", ""), "CN=ca");
    assert_string_equal(bl_value_as_text(bl_list_get(bl_map_get(outcome.value, "names"), 0)),
                        "127.0.0.1");
    days = bl_value_as_float(bl_map_get(outcome.value, "days"));
    assert_true(days > 29.9 && days <= 30);
    assert_true(bl_map_int(outcome.value, "not_after", 0) - time(NULL) > 29 * 86400);
    bl_outcome_release(&outcome);
    outcome = ask("certificate", "127.0.0.1", hostile_port(peer), ""); /* not of our system */
    assert_false(bl_map_bool(outcome.value, "trusted", true));
    assert_non_null(strstr(bl_map_text(outcome.value, "problem", ""), "issuer"));
    bl_outcome_release(&outcome);
    snprintf(options, sizeof(options), "\"ca_file\": \"%s/ca.pem\", \"name\": \"a.example\"",
             folder);
    outcome = ask("certificate", "127.0.0.1", hostile_port(peer), options);
    assert_non_null(strstr(bl_map_text(outcome.value, "problem", ""), "mismatch"));
    bl_outcome_release(&outcome);
    hostile_stop(peer);
    peer = tls_start(folder, "localhost", -3);
    snprintf(options, sizeof(options), "\"ca_file\": \"%s/ca.pem\"", folder);
    outcome = ask("certificate", "localhost", hostile_port(peer), options);
    assert_non_null(strstr(bl_map_text(outcome.value, "problem", ""), "expired"));
    assert_true(bl_value_as_float(bl_map_get(outcome.value, "days")) < -2.9);
    bl_outcome_release(&outcome);
    hostile_stop(peer);
}

static void test_certificate__bad_servers(void **state)
{
    static const struct hostile_line any_byte[] = {{"", "", 0}};
    struct hostile_spec spec = {.kind = HOSTILE_GARBAGE};
    struct hostile *peer = hostile_start(&spec);

    (void)state;
    assert_failed(ask("certificate", "127.0.0.1", hostile_port(peer), ""), BL_E_TLS,
                  "does this port speak TLS?");
    hostile_stop(peer);
    spec = saying(HOSTILE_SILENT, "");
    peer = hostile_start(&spec);
    assert_failed(ask("certificate", "127.0.0.1", hostile_port(peer), "\"timeout\": \"200ms\""),
                  BL_E_TIMEOUT, "while waiting for the TLS handshake");
    assert_failed(ask("certificate", "127.0.0.1", hostile_port(peer),
                      "\"ca_file\": \"/nonexistent.pem\""),
                  BL_E_NOT_FOUND, "/nonexistent.pem");
    hostile_stop(peer);
    spec = (struct hostile_spec){.kind = HOSTILE_CLOSE, .lines = any_byte, .line_count = 1};
    peer = hostile_start(&spec);
    assert_failed(ask("certificate", "127.0.0.1", hostile_port(peer), ""), BL_E_TLS,
                  "closed the connection");
    hostile_stop(peer);
    /* a record of a handshake that never ends */
    spec = (struct hostile_spec){.kind = HOSTILE_FLOOD, .head = "\x16\x03\x03", .head_len = 3};
    peer = hostile_start(&spec);
    assert_failed(ask("certificate", "127.0.0.1", hostile_port(peer), ""), BL_E_TLS,
                  "does this port speak TLS?");
    hostile_stop(peer);
}

static void test_cancel__leaves_nothing(void **state)
{
    struct hostile *peer = hostile_start(&(struct hostile_spec){.kind = HOSTILE_SILENT});
    int fds = hostile_fd_count();
    struct test_run run;
    struct bl_outcome outcome;
    char args[100];
    bool is_done;

    (void)state;
    snprintf(args, sizeof(args), "[\"127.0.0.1\", %d]", hostile_port(peer));
    test_run_open(&run, "tcp", NULL);
    for (int turns = 0; turns < 6; turns++) {
        struct bl_op *op = test_op_start(&run, "certificate", args, &outcome, &is_done);
        for (int i = 0; i < turns; i++)
            bl_loop_turn(run.loop, false);
        bl_op_cancel(op, "a race was lost");
        test_op_wait(&run, &is_done);
        assert_int_equal(outcome.error.code, BL_E_CANCELLED);
    }
    test_run_close(&run);
    assert_int_equal(hostile_fd_count(), fds);
    assert_true(hostile_wait_idle(peer, 2000));
    hostile_stop(peer);
}

static int prepare(void **state)
{
    (void)state;
    test_warm_up();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect__says_how_long_it_took),
        cmocka_unit_test(test_connect__tries_every_address_of_a_name),
        cmocka_unit_test(test_connect__nobody_listens),
        cmocka_unit_test(test_banner__is_the_first_line),
        cmocka_unit_test(test_banner__bad_servers),
        cmocka_unit_test_setup_teardown(test_certificate__good_late_foreign, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(test_certificate__bad_servers),
        cmocka_unit_test(test_cancel__leaves_nothing),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
