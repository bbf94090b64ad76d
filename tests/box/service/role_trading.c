/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* role_trading.c: the risk manager and the order executor. */
#include "base/prefix.h"

#include "mt.h"

#include <stdio.h>

static void risk_health(struct mt_service *service, struct mt_request *request,
                        struct mt_reply *reply)
{
    bool alive = mt_store_alive(service->store);
    const char *state = alive ? "healthy" : "unhealthy";

    (void)request;
    mt_reply_json(reply, alive ? 200 : 503,
                  json_pack("{s:s, s:s, s:o, s:s, s:{s:s, s:s, s:s, s:s}}", "status", state,
                            "service", service->role->name, "timestamp", mt_time_now(service),
                            "version", "1.0.0", "components", "database", state,
                            "position_sizing", "healthy", "stop_loss_manager", "healthy",
                            "portfolio_controller", "healthy"));
}

/* What the trades of the last day earned: a sale adds, a purchase takes away, the commission
 * always. */
static void risk_portfolio(struct mt_service *service, struct mt_request *request,
                           struct mt_reply *reply)
{
    json_t *now = mt_time_now(service);
    const char *params[] = {json_string_value(now), NULL};
    json_t *rows =
        mt_rows(service, reply,
                "SELECT count(*) AS trades, coalesce(round(sum(CASE side WHEN 'SELL' THEN 1 "
                "ELSE -1 END *"
                " quantity * price - commission), 2), 0) AS cash_flow_usd FROM trades"
                " WHERE trade_time > $1::timestamptz - interval '24 hours'",
                params);

    (void)request;
    if (rows) {
        mt_reply_json(reply, 200, json_incref(json_array_get(rows, 0)));
    }
    json_decref(now);
    json_decref(rows);
}

static const struct mt_route risk_routes[] = {
    {"GET", "/health", risk_health},
    {"GET", "/metrics", mt_metrics},
    {"GET", "/portfolio/dashboard", risk_portfolio},
    {0},
};

static const char *const risk_exchanges[] = {
    "risk.check direct",      "risk.alerts fanout",       "portfolio.updates topic",
    "order.execution direct", "mastertrade.market topic", NULL,
};

static const struct mt_queue risk_queues[] = {
    {"risk.check", "risk.check.requests", "risk.check.request", 0, 0, 100},
    {"mastertrade.market", "market.price.updates", "market.price.*", 0, 0, 100},
    {"portfolio.updates", "portfolio.position.updates", "portfolio.position.*", 0, 0, 100},
    {0},
};

const struct mt_role mt_role_risk = {
    .name = "risk_manager",
    .command = "risk",
    .routes = risk_routes,
    .queues = risk_queues,
    .exchanges = risk_exchanges,
    .database = true,
};

/* A signal becomes an order only while the row trading_enabled says so. */
static void executor_message(struct mt_service *service, const char *queue, const char *body,
                             size_t len)
{
    json_t *signal = json_loadb(body, len, 0, NULL);
    const char *symbol = json_string_value(json_object_get(signal, "symbol"));
    const char *side = json_string_value(json_object_get(signal, "side"));
    json_t *now = mt_time_now(service);
    const char *params[] = {symbol, side, json_string_value(now), NULL};
    char why[200] = "the signal names no symbol or no side";
    json_t *rows = NULL;

    mt_meter_add(service->meter, "signals_received_total", 1);
    if (symbol && side) {
        rows = mt_store_rows(
            service->store,
            "INSERT INTO orders (symbol, side, order_type, quantity, status, order_time,"
            " update_time) SELECT $1, $2, 'MARKET', 1, 'NEW', $3::timestamptz, $3::timestamptz"
            " FROM trading_config WHERE config_type = 'trading_enabled' AND enabled RETURNING "
            "id",
            params, why, sizeof why);
    }
    if (rows) {
        mt_meter_add(service->meter, "orders_created_total", (double)json_array_size(rows));
    } else {
        mt_meter_add(service->meter, "orders_failed_total", 1);
        mt_log(service, "error", "Order could not be created",
               json_pack("{s:s, s:s}", "queue", queue, "error", why));
    }
    json_decref(rows);
    json_decref(now);
    json_decref(signal);
}

static const struct mt_route executor_routes[] = {
    {"GET", "/health", mt_health},
    {"GET", "/metrics", mt_metrics},
    {0},
};

static const char *const executor_exchanges[] = {
    "mastertrade.trading topic",
    "mastertrade.orders topic",
    "mastertrade.risk topic",
    NULL,
};

static const struct mt_queue executor_queues[] = {
    {"mastertrade.trading", "order_executor_signals", "signal.buy signal.sell", 0, 0, 10},
    {"mastertrade.risk", "order_executor_risk_approved", "risk.approved", 0, 0, 10},
    {0},
};

const struct mt_role mt_role_executor = {
    .name = "order_executor",
    .command = "executor",
    .routes = executor_routes,
    .queues = executor_queues,
    .exchanges = executor_exchanges,
    .message = executor_message,
    .database = true,
};
