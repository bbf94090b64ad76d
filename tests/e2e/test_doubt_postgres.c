/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_doubt_postgres.c: what became of a statement whose client was killed, whose connection
 * was cut or whose server stopped, asked of a real PostgreSQL. */
#include "base/prefix.h"

#include "support/doubt.h"
#include "support/op.h"
#include "support/scratch.h"
#include "support/servers.h"

#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

static struct test_server server;
static char settings[400];

static void sql(const char *statement, const char *wanted)
{
    struct bl_outcome outcome;
    struct test_run run;
    char args[800], *text;

    snprintf(args, sizeof(args), "[\"%s\"]", statement);
    test_run_open(&run, "postgres", settings);
    outcome = test_op(&run, strncmp(statement, "select", 6) == 0 ? "value" : "execute", args);
    text = test_outcome_text(&outcome);
    if (strstr(text, wanted) == NULL)
        fail_msg("%s: %s, wanted %s", statement, text, wanted);
    bl_free(text);
    bl_outcome_release(&outcome);
    test_run_close(&run);
}

static struct doubt_change change(const char *args)
{
    return (struct doubt_change){
        .module = "postgres", .operation = "execute", .settings = settings, .args = args};
}

/* Each phase of an insert that is quick: the row is there exactly when it is said so. */
static void test_doubt__every_phase_of_an_insert(void **state)
{
    struct doubt_change insert = change("[\"insert into journal_test values (1)\"]");

    sql("create table journal_test (a int)", "CREATE TABLE");
    doubt_check(*state, &insert, DOUBT_INTENT, BL_FOUND_NOT_DONE, "it never came to COMMIT");
    insert.stage = "waiting for the answer";
    doubt_check(*state, &insert, DOUBT_STAGE, BL_FOUND_NOT_DONE, "it never came to COMMIT");
    doubt_check(*state, &insert, DOUBT_PREPARED, BL_FOUND_NOT_DONE, "was rolled back");
    sql("select count(*) from journal_test", "0");
    doubt_check(*state, &insert, DOUBT_SETTLED, BL_FOUND_DONE, "was committed");
    sql("select count(*) from journal_test", "1");
    insert.later_ms = 300;
    doubt_check(*state, &insert, DOUBT_NEVER, BL_FOUND_DONE, "was committed");
    sql("select count(*) from journal_test", "2");
}

/* The answer is known from before COMMIT: who goes on has it. */
static void test_doubt__the_answer_is_kept(void **state)
{
    struct doubt_change insert = change("[\"insert into kept values (7), (8) returning a\"]");
    struct bl_resolution resolution;
    struct bl_value *intent;
    struct bl_buf text;

    sql("create table kept (a int)", "CREATE TABLE");
    insert.operation = "query";
    intent = doubt_perform(*state, &insert, DOUBT_SETTLED);
    doubt_find_out(&insert, intent, 10000, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_DONE);
    bl_buf_init(&text, 0);
    bl_json_write(&text, resolution.value, BL_JSON_CANONICAL);
    assert_string_equal(bl_buf_text(&text), "[{\"a\":7},{\"a\":8}]");
    bl_buf_release(&text);
    bl_resolution_release(&resolution);
    bl_value_unref(intent);
}

/* The client dies while the server works: it is waited for until the server has noticed. */
static void test_doubt__an_orphan_is_waited_for(void **state)
{
    struct doubt_change slow = change("[\"insert into orphan select 1 from pg_sleep(1.5)\"]");
    int64_t before;

    sql("create table orphan (a int)", "CREATE TABLE");
    slow.stage = "waiting for the answer";
    slow.later_ms = 300;
    before = bl_clock_steady();
    doubt_check(*state, &slow, DOUBT_STAGE, BL_FOUND_NOT_DONE, "it never came to COMMIT");
    assert_true(bl_clock_steady() - before > 1300);
    sql("select count(*) from orphan", "0");
}

/* COMMIT itself takes its time (a deferred trigger): in progress, then committed. */
static void test_doubt__a_slow_commit_is_waited_for(void **state)
{
    struct doubt_change insert = change("[\"insert into slow values (1)\"]");
    struct bl_resolution resolution;
    struct bl_value *intent;

    sql("create table slow (a int)", "CREATE TABLE");
    sql("create function wait() returns trigger language plpgsql as $$ begin perform "
        "pg_sleep(1.5); return null; end $$",
        "CREATE FUNCTION");
    sql("create constraint trigger wait after insert on slow deferrable initially deferred for "
        "each row execute function wait()",
        "CREATE TRIGGER");
    insert.later_ms = 200;
    intent = doubt_perform(*state, &insert, DOUBT_SENT);
    doubt_find_out(&insert, intent, 500, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_PENDING);
    assert_non_null(strstr(resolution.how, "in progress: it was waited for in vain"));
    bl_resolution_release(&resolution);
    doubt_find_out(&insert, intent, 10000, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_DONE);
    bl_resolution_release(&resolution);
    sql("select count(*) from slow", "1");
    bl_value_unref(intent);
    insert.args = "[\"insert into slow values (2)\", {\"timeout\": 0.5}]";
    doubt_check(*state, &insert, DOUBT_UNKNOWN, BL_FOUND_NOT_DONE, "was rolled back");
    sql("select count(*) from slow", "1");
}

/* What cannot be kept is not committed. */
static void test_doubt__a_full_disk(void **state)
{
    struct doubt_change insert = change("[\"insert into kept values (9)\"]");

    doubt_check(*state, &insert, DOUBT_FULL, BL_FOUND_NOT_DONE, "it never came to COMMIT");
    sql("select count(*) from kept where a = 9", "0");
}

/* What no transaction holds is only waited for; how it ended is for `verify` to say. */
static void test_doubt__outside_of_a_transaction(void **state)
{
    struct doubt_change vacuum = change("[\"vacuum kept\"]");
    struct doubt_change call = change("[\"select pg_cancel_backend(0)\"]");

    doubt_check(*state, &vacuum, DOUBT_SENT, BL_FOUND_NOTHING, "outside of a transaction");
    doubt_check(*state, &call, DOUBT_PREPARED, BL_FOUND_NOTHING, "no rollback takes back");
}

/* Runs in a process of its own: lets a stopped process go on after a while. */
static pid_t continue_later(pid_t pid, useconds_t micros)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        usleep(micros);
        kill(pid, SIGCONT);
        _exit(0);
    }
    return child;
}

static void kill_process_of(const char *type)
{
    struct bl_outcome outcome;
    struct test_run run;
    char args[200];

    snprintf(args, sizeof(args),
             "[\"select pid from pg_stat_activity where backend_type = '%s'\"]", type);
    test_run_open(&run, "postgres", settings);
    outcome = test_op(&run, "value", args);
    assert_int_equal(outcome.status, BL_ANSWERED);
    assert_int_equal(kill((pid_t)bl_value_as_int(outcome.value), SIGKILL), 0);
    bl_outcome_release(&outcome);
    test_run_close(&run);
}

/* The server crashes after the change, or does not answer: it is asked until it does. */
static void test_doubt__the_server_is_away(void **state)
{
    struct doubt_change insert = change("[\"insert into away values (1)\"]");
    struct bl_resolution resolution;
    struct bl_value *intent;
    pid_t helper;

    sql("create table away (a int)", "CREATE TABLE");
    intent = doubt_perform(*state, &insert, DOUBT_SETTLED);
    kill_process_of("checkpointer"); /* the whole server recovers */
    doubt_find_out(&insert, intent, 20000, &resolution);
    assert_string_equal(bl_finding_name(resolution.finding), "done");
    bl_resolution_release(&resolution);
    bl_value_unref(intent);

    intent = doubt_perform(*state, &insert, DOUBT_PREPARED);
    kill(server.pid, SIGSTOP);
    doubt_find_out(&insert, intent, 700, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_NOTHING);
    assert_non_null(strstr(resolution.how, "it could not be asked: postgres.test"));
    bl_resolution_release(&resolution);
    helper = continue_later(server.pid, 1500000);
    doubt_find_out(&insert, intent, 20000, &resolution);
    assert_int_equal(scratch_wait(helper), 0);
    assert_int_equal(resolution.finding, BL_FOUND_NOT_DONE);
    bl_resolution_release(&resolution);
    bl_value_unref(intent);
    sql("select count(*) from away", "1");
}

/* A number says nothing in another cluster. */
static void test_doubt__another_cluster_cannot_tell(void **state)
{
    struct doubt_change insert = change("[\"insert into other values (1)\"]");
    struct bl_resolution resolution;
    struct test_server other;
    struct bl_value *intent;
    char elsewhere[400];

    sql("create table other (a int)", "CREATE TABLE");
    intent = doubt_perform(*state, &insert, DOUBT_SETTLED);
    test_postgres_start(&other);
    snprintf(elsewhere, sizeof(elsewhere),
             "{\"host\": \"127.0.0.1\", \"port\": %d, \"dbname\": \"postgres\", \"user\": "
             "\"belay\", \"password\": \"" TEST_POSTGRES_PASSWORD "\"}",
             other.port);
    insert.settings = elsewhere;
    doubt_find_out(&insert, intent, 10000, &resolution);
    assert_int_equal(resolution.finding, BL_FOUND_NOTHING);
    assert_non_null(strstr(resolution.how, "another cluster answers"));
    bl_resolution_release(&resolution);
    bl_value_unref(intent);
    test_server_stop(&other);
}

/* Whoever may not read the identifier: the same server, as long as it was not started anew. */
static void test_doubt__an_ordinary_role(void **state)
{
    struct doubt_change insert = change("[\"insert into ordinary values (1)\"]");
    char plain[400];

    sql("create role plain login password 'invented-for-tests'", "CREATE ROLE");
    sql("create table ordinary (a int)", "CREATE TABLE");
    sql("grant insert on ordinary to plain", "GRANT");
    snprintf(plain, sizeof(plain),
             "{\"host\": \"127.0.0.1\", \"port\": %d, \"dbname\": \"postgres\", \"user\": "
             "\"plain\", \"password\": \"invented-for-tests\"}",
             server.port);
    insert.settings = plain;
    doubt_check(*state, &insert, DOUBT_SETTLED, BL_FOUND_DONE, "was committed");
    sql("revoke execute on function pg_control_system() from public", "REVOKE");
    doubt_check(*state, &insert, DOUBT_SETTLED, BL_FOUND_DONE, "was committed");
    doubt_check(*state, &insert, DOUBT_PREPARED, BL_FOUND_NOT_DONE, "was rolled back");
}

static bool bouncer_listens(struct test_server *bouncer)
{
    return test_server_listens(bouncer);
}

/* Sessions that others use in turn: nothing is left in them, and all is found again. */
static void test_doubt__through_pgbouncer(void **state)
{
    static const char *const argv[] = {"pgbouncer", "-q", "pgbouncer.ini", NULL};
    struct doubt_change insert = change("[\"insert into bounced values (1)\"]");
    struct doubt_change slow = change("[\"insert into bounced select 1 from pg_sleep(1)\"]");
    struct bl_resolution resolution;
    struct test_server bouncer;
    struct bl_value *intent;
    char text[600], through[400];

    sql("create table bounced (a int)", "CREATE TABLE");
    test_server_open(&bouncer, "pgbouncer", "postgres");
    snprintf(text, sizeof(text),
             "[databases]\npostgres = host=127.0.0.1 port=%d user=belay "
             "password=" TEST_POSTGRES_PASSWORD "\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
             "listen_port = %d\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
             "default_pool_size = 2\nlogfile =\n",
             server.port, bouncer.port);
    test_server_write(&bouncer, "pgbouncer.ini", text);
    test_server_spawn(&bouncer, argv, NULL, SIGTERM);
    test_server_await(&bouncer, bouncer_listens, 10);
    snprintf(through, sizeof(through),
             "{\"host\": \"127.0.0.1\", \"port\": %d, \"dbname\": \"postgres\", \"user\": "
             "\"belay\", \"password\": \"" TEST_POSTGRES_PASSWORD "\"}",
             bouncer.port);
    insert.settings = slow.settings = through;
    doubt_check(*state, &insert, DOUBT_PREPARED, BL_FOUND_NOT_DONE, "was rolled back");
    doubt_check(*state, &insert, DOUBT_SETTLED, BL_FOUND_DONE, "was committed");
    slow.stage = "waiting for the answer";
    slow.later_ms = 300;
    doubt_check(*state, &slow, DOUBT_STAGE, BL_FOUND_NOT_DONE, "it never came to COMMIT");
    sql("select count(*) from bounced", "1");
    sql("select count(*) from pg_stat_activity where application_name like 'belay-%'", "0");
    insert.args = "[\"insert into slow values (3)\"]"; /* COMMIT takes a while */
    insert.cut = bouncer.pid;
    insert.later_ms = 300;
    intent = doubt_perform(*state, &insert, DOUBT_UNKNOWN);
    insert.settings = settings;
    doubt_find_out(&insert, intent, 10000, &resolution);
    if (resolution.finding != BL_FOUND_DONE)
        fail_msg("%s: %s", bl_finding_name(resolution.finding), resolution.how);
    sql("select count(*) from slow", "2");
    bl_resolution_release(&resolution);
    bl_value_unref(intent);
    test_server_stop(&bouncer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_doubt__every_phase_of_an_insert, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__the_answer_is_kept, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__an_orphan_is_waited_for, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__a_slow_commit_is_waited_for, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__a_full_disk, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__outside_of_a_transaction, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__the_server_is_away, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__another_cluster_cannot_tell, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__an_ordinary_role, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__through_pgbouncer, scratch_setup,
                                        scratch_teardown),
    };
    int failed;

    test_postgres_start(&server);
    snprintf(settings, sizeof(settings),
             "{\"host\": \"127.0.0.1\", \"port\": %d, \"dbname\": \"postgres\", \"user\": "
             "\"belay\", \"password\": \"" TEST_POSTGRES_PASSWORD "\"}",
             server.port);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_server_stop(&server);
    return failed;
}
