/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_exec.c: the words around commands: quoting, environment, program, kept output. */
#include "base/prefix.h"

#include "exec_text.h"
#include "support/op.h"

#include <setjmp.h>

#include <cmocka.h>

static struct bl_value *json(const char *text)
{
    struct bl_value *value = NULL;
    struct bl_error err;

    if (bl_json_parse(text, strlen(text), true, &value, &err) != BL_OK)
        fail_msg("%s", err.message);
    return value;
}

static void assert_quoted(const char *argv, const char *expected)
{
    struct bl_value *list = json(argv);
    struct bl_buf out;

    bl_buf_init(&out, 0);
    bl_exec_quote(&out, list);
    assert_string_equal(bl_buf_text(&out), expected);
    bl_buf_release(&out);
    bl_value_unref(list);
}

static void test_exec__argv_is_quoted_for_a_shell(void **state)
{
    (void)state;
    assert_quoted("[\"ls\",\"-l\",\"/tmp/a.b\"]", "ls -l /tmp/a.b");
    assert_quoted("[\"psql\",\"-c\",\"select 'x'\"]", "psql -c 'select '\\''x'\\'''");
    assert_quoted("[\"echo\",\"\",\"$HOME\",\"a;b\",\"~\"]", "echo '' '$HOME' 'a;b' '~'");
}

static void test_exec__environment_is_clean(void **state)
{
    struct bl_value *env = json("{\"PGHOST\":\"db\",\"N\":5,\"LANG\":\"C\"}");
    char **list = NULL;
    struct bl_error err;

    (void)state;
    setenv("TMOUT", "3", 1);
    setenv("LD_PRELOAD_MADE_UP", "x", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    bl_map_set(env, "PGPASSWORD", bl_value_secret("pg", "made-up-word", 12));
    assert_int_equal(bl_exec_environment(env, &list, &err), BL_OK);
    assert_string_equal(bl_exec_variable(list, "PATH"), "/usr/bin:/bin");
    assert_string_equal(bl_exec_variable(list, "LANG"), "C");
    assert_string_equal(bl_exec_variable(list, "TERM"), "dumb");
    assert_string_equal(bl_exec_variable(list, "PGHOST"), "db");
    assert_string_equal(bl_exec_variable(list, "N"), "5");
    assert_string_equal(bl_exec_variable(list, "PGPASSWORD"), "made-up-word");
    assert_null(bl_exec_variable(list, "TMOUT"));
    assert_null(bl_exec_variable(list, "LD_PRELOAD_MADE_UP"));
    bl_exec_free_environment(list);
    bl_value_unref(env);
}

static void test_exec__bad_variables_are_refused(void **state)
{
    static const char *const bad[] = {"{\"A=B\":\"x\"}", "{\"\":\"x\"}", "{\"A\":[]}",
                                      "{\"A\":\"x\\u0000y\"}", "{\"A\":true}"};
    char **list = NULL;
    struct bl_error err;

    (void)state;
    for (size_t i = 0; i < BL_COUNT(bad); i++) {
        struct bl_value *env = json(bad[i]);
        assert_int_equal(bl_exec_environment(env, &list, &err), BL_E_ARG);
        bl_value_unref(env);
    }
}

static void test_exec__programs_are_found_in_folders(void **state)
{
    char *path = bl_exec_find("sh", "relative:/nowhere:/bin:/usr/bin");

    (void)state;
    assert_string_equal(path, "/bin/sh");
    bl_free(path);
    assert_null(bl_exec_find("sh", "relative:bin"));
    assert_null(bl_exec_find("sh", ""));
    assert_null(bl_exec_find("", "/bin"));
    assert_null(bl_exec_find("tmp", "/")); /* a folder is no program */
}

static void assert_captured(size_t room, const char *text, size_t step, const char *expected)
{
    struct bl_capture capture;
    struct bl_value *value;
    size_t len = strlen(text);

    bl_capture_init(&capture, room);
    for (size_t at = 0; at < len; at += step)
        bl_capture_add(&capture, text + at, len - at < step ? len - at : step);
    value = bl_capture_value(&capture);
    assert_string_equal(bl_value_as_text(value), expected);
    assert_int_equal(capture.total, len);
    bl_value_unref(value);
    bl_capture_release(&capture);
}

static void test_exec__output_keeps_head_and_tail(void **state)
{
    (void)state;
    for (size_t step = 1; step < 30; step++) {
        assert_captured(10, "", step, "");
        assert_captured(10, "0123", step, "0123");
        assert_captured(10, "0123456789", step, "0123456789");
        assert_captured(10, "0123456789a", step, "01234\n[1 bytes left out]\n6789a");
        assert_captured(10, "0123456789abcdefghijklm", step,
                        "01234\n[13 bytes left out]\nijklm");
        assert_captured(1, "abc", step, "a\n[1 bytes left out]\nc");
    }
}

static void assert_last_line(const char *text, const char *expected)
{
    struct bl_capture capture;
    struct bl_buf line;

    bl_capture_init(&capture, 40);
    bl_buf_init(&line, 300);
    bl_capture_add(&capture, text, strlen(text));
    assert_int_equal(bl_capture_last_line(&capture, &line), expected != NULL);
    if (expected != NULL)
        assert_string_equal(bl_buf_text(&line), expected);
    bl_buf_release(&line);
    bl_capture_release(&capture);
}

static void test_exec__last_line_is_found_and_clean(void **state)
{
    (void)state;
    assert_last_line("", NULL);
    assert_last_line(" \n\n", NULL);
    assert_last_line("one\ntwo\n\n", "two");
    assert_last_line("one", "one");
    assert_last_line("a\x1b[31mred", "a\\x1b[31mred");
    assert_last_line("a long first line that does not fit\nand some more of it\nlast\n",
                     "last");
}

static struct bl_inspection inspect(const char *args, const char *settings)
{
    const struct bl_module *module = bl_module_find("exec");
    const struct bl_operation *operation = bl_operation_find(module, "run");
    struct bl_value *given = json(args), *bound = NULL;
    struct bl_inspection inspection;
    struct bl_error err;
    struct bl_call *call;

    if (bl_args_bind(operation->args, true, given, &bound, &err) != BL_OK)
        fail_msg("%s", err.message);
    call = bl_call_new(module, operation, "exec", bound);
    call->settings = json(settings);
    bl_inspection_init(&inspection, call);
    bl_call_free(call);
    bl_value_unref(bound);
    bl_value_unref(given);
    return inspection;
}

static void test_exec__inspection_shows_the_command(void **state)
{
    struct bl_inspection seen =
        inspect("[[\"psql\",\"-c\",\"select 1\"],{\"env\":{\"PGHOST\":\"db\"},\"cwd\":\"/tmp\","
                "\"stdin\":\"four\"}]",
                "{\"psql\":{\"class\":\"change\",\"target\":\"postgres.main\"}}");

    (void)state;
    assert_int_equal(seen.class, BL_CLASS_CHANGE);
    assert_string_equal(seen.target, "postgres.main");
    assert_string_equal(seen.summary, "psql -c 'select 1'");
    assert_non_null(strstr(bl_buf_text(&seen.detail), "in folder: /tmp"));
    assert_non_null(strstr(bl_buf_text(&seen.detail), "environment: PGHOST"));
    assert_non_null(strstr(bl_buf_text(&seen.detail), "standard input: 4 bytes"));
    bl_inspection_release(&seen);
    seen = inspect("[\"ls | wc -l\",{\"shell\":true}]", "{}");
    assert_int_equal(seen.class, BL_CLASS_DESTROY);
    assert_string_equal(seen.target, "exec.sh");
    assert_string_equal(seen.summary, "ls | wc -l");
    bl_inspection_release(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec__argv_is_quoted_for_a_shell),
        cmocka_unit_test(test_exec__environment_is_clean),
        cmocka_unit_test(test_exec__bad_variables_are_refused),
        cmocka_unit_test(test_exec__programs_are_found_in_folders),
        cmocka_unit_test(test_exec__output_keeps_head_and_tail),
        cmocka_unit_test(test_exec__last_line_is_found_and_clean),
        cmocka_unit_test(test_exec__inspection_shows_the_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
