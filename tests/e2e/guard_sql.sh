#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# guard_sql.sh: every statement of tests/e2e/guard asked of the guard and sent in a dry run, as superuser and as an ordinary
# role, directly and through pgbouncer: each has its class, and the server is the same afterwards. Usage: guard_sql.sh BELAY
set -uo pipefail
here=$(cd "$(dirname "$0")/guard" && pwd)
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-guard.XXXXXX")
bin=$(pg_config --bindir 2>/dev/null || ls -d /usr/lib/postgresql/15/bin)
as=()
[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid postgres --regid postgres --init-groups)
passed=0
failed=0
pids=()

stop() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
    [ ! -f "$work/data/postmaster.pid" ] || "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

# expect WHAT COMMAND…
expect() {
    local what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $what"
        tail -n 40 "$work/said"
    fi
}

free_port() {
    echo $((20000 + (RANDOM + $1) % 12000))
}

sql() {
    psql -qAtX -h "$work" -p "$port" -U postgres -d fx -v ON_ERROR_STOP=1 "$@"
}

start_postgres() {
    local try
    [ ${#as[@]} -eq 0 ] || chown postgres: "$work"
    (cd / && "${as[@]}" "$bin/initdb" --no-sync -A trust -U postgres -D "$work/data") >"$work/initdb.log" 2>&1 || return 1
    cat >>"$work/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$work'
shared_preload_libraries = 'pg_stat_statements'
autovacuum = off
wal_level = minimal
max_wal_senders = 0
fsync = off
log_statement = all
CONF
    for try in 1 2 3 4 5; do
        port=$(free_port $((try * 977 + $$)))
        (cd / && "${as[@]}" "$bin/pg_ctl" -w -D "$work/data" -l "$work/data/log" -o "-p $port" start) >/dev/null 2>&1 && return 0
    done
    tail -n 5 "$work/data/log"
    return 1
}

start_pgbouncer() {
    local try
    for try in 1 2 3 4 5; do
        bouncer=$(free_port $((try * 991 + $$ + 7)))
        cat >"$work/pgbouncer.ini" <<INI
[databases]
fx = host=127.0.0.1 port=$port
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $bouncer
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile =
INI
        sed -i 's/auth_type = any/auth_type = trust/' "$work/pgbouncer.ini"
        printf '"postgres" ""\n"app" ""\n' >"$work/users.txt"
        echo "auth_file = $work/users.txt" >>"$work/pgbouncer.ini"
        "${as[@]}" pgbouncer -q "$work/pgbouncer.ini" >"$work/bouncer.log" 2>&1 &
        local pid=$!
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            if psql -qAtX -h 127.0.0.1 -p "$bouncer" -U app -d fx -c 'select 1' >/dev/null 2>&1; then
                pids+=("$pid")
                return 0
            fi
            sleep 0.2
        done
        kill "$pid" 2>/dev/null
    done
    cat "$work/bouncer.log"
    return 1
}

# What must be the same afterwards: contents, definitions, transaction ids, log positions, sessions, settings, files.
digest() {
    "$bin/pg_dumpall" -h "$work" -p "$port" -U postgres | grep -av '^\\\(un\)\?restrict' | sha256sum
    sql -c "select pg_snapshot_xmax(pg_current_snapshot()), pg_current_wal_insert_lsn()" \
        -c "select pg_conf_load_time(), pg_postmaster_start_time(), (select stats_reset from pg_stat_statements_info)" \
        -c "select datname, stats_reset from pg_stat_database order by 1" \
        -c "select count(*) from pg_locks where locktype = 'advisory'" \
        -c "select count(*) from pg_stat_activity where application_name = 'victim'" \
        -c "select slot_name from pg_replication_slots" -c "select * from pg_prepared_xacts" \
        -c "select relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_user_tables order by 1"
    ls /tmp/belay-guard-* 2>/dev/null
}

# environment NAME PORT USER [DATABASE]
environment() {
    cat >"$work/project/environments/$1.lua" <<LUA
environment({
  state = "$work/state",
  postgres = { db = { host = "127.0.0.1", port = $2, dbname = "${4:-fx}", user = "$3" } },
})
LUA
}

# classify ENVIRONMENT LIST
classify() {
    lua5.4 "$here/sql.lua" ask "$here/$2.txt" >"$work/asked"
    (cd "$work/project" && timeout 120 "$belay" classify sql --env "$1" <"$work/asked" >"$work/answers") || return 1
    lua5.4 "$here/sql.lua" compare "$here/$2.txt" "$work/answers"
}

# rehearse ENVIRONMENT LIST: the dry run ends well and says that nothing was sent.
rehearse() {
    lua5.4 "$here/sql.lua" procedure "$here/$2.txt" >"$work/project/everything.lua"
    (cd "$work/project" && timeout 200 "$belay" run everything --env "$1" --dry-run --color never) >"$work/$1.said" 2>&1 ||
        { tail -n 30 "$work/$1.said"; return 1; }
}

is_same() {
    diff "$work/before" "$work/after"
}

# Both sessions of the pooler for app have a temporary view that would hide the table.
poison() {
    local one='create temp view orders as select public.writes_immutable(1) as id'
    local try=()
    for _ in 1 2; do
        psql -qAtX -h 127.0.0.1 -p "$bouncer" -U app -d fx -c "begin; $one; select pg_sleep(0.7); commit" >/dev/null 2>&1 &
        try+=($!)
    done
    wait "${try[@]}"
}

is_poisoned() {
    echo 'procedure({ title = "Poisoned", uses = { db = "postgres.db" }, run = function(_, use) use.db:query("select id from orders") end })' >"$work/project/poisoned.lua"
    if (cd "$work/project" && timeout 20 "$belay" run poisoned --env app_pooled --dry-run --color never) >"$work/poisoned.said" 2>&1; then
        cat "$work/poisoned.said"
        return 1
    fi
    grep 'temporary views' "$work/poisoned.said" || { cat "$work/poisoned.said"; return 1; }
}

is_same_but_xid() {
    diff <(grep -v '|0/' "$work/before") <(grep -v '|0/' "$work/after")
}

mkdir -p "$work/project/environments" "$work/state"
chmod 755 "$work"
rm -f /tmp/belay-guard-copied /tmp/belay-guard-ran
echo 'project({ name = "guard" })' >"$work/project/belay.lua"
start_postgres || exit 1
psql -qX -h "$work" -p "$port" -U postgres -c 'create database fx'
sql -v dsn="host=$work port=$port dbname=fx user=postgres" -f "$here/fixture.sql" -f "$here/implied.sql" >/dev/null || exit 1
for name in bent swapped checked ordered latin; do
    sql -d "$name" -v dsn="host=$work port=$port dbname=$name user=postgres" -f "$here/corner.sql" >/dev/null || exit 1
    environment "$name" "$port" postgres "$name"
done
start_pgbouncer || exit 1
PGAPPNAME=victim sql -c 'select pg_sleep(600)' >/dev/null 2>&1 &
pids+=($!)
environment super "$port" postgres
environment app "$port" app
environment super_pooled "$bouncer" postgres
environment app_pooled "$bouncer" app
for name in trapped snared escaping; do
    environment "$name" "$port" "$name"
done
psql -qX -h "$work" -p "$port" -U postgres -d fx -c 'vacuum full' -c 'vacuum freeze' -c 'checkpoint'
digest >/dev/null # reads everything once, so that hint bits and the like are set
sleep 1.2
digest >"$work/before"

for name in super app super_pooled app_pooled; do
    expect "classes as $name" classify "$name" sql
    expect "dry run as $name" rehearse "$name" sql
    expect "the dry run as $name says that nothing was changed" grep -q '^0 changes reached a server; planned: [1-9]' "$work/$name.said"
done
for name in trapped snared escaping bent swapped checked ordered latin; do
    expect "classes of $name" classify "$name" "$name"
    expect "dry run of $name" rehearse "$name" "$name"
done
expect "a superuser is named" grep -q 'signs in as the superuser postgres' "$work/super.said"
expect "an ordinary role is not" test "$(grep -c superuser "$work/app.said")" -eq 0
sleep 1.2
digest >"$work/after"
expect "the server is the same" is_same
# A session of the pooler in which another client has left a view of its own behind.
poison
expect "a poisoned session is refused" is_poisoned
sql -c "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'" >/dev/null
sleep 1.2
digest >"$work/after"
expect "the server is the same but for its transaction" is_same_but_xid
# The test can fail: what a live run does is seen by the same digest.
echo 'procedure({ title = "One", uses = { db = "postgres.db" }, may = { db = "change" }, run = function(_, use) use.db:query("select writes_immutable(1)") end })' >"$work/project/one.lua"
sed -i 's/state =/policy = { change = "free" }, state =/' "$work/project/environments/super.lua"
expect "a live run" env -C "$work/project" "$belay" run one --env super
sleep 1.2
digest >"$work/after"
expect "is seen by the digest" test "$(diff "$work/before" "$work/after" | wc -l)" -gt 0

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
