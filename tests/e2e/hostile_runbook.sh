#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# hostile_runbook.sh: procedures that call themselves without end stop with a message, not a crash. Usage: hostile_runbook.sh BELAY
set -uo pipefail
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-hostile.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
export CI=true
mkdir -p "$work/environments"
cd "$work" || exit 1
echo 'project({ name = "hostile" })' >belay.lua
echo "environment({ state = \"$work/state\" })" >environments/e.lua
cat >itself.lua <<'LUA'
procedure({ title = "Itself", run = function() call("itself", {}) end })
LUA
cat >nested.lua <<'LUA'
local function down() parallel({ a = down }) end
procedure({ title = "Nested", run = down })
LUA

# Each stops with exit 1 and says that it is too deep.
for name in itself nested; do
    timeout 60 "$belay" run "$name" --project . --env e >"$work/out" 2>&1 </dev/null
    status=$?
    if [ "$status" -ne 1 ] || ! tr -s ' \n' ' ' <"$work/out" | grep -q "inside each other"; then
        failed=$((failed + 1))
        echo "FAIL $name: exit $status"
        head -c 2000 "$work/out"
    fi
done
echo "$failed failed"
[ "$failed" -eq 0 ]
