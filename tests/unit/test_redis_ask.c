/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_redis_ask.c: what a Redis server is asked about a command, and what its answers make of
 * the call: servers old and new, users with few rights, and peers that answer nonsense. */
#include "base/prefix.h"

#include "redis_private.h"
#include "support/op.h"

#include <setjmp.h>

#include <cmocka.h>

/* A question, as its words, and the reply as JSON; NULL: none came. */
struct step {
    const char *asks, *says;
};

#define NEW(name, flags)                                                                       \
    {                                                                                          \
        "COMMAND INFO " name, "[[\"" name "\",-1,[" flags "],0,0,0,[],[],[],[]]]"              \
    }
#define OLD(name, flags)                                                                       \
    {                                                                                          \
        "COMMAND INFO " name, "[[\"" name "\",-1,[" flags "],0,0,0]]"                          \
    }
#define WHO                                                                                    \
    {                                                                                          \
        "ACL WHOAMI", "\"ann\""                                                                \
    }
#define MAY(words)                                                                             \
    {                                                                                          \
        "ACL DRYRUN ann " words, "\"OK\""                                                      \
    }

static struct bl_value *parse(const char *json)
{
    struct bl_value *value = NULL;

    assert_int_equal(bl_json_parse(json, strlen(json), true, &value, NULL), BL_OK);
    return value;
}

static struct bl_call *make_call(struct test_run *run, const char *operation, const char *args)
{
    const struct bl_operation *found = bl_operation_find(run->connection->module, operation);
    struct bl_value *given = parse(args), *bound = NULL;
    struct bl_call *call;
    struct bl_error err;

    if (bl_args_bind(found->args, true, given, &bound, &err) != BL_OK)
        fail_msg("%s", err.message);
    call = bl_call_new(run->connection->module, found, "redis.test", bound);
    bl_call_bounds(call);
    bl_value_unref(given);
    bl_value_unref(bound);
    return call;
}

/* The words of a question. */
static void say_question(const struct bl_call *question, char *out, size_t size)
{
    const struct bl_value *argv = bl_call_value(question, "argv");
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < bl_value_count(argv) && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? " " : "",
                                bl_value_as_text(bl_list_get(argv, i)));
}

/* Asks all and answers as the steps say. The end is "class[; affects …][; refused …][; fails
 * …]".
 */
static void check_ask(struct test_run *run, const char *operation, const char *args,
                      const struct step *steps, const char *wanted)
{
    struct bl_call *call = make_call(run, operation, args), *question;
    struct bl_value *answer = NULL;
    struct bl_inspection inspection;
    char text[1200];

    bl_connection_open(run->connection);
    bl_inspection_init(&inspection, call);
    while ((question = call->operation->ask(run->connection, call, &inspection, answer)) !=
           NULL) {
        say_question(question, text, sizeof(text));
        bl_call_free(question);
        bl_value_unref(answer);
        if (steps->asks == NULL || strcmp(text, steps->asks) != 0)
            fail_msg("%s asks '%s', wanted '%s'", args, text, steps->asks);
        answer = steps->says == NULL ? NULL : parse(steps->says);
        steps++;
    }
    bl_value_unref(answer);
    if (steps->asks != NULL)
        fail_msg("%s does not ask '%s'", args, steps->asks);
    snprintf(text, sizeof(text), "%s%s%s%s%s%s%s", bl_class_name(inspection.class),
             *inspection.affects != '\0' ? "; affects " : "", inspection.affects,
             *inspection.refused != '\0' ? "; refused " : "", inspection.refused,
             inspection.failure.code != BL_OK ? "; fails " : "",
             inspection.failure.code != BL_OK ? inspection.failure.message : "");
    if (strncmp(text, wanted, strlen(wanted)) != 0)
        fail_msg("%s %s: %s, wanted %s", operation, args, text, wanted);
    bl_inspection_release(&inspection);
    bl_call_free(call);
}

static void open_run(struct test_run *run)
{
    test_run_open(run, "redis", "{\"url\": \"redis://127.0.0.1:1\"}");
}

static void test_ask__once_a_name(void **state)
{
    static const struct step first[] = {NEW("GET", "\"readonly\""), {0}};
    static const struct step nothing[] = {{0}};
    static const struct step set[] = {NEW("SET", "\"write\""), WHO, MAY("SET a 1"), {0}};
    static const struct step again[] = {MAY("SET b 2"), {0}};
    struct test_run run;

    (void)state;
    open_run(&run);
    check_ask(&run, "get", "[\"a\"]", first, "observe");
    check_ask(&run, "get", "[\"b\"]", nothing, "observe");
    check_ask(&run, "read", "[[\"get\", \"b\"]]", nothing, "observe");
    check_ask(&run, "set", "[\"a\", 1]", set, "change");
    check_ask(&run, "set", "[\"b\", 2]", again, "change");
    bl_redis_pool_forget(run.connection->state);
    check_ask(&run, "get", "[\"a\"]", first, "observe");
    test_run_close(&run);
}

static void test_ask__counts(void **state)
{
    static const struct step del[] = {
        NEW("DEL", "\"write\""), WHO, MAY("DEL a b a"), {"EXISTS a b", "1"}, {0}};
    static const struct step flush[] = {
        NEW("FLUSHDB", "\"write\""), MAY("FLUSHDB"), {"DBSIZE", "1"}, {0}};
    static const struct step all[] = {
        NEW("FLUSHALL", "\"write\""),
        MAY("FLUSHALL"),
        {"INFO keyspace", "\"# Keyspace\\r\\ndb0:keys=7,expires=0\\r\\ndb3:keys=5,expires=1\""},
        {0}};
    static const struct step odd[] = {NEW("SWAPDB", "\"write\""),
                                      MAY("SWAPDB 0 3"),
                                      {"INFO keyspace", "{\"error\": \"NOPERM no\"}"},
                                      {0}};
    static const struct step kill[] = {
        {"COMMAND INFO CLIENT",
         "[[\"client\",-2,[],0,0,0,[],[],[],[[\"client|kill\",-3,[\"admin\"]]]]]"},
        MAY("CLIENT KILL ID 1"),
        {0}};
    struct test_run run;

    (void)state;
    open_run(&run);
    check_ask(&run, "del", "[[\"a\", \"b\", \"a\"]]", del, "change; affects 1 of 2 keys");
    check_ask(&run, "flushdb", "[]", flush, "destroy; affects 1 key");
    check_ask(&run, "command", "[[\"FLUSHALL\"]]", all,
              "destroy; affects 12 keys in 2 databases");
    check_ask(&run, "command", "[[\"SWAPDB\", 0, 3]]", odd, "destroy; affects unknown");
    check_ask(&run, "command", "[[\"CLIENT\", \"KILL\", \"ID\", 1]]", kill,
              "destroy; affects unknown");
    test_run_close(&run);
}

static void test_ask__rights(void **state)
{
    static const struct step denied[] = {
        NEW("SET", "\"write\""),
        WHO,
        {"ACL DRYRUN ann SET a 1", "\"User ann has no permissions to run the 'set' command\""},
        {0}};
    static const struct step arity[] = {
        NEW("LPUSH", "\"write\""),
        {"ACL DRYRUN ann LPUSH a",
         "{\"error\": \"ERR wrong number of arguments for 'lpush'\"}"},
        {0}};
    static const struct step old[] = {
        NEW("INCR", "\"write\""),
        {"ACL DRYRUN ann INCR a",
         "{\"error\": \"ERR Unknown subcommand or wrong number of arguments for 'DRYRUN'\"}"},
        {0}};
    static const struct step no_more[] = {NEW("DECR", "\"write\""), {0}};
    struct test_run run;

    (void)state;
    open_run(&run);
    check_ask(&run, "set", "[\"a\", 1]", denied,
              "change; refused the server would refuse it to the user ann: User ann has no");
    check_ask(&run, "command", "[[\"LPUSH\", \"a\"]]", arity,
              "change; refused the server would refuse it to the user ann: ERR wrong");
    check_ask(&run, "command", "[[\"INCR\", \"a\"]]", old, "change");
    check_ask(&run, "command", "[[\"DECR\", \"a\"]]", no_more, "change");
    test_run_close(&run);
}

static void test_ask__few_rights(void **state)
{
    static const struct step denied[] = {
        {"COMMAND INFO GET", "{\"error\": \"NOPERM this user has no permissions\"}"}, {0}};
    static const struct step nothing[] = {{0}};
    static const struct step whoami[] = {
        {"ACL WHOAMI", "{\"error\": \"NOPERM this user has no permissions\"}"},
        {"DBSIZE", "{\"error\": \"NOPERM this user has no permissions\"}"},
        {0}};
    struct test_run run;

    (void)state;
    open_run(&run);
    check_ask(&run, "get", "[\"a\"]", denied, "observe");
    check_ask(&run, "ttl", "[\"a\"]", nothing, "observe"); /* it would be denied again */
    check_ask(&run, "read", "[[\"NEWREAD\", \"a\"]]", nothing,
              "change; refused 'NEWREAD' is no command that only reads (it is in no table (by");
    check_ask(&run, "flushdb", "[]", whoami, "destroy; affects unknown");
    test_run_close(&run);
}

static void test_ask__old_servers(void **state)
{
    static const struct step config[] = {OLD("CONFIG", "\"admin\",\"noscript\""), {0}};
    static const struct step memory[] = {OLD("MEMORY", "\"readonly\",\"random\""), {0}};
    static const struct step purge[] = {{"ACL WHOAMI", "{\"error\": \"ERR unknown command\"}"},
                                        {0}};
    struct test_run run;

    (void)state;
    open_run(&run);
    check_ask(&run, "config_get", "[\"*\"]", config, "observe");
    check_ask(&run, "memory_usage", "[\"a\"]", memory, "observe");
    check_ask(&run, "command", "[[\"MEMORY\", \"PURGE\"]]", purge, "change");
    test_run_close(&run);
}

static void test_ask__what_is_not_there(void **state)
{
    static const struct step config[] = {{"COMMAND INFO CONFIG", "[null]"}, {0}};
    static const struct step set[] = {{"ACL WHOAMI", "\"ann\""}, MAY("CONFIG GET *"), {0}};
    static const struct step newread[] = {{"COMMAND INFO NEWREAD", "[null]"}, {0}};
    static const struct step reads[] = {NEW("HEXPIRETIME", "\"readonly\",\"fast\""), {0}};
    struct test_run run;

    (void)state;
    open_run(&run);
    check_ask(&run, "config_get", "[\"*\"]", config,
              "observe; fails redis.test config_get: the server has no command CONFIG");
    check_ask(&run, "command", "[[\"CONFIG\", \"GET\", \"*\"]]", set, "change");
    check_ask(&run, "read", "[[\"NEWREAD\"]]", newread,
              "observe; fails redis.test read: the server has no command NEWREAD");
    check_ask(&run, "read", "[[\"HEXPIRETIME\", \"h\"]]", reads, "observe");
    test_run_close(&run);
}

static void test_ask__sizes(void **state)
{
    static const struct step small[] = {
        NEW("HGETALL", "\"readonly\""), {"HLEN h", "100000"}, {0}};
    static const struct step large[] = {{"HLEN h", "100001"}, {0}};
    static const struct step odd[] = {{"HLEN h", "{\"error\": \"WRONGTYPE no hash\"}"}, {0}};
    struct test_run run;

    (void)state;
    open_run(&run);
    check_ask(&run, "hgetall", "[\"h\"]", small, "observe");
    check_ask(
        &run, "hgetall", "[\"h\"]", large,
        "observe; fails redis.test hgetall: h has 100001 items, more than 100000 at once");
    check_ask(&run, "hgetall", "[\"h\"]", odd, "observe");
    test_run_close(&run);
}

/* Silence ends the questions, nonsense is no knowledge. */
static void test_ask__silence_and_nonsense(void **state)
{
    static const struct step silence[] = {{"COMMAND INFO FLUSHDB", NULL}, {0}};
    static const struct step late[] = {
        NEW("DEL", "\"write\""), WHO, MAY("DEL a"), {"EXISTS a", NULL}, {0}};
    static const char *const replies[] = {"7",
                                          "\"text\"",
                                          "[]",
                                          "[7]",
                                          "[[]]",
                                          "[[null,null]]",
                                          "[[1,2,3]]",
                                          "[null,null]",
                                          "{}",
                                          "[[[],{},[]]]",
                                          "[[\"get\",1,[[],7]]]"};
    struct test_run run;

    (void)state;
    open_run(&run);
    check_ask(&run, "flushdb", "[]", silence, "destroy; affects unknown");
    check_ask(&run, "del", "[\"a\"]", late, "change; affects unknown");
    for (size_t i = 0; i < BL_COUNT(replies); i++) {
        const struct step nonsense[] = {{"COMMAND INFO NEWREAD", replies[i]}, {0}};
        bl_redis_pool_forget(run.connection->state);
        check_ask(&run, "read", "[[\"NEWREAD\"]]", nonsense, "change; refused");
    }
    test_run_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ask__once_a_name),
        cmocka_unit_test(test_ask__counts),
        cmocka_unit_test(test_ask__rights),
        cmocka_unit_test(test_ask__few_rights),
        cmocka_unit_test(test_ask__old_servers),
        cmocka_unit_test(test_ask__what_is_not_there),
        cmocka_unit_test(test_ask__sizes),
        cmocka_unit_test(test_ask__silence_and_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
