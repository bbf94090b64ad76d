# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# alerts-undelivered: the mail server refuses what the alert system sends.
FAULT_TEXT="the mail server refuses: fewer than 95 % of the alerts are delivered"

# The share of deliveries as a whole number of percent, compared with 95.
fault_rate() {
    local rate
    rate=$(alerts_rate)
    [ -n "$rate" ] && test "${rate%.*}" "$1" 95
}

fault_start() {
    touch "$BOX_DIR/mail/refuse"
    alerts_make 10 high
    box_wait 10 "a delivery rate below 95 %" fault_rate -lt
}

# The counters live as long as the service, so it is started anew.
fault_undo() {
    rm -f "$BOX_DIR/mail/refuse"
    unit_stop alerts 10
    unit_start alerts
    unit_await alerts
    alerts_make 20 low
    box_wait 10 "a delivery rate above 95 %" fault_rate -ge
}
