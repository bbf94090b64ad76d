/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* selftest_attempt.c: runs a hostile source in a state of its own and looks whether the cage
 * held. */
#include "base/prefix.h"

#include "base/buf.h"
#include "vm/loader.h"
#include "vm/selftest_lib.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ATTEMPT_CPU_MS 2000 /* what an attempt may take */
#define ATTEMPT_SLACK                                                                          \
    ((size_t)128 << 10) /* what a state may keep: grown stacks and tables of its own */

/* Small limits: an attempt that runs into one is over in a fraction of a second. */
static const struct bl_limits attempt_limits = {
    .steps = 4000000,
    .cpu_ms = 300,
    .bytes = (size_t)16 << 20,
    .string_bytes = (size_t)4 << 20,
};

struct attempt {
    const char *source;
    size_t size;
    const char *folder;
    const struct bl_selftest_hooks *hooks;
    char message[600]; /* the error of the source, "" when there was none */
    char broken[600];  /* why the cage did not hold, "" when it did */
};

static int64_t attempt_cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Upvalue-free helper inside the other state: compiles the attempt that the light userdata at 1
 * points to. */
static BL_LJMP int attempt_compile(lua_State *L)
{
    const struct attempt *attempt = lua_touserdata(L, 1);

    bl_loader_text(L, "attempt.lua", attempt->source, attempt->size);
    return 1;
}

/* The source as a task: a thread of its own under a leash of its own. The compiled function is
 * on top of vm->L. */
static enum bl_code attempt_task(struct bl_vm *vm, struct bl_error *err)
{
    lua_State *L = vm->L, *task = lua_newthread(L);
    struct bl_leash leash;
    struct bl_entry before;
    enum bl_code code = BL_OK;
    int status, results;

    lua_insert(L, -2);
    lua_pushcfunction(task, bl_vm_task);
    lua_xmove(L, task, 1);
    bl_leash_init(&leash);
    before = bl_vm_enter(vm, &leash, task);
    status = lua_resume(task, L, 1, &results);
    if (status != LUA_OK) {
        bl_vm_error(task, -1, &leash, err);
        code = err->code;
    }
    bl_vm_leave(vm, before);
    lua_pop(L, 1);
    return code;
}

/* The state must still work for the next one, and hold no more than before. */
static void attempt_look(struct bl_vm *vm, struct attempt *attempt, size_t before)
{
    struct bl_error err;

    for (int i = 0; i < 12; i++) /* each collection gives half of the call records back */
        lua_gc(vm->L, LUA_GCCOLLECT);
    if (vm->bytes > before + ATTEMPT_SLACK)
        snprintf(attempt->broken, sizeof(attempt->broken),
                 "%zu KiB of memory did not come back", (vm->bytes - before) >> 10);
    attempt->source = "local t = {} for i = 1, 1000 do t[i] = tostring(i) end "
                      "assert(#table.concat(t) == 2893 and ('x'):rep(3) == 'xxx')";
    attempt->size = strlen(attempt->source);
    lua_pushcfunction(vm->L, attempt_compile);
    lua_pushlightuserdata(vm->L, attempt);
    if (bl_vm_call(vm, 1, 1, &err) != BL_OK || bl_vm_call(vm, 0, 0, &err) != BL_OK)
        snprintf(attempt->broken, sizeof(attempt->broken), "the state is broken: %s",
                 err.message);
}

/* Runs the source once; touches no state but its own. */
static void attempt_run(struct attempt attempt_copy, bool is_task, struct attempt *out)
{
    const struct bl_selftest_hooks *hooks = attempt_copy.hooks;
    struct bl_vm *vm = bl_vm_new(&attempt_limits);
    struct bl_error err;
    int64_t began;
    size_t before;
    enum bl_code code;

    if (vm == NULL || bl_loader_new(vm, attempt_copy.folder, &err) != BL_OK)
        BL_BUG("no state for an attempt");
    if (hooks != NULL && hooks->open != NULL && hooks->open(hooks->context, vm, &err) != BL_OK)
        BL_BUG("no words for an attempt: %s", err.message);
    lua_gc(vm->L, LUA_GCCOLLECT);
    before = vm->bytes;
    began = attempt_cpu_ms();
    lua_pushcfunction(vm->L, attempt_compile);
    lua_pushlightuserdata(vm->L, &attempt_copy);
    code = bl_vm_call(vm, 1, 1, &err);
    if (code == BL_OK)
        code = is_task ? attempt_task(vm, &err) : bl_vm_call(vm, 0, 0, &err);
    began = attempt_cpu_ms() - began;
    if (code != BL_OK)
        snprintf(attempt_copy.message, sizeof(attempt_copy.message), "%s", err.message);
    if (began > ATTEMPT_CPU_MS)
        snprintf(attempt_copy.broken, sizeof(attempt_copy.broken), "it took %lld ms",
                 (long long)began);
    attempt_look(vm, &attempt_copy, before);
    if (hooks != NULL && hooks->close != NULL)
        hooks->close(hooks->context, vm);
    bl_vm_free(vm);
    memcpy(out->message, attempt_copy.message, sizeof(out->message));
    memcpy(out->broken, attempt_copy.broken, sizeof(out->broken));
}

/* Writes one file of the project, with the folders above it; false when that failed. */
static bool attempt_write(const char *folder, const char *path, const char *text)
{
    char full[512];
    int fd;

    snprintf(full, sizeof(full), "%s/%s", folder, path);
    for (char *slash = full + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL;
         slash++) {
        *slash = '\0';
        if (mkdir(full, 0700) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    if (strncmp(text, "-> ", 3) == 0)
        return symlink(text + 3, full) == 0;
    fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        close(fd);
        return false;
    }
    return close(fd) == 0;
}

static int attempt_remove(const char *path, const struct stat *info, int kind,
                          struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

/* Writes the files of the table at 3 and runs the attempt both ways. Owns the folder; raises
 * nothing. */
static int attempt_both(lua_State *L)
{
    struct attempt attempt = {.message = "", .broken = ""}, task;
    char folder[] = "/tmp/belay-attempt-XXXXXX";

    attempt.source = lua_tolstring(L, 1, &attempt.size);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &bl_selftest_hooks_key);
    attempt.hooks = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (mkdtemp(folder) == NULL)
        BL_BUG("no temporary folder: %s", strerror(errno));
    attempt.folder = folder;
    if (lua_istable(L, 3))
        for (lua_pushnil(L); lua_next(L, 3) != 0; lua_pop(L, 1))
            if (!attempt_write(folder, lua_tostring(L, -2), lua_tostring(L, -1)))
                snprintf(attempt.broken, sizeof(attempt.broken), "a file could not be written");
    task = attempt;
    attempt_run(attempt, false, &attempt);
    attempt_run(task, true, &task);
    nftw(folder, attempt_remove, 16, FTW_DEPTH | FTW_PHYS);
    lua_pushstring(L, attempt.message);
    lua_pushstring(L, attempt.broken);
    lua_pushstring(L, task.message);
    lua_pushstring(L, task.broken);
    return 4;
}

static BL_LJMP void attempt_check(lua_State *L, int message, const char *how)
{
    if (*lua_tostring(L, message + 1) != '\0')
        luaL_error(L, "%s: %s", how, lua_tostring(L, message + 1));
    if (*lua_tostring(L, message) == '\0')
        luaL_error(L, "%s: the attempt went through: no error", how);
    bl_selftest_find(L, lua_tostring(L, 2), lua_tostring(L, message), how);
}

BL_LJMP int bl_selftest_attempt(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 3);
    if (lua_istable(L, 3))
        for (lua_pushnil(L); lua_next(L, 3) != 0; lua_pop(L, 1))
            luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING,
                          3, "files are texts by path");
    attempt_both(L);
    attempt_check(L, 4, "called");
    attempt_check(L, 6, "as a task");
    lua_pushvalue(L, 4);
    return 1;
}
