/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* guard_redis.c: any bytes as a Redis command, and as what a server says of one: no reply makes
 * what destroys harmless, and spelling changes nothing. */
#include "base/prefix.h"

#include "base/json.h"
#include "guard/redis.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a list of strings, split at newlines. */
static struct bl_value *redis_split(const char *data, size_t size)
{
    struct bl_value *list = bl_list_new();
    size_t from = 0;

    for (size_t at = 0; at <= size; at++) {
        if (at == size || data[at] == '\n') {
            bl_list_add(list, bl_value_bytes(data + from, at - from));
            from = at + 1;
        }
    }
    return list;
}

/* Letter case does not count. */
static void redis_check_case(const struct bl_value *words, const struct bl_redis_class *wanted)
{
    struct bl_value *others = bl_list_new();
    struct bl_redis_class other;

    for (size_t i = 0; i < bl_value_count(words); i++) {
        size_t len;
        const char *word = bl_value_as_bytes(bl_list_get(words, i), &len);
        char *copy = bl_strndup(word, len);
        for (size_t at = 0; at < len; at++)
            copy[at] = (char)(copy[at] >= 'a' && copy[at] <= 'z' ? copy[at] - 32 : copy[at]);
        bl_list_add(others, bl_value_bytes(copy, len));
        bl_free(copy);
    }
    bl_redis_classify(others, NULL, &other);
    if (other.class < wanted->class && wanted->refused[0] == '\0')
        BL_BUG("capitals make a command of class %d one of %d", (int)wanted->class,
               (int)other.class);
    bl_value_unref(others);
}

static void redis_check_words(const char *data, size_t size)
{
    struct bl_value *words = redis_split(data, size);
    struct bl_redis_class redis;
    char name[80];

    bl_redis_classify(words, NULL, &redis);
    if (redis.class != BL_CLASS_OBSERVE && redis.class != BL_CLASS_CHANGE &&
        redis.class != BL_CLASS_DESTROY)
        BL_BUG("a Redis command of class %d", (int)redis.class);
    if (redis.class == BL_CLASS_OBSERVE && redis.refused[0] == '\0' &&
        !bl_redis_name(words, name, sizeof(name)))
        BL_BUG("an observe without a name");
    bl_redis_counter(words);
    redis_check_case(words, &redis);
    bl_value_unref(words);
}

/* The bytes as a server's reply about the command's name, in JSON. */
static void redis_check_reply(const char *data, size_t size)
{
    static const char *const names[] = {"GET", "CONFIG", "FLUSHALL", "NEW"};
    struct bl_value *reply = NULL, *known;
    struct bl_redis_class redis;

    if (bl_json_parse(data, size, true, &reply, NULL) != BL_OK)
        return;
    known = bl_redis_learn(reply);
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        struct bl_value *argv = bl_list_new();
        bl_list_add(argv, bl_value_text(names[i]));
        bl_list_add(argv, bl_value_text("SET"));
        bl_redis_classify(argv, known, &redis);
        if (i == 2 && redis.class != BL_CLASS_DESTROY)
            BL_BUG("a server's reply made FLUSHALL harmless");
        if (i == 1 && redis.class == BL_CLASS_OBSERVE)
            BL_BUG("a server's reply made CONFIG SET harmless");
        bl_value_unref(argv);
    }
    bl_value_unref(known);
    bl_value_unref(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    redis_check_words((const char *)data, size);
    redis_check_reply((const char *)data, size);
    return 0;
}
