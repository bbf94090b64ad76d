/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_ask.c: which container a change would touch, and how it is: asked of the engine. */
#include "base/prefix.h"

#include "docker_calls.h"

#include "base/clock.h"

#define ASK_MS 5000 /* an engine that takes longer is not worth the wait */

/* "redis: running since 2026-11-24T10:00:00Z, healthy" */
static void ask_say(const struct bl_call *call, struct bl_inspection *inspection,
                    const struct bl_value *container)
{
    double since = bl_value_as_float(bl_map_get(container, "started"));
    double until = bl_value_as_float(bl_map_get(container, "finished"));
    const char *health = bl_map_text(container, "health", "");
    bool is_running = bl_map_bool(container, "running", false);
    char text[BL_TIME_TEXT] = "";

    if (bl_value_type(container) != BL_MAP) {
        snprintf(inspection->affects, sizeof(inspection->affects),
                 "nothing: there is no container %.80s", bl_call_text(call, "name"));
        return;
    }
    if (is_running || until > 0) {
        bl_time_format(1000 * (int64_t)(is_running ? since : until), text);
        text[strcspn(text, ".")] = '\0'; /* to the second */
    }
    snprintf(inspection->affects, sizeof(inspection->affects), "%.60s: %.20s%s%s%s%s%.20s",
             bl_map_text(container, "name", ""), bl_map_text(container, "state", "unknown"),
             *text != '\0' ? " since " : "", text, *text != '\0' ? "Z" : "",
             *health != '\0' ? ", " : "", health);
}

struct bl_call *bl_docker_question(struct bl_connection *connection, const struct bl_call *call,
                                   struct bl_inspection *inspection,
                                   const struct bl_value *answer)
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
    bl_map_set(args, "name", bl_value_ref(bl_call_value(call, "name")));
    question = bl_call_question(call, bl_operation_find(call->module, "inspect"), args);
    if (question->timeout_ms > ASK_MS)
        question->timeout_ms = ASK_MS;
    return question;
}
