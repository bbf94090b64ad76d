/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_doubt.c: which commands may be sent again when nobody knows whether they were done:
 * Redis keeps no trace of them. */
#include "base/prefix.h"

#include "redis_private.h"

#include <strings.h>

/* Sent twice they leave the keys as sent once, and answer so that whoever asks can go on. Not
 * here: what says whether it was the first (SETNX), what moves or counts. */
static const char doubt_repeatable[] =
    " SET SETEX PSETEX SETRANGE MSET EXPIRE EXPIREAT PEXPIRE PEXPIREAT PERSIST HSET HMSET HDEL "
    "LSET SADD SREM ZADD ZREM ZREMRANGEBYSCORE ZREMRANGEBYLEX DEL UNLINK SINTERSTORE "
    "SUNIONSTORE PFADD PFMERGE GEOADD XDEL XTRIM XACK CONFIG|SET CONFIG|REWRITE "
    "CONFIG|RESETSTAT SLOWLOG|RESET LATENCY|RESET MEMORY|PURGE SCRIPT|LOAD SCRIPT|FLUSH "
    "FLUSHALL FLUSHDB BGSAVE BGREWRITEAOF SAVE REPLICAOF SLAVEOF ACL|SETUSER ACL|DELUSER "
    "ACL|SAVE ACL|LOAD CLIENT|UNPAUSE TOUCH ";

/* A word that makes it one that says whether it was the first, or that counts. */
static bool doubt_has_word(const struct bl_value *argv, const char *command)
{
    static const struct {
        const char *command, *word;
    } words[] = {{"SET", "NX"}, {"SET", "GET"}, {"ZADD", "INCR"}, {"GEOADD", "CH"}};

    for (size_t i = 0; i < BL_COUNT(words); i++) {
        if (strcmp(words[i].command, command) != 0)
            continue;
        for (size_t n = 2; n < bl_value_count(argv); n++) {
            if (strcasecmp(bl_value_as_text(bl_list_get(argv, n)), words[i].word) == 0)
                return true;
        }
    }
    return false;
}

bool bl_redis_is_repeatable(const struct bl_value *argv)
{
    char name[80], wanted[90];
    size_t len;

    if (!bl_redis_name(argv, name, sizeof(name) / 2))
        return false;
    if (bl_redis_is_container(name)) {
        len = strlen(name);
        snprintf(name + len, sizeof(name) - len, "|%.30s",
                 bl_value_as_text(bl_list_get(argv, 1)));
        for (char *at = name + len; *at != '\0'; at++)
            *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    }
    if (strchr(name, ' ') != NULL)
        return false;
    snprintf(wanted, sizeof(wanted), " %s ", name);
    return strstr(doubt_repeatable, wanted) != NULL && !doubt_has_word(argv, name);
}

bool bl_redis_must_keep(struct redis_op *op, void (*go_on)(struct bl_op *op))
{
    struct bl_value *mark;

    if (op->is_kept || op->base.class == BL_CLASS_OBSERVE || bl_redis_is_repeatable(op->argv))
        return false;
    op->is_kept = true;
    mark = bl_map_new();
    bl_map_set(mark, "leaves", bl_value_bool(true));
    bl_op_prepared(&op->base, mark, go_on);
    return true;
}

struct bl_call *bl_redis_resolve(struct bl_connection *connection, const struct bl_call *call,
                                 const struct bl_value *intent, const struct bl_value *answer,
                                 struct bl_resolution *resolution)
{
    struct bl_value *argv = bl_redis_argv(call);
    const char *name = bl_value_as_text(bl_list_get(argv, 0));

    (void)connection;
    (void)answer;
    if (bl_redis_is_repeatable(argv))
        bl_resolution_set(resolution, BL_FOUND_NOT_DONE,
                          "Redis keeps no trace of it, but to send %.40s again changes nothing "
                          "more",
                          name);
    else if (bl_map_get(intent, "id") != NULL && bl_map_get(intent, "mark") == NULL)
        bl_resolution_set(resolution, BL_FOUND_NOT_DONE, "%.40s never left for the server",
                          name);
    else
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "Redis keeps no trace of a command, and to send %.40s again could do "
                          "it twice",
                          name);
    bl_value_unref(argv);
    return NULL;
}
