# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gate_kit.sh: a project of small procedures with gates, run in a real terminal. Source it with $1 = BELAY.
# shellcheck shell=bash disable=SC2317 # functions are reached through expect
# shellcheck source=tests/e2e/terminal.sh
. "$(dirname "$0")/terminal.sh"
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-gates.XXXXXX")
trap 'terminal_stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
passed=0
failed=0

mkdir -p "$work/project/environments" "$work/made"
cd "$work/project" || exit 1
echo 'project({ name = "gates", environment = "local" })' >belay.lua
# environment NAME POLICY
environment() {
    echo "environment({ state = \"$work/state\", policy = { $2 }, exec = { touch = { class = \"change\" } } })" >"environments/$1.lua"
}
environment local 'change = "confirm", destroy = { typed = true }'
environment free 'change = "free"'
environment refuse 'change = "refuse", destroy = "refuse"'
environment approve 'destroy = { approvals = 1 }'

# procedure NAME BODY
procedure() {
    cat >"$1.lua" <<LUA
local exec = require("exec")
local file = require("file")
local function touch(name)
  exec.run({ "touch", "$work/made/" .. name })
end
procedure({
  title = "Gate $1",
  may = { ["exec.touch"] = "change", file = "destroy" },
  run = function()
    $2
  end,
})
LUA
}
expect() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $what"
        terminal_screen | grep -v '^$' | tail -30
    fi
}

# ends STATUS: the run on the screen has ended with it.
ends() {
    terminal_wait 'status=[0-9]' && terminal_has "status=$1 "
}

made() {
    [ -e "$work/made/$1" ]
}

missing() {
    [ ! -e "$work/made/$1" ]
}

run() {
    rm -rf "$work/made"
    mkdir "$work/made"
    touch "$work/made/victim"
    terminal_run "$belay run $*"
}

answer() {
    terminal_wait "$1" && terminal_type "$2"
}

terminal_start 80 50
terminal_type "cd $work/project"
terminal_wait 'project'
