/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_redis.c: replies to values within bounds, texts to tables, addresses, and what inspect
 * says, without a server. */
#include "base/prefix.h"

#include "base/json.h"
#include "redis_private.h"

#include <setjmp.h>

#include <cmocka.h>

/* Takes the value. */
static void check_value(struct bl_value *value, const char *wanted)
{
    struct bl_buf out;

    bl_buf_init(&out, 0);
    bl_json_write(&out, value, BL_JSON_CANONICAL);
    if (strcmp(bl_buf_text(&out), wanted) != 0)
        fail_msg("%s, wanted %s", bl_buf_text(&out), wanted);
    bl_buf_release(&out);
    bl_value_unref(value);
}

static struct bl_value *parse(const char *json)
{
    struct bl_value *value = NULL;

    assert_int_equal(bl_json_parse(json, strlen(json), true, &value, NULL), BL_OK);
    return value;
}

static void test_redis__scalars(void **state)
{
    static const char *const pairs[][2] = {
        {"12", "12"},
        {"-7", "-7"},
        {"0", "0"},
        {"1.50", "1.5"},
        {"007", "\"007\""},
        {"7.0.15", "\"7.0.15\""},
        {"1.", "\"1.\""},
        {"-", "\"-\""},
        {"", "\"\""},
        {"12e3", "\"12e3\""},
        {"1.5M", "\"1.5M\""},
        {"999999999999999999", "999999999999999999"},
        {"12345678901234567890", "\"12345678901234567890\""},
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(pairs); i++)
        check_value(bl_redis_scalar(pairs[i][0], strlen(pairs[i][0])), pairs[i][1]);
}

static void test_redis__info(void **state)
{
    static const char text[] =
        "# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:12\r\n\r\n"
        "# Memory\r\nmem_fragmentation_ratio:1.23\r\nempty:\r\n"
        "path:/a=b,c=d\r\n# Keyspace\r\n"
        "db0:keys=3,expires=1,avg_ttl=0\r\nnonsense\r\n"
        "cmdstat_get:calls=2,usec_per_call=1.50\r\ndbx:1";

    (void)state;
    check_value(bl_redis_info(text, strlen(text)),
                "{\"cmdstat_get\":{\"calls\":2,\"usec_per_call\":1.5},"
                "\"db0\":{\"avg_ttl\":0,\"expires\":1,\"keys\":3},\"dbx\":1,\"empty\":\"\","
                "\"mem_fragmentation_ratio\":1.23,\"path\":\"/a=b,c=d\","
                "\"redis_version\":\"7.0.15\",\"uptime_in_seconds\":12}");
    check_value(bl_redis_info("", 0), "{}");
    check_value(bl_redis_info("a:1\0b:2\r\nc:3", 12), "{\"a\":1,\"b\":2,\"c\":3}");
}

static void test_redis__tables(void **state)
{
    struct bl_value *list;

    (void)state;
    check_value(bl_redis_clients("id=3 addr=127.0.0.1:5 name= age=7\nid=4 cmd=get\n"),
                "[{\"addr\":\"127.0.0.1:5\",\"age\":7,\"id\":3,\"name\":\"\"},"
                "{\"cmd\":\"get\",\"id\":4}]");
    check_value(bl_redis_clients(""), "[]");
    list = parse("[\"maxmemory\", \"100\", \"dir\", \"/tmp\", \"odd\"]");
    check_value(bl_redis_pairs(list, true), "{\"dir\":\"/tmp\",\"maxmemory\":100}");
    check_value(bl_redis_pairs(list, false), "{\"dir\":\"/tmp\",\"maxmemory\":\"100\"}");
    bl_value_unref(list);
    list = parse("[[14, 1700000000, 15000, [\"KEYS\", \"*\"], \"127.0.0.1:1\", \"\"], [1, 2]]");
    check_value(
        bl_redis_slowlog(list),
        "[{\"client\":\"127.0.0.1:1\",\"client_name\":\"\",\"command\":[\"KEYS\",\"*\"],"
        "\"id\":14,\"microseconds\":15000,\"time\":1700000000},{\"id\":1,\"time\":2}]");
    bl_value_unref(list);
    list = parse("[\"master\", 7, [[\"10.0.0.1\", \"6379\", \"7\"]]]");
    check_value(bl_redis_role(list), "{\"offset\":7,\"replicas\":[{\"host\":\"10.0.0.1\","
                                     "\"offset\":7,\"port\":6379}],\"role\":\"master\"}");
    bl_value_unref(list);
    list = parse("[\"slave\", \"10.0.0.1\", 6379, \"connected\", 9]");
    check_value(bl_redis_role(list),
                "{\"master_host\":\"10.0.0.1\",\"master_port\":6379,\"offset\":9,"
                "\"role\":\"slave\",\"state\":\"connected\"}");
    bl_value_unref(list);
    list = parse("7");
    check_value(bl_redis_role(list), "{}");
    bl_value_unref(list);
}

/* Feeds text in pieces of `step` bytes; the first reply, or NULL with err. */
static struct bl_value *feed(const char *text, size_t len, size_t step, int64_t max,
                             struct bl_error *err)
{
    struct bl_value *reply = NULL;
    struct redis_sink sink;
    bool is_good = true;

    bl_redis_sink_init(&sink);
    bl_redis_sink_start(&sink, max);
    err->code = BL_OK;
    for (size_t at = 0; at < len && is_good && reply == NULL; at += step) {
        size_t piece = len - at < step ? len - at : step;
        is_good = bl_redis_sink_feed(&sink, text + at, piece, err) &&
                  bl_redis_sink_next(&sink, &reply, err);
    }
    bl_redis_sink_release(&sink);
    return reply;
}

static void test_redis__replies(void **state)
{
    static const char text[] =
        "*6\r\n:7\r\n$3\r\na\0b\r\n$-1\r\n+OK\r\n*2\r\n:1\r\n*0\r\n-ERR inside\r\n";
    struct bl_error err;

    (void)state;
    for (size_t step = 1; step <= sizeof(text); step += 5)
        check_value(feed(text, sizeof(text) - 1, step, 1000, &err),
                    "[7,\"a\\u0000b\",null,\"OK\",[1,[]],\"ERR inside\"]");
}

static void test_redis__replies_are_bounded(void **state)
{
    static const struct {
        const char *text;
        enum bl_code code;
    } bad[] = {
        {"$1073741824\r\n", BL_E_TOO_LARGE}, /* before a byte of it has come */
        {"$99999999999999999999999\r\n", BL_E_TOO_LARGE},
        {"*1073741824\r\n", BL_E_TOO_LARGE},
        {"*2147483647\r\n", BL_E_TOO_LARGE},
        {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", BL_E_PROTOCOL},
        {"x\r\n", BL_E_PROTOCOL},
        {"HTTP/1.1 400 Bad Request\r\n", BL_E_PROTOCOL},
        {":abc\r\n", BL_E_PROTOCOL},
        {":abc", BL_E_PROTOCOL},
        {"$12x", BL_E_PROTOCOL},
        {"+OK\x01", BL_E_PROTOCOL},
        {":111111111111111111111111", BL_E_PROTOCOL},
    };
    struct bl_error err;
    struct bl_buf text;

    (void)state;
    for (size_t i = 0; i < BL_COUNT(bad); i++) {
        struct bl_value *reply = feed(bad[i].text, strlen(bad[i].text), 7, 1000, &err);
        if (reply != NULL || err.code != bad[i].code)
            fail_msg("%s: %s", bad[i].text, bl_code_name(err.code));
    }
    bl_buf_init(&text, 0);
    bl_buf_text_add(&text, "*100\r\n");
    for (int i = 0; i < 100; i++)
        bl_buf_text_add(&text, "$1\r\nx\r\n");
    assert_null(feed(bl_buf_text(&text), text.len, 100, 1500, &err));
    assert_int_equal(err.code, BL_E_TOO_LARGE);
    bl_value_unref(feed(bl_buf_text(&text), text.len, 100, 5000, &err));
    assert_int_equal(err.code, BL_OK);
    bl_buf_reset(&text);
    for (int i = 0; i < 20000; i++)
        bl_buf_text_add(&text, "+++++++++"); /* a line that never ends */
    assert_null(feed(bl_buf_text(&text), text.len, 4096, 1000, &err));
    assert_int_equal(err.code, BL_E_TOO_LARGE);
    bl_buf_release(&text);
}

static void check_address(const char *settings, const char *wanted)
{
    struct bl_value *map = parse(settings);
    struct redis_address address;
    struct bl_error err = {0};
    char text[600];

    if (bl_redis_address_read(&address, map, &err) == BL_OK)
        snprintf(text, sizeof(text), "%s %d %d %s %s", address.host, address.port,
                 address.database, address.user != NULL ? address.user : "-",
                 address.password != NULL ? address.password : "-");
    else
        snprintf(text, sizeof(text), "%s", err.message);
    if (strstr(text, wanted) == NULL)
        fail_msg("%s: %s, wanted %s", settings, text, wanted);
    bl_redis_address_release(&address);
    bl_value_unref(map);
}

static void test_redis__addresses(void **state)
{
    (void)state;
    check_address("{\"url\": \"redis://localhost\"}", "localhost 6379 0 - -");
    check_address("{\"url\": \"redis://cache.local:6380/2\"}", "cache.local 6380 2 - -");
    check_address("{\"url\": \"redis://:p%40ss@h/\"}", "h 6379 0 - p@ss");
    check_address("{\"url\": \"redis://ann:invented@[::1]:7/1\"}", "::1 7 1 ann invented");
    check_address("{\"url\": \"redis://h\", \"user\": \"bob\", \"password\": \"other\"}",
                  "h 6379 0 bob other");
    check_address("{\"url\": \"redis://h/x\"}", "must read redis://");
    check_address("{\"url\": \"redis://\"}", "must read redis://");
    check_address("{\"url\": \"http://h\"}", "must read redis://");
    check_address("{\"url\": \"rediss://h\"}", "TLS to Redis is not supported");
    check_address("{\"url\": \"redis://h\", \"user\": \"bob\"}", "'user' needs a password");
}

static void check_inspect(const char *operation, const char *args, enum bl_class class,
                          const char *summary, const char *refused)
{
    const struct bl_module *module = bl_module_find("redis");
    const struct bl_operation *found = bl_operation_find(module, operation);
    struct bl_value *given = parse(args), *bound = NULL;
    struct bl_inspection inspection;
    struct bl_error err;
    struct bl_call *call;

    if (bl_args_bind(found->args, true, given, &bound, &err) != BL_OK)
        fail_msg("%s: %s", operation, err.message);
    call = bl_call_new(module, found, "redis.cache", bound);
    bl_inspection_init(&inspection, call);
    if (inspection.class != class || strcmp(inspection.summary, summary) != 0 ||
        strstr(inspection.refused, refused) == NULL ||
        (*refused == '\0') != (*inspection.refused == '\0'))
        fail_msg("%s: %s '%s' %s", operation, bl_class_name(inspection.class),
                 inspection.summary, inspection.refused);
    bl_inspection_release(&inspection);
    bl_call_free(call);
    bl_value_unref(bound);
    bl_value_unref(given);
}

static void test_redis__inspect(void **state)
{
    (void)state;
    check_inspect("info", "[\"memory\"]", BL_CLASS_OBSERVE, "INFO memory", "");
    check_inspect("info", "[]", BL_CLASS_OBSERVE, "INFO", "");
    check_inspect("scan", "[\"a *\", {\"type\": \"hash\"}]", BL_CLASS_OBSERVE,
                  "SCAN 0 MATCH \"a *\" COUNT 500 TYPE hash", "");
    check_inspect("set", "[\"k\", 5, {\"ttl\": \"2s\"}]", BL_CLASS_CHANGE, "SET k 5 PX 2000",
                  "");
    check_inspect("set", "[\"k\", true]", BL_CLASS_CHANGE, "SET k null",
                  "word 3 of the command");
    check_inspect("del", "[[\"a\", \"b\"]]", BL_CLASS_CHANGE, "DEL a b", "");
    check_inspect("del", "[\"a\"]", BL_CLASS_CHANGE, "DEL a", "");
    check_inspect("expire", "[\"a\", \"1m\"]", BL_CLASS_CHANGE, "PEXPIRE a 60000", "");
    check_inspect("config_set", "[\"maxmemory\", 100]", BL_CLASS_CHANGE,
                  "CONFIG SET maxmemory 100", "");
    check_inspect("flushdb", "[]", BL_CLASS_DESTROY, "FLUSHDB", "");
    check_inspect("command", "[[\"ltrim\", \"k\", 0, -1]]", BL_CLASS_CHANGE, "ltrim k 0 -1",
                  "");
    check_inspect("command", "[[\"zcard\", \"k\"]]", BL_CLASS_OBSERVE, "zcard k", "");
    check_inspect("command", "[[\"shutdown\"]]", BL_CLASS_DESTROY, "shutdown", "");
    check_inspect("command", "[[\"keys\", \"*\"]]", BL_CLASS_CHANGE, "keys *", "use scan");
    check_inspect("command", "[[]]", BL_CLASS_CHANGE, "", "no words");
    check_inspect("read", "[[\"ZCARD\", \"k\"]]", BL_CLASS_OBSERVE, "ZCARD k", "");
    check_inspect("read", "[[\"DEL\", \"k\"]]", BL_CLASS_CHANGE, "DEL k", "use command");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redis__scalars),
        cmocka_unit_test(test_redis__info),
        cmocka_unit_test(test_redis__tables),
        cmocka_unit_test(test_redis__replies),
        cmocka_unit_test(test_redis__replies_are_bounded),
        cmocka_unit_test(test_redis__addresses),
        cmocka_unit_test(test_redis__inspect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
