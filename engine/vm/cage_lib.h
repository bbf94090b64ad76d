/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_lib.h: what the files of the cage share among themselves. */
#ifndef BL_VM_CAGE_LIB_H
#define BL_VM_CAGE_LIB_H

#include "vm/cage.h"

/* Each pushes one plain table with its functions (base: into the table on top). [-0, +1, e] */
BL_LJMP void bl_cage_base(lua_State *L);
BL_LJMP void bl_cage_meta(lua_State *L);
BL_LJMP void bl_cage_pairs(lua_State *L);
BL_LJMP void bl_cage_string(lua_State *L);
BL_LJMP void bl_cage_table(lua_State *L);
BL_LJMP void bl_cage_math(lua_State *L);
BL_LJMP void bl_cage_utf8(lua_State *L);

/* The functions of the string library that have files of their own. */
BL_LJMP int bl_string_find(lua_State *L);
BL_LJMP int bl_string_match(lua_State *L);
BL_LJMP int bl_string_gmatch(lua_State *L);
BL_LJMP int bl_string_gsub(lua_State *L);
BL_LJMP int bl_string_format(lua_State *L);
BL_LJMP int bl_string_pack(lua_State *L);
BL_LJMP int bl_string_packsize(lua_State *L);
BL_LJMP int bl_string_unpack(lua_State *L);

/* A light userdata key in scripts' tables (cage_meta.c); no script ever sees it. */
extern const char bl_cage_merged;

/* A position as the string functions count it (negative from the end) as an offset from 0,
 * bounded below by 0. */
size_t bl_string_start(lua_Integer at, size_t len);
/* The end of a range, inclusive and counted from 1, so that it is also the length up to there.
 */
size_t bl_string_end(lua_Integer at, size_t len);

#endif
