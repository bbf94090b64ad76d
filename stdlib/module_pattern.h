/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* module_pattern.h: searches lines of outside text for a PCRE2 pattern, with a bound on the
 * steps. */
#ifndef BL_MODULE_PATTERN_H
#define BL_MODULE_PATTERN_H

#include "base/error.h"

struct bl_pattern;

/* Compiles a pattern; the text it searches may hold bytes that are no UTF-8. NULL with err
 * filled (BL_E_ARG, with the place in the pattern) when it is wrong. Free with
 * bl_pattern_free. */
struct bl_pattern *bl_pattern_new(const char *text, struct bl_error *err);
void bl_pattern_free(struct bl_pattern *pattern); /* NULL is allowed */
/*
 * Says whether the pattern is found. Reaching the bound is an error (BL_E_LIMIT), never "not
 * found". One search takes at most about half a second of processor time, whatever the text.
 */
enum bl_code bl_pattern_search(struct bl_pattern *pattern, const char *data, size_t len,
                               bool *found, struct bl_error *err) BL_MUST_USE;

/* Where a pattern was found: pairs of offsets, the whole match first, then its groups. */
struct bl_match {
    size_t count;         /* pairs */
    const size_t *bounds; /* start and end of each; SIZE_MAX where a group took no part */
};
/* The first place at or behind `from`; match->count is 0 when there is none. bounds are
 * borrowed until the next search. Errors as bl_pattern_search; the half second is for all
 * searches with one pattern together. */
enum bl_code bl_pattern_find(struct bl_pattern *pattern, const char *data, size_t len,
                             size_t from, struct bl_match *match,
                             struct bl_error *err) BL_MUST_USE;
/* Calls fn for every named group: its name and its number. */
void bl_pattern_each_name(const struct bl_pattern *pattern,
                          void (*fn)(void *context, const char *name, unsigned number),
                          void *context);

#endif
