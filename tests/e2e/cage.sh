#!/bin/sh
# Attempts to get past the words: each must end with its error and exit code, and the words stay what they are.
# usage: cage.sh BELAY
set -u
belay=$1
failed=0
count=0

# refuse TEXT SOURCE: `belay eval SOURCE` says TEXT on stderr and exits 1, within 20 seconds.
refuse() {
    count=$((count + 1))
    said=$(timeout 20 "$belay" eval "$2" 2>&1 >/dev/null)
    code=$?
    case "$code:$said" in
    1:*"$1"*) ;;
    *)
        failed=$((failed + 1))
        printf 'cage: %s\n  exit %s: %s\n  wanted 1: %s\n' "$2" "$code" "$said" "$1"
        ;;
    esac
}

for word in step check decide confirm ask choose manual note evidence parallel each wait_until call \
    "done" fail try secret procedure param environment; do
    refuse "cannot redefine '$word': it belongs to Belay" "$word = nil"
done
refuse "this table is read-only" 'rawset(_ENV, "step", print)'
refuse "is read-only" 'param.string = nil'
refuse "is read-only" 'require("time").sleep = nil'
refuse "no module 'words.step'" 'require("words.step")'
refuse "unknown name 'native'" 'return native'

steps="eval:1: the script used up its 200 million steps"
refuse "$steps" 'try(function() while true do end end)'
refuse "$steps" 'pcall(step, "a", function() while true do end end) return "went on"'
refuse "$steps" 'step("a", { run = print, verify = function() while true do end end })'
refuse "$steps" 'parallel({ a = function() while true do end end, b = print })'
refuse "$steps" 'wait_until("a", { timeout = "1s" }, function() while true do end end)'
refuse "$steps" 'while true do note("x") end'
refuse "the script used up its memory" 'step("a", function() local t = {} while true do t[#t + 1] = {} end end)'
refuse "more than 200000 values" 'local t = {} for i = 1, 60 do t = { t, t } end evidence("x", t)'
refuse "20000 branches are more than 10000" 'local t = {} for i = 1, 20000 do t[i] = i end each(t, print)'
refuse "nothing can wait inside a sort comparator" 'table.sort({ 3, 2, 1 }, function() require("time").sleep(0) end)'

[ "$failed" -eq 0 ] && echo "cage: $count attempts refused"
exit "$failed"
