/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_meta.c: metatables without finalizers and weak tables, and raw access that no view is
 * changed by. */
#include "base/prefix.h"

#include "vm/cage_lib.h"

/*
 * A table that serves as a metatable is guarded: a metatable of the engine's own watches its
 * new keys, so that
 * `__gc` and `__mode` cannot be added later (setmetatable looks for them at first). Where such
 * a table has a metatable of the script's too (a class with a parent), it gets a merged one:
 * the guard, and a copy of the script's metamethods, brought up to date when keys are added to
 * it and at each setmetatable.
 *
 * So a metatable is one of: the guard (no origin), a merged one (its origin is the script's
 * table), a script's own table (guarded itself), or an engine's (none of these: locked for
 * scripts).
 */
const char bl_cage_merged = 0;
static const char meta_guard =
    0; /* registry: the guard; as a key: "this is the guard or a merged one" */
static const char meta_origin =
    0; /* in a merged metatable: the script's table it was made from */

enum meta_kind { META_NONE, META_GUARD, META_MERGED, META_SCRIPT, META_ENGINE };

static const char *const meta_events[] = {
    "__index", "__call", "__tostring", "__name", "__metatable", "__pairs", "__close",
    "__eq",    "__lt",   "__le",       "__len",  "__concat",    "__unm",   "__add",
    "__sub",   "__mul",  "__div",      "__mod",  "__pow",       "__idiv",  "__band",
    "__bor",   "__bxor", "__shl",      "__shr",  "__bnot",
};

/* Pushes the metatable of the value at `index` and says what it is; pushes nothing for
 * META_NONE. */
static BL_LJMP enum meta_kind meta_get(lua_State *L, int index)
{
    enum meta_kind kind = META_ENGINE;

    if (!lua_getmetatable(L, index))
        return META_NONE;
    if (lua_rawgetp(L, -1, &meta_guard) != LUA_TNIL) {
        kind = lua_rawgetp(L, -2, &meta_origin) == LUA_TNIL ? META_GUARD : META_MERGED;
        lua_pop(L, 2);
        return kind;
    }
    lua_pop(L, 1);
    if (lua_getmetatable(L, -1)) {
        if (lua_rawgetp(L, -1, &meta_guard) != LUA_TNIL)
            kind = META_SCRIPT;
        lua_pop(L, 2);
    }
    return kind;
}

static BL_LJMP enum meta_kind meta_kind(lua_State *L, int index)
{
    enum meta_kind kind = meta_get(L, index);

    if (kind != META_NONE)
        lua_pop(L, 1);
    return kind;
}

/* Raises when the key at `index` is one that no metatable may have. [-0, +0, v] */
static BL_LJMP void meta_check_key(lua_State *L, int index)
{
    const char *key = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";

    if (strcmp(key, "__gc") == 0)
        luaL_error(L,
                   "__gc is not available here: nothing runs when memory is collected; use a "
                   "`<close>` variable");
    if (strcmp(key, "__mode") == 0)
        luaL_error(L,
                   "__mode is not available here: weak tables make runs differ; remove what is "
                   "no longer needed");
}

static bool meta_is_event(const char *key)
{
    if (key[0] != '_' || key[1] != '_')
        return false;
    for (size_t i = 0; i < BL_COUNT(meta_events); i++)
        if (strcmp(meta_events[i], key) == 0)
            return true;
    return false;
}

/* Sets table[key] = value of 1, 2, 3, and in the metatable that was merged from the table. [-0,
 * +0, e] */
static BL_LJMP void meta_add(lua_State *L)
{
    lua_settop(L, 3);
    if (lua_type(L, 2) == LUA_TSTRING && meta_is_event(lua_tostring(L, 2)) &&
        lua_rawgetp(L, 1, &bl_cage_merged) != LUA_TNIL) {
        lua_pushvalue(L, 2);
        lua_pushvalue(L, 3);
        lua_rawset(L, -3);
    }
    lua_settop(L, 3);
    lua_rawset(L, 1);
}

/* __newindex of the guard. */
static BL_LJMP int meta_guard_add(lua_State *L)
{
    meta_check_key(L, 2);
    meta_add(L);
    return 0;
}

static BL_LJMP int meta_called(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

/* __newindex of a merged metatable; upvalue 1: the script's table, whose own __newindex comes
 * after the guard. */
static BL_LJMP int meta_merged_add(lua_State *L)
{
    int type;

    meta_check_key(L, 2);
    lua_settop(L, 3);
    lua_pushliteral(L, "__newindex");
    type = lua_rawget(L, lua_upvalueindex(1));
    if (type == LUA_TNIL) {
        meta_add(L);
        return 0;
    }
    if (type == LUA_TFUNCTION) {
        lua_insert(L, 1);
        lua_callk(L, 3, 0, 0, meta_called);
        return 0;
    }
    lua_replace(L, 1);
    lua_settable(L, 1);
    return 0;
}

/* Pushes the merged metatable of the script's table at 2. [-0, +1, e] */
static BL_LJMP void meta_merge(lua_State *L, int origin)
{
    int merged;

    luaL_checkstack(L, 6, "setmetatable");
    if (lua_rawgetp(L, origin, &bl_cage_merged) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 6);
        lua_pushboolean(L, 1);
        lua_rawsetp(L, -2, &meta_guard);
        lua_pushvalue(L, origin);
        lua_rawsetp(L, -2, &meta_origin);
        lua_pushvalue(L, origin);
        lua_pushcclosure(L, meta_merged_add, 1);
        lua_setfield(L, -2, "__newindex");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, origin, &bl_cage_merged);
    }
    merged = lua_gettop(L);
    for (size_t i = 0; i < BL_COUNT(meta_events); i++) {
        lua_pushstring(L, meta_events[i]);
        lua_pushvalue(L, -1);
        lua_rawget(L, origin);
        lua_rawset(L, merged);
    }
    bl_charge(L, BL_COUNT(meta_events));
}

/* Guards the table at 2, which becomes a metatable. [-0, +0, v] */
static BL_LJMP void meta_watch(lua_State *L)
{
    enum meta_kind kind = meta_get(L, 2);

    if (kind == META_GUARD || kind == META_MERGED)
        return;
    if (kind == META_ENGINE)
        luaL_error(L, "setmetatable: a read-only table cannot be a metatable");
    for (int i = 0; i < 2; i++) {
        lua_pushstring(L, i == 0 ? "__gc" : "__mode");
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 2) != LUA_TNIL)
            meta_check_key(L, -2);
    }
    if (kind == META_NONE) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &meta_guard);
    } else {
        lua_settop(L, 3);
        meta_merge(L, 3);
    }
    lua_setmetatable(L, 2);
}

static BL_LJMP int meta_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);
    enum meta_kind kind;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    lua_settop(L, 2);
    kind = meta_kind(L, 1);
    if (kind == META_ENGINE || luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    if (type == LUA_TTABLE) {
        meta_watch(L);
        lua_settop(L, 2);
        kind = meta_kind(L, 1); /* the table may be its own metatable */
    }
    if (kind == META_GUARD || kind == META_MERGED) {
        if (type == LUA_TTABLE)
            meta_merge(L, 2);
        else
            lua_rawgetp(L, LUA_REGISTRYINDEX, &meta_guard);
    }
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

static BL_LJMP int meta_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return 1;
    switch (meta_get(L, 1)) {
    case META_MERGED:
        lua_rawgetp(L, -1, &meta_origin);
        return 1;
    case META_SCRIPT:
        return 1;
    case META_ENGINE:
        lua_pushliteral(L, "locked");
        return 1;
    default:
        lua_pushnil(L);
        return 1;
    }
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
    enum meta_kind kind;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    if (bl_cage_thaw(L, 1))
        return luaL_error(L, "rawset: this table is read-only");
    kind = meta_kind(L, 1);
    if (kind == META_GUARD || kind == META_MERGED)
        meta_check_key(L, 2);
    meta_add(L);
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
    lua_createtable(L, 0, 2);
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &meta_guard);
    lua_pushcfunction(L, meta_guard_add);
    lua_setfield(L, -2, "__newindex");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &meta_guard);
}
