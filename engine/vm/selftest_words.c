/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* selftest_words.c: ok, equal and raises: what a Lua test says about values and errors. */
#include "base/prefix.h"

#include "vm/cage.h"
#include "vm/cage_lib.h"
#include "vm/scratch.h"
#include "vm/selftest_lib.h"

#define WORDS_DEPTH 8

/* Adds the value at `index` as people read it: strings quoted, tables with sorted keys. */
static BL_LJMP void words_show(lua_State *L, struct bl_scratch *out, int index, int depth)
{
    const char *text;
    size_t len;
    int keys;

    index = lua_absindex(L, index);
    luaL_checkstack(L, 8, "show");
    if (lua_type(L, index) != LUA_TTABLE || depth == 0) {
        bool is_text = lua_type(L, index) == LUA_TSTRING;

        text = bl_cage_text(L, index, &len);
        bl_scratch_add(out, "\"", is_text);
        bl_scratch_add(out, text, len < 200 ? len : 200);
        bl_scratch_add(out, "\"", is_text);
        lua_pop(L, 1);
        return;
    }
    bl_cage_keys(L, index, "show");
    keys = lua_gettop(L);
    bl_scratch_char(out, '{');
    for (lua_Integer i = 1; lua_rawgeti(L, keys, i) != LUA_TNIL && i <= 40; i++) {
        bl_scratch_add(out, ", ", i > 1 ? 2 : 0);
        bl_scratch_char(out, '[');
        words_show(L, out, -1, depth - 1);
        bl_scratch_add(out, "] = ", 4);
        lua_rawget(L, index);
        words_show(L, out, -1, depth - 1);
        lua_settop(L, keys);
    }
    bl_scratch_char(out, '}');
    lua_settop(L, keys - 1);
}

static BL_LJMP void words_push(lua_State *L, int index)
{
    struct bl_scratch out;

    index = lua_absindex(L, index);
    bl_scratch_init(L, &out);
    words_show(L, &out, index, WORDS_DEPTH);
    bl_scratch_push(&out);
    lua_replace(L, out.slot);
}

static BL_LJMP bool words_is_equal(lua_State *L, int a, int b, int depth);

/* Every key of the table at `a` has an equal value in the one at `b`. */
static BL_LJMP bool words_is_within(lua_State *L, int a, int b, int depth)
{
    int top = lua_gettop(L);
    bool is_equal = true;

    for (lua_pushnil(L); is_equal && lua_next(L, a) != 0; lua_settop(L, top + 1)) {
        lua_pushvalue(L, top + 1);
        lua_rawget(L, b);
        is_equal = words_is_equal(L, top + 2, top + 3, depth - 1);
    }
    lua_settop(L, top);
    return is_equal;
}

static BL_LJMP bool words_is_equal(lua_State *L, int a, int b, int depth)
{
    luaL_checkstack(L, 8, "equal");
    if (lua_rawequal(L, a, b))
        return lua_type(L, a) != LUA_TNUMBER || lua_isinteger(L, a) == lua_isinteger(L, b);
    if (depth == 0 || lua_type(L, a) != LUA_TTABLE || lua_type(L, b) != LUA_TTABLE)
        return false;
    return words_is_within(L, a, b, depth) && words_is_within(L, b, a, depth);
}

BL_LJMP int bl_selftest_equal(lua_State *L)
{
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    if (words_is_equal(L, 1, 2, WORDS_DEPTH))
        return 0;
    words_push(L, 1);
    words_push(L, 2);
    luaL_where(L, 1);
    lua_pushfstring(L, "%sgot %s, wanted %s", lua_tostring(L, -1), lua_tostring(L, -3),
                    lua_tostring(L, -2));
    return lua_error(L);
}

BL_LJMP int bl_selftest_ok(lua_State *L)
{
    size_t len;

    luaL_checkany(L, 1);
    if (lua_toboolean(L, 1))
        return 0;
    if (lua_isnoneornil(L, 2))
        return luaL_error(L, "not ok");
    return luaL_error(L, "not ok: %s", bl_cage_text(L, 2, &len));
}

BL_LJMP void bl_selftest_find(lua_State *L, const char *pattern, const char *text,
                              const char *what)
{
    lua_pushcfunction(L, bl_string_find);
    lua_pushstring(L, text);
    lua_pushstring(L, pattern);
    lua_call(L, 2, 1);
    if (lua_isnil(L, -1))
        luaL_error(L, "%s says \"%s\", which \"%s\" does not find", what, text, pattern);
    lua_pop(L, 1);
}

static BL_LJMP int words_raised(lua_State *L, int status, lua_KContext context)
{
    size_t len;

    (void)context;
    if (status == LUA_OK || status == LUA_YIELD)
        return luaL_error(L, "nothing was raised");
    bl_rethrow(L, status);
    bl_selftest_find(L, lua_tostring(L, 1), bl_cage_text(L, -1, &len), "the error");
    lua_pop(L, 1);
    return 1;
}

BL_LJMP int bl_selftest_raises(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    return words_raised(L, lua_pcallk(L, lua_gettop(L) - 2, 1, 0, 0, words_raised), 0);
}
