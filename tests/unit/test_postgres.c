/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_postgres.c: cells to values, values to parameters, and what inspect says, without a
 * server. */
#include "base/prefix.h"

#include "base/json.h"
#include "module.h"
#include "postgres_value.h"

#include <setjmp.h>

#include <cmocka.h>

/* The cell as canonical JSON. */
static void check_cell(uint32_t type, const char *text, const char *wanted)
{
    struct bl_value *value = bl_postgres_value(type, text, strlen(text));
    struct bl_buf out;

    bl_buf_init(&out, 0);
    bl_json_write(&out, value, BL_JSON_CANONICAL);
    if (strcmp(bl_buf_text(&out), wanted) != 0)
        fail_msg("type %u '%s': %s, wanted %s", type, text, bl_buf_text(&out), wanted);
    bl_buf_release(&out);
    bl_value_unref(value);
}

static void test_postgres__cells(void **state)
{
    static const struct {
        uint32_t type;
        const char *text, *wanted;
    } cells[] = {
        {16, "t", "true"},
        {16, "f", "false"},
        {20, "9223372036854775807", "9223372036854775807"},
        {20, "-9223372036854775808", "-9223372036854775808"},
        {23, "7", "7"},
        {26, "4294967295", "4294967295"},
        {23, "x", "\"x\""},
        {701, "0.1", "0.1"},
        {701, "NaN", "{\"$float\":\"nan\"}"},
        {701, "-Infinity", "{\"$float\":\"-inf\"}"},
        {1700, "5", "5"},
        {1700, "5.00", "5"},
        {1700, "-0.50", "-0.5"},
        {1700, "0", "0"},
        {1700, "0.00", "0"},
        {1700, "9223372036854775807", "9223372036854775807"},
        {1700, "9223372036854775808", "\"9223372036854775808\""},
        {1700, "123456789012.345", "123456789012.345"},
        {1700, "1234567890123.456", "\"1234567890123.456\""},
        {1700, "0.000000000000000000123", "1.23e-19"},
        {1700, "1000000000000000000000", "1e+21"},
        {1700, "NaN", "{\"$float\":\"nan\"}"},
        {1184, "2026-03-01 02:59:00+00", "\"2026-03-01T02:59:00Z\""},
        {1184, "2026-03-01 02:59:00.25+02", "\"2026-03-01T02:59:00.25+02:00\""},
        {1184, "2026-03-01 02:59:00-05:30", "\"2026-03-01T02:59:00-05:30\""},
        {1114, "2026-03-01 02:59:00", "\"2026-03-01T02:59:00\""},
        {1184, "infinity", "\"infinity\""},
        {1184, "0044-03-15 00:00:00+00 BC", "\"0044-03-15 00:00:00+00 BC\""},
        {1082, "2026-03-01", "\"2026-03-01\""},
        {17, "\\x616263", "\"abc\""},
        {17, "\\x00ff", "{\"$bytes\":\"AP8=\"}"},
        {17, "\\xzz", "\"\\\\xzz\""},
        {1007, "{1,-2,NULL}", "[1,-2,null]"},
        {1007, "{}", "[]"},
        {1007, "{{1,2},{3,4}}", "[[1,2],[3,4]]"},
        {1007, "[0:1]={5,6}", "[5,6]"},
        {1007, "{1,2", "\"{1,2\""},
        {1007, "{1}x", "\"{1}x\""},
        {1009, "{a,\"b,\\\"c\\\\\",\"NULL\",NULL,\"\"}",
         "[\"a\",\"b,\\\"c\\\\\",\"NULL\",null,\"\"]"},
        {1009, "{\"open", "\"{\\\"open\""},
        {1231, "{1.5,2.0}", "[1.5,2]"},
        {1000, "{t,f}", "[true,false]"},
        {1185, "{\"2026-03-01 00:00:00+00\"}", "[\"2026-03-01T00:00:00Z\"]"},
        {25, "plain", "\"plain\""},
        {99999, "(1,2)", "\"(1,2)\""},
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(cells); i++)
        check_cell(cells[i].type, cells[i].text, cells[i].wanted);
}

static void test_postgres__deep_array_stays_text(void **state)
{
    char text[201];

    (void)state;
    memset(text, '{', 100);
    memset(text + 100, '}', 100);
    text[200] = '\0';
    struct bl_value *value = bl_postgres_value(1007, text, 200);
    assert_int_equal(bl_value_type(value), BL_BYTES);
    bl_value_unref(value);
}

static struct bl_value *parse(const char *json)
{
    struct bl_value *value = NULL;

    assert_int_equal(bl_json_parse(json, strlen(json), true, &value, NULL), BL_OK);
    return value;
}

static void test_postgres__parameters(void **state)
{
    static const struct {
        uint32_t type;
        const char *text;
    } wanted[] = {
        {23, "7"},
        {20, "5000000000"},
        {701, "0.5"},
        {16, "true"},
        {0, "it's"},
        {0, NULL},
        {1007, "{1,2}"},
        {1016, "{1,5000000000}"},
        {1022, "{1,2.5}"},
        {1000, "{true}"},
        {0, "{\"a\\\"b\",NULL}"},
        {0, "{\"k\":[1]}"},
        {0, ""},
        {0, "{}"},
    };
    struct bl_value *list = parse(
        "[7, 5000000000, 0.5, true, \"it's\", null, [1, 2], [1, 5000000000], [1, 2.5], [true], "
        "[\"a\\\"b\", null], {\"k\": [1]}, \"\", []]");
    struct bl_postgres_params params;
    struct bl_error err;

    (void)state;
    assert_int_equal(bl_postgres_params_init(&params, list, &err), BL_OK);
    assert_int_equal(params.count, BL_COUNT(wanted));
    for (size_t i = 0; i < BL_COUNT(wanted); i++) {
        assert_int_equal(params.types[i], wanted[i].type);
        if (wanted[i].text == NULL)
            assert_null(params.values[i]);
        else
            assert_string_equal(params.values[i], wanted[i].text);
    }
    bl_postgres_params_release(&params);
    bl_value_unref(list);
}

static void test_postgres__parameters_refused(void **state)
{
    struct bl_postgres_params params;
    struct bl_value *list = parse("[1, \"a\\u0000b\"]");
    struct bl_error err;

    (void)state;
    assert_int_equal(bl_postgres_params_init(&params, list, &err), BL_E_ARG);
    assert_non_null(strstr(err.message, "$2 holds a NUL"));
    bl_postgres_params_release(&params);
    bl_value_unref(list);
    list = bl_list_new();
    bl_list_add(list, bl_value_secret("TOKEN", "invented", 8));
    assert_int_equal(bl_postgres_params_init(&params, list, &err), BL_E_ARG);
    assert_non_null(strstr(err.message, "$1 is a secret"));
    assert_null(strstr(err.message, "invented"));
    bl_postgres_params_release(&params);
    bl_value_unref(list);
}

/* inspect of one call; the caller releases it. */
static void inspect(const char *operation, const char *args, struct bl_inspection *inspection)
{
    const struct bl_module *module = bl_module_find("postgres");
    const struct bl_operation *found = bl_operation_find(module, operation);
    struct bl_value *given = parse(args), *bound = NULL;
    struct bl_error err;
    struct bl_call *call;

    assert_non_null(found);
    assert_int_equal(bl_args_bind(found->args, true, given, &bound, &err), BL_OK);
    call = bl_call_new(module, found, "postgres.main", bound);
    bl_inspection_init(inspection, call);
    bl_call_free(call);
    bl_value_unref(bound);
    bl_value_unref(given);
}

static void test_postgres__inspect(void **state)
{
    struct bl_inspection inspection;

    (void)state;
    inspect("query", "[\"select 1\\n  where $1 = 'x'\", [\"it's\"], {\"rows\": 5}]",
            &inspection);
    assert_int_equal(inspection.class, BL_CLASS_OBSERVE);
    assert_string_equal(inspection.summary, "select 1 where $1 = 'x'");
    assert_string_equal(bl_buf_text(&inspection.detail),
                        "select 1\n  where $1 = 'x'\n$1 = 'it''s'");
    assert_string_equal(inspection.refused, "");
    bl_inspection_release(&inspection);

    inspect("execute", "[\"delete from t where id = $1\", [7]]", &inspection);
    assert_int_equal(inspection.class, BL_CLASS_CHANGE);
    assert_non_null(strstr(bl_buf_text(&inspection.detail), "$1 = 7"));
    bl_inspection_release(&inspection);

    inspect("query", "[\"drop table t\"]", &inspection);
    assert_int_equal(inspection.class, BL_CLASS_DESTROY);
    bl_inspection_release(&inspection);

    inspect("query", "[\"begin\"]", &inspection);
    assert_non_null(strstr(inspection.refused, "'begin' is refused"));
    bl_inspection_release(&inspection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_postgres__cells),
        cmocka_unit_test(test_postgres__deep_array_stays_text),
        cmocka_unit_test(test_postgres__parameters),
        cmocka_unit_test(test_postgres__parameters_refused),
        cmocka_unit_test(test_postgres__inspect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
