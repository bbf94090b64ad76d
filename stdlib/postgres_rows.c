/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_rows.c: collects the rows of a statement within their bounds and makes the answer.
 */
#include "base/prefix.h"

#include "postgres_private.h"

#include "base/text.h"

#define ROWS_COLUMNS 1664      /* PostgreSQL's own bound */
#define ROWS_JSON_INLINE 65536 /* more JSON than this is parsed on another thread */
#define ROWS_CELL 16           /* what a cell costs besides its bytes */

static bool rows_fail(struct postgres_op *op, enum bl_code code, const char *format, ...)
    BL_PRINTF(3, 4);
static bool rows_fail(struct postgres_op *op, enum bl_code code, const char *format, ...)
{
    char text[300];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    bl_op_fail(&op->base, code, "%s %s: %s", op->base.call->target,
               op->base.call->operation->name, text);
    return false;
}

static const char *rows_find_twice(const struct postgres_op *op)
{
    for (int i = 1; i < op->column_count; i++) {
        for (int j = 0; j < i; j++) {
            if (strcmp(op->columns[i].name, op->columns[j].name) == 0)
                return op->columns[i].name;
        }
    }
    return "";
}

/* A row is a table by name: two columns with one name would lose one of them. */
static bool rows_check_names(struct postgres_op *op)
{
    struct bl_value *names = bl_map_new();
    size_t different;

    for (int i = 0; i < op->column_count; i++)
        bl_map_set(names, op->columns[i].name, bl_value_nil());
    different = bl_value_count(names);
    bl_value_unref(names);
    if (different == (size_t)op->column_count)
        return true;
    return rows_fail(op, BL_E_ARG, "two columns are named '%.60s': rename one with AS",
                     rows_find_twice(op));
}

/* Names and types, once. */
static bool rows_columns(struct postgres_op *op, const PGresult *result)
{
    int count = PQnfields(result);

    if (op->columns != NULL)
        return true;
    if (count > ROWS_COLUMNS)
        return rows_fail(op, BL_E_PROTOCOL, "the answer has %d columns", count);
    if (op->want == WANT_VALUE && count != 1)
        return rows_fail(op, BL_E_ARG,
                         "the statement gives %d columns, and value wants exactly one: use one",
                         count);
    op->columns = bl_alloc(((size_t)count + 1) * sizeof(*op->columns));
    op->column_count = count;
    for (int i = 0; i < count; i++) {
        op->columns[i].name = bl_strdup(PQfname(result, i));
        op->columns[i].type = PQftype(result, i);
    }
    return rows_check_names(op);
}

static bool rows_add_one(struct postgres_op *op, const PGresult *result, int at)
{
    struct bl_value *row = bl_map_new();

    for (int i = 0; i < op->column_count; i++) {
        const struct postgres_column *column = &op->columns[i];
        size_t len = (size_t)PQgetlength(result, at, i);
        if (PQgetisnull(result, at, i))
            continue; /* absent */
        op->bytes += (int64_t)(len + strlen(column->name)) + ROWS_CELL;
        op->json_bytes += bl_postgres_is_json(column->type) ? (int64_t)len : 0;
        bl_map_set(row, column->name,
                   bl_postgres_value(column->type, PQgetvalue(result, at, i), len));
    }
    bl_list_add(op->rows, row);
    return op->bytes <= op->base.call->keep;
}

bool bl_postgres_rows_add(struct postgres_op *op, const PGresult *result)
{
    char size[32];

    if (op->want != WANT_COUNT && PQnfields(result) > 0 && !rows_columns(op, result))
        return false;
    if (op->rows == NULL)
        op->rows = bl_list_new();
    for (int i = 0; i < PQntuples(result); i++) {
        op->row_count++;
        if (op->want == WANT_COUNT)
            continue;
        if (op->row_count > op->max_rows && op->want != WANT_ROWS)
            return rows_fail(op, BL_E_TOO_LARGE,
                             "the statement gives more than one row: narrow it, or use query");
        if (op->row_count > op->max_rows)
            return rows_fail(op, BL_E_TOO_LARGE,
                             "more than %lld rows: add LIMIT, aggregate, or raise rows",
                             (long long)op->max_rows);
        if (rows_add_one(op, result, i))
            continue;
        bl_format_bytes(size, sizeof(size), op->base.call->keep);
        return rows_fail(op, BL_E_TOO_LARGE,
                         "the answer is larger than %s: select less, or raise keep", size);
    }
    return true;
}

/* Replaces the text of json columns by what is in it. */
static struct bl_value *rows_parse(const struct postgres_column *columns, int count,
                                   struct bl_value *rows)
{
    struct bl_value *parsed = bl_list_new();

    for (size_t at = 0; at < bl_value_count(rows); at++) {
        const struct bl_value *row = bl_list_get(rows, at);
        struct bl_value *copy = bl_map_new();
        for (int i = 0; i < count; i++) {
            const struct bl_value *cell = bl_map_get(row, columns[i].name);
            if (cell != NULL)
                bl_map_set(copy, columns[i].name,
                           bl_postgres_is_json(columns[i].type) ? bl_postgres_json(cell)
                                                                : bl_value_ref(cell));
        }
        bl_list_add(parsed, copy);
    }
    bl_value_unref(rows);
    return parsed;
}

static struct bl_value *rows_shape(const struct postgres_op *op)
{
    struct bl_value *answer = NULL;
    const struct bl_value *first = bl_list_get(op->rows, 0);
    char command[sizeof(op->tag)];

    if (op->want == WANT_ROWS) {
        answer = op->rows != NULL ? bl_value_ref(op->rows) : bl_list_new();
    } else if (op->want == WANT_ONE) {
        answer = first != NULL ? bl_value_ref(first) : bl_value_nil();
    } else if (op->want == WANT_VALUE) {
        first = op->column_count > 0 ? bl_map_get(first, op->columns[0].name) : NULL;
        answer = first != NULL ? bl_value_ref(first) : bl_value_nil();
    } else {
        snprintf(command, sizeof(command), "%.*s", (int)strcspn(op->tag, "0123456789"),
                 op->tag);
        for (size_t len = strlen(command); len > 0 && command[len - 1] == ' '; len--)
            command[len - 1] = '\0';
        answer = bl_map_new();
        bl_map_set(answer, "rows", bl_value_int(op->affected));
        bl_map_set(answer, "command", bl_value_text(command));
    }
    return answer;
}

/* The job of a worker: owns everything that it sees. */
struct rows_job {
    struct postgres_column *columns;
    int count;
    struct bl_value *rows;
};

static void rows_free_columns(struct postgres_column *columns, int count)
{
    for (int i = 0; i < count; i++)
        bl_free(columns[i].name);
    bl_free(columns);
}

static void rows_run(void *data)
{
    struct rows_job *job = data;

    job->rows = rows_parse(job->columns, job->count, job->rows);
}

static void rows_done(struct bl_op *base, void *data)
{
    struct postgres_op *op = (struct postgres_op *)base;
    struct rows_job *job = data;

    op->rows = job->rows;
    job->rows = NULL;
    op->columns = job->columns;
    op->column_count = job->count;
    job->columns = NULL;
    job->count = 0;
    bl_op_answer(&op->base, rows_shape(op));
}

static void rows_free_job(void *data)
{
    struct rows_job *job = data;

    rows_free_columns(job->columns, job->count);
    bl_value_unref(job->rows);
    bl_free(job);
}

struct bl_value *bl_postgres_rows_value(struct postgres_op *op)
{
    if (op->json_bytes > ROWS_JSON_INLINE)
        return NULL;
    if (op->json_bytes > 0)
        op->rows = rows_parse(op->columns, op->column_count, op->rows);
    op->json_bytes = 0;
    return rows_shape(op);
}

void bl_postgres_rows_answer(struct postgres_op *op)
{
    struct bl_value *answer = bl_postgres_rows_value(op);
    struct rows_job *job;

    if (answer != NULL) {
        bl_op_answer(&op->base, answer);
    } else {
        job = bl_alloc(sizeof(*job));
        *job = (struct rows_job){op->columns, op->column_count, op->rows};
        op->columns = NULL;
        op->column_count = 0;
        op->rows = NULL;
        bl_op_stage(&op->base, "reading the JSON of the answer");
        bl_work_start(&op->base, job, rows_run, rows_done, rows_free_job);
    }
}

void bl_postgres_rows_release(struct postgres_op *op)
{
    rows_free_columns(op->columns, op->column_count);
    op->columns = NULL;
    op->column_count = 0;
    bl_value_unref(op->rows);
    op->rows = NULL;
}
