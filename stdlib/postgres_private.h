/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_private.h: what the files of the postgres module share: operations, links to the
 * server, their pool. */
#ifndef BL_POSTGRES_PRIVATE_H
#define BL_POSTGRES_PRIVATE_H

#include "guard/catalogue.h"
#include "module.h"
#include "postgres_relay.h"
#include "postgres_value.h"

#include "late_pq.h"

#define BL_POSTGRES_PORT 5432

/* What an operation answers with. */
enum postgres_want {
    WANT_ROWS,
    WANT_ONE,
    WANT_VALUE,
    WANT_COUNT,
};

/* What is sent in one go, and in which order its results come. */
enum postgres_step {
    STEP_END,
    STEP_BEGIN,
    STEP_BEGIN_READ_ONLY,
    STEP_SETTINGS_CHANGE,
    STEP_SETTINGS_READ_ONLY,
    STEP_SETTINGS_LOOKUP,
    STEP_STATEMENT,
    STEP_MARK,
    STEP_ROLLBACK,
    STEP_COMMIT,
    STEP_SYNC,
};

struct postgres_column {
    char *name;
    uint32_t type;
};

struct postgres_op {
    struct bl_op base;
    enum postgres_want want;
    struct bl_sql sql;
    struct bl_postgres_params params;
    int64_t max_rows;
    bool is_lookup;  /* the engine asks the catalogue */
    char prefix[80]; /* a comment before the statement, by which it is found again; or "" */

    struct postgres_pool *pool; /* a reference; NULL: never entered */
    struct postgres_link *link; /* while it is served */
    struct postgres_op *next;   /* waiting */
    bool is_waiting;
    bool is_retried;
    bool is_answered; /* something of the answer has come */

    const enum postgres_step *steps, *at;
    struct postgres_column *columns;
    int column_count;
    struct bl_value *rows; /* a list of maps */
    int64_t row_count, bytes, json_bytes;
    char tag[64]; /* "UPDATE 3" */
    int64_t affected;
    struct bl_value *mark; /* of a change: which transaction it is */
    bool has_failed;
    struct bl_error failure; /* told when the transaction is over */
};

/* One socket. */
struct postgres_link {
    struct postgres_pool *pool;
    struct postgres_op *op; /* NULL: idle */
    struct postgres_link *next;
    PGconn *pg;
    struct postgres_relay *relay; /* NULL until it is connected */
    uv_poll_t *poll;              /* one for each life of a socket */
    uv_timer_t *timer;            /* connect timeout; then: more results are waiting in libpq */
    bool is_connecting;
    bool was_used;    /* served an operation before this one */
    int64_t unparsed; /* bytes that came since the last complete result */
};

/* postgres.c. */
void bl_postgres_op_release(struct bl_op *op);
/* Class, details and reasons of a statement, as text or catalogue have found them. */
void bl_postgres_inspect_sql(const struct bl_call *call, const struct bl_sql *sql,
                             struct bl_inspection *inspection);

/* postgres_ask.c: the questions of bl_operation.ask. */
struct bl_call *bl_postgres_ask(struct bl_connection *connection, const struct bl_call *call,
                                struct bl_inspection *inspection,
                                const struct bl_value *answer);

/* postgres_doubt.c: the bl_operation.resolve of all statements. */
struct bl_call *bl_postgres_resolve(struct bl_connection *connection,
                                    const struct bl_call *call, const struct bl_value *intent,
                                    const struct bl_value *answer,
                                    struct bl_resolution *resolution);
/* The question that says which transaction a change is in, and its answer as a map. */
extern const char bl_postgres_mark[];
struct bl_value *bl_postgres_mark_read(const PGresult *result);

/* postgres_pool.c: links, one pool for each connection of the environment. */
struct postgres_pool *bl_postgres_pool_new(struct bl_connection *connection);
void bl_postgres_pool_close(struct postgres_pool *pool); /* idle links end, busy ones finish */
/* What was learned about the names of this connection's database. */
struct bl_catalogue *bl_postgres_pool_catalogue(struct postgres_pool *pool);
/* Takes the operation in: it runs at once, opens a link or waits for one. */
void bl_postgres_pool_enter(struct postgres_pool *pool, struct postgres_op *op);
/* The operation is over, whatever it was doing; a link in the middle is cancelled and closed.
 */
void bl_postgres_pool_leave(struct postgres_op *op);
/* The link's operation is done with it and the session is clean. */
void bl_postgres_link_free(struct postgres_link *link);
/* The link is of no use any more. is_cancelled: the server may still be working on it. */
void bl_postgres_link_close(struct postgres_link *link, bool is_cancelled);
/* The idle links of the pool were probably cut as well; the operation is tried on a new one. */
void bl_postgres_link_retry(struct postgres_link *link);
/* Which of UV_READABLE and UV_WRITABLE to wait for; the callback is bl_postgres_run_ready. */
void bl_postgres_link_watch(struct postgres_link *link, int events);
/* Calls bl_postgres_run_read again soon: other callbacks get their turn first. */
void bl_postgres_link_again(struct postgres_link *link);

/* postgres_cancel.c: asks the server to stop what the connection is doing; returns at once,
 * takes no part of pg with it, and is over within two seconds whatever the server does. */
void bl_postgres_cancel(PGconn *pg);

/* postgres_run.c: one statement on one link. */
void bl_postgres_run_start(struct postgres_link *link, struct postgres_op *op);
void bl_postgres_run_ready(struct postgres_link *link, int status, int events);
void bl_postgres_run_read(struct postgres_link *link);

/* postgres_rows.c: the answer. False: the operation has been failed (a bound, a name twice). */
bool bl_postgres_rows_add(struct postgres_op *op, const PGresult *result);
void bl_postgres_rows_answer(struct postgres_op *op);
/* What it will be answered with; NULL where that takes a while. */
struct bl_value *bl_postgres_rows_value(struct postgres_op *op);
void bl_postgres_rows_release(struct postgres_op *op);

/* postgres_error.c: what libpq and the server say, in one line. */
void bl_postgres_error(struct postgres_op *op, const PGresult *result, struct bl_error *err);
/* Of a link that could not be opened. */
void bl_postgres_connect_error(struct postgres_op *op, const PGconn *pg, struct bl_error *err);

#endif
