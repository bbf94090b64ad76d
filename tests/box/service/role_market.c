/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* role_market.c: the market data service: collectors as the table collector_health has them,
 * ticks on the broker. */
#include "base/prefix.h"

#include "mt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char market_latest[] =
    "SELECT DISTINCT ON (data->>'collector_name') data->>'collector_name' AS name,"
    " data->>'status' AS status, data->>'error_message' AS error_message,"
    " data->>'timestamp' AS last_check, data->'metrics' AS metrics, created_at::text AS "
    "created_at"
    " FROM collector_health ORDER BY data->>'collector_name', created_at DESC";

static json_t *market_collector(const json_t *row)
{
    return json_pack("{s:O, s:O, s:O, s:O, s:b}", "status", json_object_get(row, "status"),
                     "last_check", json_object_get(row, "last_check"), "error_message",
                     json_object_get(row, "error_message"), "created_at",
                     json_object_get(row, "created_at"), "enabled", 1);
}

static void market_health(struct mt_service *service, struct mt_request *request,
                          struct mt_reply *reply)
{
    json_t *rows = mt_rows(service, reply, market_latest, NULL);
    json_t *collectors = json_object();
    json_t *row;
    size_t i;

    (void)request;
    if (!rows) {
        json_decref(collectors);
        json_decref(reply->json);
        mt_reply_json(reply, 500,
                      json_pack("{s:b, s:s, s:s}", "success", 0, "error",
                                "database unavailable", "error_type", "ConnectionError"));
        return;
    }
    json_array_foreach (rows, i, row) {
        json_object_set_new(collectors, json_string_value(json_object_get(row, "name")),
                            market_collector(row));
    }
    mt_reply_json(reply, 200,
                  json_pack("{s:b, s:O, s:i, s:o}", "success", 1, "collectors", collectors,
                            "collector_count", (int)json_array_size(rows), "timestamp",
                            mt_time_now(service)));
    json_decref(collectors);
    json_decref(rows);
}

static const char *market_circuit(const char *status)
{
    return status[0] == 'f' || status[0] == 'c' ? "open" : "closed";
}

static json_t *market_detail(const json_t *row)
{
    const char *status = json_string_value(json_object_get(row, "status"));
    const json_t *failures =
        json_object_get(json_object_get(row, "metrics"), "consecutive_failures");

    status = status ? status : "failed";
    return json_pack("{s:O, s:s, s:b, s:b, s:{s:s, s:I, s:i}}", "name",
                     json_object_get(row, "name"), "type", "market", "enabled", 1, "connected",
                     status[0] != 'f', "circuit_breaker", "state", market_circuit(status),
                     "failure_count", json_integer_value(failures), "failure_threshold", 5);
}

static void market_collectors(struct mt_service *service, struct mt_request *request,
                              struct mt_reply *reply)
{
    json_t *rows = mt_rows(service, reply, market_latest, NULL);
    json_t *collectors = json_object();
    json_t *row;
    size_t i;

    (void)request;
    json_array_foreach (rows, i, row) {
        json_object_set_new(collectors, json_string_value(json_object_get(row, "name")),
                            market_detail(row));
    }
    if (rows) {
        mt_reply_json(reply, 200,
                      json_pack("{s:b, s:O, s:i, s:o}", "success", 1, "collectors", collectors,
                                "total_count", (int)json_array_size(rows), "timestamp",
                                mt_time_now(service)));
    }
    json_decref(collectors);
    json_decref(rows);
}

static void market_history(struct mt_service *service, struct mt_request *request,
                           struct mt_reply *reply)
{
    const char *params[] = {request->part, NULL};
    json_t *rows =
        mt_rows(service, reply,
                "SELECT id, data->>'collector_name' AS collector_name,"
                " data->>'status' AS status, data->>'timestamp' AS timestamp,"
                " data->>'error_message' AS error_message, data->'metrics' AS metrics,"
                " created_at::text AS created_at FROM collector_health"
                " WHERE data->>'collector_name' = $1 ORDER BY created_at DESC LIMIT 20",
                params);

    if (rows && json_array_size(rows) == 0) {
        mt_reply_json(reply, 404, json_pack("{s:b, s:s}", "success", 0, "error", "No records"));
    } else if (rows) {
        mt_reply_json(reply, 200,
                      json_pack("{s:b, s:s, s:O, s:i}", "success", 1, "collector_name",
                                request->part, "recent_records", rows, "all_records_count",
                                (int)json_array_size(rows)));
    }
    json_decref(rows);
}

static void market_cache(struct mt_service *service, struct mt_request *request,
                         struct mt_reply *reply)
{
    (void)request;
    mt_reply_json(reply, 200,
                  json_pack("{s:b, s:{s:b}}", "success", 1, "stats", "redis_connected",
                            mt_cache_alive(service)));
}

/* A price that moves, so that what is on the broker is not always the same message. */
static void market_tick(struct mt_service *service)
{
    static const char *const symbols[] = {"BTCUSDC", "ETHUSDC", "SOLUSDC", "ADAUSDC"};
    time_t now = mt_now(service);
    size_t pick = (size_t)now % 4;
    double price = (pick ? 100.0 : 60000.0) * (1 + 0.01 * sin((double)now / 60));

    mt_broker_publish(service->broker, "mastertrade.market", "market.data.kline",
                      json_pack("{s:s, s:s, s:f, s:o}", "symbol", symbols[pick], "interval",
                                "1m", "close_price", price, "timestamp", mt_time(now)));
    mt_meter_add(service->meter, "market_data_messages_total", 1);
}

static const struct mt_route market_routes[] = {
    {"GET", "/health", mt_health},
    {"GET", "/health/collectors", market_health},
    {"GET", "/health/collectors/*", market_history},
    {"GET", "/collectors", market_collectors},
    {"GET", "/cache/stats", market_cache},
    {0},
};

static const char *const market_exchanges[] = {
    "mastertrade.market topic",
    "mastertrade.strategy.requests topic",
    "mastertrade.market.responses topic",
    "indicator_config topic",
    "indicator_results topic",
    NULL,
};

static const struct mt_queue market_queues[] = {
    {"mastertrade.strategy.requests", "market_data_strategy_requests", "strategy.request.#", 0,
     0, 50},
    {"indicator_config", "market_data.indicator_config_requests", "config.request.#", 3600000,
     1000, 50},
    {0},
};

const struct mt_role mt_role_market = {
    .name = "market_data_service",
    .command = "market",
    .routes = market_routes,
    .queues = market_queues,
    .exchanges = market_exchanges,
    .tick = market_tick,
    .database = true,
    .cache = true,
};
