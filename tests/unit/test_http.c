/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_http.c: URLs, classes and summaries of HTTP requests, without a server. */
#include "base/prefix.h"

#include "base/json.h"
#include "http_answer.h"
#include "http_url.h"

#include <setjmp.h>

#include <cmocka.h>

static struct bl_value *json(const char *text)
{
    struct bl_value *value = NULL;

    assert_int_equal(bl_json_parse(text, strlen(text), false, &value, NULL), BL_OK);
    return value;
}

/* A call of the module with settings and arguments as JSON; secret settings by hand. */
static struct bl_call *call_new(const char *operation, const char *args,
                                struct bl_value *take_settings)
{
    const struct bl_module *module = bl_module_find("http");
    const struct bl_operation *found = bl_operation_find(module, operation);
    struct bl_value *given = json(args), *bound = NULL;
    struct bl_error err = {0};
    struct bl_call *call;

    if (bl_args_bind(found->args, true, given, &bound, &err) != BL_OK)
        fail_msg("%s", err.message);
    call = bl_call_new(module, found, "http.api", bound);
    call->settings = take_settings;
    bl_value_unref(given);
    bl_value_unref(bound);
    return call;
}

static void assert_inspected(const char *operation, const char *args, const char *settings,
                             enum bl_class class, const char *summary)
{
    struct bl_call *call = call_new(operation, args, json(settings));
    struct bl_inspection inspection;

    bl_inspection_init(&inspection, call);
    assert_int_equal(inspection.class, class);
    assert_string_equal(inspection.summary, summary);
    bl_inspection_release(&inspection);
    bl_call_free(call);
}

#define API "{\"url\": \"http://localhost:8000/v1/\"}"

static void test_inspect__the_method_decides(void **state)
{
    (void)state;
    assert_inspected("get", "[\"/health\"]", API, BL_CLASS_OBSERVE,
                     "GET http://localhost:8000/v1/health");
    assert_inspected("head", "[]", API, BL_CLASS_OBSERVE, "HEAD http://localhost:8000/v1/");
    assert_inspected("post", "[\"/x\"]", API, BL_CLASS_CHANGE,
                     "POST http://localhost:8000/v1/x");
    assert_inspected("delete", "[\"/x\"]", API, BL_CLASS_DESTROY,
                     "DELETE http://localhost:8000/v1/x");
    assert_inspected("request", "[\"OPTIONS\", \"/x\"]", API, BL_CLASS_OBSERVE,
                     "OPTIONS http://localhost:8000/v1/x");
    assert_inspected("request", "[\"DELETE\", \"/x\"]", API, BL_CLASS_DESTROY,
                     "DELETE http://localhost:8000/v1/x");
    assert_inspected("request", "[\"PURGE\", \"/x\"]", API, BL_CLASS_CHANGE,
                     "PURGE http://localhost:8000/v1/x");
}

static void test_inspect__a_header_cannot_hide_the_method(void **state)
{
    (void)state;
    assert_inspected("get", "[\"/x\", {\"headers\": {\"X-HTTP-Method-Override\": \"DELETE\"}}]",
                     API, BL_CLASS_DESTROY, "GET http://localhost:8000/v1/x");
    assert_inspected(
        "get", "[\"/x\"]",
        "{\"url\": \"http://localhost:1\", \"headers\": {\"x-http-method\": \"PUT\"}}",
        BL_CLASS_DESTROY, "GET http://localhost:1/x");
}

static void test_inspect__strange_methods_are_refused(void **state)
{
    static const char *const bad[] = {"[\"CONNECT\"]", "[\"TRACE\"]", "[\"get\"]",
                                      "[\"GET /x\\r\\nA: b\"]", "[\"\"]"};

    (void)state;
    for (size_t i = 0; i < BL_COUNT(bad); i++) {
        struct bl_call *call = call_new("request", bad[i], json(API));
        struct bl_inspection inspection;
        bl_inspection_init(&inspection, call);
        assert_non_null(strstr(inspection.refused, "not one that can be sent"));
        bl_inspection_release(&inspection);
        bl_call_free(call);
    }
}

static void test_inspect__secrets_read_as_their_names(void **state)
{
    struct bl_value *settings = bl_map_new(), *headers = bl_map_new();
    struct bl_inspection inspection;
    struct bl_call *call;
    const char *url = "https://hooks.example/T0/not-a-real-token";

    (void)state;
    bl_map_set(headers, "Authorization", bl_value_secret("TOKEN", "Bearer nonsense", 15));
    bl_map_set(settings, "url", bl_value_secret("HOOK", url, strlen(url)));
    bl_map_set(settings, "headers", headers);
    call = call_new("post", "[\"/send\", {\"json\": {\"text\": \"hello\"}}]", settings);
    bl_inspection_init(&inspection, call);
    assert_string_equal(inspection.summary, "POST <secret:HOOK>/send");
    assert_string_equal(bl_buf_text(&inspection.detail),
                        "POST <secret:HOOK>/send\nAuthorization: <secret:TOKEN>\n"
                        "{\n  \"text\": \"hello\"\n}");
    bl_inspection_release(&inspection);
    bl_call_free(call);
}

static void test_inspect__userinfo_is_not_shown(void **state)
{
    (void)state;
    assert_inspected("get", "[\"/a\"]", "{\"url\": \"http://me:pass@localhost:1\"}",
                     BL_CLASS_OBSERVE, "GET http://localhost:1/a");
}

static void assert_url(const char *base, const char *path, const char *query,
                       const char *expected)
{
    struct bl_call *call = call_new("get", "[]", json(API));
    struct bl_value *fields = json(query);
    struct bl_error err = {0};
    char *url = bl_http_url(call, base, path, fields, &err);

    if (expected == NULL) {
        assert_null(url);
        assert_int_equal(err.code, BL_E_ARG);
    } else {
        assert_non_null(url);
        assert_string_equal(url, expected);
    }
    bl_free(url);
    bl_value_unref(fields);
    bl_call_free(call);
}

static void test_url__base_path_and_query_are_joined(void **state)
{
    (void)state;
    assert_url("http://h:1/", "/a", "{}", "http://h:1/a");
    assert_url("http://h:1/api", "", "{}", "http://h:1/api");
    assert_url("http://h", "/a b", "{\"q\": \"x&y=z \\u00e9\"}",
               "http://h/a%20b?q=x%26y%3Dz%20%C3%A9");
    assert_url("http://h", "/a?x=1", "{\"b\": [1, true, \"c\"], \"d\": 0.5}",
               "http://h/a?x=1&b=1&b=true&b=c&d=0.5");
    assert_url("http://h", "/a#part", "{}", "http://h/a");
    assert_url("http://[::1]:8/", "/a", "{}", "http://[::1]:8/a");
}

static void test_url__what_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    assert_url("http://h", "@evil.example/", "{}", NULL);
    assert_url("http://h", ".evil.example/", "{}", NULL);
    assert_url("http://h", "/a\r\nHost: evil", "{}", NULL);
    assert_url("file:///etc/passwd", "", "{}", NULL);
    assert_url("gopher://h/", "", "{}", NULL);
    assert_url("localhost", "/a", "{}", NULL);
    assert_url("http://h", "/a", "{\"q\": {\"x\": 1}}", NULL);
}

static void test_url__origins_differ_in_scheme_host_and_port(void **state)
{
    (void)state;
    assert_true(bl_http_origin_is_same("http://H/a", "http://h:80/b"));
    assert_false(bl_http_origin_is_same("http://h/a", "https://h/a"));
    assert_false(bl_http_origin_is_same("http://h/a", "http://h:81/a"));
    assert_false(bl_http_origin_is_same("http://h/a", "http://h.example/a"));
    assert_false(bl_http_origin_is_same("http://h/a", "file:///a"));
}

static void test_answer__content_types_of_json(void **state)
{
    (void)state;
    assert_true(bl_http_type_is_json("application/json"));
    assert_true(bl_http_type_is_json("Application/JSON; charset=utf-8"));
    assert_true(bl_http_type_is_json("application/problem+json"));
    assert_false(bl_http_type_is_json("text/plain"));
    assert_false(bl_http_type_is_json("application/json-seq"));
    assert_false(bl_http_type_is_json(""));
}

static void test_nominal__looks_like_a_good_answer(void **state)
{
    struct bl_call *call = call_new("post", "[\"/x\"]", json(API));
    struct bl_value *answer = call->operation->nominal(call);

    (void)state;
    assert_int_equal(bl_map_int(answer, "status", 0), 200);
    assert_string_equal(bl_map_text(answer, "url", ""), "http://localhost:8000/v1/x");
    bl_value_unref(answer);
    bl_call_free(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inspect__the_method_decides),
        cmocka_unit_test(test_inspect__a_header_cannot_hide_the_method),
        cmocka_unit_test(test_inspect__strange_methods_are_refused),
        cmocka_unit_test(test_inspect__secrets_read_as_their_names),
        cmocka_unit_test(test_inspect__userinfo_is_not_shown),
        cmocka_unit_test(test_url__base_path_and_query_are_joined),
        cmocka_unit_test(test_url__what_leads_elsewhere_is_refused),
        cmocka_unit_test(test_url__origins_differ_in_scheme_host_and_port),
        cmocka_unit_test(test_answer__content_types_of_json),
        cmocka_unit_test(test_nominal__looks_like_a_good_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
