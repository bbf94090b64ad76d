/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* role_data.c: the data access API: market data out of PostgreSQL, kept in Redis for a minute.
 */
#include "base/prefix.h"

#include "mt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_CACHE_SECONDS = 60 };

static void data_since(const struct mt_service *service, long hours, char *text, size_t size)
{
    json_t *since = mt_time(mt_now(service) - hours * 3600);

    snprintf(text, size, "%s", json_string_value(since));
    json_decref(since);
}

/* What is asked of the table: points of one symbol, newest first. */
struct data_question {
    const char *symbol;
    const char *interval;
    long limit;
    long hours;
};

/* The points asked for, from the cache when it has them. */
static json_t *data_points(struct mt_service *service, struct mt_reply *reply,
                           const struct data_question *question, bool *cached)
{
    char key[256], since[32], count[24];
    const char *params[] = {question->symbol, question->interval, since, count, NULL};
    char *text;
    json_t *rows;

    snprintf(key, sizeof key, "historical_klines:%s:%s:%ld:%ld", question->symbol,
             question->interval, question->limit, question->hours);
    snprintf(count, sizeof count, "%ld", question->limit);
    data_since(service, question->hours, since, sizeof since);
    text = mt_cache_get(service, key);
    rows = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    *cached = rows != NULL;
    mt_meter_add(service->meter,
                 *cached ? "data_access_cache_hits_total" : "data_access_cache_misses_total",
                 1);
    if (rows) {
        return rows;
    }
    rows = mt_rows(service, reply,
                   "SELECT data FROM market_data WHERE data->>'symbol' = $1"
                   " AND data->>'interval' = $2 AND data->>'timestamp' >= $3"
                   " ORDER BY data->>'timestamp' DESC LIMIT $4::int",
                   params);
    text = rows ? json_dumps(rows, JSON_COMPACT) : NULL;
    if (text) {
        mt_cache_set(service, key, DATA_CACHE_SECONDS, text);
    }
    free(text);
    return rows;
}

static bool data_limits(struct mt_reply *reply, long limit, long most, long hours)
{
    if (limit < 1 || limit > most || hours < 1 || hours > 168) {
        mt_reply_json(reply, 422, json_pack("{s:[{s:s}]}", "detail", "msg", "out of range"));
        return false;
    }
    return true;
}

static void data_market(struct mt_service *service, struct mt_request *request,
                        struct mt_reply *reply)
{
    const char *interval = mt_query(request, "interval");
    long limit = mt_query_int(request, "limit", 100);
    long hours = mt_query_int(request, "hours_back", 24);
    struct data_question question = {request->part, interval ? interval : "1m", limit, hours};
    json_t *points = json_array();
    json_t *rows, *row;
    bool cached;
    size_t i;

    if (data_limits(reply, limit, 1000, hours)) {
        rows = data_points(service, reply, &question, &cached);
        json_array_foreach (rows, i, row) {
            json_array_append(points, json_object_get(row, "data"));
        }
        if (rows) {
            mt_reply_json(reply, 200,
                          json_pack("{s:s, s:O, s:i, s:b}", "symbol", request->part, "data",
                                    points, "count", (int)json_array_size(points), "from_cache",
                                    cached));
        }
        json_decref(rows);
    }
    json_decref(points);
}

static json_t *data_candle(const json_t *point)
{
    const char *when = json_string_value(json_object_get(point, "timestamp"));
    struct tm parts = {0};

    if (when) {
        strptime(when, "%Y-%m-%dT%H:%M:%S", &parts);
    }
    return json_pack(
        "{s:I, s:O, s:O, s:O, s:O, s:O}", "time", (json_int_t)timegm(&parts), "open",
        json_object_get(point, "open_price"), "high", json_object_get(point, "high_price"),
        "low", json_object_get(point, "low_price"), "close",
        json_object_get(point, "close_price"), "volume", json_object_get(point, "volume"));
}

static void data_ohlcv(struct mt_service *service, struct mt_request *request,
                       struct mt_reply *reply)
{
    const char *interval = mt_query(request, "interval");
    long limit = mt_query_int(request, "limit", 500);
    struct data_question question = {request->part, interval ? interval : "1m", limit, 168};
    json_t *candles = json_array();
    json_t *rows, *row;
    bool cached;
    size_t i;

    if (data_limits(reply, limit, 2000, 168)) {
        rows = data_points(service, reply, &question, &cached);
        json_array_foreach (rows, i, row) {
            json_array_append_new(candles, data_candle(json_object_get(row, "data")));
        }
        if (rows) {
            mt_reply_json(reply, 200,
                          json_pack("{s:s, s:s, s:O, s:i}", "symbol", request->part, "interval",
                                    question.interval, "data", candles, "count",
                                    (int)json_array_size(candles)));
        }
        json_decref(rows);
    }
    json_decref(candles);
}

static void data_latest(struct mt_service *service, struct mt_request *request,
                        struct mt_reply *reply)
{
    const char *params[] = {request->part, NULL};
    json_t *rows = mt_rows(service, reply,
                           "SELECT data FROM market_data WHERE data->>'symbol' = $1"
                           " ORDER BY data->>'timestamp' DESC LIMIT 1",
                           params);
    const json_t *data = json_object_get(json_array_get(rows, 0), "data");

    if (rows && !data) {
        mt_reply_detail(reply, 404, "No price data found for %s", request->part);
    } else if (rows) {
        mt_reply_json(reply, 200,
                      json_pack("{s:s, s:O, s:O, s:O}", "symbol", request->part, "price",
                                json_object_get(data, "close_price"), "timestamp",
                                json_object_get(data, "timestamp"), "volume_24h",
                                json_object_get(data, "volume")));
    }
    json_decref(rows);
}

static void data_symbols(struct mt_service *service, struct mt_request *request,
                         struct mt_reply *reply)
{
    (void)service;
    (void)request;
    mt_reply_json(reply, 200, json_pack("{s:[], s:i}", "symbols", "count", 0));
}

static const struct mt_route data_routes[] = {
    {"GET", "/health", mt_health},
    {"GET", "/metrics", mt_metrics},
    {"GET", "/api/market-data/*", data_market},
    {"GET", "/api/ohlcv/*", data_ohlcv},
    {"GET", "/api/latest-price/*", data_latest},
    {"GET", "/api/symbols", data_symbols},
    {0},
};

const struct mt_role mt_role_data = {
    .name = "data_access_api",
    .command = "data",
    .routes = data_routes,
    .database = true,
    .cache = true,
};
