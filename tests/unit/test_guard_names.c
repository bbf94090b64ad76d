/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_guard_names.c: a program's name that is only looked up is no call, and nothing else is
 * so. */
#include "base/prefix.h"

#include "base/value.h"
#include "guard/exec.h"
#include "guard/exec_names.h"

#include <setjmp.h>

#include <cmocka.h>

const struct bl_module *const bl_modules[] = {NULL};

/* A text for the shell, or the last word of bash -c; both shells are listed as a change. */
static void assert_class(const char *text, bool is_word, enum bl_class class)
{
    struct bl_value *list = bl_list_new(), *listed = bl_map_new(), *entry = bl_map_new();
    struct bl_command command;

    bl_map_set(entry, "class", bl_value_text("change"));
    bl_map_set(listed, is_word ? "bash" : "sh", entry);
    if (is_word) {
        bl_list_add(list, bl_value_text("bash"));
        bl_list_add(list, bl_value_text("-c"));
    }
    bl_list_add(list, bl_value_text(text));
    bl_command_classify(list, !is_word, NULL, listed, &command);
    if (command.class != class)
        fail_msg("%s is %s (%s), not %s", text, bl_class_name(command.class), command.why,
                 bl_class_name(class));
    bl_value_unref(list);
    bl_value_unref(listed);
}

static void assert_classes(const char *const *texts, enum bl_class class)
{
    for (; *texts != NULL; texts++)
        assert_class(*texts, false, class);
}

static void test_names__looking_up_is_no_call(void **state)
{
    static const char *const texts[] = {
        "which psql",
        "which psql pg_dump dropdb >/dev/null 2>&1",
        "command -v psql",
        "command -V rm > /dev/null || exit 1",
        "type -a rm; man rm; true",
        "if ! command -v psql >/dev/null\nthen echo 'install psql, then dropdb works'; exit "
        "1\nfi",
        "which psql && psql -c 'select 1'",
        "true&&which rm",
        "echo do not rm this by hand >&2",
        NULL,
    };

    (void)state;
    assert_classes(texts, BL_CLASS_CHANGE);
}

static void test_names__calls_next_to_it_are_seen(void **state)
{
    static const char *const texts[] = {
        "which rm; rm x",
        "which rm && rm x",
        "which rm\nrm x",
        "which psql && psql",
        "command rm x",
        "command -v rm; command rm x",
        "command -p rm x",
        "FOO=1 which rm & rm x",
        "nohup echo; nohup rm x",
        "echo a;rm b",
        "if which rm; then rm x; fi",
        "which >/dev/null rm; dropdb x",
        "echo 'a' ; 'rm' x ; echo 'b'",
        NULL,
    };

    (void)state;
    assert_classes(texts, BL_CLASS_DESTROY);
}

static void test_names__what_is_printed_may_be_taken_up(void **state)
{
    static const char *const texts[] = {
        "echo rm x | sh",
        "echo rm x |sh",
        "{ echo rm x; } | sh",
        "which rm | xargs -I P P x",
        "$(which rm) x",
        "`command -v rm` x",
        "sh -c \"$(echo rm x)\"",
        "sh <<E\necho rm x\nE",
        "echo rm x >> script; sh script",
        "exec >> script; echo rm x; sh script",
        "echo rm x 1<>script; sh script",
        "echo rm x >&3",
        "echo rm x >&22",
        "echo rm x > /dev/nullx",
        "echo rm; $_ x",
        "which rm; \"$_\" x",
        NULL,
    };

    (void)state;
    assert_classes(texts, BL_CLASS_DESTROY);
}

static void test_names__a_name_may_mean_something_else(void **state)
{
    static const char *const texts[] = {
        "echo() { eval \"$@\"; }; echo rm x",
        "alias echo=eval\necho rm x",
        "hash -p /usr/bin/env which; which rm x",
        "PATH=/tmp/x; which rm x",
        "man -P dropdb x",
        "man '-P' dropdb x",
        "man x -P rm",
        "which-not rm x",
        "time rm x",
        "whichever rm x",
        NULL,
    };

    (void)state;
    assert_classes(texts, BL_CLASS_DESTROY);
}

/* A shell puts the words together, and nobody here knows with what. */
static void test_names__a_part_of_a_text_is_no_text(void **state)
{
    static const char *const texts[] = {
        "ssh host 'echo rm x' '|sh'",
        "bash -c 'echo rm x' && true",
        NULL,
    };

    (void)state;
    assert_classes(texts, BL_CLASS_DESTROY);
    assert_class("true; true", true, BL_CLASS_CHANGE);
    assert_class("echo rm x", true, BL_CLASS_DESTROY);
}

static void test_names__only_arguments_are_taken_out(void **state)
{
    char *text = bl_exec_without_names("if which a b; then c d; fi; command -v e || f 'g' >&2");

    (void)state;
    assert_string_equal(text, "if which    ; then c d; fi; command -v   || f 'g' >&2");
    bl_free(text);
    text = bl_exec_without_names("echo a 'b; which c' \"d\" >/dev/null e; man p; man -P p q");
    assert_string_equal(text, "echo   'b;       c' \"d\" >/dev/null e; man  ; man -P p q");
    bl_free(text);
    text = bl_exec_without_names("");
    assert_string_equal(text, "");
    bl_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names__looking_up_is_no_call),
        cmocka_unit_test(test_names__calls_next_to_it_are_seen),
        cmocka_unit_test(test_names__what_is_printed_may_be_taken_up),
        cmocka_unit_test(test_names__a_name_may_mean_something_else),
        cmocka_unit_test(test_names__only_arguments_are_taken_out),
        cmocka_unit_test(test_names__a_part_of_a_text_is_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
