# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# faults.sh: finds the faults (one file each in faults/) and keeps the record of which are broken.

fault_list() {
    local file
    for file in "$BOX_HOME"/faults/*.sh; do
        file=${file##*/}
        fault_load "${file%.sh}"
        printf '%-20s %s\n' "$FAULT_NAME" "$FAULT_TEXT"
    done
}

# A fault's file sets FAULT_TEXT and defines fault_start and fault_undo.
fault_load() {
    [[ $1 =~ ^[a-z-]+$ && -f $BOX_HOME/faults/$1.sh ]] ||
        box_die "no fault is called '$1': 'box break --list' names them"
    FAULT_NAME=$1
    # shellcheck source=/dev/null
    . "$BOX_HOME/faults/$1.sh"
}

# The folder of a broken fault, for what its mending needs.
fault_folder() {
    printf '%s/faults/%s' "$BOX_DIR" "$FAULT_NAME"
}

fault_break() {
    fault_load "$1"
    shift
    if [ -f "$(fault_folder)/broken" ] && [ "$(cat "$(fault_folder)/broken")" = "$*" ]; then
        box_say "already broken: $FAULT_NAME"
        return 0
    fi
    if [ -f "$(fault_folder)/broken" ]; then
        fault_mend "$FAULT_NAME"
    fi
    mkdir -p "$(fault_folder)"
    fault_start "$@"
    printf '%s' "$*" >"$(fault_folder)/broken"
    box_say "broken: $FAULT_NAME: $FAULT_TEXT"
}

fault_mend() {
    local folder
    if [ $# -gt 0 ]; then
        fault_load "$1"
        if [ -d "$(fault_folder)" ]; then
            fault_undo
            rm -rf "$(fault_folder)"
        fi
        box_say "mended: $FAULT_NAME"
        return 0
    fi
    # Stopped servers first: the others are mended through them.
    for folder in "$BOX_DIR"/faults/service-down/ "$BOX_DIR"/faults/*/; do
        [ -d "$folder" ] || continue
        folder=${folder%/}
        fault_mend "${folder##*/}"
    done
    box_say "nothing is broken any more"
}
