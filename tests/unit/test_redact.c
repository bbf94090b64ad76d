/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_redact.c: values of secrets are masked in every form, however a text is cut. */
#include "base/prefix.h"

#include "base/redact.h"

#include <setjmp.h>

#include <cmocka.h>

#define SECRET "s3same/ \"open\"\\7\xc3\xa9%+?"

static struct bl_redactor *redactor;

static int setup(void **state)
{
    (void)state;
    redactor = bl_redactor_new();
    assert_true(bl_redactor_add(redactor, "WORD", SECRET, strlen(SECRET)));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bl_redactor_free(redactor);
    return 0;
}

static void assert_masked(const char *text, const char *wanted)
{
    struct bl_buf out;

    bl_buf_init(&out, 0);
    bl_redact_text(redactor, &out, text, strlen(text));
    assert_string_equal(bl_buf_text(&out), wanted);
    bl_buf_release(&out);
}

static void test_redact__plain_and_the_longest_first(void **state)
{
    (void)state;
    assert_true(bl_redactor_add(redactor, "SHORT", "hunter2", 7));
    assert_true(bl_redactor_add(redactor, "LONG", "hunter2hunter3", 14));
    assert_false(bl_redactor_add(redactor, "TINY", "abc", 3));
    assert_masked("x hunter2hunter3 y hunter2 abc", "x <secret:LONG> y <secret:SHORT> abc");
    assert_masked("(" SECRET ")", "(<secret:WORD>)");
    assert_masked("s3same/ \"open\"\\7\xc3\xa9%+", "s3same/ \"open\"\\7\xc3\xa9%+");
}

static void test_redact__values_that_overlap_leave_no_rest(void **state)
{
    (void)state;
    assert_true(bl_redactor_add(redactor, "LEFT", "abcdef", 6));
    assert_true(bl_redactor_add(redactor, "RIGHT", "efghij", 6));
    assert_masked("-abcdefghij-", "-<secret:LEFT>-");
}

static void test_redact__escaped_by_json_and_shells(void **state)
{
    (void)state;
    assert_masked("\"s3same/ \\\"open\\\"\\\\7\\u00e9%+?\"", "\"<secret:WORD>\"");
    assert_masked("s3same\\/ \\u0022open\\u0022\\\\7\xc3\xa9%+\\u003F", "<secret:WORD>");
    assert_masked("s3same/ \\\\\\\"open\\\\\\\"\\\\\\\\7\xc3\xa9%+?|", "<secret:WORD>|");
    assert_masked("s3same/\\ \\\"open\\\"\\\\7\xc3\xa9%+\\?|", "<secret:WORD>|");
    assert_true(bl_redactor_add(redactor, "LINES", "one\ntwo\t\xf0\x9f\x94\x91", 12));
    assert_masked("one\\ntwo\\t\\ud83d\\udd11.", "<secret:LINES>.");
    assert_true(bl_redactor_add(redactor, "SLASH", "end\\", 4));
    assert_masked("end\\\\", "<secret:SLASH>");
}

static void test_redact__percent_encoded(void **state)
{
    (void)state;
    assert_masked("?q=s3same%2F%20%22open%22%5C7%C3%A9%25%2B%3F&x", "?q=<secret:WORD>&x");
    assert_masked("?q=s3same%2f+%22open%22%5c7%c3%a9%25%2b%3f", "?q=<secret:WORD>");
    assert_masked("%73%33%73%61%6d%65%2F%20%22%6f%70%65%6e%22%5C%37%C3%A9%25%2B%3F",
                  "<secret:WORD>");
}

/* printf 'SECRET' | base64, with nothing, one and two bytes before it */
static void test_redact__inside_base64(void **state)
{
    (void)state;
    assert_masked("czNzYW1lLyAib3BlbiJcN8OpJSs/", "<secret:WORD>");
    assert_masked("czNzYW1lLyAib3BlbiJcN8OpJSs_", "<secret:WORD>");
    assert_masked("LXMzc2FtZS8gIm9wZW4iXDfDqSUrPy0tLQ==", "L<secret:WORD>0tLQ==");
    assert_masked("LS1zM3NhbWUvICJvcGVuIlw3w6klKz8tLS0=", "LS<secret:WORD>tLS0=");
    assert_masked("czNzYW1lLyAi\nb3BlbiJc\r\nN8OpJSs%2F", "<secret:WORD>");
    assert_masked("czNzYW1lLyAib3BlbiJcN8OpJSt/", "czNzYW1lLyAib3BlbiJcN8OpJSt/");
}

/* However a text is cut in two, what comes out is the same. */
static void test_redact__every_cut_gives_the_same(void **state)
{
    static const char *const texts[] = {"a " SECRET " b " SECRET,
                                        "x s3same/ \\\"open\\\"\\\\7\\u00e9%+? y",
                                        "LXMzc2FtZS8gIm9wZW4iXDfDqSUrPy0tLQ==",
                                        "?q=s3same%2F%20%22open%22%5C7%C3%A9%25%2B%3F&x"};
    struct bl_redact_stream stream;
    struct bl_buf whole, out;

    (void)state;
    bl_buf_init(&whole, 0);
    bl_buf_init(&out, 0);
    for (size_t i = 0; i < BL_COUNT(texts); i++) {
        size_t len = strlen(texts[i]);
        bl_buf_reset(&whole);
        bl_redact_text(redactor, &whole, texts[i], len);
        assert_non_null(strstr(bl_buf_text(&whole), "<secret:WORD>"));
        for (size_t cut = 0; cut <= len; cut++) {
            bl_buf_reset(&out);
            bl_redact_stream_init(&stream, redactor);
            bl_redact_stream_feed(&stream, &out, texts[i], cut);
            bl_redact_stream_feed(&stream, &out, texts[i] + cut, len - cut);
            bl_redact_stream_end(&stream, &out);
            bl_redact_stream_release(&stream);
            assert_string_equal(bl_buf_text(&out), bl_buf_text(&whole));
        }
    }
    bl_buf_release(&whole);
    bl_buf_release(&out);
}

static void test_redact__a_line_that_was_cut_ends_before_the_secret(void **state)
{
    char text[40] = "server said: s3same/ \"op";

    (void)state;
    bl_redact_line(redactor, text, sizeof(text), false);
    assert_string_equal(text, "server said: s3same/ \"op");
    bl_redact_line(redactor, text, sizeof(text), true);
    assert_string_equal(text, "server said: ");
}

static void test_redact__values_in_trees(void **state)
{
    struct bl_value *tree = bl_map_new(), *clean;

    (void)state;
    assert_true(bl_redactor_add(redactor, "PIN", "48151623", 8));
    bl_map_set(tree, "pin", bl_value_int(48151623));
    bl_map_set(tree, "port", bl_value_int(5432));
    bl_map_set(tree, SECRET, bl_value_text("key"));
    bl_map_set(tree, "truncated", bl_value_bool(true));
    bl_map_set(tree, "body", bl_value_text("all of it: s3same/ "));
    clean = bl_redact_value(redactor, tree);
    assert_string_equal(bl_map_text(clean, "body", ""), "all of it: ");
    assert_string_equal(bl_map_text(clean, "pin", ""), "<secret:PIN>");
    assert_int_equal(bl_map_int(clean, "port", 0), 5432);
    assert_string_equal(bl_map_text(clean, "<secret:WORD>", ""), "key");
    bl_value_unref(clean);
    bl_value_unref(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_redact__plain_and_the_longest_first, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_redact__values_that_overlap_leave_no_rest, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_redact__escaped_by_json_and_shells, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_redact__percent_encoded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_redact__inside_base64, setup, teardown),
        cmocka_unit_test_setup_teardown(test_redact__every_cut_gives_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(test_redact__a_line_that_was_cut_ends_before_the_secret,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_redact__values_in_trees, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
