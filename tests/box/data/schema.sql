-- The tables of the MasterTrade database that the operations runbook touches.
CREATE TABLE strategies (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    type text NOT NULL,
    parameters jsonb NOT NULL DEFAULT '{}',
    configuration jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    status text NOT NULL DEFAULT 'active',
    enabled boolean NOT NULL DEFAULT true,
    allocation numeric(10, 5) NOT NULL DEFAULT 1,
    activation_state text NOT NULL DEFAULT 'live',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    activated_at timestamptz,
    deactivated_at timestamptz,
    replaced_at timestamptz,
    replaced_by uuid,
    replaces uuid
);
CREATE INDEX idx_strategies_active ON strategies (is_active) WHERE is_active;

CREATE TABLE backtest_results (
    id serial PRIMARY KEY,
    strategy_id uuid NOT NULL REFERENCES strategies (id) ON DELETE CASCADE,
    backtest_id text NOT NULL,
    metrics jsonb NOT NULL DEFAULT '{}',
    parameters jsonb NOT NULL DEFAULT '{}',
    period_start timestamptz,
    period_end timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_backtest_results_strategy ON backtest_results (strategy_id);

CREATE TABLE market_data (
    id text PRIMARY KEY,
    partition_key text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    ttl_seconds integer
);
CREATE INDEX idx_market_data_symbol_ts ON market_data ((data->>'symbol'), (data->>'timestamp'));
CREATE INDEX idx_market_data_interval ON market_data ((data->>'interval'));
CREATE INDEX idx_market_data_asset_type ON market_data ((data->>'asset_type'));

CREATE TABLE orders (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    strategy_id integer,
    symbol text NOT NULL,
    signal_id text,
    exchange_order_id text,
    client_order_id text,
    order_type text NOT NULL,
    side text NOT NULL,
    quantity numeric NOT NULL,
    price numeric,
    stop_price numeric,
    status text NOT NULL,
    filled_quantity numeric NOT NULL DEFAULT 0,
    avg_fill_price numeric,
    commission numeric NOT NULL DEFAULT 0,
    commission_asset text,
    environment text NOT NULL DEFAULT 'testnet',
    order_time timestamptz NOT NULL DEFAULT now(),
    update_time timestamptz NOT NULL DEFAULT now(),
    metadata jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE trades (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id uuid REFERENCES orders (id),
    exchange_trade_id text,
    symbol text NOT NULL,
    side text NOT NULL,
    quantity numeric NOT NULL,
    price numeric NOT NULL,
    commission numeric NOT NULL DEFAULT 0,
    commission_asset text,
    is_maker boolean NOT NULL DEFAULT false,
    trade_time timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_trades_time ON trades (trade_time);

CREATE TABLE settings (
    key text PRIMARY KEY,
    value text NOT NULL,
    type text NOT NULL DEFAULT 'string',
    description text,
    metadata jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE trading_config (
    config_type text PRIMARY KEY,
    enabled boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE alerts (
    alert_id text PRIMARY KEY,
    alert_type text NOT NULL,
    priority text NOT NULL,
    status text NOT NULL,
    title text NOT NULL,
    message text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    triggered_at timestamptz,
    sent_at timestamptz,
    acknowledged_at timestamptz,
    resolved_at timestamptz,
    expires_at timestamptz,
    trigger_count integer NOT NULL DEFAULT 0,
    channels text[] NOT NULL DEFAULT '{}',
    symbol text,
    strategy_id text,
    metadata jsonb NOT NULL DEFAULT '{}',
    condition_data jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE alert_suppressions (
    id serial PRIMARY KEY,
    symbol text NOT NULL,
    suppressed_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE collector_health (
    id text PRIMARY KEY,
    partition_key text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE collector_metrics (
    id serial PRIMARY KEY,
    collector_name text NOT NULL,
    metric_name text NOT NULL,
    metric_value numeric NOT NULL,
    timestamp timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
