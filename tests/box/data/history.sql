-- 31 days of old market data: what makes the database as large as the real one. It never changes, so it is made once.
CREATE FUNCTION pg_temp.points(symbols text[], width text, seconds integer, first timestamptz, last timestamptz)
RETURNS SETOF market_data LANGUAGE sql AS $$
    SELECT symbol || '_' || width || '_' || extract(epoch FROM at)::bigint, symbol,
           jsonb_build_object(
               'id', symbol || '_' || width || '_' || extract(epoch FROM at)::bigint,
               'symbol', symbol, 'interval', width,
               'timestamp', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
               'open_price', price, 'high_price', round(price * 1.002, 2),
               'low_price', round(price * 0.998, 2), 'close_price', round(price * 1.001, 2),
               'volume', 10 + (extract(epoch FROM at)::bigint / seconds) % 97, 'asset_type', 'crypto'),
           at, at, NULL::integer
    FROM unnest(symbols) WITH ORDINALITY AS s (symbol, nth),
         generate_series(first, last - seconds * interval '1 second', seconds * interval '1 second') AS at,
         LATERAL (SELECT round((60000 / nth * (1 + 0.05 * sin(extract(epoch FROM at) / 86400)))::numeric, 2) AS price) p
$$;

-- The indexes are made again afterwards: that is several times faster than keeping them up.
DROP INDEX idx_market_data_symbol_ts, idx_market_data_interval, idx_market_data_asset_type;
INSERT INTO market_data SELECT * FROM pg_temp.points(
    ARRAY['BTCUSDC', 'ETHUSDC', 'ADAUSDC', 'SOLUSDC', 'DOTUSDC', 'LINKUSDC', 'AVAXUSDC', 'MATICUSDC', 'ATOMUSDC',
          'LTCUSDC', 'BNBUSDC', 'XRPUSDC', 'UNIUSDC', 'AAVEUSDC', 'SUSHIUSDC'],
    '1m', 60, '2025-10-11Z', '2025-11-11Z');
INSERT INTO market_data SELECT * FROM pg_temp.points(
    ARRAY['BTCUSDC', 'ETHUSDC', 'SOLUSDC'], '5m', 300, '2025-10-11Z', '2025-11-11Z');
CREATE INDEX idx_market_data_symbol_ts ON market_data ((data->>'symbol'), (data->>'timestamp'));
CREATE INDEX idx_market_data_interval ON market_data ((data->>'interval'));
CREATE INDEX idx_market_data_asset_type ON market_data ((data->>'asset_type'));
