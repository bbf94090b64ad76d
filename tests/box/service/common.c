/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* common.c: the clock, the log and the handlers that every MasterTrade service has. */
#include "base/prefix.h"

#include "mt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

time_t mt_now(const struct mt_service *service)
{
    return time(NULL) + service->clock_offset;
}

json_t *mt_time(time_t when)
{
    struct tm parts;
    char text[32];

    gmtime_r(&when, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

json_t *mt_time_now(const struct mt_service *service)
{
    return mt_time(mt_now(service));
}

void mt_log(const struct mt_service *service, const char *level, const char *event,
            json_t *fields)
{
    json_t *line = json_pack("{s:s, s:s, s:s}", "event", event, "level", level, "logger",
                             service->role->name);
    char *text;

    if (fields) {
        json_object_update(line, fields);
        json_decref(fields);
    }
    if (!json_object_get(line, "timestamp")) {
        json_object_set_new(line, "timestamp", mt_time_now(service));
    }
    text = json_dumps(line, JSON_COMPACT);
    if (text) {
        fprintf(stderr, "%s\n", text);
        free(text);
    }
    json_decref(line);
}

const char *mt_env(const struct mt_service *service, const char *name, const char *fallback)
{
    const char *value = getenv(name);

    if (value && *value) {
        return value;
    }
    if (!fallback) {
        mt_log(service, "error", "Configuration incomplete: an environment variable is missing",
               json_pack("{s:s}", "variable", name));
        exit(1);
    }
    return fallback;
}

void mt_health(struct mt_service *service, struct mt_request *request, struct mt_reply *reply)
{
    bool alive = !service->role->database || mt_store_alive(service->store);
    json_t *body = json_pack("{s:s, s:s, s:o}", "status", alive ? "healthy" : "unhealthy",
                             "service", service->role->name, "timestamp", mt_time_now(service));

    (void)request;
    if (service->role->database) {
        json_object_set_new(body, "database",
                            json_string(alive ? "connected" : "disconnected"));
    }
    mt_reply_json(reply, alive ? 200 : 503, body);
}

void mt_metrics(struct mt_service *service, struct mt_request *request, struct mt_reply *reply)
{
    (void)request;
    mt_reply_text(reply, 200, "text/plain; version=0.0.4", mt_meter_text(service->meter));
}

json_t *mt_rows(struct mt_service *service, struct mt_reply *reply, const char *sql,
                const char *const *params)
{
    char why[256];
    json_t *rows = mt_store_rows(service->store, sql, params, why, sizeof why);

    if (!rows) {
        mt_log(service, "error", "Database operation failed", json_pack("{s:s}", "error", why));
        mt_reply_detail(reply, 503, "Database unavailable: %s", why);
    }
    return rows;
}
