/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* role_alerts.c: the alert system: alerts in memory, delivered by mail, every delivery counted.
 */
#include "base/prefix.h"

#include "mt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALERTS_MAX = 2048 };

struct alert {
    char id[80];
    json_t *fields; /* an AlertResponse, the times as text */
    time_t created, triggered, sent, acknowledged;
};

static struct {
    pthread_mutex_t lock;
    struct alert list[ALERTS_MAX]; /* the oldest is overwritten */
    size_t made, suppressions;
    long attempted, delivered;
} alerts = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const alerts_types[] = {"price",     "performance", "risk", "health",
                                           "milestone", "custom",      NULL};
static const char *const alerts_priorities[] = {"critical", "high", "medium",
                                                "low",      "info", NULL};
static const char *const alerts_states[] = {
    "pending", "triggered", "sent", "acknowledged", "resolved", "expired", "suppressed", NULL};

static bool alerts_among(const char *const *words, const char *word)
{
    for (; word && *words; words++) {
        if (strcasecmp(*words, word) == 0) {
            return true;
        }
    }
    return false;
}

static const char *alerts_field(const struct alert *alert, const char *name)
{
    const char *text = json_string_value(json_object_get(alert->fields, name));

    return text ? text : "";
}

static void alerts_state(struct alert *alert, const char *status, const char *field,
                         time_t *when, time_t now)
{
    *when = now;
    json_object_set_new(alert->fields, "status", json_string(status));
    json_object_set_new(alert->fields, field, mt_time(now));
}

static struct alert *alerts_find(const char *id)
{
    for (size_t i = 0; i < ALERTS_MAX; i++) {
        if (alerts.list[i].fields && strcmp(alerts.list[i].id, id) == 0) {
            return &alerts.list[i];
        }
    }
    return NULL;
}

static json_t *alerts_upper(const char *text)
{
    char upper[32];
    size_t i;

    for (i = 0; text[i] && i + 1 < sizeof upper; i++) {
        upper[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
    }
    upper[i] = '\0';
    return json_string(upper);
}

static json_t *alerts_new(struct mt_service *service, const json_t *body, const char *type,
                          const char *priority)
{
    struct alert *alert = &alerts.list[alerts.made % ALERTS_MAX];
    const char *title = json_string_value(json_object_get(body, "title"));
    const char *message = json_string_value(json_object_get(body, "message"));
    json_t *channels = json_object_get(body, "channels");
    json_t *symbol = json_object_get(body, "symbol");

    json_decref(alert->fields);
    *alert = (struct alert){.created = mt_now(service)};
    snprintf(alert->id, sizeof alert->id, "%.32s_%zu_%lld", type, ++alerts.made,
             (long long)alert->created);
    alert->fields =
        json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:n, s:n, s:n, s:i, s:o, s:o}",
                  "alert_id", alert->id, "alert_type", type, "priority", alerts_upper(priority),
                  "title", title ? title : "", "message", message ? message : "", "status",
                  "pending", "created_at", mt_time(alert->created), "triggered_at", "sent_at",
                  "acknowledged_at", "trigger_count", 0, "channels",
                  json_is_array(channels) ? json_incref(channels) : json_pack("[s]", "email"),
                  "symbol", symbol ? json_incref(symbol) : json_null());
    return json_copy(alert->fields);
}

static void alerts_create(struct mt_service *service, struct mt_request *request,
                          struct mt_reply *reply)
{
    const char *type = json_string_value(json_object_get(request->body, "alert_type"));
    const char *priority = json_string_value(json_object_get(request->body, "priority"));

    if (!alerts_among(alerts_types, type)) {
        mt_reply_detail(reply, 400, "'%s' is not a valid AlertType", type ? type : "None");
    } else if (!alerts_among(alerts_priorities, priority)) {
        mt_reply_detail(reply, 400, "'%s' is not a valid AlertPriority",
                        priority ? priority : "None");
    } else {
        pthread_mutex_lock(&alerts.lock);
        mt_reply_json(reply, 200, alerts_new(service, request->body, type, priority));
        pthread_mutex_unlock(&alerts.lock);
    }
}

/* Marks the alert as triggered and copies what the mail says; false when it cannot be
 * triggered. */
static bool alerts_begin(struct mt_service *service, const char *id, char *title, char *message,
                         size_t size)
{
    struct alert *alert;
    bool mail = false;

    pthread_mutex_lock(&alerts.lock);
    alert = alerts_find(id);
    if (alert) {
        const json_t *channels = json_object_get(alert->fields, "channels");
        json_t *count = json_object_get(alert->fields, "trigger_count");
        json_t *channel;
        size_t i;

        json_array_foreach ((json_t *)(uintptr_t)channels, i, channel) {
            mail = mail || strcmp(json_string_value(channel) ? json_string_value(channel) : "",
                                  "email") == 0;
        }
        snprintf(title, size, "[%s] %s", alerts_field(alert, "priority"),
                 alerts_field(alert, "title"));
        snprintf(message, size, "%s", alerts_field(alert, "message"));
        alerts_state(alert, "triggered", "triggered_at", &alert->triggered, mt_now(service));
        json_integer_set(count, json_integer_value(count) + 1);
    }
    pthread_mutex_unlock(&alerts.lock);
    return mail;
}

static void alerts_trigger(struct mt_service *service, struct mt_request *request,
                           struct mt_reply *reply)
{
    char title[512], message[512], why[200];
    struct alert *alert;
    bool sent;

    if (!alerts_begin(service, request->part, title, message, sizeof title)) {
        mt_reply_detail(reply, 400, "Alert could not be triggered");
        return;
    }
    sent = mt_mail_send(service, title, message, why, sizeof why);
    if (!sent) {
        mt_log(service, "error", "Notification delivery failed",
               json_pack("{s:s, s:s, s:s}", "channel", "email", "alert_id", request->part,
                         "error", why));
    }
    pthread_mutex_lock(&alerts.lock);
    alerts.attempted++;
    alerts.delivered += sent;
    alert = alerts_find(request->part);
    if (alert && sent) {
        alerts_state(alert, "sent", "sent_at", &alert->sent, mt_now(service));
    }
    pthread_mutex_unlock(&alerts.lock);
    if (sent) {
        mt_reply_json(
            reply, 200,
            json_pack("{s:s, s:s}", "message", "Alert triggered", "alert_id", request->part));
    } else {
        mt_reply_detail(reply, 400, "Alert could not be triggered");
    }
}

static void alerts_settle(struct mt_service *service, struct mt_request *request,
                          struct mt_reply *reply, const char *status)
{
    struct alert *alert;

    pthread_mutex_lock(&alerts.lock);
    alert = alerts_find(request->part);
    if (alert) {
        alerts_state(alert, status, "acknowledged_at", &alert->acknowledged, mt_now(service));
    }
    pthread_mutex_unlock(&alerts.lock);
    mt_reply_json(
        reply, 200,
        json_pack("{s:s+, s:s}", "message", "Alert ", status, "alert_id", request->part));
}

static void alerts_acknowledge(struct mt_service *service, struct mt_request *request,
                               struct mt_reply *reply)
{
    alerts_settle(service, request, reply, "acknowledged");
}

static void alerts_resolve(struct mt_service *service, struct mt_request *request,
                           struct mt_reply *reply)
{
    alerts_settle(service, request, reply, "resolved");
}

static void alerts_suppress(struct mt_service *service, struct mt_request *request,
                            struct mt_reply *reply)
{
    json_int_t minutes = json_integer_value(json_object_get(request->body, "duration_minutes"));

    (void)service;
    if (minutes < 1 || minutes > 1440) {
        mt_reply_detail(reply, 400, "duration_minutes must be 1 to 1440");
        return;
    }
    pthread_mutex_lock(&alerts.lock);
    alerts.suppressions++;
    pthread_mutex_unlock(&alerts.lock);
    mt_reply_json(reply, 200, json_pack("{s:s}", "message", "Alerts suppressed"));
}

/* Whether the alert passes one filter of the query; an absent filter lets everything pass. */
static bool alerts_passes(const struct alert *alert, const struct mt_request *request,
                          const char *filter)
{
    const char *wanted = mt_query(request, filter);

    return !wanted || strcasecmp(wanted, alerts_field(alert, filter)) == 0;
}

static void alerts_list(struct mt_service *service, struct mt_request *request,
                        struct mt_reply *reply)
{
    const char *status = mt_query(request, "status");
    long limit = mt_query_int(request, "limit", 100);
    json_t *list = json_array();

    (void)service;
    if (status && !alerts_among(alerts_states, status)) {
        json_decref(list);
        mt_reply_detail(reply, 400, "'%s' is not a valid AlertStatus", status);
        return;
    }
    pthread_mutex_lock(&alerts.lock);
    for (size_t i = alerts.made; i > 0 && alerts.made - i < ALERTS_MAX; i--) {
        const struct alert *alert = &alerts.list[(i - 1) % ALERTS_MAX];

        if ((long)json_array_size(list) < limit && alerts_passes(alert, request, "status") &&
            alerts_passes(alert, request, "priority") &&
            alerts_passes(alert, request, "alert_type") &&
            alerts_passes(alert, request, "symbol")) {
            json_array_append_new(list, json_copy(alert->fields));
        }
    }
    pthread_mutex_unlock(&alerts.lock);
    mt_reply_json(reply, 200, list);
}

static void alerts_get(struct mt_service *service, struct mt_request *request,
                       struct mt_reply *reply)
{
    const struct alert *alert;

    (void)service;
    pthread_mutex_lock(&alerts.lock);
    alert = alerts_find(request->part);
    if (alert) {
        mt_reply_json(reply, 200, json_copy(alert->fields));
    } else {
        mt_reply_detail(reply, 404, "Alert not found");
    }
    pthread_mutex_unlock(&alerts.lock);
}

static void alerts_tally(json_t *counts, const char *key)
{
    json_int_t count = json_integer_value(json_object_get(counts, key));

    json_object_set_new(counts, key, json_integer(count + 1));
}

static json_t *alerts_delivery(void)
{
    double rate =
        alerts.attempted ? 100.0 * (double)alerts.delivered / (double)alerts.attempted : 100.0;
    long failed = alerts.attempted - alerts.delivered;

    return json_pack("{s:I, s:I, s:I, s:I, s:f, s:i, s:{s:{s:b, s:I, s:I, s:f}}}",
                     "total_alerts_sent", (json_int_t)alerts.delivered,
                     "total_deliveries_attempted", (json_int_t)alerts.attempted,
                     "total_deliveries_successful", (json_int_t)alerts.delivered,
                     "total_deliveries_failed", (json_int_t)failed, "overall_success_rate",
                     rate, "active_channels", 1, "channel_health", "email", "enabled", 1,
                     "sent_count", (json_int_t)alerts.delivered, "error_count",
                     (json_int_t)failed, "success_rate", rate);
}

static void alerts_summary(struct mt_service *service, struct mt_request *request,
                           struct mt_reply *reply)
{
    time_t midnight = mt_now(service) / 86400 * 86400;
    json_t *types = json_object(), *priorities = json_object();
    int active = 0, triggered = 0, sent = 0, acknowledged = 0;
    size_t kept;

    (void)request;
    pthread_mutex_lock(&alerts.lock);
    kept = alerts.made < ALERTS_MAX ? alerts.made : ALERTS_MAX;
    for (size_t i = 0; i < kept; i++) {
        const struct alert *alert = &alerts.list[i];

        active += !alert->acknowledged;
        triggered += alert->triggered >= midnight;
        sent += alert->sent >= midnight;
        acknowledged += alert->acknowledged >= midnight;
        alerts_tally(types, alerts_field(alert, "alert_type"));
        alerts_tally(priorities, alerts_field(alert, "priority"));
    }
    mt_reply_json(
        reply, 200,
        json_pack("{s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:{s:i}, s:i, s:o}", "total_alerts",
                  (int)kept, "active_alerts", active, "triggered_today", triggered,
                  "sent_today", sent, "acknowledged_today", acknowledged, "by_type", types,
                  "by_priority", priorities, "by_channel", "email", (int)kept, "suppressions",
                  (int)alerts.suppressions, "notification_service", alerts_delivery()));
    pthread_mutex_unlock(&alerts.lock);
}

static const struct mt_route alerts_routes[] = {
    {"GET", "/health", mt_health},
    {"POST", "/api/alerts/create", alerts_create},
    {"POST", "/api/alerts/suppress", alerts_suppress},
    {"POST", "/api/alerts/trigger/*", alerts_trigger},
    {"POST", "/api/alerts/acknowledge/*", alerts_acknowledge},
    {"POST", "/api/alerts/resolve/*", alerts_resolve},
    {"GET", "/api/alerts/list", alerts_list},
    {"GET", "/api/alerts/stats/summary", alerts_summary},
    {"GET", "/api/alerts/*", alerts_get},
    {0},
};

const struct mt_role mt_role_alerts = {
    .name = "alert_system",
    .command = "alerts",
    .routes = alerts_routes,
    .database = true,
};
