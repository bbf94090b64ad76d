/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* bind.c: from a Lua call to an operation and back. */
#include "base/prefix.h"

#include "vm/bind.h"

#include "vm/cage.h"
#include "vm/convert.h"
#include "world/environment.h"

#include <errno.h>
#include <unistd.h>

static const char bind_error = 0; /* registry: the metatable of error objects */

BL_LJMP int bl_await(lua_State *L, lua_KFunction then)
{
    if (!lua_isyieldable(L))
        BL_BUG("a wait that task_waiter did not allow");
    return lua_yieldk(L, 0, 0, then);
}

static int error_text(lua_State *L)
{
    lua_getfield(L, 1, "message");
    if (lua_type(L, -1) != LUA_TSTRING)
        lua_pushliteral(L, "an error without a message");
    return 1;
}

/* err:with({attempts = 3}) gives the same error with more fields. */
static int error_with(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_newtable(L);
    for (int from = 1; from <= 2; from++) {
        for (lua_pushnil(L); lua_next(L, from) != 0; lua_pop(L, 1)) {
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, 3);
        }
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &bind_error);
    lua_setmetatable(L, 3);
    lua_settop(L, 3);
    return 1;
}

BL_LJMP void bind_open(lua_State *L)
{
    lua_newtable(L);
    lua_pushliteral(L, "error");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushcfunction(L, error_text);
    lua_setfield(L, -2, "__tostring");
    lua_newtable(L);
    lua_pushcfunction(L, error_with);
    lua_setfield(L, -2, "with");
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &bind_error);
}

static bool error_is(lua_State *L, int index)
{
    bool is;

    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &bind_error);
    is = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is;
}

static BL_LJMP void error_field(lua_State *L, const char *name, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

BL_LJMP void bind_error_push(lua_State *L, const struct bl_error *err,
                             const struct bl_call *call)
{
    struct bl_place place;
    char file[160];

    lua_createtable(L, 0, 9);
    error_field(L, "code", bl_code_name(err->code));
    error_field(L, "message", err->message);
    error_field(L, "cause", err->cause);
    lua_pushboolean(L, err->retryable);
    lua_setfield(L, -2, "retryable");
    if (call != NULL) {
        error_field(L, "module", call->module->name);
        error_field(L, "operation", call->operation->name);
        error_field(L, "target", call->target);
        error_field(L, "step", call->step);
        lua_pushfstring(L, "%s:%d", call->file, call->line);
        lua_setfield(L, -2, "where");
    } else {
        task_place(L, &place, file);
        error_field(L, "step", place.step);
        lua_pushfstring(L, "%s:%d", place.file, place.line);
        lua_setfield(L, -2, "where");
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &bind_error);
    lua_setmetatable(L, -2);
}

/* "daily/morning.lua:12: …": the message says already where it was. */
static bool error_has_place(const char *message)
{
    const char *colon = strstr(message, ".lua:");

    return colon != NULL && strpbrk(message, " \t") > colon &&
           strspn(colon + 5, "0123456789") > 0;
}

void bind_error_read(lua_State *L, int index, struct bl_error *err)
{
    const char *where, *message, *code;

    index = lua_absindex(L, index);
    memset(err, 0, sizeof(*err));
    if (!lua_checkstack(L, 6) || !error_is(L, index)) {
        bl_vm_error(L, index, &(struct bl_leash){0}, err);
        return;
    }
    lua_pushliteral(L, "code");
    lua_rawget(L, index);
    lua_pushliteral(L, "message");
    lua_rawget(L, index);
    lua_pushliteral(L, "where");
    lua_rawget(L, index);
    code = lua_type(L, -3) == LUA_TSTRING ? lua_tostring(L, -3) : "failed";
    message =
        lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "an error without a message";
    where = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (*where != '\0' && !error_has_place(message))
        bl_fail(err, bl_code_find(code), "%s: %s", where, message);
    else
        bl_fail(err, bl_code_find(code), "%s", message);
    lua_pop(L, 3);
}

BL_LJMP void bind_error_wrap(lua_State *L, int index)
{
    struct bl_error err;

    index = lua_absindex(L, index);
    if (error_is(L, index))
        return;
    bind_error_read(L, index, &err);
    bind_error_push(L, &err, NULL);
    lua_replace(L, index);
}

/*
 * An outcome with which the script cannot go on: refused, nobody answered, in doubt, or failed
 * where no step can begin again. The task is held; one in doubt goes back to its step.
 */
static bool bind_is_held(struct task *task, const struct bl_outcome *outcome)
{
    struct bl_error why = outcome->error;

    if (outcome->status == BL_ANSWERED || outcome->status == BL_PLANNED ||
        !task_is_durable(task))
        return false;
    if (outcome->status == BL_FAILED && (task_step(task) != NULL || task_is_protected(task)))
        return false;
    if (outcome->status == BL_UNKNOWN) {
        if (task_begin_again(task))
            return true;
        bl_fail(&why, BL_E_DOUBT,
                "in doubt: the change was sent and nobody knows what became of it: %s",
                outcome->error.message);
    }
    task_hold(task, &why, false);
    return true;
}

/* The task's operation has an outcome: it goes on at the next step of the runtime. */
static void bind_done(void *owner, const struct bl_outcome *outcome)
{
    struct task *task = owner;

    task->performance = NULL;
    if (bind_is_held(task, outcome))
        return;
    task->outcome = *outcome;
    task->outcome.value = bl_value_ref(outcome->value);
    task_wake(task);
}

static BL_LJMP int bind_return(lua_State *L, int status, lua_KContext context)
{
    struct task *task = task_current(L, "an operation");
    struct bl_error err = task->outcome.error, doubt;

    (void)status;
    (void)context;
    switch (task->outcome.status) {
    case BL_ANSWERED:
    case BL_PLANNED:
        if (bl_world_kind_of(task->runtime->world) == BL_WORLD_EXPLORE)
            bl_any_push(L);
        else
            bl_value_push(L, task->outcome.value);
        bl_outcome_release(&task->outcome);
        return 1;
    case BL_FAILED:
        bind_error_push(L, &err, task->call_copy);
        return lua_error(L);
    case BL_UNKNOWN:
        bl_fail(&doubt, BL_E_DOUBT,
                "in doubt: the change was sent and nobody knows what became of it: %s",
                err.message);
        return bl_stop(L, &doubt);
    default:
        return bl_stop(L, &err);
    }
}

/* Reads the Lua arguments from `first` on into a list inside the box. */
static BL_LJMP void bind_read(lua_State *L, int first, struct bl_box *box, const char *what)
{
    int count = lua_gettop(L) - 1; /* the box is on top */
    struct bl_value *list = bl_list_new();
    struct bl_error err, said;

    box->value = list;
    runtime_of(L)->saw_any = false;
    while (count >= first && lua_isnil(L, count))
        count--;
    for (int i = first; i <= count; i++) {
        struct bl_value *item = NULL;
        if (bl_value_read(L, i, &item, &err) != BL_OK) {
            bl_fail(&said, BL_E_ARG, "%s: argument %d: %s", what, i - first + 1, err.message);
            bind_error_push(L, &said, NULL);
            lua_error(L);
        }
        bl_list_add(list, item);
    }
}

static BL_LJMP void bind_raise_arg(lua_State *L, const char *what, const struct bl_error *err)
{
    struct bl_error said;

    bl_fail(&said, err->code, "%s: %s", what, err->message);
    bind_error_push(L, &said, NULL);
    lua_error(L);
}

/* The call of the operation in the upvalues as the task makes it, with its place and bounds. */
static struct bl_call *bind_call_new(struct task *task, lua_State *L, const char *target,
                                     const struct bl_value *args)
{
    const struct bl_module *module = lua_touserdata(L, lua_upvalueindex(1));
    const struct bl_operation *operation = lua_touserdata(L, lua_upvalueindex(2));
    struct bl_call *call = bl_call_new(module, operation, target, args);
    struct bl_place place;
    char file[160];

    task_place(L, &place, file);
    call->settings = bl_value_ref(
        bl_environment_settings(bl_world_environment(task->runtime->world), module, target));
    bl_call_bounds(call);
    bl_call_place(call, &place);
    return call;
}

/* What depends on an answer that nobody asked for is one itself. [-0, +1, -] */
static int bind_any(lua_State *L)
{
    bl_any_push(L);
    return 1;
}

void bind_perform(struct task *task)
{
    struct step *step = task_step(task);
    struct bl_permit permit = {.may = task->process->may,
                               .change_is_allowed = &task->change_is_allowed,
                               .is_verifying = task_is_verifying(task, NULL)};

    if (step != NULL) {
        permit.change_is_allowed = &step->change_is_allowed;
        permit.why = step->why;
        permit.undo = step->undo;
    }
    bl_outcome_release(
        &task->outcome); /* of one that the step which began again did not take */
    memset(&task->outcome, 0, sizeof(task->outcome));
    task->performance = bl_perform(task->runtime->world, bl_call_dup(task->call_copy), &permit,
                                   bind_done, task);
}

/* Upvalues: module, operation, target (nil: the module's name). */
static BL_LJMP int bind_operation(lua_State *L)
{
    const struct bl_module *module = lua_touserdata(L, lua_upvalueindex(1));
    const struct bl_operation *operation = lua_touserdata(L, lua_upvalueindex(2));
    const char *target = lua_tostring(L, lua_upvalueindex(3));
    bool is_method = target != NULL;
    char what[200];
    struct bl_value *bound = NULL;
    struct bl_box *box;
    struct bl_error err;
    struct task *task;

    snprintf(what, sizeof(what), "%s.%s", is_method ? target : module->name, operation->name);
    task = task_waiter(L, what);
    if (is_method && !lua_rawequal(L, 1, lua_upvalueindex(4)))
        return task_error(L, "%s: call it with a colon: use.NAME:%s(…)", what, operation->name);
    box = bl_box_push(L);
    bind_read(L, is_method ? 2 : 1, box, what);
    if (bl_args_bind(operation->args, true, box->value, &bound, &err) != BL_OK) {
        if (task->runtime->saw_any)
            return bind_any(L);
        bind_raise_arg(L, what, &err);
    }
    if (!is_method)
        target = module->name;
    bl_call_free(task->call_copy);
    task->call_copy = bind_call_new(task, L, target, bound);
    bl_value_unref(bound);
    bind_perform(task);
    lua_settop(L, 0);
    return bl_await(L, bind_return);
}
/* Upvalues: module, function. */
static BL_LJMP int bind_function(lua_State *L)
{
    const struct bl_module *module = lua_touserdata(L, lua_upvalueindex(1));
    const struct bl_function *function = lua_touserdata(L, lua_upvalueindex(2));
    struct bl_value *bound = NULL;
    struct bl_box *box;
    struct bl_error err;
    char what[160];

    snprintf(what, sizeof(what), "%s.%s", module->name, function->name);
    box = bl_box_push(L);
    bind_read(L, 1, box, what);
    if (runtime_of(L)->saw_any)
        return bind_any(L);
    if (bl_args_bind(function->args, false, box->value, &bound, &err) != BL_OK)
        bind_raise_arg(L, what, &err);
    bl_value_unref(box->value);
    box->value = function->call(bound, &err);
    bl_value_unref(bound);
    if (box->value == NULL)
        bind_raise_arg(L, what, &err);
    bl_value_push(L, box->value);
    return 1;
}

BL_LJMP void bind_module(lua_State *L, const struct bl_module *module, const char *target)
{
    int table;

    lua_newtable(L);
    table = lua_gettop(L);
    lua_pushvalue(L, table);
    bl_cage_freeze(L,
                   target != NULL ? target : module->name); /* the view, above the real table */
    for (const struct bl_operation *at = module->operations; at != NULL && at->name != NULL;
         at++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)module);
        lua_pushlightuserdata(L, (void *)(uintptr_t)at);
        if (target != NULL)
            lua_pushstring(L, target);
        else
            lua_pushnil(L);
        lua_pushvalue(L, table + 1);
        lua_pushcclosure(L, bind_operation, 4);
        lua_setfield(L, table, at->name);
    }
    for (const struct bl_function *at = module->functions; at != NULL && at->name != NULL;
         at++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)module);
        lua_pushlightuserdata(L, (void *)(uintptr_t)at);
        lua_pushcclosure(L, bind_function, 2);
        lua_setfield(L, table, at->name);
    }
    lua_remove(L, table);
}

static void bind_gate_answered(void *owner, const struct bl_gate_answer *answer)
{
    struct task *task = owner;
    struct bl_error why;

    if (!task->asks)
        return; /* it was given up */
    task->asks = false;
    if (answer->result == BL_GATE_UNANSWERED && task->state != TASK_ENDED &&
        task_is_durable(task)) {
        bl_fail(&why, BL_E_WAITING, "nobody answered: %s: run it in a terminal",
                bl_map_text(task->question, "question", ""));
        task_hold(task, task->held_error.code != BL_OK ? &task->held_error : &why,
                  task->held_error.code != BL_OK);
        return;
    }
    task->gate_result = answer->result;
    bl_free(task->gate_text);
    bl_free(task->gate_reason);
    task->gate_text = bl_strdup(answer->text);
    task->gate_reason = bl_strdup(answer->reason);
    task_wake(task);
}

static enum bl_code bind_accept(void *owner, const char *text, struct bl_error *err)
{
    struct task *task = owner;
    struct bl_value *given = bl_value_text(text), *normal = NULL;
    struct bl_error why;
    enum bl_code code = bl_param_check(task->question_param, given, &normal, &why);

    bl_value_unref(given);
    bl_value_unref(normal);
    if (code != BL_OK)
        return bl_fail(err, code, "%s", why.message);
    if (bl_map_bool(task->question_param, "exists", false) && access(text, R_OK) != 0)
        return bl_fail(err, BL_E_ARG, "%s: %s", text, strerror(errno));
    return BL_OK;
}

void bind_ask(struct task *task, struct bl_value *take_question, const struct bl_value *accept)
{
    struct bl_gate_request request = {
        .question = take_question,
        .accept = accept != NULL ? bind_accept : NULL,
        .answered = bind_gate_answered,
        .owner = task,
    };

    bl_value_unref(task->question_param);
    task->question_param = bl_value_ref(accept);
    bl_value_unref(task->question);
    task->question = take_question;
    task->asks = true;
    bl_world_ask(task->runtime->world, &request);
}

void bind_question_withdraw(struct task *task)
{
    bl_gate_withdraw(bl_world_gate(task->runtime->world), task);
}
