/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_meta.c: metatables without finalizers and weak tables, and raw access that no view is
 * changed by. */
#include "base/prefix.h"

#include "vm/cage_lib.h"

/*
 * A table that a script gives to setmetatable never becomes a metatable itself: its metamethods
 * are copied into a hidden one, which is read again at each setmetatable. So a `__mode` or
 * `__gc` that is added later has no effect, whatever way it was added.
 */
const char bl_cage_origin = 0;
const char bl_cage_hidden = 0;

static const char *const meta_events[] = {
    "__index", "__newindex", "__call", "__tostring", "__name", "__metatable", "__pairs",
    "__close", "__eq",       "__lt",   "__le",       "__len",  "__concat",    "__unm",
    "__add",   "__sub",      "__mul",  "__div",      "__mod",  "__pow",       "__idiv",
    "__band",  "__bor",      "__bxor", "__shl",      "__shr",  "__bnot",
};

static BL_LJMP void meta_refuse(lua_State *L, const char *event, const char *why)
{
    lua_pushstring(L, event);
    if (lua_rawget(L, 2) != LUA_TNIL)
        luaL_error(L, "setmetatable: %s is not available here: %s", event, why);
    lua_pop(L, 1);
}

/* Pushes the hidden metatable of the script's table at 2. [-0, +1, e] */
static BL_LJMP void meta_copy(lua_State *L)
{
    int hidden;

    if (lua_rawgetp(L, 2, &bl_cage_hidden) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 4);
        lua_pushvalue(L, 2);
        lua_rawsetp(L, -2, &bl_cage_origin);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, 2, &bl_cage_hidden);
    }
    hidden = lua_gettop(L);
    for (size_t i = 0; i < BL_COUNT(meta_events); i++) {
        lua_pushstring(L, meta_events[i]);
        lua_pushvalue(L, -1);
        lua_rawget(L, 2);
        lua_rawset(L, hidden);
    }
    bl_charge(L, BL_COUNT(meta_events));
}

/* True when the value at 1 has a metatable that the engine made. */
static BL_LJMP bool meta_is_engine(lua_State *L)
{
    bool is_engine;

    if (!lua_getmetatable(L, 1))
        return false;
    is_engine = lua_rawgetp(L, -1, &bl_cage_origin) == LUA_TNIL;
    lua_pop(L, 2);
    return is_engine;
}

/* True when scripts must not replace the metatable of the value at 1. */
static BL_LJMP bool meta_is_protected(lua_State *L)
{
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
        lua_pop(L, 1);
        return true;
    }
    return meta_is_engine(L);
}

static BL_LJMP int meta_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    lua_settop(L, 2);
    if (meta_is_protected(L))
        return luaL_error(L, "cannot change a protected metatable");
    if (type == LUA_TNIL) {
        lua_setmetatable(L, 1);
        return 1;
    }
    meta_refuse(L, "__gc", "nothing runs when memory is collected; use a `<close>` variable");
    meta_refuse(L, "__mode", "weak tables make runs differ; remove what is no longer needed");
    meta_copy(L);
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

static BL_LJMP int meta_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return 1;
    if (!lua_getmetatable(L, 1)) {
        lua_pushnil(L);
        return 1;
    }
    if (lua_rawgetp(L, -1, &bl_cage_origin) == LUA_TNIL)
        lua_pushliteral(L, "locked");
    return 1;
}

static BL_LJMP int meta_rawequal(lua_State *L)
{
    luaL_checkany(L, 1);
    luaL_checkany(L, 2);
    lua_pushboolean(L, lua_rawequal(L, 1, 2));
    return 1;
}

static BL_LJMP int meta_rawlen(lua_State *L)
{
    int type = lua_type(L, 1);

    luaL_argexpected(L, type == LUA_TTABLE || type == LUA_TSTRING, 1, "table or string");
    if (bl_cage_thaw(L, 1))
        lua_replace(L, 1);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
    return 1;
}

static BL_LJMP int meta_rawget(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    if (bl_cage_thaw(L, 1))
        lua_replace(L, 1);
    lua_rawget(L, 1);
    return 1;
}

static BL_LJMP int meta_rawset(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    if (meta_is_engine(L))
        return luaL_error(L, "rawset: this table is read-only");
    lua_rawset(L, 1);
    return 1;
}

BL_LJMP void bl_cage_meta(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"setmetatable", meta_setmetatable},
        {"getmetatable", meta_getmetatable},
        {"rawequal", meta_rawequal},
        {"rawlen", meta_rawlen},
        {"rawget", meta_rawget},
        {"rawset", meta_rawset},
        {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
}
