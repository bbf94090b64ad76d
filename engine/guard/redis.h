/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis.h: what a Redis command does, by its name and by what its server says of it. */
#ifndef BL_GUARD_REDIS_H
#define BL_GUARD_REDIS_H

#include "base/call.h"

struct bl_redis_class {
    enum bl_class class;
    bool
        is_open; /* its name is in no table and no server was asked: a read-only flag decides */
    char refused[200]; /* not "": refused everywhere, and what to do instead */
    char why[160];     /* what gave it its class, in a few words */
};

/*
 * argv is the command with its arguments, a list of byte strings; letter case does not count.
 * `known` is what the server says of its first word (bl_redis_learn), NULL while nobody has
 * asked. Observe is what the server flags as read-only, plus a fixed list of harmless commands
 * that carry neither flag (for commands with subcommands: by subcommand); without a server
 * the fixed lists alone count. Destroy loses data, service or scripts. Refused is what stays
 * in the connection (SELECT, MULTI, SUBSCRIBE …), never ends (MONITOR), waits (BLPOP) or
 * blocks the server (KEYS). What cannot be classified is a change.
 */
void bl_redis_classify(const struct bl_value *argv, const struct bl_value *known,
                       struct bl_redis_class *result);
/* The first word in capitals, to ask COMMAND INFO with; false when it is not the name of a
 * command. */
bool bl_redis_name(const struct bl_value *argv, char *out, size_t size);
/*
 * What a reply of COMMAND INFO about one name says, as a value to classify with (a new
 * reference). NULL where the server has not answered the question: known by name only.
 */
struct bl_value *bl_redis_learn(const struct bl_value *reply);
/* A command that gives a whole collection: its key, and the command that counts it ("HLEN").
 * NULL: what it gives is bounded by its words. */
const char *bl_redis_counter(const struct bl_value *argv);

/* The fixed tables, for the page of reference. */
enum bl_redis_kind {
    BL_REDIS_READS,    /* observe where the server flags it as read-only */
    BL_REDIS_HARMLESS, /* observe though it carries no flag */
    BL_REDIS_CHANGES,
    BL_REDIS_DESTROYS,
    BL_REDIS_REFUSED,
};
struct bl_redis_set {
    enum bl_redis_kind kind;
    const char *names; /* " GET CONFIG|GET " */
    const char *why;
};
/* NULL after the last one. */
const struct bl_redis_set *bl_redis_set_at(size_t index);
/* The set of a name in capitals, NULL when it is in none. */
const struct bl_redis_set *bl_redis_set_of(const char *name);
/* Whether the name has subcommands in these tables. */
bool bl_redis_is_container(const char *name);

#endif
