/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* done.c: the changes that a run has made, and those in doubt: what a step that begins again
 * must not do twice. */
#include "base/prefix.h"

#include "world/private.h"

bool record_is_same(const struct bl_value *a, const struct bl_value *b)
{
    static const char *const fields[] = {"operation", "target", "args", "step"};

    for (size_t i = 0; i < BL_COUNT(fields); i++) {
        if (!bl_value_is_equal(bl_map_get(a, fields[i]), bl_map_get(b, fields[i])))
            return false;
    }
    return true;
}

void change_add(struct bl_world *world, const struct bl_value *record,
                const struct bl_value *value, const char *id)
{
    struct change *change;

    world->changes =
        bl_realloc(world->changes, (world->change_count + 1) * sizeof(*world->changes));
    change = &world->changes[world->change_count++];
    change->record = bl_value_ref(record);
    change->value = bl_value_ref(value);
    change->id = bl_strdup(id);
    change->is_open = false;
}

const struct change *change_recall(struct bl_world *world, const struct bl_value *record)
{
    for (size_t i = 0; i < world->change_count; i++) {
        struct change *change = &world->changes[i];
        if (change->is_open && record_is_same(change->record, record)) {
            change->is_open = false;
            return change;
        }
    }
    return NULL;
}

size_t bl_world_changes(const struct bl_world *world)
{
    return world->change_count;
}

bool bl_world_has_changed(const struct bl_world *world, size_t from, const char *step)
{
    for (size_t i = from; i < world->change_count; i++) {
        if (world->changes[i].id == NULL &&
            strcmp(bl_map_text(world->changes[i].record, "step", ""), step) == 0)
            return true;
    }
    return false;
}

/* "Outer" holds "Outer" and "Outer / Inner". */
static bool step_holds(const char *outer, const char *step)
{
    size_t len = strlen(outer);

    return strncmp(step, outer, len) == 0 &&
           (step[len] == '\0' || strncmp(step + len, " / ", 3) == 0);
}

void bl_world_reopen_changes(struct bl_world *world, size_t from, const char *step)
{
    for (size_t i = from; i < world->change_count; i++) {
        if (step_holds(step, bl_map_text(world->changes[i].record, "step", "")))
            world->changes[i].is_open = true;
    }
}

void doubt_add(struct bl_world *world, int64_t n, const struct bl_value *record)
{
    struct doubt *doubt = bl_alloc(sizeof(*doubt)), **end = &world->doubts;

    doubt->n = n;
    doubt->record = bl_value_ref(record);
    while (*end != NULL)
        end = &(*end)->next;
    *end = doubt;
}

const struct bl_value *bl_world_doubt(const struct bl_world *world, const char *step)
{
    for (const struct doubt *at = world->doubts; at != NULL; at = at->next) {
        if (!at->is_resolved && step_holds(step, bl_map_text(at->record, "step", "")))
            return at->record;
    }
    return NULL;
}

void bl_world_end_doubt(struct bl_world *world, int64_t n, bool is_done)
{
    for (struct doubt *at = world->doubts; at != NULL; at = at->next) {
        if (at->n != n || at->is_resolved)
            continue;
        at->is_resolved = true;
        if (world->counts.in_doubt > 0)
            world->counts.in_doubt--;
        if (!is_done)
            continue;
        change_add(world, at->record, NULL, NULL);
        world->changes[world->change_count - 1].is_open = true; /* its step has begun again */
    }
}

void done_release(struct bl_world *world)
{
    struct doubt *next;

    for (size_t i = 0; i < world->change_count; i++) {
        bl_value_unref(world->changes[i].record);
        bl_value_unref(world->changes[i].value);
        bl_free(world->changes[i].id);
    }
    bl_free(world->changes);
    for (struct doubt *at = world->doubts; at != NULL; at = next) {
        next = at->next;
        bl_value_unref(at->record);
        bl_free(at);
    }
}
