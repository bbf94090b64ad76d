/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_table.c: the names of Redis commands whose class is fixed, and why. */
#include "base/prefix.h"

#include "guard/redis.h"

/* Names stand between blanks; a name with subcommands is "COMMAND|SUB". The first set counts.
 */
static const struct bl_redis_set sets[] = {
    {BL_REDIS_REFUSED, " KEYS ", "it stops the server while it walks all keys: use scan"},
    {BL_REDIS_REFUSED, " MONITOR ",
     "it never ends and slows the server: use slowlog, info(\"commandstats\") or scan"},
    {BL_REDIS_REFUSED,
     " SELECT AUTH HELLO RESET QUIT MULTI EXEC DISCARD WATCH UNWATCH SUBSCRIBE PSUBSCRIBE "
     "SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE SYNC PSYNC REPLCONF ASKING READONLY "
     "READWRITE CLIENT|REPLY CLIENT|TRACKING CLIENT|CACHING CLIENT|SETNAME CLIENT|NO-EVICT "
     "CLIENT|NO-TOUCH CLIENT|SETINFO SCRIPT|DEBUG ",
     "it changes the connection, which commands share: the environment says user, password and "
     "database"},
    {BL_REDIS_REFUSED,
     " BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF ",
     "it holds the connection until something comes: look again and again with wait_until"},
    {BL_REDIS_REFUSED, " CLIENT|PAUSE ", "it stops all clients of the server"},
    {BL_REDIS_REFUSED, " ACL|LIST ACL|GETUSER ",
     "it shows hashes of passwords, and answers are kept: use ACL USERS, WHOAMI or DRYRUN"},

    {BL_REDIS_DESTROYS, " FLUSHALL FLUSHDB ", "removes all keys"},
    {BL_REDIS_DESTROYS, " SHUTDOWN ", "ends the server"},
    {BL_REDIS_DESTROYS, " DEBUG ", "can crash, stop or empty the server"},
    {BL_REDIS_DESTROYS, " REPLICAOF SLAVEOF CLUSTER|REPLICATE ",
     "makes the server a copy of another one: its own keys are lost"},
    {BL_REDIS_DESTROYS,
     " FAILOVER CLUSTER|RESET CLUSTER|FAILOVER CLUSTER|FORGET CLUSTER|DELSLOTS "
     "CLUSTER|DELSLOTSRANGE CLUSTER|FLUSHSLOTS SENTINEL|FAILOVER SENTINEL|RESET "
     "SENTINEL|REMOVE ",
     "takes the master or a part of the cluster away"},
    {BL_REDIS_DESTROYS, " SWAPDB ", "all clients see another database at once"},
    {BL_REDIS_DESTROYS, " MODULE|LOAD MODULE|LOADEX MODULE|UNLOAD ",
     "loads code into the server, or takes it away"},
    {BL_REDIS_DESTROYS,
     " SCRIPT|FLUSH SCRIPT|KILL FUNCTION|FLUSH FUNCTION|DELETE FUNCTION|KILL FUNCTION|RESTORE ",
     "scripts or functions are lost or cut off"},
    {BL_REDIS_DESTROYS, " ACL|DELUSER ACL|LOAD ", "users are lost"},
    {BL_REDIS_DESTROYS, " CLIENT|KILL ", "connections of others are cut off"},
    {BL_REDIS_DESTROYS, " XGROUP|DESTROY ",
     "what its consumers have not read yet is forgotten"},

    {BL_REDIS_CHANGES, " EVAL EVALSHA FCALL EVAL_RO EVALSHA_RO FCALL_RO ",
     "runs a script: its name says nothing, and SLOWLOG RESET passes as read-only"},
    {BL_REDIS_CHANGES, " SCRIPT|LOAD FUNCTION|LOAD ", "adds a script to the server"},
    {BL_REDIS_CHANGES, " SORT GEORADIUS GEORADIUSBYMEMBER BITFIELD ",
     "may write its result: the form with _RO only reads"},
    {BL_REDIS_CHANGES, " GETEX GETDEL GETSET ", "changes the key that it reads"},
    {BL_REDIS_CHANGES, " LCS ",
     "takes time and memory by both lengths multiplied: it can stop the server"},
    {BL_REDIS_CHANGES, " TOUCH ", "changes when the keys were last used"},
    {BL_REDIS_CHANGES, " PFCOUNT ", "may write its result into the key, and to the replicas"},
    {BL_REDIS_CHANGES, " PUBLISH SPUBLISH ", "sends a message to whoever listens"},
    {BL_REDIS_CHANGES, " SAVE ", "stops the server while it writes its data: see BGSAVE"},
    {BL_REDIS_CHANGES, " BGSAVE BGREWRITEAOF ", "writes the server's data to its disk"},
    {BL_REDIS_CHANGES,
     " CONFIG|SET CONFIG|REWRITE CLUSTER|MEET CLUSTER|ADDSLOTS CLUSTER|ADDSLOTSRANGE "
     "CLUSTER|SETSLOT CLUSTER|BUMPEPOCH CLUSTER|SAVECONFIG CLUSTER|SET-CONFIG-EPOCH "
     "SENTINEL|SET SENTINEL|MONITOR SENTINEL|FLUSHCONFIG SENTINEL|CONFIG ",
     "changes the server's settings"},
    {BL_REDIS_CHANGES,
     " CONFIG|RESETSTAT LATENCY|RESET SLOWLOG|RESET MEMORY|PURGE PFDEBUG PFSELFTEST ",
     "resets what the server has measured or kept"},
    {BL_REDIS_CHANGES, " ACL|SETUSER ACL|SAVE ", "changes who may do what"},
    {BL_REDIS_CHANGES, " CLIENT|UNPAUSE CLIENT|UNBLOCK ", "acts on other clients"},
    {BL_REDIS_CHANGES,
     " XREADGROUP XACK XCLAIM XAUTOCLAIM XGROUP|CREATE XGROUP|SETID "
     "XGROUP|CREATECONSUMER XGROUP|DELCONSUMER ",
     "moves what a group has read"},
    {BL_REDIS_CHANGES, " DEL UNLINK ", "removes keys"},
    {BL_REDIS_CHANGES,
     " SET SETEX PSETEX SETNX SETRANGE SETBIT APPEND MSET MSETNX INCR INCRBY INCRBYFLOAT DECR "
     "DECRBY BITOP EXPIRE EXPIREAT PEXPIRE PEXPIREAT PERSIST RENAME RENAMENX COPY MOVE MIGRATE "
     "RESTORE RESTORE-ASKING HSET HSETNX HMSET HDEL HINCRBY HINCRBYFLOAT LPUSH LPUSHX RPUSH "
     "RPUSHX LPOP RPOP LMPOP LMOVE RPOPLPUSH LINSERT LREM LSET LTRIM SADD SREM SPOP SMOVE "
     "SINTERSTORE SUNIONSTORE SDIFFSTORE ZADD ZREM ZINCRBY ZPOPMIN ZPOPMAX ZMPOP ZRANGESTORE "
     "ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX ZINTERSTORE ZUNIONSTORE ZDIFFSTORE "
     "GEOADD GEOSEARCHSTORE PFADD PFMERGE XADD XDEL XTRIM XSETID ",
     "writes keys"},

    {BL_REDIS_HARMLESS,
     " PING ECHO TIME INFO LASTSAVE ROLE COMMAND COMMAND|COUNT COMMAND|INFO COMMAND|DOCS "
     "COMMAND|LIST COMMAND|GETKEYS COMMAND|GETKEYSANDFLAGS CONFIG|GET CLIENT|LIST CLIENT|INFO "
     "CLIENT|ID CLIENT|GETNAME CLIENT|GETREDIR CLIENT|TRACKINGINFO SLOWLOG|GET SLOWLOG|LEN "
     "MEMORY|STATS MEMORY|DOCTOR MEMORY|MALLOC-STATS LATENCY|LATEST LATENCY|HISTORY "
     "LATENCY|HISTOGRAM LATENCY|DOCTOR LATENCY|GRAPH ACL|WHOAMI ACL|USERS ACL|CAT ACL|DRYRUN "
     "ACL|LOG ACL|GENPASS PUBSUB|CHANNELS PUBSUB|NUMSUB PUBSUB|NUMPAT PUBSUB|SHARDCHANNELS "
     "PUBSUB|SHARDNUMSUB CLUSTER|INFO CLUSTER|NODES CLUSTER|SLOTS CLUSTER|SHARDS CLUSTER|MYID "
     "CLUSTER|MYSHARDID CLUSTER|KEYSLOT CLUSTER|COUNTKEYSINSLOT CLUSTER|GETKEYSINSLOT "
     "CLUSTER|LINKS CLUSTER|REPLICAS CLUSTER|SLAVES CLUSTER|COUNT-FAILURE-REPORTS "
     "SCRIPT|EXISTS FUNCTION|LIST FUNCTION|STATS FUNCTION|DUMP MODULE|LIST SENTINEL|MASTERS "
     "SENTINEL|MASTER SENTINEL|REPLICAS SENTINEL|SLAVES SENTINEL|SENTINELS "
     "SENTINEL|GET-MASTER-ADDR-BY-NAME SENTINEL|CKQUORUM SENTINEL|MYID ",
     "in the list of harmless commands"},

    /* Read-only whatever the arguments, also where a server has no flags for subcommands. */
    {BL_REDIS_READS,
     " DBSIZE LOLWUT TYPE TTL PTTL EXPIRETIME PEXPIRETIME EXISTS GET MGET STRLEN GETRANGE "
     "SUBSTR GETBIT BITCOUNT BITPOS BITFIELD_RO SCAN RANDOMKEY DUMP HGET HMGET HGETALL "
     "HKEYS HVALS HLEN HEXISTS HSTRLEN HRANDFIELD HSCAN LLEN LRANGE LINDEX LPOS SCARD SMEMBERS "
     "SISMEMBER SMISMEMBER SRANDMEMBER SSCAN SINTER SINTERCARD SUNION SDIFF ZCARD ZCOUNT "
     "ZLEXCOUNT ZRANGE ZRANGEBYSCORE ZRANGEBYLEX ZREVRANGE ZREVRANGEBYSCORE ZREVRANGEBYLEX "
     "ZRANK ZREVRANK ZSCORE ZMSCORE ZRANDMEMBER ZSCAN ZINTER ZINTERCARD ZUNION ZDIFF XLEN "
     "XRANGE XREVRANGE XREAD XPENDING XINFO|STREAM XINFO|GROUPS XINFO|CONSUMERS GEODIST "
     "GEOHASH GEOPOS GEORADIUS_RO GEORADIUSBYMEMBER_RO GEOSEARCH SORT_RO MEMORY|USAGE "
     "OBJECT|ENCODING OBJECT|FREQ OBJECT|IDLETIME OBJECT|REFCOUNT ",
     "only reads"},
};

/* Their own flags say nothing: what they do is in the subcommand. */
static const char containers[] = " ACL CLIENT CLUSTER COMMAND CONFIG FUNCTION LATENCY MEMORY "
                                 "MODULE OBJECT PUBSUB SCRIPT SENTINEL SLOWLOG XGROUP XINFO ";

static bool table_has(const char *words, const char *name)
{
    size_t len = strlen(name);

    bool is_word = len > 0 && strchr(name, ' ') == NULL; /* a server names it */

    for (const char *at = is_word ? strstr(words, name) : NULL; at != NULL;
         at = strstr(at + 1, name)) {
        if (at[-1] == ' ' && at[len] == ' ')
            return true;
    }
    return false;
}

const struct bl_redis_set *bl_redis_set_at(size_t index)
{
    return index < BL_COUNT(sets) ? &sets[index] : NULL;
}

const struct bl_redis_set *bl_redis_set_of(const char *name)
{
    for (size_t i = 0; i < BL_COUNT(sets); i++) {
        if (table_has(sets[i].names, name))
            return &sets[i];
    }
    return NULL;
}

bool bl_redis_is_container(const char *name)
{
    return table_has(containers, name);
}
