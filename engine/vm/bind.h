/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* bind.h: from a Lua call to an operation and back: arguments, the one yield, answers and error
 * objects. */
#ifndef BL_VM_BIND_H
#define BL_VM_BIND_H

#include "vm/task.h"

/*
 * Pushes the frozen table of a module's operations and functions. target NULL: called as
 * time.sleep(1); otherwise the operations take the table itself first, use.cache:info(). [-0,
 * +1, e]
 */
BL_LJMP void bind_module(lua_State *L, const struct bl_module *module, const char *target);

/*
 * Suspends the running task until somebody wakes it; `then` goes on inside its next resume. The
 * only yield of the engine. Call as `return bl_await(L, then);`, where task_waiter gave the
 * task, before anything was begun. [-0, +0, v]
 */
BL_LJMP int bl_await(lua_State *L, lua_KFunction then);

/* Asks a person: question is taken. When the task wakes, its gate_result and gate_text hold the
 * answer. */
void bind_ask(struct task *task, struct bl_value *take_question, const struct bl_value *accept);
void bind_question_withdraw(struct task *task);

/* Pushes an error object. fields may be NULL. [-0, +1, e] */
BL_LJMP void bind_error_push(lua_State *L, const struct bl_error *err,
                             const struct bl_call *call);
/* Reads what error() was given: an error object, or any value by its text. Runs no script code.
 */
void bind_error_read(lua_State *L, int index, struct bl_error *err);
/* Turns the value at index into an error object in place (strings become code "failed"). [-0,
 * +0, e] */
BL_LJMP void bind_error_wrap(lua_State *L, int index);

BL_LJMP void bind_open(lua_State *L);

#endif
