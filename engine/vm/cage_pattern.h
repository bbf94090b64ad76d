/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_pattern.h: one match of a Lua pattern at one place of a text. */
#ifndef BL_VM_CAGE_PATTERN_H
#define BL_VM_CAGE_PATTERN_H

#include "vm/limits.h"

#define BL_PATTERN_CAPTURES 32

enum bl_capture_kind { BL_CAPTURE_OPEN, BL_CAPTURE_TEXT, BL_CAPTURE_POSITION };

struct bl_capture {
    const char *start;
    size_t len;
    enum bl_capture_kind kind;
};

/* Filled by the caller up to `captures`; text and pattern are borrowed from strings on L's
 * stack. */
struct bl_pattern {
    lua_State *L;
    const char *text;
    const char *text_end;
    const char *pattern; /* behind a leading `^` */
    const char *end;
    int captures;
    int depth;
    struct bl_capture capture[BL_PATTERN_CAPTURES];
};

/* Matches the whole pattern at exactly `at`: the end of the match, or NULL. Raises for a wrong
 * pattern. [-0, +0, v] */
BL_LJMP const char *bl_pattern_match(struct bl_pattern *pattern, const char *at);

#endif
