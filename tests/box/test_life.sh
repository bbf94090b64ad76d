# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# test_life.sh: how a box begins and ends: two at once, cut off while it starts, wrong use, a foreign engine.

# says TEXT EXIT PATTERN ARG...: the box's exit code and its one line of error.
says() {
    local text=$1 code=$2 pattern=$3 output status
    shift 3
    output=$(timeout 60 "$TEST_HOME/box" "$@" 2>&1)
    status=$?
    equal "$text: exit code" "$code" "$status"
    is "$text: message" sh -c "printf '%s' \"\$1\" | grep -E -- \"\$2\"" sh "$output" "$pattern"
    equal "$text: lines" 1 "$(printf '%s\n' "$output" | wc -l)"
}

life_mistakes() {
    mkdir -p "$TEST_DIR/other"
    echo mine >"$TEST_DIR/other/file"
    says "no command" 2 'say what to do'
    says "an unknown command" 2 "unknown command" dance
    says "an unknown option" 2 "unknown option --fast" up --fast
    says "status without a box" 1 "no box at $AT" status --at "$AT"
    says "break without a box" 1 "no box at $AT" break service-down --at "$AT"
    says "down without a box" 0 'nothing to do' down --at "$AT"
    says "up in a folder that is not empty" 1 'is not empty' up --at "$TEST_DIR/other"
    says "down in a folder that is no box" 1 'nothing was removed' down --at "$TEST_DIR/other"
    is "the file in it is still there" grep -q mine "$TEST_DIR/other/file"
    says "a wrong clock" 1 '2026-03-01T02:59:00Z' up --at "$AT" --clock noon-ish
    BOX_BIN=$TEST_DIR says "no programs" 1 'not built' up --at "$AT"
    BOX_DOCKER_HOST=tcp://127.0.0.1:1 says "an engine that is no socket" 1 'unix://' up --at "$TEST_DIR/third"
    is "a refused up leaves no folder" test ! -e "$AT" -a ! -e "$TEST_DIR/third"
}

# life_gone DIR: nothing speaks of that folder any more.
life_gone() {
    is "no folder $1" test ! -e "$1"
    is "no process of it" not pgrep -f -- "$1/" -r D,R,S,T
    is "no mount of it" not grep -q "$1" /proc/mounts
    is "no record of its ports" not grep -rqsx -- "$1" "/tmp/belay-box-ports-$(id -u)"
}

# Cut off at several moments of its start, by Ctrl-C (the whole group) and by a supervisor (the one process).
life_cut() {
    local signal after pid status whom
    for signal in INT TERM; do
        for after in 1 5; do
            # A background job of a script ignores INT from its birth, which only env can undo.
            env --default-signal=INT setsid "$TEST_HOME/box" up --at "$AT" --environment "$TEST_DIR/box.lua" \
                >"$TEST_DIR/cut.log" 2>&1 &
            pid=$!
            sleep "$after"
            whom=$pid
            [ "$signal" = TERM ] || whom=-$pid
            kill -"$signal" -- "$whom"
            wait "$pid"
            status=$?
            is "cut by $signal after $after s: exit code $status" test "$status" = 130 -o "$status" = 143
            is "it says so" grep -q 'interrupted while starting' "$TEST_DIR/cut.log"
            life_gone "$AT"
        done
    done
}

life_two() {
    local one=$TEST_DIR/one two=$TEST_DIR/two first second
    "$TEST_HOME/box" up --plain --at "$one" --environment "$one.lua" >"$one.log" 2>&1 &
    first=$!
    "$TEST_HOME/box" up --plain --at "$two" --environment "$two.lua" >"$two.log" 2>&1 &
    second=$!
    wait "$first"
    equal "exit code of the first of two" 0 "$?"
    wait "$second"
    equal "exit code of the second of two" 0 "$?"
    is "the first is well" "$TEST_HOME/box" status --at "$one"
    is "the second is well" "$TEST_HOME/box" status --at "$two"
    equal "ports that both have" 0 "$(grep -ho '^PORT_[a-z_]*=[0-9]*' "$one/box.conf" "$two/box.conf" |
        cut -d = -f 2 | sort | uniq -d | wc -l)"
    is "the first goes down" "$TEST_HOME/box" down --at "$one"
    is "the second is still well" "$TEST_HOME/box" status --at "$two"
    is "the second goes down" "$TEST_HOME/box" down --at "$two"
    life_gone "$one"
    life_gone "$two"
}

# An engine that is already there is used and left as it was; containers that are not ours are never touched.
life_engine() {
    bring_up
    if [ "$BOX_MODE" != containers ]; then
        echo "# not tried: an engine that is already there, because none can be started here"
        box down
        return
    fi
    BOX_DOCKER_HOST=$BOX_DOCKER says "an engine with containers of these names" 1 'already has a container mastertrade_' \
        up --at "$TEST_DIR/second" --environment "$TEST_DIR/second.lua"
    is "the first box is not touched by it" box status
    is "down" box down
    life_gone "$AT"
}

test_life() {
    life_mistakes
    life_cut
    life_two
    life_engine
}
