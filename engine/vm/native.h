/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* native.h: the few C functions that lua/words/ is built on; scripts never see them. */
#ifndef BL_VM_NATIVE_H
#define BL_VM_NATIVE_H

#include "vm/task.h"

/* Pushes the table `native`. [-0, +1, e] */
BL_LJMP void native_push(lua_State *L);

/* Adds the functions that start and await tasks (native_flow.c). Table on top. [-0, +0, e] */
BL_LJMP void native_flow(lua_State *L);
/* Of task.c. Starts the members of a group, as many at once as it allows. */
void group_start(struct group *group);
/* Of native.c. Reads a table argument as a map into a box that stays on the stack. [-0, +1, e]
 */
BL_LJMP struct bl_value *native_map(lua_State *L, int index, const char *what);
/* A copy of a map, for events that add fields to it. */
struct bl_value *native_copy(const struct bl_value *map);
/* Adds step, file and line. */
void native_place(lua_State *L, struct bl_value *data);
/* Adds the functions of steps (native_step.c). Table on top. [-0, +0, e] */
BL_LJMP void native_step(lua_State *L);
/* Adds the functions for what cannot go on (hold.c). Table on top. [-0, +0, e] */
BL_LJMP void native_hold(lua_State *L);
/* The innermost step is done: keeps what undoes it. */
void undo_add(struct task *task, const struct bl_value *result);
void undo_forget(struct bl_runtime *runtime);
/* The innermost step begins again: what steps inside it leave to be undone then replaces what
 * they have left before. */
void undo_begin_again(const struct task *task);
/* Of undo.c, for native_hold. */
BL_LJMP int native_take_undo(lua_State *L);
BL_LJMP int native_keep_undo(lua_State *L);

/* The last results of checks. */
void tally_set(struct bl_runtime *runtime, const char *process, const char *name,
               const char *verdict);
void tally_count(const struct bl_runtime *runtime, struct bl_result *result);
void tally_free(struct bl_runtime *runtime);

/* use(target): the operations of a connection; false when the environment does not name it.
 * [-1, +1, e] */
BL_LJMP int native_use(lua_State *L);

/* Pushes require-able modules and `use` tables. [-0, +0, e] */
BL_LJMP void native_modules(lua_State *L);

#endif
