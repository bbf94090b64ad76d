#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# lease_race.sh: two operators start the same procedure at the same moment, 200 times: never two live runs. Usage: lease_race.sh BELAY
# shellcheck disable=SC2317 # functions are reached through trap
set -uo pipefail
belay=$(readlink -f "$1")
races=200
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-race.XXXXXX")
trap 'wait; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
export CI=true
mkdir -p "$work/project/environments"
echo 'project({ environment = "box" })' >"$work/project/belay.lua"
printf 'environment({ state = "%s" })\n' "$work/state" >"$work/project/environments/box.lua"
cat >"$work/project/flush.lua" <<'END'
local time = require("time")

procedure({
  title = "Flush",
  run = function()
    time.sleep(0.02)
  end,
})
END
cd "$work/project" || exit 1
ran=0 refused=0 failed=0
for ((race = 1; race <= races; race++)); do
    timeout 20 "$belay" run flush >"$work/one" 2>&1 </dev/null &
    one=$!
    timeout 20 "$belay" run flush >"$work/two" 2>&1 </dev/null
    two=$?
    wait $one
    one=$?
    for which in "one $one" "two $two"; do
        case ${which#* } in
        0) ran=$((ran + 1)) ;;
        1)
            if tr -s ' \n' ' ' <"$work/${which% *}" | grep -q 'flush is already running in box: by'; then
                refused=$((refused + 1))
            else
                failed=$((failed + 1))
                cat "$work/${which% *}"
            fi
            ;;
        *)
            failed=$((failed + 1))
            cat "$work/${which% *}"
            ;;
        esac
    done
    [ $one -eq 0 ] || [ $two -eq 0 ] || {
        echo "FAILED: race $race: nobody got it"
        failed=$((failed + 1))
    }
done
# No run began before the one before it had ended.
for file in "$work"/state/runs/*.belay; do
    sqlite3 -separator ' ' "$file" "SELECT min(at), max(at) FROM events"
done | sort -n >"$work/times"
awk -v last=0 '$1 < last { bad++ } { last = $2 } END { exit bad > 0 }' "$work/times" || {
    echo "FAILED: two runs were live at the same time:"
    awk -v last=0 '$1 < last { print } { last = $2 }' "$work/times"
    failed=$((failed + 1))
}
[ "$(wc -l <"$work/times")" -eq $ran ] || failed=$((failed + 1))
echo "$races races: $ran runs one after the other, $refused refused, $failed failed"
[ $failed -eq 0 ] && [ $refused -gt 20 ]
