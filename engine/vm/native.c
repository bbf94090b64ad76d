/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* native.c: what the words of lua/words/ need from C: definitions, steps, events, checks,
 * gates. */
#include "base/prefix.h"

#include "vm/native.h"

#include "base/measure.h"
#include "vm/bind.h"
#include "vm/cage.h"
#include "vm/convert.h"
#include "world/environment.h"
#include "world/secrets.h"

#define EVENT_STEPS 2000 /* what a script pays for an event: it goes to disk */

/* Reads a table argument as a map into a box that stays on the stack. [-0, +1, e] */
BL_LJMP struct bl_value *native_map(lua_State *L, int index, const char *what)
{
    struct bl_box *box = bl_box_push(L);
    struct bl_error err;

    if (lua_isnoneornil(L, index)) {
        box->value = bl_map_new();
    } else if (bl_value_read(L, index, &box->value, &err) != BL_OK) {
        task_error(L, "%s: %s", what, err.message);
    }
    return box->value;
}

/* A copy of a map, for events that add fields to it. */
struct bl_value *native_copy(const struct bl_value *map)
{
    struct bl_value *copy = bl_map_new();

    for (size_t i = 0; i < bl_value_count(map); i++)
        bl_map_set(copy, bl_map_key(map, i), bl_value_ref(bl_map_at(map, i)));
    return copy;
}

void native_place(lua_State *L, struct bl_value *data)
{
    struct bl_place place;
    char file[160];

    task_place(L, &place, file);
    bl_map_set(data, "step", bl_value_text(place.step));
    bl_map_set(data, "file", bl_value_text(place.file));
    bl_map_set(data, "line", bl_value_int(place.line));
}

/* define(name, value): makes a word. */
static BL_LJMP int native_define(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);

    lua_settop(L, 2);
    bl_cage_set(L, name);
    return 0;
}

/* define_procedure(description, run): keeps what procedure() was given. */
static BL_LJMP int native_procedure(lua_State *L)
{
    struct bl_runtime *runtime = runtime_of(L);
    struct bl_value *description = native_map(L, 1, "procedure");
    struct bl_value *copy;

    if (runtime->loading[0] == '\0')
        return task_error(L, "procedure: only a file of the project defines one");
    if (bl_map_get(runtime->procedures, runtime->loading) != NULL)
        return task_error(L,
                          "procedure: this file defines one already: one file, one procedure");
    copy = native_copy(description);
    native_place(L, copy);
    bl_map_del(copy, "step");
    bl_map_set(copy, "id", bl_value_text(runtime->loading));
    bl_map_set(runtime->procedures, runtime->loading, copy);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &runtime->procedures);
    lua_pushvalue(L, 2);
    lua_setfield(L, -2, runtime->loading);
    return 0;
}

/* keep(what, table): what project() or environment() was given. */
static BL_LJMP int native_keep(lua_State *L)
{
    struct bl_runtime *runtime = runtime_of(L);
    const char *what = luaL_checkstring(L, 1);
    struct bl_value *map = native_map(L, 2, what);
    struct bl_value **slot =
        strcmp(what, "project") == 0 ? &runtime->project : &runtime->environment;

    if (bl_value_type(map) != BL_MAP)
        return task_error(L, "%s takes a table with names", what);
    if (runtime->loading[0] == '\0')
        return task_error(L, "%s: only a file of the project describes it, when it loads",
                          what);
    if (*slot != NULL)
        return task_error(L, "%s: it is described already: once is enough", what);
    *slot = bl_value_ref(map);
    return 0;
}

/* secret({file = …}): where only an environment file may say so, since its run fetches it. */
static BL_LJMP int native_secret_from(lua_State *L)
{
    struct bl_value *source = native_map(L, 1, "secret");
    struct bl_box *box = bl_box_push(L);
    struct bl_error err;
    char name[80];

    if (strncmp(runtime_of(L)->loading, "environments.", 13) != 0)
        return task_error(L, "secret: only an environment file says where one comes from: "
                             "there, give it to a connection or to params");
    if (bl_secret_check(source, name, &err) != BL_OK)
        return task_error(L, "secret: %s", err.message);
    box->value = bl_value_secret_from(name, source);
    bl_secret_push(L, box->value);
    return 1;
}

/* secret(name): an opaque value from the environment or the credentials folder. */
static BL_LJMP int native_secret(lua_State *L)
{
    struct bl_runtime *runtime = runtime_of(L);
    const char *name = lua_istable(L, 1) ? "" : luaL_checkstring(L, 1);
    struct bl_box *box = bl_box_push(L);

    if (lua_istable(L, 1))
        return native_secret_from(L);
    box->value = runtime_secret(runtime, name);
    bl_secret_push(L, box->value);
    return 1;
}

/* param_check(param, value): the value in its normal form, or nil and why not. */
static BL_LJMP int native_param_check(lua_State *L)
{
    struct bl_value *param = native_map(L, 1, "param");
    struct bl_box *given = bl_box_push(L), *normal = bl_box_push(L);
    struct bl_error err;

    if (bl_value_read(L, 2, &given->value, &err) != BL_OK ||
        bl_param_check(param, given->value, &normal->value, &err) != BL_OK) {
        lua_pushnil(L);
        lua_pushstring(L, err.message);
        return 2;
    }
    bl_value_push(L, normal->value);
    return 1;
}

/* where(): file, line of the author's code. */
static BL_LJMP int native_where(lua_State *L)
{
    struct bl_place place;
    char file[160];

    task_place(L, &place, file);
    lua_pushstring(L, place.file);
    lua_pushinteger(L, place.line);
    return 2;
}

/* no_secret(what, value): what is journaled for people is no place for a secret, masked or not.
 */
static BL_LJMP int native_no_secret(lua_State *L)
{
    const char *what = luaL_checkstring(L, 1), *name;
    struct bl_box *box = bl_box_push(L);
    struct bl_error err;

    if (bl_value_read(L, 2, &box->value, &err) != BL_OK)
        return 0; /* whoever takes it says so */
    name = bl_value_secret_inside(box->value);
    if (name != NULL)
        return task_error(L, "%s: must not hold a secret (<secret:%s>)", what, name);
    return 0;
}

/* emit(kind, data): an event with its place. */
static BL_LJMP int native_emit(lua_State *L)
{
    const char *kind = luaL_checkstring(L, 1);
    struct bl_value *data = native_map(L, 2, kind);
    struct task *task = task_current(L, kind);

    bl_charge(L, EVENT_STEPS);
    data = native_copy(data);
    native_place(L, data);
    bl_world_emit(task->runtime->world, kind, data);
    return 0;
}

/* check(data): journals a check and counts it; a failure after a planned operation is assumed.
 * Gives the verdict. */
static BL_LJMP int native_check(lua_State *L)
{
    struct bl_value *data = native_map(L, 1, "check");
    struct task *task = task_current(L, "check");
    int assumed = bl_world_assumed(task->runtime->world);
    bool explores = bl_world_kind_of(task->runtime->world) == BL_WORLD_EXPLORE;
    const char *verdict = bl_map_text(data, "verdict", "fail");

    bl_charge(L, EVENT_STEPS);
    data = native_copy(data);
    native_place(L, data);
    if (strcmp(verdict, "fail") == 0 && (assumed > 0 || explores)) {
        verdict = "pass";
        bl_map_set(data, "verdict", bl_value_text(verdict));
        bl_map_set(data, "assumed", bl_value_int(assumed));
    }
    bl_map_set(data, "procedure", bl_value_text(task->process->id));
    tally_set(task->runtime, task->process->id, bl_map_text(data, "name", ""),
              bl_map_get(data, "assumed") != NULL ? "assumed" : verdict);
    lua_pushstring(L, verdict);
    bl_world_emit(task->runtime->world, "check", data);
    return 1;
}

/* world(): "live", "dry" or "explore", and the first planned operation's number or nil. */
static BL_LJMP int native_world(lua_State *L)
{
    struct task *task = task_current(L, "this word");
    int assumed = bl_world_assumed(task->runtime->world);

    lua_pushstring(L, bl_world_name(bl_world_kind_of(task->runtime->world)));
    if (assumed > 0)
        lua_pushinteger(L, assumed);
    else
        lua_pushnil(L);
    return 2;
}

static BL_LJMP int native_is_checklist(lua_State *L)
{
    lua_pushboolean(L, task_current(L, "step")->process->is_checklist);
    return 1;
}

/* allow(): a person has agreed to what this step does. */
static BL_LJMP int native_allow(lua_State *L)
{
    struct task *task = task_current(L, "confirm");

    if (task_step(task) != NULL)
        task_step(task)->change_is_allowed = true;
    else
        task->change_is_allowed = true;
    return 0;
}

static BL_LJMP int native_asked(lua_State *L, int status, lua_KContext context)
{
    struct task *task = task_current(L, "a question");

    (void)status;
    (void)context;
    lua_pushstring(L, bl_gate_result_name(task->gate_result));
    lua_pushstring(L, task->gate_text); /* NULL pushes nil */
    return 2;
}

/* ask(question, param?): "yes"|"no"|"unanswered", text. Live only. */
static BL_LJMP int native_ask(lua_State *L)
{
    struct bl_value *question = native_map(L, 1, "question");
    struct bl_value *param = lua_isnoneornil(L, 2) ? NULL : native_map(L, 2, "question");
    struct task *task = task_waiter(L, "a question");

    if (bl_world_gate(task->runtime->world) == NULL)
        return task_error(L, "nobody can be asked here");
    question = native_copy(question);
    native_place(L, question);
    bind_ask(task, question, param);
    return bl_await(L, native_asked);
}

/* answer(question): what --answers says about it, or nil. */
static BL_LJMP int native_answer(lua_State *L)
{
    struct bl_runtime *runtime = runtime_of(L);

    bl_value_push(L, bl_map_get(runtime->answers, luaL_checkstring(L, 1)));
    return 1;
}

/* stop(code, message): ends the run; nothing catches it. */
static BL_LJMP int native_stop(lua_State *L)
{
    struct bl_error err;

    bl_fail(&err, bl_code_find(luaL_checkstring(L, 1)), "%s", luaL_checkstring(L, 2));
    return bl_stop(L, &err);
}

/* done(text): ends the procedure well; nothing catches it. */
static BL_LJMP int native_done(lua_State *L)
{
    const char *text = luaL_optstring(L, 1, "");
    struct task *task = task_current(L, "done");
    struct bl_value *data;
    struct bl_place place;
    char file[160];
    struct bl_error err;

    if (task_is_verifying(task, task->process)) {
        task_place(L, &place, file);
        bl_fail(&err, BL_E_ARG,
                "%s:%d: done: a `verify` says whether the step reached what it was to reach; "
                "it does not end the procedure",
                place.file, place.line);
        return bl_stop(L, &err);
    }
    data = bl_map_new();
    bl_map_set(data, "text", bl_value_text(text));
    native_place(L, data);
    bl_world_emit(task->runtime->world, "done", data);
    task->process->is_done = true;
    bl_fail(&err, BL_E_CANCELLED, "done: %s", text);
    return bl_stop(L, &err);
}

/* error(code, message): an error object. */
static BL_LJMP int native_error(lua_State *L)
{
    struct bl_error err;

    bl_fail(&err, bl_code_find(luaL_checkstring(L, 1)), "%s", luaL_checkstring(L, 2));
    bind_error_push(L, &err, NULL);
    return 1;
}

/* wrap(err): an error object of whatever was raised. */
static BL_LJMP int native_wrap(lua_State *L)
{
    lua_settop(L, 1);
    bind_error_wrap(L, 1);
    return 1;
}

/* path(): of the step that runs. */
static BL_LJMP int native_path(lua_State *L)
{
    lua_pushstring(L, task_path(task_current(L, "check")));
    return 1;
}

/* steady(): seconds that have gone by for the tasks of this run. */
static BL_LJMP int native_steady(lua_State *L)
{
    lua_pushnumber(
        L, (lua_Number)bl_world_since(task_current(L, "wait_until")->runtime->world) / 1000);
    return 1;
}

/* measure(value, unit): as people read it. */
static BL_LJMP int native_measure(lua_State *L)
{
    struct bl_box *value = bl_box_push(L), *text = bl_box_push(L);
    struct bl_error err;
    struct bl_buf out;

    if (bl_value_read(L, 1, &value->value, &err) != BL_OK)
        return task_error(L, "%s", err.message);
    bl_buf_init(&out, 400);
    bl_measure_format(&out, value->value, lua_tostring(L, 2));
    text->value = bl_value_take_buf(&out);
    bl_value_push(L, text->value);
    return 1;
}

/* is_any(value): true for the value that stands for any answer. */
static int native_is_any(lua_State *L)
{
    lua_pushboolean(L, bl_any_is(L, 1));
    return 1;
}

static BL_LJMP int native_freeze(lua_State *L)
{
    const char *what = luaL_checkstring(L, 2);

    lua_pushvalue(L, 1);
    bl_cage_freeze(L, what);
    return 1;
}

BL_LJMP int native_use(lua_State *L)
{
    const char *target = luaL_checkstring(L, 1);
    const char *dot = strchr(target, '.');
    const struct bl_module *module;
    char name[64];

    snprintf(name, sizeof(name), "%.*s", dot != NULL ? (int)(dot - target) : 0, target);
    module = bl_module_find(name);
    if (module == NULL || module->settings == NULL)
        return task_error(L, "uses: '%s' is not module.name of a module with connections",
                          target);
    if (runtime_of(L)->world == NULL)
        return task_error(L, "use: nothing runs yet: call it inside a test");
    if (bl_environment_connection(bl_world_environment(runtime_of(L)->world), target) == NULL)
        lua_pushboolean(L, 0);
    else
        bind_module(L, module, target);
    return 1;
}

BL_LJMP void native_push(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"define", native_define},
        {"define_procedure", native_procedure},
        {"keep", native_keep},
        {"secret", native_secret},
        {"param_check", native_param_check},
        {"where", native_where},
        {"no_secret", native_no_secret},
        {"emit", native_emit},
        {"check", native_check},
        {"world", native_world},
        {"is_checklist", native_is_checklist},
        {"allow", native_allow},
        {"ask", native_ask},
        {"answer", native_answer},
        {"stop", native_stop},
        {"done", native_done},
        {"error", native_error},
        {"wrap", native_wrap},
        {"path", native_path},
        {"steady", native_steady},
        {"measure", native_measure},
        {"is_any", native_is_any},
        {"freeze", native_freeze},
        {"use", native_use},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    native_flow(L);
    native_step(L);
    native_hold(L);
}

static BL_LJMP int native_open_module(lua_State *L)
{
    const struct bl_module *module = bl_module_find(lua_tostring(L, 1));

    if (module == NULL)
        return task_error(L, "no module of that name");
    bind_module(L, module, NULL);
    return 1;
}

BL_LJMP void native_modules(lua_State *L)
{
    for (size_t i = 0; bl_modules[i] != NULL; i++) {
        if (bl_modules[i]->settings == NULL)
            bl_loader_native(L, bl_modules[i]->name, native_open_module);
    }
}
