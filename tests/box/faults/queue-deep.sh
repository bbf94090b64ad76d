# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# queue-deep: the consumer of a queue stopped and messages pile up.
FAULT_TEXT="the strategy service stopped consuming and over 10,000 messages wait in strategy_market_data_legacy"

fault_queue=strategy_market_data_legacy

fault_start() {
    unit_signal strategy USR1
    box_wait 15 "the end of the consumer of $fault_queue" queue_holds "$fault_queue" consumers -eq 0
    "$BOX_DIR/bin/mt_amqp" "amqp://mastertrade:$BOX_RABBITMQ_PASSWORD@127.0.0.1:$PORT_rabbitmq/%2F" publish \
        mastertrade.market market.data.kline 12000
    box_wait 15 "12,000 messages in $fault_queue" queue_shows "$fault_queue" messages -gt 10000
}

fault_undo() {
    if unit_running strategy; then
        unit_signal strategy USR2
        box_wait 15 "a consumer of $fault_queue" queue_holds "$fault_queue" consumers -ge 1
    else
        curl -fsS -m 5 -X DELETE -u "mastertrade:$BOX_RABBITMQ_PASSWORD" \
            "http://127.0.0.1:$PORT_rabbitmq_http/api/queues/%2F/$fault_queue/contents"
    fi
    box_wait 30 "an empty $fault_queue" queue_shows "$fault_queue" messages -lt 100
}
