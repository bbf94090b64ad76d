/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_guard.c: the class of SQL statements and Redis commands, bypasses included. */
#include "base/prefix.h"

#include "base/json.h"
#include "base/text.h"
#include "guard/redis.h"
#include "guard/sql.h"

#include <setjmp.h>

#include <cmocka.h>

static struct bl_sql read_sql(const char *sql)
{
    struct bl_sql result;

    bl_sql_read(sql, strlen(sql), &result, NULL);
    return result;
}

static void check_all(const char *const *statements, enum bl_class class)
{
    for (size_t i = 0; statements[i] != NULL; i++) {
        struct bl_sql result = read_sql(statements[i]);
        if (result.class != class || result.refused[0] != '\0')
            fail_msg("%s: %s (%s%s), wanted %s", statements[i], bl_class_name(result.class),
                     result.why, result.refused, bl_class_name(class));
        if ((result.why[0] == '\0') != (class == BL_CLASS_OBSERVE))
            fail_msg("%s: the reason is '%s'", statements[i], result.why);
    }
}

static void test_sql__observes(void **state)
{
    static const char *const statements[] = {
        "SELECT 1",
        "select count(*), max(ts) from market_data where symbol = $1 and ts > now() - "
        "interval '1 day' group by symbol having count(*) > 5 order by 2 desc limit 10",
        "TABLE strategies",
        "VALUES (1, 'a'), (2, NULL)",
        "SHOW max_connections",
        "WITH a AS (SELECT 1 AS x) SELECT x::int8, lower('X') FROM a",
        "EXPLAIN SELECT * FROM t",
        "EXPLAIN DELETE FROM t",
        "EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) FROM t",
        "SELECT pg_size_pretty(pg_database_size(current_database()))",
        "SELECT pid, now() - query_start FROM pg_stat_activity WHERE state <> 'idle' AND query "
        "ILIKE '%vacuum%'",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t",
        "SELECT extract(epoch FROM now()), current_user, coalesce(a, 0), greatest(1, 2)",
        "SELECT a->>'x', b[1], array_agg(c ORDER BY d) FILTER (WHERE e) FROM t GROUP BY 1, 2",
        "SELECT * FROM a JOIN LATERAL (SELECT 1) x ON true WHERE b = ANY($1::text[])",
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM t) THEN 1 ELSE 0 END",
        "SELECT ts AT TIME ZONE 'UTC' FROM t UNION ALL SELECT now()",
        "SELECT pg_catalog.lower('A') WHERE 1 OPERATOR(pg_catalog.=) 1",
        "SELECT * FROM generate_series(1, 10) AS g(i) WHERE i BETWEEN 2 AND 3",
        "SELECT 'drop table x; delete from y' AS harmless_text -- truncate z",
        NULL,
    };

    (void)state;
    check_all(statements, BL_CLASS_OBSERVE);
}

static void test_sql__changes(void **state)
{
    static const char *const statements[] = {
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1 WHERE id = 7",
        "DELETE FROM t WHERE id = $1",
        "SELECT * INTO copy FROM t",
        "SELECT * FROM t FOR UPDATE",
        "SELECT 1 FROM (SELECT * FROM t FOR SHARE) x",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
        "WITH x AS (UPDATE t SET a = 1 WHERE a = 2 RETURNING *) SELECT * FROM x",
        "EXPLAIN ANALYZE DELETE FROM t WHERE id = 1",
        "EXPLAIN (VERBOSE, ANALYZE) INSERT INTO t VALUES (1)",
        "EXPLAIN CREATE TABLE x AS SELECT 1",
        "SELECT nextval('s')",
        "SELECT lo_create(0)",
        "SELECT dblink_exec('host=x', 'DROP TABLE t')",
        "SELECT query_to_xml('SELECT pg_terminate_backend(1)', true, true, '')",
        "SELECT pg_reload_conf()",
        "SELECT public.lower('A')",
        "SELECT other.pg_catalog.lower('A')",
        "SELECT \"Lower\"('A')",
        "SELECT my_function()",
        "SELECT 1 OPERATOR(public.+) 1",
        "SELECT a <-> b FROM t",
        "SELECT 'x'::my_domain",
        "SELECT CAST('x' AS public.text)",
        "SELECT 1 FROM t ORDER BY a USING <->",
        "SELECT a = ANY(SELECT 1) FROM t TABLESAMPLE my_method(1)",
        "COPY t TO '/tmp/x'",
        "LOCK TABLE t",
        "NOTIFY channel",
        "CHECKPOINT",
        "VACUUM FULL t",
        "REINDEX TABLE t",
        "CREATE TABLE t (a int)",
        "ALTER TABLE t ADD COLUMN a int",
        "GRANT SELECT ON t TO x",
        "DO $$ BEGIN NULL; END $$",
        "CALL p()",
        "REFRESH MATERIALIZED VIEW v",
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = 1",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT pg_stat_reset()",
        NULL,
    };

    (void)state;
    check_all(statements, BL_CLASS_CHANGE);
}

static void test_sql__destroys(void **state)
{
    static const char *const statements[] = {
        "DROP TABLE t",
        "DROP DATABASE mastertrade",
        "DROP INDEX CONCURRENTLY i",
        "TRUNCATE t",
        "DELETE FROM t",
        "DELETE FROM t WHERE true",
        "DELETE FROM t WHERE 1 = 1 OR now() > '2000-01-01'",
        "UPDATE t SET a = 1",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT count(*) FROM x",
        "EXPLAIN ANALYZE DELETE FROM t",
        "ALTER TABLE t DROP COLUMN a",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
        "SELECT PG_CATALOG.PG_TERMINATE_BACKEND(1)",
        "INSERT INTO t SELECT pg_terminate_backend(1)",
        "EXPLAIN SELECT pg_terminate_backend(1)",
        "COPY (SELECT 1) TO PROGRAM 'touch /tmp/x'",
        "COPY t FROM PROGRAM 'curl http://localhost'",
        "DROP ROLE x",
        NULL,
    };

    (void)state;
    check_all(statements, BL_CLASS_DESTROY);
}

static void test_sql__refused(void **state)
{
    static const char *const statements[][2] = {
        {"BEGIN", "opened and ended by the engine"},
        {"COMMIT", "opened and ended by the engine"},
        {"rollback to savepoint x", "'rollback' is refused"},
        {"SET search_path = x", "'SET' is refused"},
        {"SET LOCAL transaction_read_only = off", "session"},
        {"SET TRANSACTION READ WRITE", "session"},
        {"RESET ALL", "session"},
        {"DISCARD ALL", "session"},
        {"LISTEN x", "session"},
        {"PREPARE x AS SELECT 1", "session"},
        {"EXECUTE x", "session"},
        {"EXPLAIN ANALYZE EXECUTE x", "session"},
        {"DECLARE c CURSOR FOR SELECT 1", "session"},
        {"CREATE TEMP TABLE x (a int)", "temporary"},
        {"CREATE TABLE pg_temp.x (a int)", "temporary"},
        {"SELECT 1 INTO TEMP x", "temporary"},
        {"CREATE TEMPORARY VIEW v AS SELECT 1", "temporary"},
        {"SELECT set_config('transaction_read_only', 'off', false)", "session"},
        {"SELECT pg_advisory_lock(1)", "use pg_advisory_xact_lock"},
        {"COPY t TO STDOUT", "COPY from or to the client"},
        {"COPY t FROM STDIN", "COPY from or to the client"},
        {"SELECT 1; DROP TABLE t", "2 statements"},
        {"COMMIT; INSERT INTO t VALUES (1)", "2 statements"},
        {"", "no statement"},
        {" ; ", "no statement"},
        {"-- only a comment", "no statement"},
        {"SELEC 1", "syntax error at or near \"SELEC\" (line 1, column 1 of the SQL)"},
        {"SELECT a,\n  'ä' FORM t", "at or near \"t\" (line 2, column 12 of the SQL)"},
        {"SELECT 'open", "unterminated quoted string"},
        {"SELECT '\xff'", "not text"},
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(statements); i++) {
        struct bl_sql result = read_sql(statements[i][0]);
        if (strstr(result.refused, statements[i][1]) == NULL)
            fail_msg("%s: refused because '%s', wanted '%s'", statements[i][0], result.refused,
                     statements[i][1]);
        assert_int_not_equal(result.class, BL_CLASS_OBSERVE);
    }
}

static void test_sql__alone_outside_of_transactions(void **state)
{
    static const char *const alone[] = {"VACUUM",
                                        "VACUUM (ANALYZE) t",
                                        "CREATE INDEX CONCURRENTLY i ON t(a)",
                                        "REINDEX INDEX CONCURRENTLY i",
                                        "REINDEX DATABASE d",
                                        "DROP INDEX CONCURRENTLY i",
                                        "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
                                        "CREATE DATABASE x",
                                        "DROP DATABASE x",
                                        "ALTER SYSTEM SET work_mem = '8MB'"};
    static const char *const together[] = {"ANALYZE t", "CREATE INDEX i ON t(a)", "TRUNCATE t",
                                           "REINDEX TABLE t", "SELECT 1"};

    (void)state;
    for (size_t i = 0; i < BL_COUNT(alone); i++)
        assert_true(read_sql(alone[i]).is_alone);
    for (size_t i = 0; i < BL_COUNT(together); i++)
        assert_false(read_sql(together[i]).is_alone);
}

/* What is large or deep ends in a refusal, never in a crash. */
static void test_sql__bounds(void **state)
{
    static const char *const parts[] = {"+1", " union select 1", "(", "||'a'", "[1]", " and a"};
    struct bl_sql result;
    struct bl_buf sql;

    (void)state;
    for (size_t i = 0; i < BL_COUNT(parts); i++) {
        bl_buf_init(&sql, 0);
        bl_buf_text_add(&sql, "select a");
        while (sql.len + strlen(parts[i]) <= BL_SQL_MAX)
            bl_buf_text_add(&sql, parts[i]);
        bl_sql_read(bl_buf_text(&sql), sql.len, &result, NULL);
        assert_true(result.refused[0] != '\0' || result.class == BL_CLASS_OBSERVE);
        bl_buf_text_add(&sql, "                    ");
        bl_sql_read(bl_buf_text(&sql), sql.len, &result, NULL);
        assert_non_null(strstr(result.refused, "put data into parameters"));
        bl_buf_release(&sql);
    }
    bl_sql_read("select 1\0; drop table x", 23, &result, NULL);
    assert_non_null(strstr(result.refused, "NUL"));
}

static void test_sql__line(void **state)
{
    char out[40];

    (void)state;
    bl_sql_line("  select\n\t1 /* why */ -- end\n, 'a  b'  ", out, sizeof(out));
    assert_string_equal(out, "select 1 , 'a  b'");
    bl_sql_line("select 'a\x1b[31m\nb'", out, sizeof(out));
    assert_null(strchr(out, '\x1b'));
    assert_null(strchr(out, '\n'));
    bl_sql_line("select ääääääääääääääääääääääää", out, sizeof(out));
    assert_true(strlen(out) < sizeof(out) && bl_utf8_is_valid(out, strlen(out)));
    assert_non_null(strstr(out, "…"));
    bl_sql_line("", out, sizeof(out));
    assert_string_equal(out, "");
}

static struct bl_redis_class classify(const char *json)
{
    struct bl_redis_class result;
    struct bl_value *argv = NULL;
    struct bl_error err;

    assert_int_equal(bl_json_parse(json, strlen(json), false, &argv, &err), BL_OK);
    bl_redis_classify(argv, NULL, &result);
    bl_value_unref(argv);
    return result;
}

static void test_redis__classes(void **state)
{
    static const struct {
        const char *argv;
        enum bl_class class;
    } commands[] = {
        {"[\"get\", \"a\"]", BL_CLASS_OBSERVE},
        {"[\"INFO\"]", BL_CLASS_OBSERVE},
        {"[\"Config\", \"get\", \"*\"]", BL_CLASS_OBSERVE},
        {"[\"MEMORY\", \"USAGE\", \"k\"]", BL_CLASS_OBSERVE},
        {"[\"client\", \"list\"]", BL_CLASS_OBSERVE},
        {"[\"CONFIG\", \"SET\", \"maxmemory\", \"1\"]", BL_CLASS_CHANGE},
        {"[\"CONFIG\"]", BL_CLASS_CHANGE},
        {"[\"SET\", \"a\", \"b\"]", BL_CLASS_CHANGE},
        {"[\"GETEX\", \"a\"]", BL_CLASS_CHANGE},
        {"[\"SORT\", \"a\"]", BL_CLASS_CHANGE},
        {"[\"EVAL\", \"return 1\", \"0\"]", BL_CLASS_CHANGE},
        {"[\"EVAL_RO\", \"return 1\", \"0\"]", BL_CLASS_CHANGE},
        {"[\"TOUCH\", \"a\"]", BL_CLASS_CHANGE},
        {"[\"PFCOUNT\", \"a\"]", BL_CLASS_CHANGE},
        {"[\"FCALL_RO\", \"f\", \"0\"]", BL_CLASS_CHANGE},
        {"[\"ACL\", \"LOG\"]", BL_CLASS_OBSERVE},
        {"[\"ACL\", \"LOG\", \"reset\"]", BL_CLASS_CHANGE},
        {"[\"FT.SEARCH\", \"a\"]", BL_CLASS_CHANGE},
        {"[\"CONFIG\", \"HELP\"]", BL_CLASS_OBSERVE},
        {"[\"GET\", \"HELP\"]", BL_CLASS_OBSERVE},
        {"[\"SET\", \"HELP\", \"a\"]", BL_CLASS_CHANGE},
        {"[\"XREAD\", \"STREAMS\", \"block\", \"0\"]", BL_CLASS_OBSERVE},
        {"[\"SCAN\", \"0\", \"COUNT\", \"10000\"]", BL_CLASS_OBSERVE},
        {"[\"SRANDMEMBER\", \"s\", \"-5\"]", BL_CLASS_OBSERVE},
        {"[\"PUBLISH\", \"a\", \"b\"]", BL_CLASS_CHANGE},
        {"[\"NEWCOMMAND\"]", BL_CLASS_CHANGE},
        {"[\"GETT\"]", BL_CLASS_CHANGE},
        {"[\"ET\"]", BL_CLASS_CHANGE},
        {"[\"flushall\"]", BL_CLASS_DESTROY},
        {"[\"FLUSHDB\", \"ASYNC\"]", BL_CLASS_DESTROY},
        {"[\"shutdown\", \"nosave\"]", BL_CLASS_DESTROY},
        {"[\"DEBUG\", \"SLEEP\", \"1\"]", BL_CLASS_DESTROY},
        {"[\"REPLICAOF\", \"no\", \"one\"]", BL_CLASS_DESTROY},
        {"[\"script\", \"flush\"]", BL_CLASS_DESTROY},
        {"[\"client\", \"kill\", \"id\", \"1\"]", BL_CLASS_DESTROY},
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(commands); i++) {
        struct bl_redis_class got = classify(commands[i].argv);
        if (got.class != commands[i].class || got.refused[0] != '\0')
            fail_msg("%s: %s %s", commands[i].argv, bl_class_name(got.class), got.refused);
    }
}

static void test_redis__refused(void **state)
{
    static const char *const commands[][2] = {
        {"[\"KEYS\", \"*\"]", "use scan"},
        {"[\"monitor\"]", "never ends"},
        {"[\"SELECT\", \"1\"]", "connection"},
        {"[\"MULTI\"]", "connection"},
        {"[\"subscribe\", \"a\"]", "connection"},
        {"[\"CLIENT\", \"REPLY\", \"OFF\"]", "connection"},
        {"[\"AUTH\", \"x\"]", "connection"},
        {"[\"blpop\", \"a\", \"0\"]", "wait_until"},
        {"[\"WAIT\", \"0\", \"0\"]", "wait_until"},
        {"[\"CLIENT\", \"PAUSE\", \"1\"]", "all clients"},
        {"[\"XREAD\", \"block\", \"0\", \"STREAMS\", \"a\", \"$\"]", "BLOCK"},
        {"[\"ACL\", \"GETUSER\", \"default\"]", "passwords"},
        {"[\"SCAN\", \"0\", \"COUNT\", \"1000000\"]", "smaller steps"},
        {"[\"HSCAN\", \"h\", \"0\", \"MATCH\", \"*\", \"count\", \"99999\"]", "smaller steps"},
        {"[\"SRANDMEMBER\", \"s\", \"-100000000\"]", "memory"},
        {"[\"GET a\"]", "first word"},
        {"[\"CONFIG|GET\", \"*\"]", "first word"},
        {"[\"GET\\u0000\"]", "first word"},
        {"[\"\"]", "first word"},
        {"[]", "first word"},
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(commands); i++) {
        struct bl_redis_class got = classify(commands[i][0]);
        if (strstr(got.refused, commands[i][1]) == NULL)
            fail_msg("%s: refused because '%s'", commands[i][0], got.refused);
        assert_int_not_equal(got.class, BL_CLASS_OBSERVE);
    }
}

/* What COMMAND INFO answers, and what becomes of a command with it. */
static void check_server(const char *reply, const char *argv, const char *wanted)
{
    struct bl_value *json = NULL, *words = NULL, *known;
    struct bl_redis_class got;
    struct bl_error err;
    char text[400];

    assert_int_equal(bl_json_parse(reply, strlen(reply), true, &json, &err), BL_OK);
    assert_int_equal(bl_json_parse(argv, strlen(argv), true, &words, &err), BL_OK);
    known = bl_redis_learn(json);
    assert_non_null(known);
    bl_redis_classify(words, known, &got);
    snprintf(text, sizeof(text), "%s %s %s", bl_class_name(got.class),
             *got.refused != '\0' ? "refused" : "-", got.why);
    if (strncmp(text, wanted, strlen(wanted)) != 0 || got.is_open)
        fail_msg("%s with %s: %s, wanted %s", argv, reply, text, wanted);
    bl_value_unref(json);
    bl_value_unref(words);
    bl_value_unref(known);
}

static void test_redis__server_decides(void **state)
{
    (void)state;
    check_server("[[\"get\",2,[\"readonly\",\"fast\"],1,1,1,[],[],[],[]]]", "[\"GET\",\"a\"]",
                 "observe - the server flags it as read-only");
    check_server("[[\"newread\",2,[\"readonly\"],1,1,1,[],[],[],[]]]", "[\"NewRead\",\"a\"]",
                 "observe - the server flags");
    check_server("[[\"newread\",2,[\"readonly\",\"may_replicate\"],1,1,1,[],[],[],[]]]",
                 "[\"newread\"]", "change - the server flags it as writing");
    check_server("[[\"newwait\",2,[\"readonly\",\"blocking\"],1,1,1,[],[],[],[]]]",
                 "[\"newwait\"]", "change refused");
    check_server("[[\"xread\",2,[\"readonly\",\"blocking\"],1,1,1,[],[],[],[]]]",
                 "[\"xread\",\"STREAMS\",\"a\",\"0\"]", "observe - ");
    check_server("[[\"new\",2,[\"fast\"],0,0,0,[],[],[],[]]]", "[\"new\"]",
                 "change - the server does not flag it");
    check_server("[[\"get\",2,[\"fast\"],0,0,0,[],[],[],[]]]", "[\"get\",\"a\"]",
                 "change - the server does not flag it");
    check_server("[[\"ping\",-1,[\"fast\"],0,0,0,[],[],[],[]]]", "[\"ping\"]",
                 "observe - in the list of harmless");
    check_server("[[\"ping\",-1,[\"write\"],0,0,0,[],[],[],[]]]", "[\"ping\"]",
                 "change - the server flags it as writing");
    check_server("[[\"touch\",2,[\"readonly\"],1,1,1,[],[],[],[]]]", "[\"touch\",\"a\"]",
                 "change - changes when");
    check_server("[[\"eval_ro\",2,[\"readonly\"],1,1,1,[],[],[],[]]]",
                 "[\"eval_ro\",\"return 1\",\"0\"]", "change - runs a script");
    check_server("[[\"flushall\",1,[\"readonly\"],1,1,1,[],[],[],[]]]", "[\"flushall\"]",
                 "destroy - removes");
}

/* A server that has given its commands other names, loaded modules, or none of them. */
static void test_redis__server_renames(void **state)
{
    (void)state;
    check_server("[null]", "[\"config\",\"get\",\"*\"]", "change - the server has no command");
    check_server("[null]", "[\"flushall\"]", "destroy - the server has no command");
    check_server("[[\"shutdown\",-1,[\"admin\"],0,0,0,[],[],[],[]]]", "[\"PING\"]",
                 "destroy - the server has renamed its commands: this is its SHUTDOWN");
    check_server("[[\"get\",2,[\"readonly\"],1,1,1,[],[],[],[]]]", "[\"dbsize\"]",
                 "change - the server has renamed");
    check_server("[[\"keys\",2,[\"readonly\"],1,1,1,[],[],[],[]]]", "[\"GET\",\"*\"]",
                 "change refused");
    check_server("[[\"ping\",-1,[\"module\",\"readonly\"],0,0,0,[],[],[],[]]]", "[\"PING\"]",
                 "change - it is a module's");
    check_server("[[\"ft.search\",-1,[\"readonly\",\"module\"],0,0,0,[],[],[],[]]]",
                 "[\"FT.SEARCH\",\"a\"]", "change - it is a module's");
}

/* The flags of a command with subcommands are those of the subcommand. */
static void test_redis__server_subcommands(void **state)
{
    static const char config[] =
        "[[\"config\",-2,[],0,0,0,[],[],[],[[\"config|get\",-3,[\"admin\"],0,0,0],"
        "[\"config|set\",-4,[\"admin\"],0,0,0],[\"config|new\",-4,[\"admin\"],0,0,0],"
        "[\"config|look\",-4,[\"readonly\"],0,0,0]]]]";
    static const char old[] = "[[\"memory\",-2,[\"readonly\",\"random\"],0,0,0]]";

    (void)state;
    check_server(config, "[\"CONFIG\",\"GET\",\"*\"]", "observe - in the list of harmless");
    check_server(config, "[\"CONFIG\",\"SET\",\"a\",\"b\"]", "change - changes the server's");
    check_server(config, "[\"CONFIG\",\"NEW\"]", "change - the server does not flag it");
    check_server(config, "[\"CONFIG\",\"LOOK\"]", "observe - the server flags");
    check_server(config, "[\"CONFIG\",\"OTHER\"]", "change - the server has no such sub");
    check_server(config, "[\"CONFIG\",\"g et\"]", "change - the server does not flag it");
    check_server(old, "[\"MEMORY\",\"USAGE\",\"a\"]", "observe - only reads (by its name");
    check_server(old, "[\"MEMORY\",\"PURGE\"]", "change - resets");
    check_server(old, "[\"MEMORY\",\"NEW\"]", "change - it is in no table, and an old");
    assert_null(bl_redis_learn(NULL));
}

static void test_redis__counters(void **state)
{
    static const char *const commands[][2] = {
        {"[\"hgetall\",\"h\"]", "HLEN"},
        {"[\"SMEMBERS\",\"s\"]", "SCARD"},
        {"[\"LRANGE\",\"l\",\"0\",\"-1\"]", "LLEN"},
        {"[\"LRANGE\",\"l\",\"0\",\"99\"]", ""},
        {"[\"LRANGE\",\"l\",\"-9\",\"-1\"]", ""},
        {"[\"LRANGE\",\"l\",\"0\",\"999999\"]", "LLEN"},
        {"[\"ZRANGE\",\"z\",\"0\",\"-1\"]", "ZCARD"},
        {"[\"ZRANGEBYSCORE\",\"z\",\"0\",\"9\",\"LIMIT\",\"0\",\"10\"]", ""},
        {"[\"ZRANGEBYSCORE\",\"z\",\"0\",\"9\",\"LIMIT\",\"0\",\"-1\"]", "ZCARD"},
        {"[\"XRANGE\",\"x\",\"-\",\"+\",\"COUNT\",\"5\"]", ""},
        {"[\"XRANGE\",\"x\",\"-\",\"+\"]", "XLEN"},
        {"[\"GET\",\"a\"]", ""},
        {"[\"HGETALL\"]", ""},
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(commands); i++) {
        struct bl_value *argv = NULL;
        struct bl_error err;
        const char *got;
        assert_int_equal(
            bl_json_parse(commands[i][0], strlen(commands[i][0]), true, &argv, &err), BL_OK);
        got = bl_redis_counter(argv);
        if (strcmp(got != NULL ? got : "", commands[i][1]) != 0)
            fail_msg("%s is counted by %s", commands[i][0], got);
        bl_value_unref(argv);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sql__observes),
        cmocka_unit_test(test_sql__changes),
        cmocka_unit_test(test_sql__destroys),
        cmocka_unit_test(test_sql__refused),
        cmocka_unit_test(test_sql__alone_outside_of_transactions),
        cmocka_unit_test(test_sql__bounds),
        cmocka_unit_test(test_sql__line),
        cmocka_unit_test(test_redis__classes),
        cmocka_unit_test(test_redis__refused),
        cmocka_unit_test(test_redis__server_decides),
        cmocka_unit_test(test_redis__server_renames),
        cmocka_unit_test(test_redis__server_subcommands),
        cmocka_unit_test(test_redis__counters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
