-- What is dated relative to the box's clock (:now): market data up to now, seven nights of strategies, trades, health.
BEGIN;
CREATE TEMPORARY TABLE clock AS SELECT
    :'now'::timestamptz AS now,
    -- The last run that is over: runs start at 03:00 UTC and are done by 03:30.
    date_trunc('day', :'now'::timestamptz - interval '3 hours 30 minutes', 'UTC') + interval '3 hours' AS run;

INSERT INTO market_data
SELECT symbol || '_' || width || '_' || extract(epoch FROM at)::bigint, symbol,
       jsonb_build_object(
           'id', symbol || '_' || width || '_' || extract(epoch FROM at)::bigint,
           'symbol', symbol, 'interval', width,
           'timestamp', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           'open_price', price, 'high_price', round(price * 1.002, 2), 'low_price', round(price * 0.998, 2),
           'close_price', round(price * 1.001, 2), 'volume', 10 + (extract(epoch FROM at)::bigint / step) % 97,
           'asset_type', 'crypto'),
       at, at, NULL
FROM clock, (VALUES ('1h', 3600, 2160), ('1m', 60, 1440)) AS w (width, step, points),
     unnest(ARRAY['BTCUSDC', 'ETHUSDC', 'BTCUSDT']) WITH ORDINALITY AS s (symbol, nth),
     generate_series(1, points) AS n,
     LATERAL (SELECT to_timestamp((extract(epoch FROM now)::bigint / step - n) * step) AS at) t,
     LATERAL (SELECT round((60000 / nth * (1 + 0.05 * sin(extract(epoch FROM at) / 86400)))::numeric, 2) AS price) p
ON CONFLICT DO NOTHING;

-- 500 strategies a night, made within the first seven minutes.
INSERT INTO strategies (name, type, parameters, metadata, is_active, status, allocation, created_at, updated_at)
SELECT 'night_' || to_char(started AT TIME ZONE 'UTC', 'YYYYMMDD') || '_' || n,
       (ARRAY['momentum', 'mean_reversion', 'breakout', 'scalping'])[1 + n % 4],
       jsonb_build_object('period', 5 + n % 60),
       jsonb_build_object('night', to_char(started AT TIME ZONE 'UTC', 'YYYY-MM-DD')),
       false, 'inactive', 0, started + n * 0.8 * interval '1 second', started + n * 0.8 * interval '1 second'
FROM clock, generate_series(0, 6) AS night, generate_series(1, 500) AS n,
     LATERAL (SELECT run - night * interval '1 day' AS started) s;

-- Their backtests, done 26 minutes after the start.
INSERT INTO backtest_results (strategy_id, backtest_id, metrics, parameters, period_start, period_end, created_at, updated_at)
SELECT id, 'bt_' || name,
       jsonb_build_object('sharpe_ratio', round((random() * 3 - 0.5)::numeric, 3),
                          'win_rate', round((0.3 + random() * 0.4)::numeric, 3), 'total_trades', (20 + random() * 200)::int),
       parameters, created_at - interval '90 days', created_at,
       created_at + interval '20 minutes', created_at + interval '20 minutes'
FROM strategies;

-- The active ones are older than the last two runs.
UPDATE strategies SET is_active = true, status = 'active', allocation = 0.5, activated_at = run - interval '20 hours'
FROM clock WHERE id IN (
    SELECT strategy_id FROM backtest_results b, clock WHERE b.created_at < run - interval '30 hours'
    ORDER BY (metrics->>'sharpe_ratio')::numeric DESC LIMIT 2);

INSERT INTO orders (symbol, order_type, side, quantity, price, status, filled_quantity, avg_fill_price, order_time, update_time)
SELECT 'BTCUSDC', 'LIMIT', CASE n % 2 WHEN 0 THEN 'BUY' ELSE 'SELL' END, 0.01, 60000 + n, 'FILLED', 0.01, 60000 + n,
       now - n * interval '11 minutes', now - n * interval '11 minutes'
FROM clock, generate_series(1, 300) AS n;
INSERT INTO trades (order_id, symbol, side, quantity, price, commission, commission_asset, trade_time)
SELECT id, symbol, side, quantity, avg_fill_price, round(quantity * avg_fill_price * 0.001, 4), 'USDC', order_time FROM orders;

INSERT INTO settings (key, value, type, description, updated_at)
SELECT 'MAX_ACTIVE_STRATEGIES', '2', 'integer', 'How many strategies may be active at once', now FROM clock;
INSERT INTO trading_config (config_type, enabled, created_at, updated_at) SELECT 'trading_enabled', true, now, now FROM clock;

INSERT INTO collector_health (id, partition_key, data, created_at)
SELECT name || '_' || extract(epoch FROM at)::bigint, name,
       jsonb_build_object('collector_name', name, 'status', CASE WHEN name = 'stock_index' THEN 'degraded' ELSE 'healthy' END,
                          'timestamp', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'error_message', NULL,
                          'metrics', jsonb_build_object('consecutive_failures', 0, 'latency_ms', 40 + n)),
       at
FROM clock, unnest(ARRAY['historical', 'sentiment', 'stock_index', 'moralis', 'glassnode']) AS name,
     generate_series(1, 24) AS n, LATERAL (SELECT now - n * interval '15 minutes' AS at) t;
INSERT INTO collector_metrics (collector_name, metric_name, metric_value, timestamp, created_at)
SELECT data->>'collector_name', 'latency_ms', (data->'metrics'->>'latency_ms')::numeric, created_at, created_at FROM collector_health;
COMMIT;
ANALYZE strategies, backtest_results, orders, trades, settings, collector_health;
