/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_report.c: the three reporters against what they should write (tests/unit/golden/report).
 */
#include "base/prefix.h"

#include "base/json.h"
#include "base/measure.h"
#include "journal/log.h"
#include "report/report.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static void report_path(const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/report/%s", GOLDEN, name);
}

/* Gives the events of a file to fn. */
static void report_each(const char *name, void (*fn)(void *arg, const struct bl_event *event),
                        void *arg)
{
    char path[PATH_MAX], *text, *line;
    size_t len;
    int64_t seq = 0;

    report_path(name, path);
    text = scratch_read(path, &len);
    assert_non_null(text);
    for (line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        struct bl_value *value = NULL;
        struct bl_error err = {0};
        struct bl_event event = {.seq = ++seq};

        if (bl_json_parse(line, length, true, &value, &err) != BL_OK)
            fail_msg("%s: event %d: %s", name, (int)seq, err.message);
        event.at = bl_map_int(value, "at", 0);
        event.kind = bl_map_text(value, "kind", "");
        event.data = bl_map_get(value, "data");
        bl_hash_hex(line, length, event.hash);
        fn(arg, &event);
        bl_value_unref(value);
        line += length + (line[length] == '\n');
    }
    bl_free(text);
}

static void report_play(struct bl_reporter *reporter, const char *name)
{
    report_each(name, bl_reporter_event, reporter);
}

/* What a reporter writes for these events. Freed by bl_free. */
static char *report_make(const char *format, const char *events,
                         struct bl_report_options options)
{
    struct bl_reporter *reporter;
    off_t size;
    char *text;

    options.fd = memfd_create("report", MFD_CLOEXEC);
    assert_true(options.fd >= 0);
    reporter = bl_reporter_open(bl_reporter_find(format), &options);
    report_play(reporter, events);
    bl_reporter_close(reporter);
    size = lseek(options.fd, 0, SEEK_END);
    text = bl_alloc((size_t)size + 1);
    assert_int_equal(pread(options.fd, text, (size_t)size, 0), size);
    close(options.fd);
    return text;
}

/* With BELAY_GOLDEN=write the file is written instead: then look at it with care. */
static void assert_golden(const char *name, const char *text)
{
    char path[PATH_MAX], *wanted;
    size_t len;

    report_path(name, path);
    if (getenv("BELAY_GOLDEN") != NULL)
        scratch_write(path, text);
    wanted = scratch_read(path, &len);
    if (wanted == NULL)
        fail_msg("%s is missing", path);
    assert_string_equal(text, wanted);
    bl_free(wanted);
}

#define OPTIONS(width_, color_, utf8_)                                                         \
    ((struct bl_report_options){                                                               \
        .width = width_,                                                                       \
        .color = color_,                                                                       \
        .utf8 = utf8_,                                                                         \
        .live = BL_NEVER,                                                                      \
        .journal = "/var/lib/belay/runs/20260301-0303-k7m3.belay",                             \
        .note = "state: /var/lib/belay (private: the environment names no folder)"})

static void test_report__golden_files(void **state)
{
    static const struct {
        const char *golden, *format, *events;
        int width;
        enum bl_choice color, utf8;
    } cases[] = {
        {"live-80.txt", "text", "live.jsonl", 80, BL_NEVER, BL_ALWAYS},
        {"live-40.txt", "text", "live.jsonl", 40, BL_NEVER, BL_ALWAYS},
        {"live-80-ascii.txt", "text", "live.jsonl", 80, BL_NEVER, BL_NEVER},
        {"live-80-color.txt", "text", "live.jsonl", 80, BL_ALWAYS, BL_ALWAYS},
        {"dry-80.txt", "text", "dry.jsonl", 80, BL_NEVER, BL_ALWAYS},
        {"dry-40.txt", "text", "dry.jsonl", 40, BL_NEVER, BL_ALWAYS},
        {"live.json.txt", "json", "live.jsonl", 80, BL_NEVER, BL_ALWAYS},
        {"live.xml", "junit", "live.jsonl", 80, BL_NEVER, BL_ALWAYS},
        {"dry.xml", "junit", "dry.jsonl", 80, BL_NEVER, BL_ALWAYS},
        {"waiting.xml", "junit", "waiting.jsonl", 80, BL_NEVER, BL_ALWAYS},
        {"waiting-60.txt", "text", "waiting.jsonl", 60, BL_NEVER, BL_ALWAYS},
        {"cut-80.txt", "text", "cut.jsonl", 80, BL_NEVER, BL_ALWAYS},
        {"cut.xml", "junit", "cut.jsonl", 80, BL_NEVER, BL_ALWAYS},
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        char *text = report_make(cases[i].format, cases[i].events,
                                 OPTIONS(cases[i].width, cases[i].color, cases[i].utf8));
        assert_golden(cases[i].golden, text);
        bl_free(text);
    }
}

static void report_add_log(void *arg, const struct bl_event *event)
{
    bl_log_event(arg, event, event->seq == 1 ? 0 : event->at);
}

static void test_log__golden_files(void **state)
{
    static const char *const names[] = {"live", "dry", "waiting"};

    (void)state;
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        char events[60], golden[60];
        struct bl_buf out;

        bl_buf_init(&out, 0);
        snprintf(events, sizeof(events), "%s.jsonl", names[i]);
        snprintf(golden, sizeof(golden), "%s.log.txt", names[i]);
        report_each(events, report_add_log, &out);
        assert_golden(golden, bl_buf_text(&out));
        bl_buf_release(&out);
    }
}

static void test_log__table_of_runs(void **state)
{
    static const char json[] =
        "[{\"run\":\"20260301-0303-k7m3\",\"status\":\"ended\",\"outcome\":\"failed\",\"exit\":"
        "1,"
        "\"procedure\":\"daily.morning\",\"environment\":\"production\",\"world\":\"dry\","
        "\"user\":\"on-call\"},{\"run\":\"20260301-0259-aaaa\",\"status\":\"cut off\","
        "\"procedure\":\"größe\\u001b\",\"environment\":\"box\",\"world\":\"live\"}]";
    struct bl_value *runs = NULL;
    struct bl_buf out;

    (void)state;
    assert_int_equal(bl_json_parse(json, strlen(json), false, &runs, NULL), BL_OK);
    bl_buf_init(&out, 0);
    bl_log_runs(&out, runs);
    assert_string_equal(
        bl_buf_text(&out),
        "RUN                 RESULT      PROCEDURE      ENVIRONMENT       BY\n"
        "20260301-0303-k7m3  failed (1)  daily.morning  production (dry)  on-call\n"
        "20260301-0259-aaaa  cut off     größe\\x1b      box               -\n");
    bl_buf_release(&out);
    bl_value_unref(runs);
}

/* At the end stands what nobody knows, and nothing else. */
static void test_report__doubts_that_ended_are_none(void **state)
{
    char *text = report_make("text", "doubt.jsonl", OPTIONS(200, BL_NEVER, BL_ALWAYS));

    (void)state;
    assert_non_null(strstr(text, "in doubt #1 exec.backup: backup --now: not done"));
    assert_non_null(strstr(text, "restore --now: IN DOUBT: it was sent"));
    assert_null(strstr(text, "backup --now: IN DOUBT"));
    assert_null(strstr(text, "mail --now: IN DOUBT"));
    bl_free(text);
}

static void test_report__no_line_is_wider_than_the_paper(void **state)
{
    static const char *const events[] = {"live.jsonl", "dry.jsonl"};

    (void)state;
    for (int width = 20; width <= 100; width++) {
        for (size_t i = 0; i < BL_COUNT(events); i++) {
            char *text = report_make("text", events[i], OPTIONS(width, BL_NEVER, BL_NEVER));
            for (char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
                if (strcspn(line, "\n") > (size_t)width)
                    fail_msg("width %d: %.*s", width, (int)strcspn(line, "\n"), line);
                if (line[0] != '\n' && line[strcspn(line, "\n") - 1] == ' ')
                    fail_msg("width %d: a space at the end: %.*s", width,
                             (int)strcspn(line, "\n"), line);
            }
            bl_free(text);
        }
    }
}

static void test_report__outside_text_cannot_reach_the_terminal(void **state)
{
    char *text = report_make("text", "live.jsonl", OPTIONS(80, BL_NEVER, BL_ALWAYS));

    (void)state;
    assert_null(strchr(text, 0x1b));
    assert_non_null(strstr(text, "\\x1b[31m"));
    bl_free(text);
    text = report_make("text", "live.jsonl", OPTIONS(80, BL_NEVER, BL_NEVER));
    for (const char *c = text; *c != '\0'; c++)
        assert_in_range((unsigned char)*c, '\n', '~');
    bl_free(text);
}

static void test_report__broken_pipe_is_no_harm(void **state)
{
    struct bl_report_options options = OPTIONS(80, BL_NEVER, BL_ALWAYS);
    struct bl_reporter *reporter;
    int ends[2];

    (void)state;
    for (size_t i = 0; bl_reporter_types[i] != NULL; i++) {
        assert_int_equal(pipe(ends), 0);
        close(ends[0]);
        options.fd = ends[1];
        reporter = bl_reporter_open(bl_reporter_types[i], &options);
        report_play(reporter, "live.jsonl");
        bl_reporter_close(reporter);
        close(ends[1]);
    }
    assert_null(bl_reporter_find("html-of-the-future"));
}

static void test_report__live_line_is_cleared_before_anything_else(void **state)
{
    struct bl_report_options options = OPTIONS(40, BL_NEVER, BL_ALWAYS);
    struct bl_reporter *reporter;
    char text[2000] = "";

    (void)state;
    for (int live = 0; live < 2; live++) {
        memset(text, 0, sizeof(text));
        options.live = live ? BL_ALWAYS : BL_AUTO;
        options.fd = memfd_create("report", MFD_CLOEXEC);
        reporter = bl_reporter_open(&bl_reporter_text, &options);
        bl_reporter_waiting(reporter, "connecting to the market data service at 127.0.0.1:5432",
                            3200);
        bl_reporter_waiting(reporter, "connecting", 3300);
        report_play(reporter, "cut.jsonl");
        bl_reporter_waiting(reporter, "backup --now", 90000);
        bl_reporter_close(reporter);
        assert_true(pread(options.fd, text, sizeof(text) - 1, 0) > 0);
        close(options.fd);
        if (live == 0) {
            assert_null(strchr(text, '\r'));
            continue;
        }
        assert_memory_equal(text, "\r\x1b[K… connecting to the market data  3.2 s\r\x1b[K", 46);
        assert_non_null(strstr(text, "\r\x1b[K… connecting  3.3 s\r\x1b[KEvening checklist\n"));
        assert_non_null(strstr(text, "… backup --now  1 min 30 s\r\x1b[K"));
    }
}

static void test_report__environment_says_color_and_letters(void **state)
{
    static const struct {
        const char *no_color, *force, *lang;
        enum bl_choice color;
        bool has_color, has_utf8;
    } cases[] = {
        {"", "", "C", BL_AUTO, false, false},
        {"", "1", "C.UTF-8", BL_AUTO, true, true},
        {"1", "1", "de_DE.utf8", BL_AUTO, false, true},
        {"1", "", "", BL_ALWAYS, true, false},
        {"", "1", "C", BL_NEVER, false, false},
        {"", "0", "C", BL_AUTO, false, false},
    };

    (void)state;
    unsetenv("LC_ALL");
    unsetenv("LC_CTYPE");
    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        char *text;
        setenv("NO_COLOR", cases[i].no_color, 1);
        setenv("CLICOLOR_FORCE", cases[i].force, 1);
        setenv("LANG", cases[i].lang, 1);
        text = report_make("text", "live.jsonl", OPTIONS(80, cases[i].color, BL_AUTO));
        assert_int_equal(strchr(text, 0x1b) != NULL, cases[i].has_color);
        assert_int_equal(strstr(text, "✗") != NULL, cases[i].has_utf8);
        bl_free(text);
    }
    unsetenv("NO_COLOR");
    unsetenv("CLICOLOR_FORCE");
}

static void test_measure__reads_well(void **state)
{
    static const struct {
        const char *json, *unit, *text;
    } cases[] = {
        {"1503238553", "bytes", "1.4 GiB"},
        {"0.25", "s", "250 ms"},
        {"90000", "ms", "1 min 30 s"},
        {"87.25", "%", "87.25 %"},
        {"95.0", "percent", "95 %"},
        {"12345", "messages", "12,345 messages"},
        {"-1234567", NULL, "-1,234,567"},
        {"999", "", "999"},
        {"0.001", NULL, "0.001"},
        {"1234.5", NULL, "1,234.5"},
        {"true", "x", "yes"},
        {"false", NULL, "no"},
        {"null", "bytes", "nothing"},
        {"\"up\"", "bytes", "up"},
        {"[1,2]", NULL, "[1,2]"},
        {"-5", "s", "-5 s"},
        {"1e300", "bytes", "1e+300 bytes"},
        {"9223372036854775807", "s", "9,223,372,036,854,775,807 s"},
        {"{\"$float\":\"nan\"}", "s", "not a number"},
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        struct bl_value *value = NULL;
        struct bl_buf out;

        assert_int_equal(
            bl_json_parse(cases[i].json, strlen(cases[i].json), true, &value, NULL), BL_OK);
        bl_buf_init(&out, 0);
        bl_measure_format(&out, value, cases[i].unit);
        assert_string_equal(bl_buf_text(&out), cases[i].text);
        bl_buf_release(&out);
        bl_value_unref(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report__golden_files),
        cmocka_unit_test(test_log__golden_files),
        cmocka_unit_test(test_log__table_of_runs),
        cmocka_unit_test(test_report__doubts_that_ended_are_none),
        cmocka_unit_test(test_report__no_line_is_wider_than_the_paper),
        cmocka_unit_test(test_report__outside_text_cannot_reach_the_terminal),
        cmocka_unit_test(test_report__broken_pipe_is_no_harm),
        cmocka_unit_test(test_report__live_line_is_cleared_before_anything_else),
        cmocka_unit_test(test_report__environment_says_color_and_letters),
        cmocka_unit_test(test_measure__reads_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
