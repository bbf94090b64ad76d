/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_tcp.c: arguments, summaries and nominal answers of the tcp module, without a server. */
#include "base/prefix.h"

#include "base/json.h"
#include "module.h"

#include <setjmp.h>

#include <cmocka.h>

static struct bl_call *call_new(const char *operation, const char *args, struct bl_error *err)
{
    const struct bl_module *module = bl_module_find("tcp");
    const struct bl_operation *found = bl_operation_find(module, operation);
    struct bl_value *given = NULL, *bound = NULL;
    struct bl_call *call = NULL;

    assert_int_equal(bl_json_parse(args, strlen(args), false, &given, NULL), BL_OK);
    if (bl_args_bind(found->args, true, given, &bound, err) == BL_OK)
        call = bl_call_new(module, found, "tcp", bound);
    bl_value_unref(given);
    bl_value_unref(bound);
    return call;
}

static void test_inspect__names_the_endpoint_and_observes(void **state)
{
    struct bl_error err = {0};
    struct bl_call *call = call_new("certificate", "[\"example.org\", 443]", &err);
    struct bl_inspection inspection;

    (void)state;
    assert_non_null(call);
    bl_inspection_init(&inspection, call);
    assert_int_equal(inspection.class, BL_CLASS_OBSERVE);
    assert_string_equal(inspection.summary, "tcp certificate example.org:443");
    bl_inspection_release(&inspection);
    bl_call_free(call);
}

static void test_args__mistakes_are_named(void **state)
{
    struct bl_error err = {0};

    (void)state;
    assert_null(call_new("connect", "[\"a b\", 1]", &err));
    assert_non_null(strstr(err.message, "'host'"));
    assert_null(call_new("connect", "[\"h\", 65536]", &err));
    assert_non_null(strstr(err.message, "'port'"));
    assert_null(call_new("connect", "[\"h\", 1, {\"banner\": \"1GB\"}]", &err));
    assert_non_null(strstr(err.message, "'banner'"));
    assert_null(call_new("connect", "[\"h\"]", &err));
}

static void test_nominal__looks_like_a_good_answer(void **state)
{
    struct bl_error err = {0};
    struct bl_call *call = call_new("connect", "[\"h\", 22, {\"banner\": 100}]", &err);
    struct bl_value *answer;

    (void)state;
    assert_non_null(call);
    answer = call->operation->nominal(call);
    assert_string_equal(bl_map_text(answer, "address", ""), "h:22");
    assert_non_null(bl_map_get(answer, "banner"));
    bl_value_unref(answer);
    bl_call_free(call);
    call = call_new("certificate", "[\"h\", 443]", &err);
    answer = call->operation->nominal(call);
    assert_true(bl_value_as_float(bl_map_get(answer, "days")) > 1);
    bl_value_unref(answer);
    bl_call_free(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inspect__names_the_endpoint_and_observes),
        cmocka_unit_test(test_args__mistakes_are_named),
        cmocka_unit_test(test_nominal__looks_like_a_good_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
