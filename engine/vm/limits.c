/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* limits.c: counts bytes, steps and processor time of scripts, and raises the error that
 * nothing catches. */
#include "base/prefix.h"

#include "vm/limits.h"
#include "vm/vm.h"

#include <time.h>

#define LIMITS_PERIOD 1000 /* instructions between two looks of the hook */
#define LIMITS_BIG                                                                             \
    ((size_t)4096) /* an allocation from here on is charged: copying takes time */
#define LIMITS_RUSH ((size_t)65536) /* and from here on the clock is looked at */
#define LIMITS_BYTES_A_STEP 64
#define LIMITS_LOOK_NS INT64_C(20000000)

static int64_t limits_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void bl_where(lua_State *L, char *out, size_t size)
{
    lua_Debug ar;

    out[0] = '\0';
    for (int level = 0; level < 64 && lua_getstack(L, level, &ar); level++) {
        bool is_ours;

        lua_getinfo(L, "Sl", &ar);
        is_ours = strncmp(ar.source, "@belay/", 7) == 0;
        if (ar.currentline <= 0 || (is_ours && out[0] != '\0'))
            continue;
        snprintf(out, size, "%s:%d", ar.short_src, ar.currentline);
        if (!is_ours)
            return;
    }
}

/* "200 million", "1500": easier to read than a row of zeros. */
static void limits_count(char out[32], int64_t count)
{
    bool is_round = count > 0 && count % 1000000 == 0;

    snprintf(out, 32, "%lld%s", (long long)(is_round ? count / 1000000 : count),
             is_round ? " million" : "");
}

/* The text of a limit: place, what ran out, how much there was, what to do. */
static void limits_text(struct bl_vm *vm, enum bl_kill kill, struct bl_error *err)
{
    char where[128] = "";
    char steps[32];
    const char *colon;

    if (vm->running != NULL)
        bl_where(vm->running, where, sizeof(where));
    colon = where[0] ? ": " : "";
    limits_count(steps, vm->limits.steps);
    if (kill == BL_KILL_STEPS)
        bl_fail(err, BL_E_LIMIT,
                "%s%sthe script used up its %s steps without waiting for anything: "
                "look for a loop that does not end, or do less in one go",
                where, colon, steps);
    else if (kill == BL_KILL_TIME)
        bl_fail(err, BL_E_LIMIT,
                "%s%sthe script used up its %lld ms of processor time without waiting for "
                "anything: look for a loop that does not end, or do less in one go",
                where, colon, (long long)vm->limits.cpu_ms);
    else
        bl_fail(err, BL_E_LIMIT,
                "%s%sthe script used up its memory (%zu MiB in all, %zu MiB in one string): "
                "keep less, or reduce answers where they are made",
                where, colon, vm->limits.bytes >> 20, vm->limits.string_bytes >> 20);
}

static void limits_kill(struct bl_vm *vm, enum bl_kill kill)
{
    struct bl_leash *leash = vm->leash;

    if (leash->kill != BL_ALIVE)
        return;
    limits_text(vm, kill, &leash->error);
    leash->kill = kill;
    leash->left = BL_CLOSE_STEPS;
    leash->cpu_end = limits_clock(CLOCK_THREAD_CPUTIME_ID) + BL_CLOSE_CPU_MS * 1000000;
}

static BL_LJMP int limits_raise(lua_State *L)
{
    lua_pushliteral(L, BL_SENTINEL);
    return lua_error(L);
}

void bl_leash_init(struct bl_leash *leash)
{
    memset(leash, 0, sizeof(*leash));
}

void bl_leash_stop(struct bl_leash *leash, const struct bl_error *why)
{
    if (leash->kill != BL_ALIVE)
        return;
    leash->error = *why;
    leash->kill = BL_KILL_STOPPED;
    leash->left = BL_CLOSE_STEPS;
    leash->cpu_end = INT64_MAX;
}

void bl_leash_revive(struct bl_vm *vm)
{
    int guards = vm->leash->guards;

    bl_leash_init(vm->leash);
    vm->leash->guards = guards;
    bl_limits_slice(vm, vm->leash);
}

BL_LJMP int bl_stop(lua_State *L, const struct bl_error *why)
{
    bl_leash_stop(bl_vm_of(L)->leash, why);
    return limits_raise(L);
}

BL_LJMP void bl_check_alive(lua_State *L)
{
    if (bl_vm_of(L)->leash->kill != BL_ALIVE)
        limits_raise(L);
}

BL_LJMP void bl_charge(lua_State *L, size_t steps)
{
    struct bl_vm *vm = bl_vm_of(L);

    vm->leash->left -= (int64_t)steps;
    if (vm->leash->left < 0) {
        limits_kill(vm, BL_KILL_STEPS);
        limits_raise(L);
    }
}

BL_LJMP void bl_rethrow(lua_State *L, int status)
{
    struct bl_vm *vm = bl_vm_of(L);

    /* A refused allocation that was not tried again with success is what ended the call,
     * whatever a
     * `<close>` function made of the error afterwards. */
    if (status == LUA_ERRMEM || vm->refused_size != 0)
        limits_kill(vm, BL_KILL_MEMORY);
    if (vm->leash->kill != BL_ALIVE)
        limits_raise(L);
}

static void limits_look(struct bl_vm *vm)
{
    int64_t now = limits_clock(CLOCK_MONOTONIC_COARSE);

    if (now < vm->clock_next)
        return;
    vm->clock_next = now + LIMITS_LOOK_NS;
    if (limits_clock(CLOCK_THREAD_CPUTIME_ID) < vm->leash->cpu_end)
        return;
    limits_kill(vm, BL_KILL_TIME);
    if (vm->leash->left > 0 && vm->leash->cpu_end < limits_clock(CLOCK_THREAD_CPUTIME_ID))
        vm->leash->left = -1;
}

static void limits_hook(lua_State *L, lua_Debug *ar)
{
    struct bl_vm *vm = bl_vm_of(L);
    struct bl_leash *leash = vm->leash;
    bool was_alive = leash->kill == BL_ALIVE;
    struct bl_error cancelled;

    (void)ar;
    leash->left -= vm->is_rushed ? 1 : LIMITS_PERIOD;
    if (vm->is_rushed) {
        vm->is_rushed = false;
        bl_limits_watch(L);
    }
    if (vm->is_interrupted && was_alive) {
        vm->is_interrupted = 0;
        bl_fail(&cancelled, BL_E_CANCELLED, "the script was interrupted");
        bl_leash_stop(leash, &cancelled);
    }
    limits_look(vm);
    if (leash->left < 0)
        limits_kill(vm, BL_KILL_STEPS);
    if (leash->kill != BL_ALIVE && (was_alive || leash->left < 0))
        limits_raise(L);
}

void bl_limits_watch(lua_State *L)
{
    lua_sethook(L, limits_hook, LUA_MASKCOUNT, LIMITS_PERIOD);
}

void bl_limits_slice(struct bl_vm *vm, struct bl_leash *leash)
{
    if (leash->kill != BL_ALIVE)
        return;
    vm->refused_size = 0;
    leash->left = vm->limits.steps;
    leash->cpu_end = limits_clock(CLOCK_THREAD_CPUTIME_ID) + vm->limits.cpu_ms * 1000000;
}

/* The engine's own code, and what runs after a stop, has a reserve: it must not fail where
 * nothing catches it. */
static size_t limits_bound(const struct bl_vm *vm)
{
    bool has_reserve = vm->leash->kill != BL_ALIVE || (vm->running == NULL && vm->L != NULL);

    return vm->limits.bytes + (has_reserve ? BL_MEMORY_RESERVE : 0);
}

/* Asks the hook to look at the next instruction. */
static void limits_rush(struct bl_vm *vm)
{
    if (vm->running == NULL || vm->is_rushed)
        return;
    vm->is_rushed = true;
    lua_sethook(vm->running, limits_hook, LUA_MASKCOUNT, 1);
}

void bl_charge_later(lua_State *L, size_t steps)
{
    struct bl_vm *vm = bl_vm_of(L);

    vm->leash->left -= (int64_t)steps;
    if (vm->leash->left < 0)
        limits_rush(vm);
}

/* Charges what the allocator does; it cannot raise, so where it matters the hook is asked to
 * look at once. */
static void limits_charge_bytes(struct bl_vm *vm, size_t bytes)
{
    vm->leash->left -= (int64_t)(bytes / LIMITS_BYTES_A_STEP);
    if (vm->leash->left < 0 || bytes >= LIMITS_RUSH)
        limits_rush(vm);
}

/* Lua collects and asks once more after a refusal: the second refusal of the same block is
 * final. */
static void *limits_refuse(struct bl_vm *vm, void *block, size_t size)
{
    if (vm->refused_size == size && vm->refused_block == block)
        limits_kill(vm, BL_KILL_MEMORY);
    else
        limits_charge_bytes(vm, vm->bytes);
    vm->refused_block = block;
    vm->refused_size = size;
    return NULL;
}

/* True when a block may not grow from `before` to `size` bytes. */
static bool limits_is_refused(struct bl_vm *vm, bool is_string, size_t before, size_t size)
{
    vm->allocations++;
    if (vm->limits.fail_alloc > 0 && vm->allocations >= vm->limits.fail_alloc &&
        (vm->running != NULL || vm->L == NULL))
        return true;
    if (is_string && size > vm->limits.string_bytes + 64) /* the string's own head */
        return true;
    return vm->bytes + (size - before) > limits_bound(vm);
}

static void *limits_free(struct bl_vm *vm, void *block, size_t before)
{
    free(block);
    vm->bytes -= before;
    return NULL;
}

void *bl_limits_alloc(void *context, void *block, size_t old_size, size_t new_size)
{
    struct bl_vm *vm = context;
    bool is_string = block == NULL && old_size == LUA_TSTRING;
    bool is_retry = vm->refused_size == new_size && vm->refused_block == block;
    size_t before = block == NULL ? 0 : old_size;
    bool is_growing = new_size > before;
    void *memory;

    if (new_size == 0)
        return limits_free(vm, block, before);
    if (is_growing) {
        if (limits_is_refused(vm, is_string, before, new_size))
            return limits_refuse(vm, block, new_size);
        if (new_size >= LIMITS_BIG)
            limits_charge_bytes(vm, new_size);
    }
    memory = realloc(block, new_size);
    if (memory == NULL)
        return limits_refuse(vm, block, new_size);
    if (is_retry)
        vm->refused_size = 0;
    vm->bytes = vm->bytes - before + new_size;
    vm->bytes_peak = vm->bytes > vm->bytes_peak ? vm->bytes : vm->bytes_peak;
    return memory;
}

void bl_limits_memory(struct bl_vm *vm)
{
    limits_kill(vm, BL_KILL_MEMORY);
}
