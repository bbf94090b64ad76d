/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* lua_api.h: the one place that includes Lua, and the marks that its errors need. */
#ifndef BL_VM_LUA_API_H
#define BL_VM_LUA_API_H

#include "base/prefix.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/*
 * A function so marked may raise a Lua error: it leaves by longjmp. Whoever calls it owns
 * nothing at that moment that the garbage collector cannot free.
 */
#define BL_LJMP

#if LUA_VERSION_RELEASE_NUM < 50406
#define lua_closethread(L, from) lua_resetthread(L)
#endif

#endif
