# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# database-too-big: the database really grows over the share of its disk that it may use.
FAULT_TEXT="the database is larger than 80 % of the disk it has (parameter database_disk)"

fault_start() {
    local missing
    missing=$(($(pg_sql -c "SELECT pg_size_bytes('$BOX_DATABASE_DISK') * 8 / 10 - pg_database_size('mastertrade')") / 8192))
    [ "$missing" -gt 0 ] || return 0
    pg_sql <<SQL
CREATE TABLE IF NOT EXISTS box_ballast (filler text);
ALTER TABLE box_ballast ALTER filler SET STORAGE EXTERNAL;
INSERT INTO box_ballast SELECT repeat('x', 8000) FROM generate_series(1, $missing + 2000);
SQL
}

fault_undo() {
    pg_sql -c 'SET client_min_messages = warning' -c 'DROP TABLE IF EXISTS box_ballast'
}
