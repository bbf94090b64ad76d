/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* store.c: the service's session to PostgreSQL, opened when needed and again after it was lost.
 */
#include "base/prefix.h"

#include "mt.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STORE_PARAMS_MAX = 16 };

/* Object ids of built-in types, which never change. */
enum { STORE_BOOL = 16, STORE_INT8 = 20, STORE_INT2 = 21, STORE_INT4 = 23, STORE_JSON = 114 };
enum { STORE_FLOAT4 = 700, STORE_FLOAT8 = 701, STORE_NUMERIC = 1700, STORE_JSONB = 3802 };

struct mt_store {
    struct mt_service *service;
    pthread_mutex_t lock;
    PGconn *connection;
};

struct mt_store *mt_store_new(struct mt_service *service)
{
    struct mt_store *store = calloc(1, sizeof *store);

    if (!store) {
        abort();
    }
    store->service = service;
    pthread_mutex_init(&store->lock, NULL);
    return store;
}

void mt_store_free(struct mt_store *store)
{
    if (store) {
        PQfinish(store->connection);
        pthread_mutex_destroy(&store->lock);
        free(store);
    }
}

static void store_quiet(void *data, const PGresult *result)
{
    (void)data;
    (void)result;
}

/* Opens the session if there is none that works. */
static bool store_connect(struct mt_store *store)
{
    const struct mt_service *service = store->service;
    const char *names[] = {"host",     "port",
                           "dbname",   "user",
                           "password", "application_name",
                           "options",  "connect_timeout",
                           NULL};
    const char *values[] = {mt_env(service, "POSTGRES_HOST", "127.0.0.1"),
                            mt_env(service, "POSTGRES_PORT", NULL),
                            mt_env(service, "POSTGRES_DB", "mastertrade"),
                            mt_env(service, "POSTGRES_USER", "mastertrade"),
                            mt_env(service, "POSTGRES_PASSWORD", NULL),
                            mt_env(service, "POSTGRES_APPLICATION_NAME", ""),
                            "-c statement_timeout=10000",
                            "2",
                            NULL};

    if (store->connection && PQstatus(store->connection) == CONNECTION_OK) {
        return true;
    }
    PQfinish(store->connection);
    store->connection = PQconnectdbParams(names, values, 0);
    PQsetNoticeReceiver(store->connection, store_quiet, NULL);
    return PQstatus(store->connection) == CONNECTION_OK;
}

static json_t *store_value(const PGresult *result, int row, int column)
{
    const char *text = PQgetvalue(result, row, column);
    json_t *value = NULL;

    if (PQgetisnull(result, row, column)) {
        return json_null();
    }
    switch (PQftype(result, column)) {
    case STORE_BOOL:
        return json_boolean(*text == 't');
    case STORE_INT2:
    case STORE_INT4:
    case STORE_INT8:
        return json_integer(strtoll(text, NULL, 10));
    case STORE_FLOAT4:
    case STORE_FLOAT8:
    case STORE_NUMERIC:
        value = json_real(strtod(text, NULL));
        break;
    case STORE_JSON:
    case STORE_JSONB:
        value = json_loads(text, JSON_DECODE_ANY, NULL);
        break;
    default:
        value = json_string(text);
        break;
    }
    return value ? value : json_null();
}

static json_t *store_table(const PGresult *result)
{
    json_t *rows = json_array();

    for (int row = 0; row < PQntuples(result); row++) {
        json_t *object = json_object();

        for (int column = 0; column < PQnfields(result); column++) {
            json_object_set_new(object, PQfname(result, column),
                                store_value(result, row, column));
        }
        json_array_append_new(rows, object);
    }
    return rows;
}

/* The first line of what libpq says, without the rest. */
static void store_why(struct mt_store *store, char *why, size_t size)
{
    snprintf(why, size, "%s", PQerrorMessage(store->connection));
    why[strcspn(why, "\n")] = '\0';
}

json_t *mt_store_rows(struct mt_store *store, const char *sql, const char *const *params,
                      char *why, size_t size)
{
    json_t *rows = NULL;
    int count = 0;

    while (params && count < STORE_PARAMS_MAX && params[count]) {
        count++;
    }
    pthread_mutex_lock(&store->lock);
    /* A session that died unnoticed fails at its first use: ask once more with a new one. */
    for (int attempt = 0; attempt < 2 && !rows; attempt++) {
        PGresult *result;

        if (!store_connect(store)) {
            break;
        }
        result = PQexecParams(store->connection, sql, count, NULL, params, NULL, NULL, 0);
        if (PQresultStatus(result) == PGRES_TUPLES_OK ||
            PQresultStatus(result) == PGRES_COMMAND_OK) {
            rows = store_table(result);
        } else if (PQstatus(store->connection) == CONNECTION_OK) {
            attempt = 1;
        }
        PQclear(result);
    }
    if (!rows) {
        store_why(store, why, size);
    }
    pthread_mutex_unlock(&store->lock);
    return rows;
}

bool mt_store_alive(struct mt_store *store)
{
    char why[256];
    json_t *rows = mt_store_rows(store, "SELECT 1", NULL, why, sizeof why);

    json_decref(rows);
    return rows != NULL;
}
