/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* vm.c: makes and frees Lua states, and holds the two doors into them: calls and tasks. */
#include "base/prefix.h"

#include "vm/bind.h"
#include "vm/cage.h"
#include "vm/loader.h"
#include "vm/vm.h"

static void vm_defaults(struct bl_limits *limits)
{
    const char *fail = getenv("BL_FAIL_ALLOC");

    if (limits->steps == 0)
        limits->steps = BL_DEFAULT_STEPS;
    if (limits->cpu_ms == 0)
        limits->cpu_ms = BL_DEFAULT_CPU_MS;
    if (limits->bytes == 0)
        limits->bytes = BL_DEFAULT_BYTES;
    if (limits->string_bytes == 0)
        limits->string_bytes = BL_DEFAULT_STRING;
    if (limits->fail_alloc == 0 && fail != NULL)
        limits->fail_alloc = strtoll(fail, NULL, 10);
}

static int vm_panic(lua_State *L)
{
    const char *text = lua_tostring(L, -1);

    BL_BUG("a Lua error outside of a protected call: %s", text != NULL ? text : "no text");
    return 0;
}

static BL_LJMP int vm_open(lua_State *L)
{
    lua_pushliteral(L, BL_SENTINEL); /* kept, so that pushing it never allocates */
    lua_rawsetp(L, LUA_REGISTRYINDEX, BL_SENTINEL);
    bl_cage_open(L);
    return 0;
}

struct bl_vm *bl_vm_new(const struct bl_limits *limits)
{
    struct bl_vm *vm = bl_alloc(sizeof(*vm));
    const char *gc = getenv("BL_GC");
    struct bl_error err;

    if (limits != NULL)
        vm->limits = *limits;
    vm_defaults(&vm->limits);
    bl_cage_seed(vm, vm->limits.seed);
    vm->leash = &vm->own;
    bl_limits_slice(vm, &vm->own);
    vm->L = lua_newstate(bl_limits_alloc, vm);
    if (vm->L == NULL) {
        bl_free(vm);
        return NULL;
    }
    memcpy(lua_getextraspace(vm->L), &vm, sizeof(struct bl_vm *));
    lua_atpanic(vm->L, vm_panic);
    if (gc != NULL && strcmp(gc, "hard") == 0)
        lua_gc(vm->L, LUA_GCINC, 1, 1000, 1);
    lua_pushcfunction(vm->L, vm_open);
    if (bl_vm_call(vm, 0, 0, &err) != BL_OK) {
        bl_vm_free(vm);
        return NULL;
    }
    return vm;
}

void bl_vm_free(struct bl_vm *vm)
{
    if (vm == NULL)
        return;
    vm->running = NULL;
    lua_close(vm->L);
    if (vm->bytes != 0)
        BL_BUG("a Lua state left %zu bytes", vm->bytes);
    bl_loader_free(vm->loader);
    bl_free(vm);
}

struct bl_vm *bl_vm_of(lua_State *L)
{
    struct bl_vm *vm;

    memcpy(&vm, lua_getextraspace(L), sizeof(struct bl_vm *));
    return vm;
}

struct bl_entry bl_vm_enter(struct bl_vm *vm, struct bl_leash *leash, lua_State *L)
{
    struct bl_entry before = {vm->leash, vm->running};

    vm->leash = leash;
    vm->running = L;
    bl_limits_slice(vm, leash);
    bl_limits_watch(L);
    return before;
}

void bl_vm_leave(struct bl_vm *vm, struct bl_entry entry)
{
    vm->leash = entry.leash;
    vm->running = entry.running;
}

/* Writes "at file:line in 'name'" lines into vm->traceback. Allocates nothing, so it works at
 * any limit. */
static void vm_trace(lua_State *L, struct bl_vm *vm)
{
    size_t at = 0;
    lua_Debug ar;

    vm->traceback[0] = '\0';
    for (int level = 0; level < 100 && lua_getstack(L, level, &ar); level++) {
        int wrote;

        lua_getinfo(L, "Sln", &ar);
        if (ar.currentline <= 0)
            continue;
        wrote = snprintf(vm->traceback + at, sizeof(vm->traceback) - at, "%sat %s:%d%s%s%s",
                         at > 0 ? "\n" : "", ar.short_src, ar.currentline,
                         ar.name != NULL ? " in '" : "", ar.name != NULL ? ar.name : "",
                         ar.name != NULL ? "'" : "");
        if (wrote < 0 || (size_t)wrote >= sizeof(vm->traceback) - at)
            return;
        at += (size_t)wrote;
    }
}

static int vm_on_error(lua_State *L)
{
    vm_trace(L, bl_vm_of(L));
    return 1;
}

void bl_vm_error(lua_State *L, int index, const struct bl_leash *leash, struct bl_error *err)
{
    const char *text = NULL;

    if (leash->kill != BL_ALIVE) {
        *err = leash->error;
        return;
    }
    if (lua_type(L, index) == LUA_TSTRING)
        text = lua_tostring(L, index);
    if (text != NULL)
        bl_fail(err, BL_E_FAILED, "%s", text);
    else
        bl_fail(err, BL_E_FAILED, "the script raised a %s, not a message",
                luaL_typename(L, index));
}

enum bl_code bl_vm_call(struct bl_vm *vm, int arguments, int results, struct bl_error *err)
{
    lua_State *L = vm->L;
    int base = lua_gettop(L) - arguments;
    struct bl_leash *leash = vm->running != NULL ? vm->leash : &vm->own;
    struct bl_entry before;
    int status;

    if (leash == &vm->own && vm->running == NULL)
        bl_leash_init(leash);
    lua_pushcfunction(L, vm_on_error);
    lua_insert(L, base);
    before = bl_vm_enter(vm, leash, L);
    status = lua_pcall(L, arguments, results, base);
    if (status == LUA_ERRMEM || (status != LUA_OK && vm->refused_size != 0))
        bl_limits_memory(vm);
    if (status != LUA_OK) {
        if (leash->kill != BL_ALIVE)
            *err = leash->error;
        else
            bind_error_read(L, -1, err);
        lua_settop(L, base);
    }
    bl_vm_leave(vm, before);
    lua_remove(L, base);
    return status == LUA_OK ? BL_OK : err->code;
}

static BL_LJMP int vm_task_end(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - 1;
    bl_rethrow(L, status);
    return lua_error(L);
}

int bl_vm_task(lua_State *L)
{
    int arguments = lua_gettop(L) - 1;

    lua_pushcfunction(L, vm_on_error);
    lua_insert(L, 1);
    return vm_task_end(L, lua_pcallk(L, arguments, LUA_MULTRET, 1, 0, vm_task_end), 0);
}

void bl_vm_interrupt(struct bl_vm *vm)
{
    vm->is_interrupted = 1;
}

void bl_vm_print(struct bl_vm *vm, bl_print_fn print, void *context)
{
    vm->print = print;
    vm->print_context = context;
}
