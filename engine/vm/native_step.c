/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* native_step.c: where a step begins and ends. */
#include "base/prefix.h"

#include "vm/native.h"

#include "vm/bind.h"
#include "vm/convert.h"

static BL_LJMP int native_step_begin(lua_State *L)
{
    const char *title = luaL_checkstring(L, 1);
    struct bl_value *data = native_map(L, 2, "step");
    struct task *task = task_current(L, "step");

    data = native_copy(data);
    native_place(L, data);
    step_begin(task, title, data);
    return 0;
}

#define RESULT_MAX ((size_t)65536) /* of a step, to be journaled */

/* step_end(status, err?, assumed?, result?) */
static BL_LJMP int native_step_end(lua_State *L)
{
    struct task *task = task_current(L, "step");
    const char *status = luaL_checkstring(L, 1);
    int assumed = (int)luaL_optinteger(L, 3, 0);
    struct bl_box *result;
    struct bl_error err = {0};

    lua_settop(L, 4);
    result = bl_box_push(L);
    if (!lua_isnil(L, 4) && bl_value_read(L, 4, &result->value, &err) != BL_OK)
        result->value = NULL; /* not plain data: it is for the script alone */
    err.code = BL_OK;

    if (!lua_isnoneornil(L, 2))
        bind_error_read(L, 2, &err);
    if (strcmp(status, "ok") == 0)
        undo_add(task, result->value);
    if (bl_value_size(result->value) > RESULT_MAX)
        bl_value_unref(result->value), result->value = NULL;
    step_end(
        task, status,
        &(struct step_outcome){.error = &err, .result = result->value, .assumed = assumed});
    return 0;
}

/* verify(is): the innermost step's `verify` begins or has ended. */
static BL_LJMP int native_verify(lua_State *L)
{
    struct task *task = task_current(L, "step");

    if (task->steps != NULL)
        task->steps->is_verifying = lua_toboolean(L, 1);
    return 0;
}

BL_LJMP void native_step(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"step_begin", native_step_begin},
        {"step_end", native_step_end},
        {"verify", native_verify},
        {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
}
