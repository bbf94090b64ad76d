/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_table.c: the table library; every loop charges its steps. */
#include "base/prefix.h"

#include "vm/cage_lib.h"
#include "vm/scratch.h"

/* A table, or a value that behaves like one: its metamethods do the checking, a string's do
 * not. [-0, +0, v] */
static BL_LJMP void table_check(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TTABLE)
        return;
    if (luaL_getmetafield(L, index, "__index") == LUA_TNIL ||
        luaL_getmetafield(L, index, "__len") == LUA_TNIL)
        luaL_checktype(L, index, LUA_TTABLE);
    lua_pop(L, 2);
}

static BL_LJMP lua_Integer table_length(lua_State *L, int index)
{
    table_check(L, index);
    return luaL_len(L, index);
}

static BL_LJMP int table_insert(lua_State *L)
{
    lua_Integer end = (lua_Integer)((lua_Unsigned)table_length(L, 1) + 1);
    lua_Integer at;

    switch (lua_gettop(L)) {
    case 2:
        at = end;
        break;
    case 3:
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)end, 2,
                      "position out of bounds");
        for (lua_Integer i = end; i > at; i--) {
            bl_charge(L, 2);
            lua_geti(L, 1, i - 1);
            lua_seti(L, 1, i);
        }
        break;
    default:
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, at);
    return 0;
}

static BL_LJMP int table_remove(lua_State *L)
{
    lua_Integer len = table_length(L, 1);
    lua_Integer at = luaL_optinteger(L, 2, len);

    if (at != len)
        luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)len, 2,
                      "position out of bounds");
    lua_geti(L, 1, at);
    for (; at < len; at++) {
        bl_charge(L, 2);
        lua_geti(L, 1, at + 1);
        lua_seti(L, 1, at);
    }
    lua_pushnil(L);
    lua_seti(L, 1, at);
    return 1;
}

static BL_LJMP int table_move(lua_State *L)
{
    lua_Integer from = luaL_checkinteger(L, 2);
    lua_Integer end = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4);
    int target = !lua_isnoneornil(L, 5) ? 5 : 1;
    lua_Integer count;
    bool is_forward;

    table_check(L, 1);
    table_check(L, target);
    lua_settop(L, 5);
    if (end >= from) {
        luaL_argcheck(L, from > 0 || end < LUA_MAXINTEGER + from, 3,
                      "too many elements to move");
        count = end - from + 1;
        luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        is_forward = to > end || to <= from || (target != 1 && !lua_compare(L, 1, 5, LUA_OPEQ));
        for (lua_Integer i = 0; i < count; i++) {
            lua_Integer step = is_forward ? i : count - 1 - i;

            bl_charge(L, 2);
            lua_geti(L, 1, from + step);
            lua_seti(L, target, to + step);
        }
    }
    lua_pushvalue(L, target);
    return 1;
}

static BL_LJMP int table_concat(lua_State *L)
{
    lua_Integer end = table_length(L, 1);
    size_t separator_len, len;
    const char *separator = luaL_optlstring(L, 2, "", &separator_len);
    lua_Integer at = luaL_optinteger(L, 3, 1);
    struct bl_scratch out;
    const char *text;

    end = luaL_optinteger(L, 4, end);
    bl_scratch_init(L, &out);
    for (; at <= end; at++) {
        bl_charge(L, 2);
        lua_geti(L, 1, at);
        if (!lua_isstring(L, -1))
            return luaL_error(L, "invalid value (%s) at index %I in table for 'concat'",
                              luaL_typename(L, -1), (LUAI_UACINT)at);
        text = lua_tolstring(L, -1, &len);
        bl_scratch_add(&out, text, len);
        lua_pop(L, 1);
        if (at == end)
            break;
        bl_scratch_add(&out, separator, separator_len);
    }
    bl_scratch_push(&out);
    return 1;
}

static BL_LJMP int table_pack(lua_State *L)
{
    int count = lua_gettop(L);

    bl_charge(L, (size_t)count);
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--)
        lua_rawseti(L, 1, i);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

static BL_LJMP int table_unpack(lua_State *L)
{
    lua_Integer from = luaL_optinteger(L, 2, 1);
    lua_Integer end = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    lua_Unsigned count;

    if (from > end)
        return 0;
    count = (lua_Unsigned)end - (lua_Unsigned)from;
    if (count >= 1000000u || !lua_checkstack(L, (int)++count))
        return luaL_error(L, "too many results to unpack");
    bl_charge(L, (size_t)count * 2);
    for (lua_Unsigned i = 0; i < count; i++)
        lua_geti(L, 1, (lua_Integer)((lua_Unsigned)from + i));
    return (int)count;
}

/* True when the value at `a` comes before the one at `b`; index 2 of the frame: the comparator
 * or nil. */
static BL_LJMP bool table_less(lua_State *L, int a, int b)
{
    bool is_less;

    bl_charge(L, 4);
    if (lua_isnil(L, 2))
        return lua_compare(L, a, b, LUA_OPLT) != 0;
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a);
    lua_pushvalue(L, b);
    lua_call(L, 2, 1);
    is_less = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is_less;
}

/* Merges from[low, middle) and from[middle, high) into to, both lists counted from 1; equal
 * ones keep their order. */
static BL_LJMP void table_merge(lua_State *L, const int list[2], const lua_Integer bound[3])
{
    lua_Integer left = bound[0], right = bound[1];
    int top = lua_gettop(L);

    for (lua_Integer out = bound[0]; out < bound[2]; out++) {
        bl_charge(L, 2);
        if (left < bound[1])
            lua_rawgeti(L, list[0], left);
        else
            lua_pushnil(L);
        if (right < bound[2])
            lua_rawgeti(L, list[0], right);
        else
            lua_pushnil(L);
        if (left >= bound[1] || (right < bound[2] && table_less(L, top + 2, top + 1)))
            right++;
        else {
            left++;
            lua_pop(L, 1);
        }
        lua_rawseti(L, list[1], out);
        lua_settop(L, top);
    }
}

/*
 * Sorts copies and writes them back at the end: it ends whatever the comparator says, an error
 * inside changes nothing, and equal elements keep their order.
 */
static BL_LJMP int table_sort(lua_State *L)
{
    lua_Integer len = table_length(L, 1);
    lua_Integer bound[3];
    int list[2];

    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    if (len < 2)
        return 0;
    luaL_argcheck(L, len < INT32_MAX, 1, "array too big");
    luaL_checkstack(L, 16, "sort");
    lua_newtable(L);
    lua_newtable(L);
    list[0] = 3;
    list[1] = 4;
    for (lua_Integer i = 1; i <= len; i++) {
        bl_charge(L, 2);
        lua_geti(L, 1, i);
        lua_rawseti(L, list[0], i);
    }
    for (lua_Integer width = 1; width < len; width *= 2) {
        for (lua_Integer low = 1; low <= len; low += 2 * width) {
            bound[0] = low;
            bound[1] = low + width <= len ? low + width : len + 1;
            bound[2] = low + 2 * width <= len ? low + 2 * width : len + 1;
            table_merge(L, list, bound);
        }
        list[0] = 7 - list[0];
        list[1] = 7 - list[1];
    }
    for (lua_Integer i = 1; i <= len; i++) {
        bl_charge(L, 2);
        lua_rawgeti(L, list[0], i);
        lua_seti(L, 1, i);
    }
    return 0;
}

BL_LJMP void bl_cage_table(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"concat", table_concat}, {"insert", table_insert},
        {"move", table_move},     {"pack", table_pack},
        {"remove", table_remove}, {"sort", table_sort},
        {"unpack", table_unpack}, {NULL, NULL},
    };

    luaL_newlib(L, functions);
}
