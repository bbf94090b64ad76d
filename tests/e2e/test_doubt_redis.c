/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_doubt_redis.c: which commands are known not to have left, which may be sent again, and
 * that a real Redis agrees with what the table says of them. */
#include "base/prefix.h"

#include "support/doubt.h"
#include "support/op.h"
#include "support/scratch.h"
#include "support/servers.h"

#include <setjmp.h>
#include <signal.h>

#include <cmocka.h>

static struct test_server server;
static char settings[100];

static struct doubt_change change(const char *args)
{
    return (struct doubt_change){
        .module = "redis", .operation = "command", .settings = settings, .args = args};
}

/* The reply to a command, as text. */
static char *command(const char *args)
{
    struct bl_outcome outcome;
    struct test_run run;
    char *text;

    test_run_open(&run, "redis", settings);
    outcome = test_op(&run, "command", args);
    text = test_outcome_text(&outcome);
    bl_outcome_release(&outcome);
    test_run_close(&run);
    return text;
}

static void check(const char *args, const char *wanted)
{
    char *text = command(args);

    if (strstr(text, wanted) == NULL)
        fail_msg("%s: %s, wanted %s", args, text, wanted);
    bl_free(text);
}

/* That it leaves is on disk before it does: what is not, was not done. */
static void test_doubt__a_count(void **state)
{
    struct doubt_change count = change("[[\"INCR\", \"n\"]]");

    check("[[\"SET\", \"n\", \"5\"]]", "OK");
    doubt_check(*state, &count, DOUBT_INTENT, BL_FOUND_NOT_DONE, "INCR never left");
    check("[[\"GET\", \"n\"]]", "5");
    doubt_check(*state, &count, DOUBT_PREPARED, BL_FOUND_NOTHING, "could do it twice");
    check("[[\"GET\", \"n\"]]", "5");
    doubt_check(*state, &count, DOUBT_SETTLED, BL_FOUND_NOTHING, "could do it twice");
    check("[[\"GET\", \"n\"]]", "6");
}

/* The server hangs: it was sent, and the server does it once it goes on. */
static void test_doubt__a_timeout(void **state)
{
    struct doubt_change count = change("[[\"INCR\", \"m\"], {\"timeout\": 0.3}]");
    struct doubt_change none = change("[[\"INCR\", \"m\"], {\"timeout\": 0.3}]");

    kill(server.pid, SIGSTOP);
    doubt_check(*state, &count, DOUBT_UNKNOWN, BL_FOUND_NOTHING, "could do it twice");
    kill(server.pid, SIGCONT);
    check("[[\"GET\", \"m\"]]", "1");
    doubt_check(*state, &none, DOUBT_FULL, BL_FOUND_NOT_DONE, "never left");
    check("[[\"GET\", \"m\"]]", "1");
}

/* Cut off while it connects to a server that hangs at the sign-in. */
static void test_doubt__cut_off_while_connecting(void **state)
{
    struct doubt_change count = change("[[\"INCR\", \"n\"]]");
    char with_password[140];

    snprintf(with_password, sizeof(with_password),
             "{\"url\": \"redis://:invented@127.0.0.1:%d\"}", server.port);
    count.settings = with_password;
    count.stage = "signing in";
    count.later_ms = 100;
    kill(server.pid, SIGSTOP);
    doubt_check(*state, &count, DOUBT_STAGE, BL_FOUND_NOT_DONE, "INCR never left");
    kill(server.pid, SIGCONT);
}

static void test_doubt__what_may_be_sent_again(void **state)
{
    struct doubt_change set = change("[[\"set\", \"k\", \"v\"]]");

    doubt_check(*state, &set, DOUBT_INTENT, BL_FOUND_NOT_DONE, "changes nothing more");
    doubt_check(*state, &set, DOUBT_SETTLED, BL_FOUND_NOT_DONE, "changes nothing more");
    set = (struct doubt_change){"redis", "set", settings, "[\"k\", \"v\"]", .later_ms = 0};
    doubt_check(*state, &set, DOUBT_SENT, BL_FOUND_NOT_DONE, "changes nothing more");
}

static const struct sample {
    const char *before, *command;
    bool is_repeatable;
} samples[] = {
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"SET\", \"k\", \"2\"]]", true},
    {"[[\"DEL\", \"k\"]]", "[[\"SET\", \"k\", \"2\", \"nx\"]]", false},
    {"[[\"DEL\", \"k\"]]", "[[\"SETNX\", \"k\", \"2\"]]", false},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"SET\", \"k\", \"2\", \"GET\"]]", false},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"INCRBY\", \"k\", \"2\"]]", false},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"APPEND\", \"k\", \"2\"]]", false},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"SETRANGE\", \"k\", \"3\", \"x\"]]", true},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"SETBIT\", \"k\", \"6\", \"1\"]]", false},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"GETDEL\", \"k\"]]", false},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"PERSIST\", \"k\"]]", true},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"EXPIREAT\", \"k\", \"4102444800\"]]", true},
    {"[[\"DEL\", \"k\"]]", "[[\"HSET\", \"k\", \"f\", \"1\"]]", true},
    {"[[\"DEL\", \"k\"]]", "[[\"HSETNX\", \"k\", \"f\", \"1\"]]", false},
    {"[[\"DEL\", \"k\"]]", "[[\"HINCRBY\", \"k\", \"f\", \"1\"]]", false},
    {"[[\"HSET\", \"k\", \"f\", \"1\", \"g\", \"2\"]]", "[[\"HDEL\", \"k\", \"f\"]]", true},
    {"[[\"RPUSH\", \"k\", \"a\", \"a\", \"b\"]]", "[[\"LPUSH\", \"k\", \"c\"]]", false},
    {"[[\"RPUSH\", \"k\", \"a\", \"a\", \"b\"]]", "[[\"LREM\", \"k\", \"1\", \"a\"]]", false},
    {"[[\"RPUSH\", \"k\", \"a\", \"a\", \"b\"]]", "[[\"LTRIM\", \"k\", \"1\", \"-1\"]]", false},
    {"[[\"RPUSH\", \"k\", \"a\", \"a\", \"b\"]]", "[[\"LSET\", \"k\", \"0\", \"z\"]]", true},
    {"[[\"SADD\", \"k\", \"a\", \"b\"]]", "[[\"SADD\", \"k\", \"c\"]]", true},
    {"[[\"SADD\", \"k\", \"a\", \"b\"]]", "[[\"SREM\", \"k\", \"a\"]]", true},
    {"[[\"SADD\", \"k\", \"a\", \"b\", \"c\"]]", "[[\"SPOP\", \"k\"]]", false},
    {"[[\"ZADD\", \"k\", \"1\", \"a\"]]", "[[\"ZADD\", \"k\", \"2\", \"a\"]]", true},
    {"[[\"ZADD\", \"k\", \"1\", \"a\"]]", "[[\"ZADD\", \"k\", \"incr\", \"2\", \"a\"]]", false},
    {"[[\"ZADD\", \"k\", \"1\", \"a\", \"2\", \"b\"]]", "[[\"ZPOPMIN\", \"k\"]]", false},
    {"[[\"ZADD\", \"k\", \"1\", \"a\", \"2\", \"b\", \"3\", \"c\"]]",
     "[[\"ZREMRANGEBYRANK\", \"k\", \"0\", \"0\"]]", false},
    {"[[\"ZADD\", \"k\", \"1\", \"a\", \"2\", \"b\"]]",
     "[[\"ZREMRANGEBYSCORE\", \"k\", \"1\", \"1\"]]", true},
    {"[[\"DEL\", \"k\"]]", "[[\"XADD\", \"k\", \"*\", \"f\", \"v\"]]", false},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"DEL\", \"k\"]]", true},
    {"[[\"SET\", \"k\", \"1\"]]", "[[\"config\", \"set\", \"maxmemory\", \"100mb\"]]", true},
    {"[[\"SET\", \"k\", \"1\"]]",
     "[[\"EVAL\", \"return redis.call('incr', KEYS[1])\", \"1\", \"k\"]]", false},
};

/* Runs it twice from the same beginning. */
static void check_twice(const struct sample *sample)
{
    char *reply[2], *dump[2];
    bool is_same;

    bl_free(command("[[\"DEL\", \"k\"]]"));
    bl_free(command(sample->before));
    for (int n = 0; n < 2; n++) {
        reply[n] = command(sample->command);
        dump[n] = command("[[\"DUMP\", \"k\"]]");
    }
    is_same = strcmp(dump[0], dump[1]) == 0;
    if (sample->is_repeatable && !is_same)
        fail_msg("%s: twice is not once", sample->command);
    if (!sample->is_repeatable && is_same && strcmp(reply[0], reply[1]) == 0)
        fail_msg("%s: twice is once", sample->command);
    for (int n = 0; n < 2; n++) {
        bl_free(reply[n]);
        bl_free(dump[n]);
    }
}

/* What the table calls repeatable leaves the key as it was after the first time; of the others
 * either the key or the reply differs. */
static void test_doubt__the_table_is_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < BL_COUNT(samples); i++) {
        struct doubt_change it = change(samples[i].command);
        struct bl_resolution resolution;
        struct bl_value *intent = doubt_intend(&it);

        check_twice(&samples[i]);
        bl_map_set(intent, "mark", bl_map_new()); /* it has left */
        doubt_find_out(&it, intent, 1000, &resolution);
        if ((resolution.finding == BL_FOUND_NOT_DONE) != samples[i].is_repeatable)
            fail_msg("%s: %s", samples[i].command, resolution.how);
        bl_resolution_release(&resolution);
        bl_value_unref(intent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_doubt__a_count, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__a_timeout, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__cut_off_while_connecting, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__what_may_be_sent_again, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(test_doubt__the_table_is_right),
    };
    int failed;

    test_redis_start(&server, NULL);
    snprintf(settings, sizeof(settings), "{\"url\": \"redis://127.0.0.1:%d\"}", server.port);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_server_stop(&server);
    return failed;
}
