/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_math.c: the math and utf8 libraries: Lua's own functions, with random numbers that can
 * be repeated. */
#include "base/prefix.h"

#include "vm/cage_lib.h"

static uint64_t math_mix(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

void bl_cage_seed(struct bl_vm *vm, uint64_t seed)
{
    vm->random[0] = seed;
    vm->random[1] = math_mix(&vm->random[0]);
}

/* A number from 0 to most, each equally often. */
static uint64_t math_below(struct bl_vm *vm, uint64_t most)
{
    uint64_t mask = most, drawn;

    for (int shift = 1; shift < 64; shift *= 2)
        mask |= mask >> shift;
    do
        drawn = math_mix(&vm->random[1]) & mask;
    while (drawn > most);
    return drawn;
}

static BL_LJMP int math_random(lua_State *L)
{
    struct bl_vm *vm = bl_vm_of(L);
    lua_Integer low = 1, high;

    switch (lua_gettop(L)) {
    case 0:
        lua_pushnumber(L, (lua_Number)(math_mix(&vm->random[1]) >> 11) * 0x1p-53);
        return 1;
    case 1:
        high = luaL_checkinteger(L, 1);
        if (high == 0) {
            lua_pushinteger(L, (lua_Integer)math_mix(&vm->random[1]));
            return 1;
        }
        break;
    case 2:
        low = luaL_checkinteger(L, 1);
        high = luaL_checkinteger(L, 2);
        break;
    default:
        return luaL_error(L, "wrong number of arguments");
    }
    luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
    lua_pushinteger(L, (lua_Integer)(math_below(vm, (lua_Unsigned)high - (lua_Unsigned)low) +
                                     (lua_Unsigned)low));
    return 1;
}

/*
 * The C function in upvalue 1, after a charge for its arguments: those functions do work in
 * proportion to their strings and to how many arguments they get, once.
 */
static BL_LJMP int math_charged(lua_State *L)
{
    size_t steps = (size_t)lua_gettop(L);

    for (int i = 1; i <= 2; i++)
        if (lua_type(L, i) == LUA_TSTRING)
            steps += lua_rawlen(L, i) / 2;
    bl_charge(L, steps);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* Opens one of Lua's own libraries and keeps the functions named, charged, and the constants
 * named. [-0, +1, e] */
static BL_LJMP void math_open(lua_State *L, lua_CFunction open, const char *const *names)
{
    lua_newtable(L);
    lua_pushcfunction(L, open);
    lua_call(L, 0, 1);
    for (; *names != NULL; names++) {
        lua_getfield(L, -1, *names);
        if (lua_iscfunction(L, -1))
            lua_pushcclosure(L, math_charged, 1);
        lua_setfield(L, -3, *names);
    }
    lua_pop(L, 1);
}

BL_LJMP void bl_cage_math(lua_State *L)
{
    static const char *const names[] = {
        "abs",  "acos",       "asin",       "atan", "ceil", "cos",  "deg",       "exp", "floor",
        "fmod", "huge",       "log",        "max",  "min",  "modf", "pi",        "rad", "sin",
        "sqrt", "maxinteger", "mininteger", "tan",  "ult",  "type", "tointeger", NULL,
    };

    math_open(L, luaopen_math, names);
    lua_pushcfunction(L, math_random);
    lua_setfield(L, -2, "random");
}

BL_LJMP void bl_cage_utf8(lua_State *L)
{
    static const char *const names[] = {
        "char", "charpattern", "codepoint", "codes", "len", "offset", NULL,
    };

    math_open(L, luaopen_utf8, names);
}
