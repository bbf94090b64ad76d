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
    bl_redis_classify(argv, &result);
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
        {"[\"BLPOP\", \"a\", \"0\"]", BL_CLASS_CHANGE},
        {"[\"PUBLISH\", \"a\", \"b\"]", BL_CLASS_CHANGE},
        {"[\"NEWCOMMAND\"]", BL_CLASS_CHANGE},
        {"[\"GETT\"]", BL_CLASS_CHANGE},
        {"[\"ET\"]", BL_CLASS_CHANGE},
        {"[\"ACL\", \"GETUSER\", \"default\"]", BL_CLASS_CHANGE},
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
