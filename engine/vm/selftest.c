/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* selftest.c: loads test files, runs their tests one by one and counts. */
#include "base/prefix.h"

#include "vm/cage.h"
#include "vm/loader.h"
#include "vm/selftest_lib.h"

#include <libgen.h>
#include <unistd.h>

const char bl_selftest_hooks_key = 0;
static const char selftest_tests = 0; /* registry: list of name, function, name, function … */

struct selftest {
    const struct bl_selftest_hooks *hooks;
    const char *filter;
    FILE *out;
    int passed;
    int failed;
};

static BL_LJMP int selftest_test(lua_State *L)
{
    lua_Integer count;

    luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &selftest_tests);
    count = (lua_Integer)lua_rawlen(L, 3);
    lua_pushvalue(L, 1);
    lua_rawseti(L, 3, count + 1);
    lua_pushvalue(L, 2);
    lua_rawseti(L, 3, count + 2);
    return 0;
}

/* Adds the words of tests; argument: the hooks. */
static BL_LJMP int selftest_open(lua_State *L)
{
    static const luaL_Reg words[] = {
        {"test", selftest_test},          {"ok", bl_selftest_ok},
        {"equal", bl_selftest_equal},     {"raises", bl_selftest_raises},
        {"attempt", bl_selftest_attempt}, {NULL, NULL},
    };

    for (const luaL_Reg *word = words; word->name != NULL; word++) {
        lua_pushcfunction(L, word->func);
        bl_cage_set(L, word->name);
    }
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &selftest_tests);
    lua_settop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &bl_selftest_hooks_key);
    return 0;
}

static BL_LJMP int selftest_load(lua_State *L)
{
    bl_loader_file(L, lua_tostring(L, 1));
    return 0;
}

/* Pushes name and function of test `index` (from 0): results 1 and 2; nil when there is no such
 * test. */
static BL_LJMP int selftest_get(lua_State *L)
{
    lua_Integer index = lua_tointeger(L, 1);

    lua_rawgetp(L, LUA_REGISTRYINDEX, &selftest_tests);
    lua_rawgeti(L, 2, 2 * index + 1);
    lua_rawgeti(L, 2, 2 * index + 2);
    return 2;
}

/* Counts what is kept; a number is a place that luaL_unref has given back. */
static BL_LJMP int selftest_registry(lua_State *L)
{
    lua_Integer count = 0;

    for (lua_pushnil(L); lua_next(L, LUA_REGISTRYINDEX) != 0; lua_pop(L, 1))
        count += lua_type(L, -1) != LUA_TNUMBER;
    lua_pushinteger(L, count);
    return 1;
}

static lua_Integer selftest_count(struct bl_vm *vm)
{
    struct bl_error err;
    lua_Integer count;

    lua_pushcfunction(vm->L, selftest_registry);
    if (bl_vm_call(vm, 0, 1, &err) != BL_OK)
        return -1;
    count = lua_tointeger(vm->L, -1);
    lua_pop(vm->L, 1);
    return count;
}

/* Runs the function on top of vm->L and looks at what it left behind. */
static enum bl_code selftest_one(const struct selftest *self, struct bl_vm *vm,
                                 struct bl_error *err)
{
    const struct bl_selftest_hooks *hooks = self->hooks;
    lua_Integer registry = selftest_count(vm);
    char before[1024], after[1024];
    enum bl_code code;

    if (getcwd(before, sizeof(before)) == NULL)
        before[0] = '\0';
    if (hooks != NULL && hooks->call != NULL)
        code = hooks->call(hooks->context, vm, err);
    else
        code = bl_vm_call(vm, 0, 0, err);
    if (code == BL_OK && (getcwd(after, sizeof(after)) == NULL || strcmp(before, after) != 0))
        code = bl_fail(err, BL_E_FAILED, "the working folder was changed");
    if (code == BL_OK && selftest_count(vm) != registry)
        code = bl_fail(err, BL_E_FAILED, "the registry holds more or less than before");
    if (code == BL_OK && hooks != NULL && hooks->check != NULL)
        code = hooks->check(hooks->context, vm, err);
    return code;
}

/* Runs test `index` of a file; false when there is no such test. */
static bool selftest_next(struct selftest *self, struct bl_vm *vm, const char *path, int index)
{
    char name[200];
    struct bl_error err;

    lua_pushcfunction(vm->L, selftest_get);
    lua_pushinteger(vm->L, index);
    if (bl_vm_call(vm, 1, 2, &err) != BL_OK || lua_isnil(vm->L, -2))
        return false;
    snprintf(name, sizeof(name), "%s", lua_tostring(vm->L, -2));
    lua_remove(vm->L, -2);
    if (self->filter != NULL && strstr(name, self->filter) == NULL &&
        strstr(path, self->filter) == NULL) {
        lua_pop(vm->L, 1);
        return true;
    }
    if (selftest_one(self, vm, &err) == BL_OK) {
        self->passed++;
    } else {
        self->failed++;
        fprintf(self->out, "FAIL %s: %s: %s\n", path, name, err.message);
    }
    return true;
}

static enum bl_code selftest_setup(const struct selftest *self, struct bl_vm *vm,
                                   const char *path, struct bl_error *err)
{
    char folder[1024], file[1024];
    enum bl_code code;

    snprintf(folder, sizeof(folder), "%s", path);
    snprintf(file, sizeof(file), "%s", path);
    code = bl_loader_new(vm, dirname(folder), err);
    if (code == BL_OK && self->hooks != NULL && self->hooks->open != NULL)
        code = self->hooks->open(self->hooks->context, vm, err);
    lua_pushcfunction(vm->L, selftest_open);
    lua_pushlightuserdata(vm->L, (void *)(uintptr_t)self->hooks);
    if (code == BL_OK)
        code = bl_vm_call(vm, 1, 0, err);
    lua_pushcfunction(vm->L, selftest_load);
    lua_pushstring(vm->L, basename(file));
    if (code == BL_OK)
        code = bl_vm_call(vm, 1, 0, err);
    return code;
}

static void selftest_print(void *context, const char *text, size_t len)
{
    fprintf(context, "%.*s\n", (int)len, text);
}

static void selftest_file(struct selftest *self, const char *path)
{
    struct bl_vm *vm = bl_vm_new(NULL);
    struct bl_error err;

    if (vm == NULL)
        BL_BUG("no state for %s", path);
    bl_vm_print(vm, selftest_print, self->out);
    if (selftest_setup(self, vm, path, &err) != BL_OK) {
        self->failed++;
        fprintf(self->out, "FAIL %s: %s\n", path, err.message);
    } else {
        for (int i = 0; selftest_next(self, vm, path, i);)
            i++;
    }
    if (self->hooks != NULL && self->hooks->close != NULL)
        self->hooks->close(self->hooks->context, vm);
    bl_vm_free(vm);
}

int bl_selftest_run(const struct bl_selftest_hooks *hooks, const char *const *paths,
                    const char *filter, FILE *out)
{
    struct selftest self = {hooks, filter, out, 0, 0};

    for (; *paths != NULL; paths++)
        selftest_file(&self, *paths);
    if (self.passed + self.failed == 0) {
        self.failed++;
        fprintf(out, "FAIL no test was found\n");
    }
    fprintf(out, "%d passed, %d failed\n", self.passed, self.failed);
    return self.failed;
}
