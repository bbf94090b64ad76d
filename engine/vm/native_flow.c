/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* native_flow.c: tasks beside tasks: gather, pause, call of another procedure; and the tally of
 * checks. */
#include "base/prefix.h"

#include "vm/native.h"

#include "vm/bind.h"
#include "vm/convert.h"

#include <uthash.h>

#define FLOW_BRANCHES                                                                          \
    10000              /* of one parallel or each; a branch takes memory outside of Lua too */
#define FLOW_STEPS 500 /* what a script pays for one */
#define FLOW_DEPTH 64  /* tasks inside each other: closing them goes down the C stack */
#define FLOW_SECONDS 315360000.0 /* of one wait */

static BL_LJMP void flow_push_member(lua_State *L, struct task *member)
{
    lua_createtable(L, 2, 0);
    lua_pushboolean(L, !member->is_failed);
    lua_rawseti(L, -2, 1);
    if (member->is_failed && member->leash.kill != BL_ALIVE) {
        bind_error_push(L, &member->leash.error, NULL);
    } else if (member->process->is_done || lua_gettop(member->L) == 0) {
        lua_pushnil(L);
    } else {
        lua_settop(member->L, member->is_failed ? lua_gettop(member->L) : 1);
        luaL_checkstack(L, 4, "too many results");
        lua_xmove(member->L, L, 1);
        if (member->is_failed)
            bind_error_wrap(L, -1);
    }
    lua_rawseti(L, -2, 2);
}

/* Every member has ended: pushes the list of {ok, value or error} in the order of the input. */
static BL_LJMP int flow_gathered(lua_State *L, int status, lua_KContext context)
{
    struct task *task = task_current(L, "gather");
    struct group *group = task->waits;

    (void)status;
    (void)context;
    if (task->pause != NULL)
        bl_pause_cancel(task->pause);
    task->pause = NULL;
    lua_createtable(L, (int)group->count, 0);
    for (size_t i = 0; i < group->count; i++) {
        flow_push_member(L, group->members[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    group_free(task);
    return 1;
}

static BL_LJMP void flow_depth(lua_State *L, const struct task *task, const char *what)
{
    if (task->depth >= FLOW_DEPTH)
        task_error(
            L, "%s: more than %d calls and branches inside each other: does it call itself?",
            what, FLOW_DEPTH);
}

/* The members of a group, all of them in one process, that the task waits for from now on. */
static struct group *flow_group(struct task *task, struct process *process,
                                const struct thread *threads, size_t count)
{
    struct group *group = bl_alloc(sizeof(*group));

    group->parent = task;
    group->members = bl_alloc(count * sizeof(struct task *));
    for (size_t i = 0; i < count; i++) {
        group->members[i] = task_new(process, &threads[i]);
        group->members[i]->group = group;
    }
    group->count = group->at_once = count;
    task->waits = group;
    return group;
}

static void flow_timed_out(void *owner)
{
    struct task *task = owner;
    struct bl_error err;

    task->pause = NULL;
    bl_fail(&err, BL_E_TIMEOUT, "%s: did not end within its timeout", task_path(task));
    group_close(task->waits, &err);
}

/* The seconds of argument `index` in milliseconds. */
static BL_LJMP int64_t flow_millis(lua_State *L, int index)
{
    lua_Number seconds = luaL_checknumber(L, index);

    if (!(seconds >= 0 && seconds <= FLOW_SECONDS))
        task_error(L, "a time must be between 0 seconds and 10 years, not %f", seconds);
    return (int64_t)(seconds * 1000);
}

/* gather(functions, at_once?, seconds?): runs them beside each other; list of {ok, value or
 * error}. */
static BL_LJMP int flow_gather(lua_State *L)
{
    struct task *task = task_waiter(L, "parallel");
    size_t count = lua_rawlen(L, 1);
    lua_Integer at_once = luaL_optinteger(L, 2, 0);
    int64_t millis = lua_isnoneornil(L, 3) ? -1 : flow_millis(L, 3);
    struct thread *threads;
    struct group *group;

    if (count == 0) {
        lua_newtable(L);
        return 1;
    }
    if (count > FLOW_BRANCHES)
        return task_error(L, "%I branches are more than %d: work through the list in parts",
                          (LUAI_UACINT)count, FLOW_BRANCHES);
    flow_depth(L, task, "parallel");
    bl_charge(L, count * FLOW_STEPS);
    threads = lua_newuserdatauv(L, count * sizeof(*threads), 0);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        threads[i] = task_thread(L, 0);
    }
    group = flow_group(task, task->process, threads, count);
    if (at_once > 0)
        group->at_once = (size_t)at_once;
    if (millis >= 0)
        task->pause = bl_pause_start(task->runtime->world, millis, flow_timed_out, task);
    group_start(group);
    return bl_await(L, flow_gathered);
}

static void flow_pause_over(void *owner)
{
    struct task *task = owner;

    task->pause = NULL;
    task_wake(task);
}

static BL_LJMP int flow_nothing(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    task_current(L, "wait");
    return 0;
}

/* pause(seconds): lets time go by; not an operation, not journaled. */
static BL_LJMP int flow_pause(lua_State *L)
{
    struct task *task = task_waiter(L, "wait_until");
    int64_t millis = flow_millis(L, 1);

    task->pause = bl_pause_start(task->runtime->world, millis, flow_pause_over, task);
    return bl_await(L, flow_nothing);
}

/* call(id, params, may, is_checklist, start): runs another procedure in a process of its own;
 * {{ok, value}}. */
static BL_LJMP int flow_call(lua_State *L)
{
    const char *id = luaL_checkstring(L, 1);
    struct task *task = task_waiter(L, "call");
    struct bl_box *may = bl_box_push(L);
    struct process *process;
    struct thread thread;
    struct group *group;
    struct bl_error err;

    if (bl_value_read(L, 3, &may->value, &err) != BL_OK)
        return task_error(L, "call: %s", err.message);
    flow_depth(L, task, "call");
    lua_pushvalue(L, 5);
    lua_pushvalue(L, 2);
    thread = task_thread(L, 1);
    process = process_new(task->runtime, id, task->process);
    process->may = bl_value_ref(may->value);
    process->is_checklist = lua_toboolean(L, 4);
    group = flow_group(task, process, &thread, 1);
    process->main = group->members[0];
    process_unref(process); /* its task holds it */
    group_start(group);
    return bl_await(L, flow_gathered);
}

/* body(id): the description and the body of a procedure that is loaded; nil when there is none.
 */
static BL_LJMP int flow_body(lua_State *L)
{
    struct bl_runtime *runtime = runtime_of(L);
    const char *id = luaL_checkstring(L, 1);
    const struct bl_value *description = bl_map_get(runtime->procedures, id);

    if (description == NULL)
        return 0;
    bl_value_push(L, description);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &runtime->procedures);
    lua_getfield(L, -1, id);
    lua_remove(L, -2);
    return 2;
}

/* load(id): loads the project file that defines a procedure. */
static BL_LJMP int flow_load(lua_State *L)
{
    runtime_load_procedure(L, luaL_checkstring(L, 1));
    return 0;
}

/* may(): what the procedure that runs declared. */
static BL_LJMP int flow_may(lua_State *L)
{
    bl_value_push(L, task_current(L, "call")->process->may);
    return 1;
}

BL_LJMP void native_flow(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"gather", flow_gather},
        {"pause", flow_pause},
        {"call", flow_call},
        {"body", flow_body},
        {"load", flow_load},
        {"may", flow_may},
        {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
}

struct tally {
    UT_hash_handle hh;
    char *verdict;
    char key[];
};

void tally_set(struct bl_runtime *runtime, const char *process, const char *name,
               const char *verdict)
{
    size_t size = strlen(process) + strlen(name) + 2;
    struct tally *tally, *fresh = bl_alloc(sizeof(*fresh) + size);

    snprintf(fresh->key, size, "%s\n%s", process, name);
    HASH_FIND_STR(runtime->checks, fresh->key, tally);
    if (tally == NULL) {
        tally = fresh;
        HASH_ADD_KEYPTR(hh, runtime->checks, tally->key, size - 1, tally);
    } else {
        bl_free(fresh);
        bl_free(tally->verdict);
    }
    tally->verdict = bl_strdup(verdict);
}

void tally_count(const struct bl_runtime *runtime, struct bl_result *result)
{
    for (const struct tally *at = runtime->checks; at != NULL; at = at->hh.next) {
        result->passed += strcmp(at->verdict, "pass") == 0;
        result->warned += strcmp(at->verdict, "warn") == 0;
        result->failed += strcmp(at->verdict, "fail") == 0;
        result->assumed += strcmp(at->verdict, "assumed") == 0;
    }
}

void tally_free(struct bl_runtime *runtime)
{
    struct tally *at, *next;

    HASH_ITER (hh, runtime->checks, at, next) {
        HASH_DEL(runtime->checks, at);
        bl_free(at->verdict);
        bl_free(at);
    }
}
