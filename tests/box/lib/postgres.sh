# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# postgres.sh: the database: prepared once in the cache, copied for each box, then filled with what the clock dates.

# The newest PostgreSQL of this machine.
pg_find() {
    local bin newest=
    for bin in /usr/lib/postgresql/*/bin; do
        [ -x "$bin/postgres" ] && newest=$bin
    done
    [ -n "$newest" ] || box_die "no PostgreSQL server under /usr/lib/postgresql: apt-get install postgresql-15"
    printf '%s' "$newest"
}

# pg_sql [ARG...]: psql as the owner's role in the box.
pg_sql() {
    PGPASSWORD=$BOX_PGPASSWORD PGAPPNAME=box PGCONNECT_TIMEOUT=5 "$BOX_PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
        -h 127.0.0.1 -p "$PORT_postgres" -U mastertrade -d mastertrade "$@"
}

# pg_dump_part ARG...: a part of a plain SQL dump of the database at PORT_postgres.
pg_dump_part() {
    PGPASSWORD=$BOX_PGPASSWORD "$BOX_PG_BIN/pg_dump" -h 127.0.0.1 -p "$PORT_postgres" -U mastertrade -d mastertrade \
        --no-owner --no-acl "$@"
}

# A cluster with the role, the database, the tables and the old market data, stopped cleanly, in $1.
pg_prepare() {
    local at=$1 secret
    unit_as_postgres
    secret=$(mktemp "$at/secret.XXXXXX")
    printf '%s\n' "$BOX_PGPASSWORD" >"$secret"
    mkdir "$at/postgres"
    if [ "$(id -u)" = 0 ]; then
        chown postgres: "$at/postgres" "$secret"
    fi
    (
        cd / && "${UNIT_AS[@]}" "$BOX_PG_BIN/initdb" --no-sync -D "$at/postgres" -U postgres --pwfile "$secret" \
            --auth=scram-sha-256 --encoding UTF8 --locale C.UTF-8 --wal-segsize 4
    ) >"$at/initdb.log" 2>&1 ||
        box_die "initdb failed in $at: $(tail -n 1 "$at/initdb.log"); check space and permissions there"
    rm -f "$secret" "$at/initdb.log"
    pg_prepare_fill "$at"
    # The log of the fill is of no use to a cluster that was stopped cleanly, and large to copy.
    (cd / && "${UNIT_AS[@]}" "$BOX_PG_BIN/pg_resetwal" -D "$at/postgres") >/dev/null
}

# The server of the template runs for this one function and is stopped at its end, whatever happens.
pg_prepare_fill() (
    local at=$1 pid
    BOX_DIR=$at
    BOX_CLOCK_OFFSET=0
    mkdir -p "$at/log/postgres" "$at/run"
    if [ "$(id -u)" = 0 ]; then
        chown postgres: "$at/log/postgres"
    fi
    exec 6>&- 7<&- 8<&- 9<&-
    unit_define postgres
    (cd / && exec env -i "${UNIT_ENV[@]}" "${UNIT_AS[@]}" "${UNIT_ARGV[@]}" -c log_statement=none -c max_wal_size=1GB \
        -c maintenance_work_mem=256MB -c autovacuum=off -c wal_level=minimal -c max_wal_senders=0) \
        >"$at/log/server.log" 2>&1 </dev/null &
    pid=$!
    # shellcheck disable=SC2064
    trap "kill -INT $pid 2>/dev/null; wait $pid || true" EXIT
    unit_await postgres
    PGPASSWORD=$BOX_PGPASSWORD "$BOX_PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PORT_postgres" -U postgres \
        -v password="$BOX_PGPASSWORD" -f "$BOX_HOME/data/role.sql"
    pg_sql -f "$BOX_HOME/data/schema.sql"
    pg_sql -1 -f "$BOX_HOME/data/history.sql"
    pg_sql -c 'VACUUM (FREEZE, ANALYZE)' 2>/dev/null
    pg_dump_part --section=pre-data --section=data --exclude-table-data='public.[^m]*' | gzip -1 >"$at/dump-history.gz"
    pg_dump_part --section=post-data | gzip -1 >"$at/dump-indexes.gz"
)

# The prepared cluster becomes the box's.
pg_copy() {
    cp -a --reflink=auto "$BOX_CACHE/postgres" "$BOX_DIR/postgres" ||
        box_die "cannot copy the prepared database from $BOX_CACHE to $BOX_DIR: check the space there"
    mkdir -p "$BOX_DIR/log/postgres"
    if [ "$(id -u)" = 0 ]; then
        chown postgres: "$BOX_DIR/log/postgres"
    fi
}

pg_fresh() {
    pg_sql -v now="$(box_now)" -f "$BOX_HOME/data/fresh.sql" >"$BOX_DIR/log/seed.log" 2>&1 ||
        box_die "the database cannot be filled: $(tail -n 1 "$BOX_DIR/log/seed.log") (see $BOX_DIR/log/seed.log)"
}
