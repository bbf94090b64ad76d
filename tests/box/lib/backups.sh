# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# backups.sh: a week of backups of the kind the owner's scripts write: real gzip of real dumps, dated like nightly ones.

# backups_stamp DAYS HHMMSS: the time of the backup made DAYS nights ago, as seconds.
backups_time() {
    local now last
    now=$(($(date +%s) + BOX_CLOCK_OFFSET))
    # Nightly backups start at 02:00 and are there by 02:20; before that the last one is yesterday's.
    last=$((((now - 8400) / 86400) * 86400 + 7200))
    printf '%s' "$((last - $1 * 86400 + $2))"
}

# backups_meta FILE META TYPE TIME EXTRA: the JSON that lies beside a backup.
backups_meta() {
    printf '{"backup_type":"%s","timestamp":"%s","date":"%s","backup_size":%s,"backup_file":"%s",%s"checksum":"%s"}\n' \
        "$3" "$(date -u -d "@$4" +%Y%m%d_%H%M%S)" "$(date -u -d "@$4" +%Y-%m-%dT%H:%M:%SZ)" "$(stat -c %s "$1")" "$1" \
        "$5" "$BACKUPS_SUM" >"$2"
    touch -d "@$4" "$1" "$2"
}

# The dump is three gzip members in a row, which is one valid gzip file: tables and old market data (prepared), what
# was filled at this start, indexes (prepared).
backups_postgres() {
    local folder=$BOX_DIR/backups/postgres/full night time file
    mkdir -p "$folder"
    pg_dump_part --section=data --exclude-table-data=market_data | gzip -1 >"$BOX_DIR/backups/fresh.gz"
    cat "$BOX_CACHE/dump-history.gz" "$BOX_DIR/backups/fresh.gz" "$BOX_CACHE/dump-indexes.gz" >"$BOX_DIR/backups/whole.gz"
    BACKUPS_SUM=$(sha256sum "$BOX_DIR/backups/whole.gz" | cut -d ' ' -f 1)
    for night in 0 1 2 3 4 5 6; do
        time=$(backups_time "$night" 3)
        file=$folder/mastertrade_full_$(date -u -d "@$time" +%Y%m%d_%H%M%S).sql.gz
        cp --reflink=auto "$BOX_DIR/backups/whole.gz" "$file"
        backups_meta "$file" "$file.meta" full "$time" '"database":"mastertrade","compression_level":6,'
    done
    rm -f "$BOX_DIR/backups/fresh.gz" "$BOX_DIR/backups/whole.gz"
}

backups_redis() {
    local folder=$BOX_DIR/backups/redis night time stamp file keys
    mkdir -p "$folder/rdb" "$folder/aof" "$folder/logs" "$folder/metadata"
    redis-cli -p "$PORT_redis" --rdb "$folder/dump.rdb" >/dev/null 2>&1
    keys=$(redis-cli -p "$PORT_redis" dbsize)
    gzip -1 "$folder/dump.rdb"
    BACKUPS_SUM=$(sha256sum "$folder/dump.rdb.gz" | cut -d ' ' -f 1)
    for night in 0 1 2 3 4 5 6; do
        time=$(backups_time "$night" 902)
        stamp=$(date -u -d "@$time" +%Y%m%d_%H%M%S)
        file=$folder/rdb/dump_$stamp.rdb.gz
        cp --reflink=auto "$folder/dump.rdb.gz" "$file"
        backups_meta "$file" "$folder/metadata/rdb_$stamp.meta" rdb "$time" "\"total_keys\":$keys,"
    done
    rm -f "$folder/dump.rdb.gz"
}
