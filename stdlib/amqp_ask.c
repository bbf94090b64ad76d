/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_ask.c: how many messages of a queue a change would touch, asked of the broker. */
#include "base/prefix.h"

#include "amqp_work.h"
#include "module_ask.h"

/* "12 messages, 1 consumer"; peek marks some of them. */
static void ask_say(const struct bl_call *call, struct bl_inspection *inspection,
                    const struct bl_value *queue)
{
    long long messages = (long long)bl_map_int(queue, "messages", 0),
              consumers = (long long)bl_map_int(queue, "consumers", 0),
              most = (long long)bl_call_int(call, "count");
    const char *noun = messages == 1 ? "message" : "messages";

    if (bl_value_type(queue) != BL_MAP)
        snprintf(inspection->affects, sizeof(inspection->affects),
                 "nothing: there is no such queue");
    else if (most > 0 && most < messages)
        snprintf(inspection->affects, sizeof(inspection->affects), "%lld of %lld %s", most,
                 messages, noun);
    else
        snprintf(inspection->affects, sizeof(inspection->affects), "%lld %s, %lld %s", messages,
                 noun, consumers, consumers == 1 ? "consumer" : "consumers");
}

struct bl_call *bl_amqp_ask(struct bl_connection *connection, const struct bl_call *call,
                            struct bl_inspection *inspection, const struct bl_value *answer)
{
    static const struct bl_ask ask = {"queue", "queue", ask_say};

    (void)connection;
    return bl_ask_once(&ask, call, inspection, answer);
}
