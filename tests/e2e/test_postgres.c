/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_postgres.c: the postgres module against a real PostgreSQL: answers, changes, errors. */
#include "base/prefix.h"

#include "support/hostile.h"
#include "support/op.h"
#include "support/servers.h"

#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TURN_MAX 2000000 /* its own time drowns ours */
#else
#define TURN_MAX 20000
#endif

static struct test_server server;

static void open_run(struct test_run *run, const char *more)
{
    char settings[600];

    snprintf(settings, sizeof(settings),
             "{\"host\": \"127.0.0.1\", \"port\": %d, \"dbname\": \"postgres\", \"user\": "
             "\"belay\", \"password\": \"" TEST_POSTGRES_PASSWORD "\"%s%s}",
             server.port, *more != '\0' ? ", " : "", more);
    test_run_open(run, "postgres", settings);
}

/* The outcome as text must contain `wanted`. */
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

/* The answer must be exactly `wanted`. */
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

static void test_postgres__types(void **state)
{
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_is(&run, "one",
             "[\"select 9223372036854775807 as a, 1::int2 as b, 0.5::float8 as c, true as d, "
             "12.50 as e, 1234567890123456789.5 as f, null as g, 'ä' as h\"]",
             "{\"a\":9223372036854775807,\"b\":1,\"c\":0.5,\"d\":true,\"e\":12.5,"
             "\"f\":\"1234567890123456789.5\",\"h\":\"ä\"}");
    check_is(
        &run, "one",
        "[\"select '{\\\"x\\\": [1, null]}'::jsonb as j, timestamptz '2026-03-01 "
        "02:59:00+00' as t, date '2026-03-01' as d, '\\\\x00ff'::bytea as b, array[1,2] as "
        "l, array['a','b c'] as s, '5'::oid as o\"]",
        "{\"b\":{\"$bytes\":\"AP8=\"},\"d\":\"2026-03-01\",\"j\":{\"x\":[1,null]},"
        "\"l\":[1,2],\"o\":5,\"s\":[\"a\",\"b c\"],\"t\":\"2026-03-01T02:59:00Z\"}");
    check_is(
        &run, "one",
        "[\"select $1 + 1 as i, $2 as big, $3 as f, $4 as b, $5::text as s, $6::text as n, "
        "7 = any($7) as has, $8::jsonb as m, 'a' = any($9) as a\", [41, 5000000000, 0.5, "
        "true, \"it's\", null, [6, 7], {\"k\": 1}, [\"a\"]]]",
        "{\"a\":true,\"b\":true,\"big\":5000000000,\"f\":0.5,\"has\":true,\"i\":42,"
        "\"m\":{\"k\":1},\"s\":\"it's\"}");
    check_is(&run, "value",
             "[\"select $1::timestamptz - interval '1 day' > '2026-02-01'::timestamptz\", "
             "[\"2026-03-01\"]]",
             "true");
    test_run_close(&run);
}

static void test_postgres__shapes(void **state)
{
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_is(&run, "query", "[\"select i from generate_series(1, 3) i\"]",
             "[{\"i\":1},{\"i\":2},{\"i\":3}]");
    check_is(&run, "query", "[\"select 1 as a where false\"]", "[]");
    check_is(&run, "one", "[\"select 1 as a where false\"]", "null");
    check_is(&run, "value", "[\"select 1 where false\"]", "null");
    check_is(&run, "value", "[\"select null\"]", "null");
    check_is(&run, "value", "[\"show server_encoding\"]", "\"UTF8\"");
    check_is(&run, "execute", "[\"select 1 from generate_series(1, 5000)\"]",
             "{\"command\":\"SELECT\",\"rows\":5000}");
    check_has(&run, "one", "[\"select i from generate_series(1, 2) i\"]",
              "too_large: postgres.test one: the statement gives more than one row");
    check_has(&run, "value", "[\"select 1, 2\"]", "gives 2 columns");
    check_has(&run, "query", "[\"select 1 as a, 2 as b, 3 as a\"]",
              "arg: postgres.test query: two columns are named 'a': rename one with AS");
    check_has(&run, "query", "[\"select i from generate_series(1, 1001) i\"]",
              "too_large: postgres.test query: more than 1000 rows: add LIMIT");
    check_has(&run, "query", "[\"select i from generate_series(1, 6) i\", [], {\"rows\": 5}]",
              "more than 5 rows");
    check_has(&run, "query",
              "[\"select repeat('x', 300) as t from generate_series(1, 100)\", "
              "{\"keep\": 20480}]",
              "too_large: postgres.test query: the answer is larger than 20 KiB");
    check_is(&run, "value", "[\"select 1\"]", "1"); /* still usable after all that */
    test_run_close(&run);
}

/* More JSON than is parsed on the loop's thread. */
static void test_postgres__large_json(void **state)
{
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_has(&run, "one",
              "[\"select json_agg(json_build_object('n', i, 's', 'text')) as j, 5 as k from "
              "generate_series(1, 10000) i\"]",
              "{\"n\":10000,\"s\":\"text\"}],\"k\":5}");
    check_is(&run, "value", "[\"select '1e999'::json\"]", "\"1e999\""); /* no number of ours */
    assert_true(bl_loop_longest(run.loop) < TURN_MAX);
    test_run_close(&run);
}

static void test_postgres__changes(void **state)
{
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_is(&run, "execute",
             "[\"create table notes (id int primary key, text text, at timestamptz)\"]",
             "{\"command\":\"CREATE TABLE\",\"rows\":0}");
    check_is(&run, "execute",
             "[\"insert into notes values ($1, $2, now()), (2, 'b', null)\", [1, \"a\"]]",
             "{\"command\":\"INSERT\",\"rows\":2}");
    check_is(&run, "query",
             "[\"update notes set text = text || 'x' where id > 0 returning id\"]",
             "[{\"id\":1},{\"id\":2}]");
    check_is(&run, "value", "[\"select string_agg(text, ',' order by id) from notes\"]",
             "\"ax,bx\"");
    check_has(&run, "execute", "[\"insert into notes values (1, 'again', null)\"]",
              "server: postgres.test execute: duplicate key value violates unique constraint");
    /* too many rows in RETURNING: rolled back, not half known */
    check_has(&run, "one", "[\"update notes set text = 'lost' where id > 0 returning id\"]",
              "too_large");
    check_is(&run, "value", "[\"select count(*) from notes where text = 'lost'\"]", "0");
    check_is(&run, "execute", "[\"vacuum notes\"]", "{\"command\":\"VACUUM\",\"rows\":0}");
    check_is(&run, "execute", "[\"create index concurrently notes_text on notes (text)\"]",
             "{\"command\":\"CREATE INDEX\",\"rows\":0}");
    check_is(&run, "execute", "[\"delete from notes where id = 1\"]",
             "{\"command\":\"DELETE\",\"rows\":1}");
    check_is(&run, "execute", "[\"drop table notes\"]",
             "{\"command\":\"DROP TABLE\",\"rows\":0}");
    test_run_close(&run);
}

static void check_error(struct test_run *run, const char *args, enum bl_code code,
                        const char *cause, const char *message)
{
    struct bl_outcome outcome = test_op(run, "query", args);

    if (outcome.status != BL_FAILED || outcome.error.code != code ||
        strcmp(outcome.error.cause, cause) != 0 ||
        strstr(outcome.error.message, message) == NULL)
        fail_msg("%s: %s %s: %s", args, bl_code_name(outcome.error.code), outcome.error.cause,
                 outcome.error.message);
    bl_outcome_release(&outcome);
}

static void test_postgres__errors(void **state)
{
    struct test_run run;

    (void)state;
    open_run(&run, "");
    check_error(&run, "[\"select *\\n from nowhere\"]", BL_E_SERVER, "SQLSTATE 42P01",
                "relation \"nowhere\" does not exist at line 2, column 7 of the SQL");
    check_error(&run, "[\"select 1 + 'x'\"]", BL_E_SERVER, "SQLSTATE 22P02", "invalid input");
    check_error(&run, "[\"select 1 / 0\"]", BL_E_SERVER, "SQLSTATE 22012", "division by zero");
    check_error(&run, "[\"select $1::int, $2::int\", [1]]", BL_E_SERVER, "SQLSTATE 08P01",
                "bind message supplies 1 parameters");
    check_error(&run, "[\"selec 1\"]", BL_E_GUARD, "", "syntax error at or near \"selec\"");
    check_error(&run, "[\"commit\"]", BL_E_GUARD, "", "'commit' is refused");
    check_error(&run, "[\"select 1; select 2\"]", BL_E_GUARD, "", "2 statements");
    check_is(&run, "value", "[\"select 1\"]", "1");
    test_run_close(&run);
}

/* A function that looks harmless and is not: the transaction does not let it. */
static void test_postgres__questions_cannot_change(void **state)
{
    struct test_run run;
    char *log;

    (void)state;
    open_run(&run, "");
    check_has(&run, "execute", "[\"create table touched (a int)\"]", "CREATE TABLE");
    check_has(&run, "execute",
              "[\"create function lower(int) returns int language plpgsql as $$ begin insert "
              "into touched values ($1); return 1; end $$\"]",
              "CREATE FUNCTION");
    check_error(&run, "[\"select lower(5) as a\"]", BL_E_GUARD, "SQLSTATE 25006",
                "it would change data inside of a question");
    check_is(&run, "value", "[\"select count(*) from touched\"]", "0");
    check_has(&run, "execute", "[\"drop function lower(int)\"]", "DROP FUNCTION");
    check_has(&run, "execute", "[\"drop table touched\"]", "DROP TABLE");
    test_run_close(&run);
    log = test_server_log(&server);
    assert_non_null(strstr(log, "BEGIN READ ONLY"));
    assert_non_null(strstr(log, "ROLLBACK"));
    bl_free(log);
}

static void test_postgres__many_at_once(void **state)
{
    static struct bl_outcome outcomes[200];
    static bool is_done[200];
    struct test_run run;
    int64_t started, took;

    (void)state;
    open_run(&run, "");
    started = bl_clock_steady();
    for (int i = 0; i < 200; i++) {
        char args[100];
        snprintf(args, sizeof(args), "[\"select $1 + 1 from generate_series(1, 1)\", [%d]]", i);
        test_op_start(&run, "value", args, &outcomes[i], &is_done[i]);
    }
    for (int i = 0; i < 200; i++)
        test_op_wait(&run, &is_done[i]);
    took = bl_clock_steady() - started;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(outcomes[i].status, BL_ANSWERED);
        assert_int_equal(bl_value_as_int(outcomes[i].value), i + 1);
        bl_outcome_release(&outcomes[i]);
    }
    print_message("200 queries in %lld ms, longest turn %lld us\n", (long long)took,
                  (long long)bl_loop_longest(run.loop));
    assert_true(bl_loop_longest(run.loop) < TURN_MAX);
    test_run_close(&run);
}

static void check_connect(const char *settings, enum bl_code code, const char *message)
{
    struct bl_outcome outcome;
    struct test_run run;

    test_run_open(&run, "postgres", settings);
    outcome = test_op(&run, "value", "[\"select 1\", {\"timeout\": \"3s\"}]");
    if (outcome.status != BL_FAILED || outcome.error.code != code ||
        strstr(outcome.error.message, message) == NULL)
        fail_msg("%s: %s: %s", settings, bl_code_name(outcome.error.code),
                 outcome.error.message);
    assert_null(strstr(outcome.error.message, "not-the-password"));
    bl_outcome_release(&outcome);
    test_run_close(&run);
}

static void test_postgres__no_connection(void **state)
{
    char settings[400];

    (void)state;
    snprintf(settings, sizeof(settings),
             "{\"host\": \"localhost\", \"port\": %d, \"dbname\": \"postgres\", \"user\": "
             "\"belay\", \"password\": \"not-the-password\"}",
             server.port);
    check_connect(settings, BL_E_AUTH, "password authentication failed for user \"belay\"");
    snprintf(settings, sizeof(settings),
             "{\"host\": \"127.0.0.1\", \"port\": %d, \"dbname\": \"nowhere\", \"user\": "
             "\"belay\", \"password\": \"" TEST_POSTGRES_PASSWORD "\"}",
             server.port);
    check_connect(settings, BL_E_NOT_FOUND, "database \"nowhere\" does not exist");
    snprintf(settings, sizeof(settings),
             "{\"host\": \"127.0.0.1\", \"port\": %d, \"dbname\": \"x\", \"user\": \"x\"}",
             hostile_closed_port());
    check_connect(settings, BL_E_REFUSED, "is the server running");
    check_connect("{\"host\": \"no-such-host.invalid\", \"dbname\": \"x\", \"user\": \"x\"}",
                  BL_E_RESOLVE, "no-such-host.invalid");
    check_connect("{\"host\": \"/tmp/no-such-folder\", \"dbname\": \"x\", \"user\": \"x\"}",
                  BL_E_REFUSED, "is this its socket");
}

static int start_server(void **state)
{
    (void)state;
    test_postgres_start(&server);
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
        cmocka_unit_test(test_postgres__types),
        cmocka_unit_test(test_postgres__shapes),
        cmocka_unit_test(test_postgres__large_json),
        cmocka_unit_test(test_postgres__changes),
        cmocka_unit_test(test_postgres__errors),
        cmocka_unit_test(test_postgres__questions_cannot_change),
        cmocka_unit_test(test_postgres__many_at_once),
        cmocka_unit_test(test_postgres__no_connection),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
