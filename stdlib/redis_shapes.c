/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_shapes.c: what each operation of the redis module sends, and what its reply becomes. */
#include "base/prefix.h"

#include "redis_private.h"

#define SCAN_COUNT "500" /* keys that the server looks at in one step */

static void argv_add(struct bl_value *argv, const char *text)
{
    bl_list_add(argv, bl_value_text(text));
}

/* A plain value as Redis takes it; false for what has no such form. */
static bool argv_add_value(struct bl_value *argv, const struct bl_value *value)
{
    switch (bl_value_type(value)) {
    case BL_BYTES:
        bl_list_add(argv, bl_value_ref(value));
        return true;
    case BL_INT:
        bl_list_add(argv, bl_value_textf("%lld", (long long)bl_value_as_int(value)));
        return true;
    case BL_FLOAT:
        bl_list_add(argv, bl_value_textf("%.17g", bl_value_as_float(value)));
        return true;
    default:
        return false;
    }
}

static void build_list(const struct bl_call *call, struct bl_value *argv, const char *name)
{
    const struct bl_value *list = bl_call_value(call, name);

    for (size_t i = 0; i < bl_value_count(list); i++) {
        if (!argv_add_value(argv, bl_list_get(list, i)))
            bl_list_add(argv, bl_value_nil()); /* start says which one */
    }
}

static void build_argv(const struct bl_call *call, struct bl_value *argv)
{
    build_list(call, argv, "argv");
}

static void build_keys(const struct bl_call *call, struct bl_value *argv)
{
    build_list(call, argv, "keys");
}

static void build_info(const struct bl_call *call, struct bl_value *argv)
{
    if (*bl_call_text(call, "section") != '\0')
        argv_add(argv, bl_call_text(call, "section"));
}

static void build_slowlog(const struct bl_call *call, struct bl_value *argv)
{
    bl_list_add(argv, bl_value_textf("%lld", (long long)bl_call_int(call, "count")));
}

static void build_set(const struct bl_call *call, struct bl_value *argv)
{
    int64_t ttl = bl_call_int(call, "ttl");

    if (!argv_add_value(argv, bl_call_value(call, "value")))
        bl_list_add(argv, bl_value_nil());
    if (ttl > 0) {
        argv_add(argv, "PX");
        bl_list_add(argv, bl_value_textf("%lld", (long long)ttl));
    }
}

static void build_expire(const struct bl_call *call, struct bl_value *argv)
{
    bl_list_add(argv, bl_value_textf("%lld", (long long)bl_call_int(call, "after")));
}

static void build_config(const struct bl_call *call, struct bl_value *argv)
{
    if (!argv_add_value(argv, bl_call_value(call, "value")))
        bl_list_add(argv, bl_value_nil());
}

static void build_range(const struct bl_call *call, struct bl_value *argv)
{
    bl_list_add(argv, bl_value_textf("%lld", (long long)bl_call_int(call, "first")));
    bl_list_add(argv, bl_value_textf("%lld", (long long)bl_call_int(call, "last")));
}

static void scan_argv(const struct bl_call *call, struct bl_value *argv, const char *cursor)
{
    argv_add(argv, "SCAN");
    argv_add(argv, cursor);
    argv_add(argv, "MATCH");
    argv_add(argv, bl_call_text(call, "pattern"));
    argv_add(argv, "COUNT");
    argv_add(argv, SCAN_COUNT);
    if (*bl_call_text(call, "type") != '\0') {
        argv_add(argv, "TYPE");
        argv_add(argv, bl_call_text(call, "type"));
    }
}

static void build_scan(const struct bl_call *call, struct bl_value *argv)
{
    scan_argv(call, argv, "0");
}

/* Answers with `answer` and lets go of the reply. */
static void answer_with(struct redis_op *op, struct bl_value *take_reply,
                        struct bl_value *take_answer)
{
    bl_value_unref(take_reply);
    bl_op_answer(&op->base, take_answer);
}

static void answer_odd(struct redis_op *op, struct bl_value *take_reply, const char *wanted)
{
    bl_op_fail(&op->base, BL_E_PROTOCOL, "%s %s: the reply is a %s, not %s",
               op->base.call->target, op->base.call->operation->name,
               bl_type_name(bl_value_type(take_reply)), wanted);
    bl_value_unref(take_reply);
}

static void answer_true(struct redis_op *op, struct bl_value *take_reply)
{
    answer_with(op, take_reply, bl_value_bool(true));
}

/* 1 is true, 0 is false. */
static void answer_boolean(struct redis_op *op, struct bl_value *take_reply)
{
    answer_with(op, take_reply, bl_value_bool(bl_value_as_int(take_reply) == 1));
}

static void answer_info(struct redis_op *op, struct bl_value *take_reply)
{
    size_t len;
    const char *text = bl_value_as_bytes(take_reply, &len);

    if (bl_value_type(take_reply) != BL_BYTES)
        answer_odd(op, take_reply, "a text");
    else
        answer_with(op, take_reply, bl_redis_info(text, len));
}

static void answer_clients(struct redis_op *op, struct bl_value *take_reply)
{
    answer_with(op, take_reply, bl_redis_clients(bl_value_as_text(take_reply)));
}

static void answer_map(struct redis_op *op, struct bl_value *take_reply)
{
    answer_with(op, take_reply, bl_redis_pairs(take_reply, false));
}

static bool config_is_secret(const char *name)
{
    return strcmp(name, "requirepass") == 0 || strcmp(name, "masterauth") == 0 ||
           strstr(name, "key-file-pass") != NULL;
}

/* Passwords of the server come in its settings as they are: they stay here. */
static void answer_config(struct redis_op *op, struct bl_value *take_reply)
{
    struct bl_value *answer = bl_redis_pairs(take_reply, true);

    for (size_t i = 0; i < bl_value_count(answer); i++) {
        const char *name = bl_map_key(answer, i);
        if (config_is_secret(name) && *bl_value_as_text(bl_map_at(answer, i)) != '\0')
            bl_map_set(answer, name, bl_value_text("<hidden>"));
    }
    answer_with(op, take_reply, answer);
}

/* The reply of any command: that of CONFIG GET is stripped of its passwords. */
static void answer_any(struct redis_op *op, struct bl_value *take_reply)
{
    const char *first = bl_value_as_text(bl_list_get(op->argv, 0));
    const char *second = bl_value_as_text(bl_list_get(op->argv, 1));

    if (strcasecmp(first, "config") == 0 && strcasecmp(second, "get") == 0)
        answer_config(op, take_reply);
    else
        bl_op_answer(&op->base, take_reply);
}

static void answer_values(struct redis_op *op, struct bl_value *take_reply)
{
    struct bl_value *answer = bl_map_new();

    for (size_t i = 0; i < bl_value_count(take_reply); i++) {
        const struct bl_value *value = bl_list_get(take_reply, i);
        if (bl_value_type(value) != BL_NIL)
            bl_map_set(answer, bl_value_as_text(bl_list_get(op->argv, i + 1)),
                       bl_value_ref(value));
    }
    answer_with(op, take_reply, answer);
}

static void answer_slowlog(struct redis_op *op, struct bl_value *take_reply)
{
    answer_with(op, take_reply, bl_redis_slowlog(take_reply));
}

static void answer_role(struct redis_op *op, struct bl_value *take_reply)
{
    answer_with(op, take_reply, bl_redis_role(take_reply));
}

/* SCAN may give a key twice: sorts what was found and keeps each once. Not done at each step,
 * since that would cost the square of the keys. */
static void scan_sort(struct redis_op *op)
{
    struct bl_value *map = bl_map_new(), *sorted = bl_list_new();

    for (size_t i = 0; i < bl_value_count(op->found); i++)
        bl_map_set(map, bl_value_as_text(bl_list_get(op->found, i)), bl_value_nil());
    for (size_t i = 0; i < bl_value_count(map); i++)
        bl_list_add(sorted, bl_value_text(bl_map_key(map, i)));
    bl_value_unref(map);
    bl_value_unref(op->found);
    op->found = sorted;
}

/* Takes the keys of one step over; false when there is no room for more. */
static bool scan_take(struct redis_op *op, const struct bl_value *keys)
{
    size_t limit = (size_t)bl_call_int(op->base.call, "limit");

    for (size_t i = 0; i < bl_value_count(keys); i++) {
        const struct bl_value *key = bl_list_get(keys, i);
        op->found_bytes += (int64_t)bl_value_size(key);
        bl_list_add(op->found, bl_value_ref(key));
    }
    if (bl_value_count(op->found) > limit)
        scan_sort(op);
    return bl_value_count(op->found) <= limit && op->found_bytes <= op->base.call->keep;
}

/* The sorted keys that were found, within limit and keep. */
static struct bl_value *scan_keys(struct redis_op *op)
{
    size_t limit = (size_t)bl_call_int(op->base.call, "limit");
    struct bl_value *keys = bl_list_new();
    int64_t bytes = 0;

    scan_sort(op);
    for (size_t i = 0; i < bl_value_count(op->found) && i < limit; i++) {
        const struct bl_value *key = bl_list_get(op->found, i);
        bytes += (int64_t)bl_value_size(key);
        if (bytes > op->base.call->keep)
            break;
        bl_list_add(keys, bl_value_ref(key));
    }
    return keys;
}

static void answer_scan(struct redis_op *op, struct bl_value *take_reply)
{
    const char *cursor = bl_value_as_text(bl_list_get(take_reply, 0));
    bool has_room, is_last = strcmp(cursor, "0") == 0;
    struct bl_value *answer;

    if (bl_value_count(take_reply) != 2 || *cursor == '\0') {
        answer_odd(op, take_reply, "a cursor and keys");
        return;
    }
    if (op->found == NULL)
        op->found = bl_list_new();
    has_room = scan_take(op, bl_list_get(take_reply, 1));
    if (has_room && !is_last) {
        bl_value_unref(op->argv);
        op->argv = bl_list_new();
        scan_argv(op->base.call, op->argv, cursor);
        op->wants_more = true;
        bl_value_unref(take_reply);
        return;
    }
    answer = bl_map_new();
    bl_map_set(answer, "keys", scan_keys(op));
    bl_map_set(answer, "complete", bl_value_bool(has_room));
    answer_with(op, take_reply, answer);
}

static const struct redis_shape shapes[] = {
    {"ping", "PING", NULL, NULL, answer_true},
    {"info", "INFO", NULL, build_info, answer_info},
    {"get", "GET", "key", NULL, NULL},
    {"mget", "MGET", NULL, build_keys, answer_values},
    {"ttl", "TTL", "key", NULL, NULL},
    {"type", "TYPE", "key", NULL, NULL},
    {"exists", "EXISTS", "key", NULL, answer_boolean},
    {"hgetall", "HGETALL", "key", NULL, answer_map},
    {"llen", "LLEN", "key", NULL, NULL},
    {"lrange", "LRANGE", "key", build_range, NULL},
    {"dbsize", "DBSIZE", NULL, NULL, NULL},
    {"lastsave", "LASTSAVE", NULL, NULL, NULL},
    {"role", "ROLE", NULL, NULL, answer_role},
    {"config_get", "CONFIG GET", "pattern", NULL, answer_config},
    {"client_list", "CLIENT LIST", NULL, NULL, answer_clients},
    {"slowlog", "SLOWLOG GET", NULL, build_slowlog, answer_slowlog},
    {"memory_usage", "MEMORY USAGE", "key", NULL, NULL},
    {"scan", NULL, NULL, build_scan, answer_scan},
    {"read", NULL, NULL, build_argv, answer_any},
    {"command", NULL, NULL, build_argv, answer_any},
    {"set", "SET", "key", build_set, answer_true},
    {"del", "DEL", NULL, build_keys, NULL},
    {"unlink", "UNLINK", NULL, build_keys, NULL},
    {"expire", "PEXPIRE", "key", build_expire, answer_boolean},
    {"config_set", "CONFIG SET", "name", build_config, answer_true},
    {"bgsave", "BGSAVE", NULL, NULL, answer_true},
    {"flushdb", "FLUSHDB", NULL, NULL, answer_true},
};

const struct redis_shape *bl_redis_shape(const char *operation)
{
    for (size_t i = 0; i < BL_COUNT(shapes); i++) {
        if (strcmp(shapes[i].operation, operation) == 0)
            return &shapes[i];
    }
    BL_BUG("redis: no shape for %s", operation);
}

struct bl_value *bl_redis_argv(const struct bl_call *call)
{
    const struct redis_shape *shape = bl_redis_shape(call->operation->name);
    struct bl_value *argv = bl_list_new();
    const char *word = shape->words != NULL ? shape->words : "";

    while (*word != '\0') {
        size_t len = strcspn(word, " ");
        bl_list_add(argv, bl_value_bytes(word, len));
        word += len + (word[len] == ' ');
    }
    if (shape->arg != NULL)
        bl_list_add(argv, bl_value_ref(bl_call_value(call, shape->arg)));
    if (shape->build != NULL)
        shape->build(call, argv);
    return argv;
}
