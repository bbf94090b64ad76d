/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres: questions to PostgreSQL inside of read-only transactions, and changes that are
 * committed one by one. */
#include "base/prefix.h"

#include "base/json.h"
#include "postgres_private.h"

static void pool_open(struct bl_connection *connection)
{
    connection->state = bl_postgres_pool_new(connection);
}

static void pool_close(struct bl_connection *connection)
{
    bl_postgres_pool_close(connection->state);
}

/* What the parameters are, one a line, as SQL would write them. */
static void sql_describe(const struct bl_value *params, struct bl_buf *detail)
{
    for (size_t i = 0; i < bl_value_count(params); i++) {
        const struct bl_value *value = bl_list_get(params, i);
        const char *text = bl_value_as_text(value);
        bl_buf_printf(detail, "\n$%zu = ", i + 1);
        if (bl_value_type(value) != BL_BYTES) {
            bl_json_write(detail, value, BL_JSON_PLAIN);
            continue;
        }
        bl_buf_char(detail, '\'');
        for (; *text != '\0'; text++)
            bl_buf_printf(detail, *text == '\'' ? "''" : "%c", *text);
        bl_buf_char(detail, '\'');
    }
}

void bl_postgres_inspect_sql(const struct bl_call *call, const struct bl_sql *sql,
                             struct bl_inspection *inspection)
{
    inspection->class = sql->class;
    bl_buf_reset(&inspection->detail);
    bl_buf_text_add(&inspection->detail, bl_call_text(call, "sql"));
    sql_describe(bl_call_value(call, "params"), &inspection->detail);
    snprintf(inspection->reason, sizeof(inspection->reason), "%s", sql->why);
    snprintf(inspection->refused, sizeof(inspection->refused), "%s", sql->refused);
}

static void sql_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    struct bl_sql sql;
    size_t len;
    const char *text = bl_value_as_bytes(bl_call_value(call, "sql"), &len);

    bl_sql_read(text, len, &sql, NULL);
    bl_sql_line(text, inspection->summary, sizeof(inspection->summary));
    bl_postgres_inspect_sql(call, &sql, inspection);
}

static void sql_start(struct bl_op *base, const struct bl_call *call, enum postgres_want want)
{
    struct postgres_op *op = (struct postgres_op *)base;
    struct bl_error err;
    size_t len;
    const char *text = bl_value_as_bytes(bl_call_value(call, "sql"), &len);

    bl_sql_read(text, len, &op->sql, NULL);
    op->want = want;
    if (op->sql.is_alone && call->id != NULL)
        snprintf(op->prefix, sizeof(op->prefix), "/* %s */ ", call->id);
    op->max_rows = want == WANT_ROWS ? bl_call_int(call, "rows") : 1;
    if (op->sql.refused[0] != '\0') {
        bl_op_fail(base, BL_E_GUARD, "%s %s: %s", call->target, call->operation->name,
                   op->sql.refused);
    } else if (bl_postgres_params_init(&op->params, bl_call_value(call, "params"), &err) !=
               BL_OK) {
        bl_op_fail(base, BL_E_ARG, "%s %s: %s", call->target, call->operation->name,
                   err.message);
    } else {
        bl_postgres_pool_enter(bl_op_state(base), op);
    }
}

static void query_start(struct bl_op *op, const struct bl_call *call)
{
    sql_start(op, call, WANT_ROWS);
}

static void one_start(struct bl_op *op, const struct bl_call *call)
{
    sql_start(op, call, WANT_ONE);
}

static void value_start(struct bl_op *op, const struct bl_call *call)
{
    sql_start(op, call, WANT_VALUE);
}

static void execute_start(struct bl_op *op, const struct bl_call *call)
{
    sql_start(op, call, WANT_COUNT);
}

void bl_postgres_op_release(struct bl_op *base)
{
    struct postgres_op *op = (struct postgres_op *)base;

    bl_postgres_pool_leave(op);
    bl_postgres_rows_release(op);
    bl_value_unref(op->mark);
    op->mark = NULL;
    bl_postgres_params_release(&op->params);
}

static struct bl_value *query_nominal(const struct bl_call *call)
{
    (void)call;
    return bl_list_new();
}

static struct bl_value *execute_nominal(const struct bl_call *call)
{
    struct bl_value *answer = bl_map_new();

    (void)call;
    bl_map_set(answer, "rows", bl_value_int(1));
    bl_map_set(answer, "command", bl_value_text(""));
    return answer;
}

static const char *const ssl_modes[] = {"disable",   "allow",       "prefer", "require",
                                        "verify-ca", "verify-full", NULL};

static const struct bl_arg settings[] = {
    {.name = "host",
     .type = BL_T_STRING,
     .text = "host name, address, or the folder of a unix socket",
     .flags = BL_ARG_OPTIONAL,
     .fallback = "localhost"},
    {.name = "port", .type = BL_T_PORT, .text = "port of the server", .fallback = "5432"},
    {.name = "dbname", .type = BL_T_STRING, .text = "name of the database"},
    {.name = "user", .type = BL_T_STRING, .text = "who signs in"},
    {.name = "password",
     .type = BL_T_STRING,
     .text = "password of the user",
     .flags = BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "sslmode",
     .type = BL_T_CHOICE,
     .text = "how TLS is used, as libpq names it",
     .fallback = "prefer",
     .choices = ssl_modes},
    {.name = "ca_file",
     .type = BL_T_PATH,
     .text = "certificates that the server's must be signed by",
     .flags = BL_ARG_OPTIONAL},
    {.name = "application_name",
     .type = BL_T_STRING,
     .text = "how pg_stat_activity names the sessions; a change has a name of its own",
     .fallback = "belay"},
    {.name = "trusted",
     .type = BL_T_STRINGS,
     .text =
         "users' functions, operators and foreign tables that only read (\"public.f\"), and "
         "whole extensions (\"extension citext\")",
     .flags = BL_ARG_OPTIONAL},
    {.name = "connections",
     .type = BL_T_INTEGER,
     .text = "sessions at the same time at most",
     .fallback = "8",
     .min = 1,
     .max = 64},
    {.name = "connect_timeout",
     .type = BL_T_DURATION,
     .text = "time to connect and sign in",
     .fallback = "10s",
     .min = 1,
     .max = INT64_C(600000)},
    {.name = "timeout",
     .type = BL_T_DURATION,
     .text = "default time for an operation",
     .flags = BL_ARG_OPTIONAL,
     .min = 1,
     .max = INT64_C(86400000)},
    {0},
};

#define SQL_ARGS                                                                               \
    {.name = "sql", .type = BL_T_STRING, .text = "one statement, with $1, $2 … for values"},   \
    {                                                                                          \
        .name = "params", .type = BL_T_LIST,                                                   \
        .text = "values of $1, $2 …: numbers, strings, booleans, lists, tables (as JSON)",     \
        .flags = BL_ARG_OPTIONAL                                                               \
    }

static const struct bl_arg query_args[] = {
    SQL_ARGS,
    {.name = "rows",
     .type = BL_T_INTEGER,
     .text = "rows that may come at most",
     .flags = BL_ARG_OPTION,
     .fallback = "1000",
     .min = 1,
     .max = 1000000},
    {0},
};
static const struct bl_arg sql_args[] = {SQL_ARGS, {0}};

static const char *const query_outcomes[] = {"no row", "one", "many", "error", "timeout", NULL};
static const char *const one_outcomes[] = {"no row", "one", "error", "timeout", NULL};
static const char *const execute_outcomes[] = {"no row", "one",     "many",
                                               "error",  "timeout", NULL};

static const struct bl_operation operations[] = {
    {
        .name = "query",
        .text = "Runs a statement and gives its rows. What only reads runs in a read-only "
                "transaction; anything else is a change and is committed. 64-bit integers and "
                "numerics come exactly, json as tables, times as ISO 8601, NULL is absent.",
        .args = query_args,
        .result = "list of rows, each a table by column name",
        .class = BL_CLASS_OBSERVE,
        .outcomes = query_outcomes,
        .example = "use.db:query(\"select name, status from strategies where status = $1\", "
                   "{ \"active\" })",
        .size = sizeof(struct postgres_op),
        .inspect = sql_inspect,
        .ask = bl_postgres_ask,
        .resolve = bl_postgres_resolve,
        .start = query_start,
        .release = bl_postgres_op_release,
        .nominal = query_nominal,
    },
    {
        .name = "one",
        .text = "Runs a statement that gives at most one row; more than one is an error.",
        .args = sql_args,
        .result = "the row, a table by column name, or nil",
        .class = BL_CLASS_OBSERVE,
        .outcomes = one_outcomes,
        .example = "use.db:one(\"select * from strategies where id = $1\", { 7 })",
        .size = sizeof(struct postgres_op),
        .inspect = sql_inspect,
        .ask = bl_postgres_ask,
        .resolve = bl_postgres_resolve,
        .start = one_start,
        .release = bl_postgres_op_release,
    },
    {
        .name = "value",
        .text = "Runs a statement that gives one column and at most one row.",
        .args = sql_args,
        .result = "the value, or nil for NULL and for no row",
        .class = BL_CLASS_OBSERVE,
        .outcomes = one_outcomes,
        .example = "use.db:value(\"select count(*) from market_data\")",
        .size = sizeof(struct postgres_op),
        .inspect = sql_inspect,
        .ask = bl_postgres_ask,
        .resolve = bl_postgres_resolve,
        .start = value_start,
        .release = bl_postgres_op_release,
    },
    {
        .name = "execute",
        .text = "Runs a statement for its effect, in a transaction of its own unless the "
                "server does not allow one (VACUUM, CREATE INDEX CONCURRENTLY …).",
        .args = sql_args,
        .result = "table: rows (how many were affected), command (\"UPDATE\")",
        .class = BL_CLASS_CHANGE,
        .outcomes = execute_outcomes,
        .example = "use.db:execute(\"update strategies set status = 'paused' where id = $1\", "
                   "{ 7 })",
        .size = sizeof(struct postgres_op),
        .inspect = sql_inspect,
        .ask = bl_postgres_ask,
        .resolve = bl_postgres_resolve,
        .start = execute_start,
        .release = bl_postgres_op_release,
        .nominal = execute_nominal,
    },
    {0},
};

const struct bl_module bl_module_postgres = {
    .name = "postgres",
    .text = "PostgreSQL: one statement a call, values as parameters, answers bounded.",
    .operations = operations,
    .settings = settings,
    .open = pool_open,
    .close = pool_close,
};
