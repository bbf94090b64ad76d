/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* runtime.c: a project's Lua: its files loaded, its procedures described and run. */
#include "base/prefix.h"

#include "vm/runtime.h"

#include "base/measure.h"
#include "base/module.h"
#include "vm/bind.h"
#include "vm/cage.h"
#include "vm/convert.h"
#include "vm/native.h"

#include <fcntl.h>
#include <unistd.h>

#define PRINT_STEPS 2000 /* what a script pays for a note: it goes to disk */
#define STEP_TASKS                                                                             \
    100 /* resumed before the loop has its turn: signals and deadlines come through */

/* The files of lua/words/, in the order in which they are run. */
static const char *const word_files[] = {"words.base",    "words.param", "words.procedure",
                                         "words.attempt", "words.step",  "words.check",
                                         "words.people",  "words.flow"};

static BL_LJMP int runtime_open(lua_State *L)
{
    struct bl_runtime *runtime = runtime_of(L);

    bl_convert_open(L);
    bind_open(L);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &runtime->procedures);
    native_modules(L);
    native_push(L);
    for (size_t i = 0; i < BL_COUNT(word_files); i++) {
        const struct bl_embedded *file = bl_embedded;
        char path[80];
        while (file->name != NULL && strcmp(file->name, word_files[i]) != 0)
            file++;
        if (file->name == NULL)
            return luaL_error(L, "%s is not in this binary", word_files[i]);
        snprintf(path, sizeof(path), "belay/%s.lua", file->name);
        bl_loader_text(L, path, file->source, file->size);
        lua_pushvalue(L, -2);
        lua_call(L, 1, 0);
    }
    if (runtime->is_guest) { /* Lua tests have no procedure that could say what it uses */
        lua_pushcfunction(L, native_use);
        bl_cage_set(L, "use");
    }
    return 0;
}

/* What a run's script prints is a note: it would reach nobody otherwise. */
static void runtime_print(void *context, const char *text, size_t len)
{
    struct bl_runtime *runtime = context;
    struct bl_value *whole, *data;
    struct bl_place place;
    struct bl_buf shown;
    char file[160];

    if (runtime->current == NULL || runtime->world == NULL)
        return;
    bl_charge_later(runtime->current->L, PRINT_STEPS);
    whole = bl_value_bytes(text, len);
    bl_buf_init(&shown, 0);
    bl_measure_format(&shown, whole, NULL);
    bl_value_unref(whole);
    data = bl_map_new();
    bl_map_set(data, "text", bl_value_take_buf(&shown));
    task_place(runtime->current->L, &place, file);
    bl_map_set(data, "step", bl_value_text(place.step));
    bl_map_set(data, "file", bl_value_text(place.file));
    bl_map_set(data, "line", bl_value_int(place.line));
    bl_world_emit(runtime->world, "note", data);
}

static struct bl_runtime *runtime_make(struct bl_vm *vm)
{
    struct bl_runtime *made = bl_alloc(sizeof(*made));

    made->procedures = bl_map_new();
    made->ready_end = &made->ready;
    made->vm = vm;
    vm->runtime = made;
    return made;
}

enum bl_code bl_runtime_new(const struct bl_runtime_settings *settings,
                            struct bl_runtime **runtime, struct bl_error *err)
{
    struct bl_vm *vm = bl_vm_new(settings->limits);
    struct bl_runtime *made;
    enum bl_code code;

    if (vm == NULL)
        return bl_fail(err, BL_E_LIMIT, "the memory limit leaves no room for Lua itself");
    made = runtime_make(vm);
    bl_vm_print(vm, runtime_print, made);
    code = bl_loader_new(vm, settings->project, err);
    if (code == BL_OK) {
        bl_loader_on_load(vm, settings->loaded, settings->loaded_context);
        bl_loader_from(vm, settings->text, settings->text_context);
        lua_pushcfunction(vm->L, runtime_open);
        code = bl_vm_call(vm, 0, 0, err);
    }
    if (code != BL_OK)
        bl_runtime_free(made);
    else
        *runtime = made;
    return code;
}

enum bl_code bl_runtime_adopt(struct bl_vm *vm, struct bl_error *err)
{
    runtime_make(vm)->is_guest = true;
    lua_pushcfunction(vm->L, runtime_open);
    return bl_vm_call(vm, 0, 0, err);
}

struct bl_runtime *bl_runtime_of(struct bl_vm *vm)
{
    return vm->runtime;
}

void bl_runtime_reset(struct bl_runtime *runtime)
{
    while (runtime->tasks != NULL)
        task_free(runtime->tasks);
    tally_free(runtime);
    undo_forget(runtime);
    bl_value_unref(runtime->result.value);
    memset(&runtime->result, 0, sizeof(runtime->result));
    runtime->first = NULL;
    runtime->ready = NULL;
    runtime->ready_end = &runtime->ready;
    runtime->is_over = runtime->is_stopping = runtime->is_undoing = false;
}

void bl_runtime_free(struct bl_runtime *runtime)
{
    if (runtime == NULL)
        return;
    bl_runtime_reset(runtime);
    runtime->vm->runtime = NULL;
    if (!runtime->is_guest)
        bl_vm_free(runtime->vm);
    bl_value_unref(runtime->procedures);
    bl_value_unref(runtime->project);
    bl_value_unref(runtime->environment);
    bl_value_unref(runtime->answers);
    bl_free(runtime);
}

struct bl_vm *bl_runtime_vm(struct bl_runtime *runtime)
{
    return runtime->vm;
}

static void runtime_swap(char *text, char from, char to)
{
    for (; *text != '\0'; text++) {
        if (*text == from)
            *text = to;
    }
}

bool bl_procedure_id(const char *path, char id[BL_PROCEDURE_ID])
{
    size_t len = strlen(path);

    if (len >= 4 && strcmp(path + len - 4, ".lua") == 0)
        len -= 4;
    id[0] = '\0';
    if (len >= BL_PROCEDURE_ID)
        return false;
    snprintf(id, BL_PROCEDURE_ID, "%.*s", (int)len, path);
    runtime_swap(id, '/', '.');
    return true;
}

bool bl_procedure_path(const char *id, char path[BL_PROCEDURE_PATH])
{
    size_t len = strlen(id);

    path[0] = '\0';
    if (len >= BL_PROCEDURE_ID)
        return false;
    memcpy(path, id, len + 1);
    runtime_swap(path, '.', '/');
    memcpy(path + len, ".lua", 5);
    return true;
}

static BL_LJMP int runtime_load_file(lua_State *L)
{
    bl_loader_file(L, lua_tostring(L, 1));
    return 0;
}

/* A file's path is the id of its procedure, which people type. */
static bool runtime_is_id(const char *path)
{
    size_t good = strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789_-/");

    return strcmp(path + good, ".lua") == 0 || strncmp(path, "environments/", 13) == 0;
}

enum bl_code bl_runtime_load(struct bl_runtime *runtime, const char *path, struct bl_error *err)
{
    lua_State *L = runtime->vm->L;
    enum bl_code code;

    if (!runtime_is_id(path))
        return bl_fail(err, BL_E_ARG,
                       "%s: a file of a project is named with letters, digits, _ and - only: "
                       "its path is the procedure's id",
                       path);
    bl_procedure_id(path, runtime->loading); /* a longer path the loader refuses */
    lua_pushcfunction(L, runtime_load_file);
    lua_pushstring(L, path);
    code = bl_vm_call(runtime->vm, 1, 0, err);
    runtime->loading[0] = '\0';
    return code;
}

BL_LJMP void runtime_load_procedure(lua_State *L, const char *id)
{
    struct bl_runtime *runtime = runtime_of(L);
    char path[BL_PROCEDURE_PATH], before[sizeof(runtime->loading)];

    if (bl_map_get(runtime->procedures, id) != NULL)
        return;
    if (!bl_procedure_path(id, path))
        luaL_error(L, "a procedure's id has less than %d characters", BL_PROCEDURE_ID);
    memcpy(before, runtime->loading, sizeof(before));
    snprintf(runtime->loading, sizeof(runtime->loading), "%s", id);
    bl_loader_file(L, path);
    lua_pop(L, 1);
    memcpy(runtime->loading, before, sizeof(before));
}

enum bl_code bl_runtime_project(struct bl_runtime *runtime, struct bl_value **project,
                                struct bl_error *err)
{
    enum bl_code code = bl_runtime_load(runtime, "belay.lua", err);

    if (code != BL_OK)
        return code;
    if (runtime->project == NULL)
        return bl_fail(err, BL_E_ARG, "belay.lua: does not call project({ name = \"…\" })");
    *project = bl_value_ref(runtime->project);
    return BL_OK;
}

enum bl_code bl_runtime_environment(struct bl_runtime *runtime, const char *name,
                                    struct bl_value **environment, struct bl_error *err)
{
    char path[200];
    enum bl_code code;

    snprintf(path, sizeof(path), "environments/%s.lua", name);
    bl_value_unref(runtime->environment);
    runtime->environment = NULL;
    code = bl_runtime_load(runtime, path, err);
    if (code != BL_OK)
        return code;
    if (runtime->environment == NULL)
        return bl_fail(err, BL_E_ARG, "%s: does not call environment({…})", path);
    *environment = bl_value_ref(runtime->environment);
    return BL_OK;
}

struct bl_value *runtime_secret(struct bl_runtime *runtime, const char *name)
{
    const char *value = getenv(name), *folder = getenv("CREDENTIALS_DIRECTORY");
    char path[4096], text[4096];
    ssize_t got = -1;
    int fd;

    (void)runtime;
    if (value != NULL)
        return bl_value_secret(name, value, strlen(value));
    if (folder == NULL || strchr(name, '/') != NULL)
        return bl_value_secret(name, "", 0);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, text, sizeof(text));
        close(fd);
    }
    while (got > 0 && (text[got - 1] == '\n' || text[got - 1] == '\r'))
        got--;
    return bl_value_secret(name, text, got > 0 ? (size_t)got : 0);
}

const struct bl_value *bl_runtime_procedure(struct bl_runtime *runtime, const char *id)
{
    return bl_map_get(runtime->procedures, id);
}

void bl_runtime_answers(struct bl_runtime *runtime, const struct bl_value *answers)
{
    runtime->answers = bl_value_ref(answers);
}

void bl_runtime_enter(struct bl_runtime *runtime, struct bl_world *world)
{
    runtime->world = world;
}

static BL_LJMP int runtime_first(lua_State *L)
{
    struct bl_runtime *runtime = runtime_of(L);
    const char *id = lua_tostring(L, 1);
    const struct bl_value *description = bl_map_get(runtime->procedures, id);
    const struct bl_value *params = lua_touserdata(L, 2);
    struct process *process;
    struct thread thread;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &runtime->procedures);
    lua_getfield(L, -1, id); /* {run, make} of lua/words/procedure.lua */
    lua_getfield(L, -1, "start");
    bl_value_push(L, params);
    thread = task_thread(L, 1);
    process = process_new(runtime, id, NULL);
    process->may = bl_value_ref(bl_map_get(description, "may"));
    process->is_checklist = strcmp(bl_map_text(description, "kind", ""), "checklist") == 0;
    runtime->first = task_new(process, &thread);
    process->main = runtime->first;
    process_unref(process);
    task_wake(runtime->first);
    return 0;
}

enum bl_code bl_runtime_start(struct bl_runtime *runtime, const char *id,
                              const struct bl_value *params, struct bl_error *err)
{
    lua_State *L = runtime->vm->L;

    if (bl_map_get(runtime->procedures, id) == NULL)
        return bl_fail(err, BL_E_NOT_FOUND, "no procedure '%s' is loaded", id);
    lua_pushcfunction(L, runtime_first);
    lua_pushstring(L, id);
    lua_pushlightuserdata(L, (void *)(uintptr_t)params);
    return bl_vm_call(runtime->vm, 2, 0, err);
}

struct runtime_text {
    const char *name, *text;
    size_t len;
};

BL_LJMP void runtime_start_top(lua_State *L, const char *name)
{
    struct bl_runtime *runtime = runtime_of(L);
    struct thread thread = task_thread(L, 0);
    struct process *process = process_new(runtime, name, NULL);

    process->may = bl_map_new();
    runtime->first = task_new(process, &thread);
    process->main = runtime->first;
    process_unref(process);
    task_wake(runtime->first);
}

static BL_LJMP int runtime_first_text(lua_State *L)
{
    const struct runtime_text *text = lua_touserdata(L, 1);

    bl_loader_text(L, text->name, text->text, text->len);
    runtime_start_top(L, text->name);
    return 0;
}

static BL_LJMP int runtime_first_function(lua_State *L)
{
    runtime_start_top(L, "function");
    return 0;
}

enum bl_code bl_runtime_start_function(struct bl_runtime *runtime, struct bl_error *err)
{
    lua_pushcfunction(runtime->vm->L, runtime_first_function);
    lua_insert(runtime->vm->L, -2);
    return bl_vm_call(runtime->vm, 1, 0, err);
}

enum bl_code bl_runtime_start_text(struct bl_runtime *runtime, const char *name,
                                   const char *text, size_t len, struct bl_error *err)
{
    struct runtime_text chunk = {name, text, len};

    lua_pushcfunction(runtime->vm->L, runtime_first_text);
    lua_pushlightuserdata(runtime->vm->L, &chunk);
    return bl_vm_call(runtime->vm, 1, 0, err);
}

static BL_LJMP int runtime_read_value(lua_State *L)
{
    struct bl_runtime *runtime = runtime_of(L);
    struct bl_error err;

    if (bl_value_read(L, 1, &runtime->result.value, &err) != BL_OK)
        runtime->result.value = bl_value_text(bl_cage_text(L, 1, NULL));
    return 0;
}

static void runtime_finish(struct bl_runtime *runtime)
{
    struct task *first = runtime->first;
    lua_State *L = runtime->vm->L;
    struct bl_error err;

    if (first->is_failed) {
        if (runtime->result.error.code == BL_OK)
            bind_error_read(first->L, -1, &runtime->result.error);
        runtime->result.is_failed = true;
        return;
    }
    if (lua_gettop(first->L) > 0 && !first->process->is_done) {
        lua_settop(first->L, 1);
        lua_pushcfunction(L, runtime_read_value);
        lua_xmove(first->L, L, 1);
        if (bl_vm_call(runtime->vm, 1, 0, &err) != BL_OK)
            runtime->result.value = NULL;
    }
}

void bl_runtime_step(struct bl_runtime *runtime, bool only_one)
{
    int most = only_one ? 1 : STEP_TASKS;
    struct task *task;

    for (int i = 0; i < most && !runtime->is_over && (task = runtime->ready) != NULL; i++) {
        runtime->ready = task->next_ready;
        if (runtime->ready == NULL)
            runtime->ready_end = &runtime->ready;
        task->is_queued = false;
        if (task->state == TASK_READY)
            task_resume(task);
    }
    if (runtime->is_over && !runtime->is_stopping) {
        runtime->is_stopping = true;
        runtime_finish(runtime);
    }
}

bool bl_runtime_is_ready(const struct bl_runtime *runtime)
{
    return runtime->ready != NULL;
}

bool bl_runtime_is_over(const struct bl_runtime *runtime)
{
    return runtime->is_over;
}

/* What comes after it is not replayed: from here on the run is only ended. */
static void runtime_say_stopped(struct bl_runtime *runtime, const struct bl_error *why)
{
    struct bl_value *data;

    if (runtime->first == NULL || !task_is_durable(runtime->first) ||
        bl_world_is_replaying(runtime->world))
        return;
    data = bl_map_new();
    bl_map_set(data, "code", bl_value_text(bl_code_name(why->code)));
    bl_map_set(data, "why", bl_value_text(why->message));
    bl_world_emit(runtime->world, "run_stopped", data);
}

void bl_runtime_stop(struct bl_runtime *runtime, const struct bl_error *why)
{
    if (runtime->is_stopping)
        return;
    runtime->is_stopping = true;
    runtime_say_stopped(runtime, why);
    runtime->result.is_failed = true;
    runtime->result.error = *why;
    if (runtime->first != NULL)
        task_close(runtime->first, why);
    runtime->is_over = true;
}

void bl_runtime_result(struct bl_runtime *runtime, struct bl_result *result)
{
    *result = runtime->result;
    result->value = bl_value_ref(runtime->result.value);
    result->passed = result->warned = result->failed = result->assumed = 0;
    tally_count(runtime, result);
}
