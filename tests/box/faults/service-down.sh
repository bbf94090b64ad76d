# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# service-down: one server is stopped.
FAULT_TEXT="one server is stopped (strategy, or the one named after the fault)"

fault_start() {
    local unit=${1:-strategy}
    unit_known "$unit" || box_die "no server is called '$unit': 'box status' names them"
    printf '%s' "$unit" >"$(fault_folder)/unit"
    unit_stop "$unit" 15
    box_wait 10 "the end of $unit" box_not unit_answers "$unit"
}

fault_undo() {
    local unit
    unit=$(cat "$(fault_folder)/unit")
    unit_start "$unit"
    unit_await "$unit"
}
