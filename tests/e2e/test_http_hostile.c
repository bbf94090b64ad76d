/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_http_hostile.c: the http module against servers that behave badly: a clear error within
 * the timeout, memory bounded, nothing left. */
#include "base/prefix.h"

#include "support/certificate.h"
#include "support/hostile.h"
#include "support/op.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>

#define HEAD_OK "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
#define HEAD_SIZED "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome"
#define HEAD_CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"

static const struct hostile_line request_line[] = {{"\r\n\r\n", "", 0}};

/* What must come of one request to a bad server. */
struct expected {
    const char *operation;
    enum bl_status status;
    enum bl_code code;
    const char *part; /* of the message */
};

static struct hostile_spec after_request(enum hostile_kind kind, const char *head)
{
    return (struct hostile_spec){.kind = kind,
                                 .lines = request_line,
                                 .line_count = 1,
                                 .head = head,
                                 .head_len = strlen(head)};
}

/* One request, with a timeout of 0.7 s where that is what must come; more: further settings,
 * from a comma on. */
static void meet(const struct hostile_spec *spec, const char *scheme, const char *more,
                 const struct expected *expected)
{
    struct hostile *peer = hostile_start(spec);
    int fds = hostile_fd_count(), threads = hostile_thread_count();
    int64_t memory = hostile_rss();
    struct test_run run;
    struct bl_outcome outcome;
    char settings[600], args[40];

    snprintf(settings, sizeof(settings), "{\"url\": \"%s://127.0.0.1:%d\"%s}", scheme,
             hostile_port(peer), more);
    snprintf(args, sizeof(args), "[\"/x\", {\"timeout\": %s}]",
             expected->code == BL_E_TIMEOUT ? "0.7" : "60");
    test_run_open(&run, "http", settings);
    outcome = test_op(&run, expected->operation, args);
    if (outcome.status != expected->status || outcome.error.code != expected->code ||
        strstr(outcome.error.message, expected->part) == NULL)
        fail_msg("status %d, %s: %s", (int)outcome.status, bl_code_name(outcome.error.code),
                 outcome.error.message);
    assert_non_null(strstr(outcome.error.message, "http.test"));
    bl_outcome_release(&outcome);
    assert_true(bl_loop_longest(run.loop) < 20000);
    test_run_close(&run);
    assert_int_equal(hostile_fd_count(), fds);
    assert_int_equal(hostile_thread_count(), threads);
    assert_true(hostile_rss() - memory < 16 << 20);
    assert_true(hostile_wait_idle(peer, 10000)); /* the peer saw the socket close */
    hostile_stop(peer);
}

static void test_hostile__never_answers(void **state)
{
    struct hostile_spec spec = {.kind = HOSTILE_SILENT};

    (void)state;
    meet(&spec, "http", "",
         &(struct expected){"get", BL_FAILED, BL_E_TIMEOUT,
                            "timed out after 700 ms while waiting for the answer of GET"});
    meet(&spec, "http", "", &(struct expected){"post", BL_UNKNOWN, BL_E_TIMEOUT, "POST"});
    meet(&spec, "https", "",
         &(struct expected){"post", BL_FAILED, BL_E_TIMEOUT, "while connecting"});
}

static void test_hostile__a_byte_a_second(void **state)
{
    struct hostile_spec spec = after_request(HOSTILE_SLOW, HEAD_OK "one");

    (void)state;
    meet(&spec, "http", "",
         &(struct expected){"get", BL_FAILED, BL_E_TIMEOUT, "(3 bytes so far)"});
    spec = after_request(HOSTILE_SLOW, "HTTP/1.1 200 OK\r\nX: ");
    meet(&spec, "http", "", &(struct expected){"get", BL_FAILED, BL_E_TIMEOUT, "timed out"});
}

static void test_hostile__a_gigabyte(void **state)
{
    struct hostile_spec spec = after_request(HOSTILE_FLOOD, HEAD_OK);

    (void)state;
    meet(&spec, "http", "",
         &(struct expected){"get", BL_FAILED, BL_E_TOO_LARGE, "larger than 1 MiB"});
    spec = after_request(HOSTILE_FLOOD, "HTTP/1.1 200 OK\r\nX-Long: ");
    meet(&spec, "http", "", &(struct expected){"get", BL_FAILED, BL_E_TOO_LARGE, "headers"});
    spec.head = "HTTP/1.1 200 OK\r\n";
    spec.head_len = strlen(spec.head);
    spec.filler = "X-Many: yes\r\n";
    spec.filler_len = strlen(spec.filler);
    meet(&spec, "http", "", &(struct expected){"get", BL_FAILED, BL_E_TOO_LARGE, "headers"});
}

static void test_hostile__malformed(void **state)
{
    struct hostile_spec spec = after_request(HOSTILE_GARBAGE, "");

    (void)state;
    meet(&spec, "http", "",
         &(struct expected){"get", BL_FAILED, BL_E_PROTOCOL, "is another service on this"});
    spec = after_request(HOSTILE_SILENT, "HTTP/9.9 200 OK\r\n\r\n");
    meet(&spec, "http", "", &(struct expected){"get", BL_FAILED, BL_E_PROTOCOL, "not HTTP"});
    spec = after_request(HOSTILE_SILENT, "220 mail.example ESMTP\r\n");
    meet(&spec, "http", "", &(struct expected){"get", BL_FAILED, BL_E_PROTOCOL, "not HTTP"});
    spec = after_request(HOSTILE_SILENT, HEAD_CHUNKED);
    meet(&spec, "http", "", &(struct expected){"get", BL_FAILED, BL_E_PROTOCOL, "not HTTP"});
    spec = after_request(HOSTILE_GARBAGE, "");
    meet(&spec, "https", "", &(struct expected){"get", BL_FAILED, BL_E_TIMEOUT, ""});
}

static void test_hostile__closes_in_the_middle(void **state)
{
    struct hostile_spec spec = after_request(HOSTILE_CLOSE, HEAD_SIZED);

    (void)state;
    meet(&spec, "http", "",
         &(struct expected){"get", BL_FAILED, BL_E_CLOSED, "(status 200, 4 bytes came)"});
    meet(&spec, "http", "", &(struct expected){"post", BL_UNKNOWN, BL_E_CLOSED, "middle"});
    spec = after_request(HOSTILE_RESET, HEAD_SIZED);
    meet(&spec, "http", "", &(struct expected){"get", BL_FAILED, BL_E_CLOSED, "middle"});
    spec = after_request(HOSTILE_CLOSE, "");
    meet(&spec, "http", "",
         &(struct expected){"get", BL_FAILED, BL_E_CLOSED, "before it answered"});
    spec = after_request(HOSTILE_RESET, "");
    meet(&spec, "http", "", &(struct expected){"post", BL_UNKNOWN, BL_E_CLOSED, "before it"});
}

/* A change is sent once, also when a socket that was used before turns out to be dead. */
static void test_hostile__a_change_is_never_sent_twice(void **state)
{
    struct hostile_spec spec = after_request(
        HOSTILE_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: 60\r\n\r\n");
    struct hostile *peer = hostile_start(&spec);
    struct test_run run;
    struct bl_outcome outcome;
    char settings[100];

    (void)state;
    snprintf(settings, sizeof(settings), "{\"url\": \"http://127.0.0.1:%d\"}",
             hostile_port(peer));
    test_run_open(&run, "http", settings);
    for (int i = 1; i <= 4; i++) {
        outcome = test_op(&run, "post", "[\"/x\"]");
        assert_int_equal(outcome.status, BL_ANSWERED);
        assert_int_equal(hostile_count(peer).accepted, i);
        bl_outcome_release(&outcome);
    }
    test_run_close(&run);
    hostile_stop(peer);
}

static void test_hostile__nobody_listens(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    char settings[100];

    (void)state;
    snprintf(settings, sizeof(settings), "{\"url\": \"http://127.0.0.1:%d\"}",
             hostile_closed_port());
    test_run_open(&run, "http", settings);
    outcome = test_op(&run, "post", "[\"/x\"]");
    assert_int_equal(outcome.status, BL_FAILED); /* nothing was sent */
    assert_int_equal(outcome.error.code, BL_E_REFUSED);
    assert_non_null(strstr(outcome.error.message, "is the service running?"));
    test_run_close(&run);
    test_run_open(&run, "http", "{\"socket\": \"/nonexistent/x.sock\"}");
    outcome = test_op(&run, "get", "[\"/x\"]");
    assert_int_equal(outcome.error.code, BL_E_REFUSED);
    assert_non_null(strstr(outcome.error.message, "/nonexistent/x.sock"));
    test_run_close(&run);
}

static void test_hostile__wrong_certificates(void **state)
{
    static const struct {
        const char *name, *authority, *host;
        int days;
        const char *part;
    } cases[] = {
        {"late", "ca", "127.0.0.1", -1, "expired"},
        {"other", "ca", "elsewhere.example", 30, "127.0.0.1"},
        {"alien", "unknown", "127.0.0.1", 30, "unable to get local issuer certificate"},
    };
    const char *folder = *state;
    char cert[200], key[200], more[300];

    certificate_authority(folder, "ca");
    certificate_authority(folder, "unknown");
    snprintf(more, sizeof(more), ", \"ca_file\": \"%s/ca.pem\"", folder);
    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        struct hostile_spec spec = after_request(HOSTILE_CLOSE, HEAD_OK);
        certificate_server(folder, cases[i].authority, cases[i].name, cases[i].host,
                           cases[i].days);
        snprintf(cert, sizeof(cert), "%s/%s.pem", folder, cases[i].name);
        snprintf(key, sizeof(key), "%s/%s.key", folder, cases[i].name);
        spec.cert = cert;
        spec.key = key;
        meet(&spec, "https", more,
             &(struct expected){"post", BL_FAILED, BL_E_TLS, cases[i].part});
    }
}

/* No message, stage or summary holds the bytes of a secret URL. */
static void test_hostile__messages_hold_no_secret(void **state)
{
    struct bl_value *settings = bl_map_new();
    const struct bl_module *module = bl_module_find("http");
    struct bl_clock clock = {0};
    struct test_run run = {.loop = bl_loop_new(&clock)};
    struct bl_outcome outcome;
    char url[100];

    (void)state;
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/invented-token", hostile_closed_port());
    bl_map_set(settings, "url", bl_value_secret("HOOK", url, strlen(url)));
    run.connection = bl_connection_new(run.loop, module, "test", settings);
    bl_value_unref(settings);
    outcome = test_op(&run, "post", "[\"/x\"]");
    assert_int_equal(outcome.error.code, BL_E_REFUSED);
    assert_non_null(strstr(outcome.error.message, "POST <secret:HOOK>/x"));
    assert_null(strstr(outcome.error.message, "invented-token"));
    test_run_close(&run);
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
        cmocka_unit_test(test_hostile__never_answers),
        cmocka_unit_test(test_hostile__a_byte_a_second),
        cmocka_unit_test(test_hostile__a_gigabyte),
        cmocka_unit_test(test_hostile__malformed),
        cmocka_unit_test(test_hostile__closes_in_the_middle),
        cmocka_unit_test(test_hostile__a_change_is_never_sent_twice),
        cmocka_unit_test(test_hostile__nobody_listens),
        cmocka_unit_test_setup_teardown(test_hostile__wrong_certificates, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(test_hostile__messages_hold_no_secret),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
