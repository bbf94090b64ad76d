/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_ask.c: how many messages of a queue a change would touch, asked of the broker. */
#include "base/prefix.h"

#include "amqp_work.h"

#define ASK_MS 5000 /* a count that takes longer is not worth the wait */

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
    struct bl_call *question;
    struct bl_value *args;

    (void)connection;
    if (inspection->asking != NULL) {
        if (answer != NULL)
            ask_say(call, inspection, answer);
        return NULL;
    }
    inspection->asking = bl_value_bool(true);
    snprintf(inspection->affects, sizeof(inspection->affects), "unknown");
    args = bl_map_new();
    bl_map_set(args, "queue", bl_value_ref(bl_call_value(call, "queue")));
    question = bl_call_question(call, bl_operation_find(call->module, "queue"), args);
    if (question->timeout_ms > ASK_MS)
        question->timeout_ms = ASK_MS;
    return question;
}
