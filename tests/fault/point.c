/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* point.c: one point: a run is cut off there, taken up again until it ends, and the systems are
 * compared. */
#include "base/prefix.h"

#include "fault.h"

#include <signal.h>

#define POINT_TRIES 20   /* how often one run is taken up again at most */
#define POINT_SHOWN 1500 /* of each command's output, in bytes */
#define POINT_FULL 5     /* failures that are told in full */

struct point {
    struct fault_lane *lane;
    enum fault_mode mode;
    const struct fault_cut *cut;
    struct fault_result *result;
    struct fault_end first, last; /* the run; the command after it */
    char run[64];
    bool in_terminal; /* doubts are answered in a terminal, else from elsewhere */
};

static void point_show(const char *which, const struct fault_end *end)
{
    const char *output = bl_buf_text(&end->output);

    printf("  %s ended with %d and said, at its end:\n%s\n", which, end->status,
           output + (end->output.len > POINT_SHOWN ? end->output.len - POINT_SHOWN : 0));
}

static bool point_wrong(const struct point *point, const char *what, const char *more)
{
    if (point->result->shown++ >= POINT_FULL) {
        printf("FAIL point %ld (%s): %s\n%s", point->cut->point, point->first.where, what,
               more);
        return false;
    }
    printf("FAIL point %ld (%s) of a run%s: %s\n%s", point->cut->point, point->first.where,
           point->in_terminal ? ", answered in a terminal" : "", what, more);
    point_show("the run", &point->first);
    if (point->last.status >= 0 || point->last.output.len > 0)
        point_show("the last command", &point->last);
    fflush(stdout);
    return false;
}

static bool point_compare(const struct point *point, int times)
{
    struct bl_buf differences;
    bool is_same;

    bl_buf_init(&differences, 0);
    fault_settle(point->lane);
    fault_compare(point->lane, times, &differences);
    is_same = differences.len == 0;
    if (!is_same)
        point_wrong(point, "the systems do not hold what they should",
                    bl_buf_text(&differences));
    bl_buf_release(&differences);
    return is_same;
}

static void point_forget(struct point *point)
{
    fault_end_release(&point->last);
    fault_end_init(&point->last);
}

static void point_verb(struct point *point, const char *verb, const char *const *more)
{
    point_forget(point);
    fault_verb(point->lane, verb, point->run, more, &point->last);
}

/* The number of the question that was opened last, from the run's own log. */
static bool point_gate(struct point *point, char *out, size_t size)
{
    const char *found = NULL;

    point_verb(point, "log", (const char *const[]){"--kind", "gate_opened", "--full", NULL});
    for (const char *at = bl_buf_text(&point->last.output);
         (at = strstr(at, "\"gate\": ")) != NULL; at++)
        found = at + strlen("\"gate\": ");
    if (found == NULL)
        return false;
    snprintf(out, size, "%.*s", (int)strspn(found, "0123456789"), found);
    return true;
}

/* Somebody who knows answers from elsewhere. */
static bool point_approve(struct point *point, const char *answer)
{
    char gate[24];

    if (!point_gate(point, gate, sizeof(gate)))
        return point_wrong(point, "the run in doubt has no open question", "");
    point_verb(point, "approve", (const char *const[]){gate, "--answer", answer, NULL});
    if (point->last.status != 0)
        return point_wrong(point, "approve was refused", "");
    point->result->by_inbox++;
    return true;
}

/* The engine says that the run is in doubt; it has to name the change. */
static bool point_doubt(struct point *point)
{
    const char *output = bl_buf_text(&point->last.output), *answer;

    if (strstr(output, "doubt") == NULL || fault_named(output) == NULL)
        return point_wrong(point, "it is in doubt, and does not name the change", "");
    point->result->doubts++;
    if (point->in_terminal)
        return true; /* the next start asks there */
    answer = fault_answer(point->lane, output);
    if (answer == NULL)
        return point_wrong(point, "a doubt about a change that has happened twice", "");
    return point_approve(point, answer);
}

/* Takes the run up until it has ended well: with nobody there, and once that has ended in doubt
 * with somebody. */
static bool point_resume(struct point *point)
{
    bool is_asked = false;

    for (int i = 0; i < POINT_TRIES; i++) {
        fault_settle(point->lane);
        if (is_asked && point->in_terminal) {
            point_forget(point);
            fault_resume_in_terminal(point->lane, point->run, &point->last);
            point->result->by_terminal++;
        } else {
            point_verb(point, "resume", NULL);
        }
        if (point->last.status == 0)
            return true;
        is_asked = point->last.status == 7;
        if (!is_asked)
            return point_wrong(point, "the run cannot be taken up again", "");
        if (!point_doubt(point))
            return false;
    }
    return point_wrong(point, "the run does not come to its end", "");
}

/* The journal of the run is whole. */
static bool point_verify(struct point *point)
{
    point_verb(point, "verify", NULL);
    return point->last.status == 0 || point_wrong(point, "its journal is not sound", "");
}

/* How the run has to end that was cut off. */
static bool point_ended_as_cut(const struct point *point)
{
    const struct fault_end *end = &point->first;

    switch (point->mode) {
    case FAULT_KILL:
        return end->signaled && end->status == 128 + SIGKILL;
    case FAULT_STOP:
        return end->status == 128 + SIGTERM;
    default:
        return !end->signaled && end->status >= 0 && end->status <= 7 && end->status != 2;
    }
}

/* Nothing has begun: no change was sent, and the procedure can be run. */
static bool point_begin(struct point *point)
{
    static const struct fault_cut nowhere = {.point = -1};

    point->result->before++;
    if (!point_compare(point, 0))
        return false;
    point_forget(point);
    fault_run(point->lane, &nowhere, &point->last);
    if (point->last.status != 0)
        return point_wrong(point, "a run after it does not end well", "");
    return point_compare(point, 1);
}

static bool point_continue(struct point *point)
{
    if (!point_ended_as_cut(point))
        return point_wrong(point, "the run has not ended as it should", "");
    if (!fault_run_begun(point->lane, point->run, sizeof(point->run)))
        return point_begin(point);
    if (point->first.status == 0)
        point->result->finished++;
    else
        point->result->resumed++;
    return (point->first.status == 0 || point_resume(point)) && point_compare(point, 1) &&
           point_verify(point);
}

void fault_point(struct fault_lane *lane, enum fault_mode mode, const struct fault_cut *cut,
                 struct fault_result *result)
{
    struct point point = {.lane = lane,
                          .mode = mode,
                          .cut = cut,
                          .result = result,
                          .in_terminal = cut->point / 2 % 2 == 0};

    fault_end_init(&point.first);
    fault_end_init(&point.last);
    fault_reset(lane);
    fault_run(lane, cut, &point.first);
    if (mode == FAULT_SERVER && point.first.reached)
        fault_lane_revive(lane);
    if (!point.first.reached) {
        result->beyond++;
        if (point.first.status != 0) {
            point_wrong(&point, "a run that was not cut off does not end well", "");
            result->failures++;
        }
    } else {
        result->points++;
        result->failures += !point_continue(&point);
    }
    fault_end_release(&point.first);
    fault_end_release(&point.last);
}

bool fault_uncut(struct fault_lane *lane)
{
    static const struct fault_cut nowhere = {.point = 0};
    struct fault_result result = {0};
    struct point point = {.lane = lane, .cut = &nowhere, .result = &result};
    bool is_well;

    fault_end_init(&point.first);
    fault_end_init(&point.last);
    fault_reset(lane);
    fault_run(lane, &nowhere, &point.first);
    is_well = (point.first.status == 0 ||
               point_wrong(&point, "a run that is not cut off does not end well", "")) &&
              point_compare(&point, 1) && fault_run_begun(lane, point.run, sizeof(point.run)) &&
              point_verify(&point);
    fault_end_release(&point.first);
    fault_end_release(&point.last);
    return is_well;
}
