/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* module_ask.c: what several modules ask about a change before it is made. */
#include "base/prefix.h"

#include "module_ask.h"

#define ASK_MS 5000 /* an answer that takes longer is not worth the wait */

struct bl_call *bl_ask_briefly(struct bl_call *question)
{
    if (question->timeout_ms > ASK_MS)
        question->timeout_ms = ASK_MS;
    return question;
}

struct bl_call *bl_ask_once(const struct bl_ask *ask, const struct bl_call *call,
                            struct bl_inspection *inspection, const struct bl_value *answer)
{
    struct bl_value *args;

    if (inspection->asking != NULL) {
        if (answer != NULL)
            ask->say(call, inspection, answer);
        return NULL;
    }
    inspection->asking = bl_value_bool(true);
    snprintf(inspection->affects, sizeof(inspection->affects), "unknown");
    args = bl_map_new();
    bl_map_set(args, ask->argument, bl_value_ref(bl_call_value(call, ask->argument)));
    return bl_ask_briefly(
        bl_call_question(call, bl_operation_find(call->module, ask->operation), args));
}
