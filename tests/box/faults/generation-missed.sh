# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# generation-missed: the scheduler did not fire: no strategies, no line in the log. A run that began within the last
# 30 hours is the one somebody may look for: before 06:00 that is still the one of the day before.
FAULT_TEXT="strategy generation did not run last night"

fault_start() {
    pg_sql -1 -v now="$(box_now)" <<'SQL'
CREATE SCHEMA IF NOT EXISTS box;
CREATE TABLE IF NOT EXISTS box.strategies AS TABLE strategies WITH NO DATA;
CREATE TABLE IF NOT EXISTS box.backtest_results AS TABLE backtest_results WITH NO DATA;
INSERT INTO box.strategies SELECT * FROM strategies
WHERE metadata ? 'night' AND created_at > :'now'::timestamptz - interval '30 hours' AND NOT is_active;
INSERT INTO box.backtest_results SELECT * FROM backtest_results WHERE strategy_id IN (SELECT id FROM box.strategies);
DELETE FROM strategies WHERE id IN (SELECT id FROM box.strategies);
SQL
    unit_renew strategy
    unit_await strategy
}

fault_undo() {
    [ "$(pg_sql -c "SELECT to_regclass('box.strategies') IS NOT NULL")" = t ] || return 0
    pg_sql -1 <<'SQL'
INSERT INTO strategies SELECT * FROM box.strategies;
INSERT INTO backtest_results SELECT * FROM box.backtest_results;
SET LOCAL client_min_messages = warning;
DROP SCHEMA box CASCADE;
SQL
    unit_renew strategy
    unit_await strategy
}
