/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* resume.c: between a replay and the live run: what became of the changes in doubt, and how
 * what was under way goes on. */
#include "base/prefix.h"

#include "world/private.h"

static void resume_resolve(struct bl_performance *performance, void *arg)
{
    (void)arg;
    if (performance->is_doubtful)
        performance_resolve(performance);
}

void bl_world_resolve(struct bl_world *world)
{
    world->base = world->since;
    world->born = bl_clock_steady();
    replay_set_resuming(world, true);
    performance_each(world, resume_resolve, NULL);
}

static void resume_leave(struct bl_performance *performance, void *arg)
{
    struct bl_world *world = arg;

    if (!performance->is_doubtful)
        return;
    performance->is_doubtful = false; /* counted once, however often it is undone */
    world->counts.changes++;
    world->counts.in_doubt++;
}

void bl_world_leave_doubts(struct bl_world *world)
{
    performance_each(world, resume_leave, world);
}

bool bl_world_is_resolving(const struct bl_world *world)
{
    for (const struct bl_performance *at = world->all; at != NULL; at = at->all_next) {
        if (at->doubt != NULL)
            return true;
    }
    return false;
}

/* What was under way outside of every step goes on where it stands. */
static void resume_go_on(struct bl_performance *performance, void *arg)
{
    struct bl_world *world = performance->world;
    bool is_told = performance->intent != 0 && performance->finding != BL_FOUND_NOT_DONE;

    (void)arg;
    if (!performance->is_idle || performance->is_abandoned)
        return;
    if (is_told) { /* it was done, or nobody can say */
        if (performance->finding == BL_FOUND_DONE)
            performance->outcome.status = BL_ANSWERED;
        performance->done(performance->owner, &performance->outcome);
        performance_free(performance);
        return;
    }
    if (performance->intent != 0 && bl_map_get(performance->record, "id") != NULL)
        bl_call_set_id(performance->call, bl_map_text(performance->record, "id", ""));
    bl_value_unref(performance->record);
    performance->record = NULL;
    bl_outcome_release(&performance->outcome);
    memset(&performance->outcome, 0, sizeof(performance->outcome));
    performance->intent = performance->gate = 0;
    if (bl_world_is_replaying(world))
        return;
    performance->is_idle = false;
    performance_examine(performance);
}

void bl_world_go_on(struct bl_world *world)
{
    struct bl_pause *next;

    performance_each(world, resume_go_on, NULL);
    if (bl_world_is_replaying(world))
        return;
    replay_set_resuming(world, false);
    for (struct bl_pause *pause = world->pauses; pause != NULL; pause = next) {
        next = pause_next(pause);
        pause_go(pause);
    }
    bl_gate_reopen(world->settings.gate);
}

void bl_world_ask(struct bl_world *world, const struct bl_gate_request *request)
{
    struct bl_value *data;

    if (!bl_world_is_replaying(world)) {
        bl_gate_ask(world->settings.gate, request);
        return;
    }
    data = bl_gate_hold(world->settings.gate, request);
    bl_world_emit(world, "gate_opened", data);
}
