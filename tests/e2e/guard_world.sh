#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# guard_world.sh: what the guard says of AMQP, Docker and files, what a planned change says that it touches, and that a dry run leaves all as it was. Usage: guard_world.sh BELAY [BOX OPTIONS]
# shellcheck disable=SC2317 # functions are reached through expect
set -uo pipefail
# shellcheck source=tests/e2e/box.sh
. "$(dirname "$0")/box.sh"
box_start "$@"
port=$(sed -n 's/.* rabbitmq = { url = "http:..127.0.0.1:\([0-9]*\)".*/\1/p' "$work/project/environments/box.lua")
socket=$(sed -n 's/.* docker = .*socket = "\([^"]*\)".*/\1/p' "$work/project/environments/box.lua")

# rabbit METHOD PATH [BODY]: the broker's own HTTP interface.
rabbit() {
    curl -sS --max-time 10 -u "mastertrade:$BOX_RABBITMQ_PASSWORD" -X "$1" -H 'content-type: application/json' \
        ${3:+-d "$3"} "http://127.0.0.1:$port/api/$2"
}

docker_get() {
    curl -sS --max-time 10 --unix-socket "$socket" "http://docker/v1.41/$1"
}

# verdict KIND LINE PATTERN: what the guard says of one call.
verdict() {
    echo "$2" | "$belay" classify "$1" --project "$work/project" --env box >"$work/out" 2>"$work/err"
    grep -qE -- "$3" "$work/out"
}

# A queue that no service of the box uses: three messages, nobody listens.
rabbit PUT queues/%2F/guard '{"durable":false}' >/dev/null
for n in 1 2 3; do
    rabbit POST exchanges/%2F/amq.default/publish \
        "{\"properties\":{},\"routing_key\":\"guard\",\"payload\":\"message $n\",\"payload_encoding\":\"string\"}" >/dev/null
done

# Queues without counts that the box's own services move, exchanges and bindings.
broker_state() {
    rabbit GET 'queues?columns=name,arguments,durable'
    rabbit GET 'exchanges?columns=name,type'
    rabbit GET 'bindings?columns=source,destination,routing_key'
}

engine_state() {
    local id
    for id in $(docker_get 'containers/json?all=1' | grep -o '"Id":"[0-9a-f]*"' | cut -d'"' -f4); do
        docker_get "containers/$id/json" |
            grep -oE '"(Name|StartedAt|FinishedAt|Status|Pid|RestartCount|Image)":("[^"]*"|[0-9]+)' | grep -v healthy
    done
}

cat >"$work/project/everything.lua" <<'LUA'
-- Everything that AMQP and files can do; for the proof that a dry run does none of it.
procedure({
  title = "Everything",
  uses = { broker = "amqp.broker" },
  may = { broker = "destroy", file = "destroy" },
  run = function(_, use)
    local file = require("file")
    step("Look", function()
      use.broker:ping()
      check("messages", use.broker:queue("guard").messages):equals(3)
      use.broker:queues({ "guard", "nowhere" })
      use.broker:exchange("amq.topic")
    end)
    step("Change", { undo = "none", run = function()
      use.broker:peek("guard", { count = 2 })
      use.broker:publish("", "guard", "dry")
      use.broker:publish("amq.topic", "guard", "dry", { mandatory = false })
      use.broker:purge("guard")
      use.broker:purge("nowhere")
      file.write("HERE/kept", "other")
      file.append("HERE/kept", "other")
      file.write("HERE/new", "other")
      file.remove("HERE/kept")
    end })
  end,
})
LUA
sed -i "s|HERE|$work|" "$work/project/everything.lua"
echo "as it was" >"$work/kept"
cp -p "$work/kept" "$work/kept.before"

expect "a queue is looked at" verdict amqp '{"operation":"queue","args":["guard"]}' '"observe"'
expect "a publish is a change" verdict amqp '{"operation":"publish","args":["","guard","x"]}' '"change"'
expect "a peek marks some" verdict amqp '{"operation":"peek","args":["guard",{"count":2}]}' '"affects":"2 of 3 messages","class":"change"'
expect "a purge is counted" verdict amqp '{"operation":"purge","args":["guard"]}' '"affects":"3 messages, 0 consumers","class":"destroy"'
expect "a purge of nothing" verdict amqp '{"operation":"purge","args":["nowhere"]}' '"affects":"nothing: there is no such queue"'

broker_state >"$work/broker.before"
expect "dry run: exit 0" exits 0 run everything --dry-run
expect "dry run: its end" grep -qF "0 changes reached a server; planned: 9 (4 destroys); refused: 0" "$work/out"
expect "dry run: messages" grep -qF "affects: 3 messages, 0 consumers" "$work/out"
expect "dry run: the file's size" grep -qE "affects: 1 file of 10 B" "$work/out"
broker_state >"$work/broker.after"
expect "queues, exchanges and bindings are the same" diff "$work/broker.before" "$work/broker.after"
rabbit POST queues/%2F/guard/get '{"count":10,"ackmode":"ack_requeue_true","encoding":"auto"}' >"$work/messages"
expect "its messages are there" [ "$(grep -o '"payload":"message [123]"' "$work/messages" | sort -u | wc -l)" -eq 3 ]
expect "and no others" [ "$(grep -o '"payload":' "$work/messages" | wc -l)" -eq 3 ]
expect "and nobody had taken one" [ "$(grep -o '"redelivered":false' "$work/messages" | wc -l)" -eq 3 ]
expect "the file is the same" cmp "$work/kept" "$work/kept.before"
expect "no file is new" [ ! -e "$work/new" ]

if [ -z "$socket" ]; then
    echo "skipped: guard_world: no engine can be started here, containers were not looked at"
    finish
    exit
fi

cat >"$work/project/containers.lua" <<'LUA'
-- Everything that can be done to a container; for the proof that a dry run does none of it.
procedure({
  title = "Containers",
  uses = { engine = "docker.engine" },
  may = { engine = "destroy" },
  run = function(_, use)
    step("Look", function()
      check("running", #use.engine:list()):at_least(1)
      use.engine:inspect("NAME")
      use.engine:logs("NAME", { tail = 5 })
    end)
    step("Change", { undo = "none", run = function()
      use.engine:start("NAME")
      use.engine:restart("NAME")
      use.engine:stop("NAME")
      use.engine:kill("NAME")
      use.engine:exec("NAME", { "touch", "/touched" })
      use.engine:stop("nowhere")
    end })
  end,
})
LUA
name=$(docker_get containers/json | grep -o '"Names":\["/[^"]*redis[^"]*"' | head -n 1 | cut -d/ -f2 | tr -d '"')
sed -i "s|NAME|$name|" "$work/project/containers.lua"
since=$(docker_get "containers/$name/json" | grep -o '"StartedAt":"[^".]*' | cut -d'"' -f4)

expect "a container is looked at" verdict docker "{\"operation\":\"inspect\",\"args\":[\"$name\"]}" '"observe"'
expect "a stop says what it stops" verdict docker "{\"operation\":\"stop\",\"args\":[\"$name\"]}" \
    "\"affects\":\"$name: running since ${since}Z[^\"]*\",\"class\":\"destroy\""
expect "so does a restart" verdict docker "{\"operation\":\"restart\",\"args\":[\"$name\"]}" \
    "\"affects\":\"$name: running since ${since}Z[^\"]*\",\"class\":\"change\""
expect "a stop of nothing" verdict docker '{"operation":"stop","args":["nowhere"]}' '"affects":"nothing: there is no container nowhere"'
from=$(date +%s)
engine_state >"$work/engine.before"
expect "containers: exit 0" exits 0 run containers --dry-run
expect "containers: its end" grep -qF "0 changes reached a server; planned: 6 (3 destroys); refused: 0" "$work/out"
expect "containers: since when" grep -qF "affects: $name: running since ${since}Z" "$work/out"
engine_state >"$work/engine.after"
expect "containers: there are some" [ -s "$work/engine.before" ]
expect "containers: the same, started when they were" diff "$work/engine.before" "$work/engine.after"
docker_get "events?since=$from&until=$(($(date +%s) + 1))" >"$work/events"
expect "containers: the engine did nothing but its own checks" \
    [ -z "$(grep -o '"Action":"[^"]*"' "$work/events" | grep -vE 'exec_|health_status')" ]
expect "containers: and no command of ours" [ -z "$(grep -F touched "$work/events")" ]
finish
