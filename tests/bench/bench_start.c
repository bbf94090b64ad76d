/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* bench_start.c: how long `belay list` takes and how much memory, against `lua5.4 -e ''` in the
 * same minute. */
#include "base/prefix.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 101
#define RATIO_MAX 8.0
#define MEMORY_MAX_KIB 16384

static double start_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Runs a program to its end without output; its time in milliseconds, its peak memory in KiB.
 */
static double start_once(const char *const argv[], long *peak)
{
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    double began = start_seconds();
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) !=
            0 ||
        wait4(pid, &status, 0, &usage) != pid || status != 0) {
        fprintf(stderr, "bench: %s does not run\n", argv[0]);
        exit(1);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (peak != NULL && usage.ru_maxrss > *peak)
        *peak = usage.ru_maxrss;
    return (start_seconds() - began) * 1000;
}

static int start_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    const char *list[] = {argv[1], "list", "--project", argv[2], NULL};
    const char *lua[] = {"lua5.4", "-e", "", NULL};
    double ours[ROUNDS], theirs[ROUNDS];
    long peak = 0;

    if (argc != 3) {
        fputs("usage: bench_start BELAY PROJECT\n", stderr);
        return 2;
    }
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = start_once(list, &peak);
        theirs[i] = start_once(lua, NULL);
    }
    qsort(ours, ROUNDS, sizeof(double), start_compare);
    qsort(theirs, ROUNDS, sizeof(double), start_compare);
    printf("belay list: %.2f ms, lua5.4 -e '': %.2f ms (medians of %d): %.1f x, limit %.0f x\n",
           ours[ROUNDS / 2], theirs[ROUNDS / 2], ROUNDS, ours[ROUNDS / 2] / theirs[ROUNDS / 2],
           RATIO_MAX);
    printf("belay list: %.1f MiB at its peak, limit %d MiB\n", (double)peak / 1024,
           MEMORY_MAX_KIB / 1024);
    return ours[ROUNDS / 2] / theirs[ROUNDS / 2] > RATIO_MAX || peak > MEMORY_MAX_KIB;
}
