/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_base.c: values, JSON, text and argument tables. */
#include "base/prefix.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/module.h"
#include "base/text.h"

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>

static void assert_json(const char *text, const char *expected)
{
    struct bl_value *value = NULL;
    struct bl_error err = {0};
    struct bl_buf out;

    assert_int_equal(bl_json_parse(text, strlen(text), true, &value, &err), BL_OK);
    bl_buf_init(&out, 0);
    bl_json_write(&out, value, BL_JSON_CANONICAL);
    assert_string_equal(bl_buf_text(&out), expected);
    bl_buf_release(&out);
    bl_value_unref(value);
}

static void test_json__canonical_text_reads_back_as_itself(void **state)
{
    (void)state;
    assert_json("{\"b\":1,\"a\":[1.0,true,null,\"x\\n\\u0001\"]}",
                "{\"a\":[1.0,true,null,\"x\\n\\u0001\"],\"b\":1}");
    assert_json("9223372036854775807", "9223372036854775807");
    assert_json("0.1", "0.1");
    assert_json("{\"$bytes\":\"/wA=\"}", "{\"$bytes\":\"/wA=\"}");
    assert_json("{\"$float\":\"nan\"}", "{\"$float\":\"nan\"}");
    assert_json("{\"$$bytes\":1}", "{\"$$bytes\":1}");
    assert_json("[[],{}]", "[[],{}]");
}

static void test_json__bad_text_is_an_error_with_a_place(void **state)
{
    static const char *const bad[] = {"", "{", "{\"a\":1,\"a\":2}", "[1] x", "\"\xff\"", "01"};
    struct bl_value *value = NULL;
    struct bl_error err;

    (void)state;
    for (size_t i = 0; i < BL_COUNT(bad); i++) {
        assert_int_equal(bl_json_parse(bad[i], strlen(bad[i]), false, &value, &err),
                         BL_E_PARSE);
        assert_non_null(strstr(err.message, "line"));
    }
}

static void test_text__durations_and_sizes(void **state)
{
    int64_t amount;
    struct bl_error err;

    (void)state;
    assert_int_equal(bl_parse_duration("1h30m", &amount, &err), BL_OK);
    assert_int_equal(amount, 5400000);
    assert_int_equal(bl_parse_duration("2", &amount, &err), BL_OK);
    assert_int_equal(amount, 2000);
    assert_int_equal(bl_parse_duration("250ms", &amount, &err), BL_OK);
    assert_int_equal(amount, 250);
    assert_int_equal(bl_parse_bytes("2GB", &amount, &err), BL_OK);
    assert_int_equal(amount, INT64_C(2147483648));
    assert_int_equal(bl_parse_duration("2 parsecs", &amount, &err), BL_E_ARG);
    assert_int_equal(bl_parse_duration("", &amount, &err), BL_E_ARG);
    assert_int_equal(bl_parse_bytes("-1", &amount, &err), BL_E_ARG);
    assert_int_equal(bl_parse_bytes("0x10", &amount, &err), BL_E_ARG);
}

static void test_text__control_characters_are_shown(void **state)
{
    struct bl_buf out;
    const char *nasty = "a\x1b[2J\xc2\x9b"
                        "b\n\xff";

    (void)state;
    bl_buf_init(&out, 0);
    bl_text_clean(&out, nasty, strlen(nasty), true);
    assert_string_equal(bl_buf_text(&out), "a\\x1b[2J\\x9bb\n\xef\xbf\xbd");
    bl_buf_release(&out);
}

static void test_clock__times_of_servers(void **state)
{
    int64_t a, b;
    char text[BL_TIME_TEXT];

    (void)state;
    assert_int_equal(bl_time_parse("2026-03-01T02:59:00Z", &a, NULL), BL_OK);
    assert_int_equal(bl_time_parse("2026-03-01 03:59:00.000000+01", &b, NULL), BL_OK);
    assert_int_equal(a, b);
    assert_int_equal(bl_time_parse("2026-03-01T03:59:00+01:00", &b, NULL), BL_OK);
    assert_int_equal(a, b);
    bl_time_format(a, text);
    assert_string_equal(text, "2026-03-01T02:59:00.000Z");
    assert_int_equal(bl_time_parse("2024-02-29T23:59:60.25-0530", &b, NULL), BL_OK);
    bl_time_format(b, text);
    assert_string_equal(text, "2024-03-01T05:30:00.250Z");
}

static void test_clock__refuses_what_is_no_time(void **state)
{
    static const char *const wrong[] = {
        "yesterday",
        "",
        "2026-03-01",
        "2026-3-01T02:59:00Z",
        "2026-13-01T02:59:00Z",
        "2026-04-31T02:59:00Z",
        "2025-02-29T02:59:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T+2:59:00Z",
        "2026-03-01T02:59:00.Z",
        "2026-03-01T02:59:00.5e9Z",
        "2026-03-01T02:59:00+1",
        "2026-03-01T02:59:00+01:",
        "2026-03-01T02:59:00+01:-5",
        "2026-03-01T02:59:00 UTC",
    };
    int64_t millis;

    (void)state;
    for (size_t i = 0; i < BL_COUNT(wrong); i++)
        assert_int_equal(bl_time_parse(wrong[i], &millis, NULL), BL_E_PARSE);
}

static const struct bl_arg query_args[] = {
    {.name = "sql", .type = BL_T_STRING},
    {.name = "params", .type = BL_T_LIST, .flags = BL_ARG_OPTIONAL},
    {.name = "rows",
     .type = BL_T_INTEGER,
     .flags = BL_ARG_OPTION,
     .fallback = "1000",
     .min = 1,
     .max = 9},
    {0},
};

static enum bl_code bind_json(const char *text, struct bl_value **bound, struct bl_error *err)
{
    struct bl_value *given = NULL;
    enum bl_code code;

    assert_int_equal(bl_json_parse(text, strlen(text), false, &given, NULL), BL_OK);
    code = bl_args_bind(query_args, true, given, bound, err);
    bl_value_unref(given);
    return code;
}

static void test_args__options_come_last_and_mistakes_have_names(void **state)
{
    struct bl_value *bound = NULL;
    struct bl_error err = {0};

    (void)state;
    assert_int_equal(
        bind_json("[\"select 1\", {\"rows\": 5, \"timeout\": \"2s\"}]", &bound, &err), BL_OK);
    assert_int_equal(bl_map_int(bound, "rows", 0), 5);
    assert_int_equal(bl_map_int(bound, "timeout", 0), 2000);
    assert_null(bl_map_get(bound, "params"));
    bl_value_unref(bound);
    assert_int_equal(bind_json("[5]", &bound, &err), BL_E_ARG);
    assert_non_null(strstr(err.message, "'sql'"));
    assert_int_equal(bind_json("[\"select 1\", [], {\"row\": 5}]", &bound, &err), BL_E_ARG);
    assert_non_null(strstr(err.message, "did you mean 'rows'"));
    assert_int_equal(bind_json("[\"select 1\", [], {\"rows\": 10}]", &bound, &err), BL_E_ARG);
    assert_non_null(strstr(err.message, "between 1 and 9"));
    assert_int_equal(bind_json("[\"select 1\", [], {}, 7]", &bound, &err), BL_E_ARG);
    assert_int_equal(bind_json("[]", &bound, &err), BL_E_ARG);
}

static void test_args__a_command_is_a_list_of_strings(void **state)
{
    static const struct bl_arg args[] = {
        {.name = "argv", .type = BL_T_COMMAND, .text = "what to run"}, {0}};
    struct bl_value *given = bl_list_new(), *argv = bl_list_new(), *bound = NULL;
    struct bl_error err;

    (void)state;
    bl_list_add(given, bl_value_text("ls -l"));
    assert_int_equal(bl_args_bind(args, true, given, &bound, &err), BL_OK);
    assert_string_equal(bl_value_as_text(bl_list_get(bl_map_get(bound, "argv"), 0)), "ls -l");
    bl_value_unref(bound);
    bl_value_unref(given);
    given = bl_list_new();
    bl_list_add(argv, bl_value_text("psql"));
    bl_list_add(argv, bl_value_secret("PGPASSWORD", "made-up", 7));
    bl_list_add(given, argv);
    assert_int_equal(bl_args_bind(args, true, given, &bound, &err), BL_E_ARG);
    assert_non_null(strstr(err.message, "<secret:PGPASSWORD>"));
    assert_null(strstr(err.message, "made-up"));
    bl_value_unref(given);
    given = bl_list_new();
    bl_list_add(given, bl_list_new());
    assert_int_equal(bl_args_bind(args, true, given, &bound, &err), BL_E_ARG);
    bl_value_unref(given);
    given = bl_list_new();
    argv = bl_list_new();
    bl_list_add(argv, bl_value_bytes("a\0b", 3));
    bl_list_add(given, argv);
    assert_int_equal(bl_args_bind(args, true, given, &bound, &err), BL_E_ARG);
    bl_value_unref(given);
}

/* Many keys in falling order, some twice: in order, the last value of each, and fast. */
static void test_value__large_maps_stay_sorted(void **state)
{
    struct bl_value *map = bl_map_new(), *copy = bl_map_new();
    char key[16];

    (void)state;
    for (int i = 100000; i > 0; i--) {
        snprintf(key, sizeof(key), "%06d", i);
        bl_map_set(map, key, bl_value_int(0));
        if (i % 2 == 0)
            bl_map_set(map, key, bl_value_int(i));
    }
    for (int i = 1; i <= 100000; i++) {
        snprintf(key, sizeof(key), "%06d", i);
        bl_map_set(copy, key, bl_value_int(i % 2 == 0 ? i : 0));
    }
    assert_int_equal(bl_value_count(map), 100000);
    assert_string_equal(bl_map_key(map, 0), "000001");
    assert_int_equal(bl_map_int(map, "099998", -1), 99998);
    assert_true(bl_value_is_equal(map, copy));
    bl_map_del(map, "000001");
    bl_map_set(map, "000002", bl_value_nil());
    assert_string_equal(bl_map_key(map, 0), "000002");
    assert_int_equal(bl_value_count(map), 99999);
    assert_int_equal(bl_value_type(bl_map_get(map, "000002")), BL_NIL);
    bl_value_unref(map);
    bl_value_unref(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value__large_maps_stay_sorted),
        cmocka_unit_test(test_json__canonical_text_reads_back_as_itself),
        cmocka_unit_test(test_json__bad_text_is_an_error_with_a_place),
        cmocka_unit_test(test_text__durations_and_sizes),
        cmocka_unit_test(test_text__control_characters_are_shown),
        cmocka_unit_test(test_clock__times_of_servers),
        cmocka_unit_test(test_clock__refuses_what_is_no_time),
        cmocka_unit_test(test_args__options_come_last_and_mistakes_have_names),
        cmocka_unit_test(test_args__a_command_is_a_list_of_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
