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
    bool is_certain; /* by its number, not only by what it asks */
};

/* One that has been given its number already. */
static bool search_is_numbered(const struct search *search,
                               const struct bl_performance *performance)
{
    return (search->n != 0 && performance->intent == search->n) ||
           (search->gate != 0 && performance->gate == search->gate);
}

/* Branches may ask the same at once: the number of the call says which one it was. */
static void search_compare(struct search *search, struct bl_performance *performance)
{
    struct bl_value *record = performance_record(performance);
    struct bl_value *form = world_journal_form(performance->world, record);

    if (record_is_same(form, search->record)) {
        search->is_certain = performance->ask == bl_map_int(search->record, "ask", 0);
        if (search->is_certain || search->found == NULL)
            search->found = performance;
    }
    bl_value_unref(form);
    bl_value_unref(record);
}

static void search_look(struct bl_performance *performance, void *arg)
{
    struct search *search = arg;

    if (search->is_certain)
        return;
    if (search->n != 0 || search->gate != 0) {
        search->is_certain = search_is_numbered(search, performance);
        if (search->is_certain)
            search->found = performance;
    } else if (!performance->is_abandoned && search->fits(performance)) {
        search_compare(search, performance);
    }
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
