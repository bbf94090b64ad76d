/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* hold.c: tasks that cannot go on: held where they are, begun again at their step, or undone.
 */
#include "base/prefix.h"

#include "base/exit.h"
#include "vm/bind.h"
#include "vm/convert.h"
#include "vm/native.h"

bool task_is_durable(const struct task *task)
{
    return bl_world_is_durable(task->runtime->world);
}

bool task_is_protected(const struct task *task)
{
    for (;; task = task->group->parent) {
        if (task->leash.guards > 0 || (task->process->is_checklist && task->steps != NULL))
            return true;
        if (task->group == NULL)
            return false;
    }
}

void task_hold(struct task *task, const struct bl_error *why, bool is_step)
{
    task->held = is_step ? HELD_STEP : HELD_CALL;
    if (why != &task->held_error)
        task->held_error = *why;
    bl_world_wake(task->runtime->world);
}

/* The gravest first, as exit codes are. */
static int hold_rank(enum bl_code code)
{
    static const int order[] = {BL_EXIT_DOUBT,   BL_EXIT_REFUSED, BL_EXIT_REJECTED,
                                BL_EXIT_WAITING, BL_EXIT_TIMEOUT, BL_EXIT_USAGE};
    int status = bl_exit_of(code);

    for (size_t i = 0; i < BL_COUNT(order); i++) {
        if (order[i] == status)
            return (int)i;
    }
    return BL_COUNT(order);
}

/* Members of a group that was not begun wait for their turn, and for nothing else. */
static bool task_is_begun(const struct task *task)
{
    return task->state == TASK_WAITING || task->is_queued;
}

/* Whether it has something to do, or waits for something itself: not for its branches, unless
 * all of them are over and it has not heard of it yet. */
static bool task_is_at_work(const struct task *task)
{
    return task->state != TASK_ENDED && task_is_begun(task) &&
           (task->waits == NULL || task->is_queued);
}

enum bl_code bl_runtime_stuck(const struct bl_runtime *runtime, struct bl_error *why)
{
    const struct task *worst = NULL;

    for (const struct task *at = runtime->tasks; at != NULL; at = at->next) {
        if (!task_is_at_work(at))
            continue;
        if (at->held == HELD_NOT)
            return BL_OK;
        if (worst == NULL ||
            hold_rank(at->held_error.code) <= hold_rank(worst->held_error.code))
            worst = at;
    }
    if (worst == NULL)
        return BL_OK;
    *why = worst->held_error;
    return why->code;
}

/* The task whose innermost step a task works in; NULL outside of steps. */
static struct task *hold_owner(struct task *task)
{
    while (task->steps == NULL && task->group != NULL &&
           task->group->parent->process == task->process)
        task = task->group->parent;
    return task->steps != NULL ? task : NULL;
}

/* What the task waits for is given up, and it comes back to its step's attempt. */
static void hold_restart(struct task *owner)
{
    struct bl_error why;

    bl_fail(&why, BL_E_CANCELLED, "the step begins again");
    owner->held = HELD_NOT;
    memset(&owner->held_error, 0, sizeof(owner->held_error));
    task_abandon(owner);
    owner->again = owner->steps;
    bl_leash_stop(&owner->leash, &why);
    if (owner->waits != NULL)
        group_close(owner->waits, &why);
    task_wake(owner);
}

bool task_begin_again(struct task *task)
{
    struct task *owner = hold_owner(task);

    if (owner == NULL)
        return false;
    hold_restart(owner);
    return true;
}

static bool hold_is_below_again(const struct task *task)
{
    while (task->group != NULL) {
        task = task->group->parent;
        if (task->is_chosen)
            return true;
    }
    return false;
}

/* What begins again: the step around each task that was at work. */
static void hold_choose(struct bl_runtime *runtime)
{
    for (struct task *at = runtime->tasks; at != NULL; at = at->next)
        at->is_chosen = false;
    for (struct task *at = runtime->tasks; at != NULL; at = at->next) {
        struct task *owner;
        if (!task_is_at_work(at))
            continue;
        owner = hold_owner(at);
        if (owner != NULL)
            owner->is_chosen = true;
    }
}

/* A change in doubt outside of steps has nobody to say what became of it: it is not sent again.
 */
static void hold_go_on(struct task *task)
{
    bool is_step = task->held == HELD_STEP;
    bool is_call = task->held == HELD_CALL && task->call_copy != NULL && task->steps == NULL &&
                   task->held_error.code != BL_E_DOUBT;

    if (task->is_chosen && !is_step && !hold_is_below_again(task)) {
        hold_restart(task);
    } else if (is_step && !hold_is_below_again(task)) {
        task->held = HELD_NOT;
        memset(&task->held_error, 0, sizeof(task->held_error));
        bl_free(task->gate_text);
        task->gate_text = bl_strdup("retry");
        task_wake(task);
    } else if (is_call) {
        task->held = HELD_NOT;
        bind_perform(task);
    }
}

void bl_runtime_again(struct bl_runtime *runtime)
{
    struct task *at = runtime->tasks, *before;

    hold_choose(runtime);
    while (at != NULL && at->next != NULL)
        at = at->next;
    for (; at != NULL; at = before) { /* the oldest first */
        before = at->prev;
        if (at->state != TASK_ENDED && task_is_begun(at))
            hold_go_on(at);
    }
}

void bl_runtime_want_undo(struct bl_runtime *runtime)
{
    runtime->undo_is_wanted = true;
}

bool bl_runtime_wants_undo(const struct bl_runtime *runtime)
{
    return runtime->undo_is_wanted;
}

static const char hold_undo_all = 0; /* registry: the function of lua/words/step.lua */

static BL_LJMP int hold_first(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &hold_undo_all);
    runtime_start_top(L, "undo");
    return 0;
}

enum bl_code bl_runtime_undo(struct bl_runtime *runtime, struct bl_error *err)
{
    struct bl_error why;

    bl_fail(&why, BL_E_CANCELLED, "what was done is undone");
    if (runtime->first != NULL && runtime->first->state != TASK_ENDED)
        task_close(runtime->first, &why);
    bl_value_unref(runtime->result.value);
    memset(&runtime->result, 0, sizeof(runtime->result));
    runtime->is_over = runtime->is_stopping = runtime->undo_is_wanted = false;
    runtime->is_undoing = true;
    lua_pushcfunction(runtime->vm->L, hold_first);
    return bl_vm_call(runtime->vm, 0, 0, err);
}

/* on_undo(fn): what undoes everything. */
static BL_LJMP int native_on_undo(lua_State *L)
{
    lua_settop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &hold_undo_all);
    return 0;
}

/* The guards of before, and whether the step of this attempt begins again. */
static BL_LJMP int hold_attempted(lua_State *L, int status, lua_KContext context)
{
    struct bl_vm *vm = bl_vm_of(L);
    struct task *task = runtime_of(L)->current;

    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L);
    vm->leash->guards = (int)context;
    if (task != NULL && task->again != NULL && task->again == task->steps) {
        task->again = NULL;
        group_free(task);
        bl_leash_revive(vm);
        task->steps->is_verifying = false;
        lua_settop(L, 0);
        lua_pushliteral(L, "again");
        return 1;
    }
    bl_rethrow(L, status);
    lua_pushliteral(L, "failed");
    lua_insert(L, -2);
    return 2;
}

/* attempt(fn, ...): "ok" and its results, "failed" and the error, or "again": the step begins
 * again, whatever was under way. Unlike pcall it protects nobody. */
static BL_LJMP int native_attempt(lua_State *L)
{
    int guards = bl_vm_of(L)->leash->guards;

    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushliteral(L, "ok");
    lua_insert(L, 1);
    return hold_attempted(
        L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, guards, hold_attempted), guards);
}

/* begin_again(all): the innermost step's next attempt; with `all` its changes are made anew. */
static BL_LJMP int native_begin_again(lua_State *L)
{
    struct task *task = task_current(L, "step");
    struct bl_world *world = task->runtime->world;
    struct step *step = task->steps;
    struct bl_value *data = bl_map_new();

    step->attempt++;
    step->change_is_allowed = false;
    if (lua_toboolean(L, 1))
        step->changes = bl_world_changes(world);
    bl_world_reopen_changes(world, step->changes, step->path);
    undo_begin_again(task);
    bl_map_set(data, "step", bl_value_text(step->path));
    bl_map_set(data, "attempt", bl_value_int(step->attempt));
    bl_world_emit(world, "step_again", data);
    return 0;
}

static BL_LJMP int hold_answered(lua_State *L, int status, lua_KContext context)
{
    struct task *task = task_current(L, "step");

    (void)status;
    (void)context;
    memset(&task->held_error, 0, sizeof(task->held_error));
    lua_pushstring(L, task->gate_text);
    lua_pushstring(L, task->gate_reason);
    return 2;
}

static struct bl_value *hold_question(struct task *task, const struct bl_error *err)
{
    static const char *const options[][2] = {
        {"retry", "it begins again; a change that it has made is not made twice"},
        {"skip", "the run goes on without it"},
        {"abort", "the run stops here; it can be taken up again"},
        {"abort and undo", "and what completed steps did is undone"},
        {"redo", "it begins again and makes all of its changes anew"},
    };
    struct bl_value *question = bl_map_new(), *list = bl_list_new(), *reasons = bl_map_new();

    for (size_t i = 0; i < BL_COUNT(options); i++) {
        bl_list_add(list, bl_value_text(options[i][0]));
        bl_map_set(reasons, options[i][0], bl_value_text(options[i][1]));
    }
    bl_map_set(question, "reasons", reasons);
    bl_map_set(question, "kind", bl_value_text("failed"));
    bl_map_set(question, "question", bl_value_text("The step failed. What now?"));
    bl_map_set(question, "why", bl_value_text(err->message));
    bl_map_set(question, "options", list);
    bl_map_set(question, "step", bl_value_text(task_path(task)));
    return question;
}

/* In a replay: whether somebody was asked then. */
static bool hold_may_ask(const struct bl_world *world)
{
    return bl_world_is_replaying(world) ? bl_world_expects(world, "gate_opened")
                                        : bl_gate_is_attended(bl_world_gate(world));
}

/*
 * step_failed(err): what is to become of the innermost step, which has failed: "raise" where a
 * script handles it; else a person says "retry", "skip" and a reason, "abort", "abort and
 * undo" or "redo"; where nobody is there, the task is held, until the run is taken up again:
 * "retry".
 */
static BL_LJMP int native_step_failed(lua_State *L)
{
    struct task *task = task_waiter(L, "step");
    struct bl_world *world = task->runtime->world;
    struct bl_error err;

    if (!task_is_durable(task) || task_is_protected(task) || task_is_verifying(task, NULL)) {
        lua_pushliteral(L, "raise");
        return 1;
    }
    bind_error_read(L, 1, &err);
    if (err.code != BL_E_REJECTED && hold_may_ask(world)) {
        task->held_error = err;
        bind_ask(task, hold_question(task, &err), NULL);
    } else {
        task_hold(task, &err, true);
    }
    return bl_await(L, hold_answered);
}

static BL_LJMP int hold_over(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    lua_pushliteral(L, "retry");
    return 1;
}

/* abort(message, undo): a person ended the run at this step. Taken up again, the step begins
 * again. */
static BL_LJMP int native_abort(lua_State *L)
{
    struct task *task = task_waiter(L, "step");
    struct bl_error err;

    bl_fail(&err, BL_E_REJECTED, "%s", luaL_checkstring(L, 1));
    if (lua_toboolean(L, 2))
        task->runtime->undo_is_wanted = true;
    task_hold(task, &err, true);
    return bl_await(L, hold_over);
}

/* doubt(): the first change of the innermost step of which nobody knows what became: its
 * number, summary, target and detail. */
static BL_LJMP int native_doubt(lua_State *L)
{
    struct task *task = task_current(L, "step");
    const struct bl_value *record =
        task->steps == NULL ? NULL : bl_world_doubt(task->runtime->world, task->steps->path);

    if (record == NULL)
        return 0;
    lua_pushinteger(L, bl_map_int(record, "n", 0));
    lua_pushstring(L, bl_map_text(record, "summary", ""));
    lua_pushstring(L, bl_map_text(record, "target", ""));
    lua_pushstring(L, bl_map_text(record, "detail", NULL));
    return 4;
}

/* end_doubt(n, verdict, how): "done", or "not done". */
static BL_LJMP int native_end_doubt(lua_State *L)
{
    struct task *task = task_current(L, "step");
    lua_Integer n = luaL_checkinteger(L, 1);
    const char *verdict = luaL_checkstring(L, 2);
    struct bl_value *data = bl_map_new();

    bl_map_set(data, "n", bl_value_int(n));
    bl_map_set(data, "step", bl_value_text(task_path(task)));
    bl_map_set(data, "verdict", bl_value_text(verdict));
    bl_map_set(data, "how", bl_value_text(luaL_checkstring(L, 3)));
    bl_world_emit(task->runtime->world, "doubt_ended", data);
    bl_world_end_doubt(task->runtime->world, n, strcmp(verdict, "done") == 0);
    return 0;
}

BL_LJMP void native_hold(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"on_undo", native_on_undo},
        {"take_undo", native_take_undo},
        {"keep_undo", native_keep_undo},
        {"attempt", native_attempt},
        {"begin_again", native_begin_again},
        {"step_failed", native_step_failed},
        {"abort", native_abort},
        {"doubt", native_doubt},
        {"end_doubt", native_end_doubt},
        {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
}
