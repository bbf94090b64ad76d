/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* jobs.c: strategy generation: a job writes strategies and their backtests to the database, in
 * batches. */
#include "base/prefix.h"

#include "mt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JOBS_MAX = 64, JOBS_BATCH = 50 };

struct job {
    char id[40];
    const char *status;
    long total, generated, backtested, passed;
    time_t started, completed;
    char error[200];
    bool cancel;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job list[JOBS_MAX]; /* the oldest is overwritten */
    size_t made, done;
    pthread_t thread;
    bool ending;
} jobs = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static const char jobs_generate[] =
    "INSERT INTO strategies (name, type, parameters, configuration, metadata, is_active, "
    "status,"
    " enabled, allocation, created_at, updated_at)"
    " SELECT 'generated_' || left($1, 8) || '_' || n, (ARRAY['momentum', 'mean_reversion',"
    " 'breakout', 'scalping'])[1 + n % 4], jsonb_build_object('period', 5 + n % 60), '{}',"
    " jsonb_build_object('job', $1), false, 'inactive', true, 0, $2::timestamptz, "
    "$2::timestamptz"
    " FROM generate_series($3::int, $4::int) n";

static const char jobs_backtest[] =
    "WITH tested AS (INSERT INTO backtest_results (strategy_id, backtest_id, metrics, "
    "parameters,"
    " created_at, updated_at) SELECT s.id, 'bt_' || s.name, jsonb_build_object('sharpe_ratio',"
    " round((random() * 3 - 0.5)::numeric, 3), 'win_rate', round((0.3 + random() * "
    "0.4)::numeric, 3),"
    " 'total_trades', (20 + random() * 200)::int), s.parameters, $2::timestamptz, "
    "$2::timestamptz"
    " FROM strategies s WHERE s.metadata->>'job' = $1 AND NOT EXISTS (SELECT 1 FROM"
    " backtest_results b WHERE b.strategy_id = s.id) RETURNING metrics) SELECT count(*) AS "
    "tested,"
    " count(*) FILTER (WHERE (metrics->>'sharpe_ratio')::numeric >= 1) AS passed FROM tested";

static struct job *jobs_find(const char *id)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (jobs.list[i].id[0] && strcmp(jobs.list[i].id, id) == 0) {
            return &jobs.list[i];
        }
    }
    return NULL;
}

static json_t *jobs_when(time_t when)
{
    return when ? mt_time(when) : json_null();
}

static json_t *jobs_brief(const struct job *job)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:o}", "job_id", job->id, "status",
                     job->status, "total_strategies", (json_int_t)job->total,
                     "strategies_generated", (json_int_t)job->generated,
                     "strategies_backtested", (json_int_t)job->backtested, "started_at",
                     jobs_when(job->started), "completed_at", jobs_when(job->completed));
}

void mt_jobs_create(struct mt_service *service, struct mt_request *request,
                    struct mt_reply *reply)
{
    const json_t *wanted = json_object_get(request->body, "num_strategies");
    json_int_t count = wanted ? json_integer_value(wanted) : 100;
    FILE *uuid;
    struct job *job;

    (void)service;
    if (count < 1 || count > 1000) {
        mt_reply_detail(reply, 400, "num_strategies must be between 1 and 1000");
        return;
    }
    pthread_mutex_lock(&jobs.lock);
    if (jobs.made - jobs.done >= JOBS_MAX) {
        pthread_mutex_unlock(&jobs.lock);
        mt_reply_detail(reply, 503, "Too many jobs wait");
        return;
    }
    job = &jobs.list[jobs.made % JOBS_MAX];
    *job = (struct job){.status = "pending", .total = (long)count};
    uuid = fopen("/proc/sys/kernel/random/uuid", "re");
    if (!uuid || !fgets(job->id, 37, uuid)) {
        snprintf(job->id, sizeof job->id, "job-%zu", jobs.made);
    }
    if (uuid) {
        fclose(uuid);
    }
    jobs.made++;
    mt_reply_json(reply, 200,
                  json_pack("{s:s, s:s, s:s}", "job_id", job->id, "status", "PENDING",
                            "message", "Strategy generation started"));
    pthread_cond_signal(&jobs.wake);
    pthread_mutex_unlock(&jobs.lock);
}

void mt_jobs_list(struct mt_service *service, struct mt_request *request,
                  struct mt_reply *reply)
{
    const char *status = mt_query(request, "status_filter");
    json_t *list = json_array();

    (void)service;
    pthread_mutex_lock(&jobs.lock);
    for (size_t i = 0; i < JOBS_MAX; i++) {
        const struct job *job = &jobs.list[i];

        if (job->id[0] && (!status || strcmp(status, job->status) == 0)) {
            json_array_append_new(list, jobs_brief(job));
        }
    }
    pthread_mutex_unlock(&jobs.lock);
    mt_reply_json(reply, 200, list);
}

void mt_jobs_progress(struct mt_service *service, struct mt_request *request,
                      struct mt_reply *reply)
{
    const struct job *job;

    (void)service;
    pthread_mutex_lock(&jobs.lock);
    job = jobs_find(request->part);
    if (job) {
        json_t *body = jobs_brief(job);

        json_object_set_new(body, "strategies_passed", json_integer(job->passed));
        json_object_set_new(body, "strategies_failed",
                            json_integer(job->backtested - job->passed));
        json_object_set_new(body, "error_message",
                            job->error[0] ? json_string(job->error) : json_null());
        mt_reply_json(reply, 200, body);
    } else {
        mt_reply_detail(reply, 404, "Job %s not found", request->part);
    }
    pthread_mutex_unlock(&jobs.lock);
}

void mt_jobs_results(struct mt_service *service, struct mt_request *request,
                     struct mt_reply *reply)
{
    const char *params[] = {request->part, NULL};
    const struct job *job;
    json_t *rows;
    bool complete;

    pthread_mutex_lock(&jobs.lock);
    job = jobs_find(request->part);
    complete = job && strcmp(job->status, "completed") == 0;
    pthread_mutex_unlock(&jobs.lock);
    if (!complete) {
        mt_reply_detail(reply, 404, "No results for job %s", request->part);
        return;
    }
    rows = mt_rows(
        service, reply,
        "SELECT b.strategy_id::text AS strategy_id, (b.metrics->>'win_rate')::numeric AS"
        " win_rate, (b.metrics->>'sharpe_ratio')::numeric AS sharpe_ratio,"
        " (b.metrics->>'total_trades')::int AS total_trades,"
        " (b.metrics->>'sharpe_ratio')::numeric >= 1 AS passed_criteria"
        " FROM backtest_results b JOIN strategies s ON s.id = b.strategy_id"
        " WHERE s.metadata->>'job' = $1",
        params);
    if (rows) {
        mt_reply_json(reply, 200,
                      json_pack("{s:s, s:s, s:i, s:O}", "job_id", request->part, "status",
                                "completed", "total_strategies", (int)json_array_size(rows),
                                "backtest_results", rows));
    }
    json_decref(rows);
}

void mt_jobs_cancel(struct mt_service *service, struct mt_request *request,
                    struct mt_reply *reply)
{
    struct job *job;

    (void)service;
    pthread_mutex_lock(&jobs.lock);
    job = jobs_find(request->part);
    if (job) {
        job->cancel = true;
        mt_reply_json(reply, 200,
                      json_pack("{s:s, s:s, s:s}", "job_id", job->id, "status", "CANCELLED",
                                "message", "Job cancelled"));
    } else {
        mt_reply_detail(reply, 404, "Job %s not found", request->part);
    }
    pthread_mutex_unlock(&jobs.lock);
}

/* One batch: strategies `first` to `last`, then their backtests. The job is only written under
 * the lock. */
static bool jobs_batch(struct mt_service *service, struct job *job, long first, long last)
{
    char from[24], to[24], why[200];
    json_t *now = mt_time_now(service);
    const char *params[] = {job->id, json_string_value(now), from, to, NULL};
    const char *tested[] = {job->id, json_string_value(now), NULL};
    json_t *made, *rows = NULL;

    snprintf(from, sizeof from, "%ld", first);
    snprintf(to, sizeof to, "%ld", last);
    made = mt_store_rows(service->store, jobs_generate, params, why, sizeof why);
    if (made) {
        rows = mt_store_rows(service->store, jobs_backtest, tested, why, sizeof why);
    }
    pthread_mutex_lock(&jobs.lock);
    if (rows) {
        const json_t *row = json_array_get(rows, 0);

        job->generated = last;
        job->backtested += (long)json_integer_value(json_object_get(row, "tested"));
        job->passed += (long)json_integer_value(json_object_get(row, "passed"));
    } else {
        snprintf(job->error, sizeof job->error, "%s", why);
    }
    pthread_mutex_unlock(&jobs.lock);
    json_decref(made);
    json_decref(now);
    json_decref(rows);
    return rows != NULL;
}

static void jobs_finish(struct mt_service *service, struct job *job)
{
    pthread_mutex_lock(&jobs.lock);
    job->completed = mt_now(service);
    job->status = job->error[0] ? "failed" : job->cancel ? "cancelled" : "completed";
    if (job->error[0]) {
        mt_log(service, "error", "Error in strategy generation cycle",
               json_pack("{s:s}", "error", job->error));
    } else {
        mt_log(service, "info", "Strategy generation cycle completed",
               json_pack("{s:I, s:I, s:I, s:f}", "generated", (json_int_t)job->generated,
                         "backtested", (json_int_t)job->backtested, "passed",
                         (json_int_t)job->passed, "duration_minutes",
                         (double)(job->completed - job->started) / 60));
    }
    pthread_mutex_unlock(&jobs.lock);
}

static void jobs_perform(struct mt_service *service, struct job *job)
{
    bool going = true;

    pthread_mutex_lock(&jobs.lock);
    job->status = "generating";
    job->started = mt_now(service);
    pthread_mutex_unlock(&jobs.lock);
    for (long first = 1; going && first <= job->total; first += JOBS_BATCH) {
        long last = first + JOBS_BATCH - 1;

        going = jobs_batch(service, job, first, last < job->total ? last : job->total);
        pthread_mutex_lock(&jobs.lock);
        going = going && !job->cancel && !jobs.ending;
        pthread_mutex_unlock(&jobs.lock);
        usleep(50000);
    }
    jobs_finish(service, job);
}

/* What earlier nights did stands in the database; the log says it as the run itself would have.
 */
static bool jobs_recall(struct mt_service *service)
{
    char why[200];
    json_t *row;
    size_t i;
    json_t *nights = mt_store_rows(
        service->store,
        "SELECT s.metadata->>'night' AS night, count(*) AS generated, count(b.id) AS "
        "backtested,"
        " count(*) FILTER (WHERE (b.metrics->>'sharpe_ratio')::numeric >= 1) AS passed,"
        " round(extract(epoch FROM max(b.created_at) - min(s.created_at)) / 60, 1) AS"
        " duration_minutes, to_char(max(b.created_at) AT TIME ZONE 'UTC',"
        " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS timestamp FROM strategies s"
        " LEFT JOIN backtest_results b ON b.strategy_id = s.id"
        " WHERE s.metadata ? 'night' GROUP BY 1 ORDER BY 1",
        NULL, why, sizeof why);

    json_array_foreach (nights, i, row) {
        mt_log(service, "info", "Strategy generation cycle completed", json_incref(row));
    }
    json_decref(nights);
    return nights != NULL;
}

/* Waits for the next job; NULL when the service ends. */
static struct job *jobs_next(void)
{
    struct job *job = NULL;

    pthread_mutex_lock(&jobs.lock);
    while (jobs.done == jobs.made && !jobs.ending) {
        pthread_cond_wait(&jobs.wake, &jobs.lock);
    }
    if (!jobs.ending) {
        job = &jobs.list[jobs.done % JOBS_MAX];
    }
    pthread_mutex_unlock(&jobs.lock);
    return job;
}

static bool jobs_ending(void)
{
    bool ending;

    pthread_mutex_lock(&jobs.lock);
    ending = jobs.ending;
    pthread_mutex_unlock(&jobs.lock);
    return ending;
}

static void *jobs_main(void *data)
{
    struct mt_service *service = data;
    struct job *job;

    while (!jobs_ending() && !jobs_recall(service)) {
        usleep(500000);
    }
    while ((job = jobs_next()) != NULL) {
        jobs_perform(service, job);
        pthread_mutex_lock(&jobs.lock);
        jobs.done++;
        pthread_mutex_unlock(&jobs.lock);
    }
    return NULL;
}

int mt_jobs_start(struct mt_service *service)
{
    return pthread_create(&jobs.thread, NULL, jobs_main, service);
}

void mt_jobs_stop(void)
{
    pthread_mutex_lock(&jobs.lock);
    jobs.ending = true;
    pthread_cond_signal(&jobs.wake);
    pthread_mutex_unlock(&jobs.lock);
    pthread_join(jobs.thread, NULL);
}
