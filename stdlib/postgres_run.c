/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_run.c: one statement on one link: what is sent, in which order, and what comes back.
 */
#include "base/prefix.h"

#include "postgres_private.h"

#include "base/text.h"

/*
 * Everything of a line is sent in one go. A question is inside of a read-only transaction that
 * the server confirms before it sees the statement, and is rolled back. A change is committed
 * by a second line, once its transaction's number is kept: so that "was it committed?" can only
 * be asked once COMMIT has left, and then has an answer.
 */
static const enum postgres_step run_observe[] = {STEP_BEGIN_READ_ONLY,
                                                 STEP_SETTINGS_READ_ONLY,
                                                 STEP_STATEMENT,
                                                 STEP_SYNC,
                                                 STEP_ROLLBACK,
                                                 STEP_SYNC,
                                                 STEP_END};
static const enum postgres_step run_lookup[] = {STEP_BEGIN_READ_ONLY,
                                                STEP_SETTINGS_LOOKUP,
                                                STEP_STATEMENT,
                                                STEP_SYNC,
                                                STEP_ROLLBACK,
                                                STEP_SYNC,
                                                STEP_END};
static const enum postgres_step run_change[] = {
    STEP_BEGIN, STEP_SETTINGS_CHANGE, STEP_STATEMENT, STEP_MARK, STEP_SYNC, STEP_END};
static const enum postgres_step run_commit[] = {STEP_COMMIT, STEP_SYNC, STEP_END};
static const enum postgres_step run_rollback[] = {STEP_ROLLBACK, STEP_SYNC, STEP_END};
static const enum postgres_step run_alone[] = {STEP_STATEMENT, STEP_SYNC, STEP_END};

#define RUN_SLACK                                                                              \
    1048576              /* bytes of protocol that a complete answer may have besides `keep`   \
                          */
#define RUN_SLICE 250    /* results in one callback */
#define RUN_LOCK_MS 5000 /* how long a question or change may wait for a lock */

/* All names are written out, so that nobody's search_path gets in between. Strings are read by
 * the server as by the guard. */
#define RUN_LIMITS                                                                             \
    "SELECT pg_catalog.set_config('statement_timeout', $1, true), "                            \
    "pg_catalog.set_config('lock_timeout', $2, true), "                                        \
    "pg_catalog.set_config('idle_in_transaction_session_timeout', $3, true), "                 \
    "pg_catalog.set_config('datestyle', 'ISO', true), "                                        \
    "pg_catalog.set_config('bytea_output', 'hex', true), "                                     \
    "pg_catalog.set_config('standard_conforming_strings', 'on', true), "                       \
    "pg_catalog.set_config('search_path', COALESCE($4, "                                       \
    "pg_catalog.current_setting('search_path')), true)"
/* The change's own name, for pg_stat_activity. */
#define RUN_NAME                                                                               \
    ", pg_catalog.set_config('application_name', COALESCE($5, "                                \
    "pg_catalog.current_setting('application_name')), true)"
/* The catalogue is asked with a path of its own, and told what the session's is: by names of
 * schemas, since "$user" is somebody else after SET ROLE, and without temporary ones. To
 * compile the question takes seconds where there are thousands of tables, to answer it
 * milliseconds. */
#define RUN_LOOKUP                                                                             \
    ", pg_catalog.set_config('jit', 'off', true)"                                              \
    ", pg_catalog.set_config('belay.path', (SELECT pg_catalog.string_agg("                     \
    "pg_catalog.quote_ident(s.n::pg_catalog.text), ', ') FROM "                                \
    "pg_catalog.unnest(pg_catalog.current_schemas(false)) AS s (n) WHERE NOT "                 \
    "pg_catalog.starts_with(s.n::pg_catalog.text, 'pg_temp')), true), "                        \
    "pg_catalog.set_config('belay.schemas', (SELECT "                                          \
    "pg_catalog.array_agg(s.n)::pg_catalog.text "                                              \
    "FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) AS s (n) WHERE NOT "             \
    "pg_catalog.starts_with(s.n::pg_catalog.text, 'pg_temp')), true), "                        \
    "pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)"
/* Fails in a transaction that is not read-only, and in a session in which somebody else has
 * left temporary objects behind (by a pooler) that call functions when they are read. */
#define RUN_READ_ONLY                                                                          \
    ", CASE WHEN pg_catalog.current_setting('transaction_read_only') "                         \
    "OPERATOR(pg_catalog.<>) 'on' THEN "                                                       \
    "pg_catalog.current_setting('transaction_read_only')::pg_catalog.int4 "                    \
    "WHEN pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 1 "     \
    "WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_index AS x "  \
    "ON x.indexrelid OPERATOR(pg_catalog.=) c.oid "                                            \
    "WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema() "              \
    "AND (c.relkind OPERATOR(pg_catalog.<>) ALL ('{r,t,i,S}'::pg_catalog.\"char\"[]) "         \
    "OR c.relrowsecurity OR c.relchecks OPERATOR(pg_catalog.>) 0::pg_catalog.int2 "            \
    "OR x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)) "                                    \
    "OR EXISTS (SELECT 1 FROM pg_catalog.pg_type AS t "                                        \
    "WHERE t.typnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema() "              \
    "AND t.typtype OPERATOR(pg_catalog.=) 'd'::pg_catalog.\"char\") THEN "                     \
    "pg_catalog.concat('temporary views or the like of another client, by a pooler, in ', "    \
    "pg_catalog.pg_my_temp_schema()::pg_catalog.regnamespace)::pg_catalog.int4 ELSE 1 END"

static bool run_send_settings(PGconn *pg, const struct postgres_op *op, const char *sql)
{
    long long timeout = op->base.call->timeout_ms;
    char texts[3][24];
    /* nobody who has left another search_path in the session changes what names mean */
    const char *path = bl_catalogue_path(bl_postgres_pool_catalogue(op->pool));
    const char *values[5] = {texts[0], texts[1], texts[2], path, op->base.call->id};
    int count = op->base.class == BL_CLASS_OBSERVE ? 4 : 5;
    bool is_sent;
    struct bl_buf all;

    /* temporary objects of a pooler's other clients come last, not first, as they would */
    bl_buf_init(&all, 0);
    bl_buf_printf(&all, "%s%spg_temp", path != NULL ? path : "",
                  path != NULL && *path != '\0' ? ", " : "");
    if (path != NULL && op->base.class == BL_CLASS_OBSERVE)
        values[3] = bl_buf_text(&all);
    /* the server gives up a little later than we do: it is only the last resort */
    snprintf(texts[0], sizeof(texts[0]), "%lld", timeout + 1000);
    snprintf(texts[1], sizeof(texts[1]), "%lld", timeout < RUN_LOCK_MS ? timeout : RUN_LOCK_MS);
    snprintf(texts[2], sizeof(texts[2]), "%lld", timeout + 5000);
    is_sent = PQsendQueryParams(pg, sql, count, NULL, values, NULL, NULL, 0) == 1;
    bl_buf_release(&all);
    return is_sent;
}

static bool run_send_statement(PGconn *pg, const struct postgres_op *op)
{
    struct bl_buf text;
    bool is_sent;

    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "%s%s", op->prefix, bl_call_text(op->base.call, "sql"));
    is_sent = PQsendQueryParams(pg, bl_buf_text(&text), op->params.count, op->params.types,
                                (const char *const *)op->params.values, NULL, NULL, 0) == 1;
    bl_buf_release(&text);
    return is_sent;
}

static bool run_send(struct postgres_link *link, enum postgres_step step)
{
    const struct postgres_op *op = link->op;
    PGconn *pg = link->pg;

    switch (step) {
    case STEP_BEGIN:
        return PQsendQueryParams(pg, "BEGIN", 0, NULL, NULL, NULL, NULL, 0) == 1;
    case STEP_BEGIN_READ_ONLY:
        return PQsendQueryParams(pg, "BEGIN READ ONLY", 0, NULL, NULL, NULL, NULL, 0) == 1;
    case STEP_SETTINGS_CHANGE:
        return run_send_settings(pg, op, RUN_LIMITS RUN_NAME);
    case STEP_SETTINGS_READ_ONLY:
        return run_send_settings(pg, op, RUN_LIMITS RUN_READ_ONLY);
    case STEP_SETTINGS_LOOKUP:
        return run_send_settings(pg, op, RUN_LIMITS RUN_LOOKUP RUN_READ_ONLY);
    case STEP_STATEMENT:
        return run_send_statement(pg, op);
    case STEP_MARK:
        return PQsendQueryParams(pg, bl_postgres_mark, 0, NULL, NULL, NULL, NULL, 0) == 1;
    case STEP_ROLLBACK:
        return PQsendQueryParams(pg, "ROLLBACK", 0, NULL, NULL, NULL, NULL, 0) == 1;
    case STEP_COMMIT:
        return PQsendQueryParams(pg, "COMMIT", 0, NULL, NULL, NULL, NULL, 0) == 1;
    default:
        return PQpipelineSync(pg) == 1;
    }
}

/* The server is gone, or talks nonsense. What it said before that, if anything, is the reason.
 */
static void run_lost(struct postgres_link *link)
{
    struct postgres_op *op = link->op;
    const char *message = PQerrorMessage(link->pg);
    bool is_nonsense = strstr(message, "lost synchronization") != NULL ||
                       strstr(message, "unexpected") == message ||
                       strstr(message, "insufficient data") != NULL;
    struct bl_buf text;

    if (link->was_used && !op->is_answered && !op->is_retried && !op->base.is_sent) {
        bl_postgres_link_retry(link);
        return;
    }
    if (op->has_failed) {
        bl_op_lost(&op->base, op->failure.code, "%s", op->failure.message);
    } else {
        bl_buf_init(&text, 300);
        bl_text_clean(&text, message, strcspn(message, "\n"), false);
        bl_op_lost(&op->base, is_nonsense ? BL_E_PROTOCOL : BL_E_CLOSED,
                   "%s %s: the connection broke while %s: %s: see the server's log",
                   op->base.call->target, op->base.call->operation->name, op->base.stage,
                   text.len > 0 ? bl_buf_text(&text) : "closed by the server");
        bl_buf_release(&text);
    }
    bl_postgres_link_close(link, false);
}

/* Functions that give a bool say whether the operation is still on this link; if not, the link
 * may be gone or belong to another one. */
static bool run_flush(struct postgres_link *link)
{
    int left = PQflush(link->pg);

    if (left < 0) {
        run_lost(link);
        return false;
    }
    bl_postgres_link_watch(link, left > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE);
    return true;
}

/* Sends one line of steps. */
static bool run_line(struct postgres_link *link, const enum postgres_step *steps)
{
    struct postgres_op *op = link->op;

    op->steps = op->at = steps;
    for (const enum postgres_step *step = steps; *step != STEP_END; step++) {
        if (!run_send(link, *step)) {
            run_lost(link);
            return false;
        }
    }
    if (*steps == STEP_STATEMENT)
        PQsetSingleRowMode(link->pg);
    return run_flush(link);
}

void bl_postgres_run_start(struct postgres_link *link, struct postgres_op *op)
{
    link->unparsed = 0;
    op->is_answered = false;
    if (bl_op_is_settled(&op->base)) { /* its time was over before its turn came */
        op->link = NULL;
        link->op = NULL;
        bl_postgres_link_watch(link, UV_READABLE);
        bl_postgres_link_free(link);
        return;
    }
    bl_op_stage(&op->base, "waiting for the answer of %s", op->base.call->target);
    if (op->base.class == BL_CLASS_OBSERVE) {
        run_line(link, op->is_lookup ? run_lookup : run_observe);
    } else if (op->sql.is_alone) {
        bl_op_sent(&op->base);
        run_line(link, run_alone);
    } else {
        run_line(link, run_change);
    }
}

/* The session is clean again: the link goes to the next operation, this one is told. */
static void run_finish(struct postgres_link *link)
{
    struct postgres_op *op = link->op;
    bool is_clean = PQtransactionStatus(link->pg) == PQTRANS_IDLE;

    if (op->base.class != BL_CLASS_OBSERVE)
        bl_catalogue_forget(bl_postgres_pool_catalogue(link->pool));
    op->link = NULL;
    link->op = NULL;
    if (op->has_failed)
        bl_op_fail_error(&op->base, &op->failure);
    else
        bl_postgres_rows_answer(op);
    if (is_clean)
        bl_postgres_link_free(link);
    else
        bl_postgres_link_close(link, false);
}

/* The transaction's number is kept. */
static void run_commit_now(struct bl_op *base)
{
    struct postgres_op *op = (struct postgres_op *)base;

    bl_op_sent(base);
    bl_op_stage(base, "waiting for COMMIT");
    run_line(op->link, run_commit);
}

static void run_prepared(struct postgres_op *op)
{
    struct bl_value *mark = op->mark != NULL ? op->mark : bl_map_new(),
                    *answer = bl_postgres_rows_value(op);

    op->mark = NULL;
    if (answer != NULL)
        bl_map_set(mark, "answer", answer);
    bl_op_prepared(&op->base, mark, run_commit_now);
}

static bool run_line_end(struct postgres_link *link)
{
    struct postgres_op *op = link->op;

    if (op->steps != run_change) {
        run_finish(link);
        return false;
    }
    if (op->has_failed)
        return run_line(link, run_rollback);
    if (bl_op_is_settled(&op->base)) { /* its time is over: nothing may be committed any more */
        bl_postgres_link_close(link, false);
        return false;
    }
    run_prepared(op);
    return false;
}

static void run_fail(struct postgres_op *op, const PGresult *result)
{
    if (op->has_failed)
        return; /* the first error is the reason */
    op->has_failed = true;
    bl_postgres_error(op, result, &op->failure);
}

/* Rows or the end of a command. False when the operation has ended with it. */
static bool run_data(struct postgres_link *link, const PGresult *result)
{
    struct postgres_op *op = link->op;
    const char *count;

    if (*op->at == STEP_COMMIT && strcmp(PQcmdStatus((PGresult *)result), "COMMIT") != 0) {
        op->has_failed = true;
        bl_fail(&op->failure, BL_E_SERVER, "%s %s: the server rolled the change back",
                op->base.call->target, op->base.call->operation->name);
    }
    if (*op->at == STEP_MARK)
        op->mark = bl_postgres_mark_read(result);
    if (*op->at != STEP_STATEMENT)
        return true;
    if (!bl_postgres_rows_add(op, result)) {
        bl_postgres_link_close(link, true);
        return false;
    }
    if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) {
        snprintf(op->tag, sizeof(op->tag), "%s", PQcmdStatus((PGresult *)result));
        count = PQcmdTuples((PGresult *)result);
        op->affected = *count != '\0' ? strtoll(count, NULL, 10) : 0;
    }
    return true;
}

/* The end of one step (no result) in the line. */
static bool run_step_end(struct postgres_link *link)
{
    struct postgres_op *op = link->op;

    if (*op->at == STEP_SYNC || *op->at == STEP_END) {
        run_lost(link); /* libpq says that nothing more will come */
        return false;
    }
    op->at++;
    if (*op->at == STEP_STATEMENT)
        PQsetSingleRowMode(link->pg);
    return true;
}

static bool run_unexpected(struct postgres_link *link, ExecStatusType status)
{
    struct postgres_op *op = link->op;

    bl_op_lost(&op->base, BL_E_PROTOCOL, "%s %s: the server answered with %s",
               op->base.call->target, op->base.call->operation->name, PQresStatus(status));
    bl_postgres_link_close(link, true);
    return false;
}

static bool run_result(struct postgres_link *link, const PGresult *result)
{
    struct postgres_op *op = link->op;
    ExecStatusType status = PQresultStatus(result);

    if (result == NULL)
        return run_step_end(link);
    link->unparsed = 0;
    switch (status) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        op->is_answered = true;
        return run_data(link, result);
    case PGRES_PIPELINE_SYNC:
        op->is_answered = true;
        op->at++;
        return *op->at == STEP_END ? run_line_end(link) : true;
    case PGRES_PIPELINE_ABORTED:
        return true;
    case PGRES_FATAL_ERROR:
        if (PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL) {
            run_lost(link); /* libpq's own words */
            return false;
        }
        run_fail(op, result);
        return true;
    default:
        return run_unexpected(link, status);
    }
}

void bl_postgres_run_read(struct postgres_link *link)
{
    bool goes_on = true;

    for (int i = 0; goes_on && !PQisBusy(link->pg); i++) {
        PGresult *result;
        if (i == RUN_SLICE) {
            bl_postgres_link_again(link);
            return;
        }
        result = PQgetResult(link->pg);
        goes_on = run_result(link, result) && !bl_op_is_settled(&link->op->base);
        PQclear(result);
    }
}

/* The socket has ended: what the server said before that is still there. */
static void run_end(struct postgres_link *link)
{
    PGresult *result;

    for (int i = 0; i < RUN_SLICE && !PQisBusy(link->pg); i++) {
        result = PQgetResult(link->pg);
        if (result == NULL)
            break;
        if (PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL)
            run_fail(link->op, result);
        PQclear(result);
    }
    run_lost(link);
}

/* A message that never ends would be kept by libpq until it does: the bytes are counted. */
static bool run_is_too_large(const struct postgres_link *link)
{
    int64_t keep = link->op != NULL ? link->op->base.call->keep : 0;

    return link->unparsed > keep + RUN_SLACK;
}

static void run_too_large(struct postgres_link *link)
{
    struct postgres_op *op = link->op;
    char size[32];

    if (op != NULL) {
        bl_format_bytes(size, sizeof(size), op->base.call->keep);
        bl_op_lost(&op->base, BL_E_TOO_LARGE,
                   "%s %s: the answer is larger than %s: select less, or raise keep",
                   op->base.call->target, op->base.call->operation->name, size);
    }
    bl_postgres_link_close(link, true);
}

/* Nothing is expected: notices are read away, an end is an end. */
static void run_idle(struct postgres_link *link)
{
    PGnotify *notify;

    if (!PQconsumeInput(link->pg) || PQstatus(link->pg) == CONNECTION_BAD) {
        bl_postgres_link_close(link, false);
        return;
    }
    (void)PQisBusy(link->pg); /* reads what came */
    while ((notify = PQnotifies(link->pg)) != NULL)
        PQfreemem(notify);
}

void bl_postgres_run_ready(struct postgres_link *link, int status, int events)
{
    bool is_readable = status < 0 || (events & UV_READABLE);

    if (status < 0) /* libuv stops at an error; what came before it is still to be read */
        bl_postgres_link_watch(link, UV_READABLE);
    if (is_readable && run_is_too_large(link)) {
        run_too_large(link);
        return;
    }
    if (link->op == NULL) {
        run_idle(link);
        return;
    }
    if (is_readable && !PQconsumeInput(link->pg)) {
        run_end(link);
        return;
    }
    if (*link->op->at == STEP_END) { /* COMMIT waits: whatever came is no answer to it */
        (void)PQisBusy(link->pg);
        return;
    }
    if ((events & UV_WRITABLE) && !run_flush(link))
        return;
    if (is_readable)
        bl_postgres_run_read(link);
}
