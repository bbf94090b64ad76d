/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* selftest_lib.h: the words of Lua tests, shared by the files of the self-test. */
#ifndef BL_VM_SELFTEST_LIB_H
#define BL_VM_SELFTEST_LIB_H

#include "vm/selftest.h"

/* Registry: the hooks of this run, a light userdata; attempts give their states the same words.
 */
extern const char bl_selftest_hooks_key;

BL_LJMP int bl_selftest_ok(lua_State *L);
BL_LJMP int bl_selftest_equal(lua_State *L);
BL_LJMP int bl_selftest_raises(lua_State *L);
BL_LJMP int bl_selftest_attempt(lua_State *L);

/* Raises unless the Lua pattern `pattern` is found in the text; `what` begins the message. [-0,
 * +0, v] */
BL_LJMP void bl_selftest_find(lua_State *L, const char *pattern, const char *text,
                              const char *what);

#endif
