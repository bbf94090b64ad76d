/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_pairs.c: pairs, next and ipairs in an order that is the same in every run. */
#include "base/prefix.h"

#include "vm/cage_lib.h"

#include <math.h>

/*
 * Numbers ascending, then strings by their bytes. `pairs` takes the keys once, at its start:
 * keys added during the walk are not seen, keys removed are skipped. `next` looks for the
 * successor each time: any key may be asked for, and each call costs as many steps as the table
 * has keys.
 */
enum pairs_kind { PAIRS_INTEGER, PAIRS_FLOAT, PAIRS_STRING };

struct pairs_key {
    enum pairs_kind kind;
    uint32_t at; /* place in the list of keys */
    union {
        lua_Integer integer;
        lua_Number number;
        const char *text; /* belongs to the key, which the table or the list of keys holds */
    } as;
    size_t len;
};

/* Fills key from the value at `index`. [-0, +0, v] */
static BL_LJMP void pairs_read(lua_State *L, int index, const char *who, struct pairs_key *key)
{
    if (lua_isinteger(L, index)) {
        key->kind = PAIRS_INTEGER;
        key->as.integer = lua_tointeger(L, index);
    } else if (lua_type(L, index) == LUA_TNUMBER) {
        key->kind = PAIRS_FLOAT;
        key->as.number = lua_tonumber(L, index);
    } else if (lua_type(L, index) == LUA_TSTRING) {
        key->kind = PAIRS_STRING;
        key->as.text = lua_tolstring(L, index, &key->len);
    } else {
        luaL_error(
            L,
            "%s: a key is a %s; only number and string keys have an order that is the same in "
            "every run (use a list)",
            who, luaL_typename(L, index));
    }
}

/* The one key that is the engine's own: see cage_meta.c. */
static bool pairs_is_hidden(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TLIGHTUSERDATA &&
           lua_touserdata(L, index) == (const void *)&bl_cage_merged;
}

/* A float key is never an integer in disguise: Lua turns those into integers. */
static bool pairs_integer_less(lua_Integer a, lua_Number b)
{
    if (b >= 0x1p63)
        return true;
    return b >= -0x1p63 && a <= (lua_Integer)floor(b);
}

static bool pairs_less(const struct pairs_key *a, const struct pairs_key *b)
{
    int order;

    if (a->kind == PAIRS_STRING || b->kind == PAIRS_STRING) {
        if (a->kind != b->kind)
            return b->kind == PAIRS_STRING;
        order = memcmp(a->as.text, b->as.text, a->len < b->len ? a->len : b->len);
        return order != 0 ? order < 0 : a->len < b->len;
    }
    if (a->kind == PAIRS_INTEGER && b->kind == PAIRS_INTEGER)
        return a->as.integer < b->as.integer;
    if (a->kind == PAIRS_FLOAT && b->kind == PAIRS_FLOAT)
        return a->as.number < b->as.number;
    if (a->kind == PAIRS_INTEGER)
        return pairs_integer_less(a->as.integer, b->as.number);
    return !pairs_integer_less(b->as.integer, a->as.number);
}

static void pairs_sift(struct pairs_key *keys, size_t root, size_t count)
{
    struct pairs_key moved = keys[root];

    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && pairs_less(&keys[child], &keys[child + 1]))
            child++;
        if (!pairs_less(&moved, &keys[child]))
            break;
        keys[root] = keys[child];
    }
    keys[root] = moved;
}

static BL_LJMP void pairs_sort(lua_State *L, struct pairs_key *keys, size_t count)
{
    struct pairs_key last;

    for (size_t root = count / 2; root-- > 0;) {
        bl_charge(L, 4);
        pairs_sift(keys, root, count);
    }
    for (size_t end = count; end-- > 1;) {
        bl_charge(L, 16);
        last = keys[end];
        keys[end] = keys[0];
        keys[0] = last;
        pairs_sift(keys, 0, end);
    }
}

/* Fills `keys` from the list on top and says whether it is in order already. [-0, +0, v] */
static BL_LJMP bool pairs_gather(lua_State *L, struct pairs_key *keys, size_t count,
                                 const char *who)
{
    bool is_sorted = true;

    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        pairs_read(L, -1, who, &keys[i]);
        lua_pop(L, 1);
        keys[i].at = (uint32_t)i;
        if (i > 0 && !pairs_less(&keys[i - 1], &keys[i]))
            is_sorted = false;
    }
    return is_sorted;
}

BL_LJMP void bl_cage_keys(lua_State *L, int index, const char *who)
{
    struct pairs_key *keys;
    size_t count = 0;
    int plain;

    index = lua_absindex(L, index);
    luaL_checkstack(L, 6, who);
    lua_newtable(L);
    plain = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        bl_charge(L, 4);
        if (pairs_is_hidden(L, -2))
            continue;
        lua_pushvalue(L, -2);
        lua_rawseti(L, plain, (lua_Integer)++count);
    }
    keys = lua_newuserdatauv(L, (count + 1) * sizeof(*keys), 0);
    lua_insert(L, plain);
    if (!pairs_gather(L, keys, count, who)) {
        pairs_sort(L, keys, count);
        lua_createtable(L, (int)count, 0);
        for (size_t i = 0; i < count; i++) {
            lua_rawgeti(L, -2, (lua_Integer)keys[i].at + 1);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        lua_replace(L, -2);
    }
    lua_replace(L, plain);
}

/* The iterator of pairs; upvalues: table, keys, how many were given. */
static BL_LJMP int pairs_step(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));

    lua_settop(L, 0);
    for (;;) {
        if (lua_rawgeti(L, lua_upvalueindex(2), ++at) == LUA_TNIL)
            return 1;
        lua_pushvalue(L, 1);
        if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
            break;
        bl_charge(L, 1);
        lua_settop(L, 0);
    }
    lua_pushinteger(L, at);
    lua_replace(L, lua_upvalueindex(3));
    return 2;
}

static BL_LJMP int pairs_end(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 3;
}

static BL_LJMP int pairs_pairs(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, pairs_end);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!bl_cage_thaw(L, 1))
        lua_pushvalue(L, 1);
    bl_cage_keys(L, 2, "pairs");
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, pairs_step, 3);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static BL_LJMP int pairs_next(lua_State *L)
{
    struct pairs_key given = {0}, key = {0}, best = {0};
    bool is_first, has_best = false;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (bl_cage_thaw(L, 1))
        lua_replace(L, 1);
    is_first = lua_isnil(L, 2);
    if (!is_first)
        pairs_read(L, 2, "next", &given);
    lua_pushnil(L); /* 3: the best key so far */
    for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
        bl_charge(L, 2);
        if (pairs_is_hidden(L, -2))
            continue;
        pairs_read(L, -2, "next", &key);
        if ((!is_first && !pairs_less(&given, &key)) || (has_best && !pairs_less(&key, &best)))
            continue;
        best = key;
        has_best = true;
        lua_pushvalue(L, -2);
        lua_replace(L, 3);
    }
    if (!has_best)
        return 1;
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 3);
    lua_rawget(L, 1);
    return 2;
}

static BL_LJMP int pairs_list_step(lua_State *L)
{
    lua_Integer at = luaL_checkinteger(L, 2);

    at = (lua_Integer)((lua_Unsigned)at + 1);
    lua_pushinteger(L, at);
    return lua_geti(L, 1, at) == LUA_TNIL ? 1 : 2;
}

static BL_LJMP int pairs_ipairs(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushcfunction(L, pairs_list_step);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}

BL_LJMP void bl_cage_pairs(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"pairs", pairs_pairs},
        {"next", pairs_next},
        {"ipairs", pairs_ipairs},
        {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
}
