/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* meter.c: counters, gauges and the histogram of request durations, in the text form that
 * Prometheus reads. */
#include "base/prefix.h"

#include "mt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METER_SERIES_MAX = 64, METER_BUCKETS = 10 };

static const double meter_limits[METER_BUCKETS] = {0.005, 0.01, 0.025, 0.05, 0.1,
                                                   0.2,   0.5,  1.0,   2.5,  5.0};

struct meter_series {
    char name[96];
    double value;
};

struct mt_meter {
    pthread_mutex_t lock;
    const char *service;
    struct meter_series series[METER_SERIES_MAX];
    size_t count;
    unsigned long buckets[METER_BUCKETS];
    unsigned long requests;
    double seconds;
};

struct mt_meter *mt_meter_new(const char *service)
{
    struct mt_meter *meter = calloc(1, sizeof *meter);

    if (!meter) {
        abort();
    }
    meter->service = service;
    pthread_mutex_init(&meter->lock, NULL);
    mt_meter_add(meter, "service_up", 1);
    mt_meter_add(meter, "service_start_time_seconds", (double)time(NULL));
    return meter;
}

void mt_meter_free(struct mt_meter *meter)
{
    if (meter) {
        pthread_mutex_destroy(&meter->lock);
        free(meter);
    }
}

static struct meter_series *meter_find(struct mt_meter *meter, const char *name)
{
    for (size_t i = 0; i < meter->count; i++) {
        if (strcmp(meter->series[i].name, name) == 0) {
            return &meter->series[i];
        }
    }
    if (meter->count == METER_SERIES_MAX) {
        return NULL;
    }
    snprintf(meter->series[meter->count].name, sizeof meter->series[0].name, "%s", name);
    return &meter->series[meter->count++];
}

static bool meter_counts(const char *name)
{
    size_t len = strcspn(name, "{");

    return len > 6 && strncmp(name + len - 6, "_total", 6) == 0;
}

void mt_meter_add(struct mt_meter *meter, const char *name, double amount)
{
    struct meter_series *series;

    pthread_mutex_lock(&meter->lock);
    series = meter_find(meter, name);
    if (series) {
        series->value = meter_counts(name) ? series->value + amount : amount;
    }
    pthread_mutex_unlock(&meter->lock);
}

void mt_meter_request(struct mt_meter *meter, const char *method, unsigned status,
                      double seconds)
{
    char name[96];

    snprintf(name, sizeof name, "http_requests_total{method=\"%.8s\",status=\"%u\"}", method,
             status);
    mt_meter_add(meter, name, 1);
    pthread_mutex_lock(&meter->lock);
    for (int i = 0; i < METER_BUCKETS; i++) {
        meter->buckets[i] += seconds <= meter_limits[i];
    }
    meter->requests++;
    meter->seconds += seconds;
    pthread_mutex_unlock(&meter->lock);
}

static void meter_series_write(const struct mt_meter *meter, const struct meter_series *series,
                               FILE *out)
{
    const char *labels = strchr(series->name, '{');
    int len = (int)strcspn(series->name, "{");

    if (labels) {
        fprintf(out, "%.*s{service=\"%s\",%s %.17g\n", len, series->name, meter->service,
                labels + 1, series->value);
    } else {
        fprintf(out, "%s{service=\"%s\"} %.17g\n", series->name, meter->service, series->value);
    }
}

char *mt_meter_text(struct mt_meter *meter)
{
    static const char duration[] = "http_request_duration_seconds";
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out) {
        return NULL;
    }
    pthread_mutex_lock(&meter->lock);
    for (size_t i = 0; i < meter->count; i++) {
        meter_series_write(meter, &meter->series[i], out);
    }
    fprintf(out, "# TYPE %s histogram\n", duration);
    for (int i = 0; i < METER_BUCKETS; i++) {
        fprintf(out, "%s_bucket{service=\"%s\",le=\"%g\"} %lu\n", duration, meter->service,
                meter_limits[i], meter->buckets[i]);
    }
    fprintf(out, "%s_bucket{service=\"%s\",le=\"+Inf\"} %lu\n", duration, meter->service,
            meter->requests);
    fprintf(out, "%s_sum{service=\"%s\"} %.9f\n", duration, meter->service, meter->seconds);
    fprintf(out, "%s_count{service=\"%s\"} %lu\n", duration, meter->service, meter->requests);
    pthread_mutex_unlock(&meter->lock);
    fclose(out);
    return text;
}
