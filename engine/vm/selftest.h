/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* selftest.h: runs the Lua tests of tests/lua inside the engine. */
#ifndef BL_VM_SELFTEST_H
#define BL_VM_SELFTEST_H

#include "vm/vm.h"

/*
 * A test file calls test("name", function() … end). In it: ok(value, text?), equal(got,
 * wanted), raises(pattern, fn, ...) and attempt(source, pattern, files?).
 *
 * attempt runs `source` as a file of its own in a fresh state with small limits, twice: called
 * by the engine, and as a task. Each time it must end in an error whose text the pattern finds,
 * in less than two seconds of processor time, after which the state still works and its memory
 * is back. `files` are written into the temporary project that `require` sees: path -> text, or
 * "-> target" for a symbolic link. It returns the error's text.
 */

/* How the engine's own verb plugs in its modules and its loop; each may be NULL for plain Lua.
 */
struct bl_selftest_hooks {
    void *context;
    /* Adds modules and words to a new state. */
    enum bl_code (*open)(void *context, struct bl_vm *vm, struct bl_error *err);
    /* Calls the function on top of vm->L without arguments and pops it: as a task, on the loop.
     */
    enum bl_code (*call)(void *context, struct bl_vm *vm, struct bl_error *err);
    /* After each test: fails when something was left open. */
    enum bl_code (*check)(void *context, struct bl_vm *vm, struct bl_error *err);
    /* Before the state is freed. */
    void (*close)(void *context, struct bl_vm *vm);
};

/*
 * Runs the tests of the files (paths end with NULL) whose name holds `filter` (NULL: all), each
 * file in its own state. Prints a line for each failure and "N passed, N failed" to out. Gives
 * the number of failures; a file that does not load, and a run in which no test was found, are
 * failures.
 */
int bl_selftest_run(const struct bl_selftest_hooks *hooks, const char *const *paths,
                    const char *filter, FILE *out);

#endif
