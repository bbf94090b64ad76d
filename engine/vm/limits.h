/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* limits.h: how much a script may use, how that is counted, and how a script is stopped for
 * good. */
#ifndef BL_VM_LIMITS_H
#define BL_VM_LIMITS_H

#include "base/error.h"
#include "vm/lua_api.h"

/* What a script gets when nobody says otherwise. Steps and time are for one slice: from one
 * await to the next. */
#define BL_DEFAULT_STEPS INT64_C(200000000)
#define BL_DEFAULT_CPU_MS INT64_C(10000)
#define BL_DEFAULT_BYTES ((size_t)256 << 20)
#define BL_DEFAULT_STRING ((size_t)16 << 20)

/* What is left, after a stop, to the `<close>` functions of a script and to the engine's own
 * last words. */
#define BL_CLOSE_STEPS INT64_C(200000)
#define BL_CLOSE_CPU_MS INT64_C(200)
#define BL_MEMORY_RESERVE ((size_t)1 << 20)

/* Zero means the default. */
struct bl_limits {
    int64_t steps;       /* VM instructions, and what C functions charge, for one slice */
    int64_t cpu_ms;      /* processor time of one slice: the backstop for slow instructions */
    size_t bytes;        /* of the whole state */
    size_t string_bytes; /* of one string */
    uint64_t seed;       /* of math.random */
    int64_t fail_alloc;  /* tests: while a script runs, the n-th and every later allocation
                            fails; the environment's BL_FAIL_ALLOC */
};

enum bl_kill {
    BL_ALIVE = 0,
    BL_KILL_STEPS,
    BL_KILL_TIME,
    BL_KILL_MEMORY,
    BL_KILL_STOPPED /* the engine's wish: cancelled, refused, a gate's no, a lost lease … */
};

/*
 * The leash of one task (or of the code that the engine itself runs on the main state).
 * Whatever makes a script end for good sets `kill` and `error` and raises; nothing in a script
 * can catch that: pcall and xpcall raise it again, message handlers do not run, only `<close>`
 * functions do, on the small rest above. A leash that was killed stays killed.
 */
struct bl_leash {
    enum bl_kill kill;
    struct bl_error error; /* filled when kill is set */
    int64_t left;          /* steps */
    int64_t cpu_end;       /* nanoseconds of this thread's processor time */
    int guards;            /* calls under way whose errors the script catches: pcall, try */
};

struct bl_vm;

/* An own leash for a task; alive, without steps until bl_vm_enter gives it a slice. */
void bl_leash_init(struct bl_leash *leash);
/* Marks the leash as killed by the engine. The task ends when it next runs (bl_vm_check, a
 * charge, the hook). */
void bl_leash_stop(struct bl_leash *leash, const struct bl_error *why);

/* The running task lives again, with a slice of its own: its step begins again. */
void bl_leash_revive(struct bl_vm *vm);

/* Charges steps for work done in C. Raises the private error when the slice has none left. [-0,
 * +0, v] */
BL_LJMP void bl_charge(lua_State *L, size_t steps);
/* The same for code that must not raise: a slice without steps ends at its next instruction.
 * [-0, +0, -] */
void bl_charge_later(lua_State *L, size_t steps);
/* Raises when the running task was killed: the first thing that an operation or a word does.
 * [-0, +0, v] */
BL_LJMP void bl_check_alive(lua_State *L);
/* Kills the running task for the engine's reason and raises. Never returns. [-0, +0, v] */
BL_LJMP int bl_stop(lua_State *L, const struct bl_error *why);
/*
 * After a failed lua_pcall with the error on top: raises it again when it must not be caught.
 * Every protected call in engine/vm that goes on after an error calls this first. [-0, +0, v]
 */
BL_LJMP void bl_rethrow(lua_State *L, int status);
/* The error that nothing may catch, as scripts' `<close>` functions see it. Pushing it
 * allocates nothing. */
#define BL_SENTINEL "stopped by the engine"

/* "daily/morning.lua:12" of the innermost Lua function of the project that runs, else of
 * Belay's own, else "". Allocates nothing. */
void bl_where(lua_State *L, char *out, size_t size);

/* Used by vm.c only. */
void *bl_limits_alloc(void *vm, void *block, size_t old_size, size_t new_size);
void bl_limits_slice(struct bl_vm *vm, struct bl_leash *leash);
void bl_limits_watch(lua_State *L);
void bl_limits_memory(struct bl_vm *vm); /* kills the running leash for its memory */

#endif
