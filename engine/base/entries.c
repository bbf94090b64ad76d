/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* entries.c: keys and values of a map; small ones are kept in order, large ones are put in
 * order when read. */
#include "base/prefix.h"

#include "base/entries.h"

#define ENTRIES_LARGE                                                                          \
    128 /* from here on new keys are appended: inserting each would cost n * n */

void bl_entries_release(struct bl_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        bl_free(entries->pairs[i].key);
        bl_value_unref(entries->pairs[i].value);
    }
    bl_free(entries->pairs);
}

/* Merges [low, middle) and [middle, high) of from into to; of equal keys the later one stays
 * second. */
static void entries_merge(const struct bl_pair *from, struct bl_pair *to, const size_t bound[3])
{
    size_t left = bound[0], right = bound[1];

    for (size_t out = bound[0]; out < bound[2]; out++) {
        bool is_left = left < bound[1] &&
                       (right == bound[2] || strcmp(from[left].key, from[right].key) <= 0);
        to[out] = from[is_left ? left++ : right++];
    }
}

/* Drops all but the last of equal keys, which are side by side. */
static void entries_unify(struct bl_entries *entries)
{
    struct bl_pair *pairs = entries->pairs;
    size_t kept = 0;

    for (size_t i = 1; i < entries->count; i++) {
        if (strcmp(pairs[kept].key, pairs[i].key) == 0) {
            bl_free(pairs[kept].key);
            bl_value_unref(pairs[kept].value);
            pairs[kept] = pairs[i];
        } else {
            pairs[++kept] = pairs[i];
        }
    }
    entries->count = entries->sorted = kept + 1;
}

void bl_entries_sort(struct bl_entries *entries)
{
    size_t count = entries->count;
    struct bl_pair *spare, *swap;

    if (entries->sorted == count)
        return;
    spare = bl_alloc(count * sizeof(*spare));
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low < count; low += 2 * width) {
            size_t middle = low + width < count ? low + width : count;
            size_t high = low + 2 * width < count ? low + 2 * width : count;
            entries_merge(entries->pairs, spare, (const size_t[]){low, middle, high});
        }
        swap = entries->pairs;
        entries->pairs = spare;
        spare = swap;
    }
    bl_free(spare);
    entries->cap = count;
    entries_unify(entries);
}

/* Where the key is, or where it belongs. */
static size_t entries_place(struct bl_entries *entries, const char *key, bool *found)
{
    size_t low = 0, high;

    bl_entries_sort(entries);
    high = entries->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(entries->pairs[middle].key, key);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct bl_pair *bl_entries_find(struct bl_entries *entries, const char *key)
{
    bool found;
    size_t at = entries_place(entries, key, &found);

    return found ? &entries->pairs[at] : NULL;
}

static void entries_append(struct bl_entries *entries, const char *key, struct bl_value *value)
{
    if (entries->count == entries->cap) {
        entries->cap = entries->cap ? entries->cap * 2 : 4;
        entries->pairs = bl_realloc(entries->pairs, entries->cap * sizeof(struct bl_pair));
    }
    entries->pairs[entries->count++] = (struct bl_pair){bl_strdup(key), value};
}

void bl_entries_set(struct bl_entries *entries, const char *key, struct bl_value *take_value)
{
    struct bl_pair added;
    bool found;
    size_t at;

    if (entries->count >= ENTRIES_LARGE) {
        entries_append(entries, key, take_value);
        return;
    }
    at = entries_place(entries, key, &found);
    if (found) {
        bl_value_unref(entries->pairs[at].value);
        entries->pairs[at].value = take_value;
        return;
    }
    entries_append(entries, key, take_value);
    added = entries->pairs[entries->count - 1];
    memmove(&entries->pairs[at + 1], &entries->pairs[at],
            (entries->count - 1 - at) * sizeof(struct bl_pair));
    entries->pairs[at] = added;
    entries->sorted++;
}

void bl_entries_del(struct bl_entries *entries, const char *key)
{
    bool found;
    size_t at = entries_place(entries, key, &found);

    if (!found)
        return;
    bl_free(entries->pairs[at].key);
    bl_value_unref(entries->pairs[at].value);
    entries->count--;
    entries->sorted--;
    memmove(&entries->pairs[at], &entries->pairs[at + 1],
            (entries->count - at) * sizeof(struct bl_pair));
}
