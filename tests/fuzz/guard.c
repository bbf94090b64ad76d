/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* guard.c: any bytes as SQL, as a Redis command, as what a Redis server says of one, and as a
 * shell command: what the guard calls an observe is of a kind that can be one. */
#include "base/prefix.h"

#include "base/json.h"
#include "base/text.h"
#include "guard/exec.h"
#include "guard/redis.h"
#include "guard/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void guard_check_sql(const char *text, size_t size)
{
    static const char *const observing[] = {"SelectStmt", "VariableShowStmt", "ExplainStmt"};
    struct bl_sql sql;
    char line[64];
    bool known = false;

    bl_sql_read(text, size, &sql, NULL);
    for (size_t i = 0; i < BL_COUNT(observing); i++)
        known = known || strcmp(sql.kind, observing[i]) == 0;
    if (sql.class == BL_CLASS_OBSERVE && sql.refused[0] == '\0' && !known)
        BL_BUG("'%s' is an observe of kind '%s'", text, sql.kind);
    if (sql.class == BL_CLASS_OBSERVE && sql.is_alone)
        BL_BUG("'%s' is an observe that wants to be alone", text);
    bl_sql_line(text, line, sizeof(line));
    if (strlen(line) >= sizeof(line) || strpbrk(line, "\n\r\033") != NULL)
        BL_BUG("the line of '%s' is not one", text);
}

/* The bytes as a list of strings, split at newlines. */
static struct bl_value *guard_split(const char *data, size_t size)
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

static void guard_check_words(const char *text, const char *data, size_t size)
{
    struct bl_value *words = guard_split(data, size);
    struct bl_redis_class redis;
    struct bl_command command;

    bl_redis_classify(words, NULL, &redis);
    if (redis.class != BL_CLASS_OBSERVE && redis.class != BL_CLASS_CHANGE &&
        redis.class != BL_CLASS_DESTROY)
        BL_BUG("a Redis command of class %d", (int)redis.class);
    for (int shell = 0; shell <= 1; shell++) {
        bl_command_classify(words, shell, shell ? NULL : text, NULL, &command);
        if (command.class != BL_CLASS_CHANGE && command.class != BL_CLASS_DESTROY)
            BL_BUG("a command that nobody listed is of class %d", (int)command.class);
        if (command.why == NULL)
            BL_BUG("a class without a reason");
    }
    bl_value_unref(words);
}

/* The bytes as a server's reply about the command's name, in JSON. */
static void guard_check_reply(const char *data, size_t size)
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
    char *text = bl_alloc(size + 1); /* SQL ends in a NUL, and may have others before it */

    if (size > 0)
        memcpy(text, data, size);
    guard_check_sql(text, size);
    guard_check_words(text, (const char *)data, size);
    guard_check_reply((const char *)data, size);
    bl_free(text);
    return 0;
}
