/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cache.c: Redis as the services use it: one short connection a call, every answer bounded in
 * time. */
#include "base/prefix.h"

#include "mt.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static redisContext *cache_open(const struct mt_service *service)
{
    const char *url = mt_env(service, "REDIS_URL", NULL);
    const struct timeval limit = {.tv_sec = 2};
    const char *colon = strrchr(url, ':');
    redisContext *context;

    context = redisConnectWithTimeout("127.0.0.1",
                                      colon ? (int)strtol(colon + 1, NULL, 10) : 6379, limit);
    if (context && context->err) {
        redisFree(context);
        return NULL;
    }
    if (context) {
        redisSetTimeout(context, limit);
    }
    return context;
}

char *mt_cache_get(const struct mt_service *service, const char *key)
{
    redisContext *context = cache_open(service);
    redisReply *reply = context ? redisCommand(context, "GET %s", key) : NULL;
    char *value = NULL;

    if (reply && reply->type == REDIS_REPLY_STRING) {
        value = strndup(reply->str, (size_t)reply->len);
    }
    if (reply) {
        freeReplyObject(reply);
    }
    if (context) {
        redisFree(context);
    }
    return value;
}

bool mt_cache_set(const struct mt_service *service, const char *key, int ttl, const char *value)
{
    redisContext *context = cache_open(service);
    redisReply *reply =
        context ? redisCommand(context, "SETEX %s %d %s", key, ttl, value) : NULL;
    bool done = reply && reply->type == REDIS_REPLY_STATUS;

    if (reply) {
        freeReplyObject(reply);
    }
    if (context) {
        redisFree(context);
    }
    return done;
}

bool mt_cache_alive(const struct mt_service *service)
{
    redisContext *context = cache_open(service);
    redisReply *reply = context ? redisCommand(context, "PING") : NULL;
    bool alive = reply && reply->type == REDIS_REPLY_STATUS;

    if (reply) {
        freeReplyObject(reply);
    }
    if (context) {
        redisFree(context);
    }
    return alive;
}
