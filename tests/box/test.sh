#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# test.sh: tests of the box itself: test.sh plain|containers|faults|life brings boxes up and asks the system.
set -u

TEST_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TEST_DIR=$(mktemp -d /tmp/belay-box-test.XXXXXX)
TEST_FAILED=0
TEST_COUNT=0
AT=$TEST_DIR/box

box() {
    timeout 180 "$TEST_HOME/box" --at "$AT" --environment "$TEST_DIR/box.lua" "$@"
}

# is TEXT COMMAND...: one check, and its output when it fails.
is() {
    local text=$1 output
    shift
    TEST_COUNT=$((TEST_COUNT + 1))
    if output=$("$@" 2>&1); then
        printf 'ok %d - %s\n' "$TEST_COUNT" "$text"
    else
        TEST_FAILED=$((TEST_FAILED + 1))
        printf 'not ok %d - %s\n' "$TEST_COUNT" "$text"
        printf '%s\n' "$output" | head -n 20 | sed 's/^/    /'
    fi
}

# equal TEXT WANTED GOT
equal() {
    is "$1 is $2" test "$2" = "$3"
    [ "$2" = "$3" ] || printf '    got: %s\n' "$3"
}

# between TEXT LOW HIGH GOT
between() {
    is "$1 is $2 to $3 ($4)" test "$4" -ge "$2" -a "$4" -le "$3"
}

# within SECONDS COMMAND...: until it succeeds.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

not() {
    ! "$@"
}

sql() {
    box sql -- -c "$1"
}

# status_of NAME PATH [CURL-ARG...]: the HTTP status.
status_of() {
    local port=PORT_$1 path=$2
    shift 2
    curl -s -m 5 -o /dev/null -w '%{http_code}' "$@" "http://127.0.0.1:${!port}$path"
}

body_of() {
    local port=PORT_$1 path=$2
    shift 2
    curl -s -m 10 "$@" "http://127.0.0.1:${!port}$path"
}

# number_of NAME PATH FIELD: a number in a JSON body.
number_of() {
    body_of "$1" "$2" | grep -o "\"$3\":-\{0,1\}[0-9.]*" | head -n 1 | sed 's/.*://'
}

# bring_up ARG...: a box, and its record as variables.
bring_up() {
    local begin=$SECONDS
    if ! box up "$@"; then
        echo "not ok - the box comes up"
        exit 1
    fi
    TEST_TOOK=$((SECONDS - begin))
    # shellcheck source=/dev/null
    . "$AT/box.conf"
}

finish() {
    trap - EXIT
    [ ! -d "$AT" ] || "$TEST_HOME/box" down --at "$AT" >/dev/null 2>&1
    rm -rf "$TEST_DIR"
    printf '%d checks, %d failed\n' "$TEST_COUNT" "$TEST_FAILED"
    [ "$TEST_FAILED" = 0 ] && [ "$TEST_COUNT" -gt 0 ]
    exit $?
}

trap finish EXIT
trap 'exit 143' INT TERM
case ${1:-} in
plain | containers)
    . "$TEST_HOME/test_works.sh"
    test_works "$1"
    ;;
faults)
    . "$TEST_HOME/test_faults.sh"
    test_faults
    ;;
life)
    . "$TEST_HOME/test_life.sh"
    test_life
    ;;
*)
    echo "test.sh: name one of plain, containers, faults, life" >&2
    exit 2
    ;;
esac
