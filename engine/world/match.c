/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* match.c: which operation under way an entry of the journal is about. */
#include "base/prefix.h"

#include "world/private.h"

struct search {
    const struct bl_value *record;
    bool (*fits)(const struct bl_performance *performance);
    int64_t n, gate;
    struct bl_performance *found;
};

static void search_look(struct bl_performance *performance, void *arg)
{
    struct search *search = arg;
    struct bl_value *record, *form;

    if (search->found != NULL)
        return;
    if (search->n != 0 || search->gate != 0) {
        if ((search->n != 0 && performance->intent == search->n) ||
            (search->gate != 0 && performance->gate == search->gate))
            search->found = performance;
        return;
    }
    if (performance->is_abandoned || !search->fits(performance))
        return;
    record = performance_record(performance);
    form = world_journal_form(performance->world, record);
    if (record_is_same(form, search->record))
        search->found = performance;
    bl_value_unref(form);
    bl_value_unref(record);
}

static struct bl_performance *match_find(struct bl_world *world, struct search search)
{
    performance_each(world, search_look, &search);
    return search.found;
}

struct bl_performance *match_gate(struct bl_world *world, int64_t gate)
{
    return match_find(world, (struct search){.gate = gate});
}

static bool fits_unsent(const struct bl_performance *performance)
{
    return performance->intent == 0;
}

static bool fits_ungated(const struct bl_performance *performance)
{
    return performance->intent == 0 && performance->gate == 0;
}

static bool fits_gated(const struct bl_performance *performance)
{
    return performance->intent == 0 && performance->gate != 0;
}

struct bl_performance *match_entry(struct bl_world *world, const char *kind,
                                   const struct bl_value *data)
{
    int64_t n = bl_map_int(data, "n", 0);
    struct search search = {.record = data, .n = n, .fits = fits_unsent};

    if (strcmp(kind, "intent") == 0 || strcmp(kind, "recalled") == 0)
        search.n = 0;
    if (strcmp(kind, "gate_opened") == 0)
        search.fits = bl_map_get(data, "grown") != NULL ? fits_gated : fits_ungated;
    return match_find(world, search);
}
