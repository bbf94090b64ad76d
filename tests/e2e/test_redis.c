/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_redis.c: the redis module against a real Redis, and against peers that are none. */
#include "base/prefix.h"

#include "support/hostile.h"
#include "support/op.h"
#include "support/servers.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_MAX (1024 * 1048576L) /* its own memory and time drown ours */
#define TURN_MAX 2000000
#else
#define TURN_MAX 20000
#define MEMORY_MAX (12 * 1048576L)
#endif

static struct test_server server;

/* The most memory that this process has ever had, in bytes. */
static int64_t memory_peak(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (int64_t)usage.ru_maxrss * 1024;
}

static void open_run(struct test_run *run, const char *more)
{
    char settings[300];

    snprintf(settings, sizeof(settings), "{\"url\": \"redis://127.0.0.1:%d\"%s%s}", server.port,
             *more != '\0' ? ", " : "", more);
    test_run_open(run, "redis", settings);
}

static void check_has(struct test_run *run, const char *operation, const char *args,
                      const char *wanted)
{
    struct bl_outcome outcome = test_op(run, operation, args);
    char *text = test_outcome_text(&outcome);

    if (strstr(text, wanted) == NULL)
        fail_msg("%s %s: %.300s, wanted %s", operation, args, text, wanted);
    bl_free(text);
    bl_outcome_release(&outcome);
}

static void check_is(struct test_run *run, const char *operation, const char *args,
                     const char *wanted)
{
    struct bl_outcome outcome = test_op(run, operation, args);
    char *text = test_outcome_text(&outcome);

    if (strcmp(text, wanted) != 0)
        fail_msg("%s %s: %.300s, wanted %s", operation, args, text, wanted);
    bl_free(text);
    bl_outcome_release(&outcome);
}

static void test_redis__keys(void **state)
{
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_is(&run, "ping", "[]", "true");
    check_is(&run, "set", "[\"a\", \"one\"]", "true");
    check_is(&run, "set", "[\"b\", 2, {\"ttl\": \"100s\"}]", "true");
    check_is(&run, "get", "[\"a\"]", "\"one\"");
    check_is(&run, "get", "[\"nowhere\"]", "null");
    check_is(&run, "mget", "[[\"a\", \"nowhere\", \"b\"]]", "{\"a\":\"one\",\"b\":\"2\"}");
    check_is(&run, "ttl", "[\"b\"]", "100");
    check_is(&run, "ttl", "[\"a\"]", "-1");
    check_is(&run, "ttl", "[\"nowhere\"]", "-2");
    check_is(&run, "type", "[\"a\"]", "\"string\"");
    check_is(&run, "exists", "[\"a\"]", "true");
    check_is(&run, "exists", "[\"nowhere\"]", "false");
    check_is(&run, "expire", "[\"a\", \"1m\"]", "true");
    check_is(&run, "expire", "[\"nowhere\", \"1m\"]", "false");
    check_is(&run, "dbsize", "[]", "2");
    check_is(&run, "del", "[\"a\"]", "1");
    check_is(&run, "unlink", "[[\"a\", \"b\"]]", "1");
    check_is(&run, "command", "[[\"RPUSH\", \"list\", \"x\", 1, 1.5]]", "3");
    check_is(&run, "llen", "[\"list\"]", "3");
    check_is(&run, "lrange", "[\"list\"]", "[\"x\",\"1\",\"1.5\"]");
    check_is(&run, "lrange", "[\"list\", -1, -1]", "[\"1.5\"]");
    check_is(&run, "command", "[[\"HSET\", \"hash\", \"f\", \"v\"]]", "1");
    check_is(&run, "hgetall", "[\"hash\"]", "{\"f\":\"v\"}");
    check_is(&run, "hgetall", "[\"nowhere\"]", "{}");
    check_is(&run, "read", "[[\"strlen\", \"nowhere\"]]", "0");
    check_is(&run, "memory_usage", "[\"nowhere\"]", "null");
    check_has(&run, "get", "[\"list\"]", "server: redis.test get: WRONGTYPE Operation");
    check_has(&run, "command", "[[\"NOSUCH\"]]", "server: redis.test command: ERR unknown");
    check_is(&run, "flushdb", "[]", "true");
    check_is(&run, "dbsize", "[]", "0");
    test_run_close(&run);
}

static void test_redis__server(void **state)
{
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_has(&run, "info", "[]", "\"redis_version\":\"");
    check_has(&run, "info", "[\"memory\"]", "\"used_memory\":");
    check_is(&run, "info", "[\"keyspace\"]", "{}");
    check_is(&run, "set", "[\"a\", \"one\"]", "true");
    check_has(&run, "info", "[\"keyspace\"]",
              "{\"db0\":{\"avg_ttl\":0,\"expires\":0,\"keys\":1}}");
    check_has(&run, "role", "[]", "\"replicas\":[],\"role\":\"master\"");
    check_is(&run, "config_set", "[\"maxmemory\", \"64mb\"]", "true");
    check_is(&run, "config_get", "[\"maxmemory\"]", "{\"maxmemory\":67108864}");
    check_is(&run, "config_set", "[\"masterauth\", \"invented\"]", "true");
    check_is(&run, "config_get", "[\"masterauth\"]", "{\"masterauth\":\"<hidden>\"}");
    check_is(&run, "read", "[[\"config\", \"get\", \"master*th\"]]",
             "{\"masterauth\":\"<hidden>\"}");
    check_has(&run, "client_list", "[]", "\"cmd\":\"client|list\"");
    check_is(&run, "config_set", "[\"slowlog-log-slower-than\", 0]", "true");
    check_has(&run, "slowlog", "[1]", "\"microseconds\":");
    check_is(&run, "config_set", "[\"slowlog-log-slower-than\", 10000]", "true");
    check_is(&run, "bgsave", "[]", "true");
    check_has(&run, "command", "[[\"KEYS\", \"*\"]]",
              "guard: redis.test command: KEYS is refused");
    check_has(&run, "read", "[[\"DEL\", \"a\"]]",
              "guard: redis.test read: 'DEL' is no command that only reads");
    check_has(&run, "flushdb", "[]", "true");
    test_run_close(&run);
}

static void test_redis__scan(void **state)
{
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_is(&run, "command",
             "[[\"EVAL\", \"for i = 1, 5000 do redis.call('set', 'k:' .. i, i) end return 1\", "
             "0]]",
             "1");
    check_is(&run, "scan", "[\"k:4999\"]", "{\"complete\":true,\"keys\":[\"k:4999\"]}");
    check_is(&run, "scan", "[\"k:12?4\"]",
             "{\"complete\":true,\"keys\":[\"k:1204\",\"k:1214\",\"k:1224\",\"k:1234\","
             "\"k:1244\",\"k:1254\",\"k:1264\",\"k:1274\",\"k:1284\",\"k:1294\"]}");
    check_has(&run, "scan", "[\"k:*\", {\"limit\": 3}]", "{\"complete\":false,\"keys\":[\"k:");
    check_has(&run, "scan", "[\"k:*\", {\"limit\": 5000}]", "{\"complete\":true,");
    check_has(&run, "scan", "[\"k:*\", {\"limit\": 4999}]", "{\"complete\":false,");
    check_has(&run, "scan", "[\"k:*\", {\"limit\": 5000, \"keep\": \"40KB\"}]",
              "{\"complete\":false,");
    check_is(&run, "scan", "[\"*\", {\"type\": \"list\"}]", "{\"complete\":true,\"keys\":[]}");
    check_has(&run, "flushdb", "[]", "true");
    assert_true(bl_loop_longest(run.loop) < TURN_MAX);
    test_run_close(&run);
}

static void test_redis__large_replies_are_bounded(void **state)
{
    struct test_run run;
    int64_t before;

    (void)state;
    open_run(&run, "");
    check_is(&run, "command",
             "[[\"EVAL\", \"redis.call('set', 'big', string.rep('x', 20000000)) for i = 1, "
             "100000 do redis.call('rpush', 'long', i) end return 1\", 0], {\"timeout\": "
             "\"20s\"}]",
             "1");
    before = memory_peak();
    check_has(&run, "get", "[\"big\"]",
              "too_large: redis.test get: the reply is larger than 1 MiB");
    check_has(&run, "lrange", "[\"long\", 0, -1]", "too_large");
    check_has(&run, "lrange", "[\"long\", 0, 9]", "[\"1\",");
    assert_true(memory_peak() - before < MEMORY_MAX);
    check_has(&run, "flushdb", "[]", "true");
    test_run_close(&run);
}

static void test_redis__sign_in(void **state)
{
    struct test_server locked;
    char settings[200];
    struct test_run run;

    (void)state;
    test_redis_start(&locked, "requirepass invented-for-tests\nuser reader on >also-invented "
                              "~* +@read +select +ping");
    snprintf(settings, sizeof(settings),
             "{\"url\": \"redis://:invented-for-tests@127.0.0.1:%d/3\"}", locked.port);
    test_run_open(&run, "redis", settings);
    check_is(&run, "set", "[\"a\", \"three\"]", "true");
    check_has(&run, "client_list", "[]", "\"db\":3");
    test_run_close(&run);
    snprintf(settings, sizeof(settings),
             "{\"url\": \"redis://127.0.0.1:%d/3\", \"user\": \"reader\", \"password\": "
             "\"also-invented\"}",
             locked.port);
    test_run_open(&run, "redis", settings);
    check_is(&run, "get", "[\"a\"]", "\"three\"");
    check_has(&run, "set", "[\"a\", \"no\"]", "denied: redis.test set: NOPERM");
    test_run_close(&run);
    snprintf(settings, sizeof(settings), "{\"url\": \"redis://:wrong@127.0.0.1:%d\"}",
             locked.port);
    test_run_open(&run, "redis", settings);
    check_has(&run, "ping", "[]", "auth: redis.test ping: WRONGPASS");
    test_run_close(&run);
    snprintf(settings, sizeof(settings), "{\"url\": \"redis://127.0.0.1:%d\"}", locked.port);
    test_run_open(&run, "redis", settings);
    check_has(&run, "ping", "[]", "auth: redis.test ping: NOAUTH");
    test_run_close(&run);
    snprintf(settings, sizeof(settings), "{\"url\": \"redis://127.0.0.1:%d/99\"}", server.port);
    test_run_open(&run, "redis", settings);
    check_has(&run, "ping", "[]", "server: redis.test ping: ERR DB index is out of range");
    test_run_close(&run);
    test_server_stop(&locked);
}

static void test_redis__many_at_once(void **state)
{
    static struct bl_outcome outcomes[200];
    static bool is_done[200];
    struct test_run run;
    int64_t started, took;
    char args[100];

    (void)state;
    open_run(&run, "");
    started = bl_clock_steady();
    for (int i = 0; i < 200; i++) {
        snprintf(args, sizeof(args), "[[\"ECHO\", \"number %d\"]]", i);
        test_op_start(&run, "read", args, &outcomes[i], &is_done[i]);
    }
    for (int i = 0; i < 200; i++)
        test_op_wait(&run, &is_done[i]);
    took = bl_clock_steady() - started;
    for (int i = 0; i < 200; i++) {
        snprintf(args, sizeof(args), "number %d", i);
        assert_int_equal(outcomes[i].status, BL_ANSWERED);
        assert_string_equal(bl_value_as_text(outcomes[i].value), args);
        bl_outcome_release(&outcomes[i]);
    }
    print_message("200 commands in %lld ms, longest turn %lld us\n", (long long)took,
                  (long long)bl_loop_longest(run.loop));
    assert_true(bl_loop_longest(run.loop) < TURN_MAX);
    test_run_close(&run);
}

static void test_redis__timeout_closes_the_connection(void **state)
{
    struct bl_outcome outcome;
    struct test_run run;
    int fds;

    (void)state;
    open_run(&run, "\"connections\": 1");
    check_is(&run, "ping", "[]", "true");
    fds = hostile_fd_count();
    kill(server.pid, SIGSTOP);
    outcome = test_op(&run, "command", "[[\"RPOP\", \"nothing\"], {\"timeout\": \"200ms\"}]");
    kill(server.pid, SIGCONT);
    assert_int_equal(outcome.status, BL_UNKNOWN); /* a change that was sent */
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    bl_outcome_release(&outcome);
    check_is(&run, "ping", "[]", "true"); /* not the late reply of RPOP */
    assert_int_equal(hostile_fd_count(), fds);
    kill(server.pid, SIGSTOP);
    outcome = test_op(&run, "dbsize", "[{\"timeout\": \"200ms\"}]");
    kill(server.pid, SIGCONT);
    assert_int_equal(outcome.status, BL_FAILED);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    bl_outcome_release(&outcome);
    check_is(&run, "ping", "[]", "true");
    test_run_close(&run);
}

static void test_redis__cancel_while_waiting_or_working(void **state)
{
    struct bl_outcome outcomes[3];
    struct bl_op *ops[3];
    struct test_run run;
    bool is_done[3];

    (void)state;
    open_run(&run, "\"connections\": 1");
    check_is(&run, "ping", "[]", "true");
    kill(server.pid, SIGSTOP);
    ops[0] =
        test_op_start(&run, "command", "[[\"RPOP\", \"nothing\"]]", &outcomes[0], &is_done[0]);
    ops[1] = test_op_start(&run, "set", "[\"never\", \"sent\"]", &outcomes[1], &is_done[1]);
    ops[2] = test_op_start(&run, "ping", "[]", &outcomes[2], &is_done[2]);
    for (int i = 0; i < 3; i++)
        bl_loop_turn(run.loop, false);
    bl_op_cancel(ops[1], "the operator said so");
    bl_op_cancel(ops[0], "the operator said so");
    kill(server.pid, SIGCONT);
    for (int i = 0; i < 3; i++)
        test_op_wait(&run, &is_done[i]);
    assert_int_equal(outcomes[0].status, BL_UNKNOWN);
    assert_int_equal(outcomes[1].status, BL_FAILED);
    assert_int_equal(outcomes[1].error.code, BL_E_CANCELLED);
    assert_int_equal(outcomes[2].status, BL_ANSWERED);
    bl_outcome_release(&outcomes[2]);
    check_is(&run, "exists", "[\"never\"]", "false");
    test_run_close(&run);
}

static void test_redis__cancel_races_the_reply(void **state)
{
    int answered = 0, cancelled = 0;
    struct test_run run;

    (void)state;
    open_run(&run, "\"connections\": 2");
    for (int i = 0; i < 60; i++) {
        struct bl_outcome outcome;
        bool is_done;
        struct bl_op *op = test_op_start(&run, "info", "[]", &outcome, &is_done);
        for (int turn = 0; turn < i % 8 && !is_done; turn++)
            bl_loop_turn(run.loop, true);
        if (!is_done)
            bl_op_cancel(op, "a race");
        test_op_wait(&run, &is_done);
        answered += outcome.status == BL_ANSWERED;
        cancelled += outcome.status == BL_FAILED && outcome.error.code == BL_E_CANCELLED;
        bl_outcome_release(&outcome);
    }
    assert_int_equal(answered + cancelled, 60);
    assert_true(answered > 0 && cancelled > 0);
    check_is(&run, "ping", "[]", "true");
    test_run_close(&run);
}

static void test_redis__cut_idle_connections_are_replaced(void **state)
{
    struct test_run run, killer;

    (void)state;
    open_run(&run, "\"connections\": 1");
    open_run(&killer, "");
    for (int round = 0; round < 3; round++) {
        check_is(&run, "ping", "[]", "true");
        check_has(&killer, "command",
                  "[[\"CLIENT\", \"KILL\", \"TYPE\", \"normal\", \"SKIPME\", "
                  "\"yes\"]]",
                  "1");
        check_is(&run, "set", "[\"round\", \"x\"]",
                 "true"); /* a change, too: nothing was sent */
        check_has(&killer, "command",
                  "[[\"CLIENT\", \"KILL\", \"TYPE\", \"normal\", \"SKIPME\", "
                  "\"yes\"]]",
                  "1");
    }
    check_has(&killer, "flushdb", "[]", "true");
    test_run_close(&run);
    test_run_close(&killer);
}

static void check_peer(struct hostile_spec spec, const char *operation, const char *args,
                       const char *wanted)
{
    struct hostile *peer = hostile_start(&spec);
    int64_t before = memory_peak();
    int fds = hostile_fd_count();
    char settings[100];
    struct test_run run;

    snprintf(settings, sizeof(settings), "{\"url\": \"redis://127.0.0.1:%d\"}",
             hostile_port(peer));
    test_run_open(&run, "redis", settings);
    check_has(&run, operation, args, wanted);
    test_run_close(&run);
    assert_true(memory_peak() - before < MEMORY_MAX);
    assert_true(hostile_wait_idle(peer, 2000));
    assert_int_equal(hostile_fd_count(), fds);
    hostile_stop(peer);
}

static void test_redis__hostile_peers(void **state)
{
    static const struct hostile_line line = {"INFO", "", 0};
    static const char info[] = "[{\"timeout\": \"500ms\"}]";
    struct hostile_spec spec = {.lines = &line, .line_count = 1};

    (void)state;
    spec.kind = HOSTILE_SILENT;
    check_peer(spec, "info", info, "timeout: redis.test info: timed out after 500 ms");
    spec.kind = HOSTILE_GARBAGE;
    check_peer(spec, "info", info, "protocol: redis.test info: the server does not speak");
    spec.kind = HOSTILE_CLOSE;
    check_peer(spec, "info", info, "closed: redis.test info: the connection broke");
    spec.kind = HOSTILE_RESET;
    check_peer(spec, "info", info, "closed: redis.test info: the connection broke");
    spec.kind = HOSTILE_SLOW;
    spec.head = "$500000\r\n";
    spec.head_len = 9;
    check_peer(spec, "info", info, "timeout: ");
}

static void test_redis__hostile_floods(void **state)
{
    static const struct hostile_line line = {"INFO", "", 0};
    static const char info[] = "[{\"timeout\": \"2s\"}]";
    struct hostile_spec spec = {.kind = HOSTILE_FLOOD, .lines = &line, .line_count = 1};

    (void)state;
    check_peer(spec, "info", info, "protocol: ");
    spec.head = "$1073741824\r\n";
    spec.head_len = 13;
    check_peer(spec, "info", info, "too_large: ");
    spec.head = "+";
    spec.head_len = 1;
    check_peer(spec, "info", info, "too_large: ");
    spec.head = "*1000000000\r\n";
    spec.head_len = 13;
    spec.filler = ":1\r\n";
    spec.filler_len = 4;
    check_peer(spec, "info", info, "too_large: ");
    spec.head = "*60000\r\n";
    spec.head_len = 8;
    spec.filler = "$2\r\nxx\r\n";
    spec.filler_len = 8;
    check_peer(spec, "info", info, "too_large: ");
    /* replies that nobody asked for: the first is taken, the connection is not used again */
    spec.head = "$3\r\na:1\r\n";
    spec.head_len = 9;
    spec.filler = "+OK\r\n";
    spec.filler_len = 5;
    check_peer(spec, "info", info, "{\"a\":1}");
}

static void test_redis__no_connection(void **state)
{
    char settings[100];
    struct test_run run;

    (void)state;
    snprintf(settings, sizeof(settings), "{\"url\": \"redis://127.0.0.1:%d\"}",
             hostile_closed_port());
    test_run_open(&run, "redis", settings);
    check_has(&run, "ping", "[]", "refused: redis.test ping: no connection to 127.0.0.1:");
    test_run_close(&run);
    test_run_open(&run, "redis", "{\"url\": \"redis://no-such-host.invalid\"}");
    check_has(&run, "ping", "[]", "resolve: redis.test: no address for host");
    test_run_close(&run);
    test_run_open(&run, "redis", "{\"url\": \"localhost:6379\"}");
    check_has(&run, "ping", "[]", "arg: redis.test: setting 'url' must read redis://");
    test_run_close(&run);
}

static void test_redis__memory_stayed_bounded(void **state)
{
    (void)state;
    print_message("at most %lld KiB\n", (long long)(memory_peak() / 1024));
    assert_true(memory_peak() < MEMORY_MAX + 24 * 1048576L);
}

static int start_server(void **state)
{
    (void)state;
    test_redis_start(&server, NULL);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    test_server_stop(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redis__keys),
        cmocka_unit_test(test_redis__server),
        cmocka_unit_test(test_redis__scan),
        cmocka_unit_test(test_redis__large_replies_are_bounded),
        cmocka_unit_test(test_redis__sign_in),
        cmocka_unit_test(test_redis__many_at_once),
        cmocka_unit_test(test_redis__timeout_closes_the_connection),
        cmocka_unit_test(test_redis__cancel_while_waiting_or_working),
        cmocka_unit_test(test_redis__cancel_races_the_reply),
        cmocka_unit_test(test_redis__cut_idle_connections_are_replaced),
        cmocka_unit_test(test_redis__hostile_peers),
        cmocka_unit_test(test_redis__hostile_floods),
        cmocka_unit_test(test_redis__no_connection),
        cmocka_unit_test(test_redis__memory_stayed_bounded),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
