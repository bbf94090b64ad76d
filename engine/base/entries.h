/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* entries.h: the keys and values of a map, for value.c: sorted, and quick to fill in any order.
 */
#ifndef BL_ENTRIES_H
#define BL_ENTRIES_H

#include "base/value.h"

struct bl_pair {
    char *key;
    struct bl_value *value;
};

/* All zero: empty. Owns keys and one reference of each value. */
struct bl_entries {
    struct bl_pair *pairs;
    size_t count, cap;
    size_t sorted; /* the first of them are in order; the rest is sorted by bl_entries_sort */
};

void bl_entries_release(struct bl_entries *entries);
/* Takes the reference of the value; replaces an equal key's. */
void bl_entries_set(struct bl_entries *entries, const char *key, struct bl_value *take_value);
void bl_entries_del(struct bl_entries *entries, const char *key);
/* Puts all in order, each key once. Readers of `pairs` and `count` call it first. */
void bl_entries_sort(struct bl_entries *entries);
/* The pair of that key, NULL when there is none. */
struct bl_pair *bl_entries_find(struct bl_entries *entries, const char *key);

#endif
