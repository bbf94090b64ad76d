#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# guide.sh: the files of docs/guide/runbooks.md make a project without a finding, and its commands run as they stand there. Usage: guide.sh BELAY
set -uo pipefail
belay=$(readlink -f "$1")
page=$(cd "$(dirname "$0")/../.." && pwd)/docs/guide/runbooks.md
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-guide.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
export CI=true XDG_STATE_HOME="$work/xdg" PGPASSWORD=an-invented-password LC_ALL=C.UTF-8
unset BELAY_PROJECT
mkdir "$work/bin"
ln -s "$belay" "$work/bin/belay"
PATH="$work/bin:$PATH"
passed=0
failed=0

# expect WHAT COMMAND…: it ends well; what it said stays in out.
expect() {
    local what=$1 status=0
    shift
    "$@" >"$work/out" 2>&1 || status=$?
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL exit $status: $what"
        cat "$work/out"
    fi
}

# says PATTERN: in what the last command said.
says() {
    cp "$work/out" "$work/said"
    expect "'$1' in: $(head -c 3000 "$work/said")" grep -qE -- "$1" "$work/said"
}

cd "$work" || exit 1
expect "init" belay init spool
cd spool || exit 1
awk '/^```/ { inside = ($0 == "```lua"); name = ""; next }
    inside && name == "" && /^-- .*\.lua$/ { name = $2 }
    inside && name == "" { print "a block of Lua without a name, line " NR; exit 1 }
    inside { folder = name; if (sub("/[^/]*$", "", folder)) system("mkdir -p " folder); print > name }' "$page"
expect "every block of Lua has a name" test $? -eq 0
expect "four files" test -s environments/shop.lua -a -s checks/spool.lua -a -s checks/orders.lua -a -s ops/rotate.lua
expect "luacheck" luacheck --no-color --no-max-line-length .

awk '/^```/ { inside = ($0 == "```sh"); next } inside' "$page" >"$work/commands"
while IFS= read -r command; do
    expect "$command" bash -c "$command"
    case $command in
    "belay run checks.spool") says '✓ All is well' ;;
    *--answers*) says '^0 changes reached a server; planned: 2 \(1 destroys\); refused: 0$' ;;
    *--dry-run*) says '^0 changes reached a server; planned: 1 \(0 destroys\); refused: 0$' ;;
    *"classify sql") says '"class":"change".*order_age' ;;
    *"classify redis") says '"class":"change".*_RO only reads' ;;
    "belay validate") says ': 0 errors, ' ;;
    esac
done <"$work/commands"
expect "the commands were found" test "$(wc -l <"$work/commands")" -ge 11
expect "nothing was changed by dry runs" test ! -e spool/next -a -s spool/today

# What the text says of gates: without a terminal a change waits, --yes answers for it, not for a destroy.
status=0
belay run ops.rotate --env shop --set-file token=token >"$work/out" 2>&1 </dev/null || status=$?
expect "without a terminal: exit 3, not $status" test "$status" -eq 3 -a ! -e spool/next
status=0
belay run ops.rotate --env shop --set-file token=token --yes >"$work/out" 2>&1 </dev/null || status=$?
expect "--yes changes, and waits at manual: exit 3, not $status" test "$status" -eq 3 -a -e spool/next

echo "guide: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
