/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_doubt.c: what can be known of a change whose answer the broker could not give: little,
 * since a queue cannot be searched without touching its messages. */
#include "base/prefix.h"

#include "amqp_work.h"

/* That it leaves is on disk before it does. */
static bool doubt_stayed(const struct bl_value *intent, struct bl_resolution *resolution)
{
    if (bl_map_get(intent, "id") == NULL || bl_map_get(intent, "mark") != NULL)
        return false;
    bl_resolution_set(resolution, BL_FOUND_NOT_DONE, "it never left for the broker");
    return true;
}

struct bl_call *bl_amqp_publish_resolve(struct bl_connection *connection,
                                        const struct bl_call *call,
                                        const struct bl_value *intent,
                                        const struct bl_value *answer,
                                        struct bl_resolution *resolution)
{
    const char *own = bl_call_text(call, "message_id");

    (void)connection;
    (void)answer;
    if (doubt_stayed(intent, resolution))
        return NULL;
    bl_resolution_set(resolution, BL_FOUND_NOTHING,
                      "the broker confirmed nothing, and its queues cannot be searched: look "
                      "for message_id %.80s where it is consumed",
                      *own != '\0' ? own : bl_map_text(intent, "id", "(none)"));
    return NULL;
}

/* The broker puts back what a lost connection held. */
struct bl_call *bl_amqp_peek_resolve(struct bl_connection *connection,
                                     const struct bl_call *call, const struct bl_value *intent,
                                     const struct bl_value *answer,
                                     struct bl_resolution *resolution)
{
    (void)connection;
    (void)call;
    (void)intent;
    (void)answer;
    bl_resolution_set(resolution, BL_FOUND_NOT_DONE,
                      "the messages are back in the queue: the broker takes them back from a "
                      "connection that ends");
    return NULL;
}

/* An empty queue is what was wanted; in any other new messages may have come. */
struct bl_call *bl_amqp_purge_resolve(struct bl_connection *connection,
                                      const struct bl_call *call, const struct bl_value *intent,
                                      const struct bl_value *answer,
                                      struct bl_resolution *resolution)
{
    long long messages = (long long)bl_map_int(answer, "messages", 0);
    struct bl_value *args;

    (void)connection;
    if (doubt_stayed(intent, resolution))
        return NULL;
    if (resolution->asking == NULL) {
        resolution->asking = bl_value_bool(true);
        args = bl_map_new();
        bl_map_set(args, "queue", bl_value_ref(bl_call_value(call, "queue")));
        return bl_call_question(call, bl_operation_find(call->module, "queue"), args);
    }
    if (messages == 0)
        bl_resolution_set(resolution, BL_FOUND_DONE, "%s",
                          answer != NULL && bl_value_type(answer) == BL_MAP
                              ? "the queue is empty"
                              : "there is no such queue any more");
    else
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "the queue holds %lld messages: those of before, or newer ones",
                          messages);
    return NULL;
}
