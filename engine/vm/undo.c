/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* undo.c: what completed steps have left to be undone, each once, however often it began. */
#include "base/prefix.h"

#include "vm/convert.h"
#include "vm/native.h"

bool bl_runtime_is_undoing(const struct bl_runtime *runtime)
{
    return runtime->is_undoing && !runtime->is_over;
}

static void undo_remove(struct bl_runtime *runtime, struct undo **at)
{
    struct undo *undo = *at;

    *at = undo->older;
    luaL_unref(runtime->vm->L, LUA_REGISTRYINDEX, undo->ref);
    bl_value_unref(undo->result);
    bl_value_unref(undo->may);
    bl_free(undo->title);
    bl_free(undo);
}

/* take_undo(): the newest completed step: its title, the function that undoes it, its result;
 * of one that changed something and that nothing undoes nil and why; nothing when none is left.
 * From here on the task may do what that procedure may. */
BL_LJMP int native_take_undo(lua_State *L)
{
    struct bl_runtime *runtime = runtime_of(L);
    struct task *task = task_current(L, "undo");
    struct undo *undo = runtime->undos;

    if (undo == NULL)
        return 0;
    luaL_checkstack(L, 6, "undo");
    lua_pushstring(L, undo->title);
    if (undo->ref != LUA_NOREF)
        lua_rawgeti(L, LUA_REGISTRYINDEX, undo->ref);
    else
        lua_pushnil(L);
    bl_value_push(L, undo->result);
    bl_value_unref(task->process->may);
    task->process->may = undo->may;
    undo->may = NULL; /* taken */
    undo_remove(runtime, &runtime->undos);
    return 3;
}

/* keep_undo(fn): the innermost step can be undone, once it is done. */
BL_LJMP int native_keep_undo(lua_State *L)
{
    struct task *task = task_current(L, "step");

    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    if (task->steps != NULL)
        task->steps->undo_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

void undo_forget(struct bl_runtime *runtime)
{
    while (runtime->undos != NULL)
        undo_remove(runtime, &runtime->undos);
}

/* Its step has begun again and is done again, as a part of another one: one undo is enough. */
static void undo_replace(struct bl_runtime *runtime, const char *title)
{
    struct undo **found = NULL;

    for (struct undo **at = &runtime->undos; *at != NULL; at = &(*at)->older) {
        if ((*at)->is_old && strcmp((*at)->title, title) == 0)
            found = at; /* the oldest: they come again in their order */
    }
    if (found != NULL)
        undo_remove(runtime, found);
}

void undo_add(struct task *task, const struct bl_value *result)
{
    struct step *step = task->steps;
    bool is_undoable = step->undo_ref != LUA_NOREF;
    struct undo *undo;

    if (!is_undoable &&
        (task->runtime->is_undoing ||
         !bl_world_has_changed(task->runtime->world, step->changes, step->path)))
        return;
    undo_replace(task->runtime, step->path);
    undo = bl_alloc(sizeof(*undo));
    undo->older = task->runtime->undos;
    undo->ref = step->undo_ref;
    undo->number = ++task->runtime->undo_count;
    undo->title = bl_strdup(step->path);
    undo->result = is_undoable          ? bl_value_ref(result)
                   : step->undo == NULL ? bl_value_text("the step says no way back")
                                        : bl_value_textf("it says: %s", step->undo);
    undo->may = bl_value_ref(task->process->may);
    step->undo_ref = LUA_NOREF;
    task->runtime->undos = undo;
}

void undo_begin_again(const struct task *task)
{
    const struct step *step = task->steps;
    size_t len = strlen(step->path);

    for (struct undo *at = task->runtime->undos; at != NULL; at = at->older) {
        if (at->number > step->undos && strncmp(at->title, step->path, len) == 0 &&
            strncmp(at->title + len, " / ", 3) == 0)
            at->is_old = true;
    }
}
