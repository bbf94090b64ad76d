/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* suite.c: the fault suite. Usage: fault_suite BELAY LIBRARY
 * uncut|kill|again|stop|postgres|redis|rabbit [FIRST [LAST]] */
#include "base/prefix.h"

#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUITE_LANES 2 /* at most */
/* Where a run that was cut off at a point is cut off once more: spread, past its beginning. */
#define SUITE_AGAIN(at) (40 + (at)*37 % 360)
#define SUITE_POINTS 5000 /* more than a run has */

/* One thing that is killed at points, and how many of those there are. */
struct suite_plan {
    const char *name;
    enum fault_mode mode;
    int signal;
    /* of points of that kind every so manieth is taken; 0: none */
    int journal_syncs, journal_writes, sockets,
        files; /* sockets: of the victim, when it is one */
    int least; /* fewer points are a failure of the suite */
    int lanes; /* that share RabbitMQ: one when that is killed */
};

static const struct suite_plan suite_plans[] = {
    {"uncut", FAULT_KILL, SIGKILL, 0, 0, 0, 0, 0, 2},
    {"kill", FAULT_KILL, SIGKILL, 1, 5, 1, 4, 300, 2},
    {"again", FAULT_KILL, SIGKILL, 4, 20, 4, 0, 80, 2},
    {"stop", FAULT_STOP, SIGTERM, 2, 16, 2, 8, 150, 2},
    {"postgres", FAULT_SERVER, SIGKILL, 0, 0, 3, 0, 15, 2},
    {"redis", FAULT_SERVER, SIGKILL, 0, 0, 1, 0, 20, 2},
    {"rabbit", FAULT_SERVER, SIGKILL, 0, 0, 5, 0, 5, 1},
};

struct suite {
    const struct suite_plan *plan;
    const char *belay, *library;
    long first, last;
    struct test_server rabbit;
    struct test_engine engine;
    bool has_engine;
    char folder[40]; /* of all lanes */
    struct fault_result *result;
};

/* Every how manieth point of this kind is taken. */
static int suite_step(const struct suite_plan *plan, const char *kind, const char *what)
{
    if (strcmp(kind, "socket") == 0)
        return plan->sockets;
    if (strcmp(kind, "journal") == 0)
        return strcmp(what, "sync") == 0 ? plan->journal_syncs : plan->journal_writes;
    return strcmp(what, "write") == 0 || plan->files == 0 ? plan->files : 1;
}

/* Reads the points of an uncut run, and marks those that are taken. */
static long suite_choose(const struct suite *suite, struct fault_lane *lane, bool *chosen)
{
    FILE *file = fopen(fault_lane_path(lane, "points"), "re");
    int seen[4] = {0}; /* by kind, so that the spread is even */
    char kind[16], when[16], what[16];
    long number, count = 0;

    if (file == NULL)
        BL_BUG("fault: the preloaded library has seen nothing");
    while (fscanf(file, "%ld %15s %15s %15s %*d", &number, kind, when, what) == 4) {
        int step = suite_step(suite->plan, kind, what);
        int *at = &seen[(kind[0] == 's') + (strcmp(what, "sync") == 0 ? 2 : 0)];
        if (number < 1 || number >= SUITE_POINTS)
            continue;
        count = number > count ? number : count;
        chosen[number] = suite->first > 0 ? number >= suite->first && number <= suite->last
                                          : step > 0 && (*at)++ % step == 0;
    }
    fclose(file);
    return count;
}

static void suite_victim(const struct suite *suite, struct fault_lane *lane)
{
    const char *name = suite->plan->name;

    if (suite->plan->mode != FAULT_SERVER)
        return;
    lane->victim = strcmp(name, "postgres") == 0 ? &lane->postgres
                   : strcmp(name, "redis") == 0  ? &lane->redis
                                                 : lane->rabbit;
}

/* In a lane's own process. */
static int suite_lane(struct suite *suite, int number)
{
    static bool chosen[SUITE_POINTS];
    struct fault_lane lane = {.number = number,
                              .belay = suite->belay,
                              .library = suite->library,
                              .environment = number % 2 == 1 ? "free" : "asked",
                              .rabbit = &suite->rabbit,
                              .engine = suite->has_engine ? &suite->engine : NULL};
    bool is_well;
    long count = 0;

    snprintf(lane.folder, sizeof(lane.folder), "%s/%d", suite->folder, number);
    fault_lane_open(&lane);
    suite_victim(suite, &lane);
    is_well = fault_uncut(&lane);
    if (is_well)
        count = suite_choose(suite, &lane, chosen);
    for (long at = 1, taken = 0; at <= count; at++)
        if (chosen[at] && taken++ % suite->plan->lanes == number - 1) {
            struct fault_cut cut = {.point = at, .signal = suite->plan->signal};
            if (strcmp(suite->plan->name, "again") == 0)
                cut.again = SUITE_AGAIN(at);
            cut.whom = lane.victim == NULL ? 0 : -(long)lane.victim->pid;
            fault_point(&lane, suite->plan->mode, &cut, suite->result);
        }
    fault_lane_close(&lane);
    return is_well ? 0 : 1;
}

static int suite_lanes(struct suite *suite)
{
    pid_t pids[SUITE_LANES];
    int status, failed = 0;

    for (int number = 1; number <= suite->plan->lanes; number++) {
        fflush(stdout);
        pids[number - 1] = fork();
        if (pids[number - 1] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            exit(suite_lane(suite, number));
        }
    }
    for (int i = 0; i < suite->plan->lanes; i++)
        failed += waitpid(pids[i], &status, 0) != pids[i] || status != 0;
    return failed;
}

static int suite_end(const struct suite *suite, int failed)
{
    const struct fault_result *sum = suite->result;
    const struct suite_plan *plan = suite->plan;

    printf(
        "%s: %d kill points, %d failures; %d of them before the run had begun, %d with a run "
        "that ended well all the same, %d taken up again, %d of these killed once more\n",
        plan->name, sum->points, sum->failures + failed, sum->before, sum->finished,
        sum->resumed, sum->again);
    printf(
        "%s: %d changes were in doubt, each is resolved in its journal; %d runs ended in doubt "
        "and named the change; %d answers in a terminal, %d from elsewhere; %d points were "
        "not reached\n",
        plan->name, sum->intents, sum->doubts, sum->by_terminal, sum->by_inbox, sum->beyond);
    if (suite->first == 0 && sum->points < plan->least) {
        printf("FAIL at least %d points are wanted\n", plan->least);
        failed++;
    }
    return failed + sum->failures > 0 ? 1 : 0;
}

static bool suite_read(struct suite *suite, int argc, char **argv)
{
    if (argc < 4)
        return false;
    suite->belay = argv[1];
    suite->library = argv[2];
    for (size_t i = 0; i < BL_COUNT(suite_plans); i++)
        if (strcmp(argv[3], suite_plans[i].name) == 0)
            suite->plan = &suite_plans[i];
    suite->first = argc > 4 ? strtol(argv[4], NULL, 10) : 0;
    suite->last = argc > 5 ? strtol(argv[5], NULL, 10) : suite->first;
    return suite->plan != NULL;
}

int main(int argc, char **argv)
{
    struct suite suite = {0};
    char why[400];
    int failed;

    if (!suite_read(&suite, argc, argv)) {
        fprintf(stderr,
                "usage: fault_suite BELAY LIBRARY uncut|kill|again|stop|postgres|redis|rabbit "
                "[FIRST [LAST]]\n");
        return 2;
    }
    suite.result = mmap(NULL, sizeof(*suite.result), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (suite.result == MAP_FAILED)
        BL_BUG("fault: mmap: %s", strerror(errno));
    suite.has_engine = test_engine_start(&suite.engine, why, sizeof(why));
    if (!suite.has_engine)
        printf("skipped: the container; a command marks the file instead: %s\n", why);
    test_rabbit_start(&suite.rabbit, NULL);
    snprintf(suite.folder, sizeof(suite.folder), "/tmp/belay-fault-XXXXXX");
    if (mkdtemp(suite.folder) == NULL)
        BL_BUG("fault: mkdtemp: %s", strerror(errno));
    failed = suite_lanes(&suite);
    fault_remove(suite.folder);
    test_server_stop(&suite.rabbit);
    if (suite.has_engine)
        test_engine_stop(&suite.engine);
    return suite_end(&suite, failed);
}
