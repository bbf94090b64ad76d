/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_http.c: the http module against a real web server. */
#include "base/prefix.h"

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

static struct bl_outcome answered(struct test_run *run, const char *operation, const char *args)
{
    struct bl_outcome outcome = test_op(run, operation, args);

    if (outcome.status != BL_ANSWERED)
        fail_msg("%s %s: %s", operation, args, outcome.error.message);
    return outcome;
}

static void assert_failed(struct test_run *run, const char *args, enum bl_code code,
                          const char *part)
{
    struct bl_outcome outcome = test_op(run, "get", args);

    assert_int_equal(outcome.status, BL_FAILED);
    if (outcome.error.code != code || strstr(outcome.error.message, part) == NULL)
        fail_msg("%s: %s", bl_code_name(outcome.error.code), outcome.error.message);
}

static void test_get__gives_status_headers_body_json_timings(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    const struct bl_value *answer, *json;

    (void)state;
    open_api(&run, ", \"headers\": {\"X-One\": \"1\", \"X-Two\": \"2\"}");
    outcome = answered(&run, "get",
                       "[\"/echo\", {\"query\": {\"a\": \"b c\"}, \"headers\": {\"x-two\": "
                       "22}}]");
    answer = outcome.value;
    json = bl_map_get(answer, "json");
    assert_int_equal(bl_map_int(answer, "status", 0), 200);
    assert_string_equal(bl_map_text(bl_map_get(answer, "headers"), "content-type", ""),
                        "application/json; charset=utf-8");
    assert_string_equal(bl_map_text(bl_map_get(json, "query"), "a", ""), "b c");
    assert_string_equal(bl_map_text(bl_map_get(json, "headers"), "X-One", ""), "1");
    assert_string_equal(bl_map_text(bl_map_get(json, "headers"), "x-two", ""), "22");
    assert_null(bl_map_get(bl_map_get(json, "headers"), "X-Two"));
    assert_int_equal(bl_map_int(answer, "bytes", 0), strlen(bl_map_text(answer, "body", "")));
    assert_true(bl_value_as_float(bl_map_get(bl_map_get(answer, "timings"), "total")) > 0);
    bl_outcome_release(&outcome);
    close_api(&run);
}

static void test_get__a_bad_status_is_an_answer(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    open_api(&run, "");
    outcome = answered(&run, "get", "[\"/status/503\"]");
    assert_int_equal(bl_map_int(outcome.value, "status", 0), 503);
    assert_string_equal(bl_map_text(outcome.value, "body", ""), "503");
    bl_outcome_release(&outcome);
    outcome = answered(&run, "head", "[\"/big/1000\"]");
    assert_int_equal(bl_map_int(outcome.value, "bytes", -1), 0);
    assert_string_equal(bl_map_text(bl_map_get(outcome.value, "headers"), "content-length", ""),
                        "1000");
    bl_outcome_release(&outcome);
    close_api(&run);
}

/* What arrived: "METHOD type body". */
static void assert_echo(struct test_run *run, const char *operation, const char *args,
                        const char *expected)
{
    struct bl_outcome outcome = answered(run, operation, args);
    const struct bl_value *json = bl_map_get(outcome.value, "json");
    char seen[200];

    snprintf(seen, sizeof(seen), "%s %s %s", bl_map_text(json, "method", ""),
             bl_map_text(bl_map_get(json, "headers"), "Content-Type", "-"),
             bl_map_text(json, "body", ""));
    assert_string_equal(seen, expected);
    bl_outcome_release(&outcome);
}

static void test_send__every_method_with_and_without_body(void **state)
{
    struct test_run run;

    (void)state;
    open_api(&run, "");
    assert_echo(&run, "post", "[\"/echo\", {\"json\": {\"a\": [1, \"x\"]}}]",
                "POST application/json {\"a\":[1,\"x\"]}");
    assert_echo(&run, "post", "[\"/echo\"]", "POST - ");
    assert_echo(&run, "put", "[\"/echo\", {\"body\": \"text\"}]", "PUT - text");
    assert_echo(&run, "patch",
                "[\"/echo\", {\"body\": \"a=b\", \"headers\": {\"Content-Type\": \"x/y\"}}]",
                "PATCH x/y a=b");
    assert_echo(&run, "delete", "[\"/echo\"]", "DELETE - ");
    assert_echo(&run, "request", "[\"PUT\", \"/echo\", {\"json\": false}]",
                "PUT application/json false");
    close_api(&run);
}

static void test_send__basic_authentication(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    open_api(&run, ", \"user\": \"ann\", \"password\": \"invented\"");
    outcome = answered(&run, "get", "[\"/echo\"]");
    assert_string_equal(bl_map_text(bl_map_get(bl_map_get(outcome.value, "json"), "headers"),
                                    "Authorization", ""),
                        "Basic YW5uOmludmVudGVk");
    bl_outcome_release(&outcome);
    close_api(&run);
}

static void test_send__mistakes_of_the_author(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    int before = web_requests(web);

    (void)state;
    open_api(&run, "");
    outcome = test_op(&run, "post", "[\"/echo\", {\"json\": 1, \"body\": \"x\"}]");
    assert_int_equal(outcome.error.code, BL_E_ARG);
    assert_failed(&run, "[\"echo\"]", BL_E_ARG, "'path' must be empty or begin with '/'");
    assert_failed(&run, "[\"/echo\", {\"headers\": {\"X\": \"a\\r\\nY: b\"}}]", BL_E_ARG,
                  "header 'X'");
    assert_failed(&run, "[\"/echo\", {\"headers\": {\"X:\": \"a\"}}]", BL_E_ARG, "header 'X:'");
    assert_int_equal(web_requests(web), before); /* nothing was sent */
    close_api(&run);
    test_run_open(&run, "http", "{}");
    assert_failed(&run, "[\"/\"]", BL_E_ARG, "'url' is missing");
    test_run_close(&run);
}

static void test_json__is_read_where_promised(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    open_api(&run, "");
    outcome = answered(&run, "get", "[\"/status/200\"]");
    assert_null(bl_map_get(outcome.value, "json"));
    bl_outcome_release(&outcome);
    outcome = answered(&run, "get", "[\"/status/200\", {\"json\": true}]");
    assert_int_equal(bl_map_int(outcome.value, "json", 0), 200);
    bl_outcome_release(&outcome);
    assert_failed(&run, "[\"/broken\"]", BL_E_PARSE, "is not the JSON it should be");
    assert_failed(&run, "[\"/sleep/0\", {\"json\": true}]", BL_E_PARSE, "(status 200)");
    outcome = answered(&run, "get", "[\"/broken\", {\"json\": false}]");
    assert_string_equal(bl_map_text(outcome.value, "body", ""), "{");
    bl_outcome_release(&outcome);
    outcome = answered(&run, "post", "[\"/broken\"]"); /* it was performed: no error */
    assert_non_null(bl_map_get(outcome.value, "json_error"));
    bl_outcome_release(&outcome);
    outcome = answered(&run, "get", "[\"/json/20000\"]"); /* large: on the thread pool */
    assert_int_equal(bl_value_count(bl_map_get(outcome.value, "json")), 20000);
    bl_outcome_release(&outcome);
    assert_true(bl_loop_longest(run.loop) < 20000);
    close_api(&run);
}

static void test_bounds__body_and_headers(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;

    (void)state;
    open_api(&run, "");
    outcome = answered(&run, "get", "[\"/big/1048576\"]");
    assert_int_equal(bl_map_int(outcome.value, "bytes", 0), 1048576);
    bl_outcome_release(&outcome);
    assert_failed(&run, "[\"/big/1048577\"]", BL_E_TOO_LARGE, "larger than 1 MiB");
    outcome = answered(&run, "get", "[\"/big/1048577\", {\"keep\": \"2MB\"}]");
    bl_outcome_release(&outcome);
    assert_failed(&run, "[\"/big/11\", {\"keep\": 10}]", BL_E_TOO_LARGE, "raise `keep`");
    outcome = answered(&run, "post", "[\"/big/11\", {\"keep\": 10}]");
    assert_true(bl_map_bool(outcome.value, "truncated", false));
    assert_string_equal(bl_map_text(outcome.value, "body", ""), "xxxxxxxxxx");
    bl_outcome_release(&outcome);
    outcome = answered(&run, "get", "[\"/header/60000\"]");
    bl_outcome_release(&outcome);
    assert_failed(&run, "[\"/header/70000\"]", BL_E_TOO_LARGE, "headers of the answer");
    close_api(&run);
}

static void test_redirect__to_the_same_origin_only(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    int before;

    (void)state;
    open_api(&run, "");
    outcome = answered(&run, "get", "[\"/to\", {\"query\": {\"url\": \"/status/204\"}}]");
    assert_int_equal(bl_map_int(outcome.value, "status", 0), 204);
    assert_non_null(strstr(bl_map_text(outcome.value, "url", ""), "/status/204"));
    bl_outcome_release(&outcome);
    outcome = answered(&run, "get",
                       "[\"/to\", {\"query\": {\"url\": \"http://127.0.0.1:1/status/204\"}}]");
    assert_int_equal(bl_map_int(outcome.value, "status", 0), 302);
    assert_string_equal(bl_map_text(bl_map_get(outcome.value, "headers"), "location", ""),
                        "http://127.0.0.1:1/status/204");
    bl_outcome_release(&outcome);
    assert_failed(&run, "[\"/again\"]", BL_E_PROTOCOL, "more than 5 redirects");
    before = web_requests(web);
    outcome = answered(&run, "post", "[\"/again\"]"); /* a change goes where the gate said */
    assert_int_equal(bl_map_int(outcome.value, "status", 0), 302);
    assert_int_equal(web_requests(web), before + 1);
    bl_outcome_release(&outcome);
    close_api(&run);
}

static void test_get__uses_idle_sockets_again_and_replaces_closed_ones(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    int before = web_connections(web);

    (void)state;
    open_api(&run, "");
    for (int i = 0; i < 5; i++) {
        outcome = answered(&run, "get", "[\"/status/200\"]");
        bl_outcome_release(&outcome);
    }
    assert_int_equal(web_connections(web), before + 1);
    for (int i = 0; i < 3; i++) {
        outcome = answered(&run, "get", "[\"/drop\"]");
        bl_outcome_release(&outcome);
    }
    assert_true(web_connections(web) > before + 1);
    close_api(&run);
}

static void test_get__names_are_looked_up(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    char settings[100];

    (void)state;
    snprintf(settings, sizeof(settings), "{\"url\": \"http://localhost:%d\"}", web_port(web));
    test_run_open(&run, "http", settings);
    for (int i = 0; i < 2; i++) {
        outcome = answered(&run, "get", "[\"/status/200\"]");
        bl_outcome_release(&outcome);
    }
    test_run_close(&run);
    test_run_open(&run, "http", "{\"url\": \"http://no-such-host.invalid:1\"}");
    assert_failed(&run, "[\"/\", {\"timeout\": \"20s\"}]", BL_E_RESOLVE,
                  "no-such-host.invalid");
    test_run_close(&run);
}

static void test_tls__own_authority(void **state)
{
    const char *folder = *state;
    char cert[200], key[200], settings[600];
    struct test_run run;
    struct bl_outcome outcome;
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
    outcome = answered(&run, "get", "[\"/status/200\"]");
    assert_true(bl_value_as_float(bl_map_get(bl_map_get(outcome.value, "timings"), "tls")) > 0);
    bl_outcome_release(&outcome);
    test_run_close(&run);
    snprintf(settings, sizeof(settings),
             "{\"url\": \"https://127.0.0.1:%d\", \"verify\": false}", web_port(secure));
    test_run_open(&run, "http", settings);
    outcome = answered(&run, "get", "[\"/status/200\"]");
    bl_outcome_release(&outcome);
    test_run_close(&run);
    snprintf(settings, sizeof(settings), "{\"url\": \"https://127.0.0.1:%d\"}",
             web_port(secure));
    test_run_open(&run, "http", settings);
    assert_failed(&run, "[\"/status/200\"]", BL_E_TLS, "`ca_file`");
    print_message("longest turn with the system's authorities: %lld us\n",
                  (long long)bl_loop_longest(run.loop));
    test_run_close(&run);
    web_stop(secure);
}

static void test_environment__proxies_are_not_taken_from_it(void **state)
{
    struct test_run run;
    struct bl_outcome outcome;
    char settings[200];

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    open_api(&run, "");
    outcome = answered(&run, "get", "[\"/status/200\"]");
    bl_outcome_release(&outcome);
    close_api(&run);
    snprintf(settings, sizeof(settings),
             "{\"url\": \"http://name.invalid\", \"proxy\": \"http://127.0.0.1:%d\"}",
             web_port(web));
    setenv("no_proxy", "*", 1);
    test_run_open(&run, "http", settings);
    outcome = answered(&run, "get", "[\"/echo\"]");
    bl_outcome_release(&outcome);
    test_run_close(&run);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    unsetenv("no_proxy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get__gives_status_headers_body_json_timings),
        cmocka_unit_test(test_get__a_bad_status_is_an_answer),
        cmocka_unit_test(test_send__every_method_with_and_without_body),
        cmocka_unit_test(test_send__basic_authentication),
        cmocka_unit_test(test_send__mistakes_of_the_author),
        cmocka_unit_test(test_json__is_read_where_promised),
        cmocka_unit_test(test_bounds__body_and_headers),
        cmocka_unit_test(test_redirect__to_the_same_origin_only),
        cmocka_unit_test(test_get__uses_idle_sockets_again_and_replaces_closed_ones),
        cmocka_unit_test(test_get__names_are_looked_up),
        cmocka_unit_test_setup_teardown(test_tls__own_authority, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(test_environment__proxies_are_not_taken_from_it),
    };

    return cmocka_run_group_tests(tests, start_web, stop_web);
}
