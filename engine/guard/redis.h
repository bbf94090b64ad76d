/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis.h: what a Redis command does, by its name and subcommand. */
#ifndef BL_GUARD_REDIS_H
#define BL_GUARD_REDIS_H

#include "base/call.h"

struct bl_redis_class {
    enum bl_class class;
    char refused[200]; /* not "": refused everywhere, and what to do instead */
};

/*
 * argv is the command with its arguments, a list of byte strings; letter case does not count.
 * Observe is what stands in a fixed list (for commands with subcommands: by subcommand),
 * destroy what loses data, service or scripts, and everything else is a change. Refused is what
 * stays in the connection (SELECT, MULTI, SUBSCRIBE …), never ends (MONITOR) or blocks the
 * server (KEYS).
 */
void bl_redis_classify(const struct bl_value *argv, struct bl_redis_class *result);

#endif
