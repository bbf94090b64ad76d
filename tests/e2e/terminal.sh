# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# terminal.sh: a real terminal for tests: a tmux of their own, keys typed and the screen read.
# shellcheck shell=bash

# terminal_start COLUMNS ROWS: a terminal with a shell that shows "status=N" after each command.
terminal_start() {
    terminal_socket=${work:?}/tmux.sock
    tmux -S "$terminal_socket" -f /dev/null new-session -d -x "$1" -y "$2" \
        "env -u CI PS1='status=\$? ' HISTFILE= bash --norc --noprofile -i"
    terminal_wait 'status=0'
}

terminal_stop() {
    tmux -S "$terminal_socket" kill-server 2>/dev/null
}

terminal_screen() {
    tmux -S "$terminal_socket" capture-pane -p -J
}

# terminal_run COMMAND: on a clean screen.
terminal_run() {
    tmux -S "$terminal_socket" send-keys -l "clear; $1"
    tmux -S "$terminal_socket" send-keys Enter
    sleep 0.3
}

# terminal_type TEXT: the text and Enter.
terminal_type() {
    tmux -S "$terminal_socket" send-keys -l "$1"
    tmux -S "$terminal_socket" send-keys Enter
}

# terminal_key KEY: one key by tmux's name, such as C-c.
terminal_key() {
    tmux -S "$terminal_socket" send-keys "$1"
}

# terminal_wait PATTERN: until the screen has it; false after 60 s (or so many fifths of a second), with the screen shown.
terminal_wait() {
    local i
    for i in $(seq "${TERMINAL_TRIES:-300}"); do
        terminal_screen | grep -q -- "$1" && return 0
        sleep 0.2
    done
    echo "the screen never showed: $1 (waited for $i fifths of a second)"
    terminal_screen
    return 1
}

terminal_has() {
    terminal_screen | grep -q -- "$1" || { terminal_screen; return 1; }
}

# terminal_paste TEXT: as a terminal pastes it, all lines at once.
terminal_paste() {
    tmux -S "$terminal_socket" set-buffer -- "$1"
    tmux -S "$terminal_socket" paste-buffer -d -r
}
