# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# redis-full: Redis really holds more than it may.
FAULT_TEXT="Redis uses more memory than its limit (parameter redis_limit)"

fault_used() {
    redis-cli -p "$PORT_redis" info memory | sed -n 's/^used_memory:\([0-9]*\).*/\1/p'
}

fault_over() {
    test "$(fault_used)" "$1" $((BOX_REDIS_LIMIT_MB * 1024 * 1024))
}

fault_start() {
    redis-cli -p "$PORT_redis" eval "for i = 1, ARGV[1] do
        redis.call('set', 'box:filler:' .. i, string.rep('x', 1048576)) end" 0 $((BOX_REDIS_LIMIT_MB * 5 / 4)) >/dev/null
    box_wait 10 "Redis above its limit" fault_over -gt
}

fault_undo() {
    redis-cli -p "$PORT_redis" eval "for i = 1, ARGV[1] do
        redis.call('unlink', 'box:filler:' .. i) end" 0 $((BOX_REDIS_LIMIT_MB * 5 / 4)) >/dev/null
    redis-cli -p "$PORT_redis" bgrewriteaof >/dev/null
    box_wait 10 "Redis below its limit" fault_over -lt
}
