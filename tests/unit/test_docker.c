/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_docker.c: versions, names, shapes, streams and searched logs, without an engine. */
#include "base/prefix.h"

#include "base/json.h"
#include "docker_engine.h"
#include "docker_logs.h"
#include "docker_shape.h"

#include <setjmp.h>

#include <cmocka.h>

static struct bl_value *json(const char *text)
{
    struct bl_value *value = NULL;
    struct bl_error err = {0};

    if (bl_json_parse(text, strlen(text), false, &value, &err) != BL_OK)
        fail_msg("%s", err.message);
    return value;
}

static void test_version__is_the_newest_that_both_speak(void **state)
{
    char version[BL_DOCKER_VERSION];

    (void)state;
    assert_true(bl_docker_negotiate("1.41", "1.12", version));
    assert_string_equal(version, "1.41");
    assert_true(bl_docker_negotiate("1.52", "1.44", version)); /* ours is between */
    assert_string_equal(version, "1.47");
    assert_true(bl_docker_negotiate("1.9", "1.0", version)); /* not a decimal fraction */
    assert_string_equal(version, "1.9");
    assert_false(bl_docker_negotiate("2.10", "2.0", version)); /* too new for us */
    assert_false(bl_docker_negotiate("1.60", "1.50", version));
    assert_false(bl_docker_negotiate("", "", version));
    assert_false(bl_docker_negotiate("1.41 x", "1.0", version));
}

static void test_name__cannot_lead_out_of_its_path(void **state)
{
    static const char *const bad[] = {"",    "..",      "../images", "a/b",
                                      "a b", "-rm",     "a?force=1", "a%2fb",
                                      "a#b", ".hidden", "a\nb",      "\xc3\xa9"};

    (void)state;
    assert_true(bl_docker_name_is_good("redis"));
    assert_true(bl_docker_name_is_good("mt_redis-1.blue"));
    assert_true(bl_docker_name_is_good("f558cf12b746"));
    for (size_t i = 0; i < BL_COUNT(bad); i++)
        assert_false(bl_docker_name_is_good(bad[i]));
}

static void test_shape__values_of_the_environment_stay_opaque(void **state)
{
    struct bl_value *from = json(
        "{\"Id\": \"0123456789abcdef\", \"Name\": \"/one\", \"State\": {\"Status\": "
        "\"running\", \"Running\": true, \"StartedAt\": \"2026-03-01T02:59:00.5Z\", "
        "\"FinishedAt\": \"0001-01-01T00:00:00Z\"}, \"Args\": [\"--password\", \"geheim\"], "
        "\"Config\": {\"Image\": \"x:1\", \"Env\": [\"A=geheim\", \"B=x=geheim\", \"C\"], "
        "\"Healthcheck\": {\"Test\": [\"CMD\", \"geheim\"]}}}");
    struct bl_value *out = bl_docker_shape_container(from);
    struct bl_buf text;

    (void)state;
    bl_buf_init(&text, 0);
    bl_json_write(&text, out, BL_JSON_PLAIN);
    assert_null(strstr(bl_buf_text(&text), "geheim"));
    assert_string_equal(bl_map_text(bl_map_get(out, "env"), "A", ""), "<opaque>");
    assert_string_equal(bl_map_text(bl_map_get(out, "env"), "B", ""), "<opaque>");
    assert_string_equal(bl_map_text(out, "id", ""), "0123456789ab");
    assert_string_equal(bl_map_text(out, "name", ""), "one");
    assert_null(bl_map_get(out, "health"));
    assert_null(bl_map_get(out, "finished"));
    assert_true(bl_value_as_float(bl_map_get(out, "started")) == 1772333940.5);
    bl_buf_release(&text);
    bl_value_unref(from);
    bl_value_unref(out);
}

static void test_shape__health_of_a_list(void **state)
{
    struct bl_value *from =
        json("[{\"Names\": [\"/a\"], \"Status\": \"Up 2 hours (unhealthy)\"},"
             "{\"Names\": [\"/b\"], \"Status\": \"Up 2 hours (healthy)\", \"Ports\": [{\"IP\": "
             "\"127.0.0.1\", \"PrivatePort\": 80, \"PublicPort\": 8080, \"Type\": \"tcp\"}]},"
             "{\"Names\": [\"/c\"], \"Status\": \"Up 1 second (health: starting)\"},"
             "{\"Names\": null, \"Status\": \"Exited (0)\"}]");
    static const char *const health[] = {"unhealthy", "healthy", "starting", ""};
    struct bl_value *out = bl_docker_shape_list(from);

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(bl_map_text(bl_list_get(out, i), "health", ""), health[i]);
    assert_string_equal(
        bl_value_as_text(bl_list_get(bl_map_get(bl_list_get(out, 1), "ports"), 0)),
        "127.0.0.1:8080 -> 80/tcp");
    bl_value_unref(from);
    bl_value_unref(out);
}

static void test_shape__stats_of_both_kinds_of_cgroups(void **state)
{
    static const char format[] =
        "{\"cpu_stats\": {\"cpu_usage\": {\"total_usage\": 300}, \"system_cpu_usage\": 2000, "
        "\"online_cpus\": 2}, \"precpu_stats\": {\"cpu_usage\": {\"total_usage\": 100}, "
        "\"system_cpu_usage\": 1000}, \"memory_stats\": {\"usage\": 5000, \"limit\": 10000, "
        "\"stats\": {\"%s\": 1000}}, \"pids_stats\": {\"current\": 3}, \"networks\": "
        "{\"eth0\": "
        "{\"rx_bytes\": 1, \"tx_bytes\": 2}, \"eth1\": {\"rx_bytes\": 10, \"tx_bytes\": 20}}}";
    static const char *const fields[] = {"inactive_file", "total_inactive_file"};
    char text[600];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(text, sizeof(text), format, fields[i]);
        struct bl_value *from = json(text), *out = bl_docker_shape_stats(from);
        assert_true(bl_value_as_float(bl_map_get(out, "cpu")) == 40);
        assert_int_equal(bl_map_int(out, "memory", 0), 4000);
        assert_true(bl_value_as_float(bl_map_get(out, "memory_percent")) == 40);
        assert_int_equal(bl_map_int(out, "received", 0), 11);
        assert_int_equal(bl_map_int(out, "sent", 0), 22);
        bl_value_unref(from);
        bl_value_unref(out);
    }
}

static void collect(void *user, int stream, const char *data, size_t len)
{
    struct bl_buf *out = user;

    bl_buf_add(&out[stream - 1], data, len);
}

static void test_frames__are_taken_apart_at_any_cut(void **state)
{
    static const char stream[] = "\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04"
                                 "err\n\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x02!\n";
    size_t len = sizeof(stream) - 1;

    (void)state;
    for (size_t step = 1; step <= len; step++) {
        struct bl_docker_frames frames = {0};
        struct bl_buf out[2];
        bl_buf_init(&out[0], 0);
        bl_buf_init(&out[1], 0);
        for (size_t at = 0; at < len; at += step)
            assert_int_equal(bl_docker_frames_feed(&frames, stream + at,
                                                   at + step < len ? step : len - at, collect,
                                                   out),
                             BL_OK);
        assert_string_equal(bl_buf_text(&out[0]), "out\n!\n");
        assert_string_equal(bl_buf_text(&out[1]), "err\n");
        assert_true(bl_docker_frames_is_whole(&frames));
        bl_buf_release(&out[0]);
        bl_buf_release(&out[1]);
    }
}

static void test_frames__nonsense_is_an_error(void **state)
{
    struct bl_docker_frames frames = {0};
    struct bl_buf out[2] = {0};

    (void)state;
    assert_int_equal(bl_docker_frames_feed(&frames, "plain text", 10, collect, out),
                     BL_E_PROTOCOL);
    frames = (struct bl_docker_frames){.is_raw = true};
    assert_int_equal(bl_docker_frames_feed(&frames, "plain text", 10, collect, out), BL_OK);
    assert_string_equal(bl_buf_text(&out[0]), "plain text");
    bl_buf_release(&out[0]);
}

/* Searches a log of `count` lines "line N" and gives {lines, …} as JSON. */
static char *search(const char *pattern, size_t first, size_t last, size_t keep, int count)
{
    struct bl_docker_search searcher = {0};
    struct bl_error err = {0};
    struct bl_value *answer;
    struct bl_buf out;
    char line[40];

    bl_docker_search_init(&searcher, first, last, keep);
    if (pattern != NULL) {
        searcher.pattern = bl_pattern_new(pattern, &err);
        assert_non_null(searcher.pattern);
    }
    for (int i = 1; i <= count; i++) {
        int len = snprintf(line, sizeof(line), "line %d%s", i, i < count ? "\n" : "");
        bl_docker_search_feed(&searcher, 1, line, (size_t)len / 2);
        bl_docker_search_feed(&searcher, 1, line + len / 2, (size_t)(len - len / 2));
    }
    bl_docker_search_end(&searcher);
    answer = bl_docker_search_answer(&searcher, false);
    bl_buf_init(&out, 0);
    bl_json_write(&out, answer, BL_JSON_PLAIN);
    bl_value_unref(answer);
    bl_docker_search_release(&searcher);
    return bl_buf_take(&out, NULL);
}

static void assert_search(char *take_found, const char *expected)
{
    assert_string_equal(take_found, expected);
    bl_free(take_found);
}

static void test_search__keeps_both_ends_of_what_matches(void **state)
{
    (void)state;
    assert_search(search(NULL, 0, 2, 1000, 5),
                  "{\"lines\":[\"line 4\",\"line 5\"],\"matched\":5,\"seen\":5,"
                  "\"truncated\":false}");
    assert_search(search("[13579]$", 2, 2, 1000, 20),
                  "{\"lines\":[\"line 1\",\"line 3\",\"line 17\",\"line 19\"],\"matched\":10,"
                  "\"seen\":20,\"truncated\":false}");
    assert_search(search("nothing", 2, 2, 1000, 5),
                  "{\"lines\":[],\"matched\":0,\"seen\":5,\"truncated\":false}");
    assert_search(search(NULL, 0, 0, 1000, 3),
                  "{\"lines\":[],\"matched\":3,\"seen\":3,\"truncated\":false}");
}

static void test_search__stays_within_its_bytes(void **state)
{
    (void)state;
    assert_search(search(NULL, 0, 10, 13, 5),
                  "{\"lines\":[\"line 4\",\"line 5\"],\"matched\":5,\"seen\":5,"
                  "\"truncated\":true}");
    assert_search(search(NULL, 10, 0, 13, 5),
                  "{\"lines\":[\"line 1\",\"line 2\"],\"matched\":5,\"seen\":5,"
                  "\"truncated\":true}");
}

static void test_search__streams_are_not_mixed_within_a_line(void **state)
{
    struct bl_docker_search searcher = {0};
    struct bl_value *answer;

    (void)state;
    bl_docker_search_init(&searcher, 10, 0, 1000);
    bl_docker_search_feed(&searcher, 1, "out", 3);
    bl_docker_search_feed(&searcher, 2, "err\r\n", 5);
    bl_docker_search_feed(&searcher, 1, "side\n", 5);
    bl_docker_search_end(&searcher);
    answer = bl_docker_search_answer(&searcher, false);
    assert_string_equal(bl_value_as_text(bl_list_get(bl_map_get(answer, "lines"), 0)), "err");
    assert_string_equal(bl_value_as_text(bl_list_get(bl_map_get(answer, "lines"), 1)),
                        "outside");
    bl_value_unref(answer);
    bl_docker_search_release(&searcher);
}

static void test_search__an_endless_line_is_cut(void **state)
{
    struct bl_docker_search searcher = {0};
    char block[4096];
    struct bl_value *answer;
    size_t len;

    (void)state;
    memset(block, 'x', sizeof(block));
    bl_docker_search_init(&searcher, 1, 0, 1 << 20);
    for (int i = 0; i < 100; i++)
        bl_docker_search_feed(&searcher, 1, block, sizeof(block));
    bl_docker_search_feed(&searcher, 1, "\nnext\n", 6);
    answer = bl_docker_search_answer(&searcher, false);
    bl_value_as_bytes(bl_list_get(bl_map_get(answer, "lines"), 0), &len);
    assert_int_equal(len, BL_DOCKER_LINE_MAX);
    assert_true(bl_map_bool(answer, "truncated", false));
    assert_int_equal(bl_map_int(answer, "seen", 0), 2);
    bl_value_unref(answer);
    bl_docker_search_release(&searcher);
}

static void test_pattern__limits_and_mistakes_are_errors(void **state)
{
    struct bl_error err = {0};
    struct bl_pattern *pattern = bl_pattern_new("(unclosed", &err);
    bool found = true;

    (void)state;
    assert_null(pattern);
    assert_int_equal(err.code, BL_E_ARG);
    assert_non_null(strstr(err.message, "character 10"));
    pattern = bl_pattern_new("^(a+)+$", &err);
    assert_int_equal(bl_pattern_search(pattern, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", 41,
                                       &found, &err),
                     BL_E_LIMIT);
    assert_int_equal(bl_pattern_search(pattern, "aa", 2, &found, &err), BL_OK);
    assert_true(found);
    bl_pattern_free(pattern);
    pattern = bl_pattern_new("b$", &err);
    assert_int_equal(bl_pattern_search(pattern, "\xff\xfe b", 4, &found, &err), BL_OK);
    assert_true(found); /* bytes that are no UTF-8 do not disturb */
    bl_pattern_free(pattern);
}

static void assert_inspected(const char *operation, const char *args, enum bl_class class,
                             const char *summary)
{
    const struct bl_module *module = bl_module_find("docker");
    const struct bl_operation *found = bl_operation_find(module, operation);
    struct bl_value *given = json(args), *bound = NULL, *nominal;
    struct bl_inspection inspection;
    struct bl_error err = {0};
    struct bl_call *call;

    if (bl_args_bind(found->args, true, given, &bound, &err) != BL_OK)
        fail_msg("%s", err.message);
    call = bl_call_new(module, found, "docker.engine", bound);
    bl_inspection_init(&inspection, call);
    assert_int_equal(inspection.class, class);
    assert_string_equal(inspection.summary, summary);
    nominal = found->nominal(call);
    assert_true(bl_value_type(nominal) == BL_MAP || bl_value_type(nominal) == BL_LIST);
    bl_value_unref(nominal);
    bl_inspection_release(&inspection);
    bl_call_free(call);
    bl_value_unref(given);
    bl_value_unref(bound);
}

static void test_inspect__classes_and_summaries(void **state)
{
    (void)state;
    assert_inspected("list", "[]", BL_CLASS_OBSERVE, "docker list");
    assert_inspected("version", "[]", BL_CLASS_OBSERVE, "docker version");
    assert_inspected("inspect", "[\"a\"]", BL_CLASS_OBSERVE, "docker inspect a");
    assert_inspected("logs", "[\"a\"]", BL_CLASS_OBSERVE, "docker logs a");
    assert_inspected("stats", "[\"a\"]", BL_CLASS_OBSERVE, "docker stats a");
    assert_inspected("start", "[\"a\"]", BL_CLASS_CHANGE, "docker start a");
    assert_inspected("restart", "[\"a\"]", BL_CLASS_CHANGE, "docker restart a (grace 10 s)");
    assert_inspected("stop", "[\"a\", {\"grace\": 1}]", BL_CLASS_DESTROY,
                     "docker stop a (grace 1 s)");
    assert_inspected("kill", "[\"a\"]", BL_CLASS_DESTROY, "docker kill a (signal KILL)");
    assert_inspected("exec", "[\"a\", [\"sh\", \"-c\", \"echo 1\"]]", BL_CLASS_CHANGE,
                     "docker exec a: sh -c \"echo 1\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version__is_the_newest_that_both_speak),
        cmocka_unit_test(test_name__cannot_lead_out_of_its_path),
        cmocka_unit_test(test_shape__values_of_the_environment_stay_opaque),
        cmocka_unit_test(test_shape__health_of_a_list),
        cmocka_unit_test(test_shape__stats_of_both_kinds_of_cgroups),
        cmocka_unit_test(test_frames__are_taken_apart_at_any_cut),
        cmocka_unit_test(test_frames__nonsense_is_an_error),
        cmocka_unit_test(test_search__keeps_both_ends_of_what_matches),
        cmocka_unit_test(test_search__stays_within_its_bytes),
        cmocka_unit_test(test_search__streams_are_not_mixed_within_a_line),
        cmocka_unit_test(test_search__an_endless_line_is_cut),
        cmocka_unit_test(test_pattern__limits_and_mistakes_are_errors),
        cmocka_unit_test(test_inspect__classes_and_summaries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
