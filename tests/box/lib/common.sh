# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# common.sh: messages, waiting, the box's clock and its folder.

box_die() {
    printf 'box: %s\n' "$*" >&2
    exit 1
}

box_say() {
    printf 'box: %s\n' "$*"
}

# box_wait SECONDS WHAT COMMAND...: until COMMAND succeeds; ends the box with a message when it does not.
box_wait() {
    local limit=$1 what=$2 end
    shift 2
    end=$((SECONDS + limit))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] ||
            box_die "$what did not happen within $limit s (in $BOX_DIR): see $BOX_DIR/log, then run 'box down' and 'box up'"
        sleep 0.1
    done
}

box_not() {
    ! "$@"
}

# The box's idea of now: the machine's clock plus an offset. Formats are those of date(1).
box_now() {
    date -u -d "@$(($(date +%s) + BOX_CLOCK_OFFSET))" "+${1:-%Y-%m-%dT%H:%M:%SZ}"
}

box_default_dir() {
    printf '%s/belay-box-%s' "${XDG_RUNTIME_DIR:-/tmp}" "$(id -u)"
}

# Reads the record of the box in BOX_DIR; false when there is none.
box_load() {
    [ -f "$BOX_DIR/box.conf" ] || return 1
    # shellcheck source=/dev/null
    . "$BOX_DIR/box.conf"
}

box_need_load() {
    box_load || box_die "no box at $BOX_DIR: start one with 'box up --at $BOX_DIR'"
}

# One box command at a time for a folder. The lock is on the folder itself, so nothing is left behind.
box_lock() {
    local inode
    while :; do
        exec 9<"$BOX_DIR" || box_die "cannot open $BOX_DIR: check its permissions"
        inode=$(stat -c %i "$BOX_DIR")
        flock -w 120 9 || box_die "another box command works on $BOX_DIR for 120 s: wait for it or end it, then try again"
        [ "$inode" = "$(stat -c %i "$BOX_DIR" 2>/dev/null)" ] && return 0
        mkdir -p "$BOX_DIR"
    done
}

# box_record NAME VALUE...: adds to the box's record.
box_record() {
    while [ $# -gt 0 ]; do
        printf '%s=%q\n' "$1" "$2" >>"$BOX_DIR/box.conf"
        printf -v "$1" '%s' "$2"
        shift 2
    done
}
