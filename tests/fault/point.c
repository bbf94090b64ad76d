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
    bool from_elsewhere; /* doubts are answered so, else in the terminal */
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
    printf("FAIL point %ld (%s), then %ld of a run%s: %s\n%s", point->cut->point,
           point->first.where, point->cut->again,
           point->from_elsewhere ? ", answered from elsewhere" : "", what, more);
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
    fault_settle(point->lane, false);
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

/* The engine says that the run is in doubt; it has to name the change. */
static bool point_doubt(struct point *point)
{
    const char *said = strstr(bl_buf_text(&point->last.output), "Was this done?");

    point->result->doubts++;
    return (said != NULL && fault_named(said) != NULL) ||
           point_wrong(point, "it is in doubt, and does not name the change", "");
}

/* Takes it up with somebody there who knows what the systems hold. */
static void point_answer(struct point *point)
{
    int answered;

    point_forget(point);
    answered =
        fault_resume_answered(point->lane, point->run, point->from_elsewhere, &point->last);
    *(point->from_elsewhere ? &point->result->by_inbox : &point->result->by_terminal) +=
        answered;
}

/* Takes it up with nobody there. */
static void point_take_up(struct point *point, const struct fault_cut *cut)
{
    point_forget(point);
    fault_resume(point->lane, point->run, cut, &point->last);
}

/* Takes it up and kills it once more in that. Where it ends before, that is an end like others.
 */
static bool point_cut_again(struct point *point)
{
    struct fault_cut cut = {.point = point->cut->again, .signal = SIGKILL};

    fault_settle(point->lane, false);
    point_take_up(point, &cut);
    point->result->again += point->last.reached;
    if (point->last.reached && point->last.status != 128 + SIGKILL)
        return point_wrong(point, "the run that was taken up was not killed", "");
    return point->last.reached || point->last.status == 0 || point->last.status == 7 ||
           point_wrong(point, "the run cannot be taken up again", "");
}

/* Takes the run up until it has ended well: with nobody there, and when that has ended in doubt
 * with somebody. */
static bool point_resume(struct point *point)
{
    for (int i = 0; i < POINT_TRIES; i++) {
        bool is_doubt = point->last.status == 7;
        fault_settle(point->lane, false);
        if (is_doubt)
            point_answer(point);
        else
            point_take_up(point, NULL);
        if (point->last.status == 0)
            return true;
        if (point->last.status != 7 || is_doubt)
            return point_wrong(point, "the run cannot be taken up again", "");
        if (!point_doubt(point))
            return false;
    }
    return point_wrong(point, "the run does not come to its end", "");
}

/* The journal of the run is whole, and says what became of everything that was sent. */
static bool point_verify(struct point *point)
{
    struct bl_buf missing;
    bool is_explained;
    int doubts;

    point_verb(point, "verify", NULL);
    if (point->last.status != 0)
        return point_wrong(point, "its journal is not sound", "");
    bl_buf_init(&missing, 0);
    is_explained = fault_run_explained(point->lane, point->run, &doubts, &missing);
    if (!is_explained)
        point_wrong(point, "its journal leaves a change in doubt", bl_buf_text(&missing));
    bl_buf_release(&missing);
    point->result->intents += doubts;
    return is_explained;
}

/* How a run has to end that was cut off; one that had ended already ends as it likes. */
static bool point_ended_as_cut(const struct point *point, bool has_ended)
{
    const struct fault_end *end = &point->first;

    if (has_ended && point->mode == FAULT_STOP)
        return end->status == 0 || end->status == 128 + SIGTERM;
    switch (point->mode) {
    case FAULT_KILL:
        return end->signaled && end->status == 128 + SIGKILL;
    case FAULT_STOP:
        return end->status == 128 + SIGTERM && !end->signaled;
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
    bool has_begun = fault_run_begun(point->lane, point->run, sizeof(point->run));
    bool has_ended = has_begun && fault_run_ended(point->lane, point->run);

    if (!point_ended_as_cut(point, has_ended))
        return point_wrong(point, "the run has not ended as it should", "");
    if (!has_begun)
        return point_begin(point);
    *(has_ended ? &point->result->finished : &point->result->resumed) += 1;
    if (!has_ended && point->cut->again > 0) {
        if (!point_cut_again(point))
            return false;
        point_forget(point);
        has_ended = fault_run_ended(point->lane, point->run);
    }
    return (has_ended || point_resume(point)) && point_compare(point, 1) && point_verify(point);
}

void fault_point(struct fault_lane *lane, enum fault_mode mode, const struct fault_cut *cut,
                 struct fault_result *result)
{
    struct point point = {.lane = lane,
                          .mode = mode,
                          .cut = cut,
                          .result = result,
                          .from_elsewhere = cut->point / 2 % 2 == 0};

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
        if (!point_continue(&point)) {
            result->failures++;
            fault_lane_keep(lane, cut->point);
        }
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
