/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* vm.h: the life of one Lua state: made with its limits and its cage, entered, called, freed.
 */
#ifndef BL_VM_VM_H
#define BL_VM_VM_H

#include "vm/limits.h"

#include <signal.h>

struct bl_loader;
struct bl_runtime;

/* What `print` of a script does: text is one line without its newline, any bytes. */
typedef void (*bl_print_fn)(void *context, const char *text, size_t len);

/*
 * Owned by the engine, one thread only. The fields are for engine/vm; others use the functions.
 *
 * Locale: the numbers, orders and letters of Lua must not depend on the machine. The process
 * may set LC_CTYPE; LC_NUMERIC and LC_COLLATE stay "C".
 */
struct bl_vm {
    lua_State *L; /* the main state */
    struct bl_limits limits;
    size_t bytes;           /* allocated now */
    size_t bytes_peak;      /* the most there ever was */
    int64_t allocations;    /* counted for fail_alloc */
    void *refused_block;    /* the last allocation that was refused and not yet tried again */
    size_t refused_size;    /* 0: none */
    struct bl_leash own;    /* of code that runs outside of tasks */
    struct bl_leash *leash; /* of the code that runs now; never NULL */
    lua_State *running;     /* the thread that runs now; NULL outside of Lua */
    int64_t clock_next;     /* when to look at the processor clock again */
    bool is_rushed;         /* the hook is to fire at the next instruction */
    volatile sig_atomic_t is_interrupted;
    uint64_t random[2];
    bl_print_fn print;
    void *print_context;
    struct bl_loader *loader;   /* NULL until bl_loader_new */
    struct bl_runtime *runtime; /* whose state it is; NULL: nobody's (tests of the cage) */
    char traceback[2048];       /* of the last error that left Lua */
};

/* NULL limits: the defaults. NULL when the state does not fit into limits.bytes. */
struct bl_vm *bl_vm_new(const struct bl_limits *limits);
/* Frees the state and all it holds; no script code runs. NULL is allowed. */
void bl_vm_free(struct bl_vm *vm);

/* The vm of any of its threads. */
struct bl_vm *bl_vm_of(lua_State *L);

/*
 * Around every lua_resume and every call on the main state: makes `leash` the one that is
 * charged, with a new slice, and `L` the thread that runs. They nest: hand what enter gave to
 * leave.
 */
struct bl_entry {
    struct bl_leash *leash;
    lua_State *running;
};
struct bl_entry bl_vm_enter(struct bl_vm *vm, struct bl_leash *leash, lua_State *L);
void bl_vm_leave(struct bl_vm *vm, struct bl_entry entry);

/*
 * The door: calls the function below `arguments` on the main state under vm->own, protected. On
 * failure nothing is pushed and err is filled (BL_E_LIMIT for limits, the engine's own error
 * for stops, BL_E_FAILED for an error of the script); vm->own is alive again for the next call.
 * [-(arguments + 1), +(results | 0), -]
 */
enum bl_code bl_vm_call(struct bl_vm *vm, int arguments, int results,
                        struct bl_error *err) BL_MUST_USE;

/*
 * The base function of a task: push it on the new thread, then the function and its arguments,
 * and resume. It gives the function's results. An error of the function leaves it after every
 * `<close>` has run, with vm->traceback filled and the thread ready to be resumed no more. (An
 * error must not end a thread directly: a stop is raised in the count hook, and 5.4 leaves
 * hooks off in a thread that died there.)
 */
int bl_vm_task(lua_State *L);

/* Fills err from a Lua error value at `index`: a string, or any value by its safe text. Runs no
 * script code. */
void bl_vm_error(lua_State *L, int index, const struct bl_leash *leash, struct bl_error *err);

/* Asks the running script to stop at its next instruction. Safe in a signal handler. */
void bl_vm_interrupt(struct bl_vm *vm);

void bl_vm_print(struct bl_vm *vm, bl_print_fn print, void *context);

#endif
