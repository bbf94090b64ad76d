/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* role_strategy.c: the strategy service: activation, generation and the consumers of its
 * queues. */
#include "base/prefix.h"

#include "mt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char strategy_maximum[] =
    "SELECT value::int AS maximum FROM settings WHERE key = 'MAX_ACTIVE_STRATEGIES'";

static void strategy_health(struct mt_service *service, struct mt_request *request,
                            struct mt_reply *reply)
{
    mt_health(service, request, reply);
    json_object_set_new(reply->json, "daily_reviewer_active", json_true());
}

/* As the real one: the handler reads an attribute that does not exist. */
static void strategy_list(struct mt_service *service, struct mt_request *request,
                          struct mt_reply *reply)
{
    (void)service;
    (void)request;
    mt_reply_detail(reply, 500, "Failed to retrieve strategies: service has no attribute 'db'");
}

static json_t *strategy_candidates(struct mt_service *service, struct mt_reply *reply)
{
    return mt_rows(
        service, reply,
        "SELECT s.id::text AS strategy_id, s.name,"
        " round((b.metrics->>'sharpe_ratio')::numeric * 20, 2) AS overall_score,"
        " (b.metrics->>'sharpe_ratio')::numeric AS sharpe_ratio, s.is_active AS active"
        " FROM strategies s JOIN backtest_results b ON b.strategy_id = s.id"
        " ORDER BY 3 DESC, 1 LIMIT 10",
        NULL);
}

static json_t *strategy_criteria(void)
{
    return json_pack("{s:f, s:f, s:i, s:i}", "min_sharpe_ratio", 0.5, "max_drawdown_threshold",
                     -0.30, "min_trades", 5, "max_days_inactive", 14);
}

static void strategy_status(struct mt_service *service, struct mt_request *request,
                            struct mt_reply *reply)
{
    json_t *active = mt_rows(service, reply,
                             "SELECT id::text AS id FROM strategies WHERE is_active AND"
                             " status = 'active' ORDER BY activated_at",
                             NULL);
    json_t *maximum = active ? mt_rows(service, reply, strategy_maximum, NULL) : NULL;
    json_t *best = maximum ? strategy_candidates(service, reply) : NULL;
    json_t *ids = json_array();
    json_t *row;
    size_t i;

    (void)request;
    json_array_foreach (active, i, row) {
        json_array_append(ids, json_object_get(row, "id"));
    }
    if (best) {
        mt_reply_json(reply, 200,
                      json_pack("{s:O, s:i, s:O, s:o, s:b, s:O, s:o}", "max_active_strategies",
                                json_object_get(json_array_get(maximum, 0), "maximum"),
                                "current_active_count", (int)json_array_size(ids),
                                "current_active_strategies", ids, "last_check",
                                mt_time_now(service), "next_check_eligible", 1,
                                "top_candidates", best, "activation_criteria",
                                strategy_criteria()));
    }
    json_decref(active);
    json_decref(maximum);
    json_decref(best);
    json_decref(ids);
}

static void strategy_maximum_get(struct mt_service *service, struct mt_request *request,
                                 struct mt_reply *reply)
{
    json_t *rows = mt_rows(service, reply, strategy_maximum, NULL);

    (void)request;
    if (rows) {
        mt_reply_json(reply, 200,
                      json_pack("{s:O, s:s}", "max_active_strategies",
                                json_object_get(json_array_get(rows, 0), "maximum"), "source",
                                "database_setting"));
    }
    json_decref(rows);
}

static void strategy_maximum_put(struct mt_service *service, struct mt_request *request,
                                 struct mt_reply *reply)
{
    long wanted = mt_query_int(request, "max_active", 0);
    char value[24];
    const char *params[] = {value, NULL};
    json_t *rows;

    if (wanted < 1) {
        mt_reply_detail(reply, 400, "max_active must be at least 1");
        return;
    }
    snprintf(value, sizeof value, "%ld", wanted);
    rows = mt_rows(service, reply,
                   "UPDATE settings SET value = $1, updated_at = now()"
                   " WHERE key = 'MAX_ACTIVE_STRATEGIES'",
                   params);
    if (rows) {
        mt_reply_json(reply, 200,
                      json_pack("{s:s, s:I, s:o}", "message", "Updated", "new_value",
                                (json_int_t)wanted, "timestamp", mt_time_now(service)));
    }
    json_decref(rows);
}

static void strategy_set(struct mt_service *service, struct mt_request *request,
                         struct mt_reply *reply, const char *status)
{
    const char *params[] = {request->part, status, NULL};
    json_t *rows = mt_rows(service, reply,
                           "UPDATE strategies SET status = $2, updated_at = now()"
                           " WHERE id::text = $1 RETURNING id",
                           params);

    if (rows && json_array_size(rows) == 0) {
        mt_reply_detail(reply, 404, "Strategy %s not found", request->part);
    } else if (rows) {
        mt_reply_json(reply, 200,
                      json_pack("{s:s, s:s, s:o}", "strategy_id", request->part, "status",
                                status, "timestamp", mt_time_now(service)));
    }
    json_decref(rows);
}

static void strategy_pause(struct mt_service *service, struct mt_request *request,
                           struct mt_reply *reply)
{
    strategy_set(service, request, reply, "paused");
}

static void strategy_resume(struct mt_service *service, struct mt_request *request,
                            struct mt_reply *reply)
{
    strategy_set(service, request, reply, "active");
}

static void strategy_metrics(struct mt_service *service, struct mt_request *request,
                             struct mt_reply *reply)
{
    char why[200];
    json_t *rows = mt_store_rows(service->store,
                                 "SELECT count(*) AS active FROM strategies WHERE is_active",
                                 NULL, why, sizeof why);

    if (rows) {
        mt_meter_add(
            service->meter, "active_strategies",
            (double)json_integer_value(json_object_get(json_array_get(rows, 0), "active")));
    }
    json_decref(rows);
    mt_metrics(service, request, reply);
}

static void strategy_message(struct mt_service *service, const char *queue, const char *body,
                             size_t len)
{
    json_t *message = json_loadb(body, len, 0, NULL);
    const char *symbol = json_string_value(json_object_get(message, "symbol"));

    mt_meter_add(service->meter, "market_data_processed_total", 1);
    if (!message || !symbol) {
        mt_log(service, "warning", "Message is not market data",
               json_pack("{s:s}", "queue", queue));
    }
    json_decref(message);
}

static const struct mt_route strategy_routes[] = {
    {"GET", "/health", strategy_health},
    {"GET", "/strategies", strategy_list},
    {"GET", "/api/v1/strategy/activation/status", strategy_status},
    {"GET", "/api/v1/strategy/activation/max-active", strategy_maximum_get},
    {"PUT", "/api/v1/strategy/activation/max-active", strategy_maximum_put},
    {"POST", "/api/v1/strategies/generate", mt_jobs_create},
    {"GET", "/api/v1/strategies/jobs", mt_jobs_list},
    {"GET", "/api/v1/strategies/jobs/*/progress", mt_jobs_progress},
    {"GET", "/api/v1/strategies/jobs/*/results", mt_jobs_results},
    {"DELETE", "/api/v1/strategies/jobs/*", mt_jobs_cancel},
    {"POST", "/api/v1/strategy/*/pause", strategy_pause},
    {"POST", "/api/v1/strategy/*/resume", strategy_resume},
    {"GET", "/api/v1/metrics", strategy_metrics},
    {0},
};

static const char *const strategy_exchanges[] = {
    "mastertrade.market topic",
    "mastertrade.trading topic",
    NULL,
};

static const struct mt_queue strategy_queues[] = {
    {"mastertrade.market", "strategy_market_data_legacy", "market.data.kline", 0, 0, 50},
    {"mastertrade.market", "strategy_service_market_signals",
     "market.signal market.signal.strong", 300000, 0, 50},
    {"mastertrade.market", "strategy_service_whale_alerts", "whale.alert whale.alert.high",
     600000, 0, 50},
    {"mastertrade.market", "strategy_service_sentiment_updates",
     "sentiment.update sentiment.aggregated", 300000, 0, 50},
    {"mastertrade.market", "strategy_service_onchain_metrics",
     "onchain.metric onchain.exchange_flow", 600000, 0, 50},
    {"mastertrade.market", "strategy_service_institutional_flow",
     "institutional.flow institutional.block_trade", 300000, 0, 50},
    {0},
};

const struct mt_role mt_role_strategy = {
    .name = "strategy_service",
    .command = "strategy",
    .routes = strategy_routes,
    .queues = strategy_queues,
    .exchanges = strategy_exchanges,
    .start = mt_jobs_start,
    .stop = mt_jobs_stop,
    .message = strategy_message,
    .database = true,
    .cache = true,
};
