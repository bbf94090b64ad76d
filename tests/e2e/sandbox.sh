#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# sandbox.sh: what a command with reads = true tries leaves no trace outside of its sandbox. Usage: sandbox.sh BELAY
# shellcheck disable=SC2317 # functions are reached through expect
set -uo pipefail
belay=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-sandbox.XXXXXX")
export CI=true LC_ALL=C PGCONNECT_TIMEOUT=5
TAG=belay-trace-$$
project=$work/project
V=$project/victim
passed=0
failed=0
skipped=0
stops=()

cleanup() {
    local pid
    for pid in "${stops[@]}"; do kill "$pid" 2>/dev/null; done
    pgrep -f 'sleep 27[23]$' | while read -r pid; do
        grep -qz "TAG=$TAG" "/proc/$pid/environ" 2>/dev/null && kill "$pid"
    done
    rm -rf "/tmp/$TAG.d"
    wait 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1))
    echo "FAIL $*"
}
expect() {
    local what=$1
    shift
    if "$@"; then ok; else bad "$what"; fi
}

# as USER COMMAND…: with that user's rights. Only root can become another.
as() {
    local user=$1
    shift
    if [ "$user" = root ] || [ "$(id -u)" -ne 0 ]; then
        HOME=$work/home "$@"
    else
        HOME=$work/home setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    fi
}

# --- the project --------------------------------------------------------------------------------

chmod 711 "$work"
mkdir -p "$project/environments" "$work/home" "/tmp/$TAG.d" "$project/pg"
cd "$project" || exit 1
echo 'project({ name = "sandbox", environment = "local" })' >belay.lua
for user in root nobody; do
    mkdir "$work/state-$user"
    echo "environment({ state = \"$work/state-$user\", policy = { change = \"free\" } })" >environments/$user.lua
done
cp environments/root.lua environments/local.lua
cat >attack.lua <<'LUA'
local exec = require("exec")
procedure({
  title = "Tries to get out",
  params = { cases = param.string(), env = param.string() },
  run = function(p)
    local any, env = {}, require("json").parse(p.env)
    for status = 0, 255 do
      any[status + 1] = status
    end
    step("Attack", function()
      for name, line in (p.cases .. "\n"):gmatch("([%w_]+)\t[+-]\t([^\n]+)\n") do
        env.LD_PRELOAD = name == "preload" and env.V .. "/evil.so" or nil
        local options = { shell = true, reads = true, ok = any, timeout = "20s", env = env }
        local answer, why = try(exec.run, line, options)
        if answer then
          note(("case %s: %d %s%s"):format(name, answer.status, answer.stdout, answer.stderr))
        else
          note(("case %s: %s"):format(name, tostring(why)))
        end
      end
    end)
  end,
})
LUA
cat >bounds.lua <<'LUA'
local exec = require("exec")
procedure({
  title = "Takes too much",
  params = { tag = param.string() },
  run = function(p)
    local function attempt(name, line, options)
      options.shell, options.reads, options.env = true, true, { TAG = p.tag }
      local answer, why = try(exec.run, line, options)
      note(("bound %s: %s"):format(name, answer and answer.stdout or tostring(why)))
    end
    step("Bounds", function()
      attempt("processes", "f() { f | f & }; f; sleep 15; exit 7", { timeout = "20s" })
      attempt("memory", "perl -e '$x = \"a\" x 2_500_000_000; sleep 15'; echo SURVIVED", { timeout = "20s" })
      attempt("shared", "for i in 1 2 3 4 5 6 7 8; do perl -e '$x = \"a\" x 300_000_000; sleep 15' & done; wait; echo SURVIVED", { timeout = "20s" })
      attempt("file", "head -c 200000000 /dev/zero > /dev/shm/f; stat -c %s /dev/shm/f; head -c 200000000 /dev/zero > /run/f; stat -c %s /run/f", { ok = { 0, 1 } })
      attempt("time", "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 272' & sleep 273", { timeout = "1s" })
      attempt("output", "yes | head -c 30000000", {})
    end)
  end,
})
LUA
cat >bounds_one.lua <<'LUA'
procedure({
  title = "Runs one command",
  params = { line = param.string() },
  run = function(p)
    step("One", function()
      local answer, why = try(require("exec").run, p.line, { shell = true, reads = true })
      note("bound one: " .. (answer and answer.stdout or tostring(why)))
    end)
  end,
})
LUA
cat >reading.lua <<'LUA'
local exec = require("exec")
procedure({
  title = "Looks at this machine",
  params = { victim = param.string() },
  run = function(p)
    local function read(name, argv, options)
      options = options or {}
      options.reads = true
      note(("read %s: %s"):format(name, exec.run(argv, options).stdout))
    end
    step("Read", function()
      read("df", { "df", "-h" })
      read("hostname", { "cat", "/etc/hostname" })
      read("du", { "du", "-sb", p.victim .. "/dir" })
      read("grep", { "grep", "-rc", "word", p.victim .. "/dir" })
      read("ps", { "ps", "-eo", "comm=" })
      read("uname", { "uname", "-r" })
      read("gzip", { "gzip", "-tv", p.victim .. "/file.gz" })
      read("sha256sum", { "sha256sum", p.victim .. "/file" })
      read("folder", { "pwd" }, { cwd = "/usr" })
      read("input", { "sort" }, { stdin = "b\na\n" })
      read("temporary", "f=$(mktemp) && echo kept > $f && cat $f", { shell = true })
      read("stat", { "stat", "-c", "%U", "/etc/passwd" })
      read("pg_restore", "test ! -e base.dump || pg_restore --list base.dump", { shell = true })
    end)
  end,
})
LUA
cat >refused.lua <<'LUA'
local exec = require("exec")
procedure({
  title = "Is refused",
  params = { argv = param.string({ default = "true" }), plan = param.boolean({ default = false }) },
  may = { ["exec.touch"] = "destroy" },
  run = function(p)
    step("Refused", { undo = "none", run = function()
      if p.plan then
        exec.run({ "touch", "/tmp/never" })
      end
      try(exec.run, p.argv, { shell = true, reads = true })
      note("WENT ON")
    end })
  end,
})
LUA

# --- what it could reach ------------------------------------------------------------------------

# fresh USER: the folder of the host that the commands go for, owned by that user.
fresh() {
    find "$V" -mindepth 1 ! -name '*.sock' -delete 2>/dev/null
    mkdir -p "$V/dir/sub" "$V/git"
    echo 'a word' | tee "$V/file" "$V/dir/one" >"$V/dir/sub/two"
    gzip -c "$V/file" >"$V/file.gz"
    mkfifo -m 666 "$V/fifo"
    cp /usr/bin/id "$V/root-id"
    cp "$work/evil.so" "$V/evil.so" 2>/dev/null
    [ -z "${missing##*" sqlite3 "*}" ] || sqlite3 "$V/base.sqlite" 'create table t (n int)'
    [ -z "${missing##*" git "*}" ] || git init -q "$V/git"
    if [ "$(id -u)" -eq 0 ]; then
        [ "$1" = root ] || chown -R 65534:65534 "$V" "$work/home" "$work/state-nobody"
        [ "$1" != root ] || chown -R 0:0 "$V" "$work/home"
        chown 0:0 "$V/root-id"
        chmod 4755 "$V/root-id"
        chown "$([ "$1" = root ] && echo 0 || echo 65534)" "$project"
    fi
    rm -f "$project/written" "$work/home/$TAG"
    # Both ends are held here, so that whoever writes to the FIFO need not wait.
    [ -z "${reader:-}" ] || kill "$reader" 2>/dev/null
    : >"$work/fifo.got"
    timeout 280 cat <>"$V/fifo" >>"$work/fifo.got" &
    reader=$!
    stops+=("$reader")
    : >"$work/server.log"
}

tagged() {
    local pid
    for pid in /proc/[0-9]*; do
        grep -qz "^TAG=$TAG" "$pid/environ" 2>/dev/null && tr '\0' ' ' <"$pid/cmdline" && echo
    done
}

# Everything outside that a command could have changed, as text.
state() {
    local path
    find "$V" "$project" "$work/home" -not -path '*/pg/*' \
        -printf '%p %y %m %U %G %s %T@ %C@ %n %l\n' | sort
    find "$V" "$project" -not -path '*/pg/*' -type f -exec sha256sum {} + | sort
    for path in / /tmp /var/tmp /run /dev/shm /etc /usr /var/lib /var/log /var/spool/cron /etc/cron.d; do
        find "$path" -maxdepth 2 -name "$TAG" -print 2>/dev/null
    done | sort -u
    find /sys/fs/cgroup -maxdepth 2 -name "$TAG" 2>/dev/null
    cat /proc/sys/vm/swappiness /proc/sys/kernel/hostname /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null
    stat -c '%n %a %U %Y %Z' /dev/null
    ipcs -m -s | grep -wE '271828|27'
    grep -E " (/|/mnt|/tmp) |$work" /proc/self/mounts
    echo "outside: $(ps -o stat=,ni= -p "$OUT")"
    echo "clock: $((($(date +%s) - started) / 600))"
    echo "FIFO: $(cat "$work/fifo.got")"
    echo "servers: $(sort -u "$work/server.log" | tr '\n' ' ')"
    [ -z "${missing##*" redis-cli "*}" ] || echo "keys: $(redis-cli -p "$REDIS" dbsize)"
    [ -z "${missing##*" psql "*}" ] || echo "tables: $(as nobody psql -h "$PG" -U belay -d postgres -Atc \
        "select count(*) from pg_class where relkind = 'r' and relname = 'sandbox'")"
    tagged
}

start_servers() {
    local at=/usr/lib/postgresql/15/bin
    perl "$here/sandbox_server.pl" "$V" "/tmp/$TAG.d" "$work/server.log" "$TAG" >"$work/ports" &
    stops+=($!)
    sleep 272.5 &
    OUT=$!
    stops+=("$OUT")
    PG=$project/pg REDIS=0
    if [ -n "${missing##*" redis-cli "*}" ]; then
        for _ in 1 2 3 4 5; do
            REDIS=$((RANDOM % 20000 + 20000))
            redis-server --port "$REDIS" --bind 127.0.0.1 --save '' --daemonize no >"$work/redis.log" 2>&1 &
            stops+=($!)
            sleep 0.3
            redis-cli -p "$REDIS" ping >/dev/null 2>&1 && break
        done
    fi
    if [ -n "${missing##*" psql "*}" ]; then
        mkdir "$work/pgdata"
        [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$work/pgdata" "$PG"
        as nobody $at/initdb -A trust -U belay -D "$work/pgdata" --no-sync >"$work/pg.log" 2>&1 &&
            as nobody $at/postgres -D "$work/pgdata" -k "$PG" -c listen_addresses= -c fsync=off \
                >>"$work/pg.log" 2>&1 &
        stops+=($!)
        for _ in $(seq 100); do
            as nobody psql -h "$PG" -U belay -d postgres -Atc 'select 1' >/dev/null 2>&1 && break
            sleep 0.1
        done
        as nobody pg_dump -h "$PG" -U belay -Fc postgres >"$project/base.dump" 2>>"$work/pg.log"
    fi
    for _ in $(seq 50); do [ -s "$work/ports" ] && break; sleep 0.1; done
    read -r TCP UDP <"$work/ports"
}

# Which tools the cases need that are not here; their cases are left out, and said so.
missing=" "
for tool in sqlite3 git curl redis-cli psql perl; do
    command -v $tool >/dev/null 2>&1 || missing="$missing$tool "
done
[ -x /usr/lib/postgresql/15/bin/initdb ] || missing="${missing}psql "
if [ "$missing" != "${missing#* perl }" ]; then
    echo "skipped: sandbox: no perl"
    exit 77
fi
cp "$here/sandbox_cases.txt" "$work/cases"
for tool in $missing; do
    skipped=$((skipped + $(grep -cw "$tool" "$work/cases")))
    echo "SKIP cases with $tool, which is not installed: $(grep -w "$tool" "$work/cases" | cut -f 1 | tr '\n' ' ')"
    sed -i "/\b$tool\b/d" "$work/cases"
done
echo "#include <fcntl.h>
__attribute__((constructor)) static void evil(void) { open(\"$V/preloaded\", O_CREAT | O_WRONLY, 0600); }" >"$work/evil.c"
gcc -shared -fPIC -o "$work/evil.so" "$work/evil.c" || bad "evil.so cannot be built"

# The environment of every case.
variables() {
    printf 'V=%s\nTAG=%s\nTCP=%s\nUDP=%s\nOUT=%s\nPG=%s\nREDIS=%s\nPGCONNECT_TIMEOUT=5\n' "$V" "$TAG" "$TCP" "$UDP" "$OUT" "$PG" "$REDIS"
}
variables_json() { variables | sed 's/\(.*\)=\(.*\)/"\1":"\2"/' | paste -sd, | sed 's/.*/{&}/'; }

# --- can it be made here? -----------------------------------------------------------------------

mkdir "$V"
started=$(date +%s)
status=0
"$belay" run refused --env root >"$work/out" 2>&1 || status=$?
if ! grep -q "WENT ON" "$work/out"; then
    tail -n 5 "$work/out"
    if [ "$status" -eq 5 ] && grep -q "refused: " "$work/out"; then
        echo "skipped: sandbox: this machine cannot make one, and commands with reads = true are refused"
        exit 77
    fi
    echo "sandbox: exit $status without a reason"
    exit 1
fi
start_servers

# --- without a sandbox the same commands leave traces: the test can see them ---------------------

grep -v '^#' "$work/cases" >"$work/list"
total=$(wc -l <"$work/list")
controls=0
while IFS=$'\t' read -r name mark line; do
    [ "$mark" = + ] || continue
    controls=$((controls + 1))
    fresh root
    state >"$work/before"
    variables >"$work/env"
    mapfile -t environment <"$work/env"
    (cd "$project" && env "${environment[@]}" HOME="$work/home" timeout 10 sh -c "$line") >/dev/null 2>&1 </dev/null
    sleep 0.05
    state >"$work/after"
    if cmp -s "$work/before" "$work/after"; then bad "without a sandbox $name leaves no trace: the test is blind"; else ok; fi
    rm -f "/tmp/$TAG" "/var/tmp/$TAG" "/dev/shm/$TAG"
    pkill -f 'sleep 27[23]$'
    redis-cli -p "$REDIS" flushall >/dev/null 2>&1
    [ "$name" != psql ] || as nobody psql -q -h "$PG" -U belay -d postgres -c 'drop table sandbox' >/dev/null
done <"$work/list"

# --- inside --------------------------------------------------------------------------------------

words='RAISED|MADE|TRACED|URING|CALL|TYPED|LOCKED|SEEN|CLOCK|SURVIVED'
try_all() {
    local user=$1 mode=$2 what="$1 ${2:-live}" status=0
    fresh "$user"
    state >"$work/before"
    # shellcheck disable=SC2086 # mode is a word or nothing
    as "$user" timeout 200 "$belay" run attack --env "$user" $mode --format json --set-file cases="$work/list" \
        --set "env=$(variables_json)" 9>>"$V/file" >"$work/out" 2>"$work/err" </dev/null || status=$?
    state >"$work/after"
    expect "$what: exit $status" [ "$status" -eq 0 ]
    while IFS=$'\t' read -r name _ _; do
        case $(grep -c "\"text\":\"case $name: " "$work/out") in
        1) ;;
        *)
            bad "$what: case $name did not run once"
            continue
            ;;
        esac
        if grep "\"text\":\"case $name: " "$work/out" | grep -qwE "$words"; then
            bad "$what: $(grep "\"text\":\"case $name: " "$work/out" | cut -c 1-400)"
        elif grep "\"text\":\"case $name: " "$work/out" | grep -q ": refused: \|timed out"; then
            bad "$what: $(grep "\"text\":\"case $name: " "$work/out" | cut -c 1-400)"
        else
            ok
        fi
    done <"$work/list"
    if ! cmp -s "$work/before" "$work/after"; then
        bad "$what: the system outside is another one:"
        diff "$work/before" "$work/after"
    else
        ok
    fi
    expect "$what: nothing counted as a change" grep -q '"changes":0' "$work/out"
    [ -z "${SHOW:-}" ] || grep -o '"text":"case [^}]*' "$work/out" | cut -c 9-300
}

# without_cgroups COMMAND…: where no cgroup can be made, as in most containers.
without_cgroups() { unshare -m sh -c 'umount -R -l /sys/fs/cgroup; exec "$@"' sh "$@"; }

# How many processes there were in one sandbox at most, while the process PID lived.
cat >"$work/peak.pl" <<'PERL'
use strict;
setpriority(0, 0, -20);
my ($peak, %old) = (0);
sub look {
    my %count;
    opendir(my $all, "/proc");
    for (grep { /^\d/ } readdir($all)) {
        my $space = readlink("/proc/$_/ns/pid");
        $count{$space}++ if defined $space;
    }
    return \%count;
}
%old = %{look()};
while (-d "/proc/$ARGV[0]") {
    my $count = look();
    for (grep { !$old{$_} } keys %$count) { $peak = $count->{$_} if $count->{$_} > $peak }
    select(undef, undef, undef, 0.002);
}
print "$peak\n";
PERL

# counted USER COMMAND…: how many processes a fork bomb may come to. The kernel holds 256, however busy this machine is;
# looks hold what they see in time, which needs their priority.
counted() {
    local user=$1
    shift
    if [ "$user" != root ] || "$@" "$belay" doctor 2>&1 | grep -q "bounded by a cgroup"; then
        echo 256
    elif chrt -r 1 true 2>/dev/null; then
        echo 1500
    else
        echo 15000
    fi
}

takes_too_much() {
    local user=$1 at peak most
    most=$(counted "$user")
    as "$user" timeout 100 "$belay" run bounds --env "$user" --format json --set "tag=$TAG" >"$work/out" 2>"$work/err" </dev/null &
    at=$!
    peak=$(perl "$work/peak.pl" "$at")
    expect "$user: bounds end well" wait "$at"
    expect "$user: a fork bomb is ended ($peak processes, of $most)" [ "$peak" -le "$most" ]
    [ -z "${SHOW:-}" ] || echo "$user: $peak processes at most"
    expect "$user: no more processes than allowed" grep -qE '"text":"bound processes: ([^"]*more than 128 processes|[^"]*Cannot fork|[^"]*fork: )' "$work/out"
    expect "$user: no more memory than allowed" grep -q '"text":"bound memory: [^"]*more than 1024 MiB' "$work/out"
    expect "$user: no more memory than allowed in all" grep -q '"text":"bound shared: [^"]*more than 1024 MiB' "$work/out"
    expect "$user: files are bounded" grep -qE '"text":"bound file: [0-9]{8}\\n[0-9]{8}\\n"' "$work/out"
    expect "$user: time is bounded" grep -qE '"text":"bound time: [^"]*(timed out|within|1 s)' "$work/out"
    expect "$user: output is bounded" grep -q '"text":"bound output: .*bytes left out' "$work/out"
    expect "$user: nothing survives" [ "$(grep -cw SURVIVED <(grep '"kind":"note"' "$work/out"))" -eq 0 ]
    expect "$user: no process is left" [ -z "$(tagged)" ]
    [ -z "${SHOW:-}" ] || grep -o '"text":"bound [^}]*' "$work/out" | cut -c 9-300
}

reads_well() {
    local user=$1 mode=$2 status=0
    fresh "$user"
    # shellcheck disable=SC2086
    as "$user" timeout 60 "$belay" run reading --env "$user" $mode --format json --set "victim=$V" >"$work/out" 2>"$work/err" </dev/null || status=$?
    expect "$user ${mode:-live}: reading ends with 0, not $status" [ "$status" -eq 0 ]
    gives() { expect "$user ${mode:-live}: $1 gives $2" grep -qE "\"text\":\"read $1: [^\"]*$2" "$work/out"; }
    gives df "Filesystem"
    gives hostname "$(cat /etc/hostname)"
    gives du "$(du -sb "$V/dir" | cut -f 1)"
    gives grep "two:1"
    gives ps 'ps\\n'
    gives uname "$(uname -r)"
    gives sha256sum "$(sha256sum <"$V/file" | cut -d ' ' -f 1)"
    gives folder '/usr\\n'
    gives input 'a\\nb\\n'
    gives temporary 'kept\\n'
    gives stat '(root|nobody)\\n' # an ordinary user's sandbox knows no other users
    [ -z "${missing##*" psql "*}" ] || gives pg_restore "Archive created"
    expect "$user ${mode:-live}: ps sees its own only" [ "$(grep -o '"text":"read ps: [^"]*' "$work/out" | grep -o '\\n' | wc -l)" -le 3 ]
    [ -z "${SHOW:-}" ] || grep -o '"text":"read [^}]*' "$work/out" | cut -c 9-200
}

users="root nobody"
if [ "$(id -u)" -ne 0 ]; then
    users=nobody
    skipped=$((skipped + 1))
    echo "SKIP the half as root: not root"
fi
for user in $users; do
    try_all "$user" ""
    try_all "$user" --dry-run
    reads_well "$user" ""
    reads_well "$user" --dry-run
    takes_too_much "$user"
    as "$user" chrt -b 0 "$belay" run bounds_one --env "$user" --format json --set line="chrt -p \$\$" >"$work/out" 2>&1 </dev/null
    expect "$user: the commands of a batch are part of it" grep -q 'bound one: .*SCHED_BATCH' "$work/out"
done
if without_cgroups true 2>/dev/null; then
    expect "without cgroups there is none" test -z "$(without_cgroups "$belay" doctor 2>&1 | grep "bounded by a cgroup")"
    most=$(counted root without_cgroups)
    without_cgroups "$belay" run bounds_one --env root --format json --set line="f() { f | f & }; f; sleep 15; exit 7" >"$work/out" 2>&1 </dev/null &
    at=$!
    peak=$(perl "$work/peak.pl" "$at")
    expect "without cgroups a fork bomb is ended ($peak processes, of $most)" [ "$peak" -le "$most" ]
    expect "without cgroups its end is explained" grep -q "bound one: .*more than 128 processes" "$work/out"
    [ -z "${SHOW:-}" ] || echo "without cgroups: $peak processes at most"
else
    skipped=$((skipped + 1))
    echo "SKIP what takes too much without cgroups: they cannot be hidden here"
fi

# --- the cgroups of root's commands ---------------------------------------------------------------

groups() { find "$folder" -maxdepth 1 -name "belay-$1-*" | wc -l; }
runs_as() { grep -om 1 '"kind":"run_started".*' "$1" | grep -o '"pid":[0-9]*' | cut -d : -f 2; }

cgroups_are_removed() {
    local pid job
    # The number of a process that is no more.
    sleep 0 &
    pid=$!
    wait "$pid"
    mkdir "$folder/belay-$pid-0"
    "$belay" run bounds_one --env root --format json --set line="nice; chrt -p \$\$; cat /proc/self/cgroup" >"$work/out" 2>&1 </dev/null
    expect "the cgroup of an engine that was killed is removed" [ "$(groups "$pid")" -eq 0 ]
    expect "its own too" [ "$(groups "$(runs_as "$work/out")")" -eq 0 ]
    expect "the command has the usual priority" grep -q 'bound one: 10.*SCHED_OTHER' "$work/out"
    "$belay" run bounds_one --env root --format json --set line="sleep 272" >"$work/out" 2>&1 </dev/null &
    job=$!
    for _ in $(seq 100); do
        pid=$(runs_as "$work/out")
        [ -n "$pid" ] && [ "$(groups "$pid")" -eq 1 ] && grep -qs . "$folder/belay-$pid-"*/cgroup.procs && break
        sleep 0.05
    done
    expect "a command has a cgroup of its own" [ "$(groups "$pid")" -eq 1 ]
    { kill -9 "$pid"; wait "$job"; } 2>/dev/null
    for _ in $(seq 100); do
        [ "$(groups "$pid")" -eq 0 ] && break
        sleep 0.05
    done
    expect "its cgroup goes with it when the engine is killed" [ "$(groups "$pid")" -eq 0 ]
}
folder=$("$belay" doctor 2>/dev/null | sed -n 's/.*bounded by a cgroup in //p')
if [ -n "$folder" ]; then
    cgroups_are_removed
else
    skipped=$((skipped + 1))
    echo "SKIP the cgroups: none can be made here"
fi

# --- refused, never run bare ---------------------------------------------------------------------

refuses() {
    local what=$1 pattern=$2 status=0
    shift 2
    "$@" >"$work/out" 2>&1 </dev/null || status=$?
    expect "$what: exit $status, not 5" [ "$status" -eq 5 ]
    expect "$what: says $pattern" grep -q "$pattern" "$work/out"
    expect "$what: goes no further" [ "$(grep -c "WENT ON" "$work/out")" -eq 0 ]
    [ -z "${SHOW:-}" ] || grep -m 1 "refused: " "$work/out"
}

fresh root
chmod -R a+rX "$project"
plain=(bwrap --bind / / --dev-bind /dev /dev --proc /proc)
export COLUMNS=400
refuses "a FIFO by name" "is a FIFO" "$belay" run refused --env root --set "argv=cat $V/fifo"
refuses "a FIFO by name, planned before" "is a FIFO" "$belay" run refused --env root --dry-run --set plan=true --set "argv=cat victim/fifo"
expect "and counted" grep -q '; refused: 1$' "$work/out"
refuses "no bubblewrap" "bubblewrap is not installed" \
    "${plain[@]}" --ro-bind /dev/null "$(readlink -f "$(command -v bwrap)")" "$belay" run refused --env root --set "argv=touch $V/bare"
refuses "no namespaces" "no sandbox for it" \
    "${plain[@]}" --unshare-user --disable-userns "$belay" run refused --env root --set "argv=touch $V/bare"
cat >"$work/fake" <<'SH'
#!/bin/sh
# A bubblewrap that makes no sandbox.
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
SH
chmod 755 "$work/fake"
refuses "a bubblewrap that makes no sandbox" "does not hold" \
    "${plain[@]}" --ro-bind "$work/fake" "$(readlink -f "$(command -v bwrap)")" "$belay" run refused --env root --set "argv=touch $V/bare"
expect "refused commands did not run" [ ! -e "$V/bare" ]

echo "$total commands in the sandbox, $controls of them seen to leave traces without it"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
