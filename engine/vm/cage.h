/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage.h: the allow-listed environment of scripts: what a name means, and what cannot be
 * changed. */
#ifndef BL_VM_CAGE_H
#define BL_VM_CAGE_H

#include "vm/vm.h"

/*
 * A file sees the names of one shared table through an environment of its own that holds
 * nothing. Reading an unknown name raises with a suggestion; setting a global raises. Library
 * tables are read-only views: an empty table whose protected metatable leads to the real one.
 * `pairs`, `next`, `rawget`, `rawlen` and `#` look through a view; `rawset`, `setmetatable` and
 * every assignment refuse it.
 */

/* Builds the shared table with the base functions, string, table, math and utf8. [-0, +0, e] */
BL_LJMP void bl_cage_open(lua_State *L);

/* Pops the value on top and makes it the meaning of `name` in every file; a table should be
 * frozen. [-1, +0, e] */
BL_LJMP void bl_cage_set(lua_State *L, const char *name);

/*
 * Replaces the table on top by its read-only view. `what` names it in messages ("string has no
 * 'lenght'"). The real table is reached by nobody but the engine. Tables inside are not frozen:
 * freeze them first. [-1, +1, e]
 */
BL_LJMP void bl_cage_freeze(lua_State *L, const char *what);

/* Pushes the real table behind the view at `index`, or returns false and pushes nothing. [-0,
 * +(0|1), -] */
bool bl_cage_thaw(lua_State *L, int index);

/* Pushes a fresh environment for one file. [-0, +1, e] */
BL_LJMP void bl_cage_environment(lua_State *L);

/*
 * Pushes the text of the value at `index` as `tostring` gives it: by __tostring, else by __name
 * or its type; never an address. [-0, +1, e]
 */
BL_LJMP const char *bl_cage_text(lua_State *L, int index, size_t *len);

/*
 * Pushes the keys of the table at `index` as a list, numbers first, then strings; raises for
 * other keys. Engine code walks scripts' tables with this, not with lua_next: a table that
 * serves as a metatable holds a key of the engine's.
 * [-0, +1, e]
 */
BL_LJMP void bl_cage_keys(lua_State *L, int index, const char *who);

void bl_cage_seed(struct bl_vm *vm, uint64_t seed);

#endif
