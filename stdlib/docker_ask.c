/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_ask.c: which container a change would touch, and how it is: asked of the engine. */
#include "base/prefix.h"

#include "docker_calls.h"

#include "base/clock.h"
#include "module_ask.h"

/* "redis: running since 2026-11-24T10:00:00Z, healthy" */
static void ask_say(const struct bl_call *call, struct bl_inspection *inspection,
                    const struct bl_value *container)
{
    double since = bl_value_as_float(bl_map_get(container, "started"));
    double until = bl_value_as_float(bl_map_get(container, "finished"));
    const char *health = bl_map_text(container, "health", "");
    bool is_running = bl_map_bool(container, "running", false);
    char text[BL_TIME_TEXT] = "";

    bl_docker_before(inspection, container);
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
    static const struct bl_ask ask = {"inspect", "name", ask_say};

    (void)connection;
    return bl_ask_once(&ask, call, inspection, answer);
}
