#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# secrets.sh: one invented secret in every kind of operation, live and dry, against servers and commands that repeat it in
# every form: it is in no file of the state folder, in no output or report, on no command line and in no environment but that
# of the command it was given to. Usage: secrets.sh BELAY
# shellcheck disable=SC2317 # functions are reached through expect
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/terminal.sh
. "$here/terminal.sh"
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-secrets.XXXXXX")
chmod 755 "$work"
bin=$(pg_config --bindir 2>/dev/null || echo /usr/lib/postgresql/15/bin)
as=()
[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid postgres --regid postgres --init-groups)
canary='c4nary/w0rd+k3y%7x'
marker='marker-that-is-no-secret'
passed=0
failed=0
pids=()

stop() {
    terminal_stop
    [ ! -f "$work/pg/postmaster.pid" ] || "${as[@]}" "$bin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
    [ -z "${rabbit:-}" ] || kill -9 -- "-$rabbit" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM
terminal_socket=$work/tmux.sock

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

not() {
    ! "$@"
}

# --- the secret, in files only: a command line would show it ------------------------------------

mkdir -m 700 "$work/keys" "$work/project" "$work/project/environments" "$work/out" "$work/state"
printf '%s\n' "$canary" >"$work/keys/canary"
chmod 600 "$work/keys/canary"
# What of it may be nowhere: itself, percent-encoded, and in base64 behind any number of other bytes.
perl -MMIME::Base64 -e '
    my $word = <STDIN>; chomp $word;
    (my $percent = $word) =~ s/([^A-Za-z0-9._~-])/sprintf "%%%02X", ord $1/ge;
    my @forms = ($word, $percent);
    for my $before (0 .. 2) {
        my $text = encode_base64(("x" x $before) . $word, "");
        $text = substr $text, $before + ($before > 0), 20;
        push @forms, $text;
        (my $url = $text) =~ tr{+/}{-_};
        push @forms, $url;
    }
    print map { "$_\n" } @forms' <"$work/keys/canary" >"$work/keys/forms"

leaks() {
    grep -raF -f "$work/keys/forms" "$@"
}

# --- servers --------------------------------------------------------------------------------------

free_port() {
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'
}

start_postgres() {
    cp "$work/keys/canary" "$work/keys/pg"
    [ ${#as[@]} -eq 0 ] || chown postgres: "$work/keys/pg"
    chmod 711 "$work/keys"
    mkdir "$work/pg"
    [ ${#as[@]} -eq 0 ] || chown postgres: "$work/pg"
    (cd / && "${as[@]}" "$bin/initdb" --no-sync -A scram-sha-256 --pwfile "$work/keys/pg" -U owner -D "$work/pg") >/dev/null || return 1
    pg=$(free_port)
    (cd / && "${as[@]}" "$bin/pg_ctl" -w -D "$work/pg" -l "$work/pg/log" \
        -o "-p $pg -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off" start) >/dev/null || return 1
    printf '127.0.0.1:*:*:owner:%s\n' "$canary" >"$work/keys/pgpass"
    chmod 600 "$work/keys/pgpass"
    printf "create table vault (word text);\ncopy vault from stdin;\n%s\n\\\\.\n" "$canary" |
        PGPASSFILE=$work/keys/pgpass psql -qX -h 127.0.0.1 -p "$pg" -U owner -d postgres
}

start_redis() {
    redis=$(free_port)
    printf 'bind 127.0.0.1\nport %s\nsave ""\nrequirepass "%s"\n' "$redis" "$canary" >"$work/keys/redis.conf"
    redis-server "$work/keys/redis.conf" >"$work/redis.log" 2>&1 &
    pids+=($!)
}

start_rabbit() {
    mkdir "$work/rabbit"
    amqp=$(free_port)
    printf 'listeners.tcp.1 = 127.0.0.1:%s\ndefault_user = owner\ndefault_pass = %s\ndisk_free_limit.absolute = 1MB\n' \
        "$amqp" "$canary" >"$work/rabbit/rabbitmq.conf"
    echo '[].' >"$work/rabbit/plugins"
    (
        cd "$work/rabbit" && exec env -i PATH="$PATH" HOME="$work/rabbit" ERL_EPMD_PORT="$(free_port)" \
            RABBITMQ_DIST_PORT="$(free_port)" RABBITMQ_NODENAME=belay@localhost RABBITMQ_CONFIG_FILE=./rabbitmq.conf \
            RABBITMQ_CONF_ENV_FILE=./none RABBITMQ_ADVANCED_CONFIG_FILE=./none RABBITMQ_ENABLED_PLUGINS_FILE=./plugins \
            RABBITMQ_MNESIA_BASE=./data RABBITMQ_LOG_BASE=./logs RABBITMQ_LOGS=- \
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 +sbwt none' setsid \
            sh -c 'epmd -address 127.0.0.1 & exec /usr/lib/rabbitmq/bin/rabbitmq-server'
    ) >"$work/rabbit.log" 2>&1 &
    rabbit=$!
}

await() {
    local i
    for i in $(seq 300); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
        sleep 0.2
    done
    echo "nobody listens at $1 after $i fifths of a second"
    return 1
}

start_rabbit
start_redis
expect "PostgreSQL starts" start_postgres
perl "$here/secrets_server.pl" "$work/engine.sock" >"$work/port" 2>"$work/server.log" &
pids+=($!)
while [ ! -s "$work/port" ]; do sleep 0.05; done
http=$(cat "$work/port")
expect "Redis listens" await "$redis"
printf 'AUTH %s\nSET vault %s\n' "$canary" "$canary" | redis-cli -p "$redis" >/dev/null
expect "RabbitMQ listens" await "$amqp"
perl "$here/secrets_watch.pl" "$work/keys/canary" >"$work/out.watch" 2>"$work/watch.log" &
pids+=($!)

# --- the project ----------------------------------------------------------------------------------

cd "$work/project" || exit 1
echo 'project({ name = "secrets", environment = "files" })' >belay.lua
# environment NAME SECRET: every connection signs in with it.
environment() {
    cat >"environments/$1.lua" <<LUA
local word = $2
environment({
  state = "$work/state",
  policy = { change = "free", destroy = { typed = false } },
  exec = { sh = { class = "change" } },
  params = { word = word },
  postgres = {
    db = { host = "127.0.0.1", port = $pg, dbname = "postgres", user = "owner", password = word },
    bad = { host = "127.0.0.1", port = $pg, dbname = "postgres", user = "nobody", password = word },
  },
  redis = {
    cache = { url = "redis://127.0.0.1:$redis", password = word },
    bad = { url = "redis://127.0.0.1:$redis", user = "nobody", password = word },
  },
  amqp = {
    broker = { url = "amqp://127.0.0.1:$amqp", user = "owner", password = word },
    bad = { url = "amqp://127.0.0.1:$amqp", user = "nobody", password = word },
  },
  http = {
    echo = { url = "http://127.0.0.1:$http", user = "owner", password = word, headers = { ["X-Word"] = word } },
    secret_url = { url = secret({ file = "$work/keys/url" }) },
  },
  docker = { engine = { socket = "$work/engine.sock" } },
})
LUA
}
printf 'http://127.0.0.1:%s/in/%s' "$http" "$canary" >"$work/keys/url"
chmod 600 "$work/keys/url"
environment files "secret({ file = \"$work/keys/canary\" })"
environment command "secret({ command = { \"cat\", \"$work/keys/canary\" } })"
environment prompt 'secret({ prompt = "The word" })'
environment variable 'secret("CANARY_WORD")'

cat >all.lua <<'LUA'
local exec = require("exec")
local json = require("json")
local prints = [[
  read -r word; printf '%s\n' "$word" >&2
  printf '%s\n' "$WORD"; printf '%s' "$WORD" | base64; printf 'x%s' "$WORD" | base64; printf 'xy%s' "$WORD" | base64 | tr + -
  printf 'c4nary%%2Fw0rd%%2Bk3y%%257x c4nary\/w0rd\u002bk3y%%7x '
  printf 'c4nary/w0'; sleep 0.3; printf 'rd+k3y%%7x\n'; printf 'c4nary%%2Fw' >&2; sleep 0.3; printf '0rd%%2bk3y%%257x' >&2
]]

procedure({
  title = "Everything",
  uses = {
    db = "postgres.db", pg_bad = "postgres.bad", cache = "redis.cache", redis_bad = "redis.bad", broker = "amqp.broker",
    amqp_bad = "amqp.bad", echo = "http.echo", at = "http.secret_url", engine = "docker.engine",
  },
  may = { ["exec.sh"] = "change", ["http.echo"] = "change", ["docker.engine"] = "change" },
  params = { word = param.secret() },
  run = function(p, use)
    -- what it gives, or how it fails, is said in every way that a procedure has
    local function say(what, fn)
      local value, err = try(fn)
      local text = value ~= nil and json.format(value) or tostring(err)
      note(what .. ": " .. text)
      evidence(what, text)
      check(what .. " " .. text:sub(1, 200), text, "bytes"):is_true()
      print(text)
    end
    step("Servers", function()
      note("MARKER")
      say("postgres", function() return use.db:query("select word, encode(word::bytea, 'base64') as b from vault") end)
      say("postgres error", function() return use.db:query("select word::integer from vault") end)
      say("postgres sign-in", function() return use.pg_bad:query("select 1") end)
      say("redis", function() return use.cache:get("vault") end)
      say("redis sign-in", function() return use.redis_bad:ping() end)
      say("amqp", function() return use.broker:ping() end)
      say("amqp sign-in", function() return use.amqp_bad:ping() end)
    end)
    step("HTTP", function()
      say("http", function() return use.echo:get("/") end)
      say("http body", function() return use.echo:post("/", { body = p.word, headers = { ["X-Other"] = p.word } }) end)
      say("http json", function() return use.echo:post("/", { json = { words = { p.word } } }) end)
      say("http broken", function() return use.echo:get("/broken") end)
      say("http no json", function() return use.echo:get("/json", { json = true }) end)
      say("http url", function() return use.at:get("") end)
    end)
    step("Commands", function()
      local given = { stdin = p.word, env = { WORD = p.word, CANARY_GIVEN = "yes" } }
      say("exec", function() return exec.run({ "sh", "-c", prints }, given) end)
      say("exec fails", function() return exec.run({ "sh", "-c", prints .. "exit 3" }, given) end)
      given.reads = true
      say("sandbox", function() return exec.run({ "sh", "-c", prints }, given) end)
      given.timeout = 0.5
      say("times out", function() return exec.run({ "sh", "-c", prints .. "sleep 5" }, given) end)
      say("docker", function() return use.engine:exec("some", { "env" }, { env = { WORD = p.word }, stdin = p.word }) end)
    end)
    step("Refused", function()
      say("argv", function() return exec.run({ "sh", "-c", p.word }) end)
      say("sql", function() return use.db:query(p.word) end)
      say("sql value", function() return use.db:query("select $1::text", { p.word }) end)
      say("key", function() return use.cache:get(p.word) end)
      say("note", function() note(p.word) end)
      say("note in text", function() note("it is " .. p.word) end)
      say("title", function() step(p.word, function() end) end)
      say("check", function() check(p.word, 1):is_true() end)
      say("value", function() check("x", p.word):is_true() end)
      say("evidence", function() evidence("x", { p.word }) end)
      say("decide", function() decide(p.word, true) end)
      say("done", function() fail(p.word) end)
      say("error", function() error(p.word) end)
    end)
    step("As text", function()
      say("tostring", function() return tostring(p.word) end)
      say("length", function() return #p.word end)
      say("rep", function() return string.rep(p.word, 2) end)
      say("sub", function() return string.sub(p.word, 1, 3) end)
      say("method", function() return p.word:byte(1, -1) end)
      say("format", function() return string.format("%s %q", p.word, p.word) end)
      say("concat", function() return table.concat({ p.word, "x" }) end)
      say("pairs", function() for k in pairs(p.word) do return k end end)
      say("json", function() return json.format({ p.word }) end)
      say("compare", function() return p.word < "d" end)
      print(p.word)
    end)
  end,
})
LUA
# Where no sandbox can be made, commands with reads = true are refused: they are left out and named. Without one a command
# that times out is a change in doubt, which ends a run.
masked=('sandbox: {' 'times out: ')
if ! "$belay" doctor 2>/dev/null | grep -q '^ok .*reads = true'; then
    sed -i '/given.reads = true/d; /say("sandbox"/d; /given.timeout/d; /say("times out"/d' all.lua
    masked=()
    echo "skipped: secrets: no sandbox can be made here, so no command ran in one"
fi
sed -i "s/MARKER/$marker/" all.lua
export CI=true

# run_all NAME ARGUMENT…: the procedure in an environment; its output is kept in out/NAME.
run_all() {
    local name=$1
    shift
    timeout 100 "$belay" run all "$@" >"$work/out/$name.stdout" 2>"$work/out/$name.stderr" </dev/null
    [ $? -eq 1 ] || { cat "$work/out/$name.stdout" "$work/out/$name.stderr"; return 1; } # a check failed, as it should
}

has() {
    grep -qF -- "$2" "$work/out/$1".* || { tail -n 30 "$work/out/$1".*; return 1; }
}

# has_plain TEXT: the log of the runs has it, its JSON text unescaped.
has_plain() {
    tr -d \\\\ <"$work/out/log.stdout" | grep -F -- "$1" || { tail -n 40 "$work/out/log.stdout"; return 1; }
}

expect "a live run" run_all live
expect "a dry run" run_all dry --dry-run
expect "as JSON Lines" run_all json --format json
expect "as JUnit" run_all junit --format junit
expect "from a command" run_all command --env command
expect "from variables" env CANARY_GIVEN=yes CANARY_WORD="$canary" BELAY_PARAM_WORD="$canary" \
    bash -c "timeout 100 '$belay' run all --env variable >'$work/out/variable.stdout' 2>&1; [ \$? -eq 1 ]"
expect "a parameter from a file" run_all set-file --set-file "word=$work/keys/canary"
for name in live dry json junit command variable set-file; do
    expect "$name: says what is no secret" has "$name" "$marker"
    expect "$name: masks" has "$name" '<secret:'
done
for run in $("$belay" runs --format json 2>/dev/null | sed -n 's/.*"run":"\([^"]*\)".*/\1/p'); do
    "$belay" log "$run" >>"$work/out/log.stdout" 2>&1
    "$belay" verify "$run" >>"$work/out/verify.stdout" 2>&1
done
expect "the log was read" has log "$marker"

for what in 'postgres: [{"b":"<secret:' 'integer: "<secret:' 'redis: "<secret:' 'amqp: ' 'http: {"body":' \
    'X-Word: <secret:' 'GET <secret:url>' '{"words":["<secret:' 'exec: {' 'exec fails: exec.sh ended with status 3: <secret:' \
    "${masked[@]}" 'docker: {' 'WORD=<secret:'; do
    expect "something was masked: $what" has_plain "$what"
done
for what in argv sql 'sql value' key note title check value evidence decide; do
    expect "refused: $what" grep -qE "(^| )$what: .*(must not hold a secret|a string)" "$work/out/log.stdout"
done

# --- a person types it ----------------------------------------------------------------------------

terminal_start 100 40
terminal_run "cd $work/project; CI= $belay run all --env prompt >$work/out/prompt.stdout"
expect "the prompt is shown" terminal_wait 'The word: '
# pasted from a file: keys would stand on a command line
tmux -S "$terminal_socket" load-buffer "$work/keys/canary"
tmux -S "$terminal_socket" paste-buffer -d -r
expect "the run goes on" terminal_wait 'status=1 '
terminal_screen >"$work/out/prompt.screen"
expect "prompt: says what is no secret" has prompt "$marker"
terminal_run "stty -a | tr ' ' '\\n' | grep -x -e echo -e -echo"
expect "the terminal echoes again" terminal_wait '^echo'
terminal_run "$belay run all --env prompt >/dev/null"
expect "the prompt is shown again" terminal_wait 'The word: '
terminal_key C-c
expect "Ctrl-C ends it" terminal_wait 'status=130 '
terminal_run "stty -a | tr ' ' '\\n' | grep -x -e echo -e -echo"
expect "the terminal echoes after Ctrl-C" terminal_wait '^echo'
terminal_screen >>"$work/out/prompt.screen"
expect "nobody is there to ask" bash -c "'$belay' run all --env prompt </dev/null >'$work/out/unattended.stdout' 2>&1; [ \$? -eq 3 ]"

# --- what must not work, and what must not fetch --------------------------------------------------

expect "--set refuses a secret" bash -c "'$belay' run all --set word=something 2>&1 | grep -q 'every user of this machine'"
chmod 640 "$work/keys/canary"
expect "a file that the group may read is refused" \
    bash -c "'$belay' run all 2>&1 | grep -q 'may be used by group or others (mode 0640): chmod 600'"
chmod 600 "$work/keys/canary"
cat >environments/loud.lua <<LUA
environment({
  redis = {
    cache = { url = "redis://127.0.0.1:1", password = secret({ command = { "touch", "$work/fetched" } }) },
    short = { url = "redis://127.0.0.1:1", password = secret({ file = "$work/keys/short", name = "tiny" }) },
  },
})
LUA
printf 'abc' >"$work/keys/short"
chmod 600 "$work/keys/short"
cat >short.lua <<'LUA'
procedure({ title = "Short", uses = { s = "redis.short" }, run = function(_, use) try(function() use.s:ping() end) note("abc") end })
LUA
cat >loud.lua <<'LUA'
procedure({ title = "Loud", uses = { c = "redis.cache" }, run = function(_, use) use.c:ping() end })
LUA
for verb in "list" "show loud --env loud" "validate" "doctor --env loud" "run short --env loud"; do
    # shellcheck disable=SC2086 # words
    "$belay" $verb >"$work/out/quiet.stdout" 2>&1
    expect "$verb fetches nothing that it does not need" test ! -e "$work/fetched"
done
"$belay" run short --env loud >"$work/out/short.stdout" 2>&1
expect "a short value is warned about, once" test "$(grep -c 'the secret tiny has less than 4 characters' "$work/out/short.stdout")" = 1
"$belay" run loud --env loud >"$work/out/loud.stdout" 2>&1
expect "a run that needs it fetches it" test -e "$work/fetched"
expect "a command that prints nothing is no secret" grep -q 'it is empty' "$work/out/loud.stdout"

# A secret that is a word of the guard's own question hides nothing from it.
cat >guard.lua <<'LUA'
procedure({
  title = "Guard",
  uses = { db = "postgres.db" },
  may = { ["postgres.db"] = "destroy" },
  params = { a = param.secret({ default = "what" }), b = param.secret({ default = "text" }) },
  run = function(_, use)
    use.db:query("select lower(v) from vault v")
  end,
})
LUA
PGPASSFILE=$work/keys/pgpass psql -qX -h 127.0.0.1 -p "$pg" -U owner -d postgres -c \
    "create function lower(vault) returns text language sql as 'delete from vault returning word'"
"$belay" run guard --dry-run >"$work/out/guard.stdout" 2>&1
expect "a secret hides nothing from the guard" grep -q 'planned: 1' "$work/out/guard.stdout"

echo '{"id": 1, "sql": "select lower(v) from vault v"}' | "$belay" classify sql --env files --connection db >"$work/out/classify.stdout" 2>&1
expect "classify signs in with it" grep -q "may call a user's" "$work/out/classify.stdout"

# --- nowhere --------------------------------------------------------------------------------------

expect "the search finds a secret where there is one" leaks "$work/keys/canary"
expect "the search reads journals" grep -raqF "$marker" "$work/state"
expect "no file of the state folder has it" not leaks "$work/state"
expect "no output has it" not leaks "$work/out"
expect "the watch has looked" grep -q '^watching' "$work/out.watch"
expect "the watch sees the command that was given it" grep -q '^given' "$work/out.watch"
expect "no command line has it" not grep '^cmdline' "$work/out.watch"
expect "no other environment has it" not grep '^environ' "$work/out.watch"
echo "secrets: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
