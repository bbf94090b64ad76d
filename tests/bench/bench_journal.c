/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* bench_journal.c: what journaling a change costs, in raw append + fdatasync pairs of this
 * disk. */
#include "base/prefix.h"

#include "journal/journal.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <unistd.h>

#define BENCH_BLOCKS 8 /* others use the disk too: the quietest part counts */
#define BENCH_ROUNDS 50
#define BENCH_LIMIT 3.0 /* pairs for the intent and the outcome of one change */
#define OBSERVES_LIMIT 10.0

static int64_t bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int bench_compare(const void *a, const void *b)
{
    const int64_t *one = a, *other = b;

    return *one < *other ? -1 : *one > *other;
}

static double bench_median(int64_t *times, size_t count)
{
    qsort(times, count, sizeof(*times), bench_compare);
    return (double)times[count / 2] / 1000.0;
}

static struct bl_value *bench_call(int n)
{
    struct bl_value *data = bl_map_new(), *args = bl_map_new();

    bl_map_set(args, "command", bl_value_text("CONFIG SET maxmemory 2147483648"));
    bl_map_set(data, "n", bl_value_int(n));
    bl_map_set(data, "operation", bl_value_text("redis.command"));
    bl_map_set(data, "target", bl_value_text("redis.cache"));
    bl_map_set(data, "class", bl_value_text("change"));
    bl_map_set(data, "summary", bl_value_text("CONFIG SET maxmemory 2147483648"));
    bl_map_set(data, "detail",
               bl_value_text("CONFIG SET maxmemory 2147483648\non redis.cache"));
    bl_map_set(data, "args", args);
    bl_map_set(data, "step", bl_value_text("Raise the limit"));
    bl_map_set(data, "file", bl_value_text("troubleshooting/redis_memory.lua"));
    bl_map_set(data, "line", bl_value_int(31));
    return data;
}

static struct bl_value *bench_outcome(int n)
{
    struct bl_value *data = bl_map_new();

    bl_map_set(data, "n", bl_value_int(n));
    bl_map_set(data, "status", bl_value_text("answered"));
    bl_map_set(data, "value", bl_value_text("OK"));
    bl_map_set(data, "millis", bl_value_int(3));
    return data;
}

static void bench_flush(struct bl_journal *journal)
{
    struct bl_error err = {0};

    if (bl_journal_flush(journal, &err) != BL_OK)
        BL_BUG("%s", err.message);
}

static int64_t bench_raw(int fd)
{
    char record[500];
    int64_t start = bench_now();

    memset(record, 'x', sizeof(record));
    if (write(fd, record, sizeof(record)) != (ssize_t)sizeof(record) || fdatasync(fd) != 0)
        BL_BUG("cannot write");
    return bench_now() - start;
}

static int64_t bench_change(struct bl_journal *journal, int n)
{
    int64_t start = bench_now();

    bl_journal_append(journal, "intent", bench_call(n));
    bench_flush(journal);
    bl_journal_append(journal, "outcome", bench_outcome(n));
    bench_flush(journal);
    return bench_now() - start;
}

static int64_t bench_observes(struct bl_journal *journal)
{
    int64_t start = bench_now();

    for (int i = 0; i < 64; i++)
        bl_journal_append(journal, "observe", bench_call(i));
    bench_flush(journal);
    return bench_now() - start;
}

struct bench_result {
    double pair, change, observes; /* medians, microseconds */
};

static struct bench_result bench_block(struct bl_journal *journal, int fd)
{
    int64_t raw[BENCH_ROUNDS], change[BENCH_ROUNDS], observes[BENCH_ROUNDS / 5];
    struct bench_result result;

    for (int i = 0; i < BENCH_ROUNDS; i++) { /* interleaved: all meet the same disk */
        raw[i] = bench_raw(fd);
        change[i] = bench_change(journal, i);
        if (i % 5 == 0)
            observes[i / 5] = bench_observes(journal);
    }
    result.pair = bench_median(raw, BENCH_ROUNDS);
    result.change = bench_median(change, BENCH_ROUNDS);
    result.observes = bench_median(observes, BENCH_ROUNDS / 5);
    return result;
}

static bool bench_print(const struct bench_result results[BENCH_BLOCKS])
{
    double lowest = 1e9, least = 1e9;

    puts("append + fdatasync   journal of one change   journal of 64 observes");
    for (int i = 0; i < BENCH_BLOCKS; i++) {
        const struct bench_result *block = &results[i];
        double ratio = block->change / block->pair;
        printf("%15.1f us   %8.1f us %5.2f pairs   %8.1f us %5.2f pairs\n", block->pair,
               block->change, ratio, block->observes, block->observes / block->pair);
        lowest = ratio < lowest ? ratio : lowest;
        least = block->observes / block->pair < least ? block->observes / block->pair : least;
    }
    printf("journal of one change: %.2f pairs in the quietest block, limit %.1f\n", lowest,
           BENCH_LIMIT);
    printf("journal of 64 observes: %.2f pairs in the quietest block, limit %.1f\n", least,
           OBSERVES_LIMIT);
    return lowest <= BENCH_LIMIT && least <= OBSERVES_LIMIT;
}

int main(void)
{
    struct bench_result results[BENCH_BLOCKS];
    struct bl_clock clock = {0};
    struct bl_value *info = bl_map_new();
    struct bl_state state;
    struct bl_journal_options options = {.state = &state, .clock = &clock, .info = info};
    struct bl_journal *journal;
    struct bl_error err = {0};
    char path[PATH_MAX];
    void *folder;
    int fd;

    if (scratch_setup(&folder) != 0 || bl_state_open(folder, true, &state, &err) != BL_OK ||
        bl_journal_create(&options, &journal, &err) != BL_OK)
        BL_BUG("cannot start: %s", err.message);
    snprintf(path, sizeof(path), "%s/raw", (char *)folder);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bench_flush(journal);
    for (int i = 0; i < BENCH_BLOCKS; i++)
        results[i] = bench_block(journal, fd);
    close(fd);
    if (bl_journal_close(journal, &err) != BL_OK)
        BL_BUG("%s", err.message);
    bl_value_unref(info);
    scratch_teardown(&folder);
    return bench_print(results) ? 0 : 1;
}
