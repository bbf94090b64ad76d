/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis.c: what a Redis command does, by its name and subcommand. */
#include "base/prefix.h"

#include "guard/redis.h"

#include <ctype.h>

/* Read-only whatever the arguments. No scripts (EVAL_RO …): what they do is not in their name.
 */
static const char redis_observes[] =
    " PING ECHO TIME INFO DBSIZE LASTSAVE ROLE LOLWUT TYPE TTL PTTL EXPIRETIME PEXPIRETIME "
    "EXISTS GET MGET STRLEN GETRANGE SUBSTR GETBIT BITCOUNT BITPOS BITFIELD_RO LCS SCAN "
    "RANDOMKEY DUMP HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSTRLEN HRANDFIELD HSCAN LLEN "
    "LRANGE LINDEX LPOS SCARD SMEMBERS SISMEMBER SMISMEMBER SRANDMEMBER SSCAN SINTER "
    "SINTERCARD SUNION SDIFF ZCARD ZCOUNT ZLEXCOUNT ZRANGE ZRANGEBYSCORE ZRANGEBYLEX "
    "ZREVRANGE ZREVRANGEBYSCORE ZREVRANGEBYLEX ZRANK ZREVRANK ZSCORE ZMSCORE ZRANDMEMBER ZSCAN "
    "ZINTER ZINTERCARD ZUNION ZDIFF XLEN XRANGE XREVRANGE XPENDING PFCOUNT GEODIST GEOHASH "
    "GEOPOS GEORADIUS_RO GEORADIUSBYMEMBER_RO GEOSEARCH SORT_RO ";

/* Commands with subcommands: "COMMAND|SUB". */
static const char redis_sub_observes[] =
    " CONFIG|GET CLIENT|LIST CLIENT|INFO CLIENT|ID CLIENT|GETNAME SLOWLOG|GET SLOWLOG|LEN "
    "MEMORY|USAGE MEMORY|STATS MEMORY|DOCTOR MEMORY|MALLOC-STATS OBJECT|ENCODING OBJECT|FREQ "
    "OBJECT|IDLETIME OBJECT|REFCOUNT LATENCY|LATEST LATENCY|HISTORY LATENCY|HISTOGRAM "
    "LATENCY|DOCTOR LATENCY|GRAPH ACL|WHOAMI ACL|USERS ACL|CAT ACL|DRYRUN COMMAND|COUNT "
    "COMMAND|INFO COMMAND|DOCS COMMAND|LIST COMMAND|GETKEYS PUBSUB|CHANNELS PUBSUB|NUMSUB "
    "PUBSUB|NUMPAT PUBSUB|SHARDCHANNELS PUBSUB|SHARDNUMSUB XINFO|STREAM XINFO|GROUPS "
    "XINFO|CONSUMERS CLUSTER|INFO CLUSTER|NODES CLUSTER|SLOTS CLUSTER|SHARDS CLUSTER|MYID "
    "CLUSTER|KEYSLOT CLUSTER|COUNTKEYSINSLOT CLUSTER|LINKS CLUSTER|REPLICAS SCRIPT|EXISTS "
    "FUNCTION|LIST FUNCTION|STATS MODULE|LIST ";

static const char redis_destroys[] =
    " FLUSHALL FLUSHDB SHUTDOWN DEBUG REPLICAOF SLAVEOF SWAPDB FAILOVER CLUSTER|RESET "
    "CLUSTER|FAILOVER CLUSTER|FORGET CLUSTER|DELSLOTS CLUSTER|DELSLOTSRANGE "
    "CLUSTER|FLUSHSLOTS MODULE|LOAD MODULE|LOADEX MODULE|UNLOAD SCRIPT|FLUSH SCRIPT|KILL "
    "FUNCTION|FLUSH FUNCTION|DELETE FUNCTION|KILL FUNCTION|RESTORE ACL|DELUSER CLIENT|KILL "
    "XGROUP|DESTROY ";

/* What stays in the connection: nothing that the next command may rely on. */
static const char redis_session[] =
    " SELECT AUTH HELLO RESET QUIT MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE PSUBSCRIBE "
    "SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE SYNC PSYNC REPLCONF ASKING READONLY "
    "READWRITE CLIENT|REPLY CLIENT|TRACKING CLIENT|CACHING CLIENT|SETNAME CLIENT|NO-EVICT "
    "CLIENT|NO-TOUCH CLIENT|SETINFO SCRIPT|DEBUG ";

static bool redis_has(const char *words, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strstr(words, name); at != NULL; at = strstr(at + 1, name)) {
        if (at[-1] == ' ' && at[len] == ' ')
            return true;
    }
    return false;
}

/* One word in capitals; false when it cannot be a word of a command. */
static bool redis_word(const struct bl_value *argv, size_t index, char *out, size_t size)
{
    size_t len;
    const char *text = bl_value_as_bytes(bl_list_get(argv, index), &len);

    if (len == 0 || len >= size)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
            return false;
        out[i] = (char)toupper((unsigned char)text[i]);
    }
    out[len] = '\0';
    return true;
}

static void redis_refuse(struct bl_redis_class *result, const char *name, const char *why)
{
    snprintf(result->refused, sizeof(result->refused), "%s is refused: %s", name, why);
}

/* The fixed refusals by name. */
static void redis_check(const char *name, struct bl_redis_class *result)
{
    if (strcmp(name, "KEYS") == 0)
        redis_refuse(result, name, "it stops the server while it walks all keys: use scan");
    else if (strcmp(name, "MONITOR") == 0)
        redis_refuse(result, name,
                     "it never ends and slows the server: use slowlog, info(\"commandstats\") "
                     "or scan");
    else if (redis_has(redis_session, name))
        redis_refuse(result, name,
                     "it changes the connection, which commands share: the environment says "
                     "user, password and database");
}

void bl_redis_classify(const struct bl_value *argv, struct bl_redis_class *result)
{
    char name[40], sub[40], both[90];

    *result = (struct bl_redis_class){.class = BL_CLASS_CHANGE};
    if (!redis_word(argv, 0, name, sizeof(name))) {
        redis_refuse(result, "the command", "its first word is not the name of a command");
        return;
    }
    both[0] = '\0';
    if (redis_word(argv, 1, sub, sizeof(sub)))
        snprintf(both, sizeof(both), "%s|%s", name, sub);
    redis_check(name, result);
    if (result->refused[0] == '\0' && both[0] != '\0')
        redis_check(both, result);
    if (redis_has(redis_destroys, name) || (both[0] != '\0' && redis_has(redis_destroys, both)))
        result->class = BL_CLASS_DESTROY;
    else if (redis_has(redis_observes, name) ||
             (both[0] != '\0' && redis_has(redis_sub_observes, both)))
        result->class = BL_CLASS_OBSERVE;
}
