/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* convert.h: Lua values to plain values and back; the only place that does either. */
#ifndef BL_VM_CONVERT_H
#define BL_VM_CONVERT_H

#include "base/error.h"
#include "base/value.h"
#include "vm/vm.h"

#define BL_CONVERT_DEPTH 64
#define BL_CONVERT_VALUES ((size_t)200000)  /* in one tree */
#define BL_CONVERT_BYTES ((size_t)16 << 20) /* of text in one tree */

/*
 * A C value on the Lua side: a userdata that owns one reference, so that a Lua error or the
 * garbage collector frees it. Make it first, then fill it. [-0, +1, e]
 */
struct bl_box {
    struct bl_value *value;
};
BL_LJMP struct bl_box *bl_box_push(lua_State *L);

/*
 * Reads the value at index into a new reference, raw, without running script code. Tables
 * become lists (keys 1 to n, or marked as a list) or maps (string keys); an empty table is a
 * map. Functions, other keys, cycles and a depth above BL_CONVERT_DEPTH are errors: BL_E_ARG,
 * naming the place ("rows[3].name"). A table that is there twice is read twice; more values or
 * bytes than above are BL_E_TOO_LARGE. The work is charged (bl_charge_later).
 */
enum bl_code bl_value_read(lua_State *L, int index, struct bl_value **value,
                           struct bl_error *err) BL_MUST_USE;
/* Pushes plain Lua values. Lists carry a mark, so that an empty list stays one; nil inside a
 * list is json.null. [-0, +1, e] */
BL_LJMP void bl_value_push(lua_State *L, const struct bl_value *value);

/* Pushes the table of marks once per state: json.null and the metatables. Called by runtime.c.
 * [-0, +0, e] */
BL_LJMP void bl_convert_open(lua_State *L);
/*
 * Pushes the value that stands for an answer nobody asked for (world explore): fields, calls
 * and arithmetic give it again, it has no items, is less than nothing, and reads as nil. [-0,
 * +1, -]
 */
void bl_any_push(lua_State *L);
bool bl_any_is(lua_State *L, int index); /* [-0, +0, -] */
/* Pushes json.null. [-0, +1, -] */
void bl_null_push(lua_State *L);
/* Marks the table on top as a list. [-0, +0, e] */
BL_LJMP void bl_list_mark(lua_State *L);
/* Pushes an opaque secret; its bytes leave only through operations. [-0, +1, e] */
BL_LJMP void bl_secret_push(lua_State *L, const struct bl_value *secret);

#endif
