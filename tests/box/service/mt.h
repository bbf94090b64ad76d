/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* mt.h: what the parts of the MasterTrade stand-in share: one process plays one service over
 * HTTP and really uses PostgreSQL, Redis and RabbitMQ. */
#ifndef MT_H
#define MT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct MHD_Connection;
struct mt_broker;
struct mt_meter;
struct mt_service;
struct mt_store;

/* One request. `part` is what the `*` of the route's pattern matched; `body` is NULL unless it
 * was valid JSON. */
struct mt_request {
    struct MHD_Connection *connection;
    const char *method;
    const char *path;
    char part[128];
    json_t *body;
};

/* The answer a handler fills: JSON (`json`, taken) or bytes (`text`, malloc'd, taken, with its
 * `type`). */
struct mt_reply {
    unsigned status;
    json_t *json;
    char *text;
    const char *type;
    bool ask_login;
};

typedef void mt_handler(struct mt_service *service, struct mt_request *request,
                        struct mt_reply *reply);

/* `pattern` may hold one `*`, which matches one path segment. The first route that matches
 * wins. */
struct mt_route {
    const char *method;
    const char *pattern;
    mt_handler *handler;
};

/* A queue a service declares, and what it is bound to. `keys` are separated by spaces; `ttl` 0
 * means none. */
struct mt_queue {
    const char *exchange;
    const char *queue;
    const char *keys;
    int64_t ttl;
    int64_t max_length;
    uint16_t prefetch;
};

struct mt_role {
    const char *name;    /* as in the body of /health */
    const char *command; /* as on the command line */
    const struct mt_route *routes;
    const struct mt_queue *queues;            /* consumed; NULL: no broker */
    const char *const *exchanges;             /* "name type", NULL ends */
    int (*start)(struct mt_service *service); /* may be NULL; non-zero ends the process */
    void (*stop)(void);                       /* after `start` went well */
    void (*message)(struct mt_service *service, const char *queue, const char *body,
                    size_t len);
    void (*tick)(
        struct mt_service *service); /* called by the broker thread each second, or NULL */
    bool database;
    bool cache;
};

struct mt_service {
    const struct mt_role *role;
    long clock_offset;
    struct mt_store *store;
    struct mt_broker *broker;
    struct mt_meter *meter;
    void *state; /* the role's own */
};

extern const struct mt_role mt_role_market, mt_role_data, mt_role_strategy, mt_role_alerts,
    mt_role_risk, mt_role_executor, mt_role_ui, mt_role_grafana;

/* clock.c: the box's clock is the machine's plus an offset. */
time_t mt_now(const struct mt_service *service);
json_t *mt_time(time_t when); /* ISO-8601, UTC */
json_t *mt_time_now(const struct mt_service *service);

/* log.c: one JSON line on stderr. Takes `fields`, which may be NULL. */
void mt_log(const struct mt_service *service, const char *level, const char *event,
            json_t *fields);

/* environment: the variable, or `fallback`; a missing one without fallback ends the process
 * with a log line. */
const char *mt_env(const struct mt_service *service, const char *name, const char *fallback);

/* store.c: one session to PostgreSQL, opened when needed and again after it was lost. `params`
 * ends with NULL. */
struct mt_store *mt_store_new(struct mt_service *service);
void mt_store_free(struct mt_store *store);
/* Rows as an array of objects (integers, reals, booleans and JSON typed; the rest strings).
 * NULL when the database cannot be reached or refuses; then `why` holds one line. */
json_t *mt_store_rows(struct mt_store *store, const char *sql, const char *const *params,
                      char *why, size_t size);
bool mt_store_alive(struct mt_store *store);

/* cache.c: Redis by its address in REDIS_URL, one short connection a call. */
char *mt_cache_get(const struct mt_service *service, const char *key); /* malloc'd or NULL */
bool mt_cache_set(const struct mt_service *service, const char *key, int ttl,
                  const char *value);
bool mt_cache_alive(const struct mt_service *service);

/* broker.c: one thread that owns the connection to RabbitMQ. */
struct mt_broker *mt_broker_new(struct mt_service *service);
void mt_broker_free(struct mt_broker *broker);
void mt_broker_publish(struct mt_broker *broker, const char *exchange, const char *key,
                       json_t *message); /* only from `tick` and `message`; takes `message` */
void mt_broker_pause(int paused);        /* safe in a signal handler */
bool mt_broker_connected(struct mt_broker *broker);

/* meter.c: counters, gauges and the histogram of request durations, as Prometheus reads them.
 */
struct mt_meter *mt_meter_new(const char *service);
void mt_meter_free(struct mt_meter *meter);
void mt_meter_add(struct mt_meter *meter, const char *name,
                  double amount); /* NAME_total counts, else set */
void mt_meter_request(struct mt_meter *meter, const char *method, unsigned status,
                      double seconds);
char *mt_meter_text(struct mt_meter *meter); /* malloc'd */

/* http.c: the server. */
int mt_http_run(struct mt_service *service, uint16_t port, const char *access_log);
const char *mt_query(const struct mt_request *request, const char *name);
long mt_query_int(const struct mt_request *request, const char *name, long fallback);
void mt_reply_json(struct mt_reply *reply, unsigned status, json_t *json);
void mt_reply_detail(struct mt_reply *reply, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void mt_reply_text(struct mt_reply *reply, unsigned status, const char *type, char *text);

/* health.c: shared handlers. */
void mt_health(struct mt_service *service, struct mt_request *request, struct mt_reply *reply);
void mt_metrics(struct mt_service *service, struct mt_request *request, struct mt_reply *reply);
/* Rows of a query, or NULL after it filled `reply` with a 503 that says why. */
json_t *mt_rows(struct mt_service *service, struct mt_reply *reply, const char *sql,
                const char *const *params);

/* mail.c: sends one mail by SMTP_HOST and SMTP_PORT; false fills `why`. */
bool mt_mail_send(const struct mt_service *service, const char *subject, const char *body,
                  char *why, size_t size);

/* jobs.c: strategy generation in the background. */
mt_handler mt_jobs_create, mt_jobs_list, mt_jobs_progress, mt_jobs_results, mt_jobs_cancel;
int mt_jobs_start(struct mt_service *service);
void mt_jobs_stop(void);

#endif
