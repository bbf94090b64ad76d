/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* bench_guard.c: what it costs to classify a statement of 1 kB whose names are known: once
 * more, and with a text that was never seen. */
#include "base/prefix.h"

#include "guard/catalogue.h"

#define BENCH_BLOCKS 9
#define BENCH_ROUNDS 200
#define BENCH_LIMIT_US 50.0

static const char statement[] =
    "SELECT s.id, s.name, s.status, count(t.id) AS trades, sum(t.profit) AS profit, "
    "max(t.closed_at) AS last_trade, avg(extract(epoch FROM t.closed_at - t.opened_at)) AS "
    "seconds, "
    "coalesce(sum(CASE WHEN t.profit > 0 THEN 1 ELSE 0 END), 0) AS wins, round(100.0 * "
    "sum(CASE "
    "WHEN t.profit > 0 THEN 1 ELSE 0 END) / nullif(count(t.id), 0), 2) AS win_rate FROM "
    "strategies "
    "s LEFT JOIN trades t ON t.strategy_id = s.id AND t.closed_at > now() - interval '24 "
    "hours' "
    "LEFT JOIN backtests b ON b.strategy_id = s.id AND b.finished_at = (SELECT "
    "max(x.finished_at) "
    "FROM backtests x WHERE x.strategy_id = s.id) WHERE s.status IN ('active', 'paused') AND "
    "s.created_at < now() - interval '7 days' AND NOT EXISTS (SELECT 1 FROM alerts a WHERE "
    "a.strategy_id = s.id AND a.level = 'critical' AND a.resolved_at IS NULL) GROUP BY s.id, "
    "s.name, s.status HAVING count(t.id) > 5 OR sum(t.profit) < 0 ORDER BY profit DESC NULLS "
    "LAST, "
    "s.name LIMIT 50 /* who earns, who does not, and since when: the list of the morning */";

static double bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Learns every name of the statement as harmless, as a server without surprises would say. */
static void bench_learn(struct bl_catalogue *catalogue)
{
    struct bl_value *names = NULL, *rows = bl_list_new();
    struct bl_sql sql;

    while (!bl_catalogue_judge(catalogue, statement, strlen(statement), &sql, &names)) {
        bl_catalogue_learn(catalogue, names, rows);
        bl_value_unref(names);
    }
    bl_value_unref(rows);
    if (sql.class != BL_CLASS_OBSERVE) {
        fprintf(stderr, "bench: the statement is no observe: %s\n", sql.why);
        exit(1);
    }
}

/* The quietest block: microseconds for one statement. is_new: its text differs each time. */
static double bench_classify(struct bl_catalogue *catalogue, bool is_new)
{
    double best = 1e9;
    char text[1200];
    int number = 0;

    for (int block = 0; block < BENCH_BLOCKS; block++) {
        double began = bench_now(), took;
        for (int i = 0; i < BENCH_ROUNDS; i++) {
            struct bl_value *names = NULL;
            struct bl_sql sql;
            snprintf(text, sizeof(text), "%s -- %d", statement, is_new ? number++ : 0);
            if (!bl_catalogue_judge(catalogue, text, strlen(text), &sql, &names))
                exit(1);
        }
        took = (bench_now() - began) / BENCH_ROUNDS;
        best = took < best ? took : best;
    }
    return best;
}

int main(void)
{
    struct bl_catalogue *catalogue = bl_catalogue_new(NULL);
    double again, fresh;

    bench_learn(catalogue);
    again = bench_classify(catalogue, false);
    fresh = bench_classify(catalogue, true);
    printf(
        "classify %zu bytes of SQL, names known: %.1f us again, %.1f us for a new text, limit "
        "%.0f us\n",
        strlen(statement), again, fresh, BENCH_LIMIT_US);
    bl_catalogue_free(catalogue);
    return again > BENCH_LIMIT_US;
}
