/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_base.c: the base functions: types, text, numbers, errors that stops pass through, print.
 */
#include "base/prefix.h"

#include "vm/cage_lib.h"
#include "vm/scratch.h"

BL_LJMP const char *bl_cage_text(lua_State *L, int index, size_t *len)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, 4, "tostring");
    if (luaL_callmeta(L, index, "__tostring")) {
        if (!lua_isstring(L, -1))
            luaL_error(L, "'__tostring' must return a string");
        return lua_tolstring(L, -1, len);
    }
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
        lua_pushvalue(L, index);
        break;
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
        break;
    default:
        if (luaL_getmetafield(L, index, "__name") != LUA_TSTRING)
            lua_pushstring(L, luaL_typename(L, index));
        break;
    }
    return lua_tolstring(L, -1, len);
}

static BL_LJMP int base_tostring(lua_State *L)
{
    size_t len;

    luaL_checkany(L, 1);
    bl_cage_text(L, 1, &len);
    return 1;
}

static BL_LJMP int base_type(lua_State *L)
{
    luaL_argcheck(L, lua_type(L, 1) != LUA_TNONE, 1, "value expected");
    lua_pushstring(L, luaL_typename(L, 1));
    return 1;
}

/* The value of a digit, 36 and more for anything else. */
static int base_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

static bool base_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Reads digits of a base between blanks; false when the text is anything else. */
static bool base_parse(const char *text, size_t len, int base, lua_Integer *out)
{
    size_t at = 0, end = len, digits = 0;
    lua_Unsigned number = 0;
    bool is_negative = false;

    while (at < end && base_is_blank(text[at]))
        at++;
    while (end > at && base_is_blank(text[end - 1]))
        end--;
    if (at < end && text[at] == '-') {
        is_negative = true;
        at++;
    }
    for (; at < end && base_digit(text[at]) < base; at++, digits++)
        number = number * (lua_Unsigned)base + (lua_Unsigned)base_digit(text[at]);
    *out = (lua_Integer)(is_negative ? 0u - number : number);
    return digits > 0 && at == end;
}

static BL_LJMP int base_tonumber(lua_State *L)
{
    lua_Integer base, number;
    const char *text;
    size_t len;

    if (lua_isnoneornil(L, 2)) {
        luaL_checkany(L, 1);
        if (lua_type(L, 1) == LUA_TNUMBER) {
            lua_settop(L, 1);
            return 1;
        }
        text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &len) : NULL;
        if (text != NULL)
            bl_charge(L, len / 4);
        if (text == NULL || lua_stringtonumber(L, text) != len + 1)
            lua_pushnil(L);
        return 1;
    }
    base = luaL_checkinteger(L, 2);
    luaL_checktype(L, 1, LUA_TSTRING); /* a number has no base */
    luaL_argcheck(L, base >= 2 && base <= 36, 2, "base out of range");
    text = lua_tolstring(L, 1, &len);
    bl_charge(L, len / 4);
    if (base_parse(text, len, (int)base, &number))
        lua_pushinteger(L, number);
    else
        lua_pushnil(L);
    return 1;
}

static BL_LJMP int base_select(lua_State *L)
{
    int count = lua_gettop(L);
    lua_Integer from;

    if (lua_type(L, 1) == LUA_TSTRING && strcmp(lua_tostring(L, 1), "#") == 0) {
        lua_pushinteger(L, count - 1);
        return 1;
    }
    from = luaL_checkinteger(L, 1);
    if (from < 0)
        from = count + from;
    else if (from > count)
        from = count;
    luaL_argcheck(L, from >= 1, 1, "index out of range");
    bl_charge(L, (size_t)(count - from) / 8);
    return count - (int)from;
}

static BL_LJMP int base_error(lua_State *L)
{
    lua_Integer level = luaL_optinteger(L, 2, 1);

    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING && level > 0) {
        luaL_where(L, level > 100 ? 100 : (int)level);
        lua_pushvalue(L, 1);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static BL_LJMP int base_assert(lua_State *L)
{
    if (lua_toboolean(L, 1))
        return lua_gettop(L);
    luaL_checkany(L, 1);
    lua_remove(L, 1);
    if (lua_gettop(L) == 0)
        lua_pushliteral(L, "assertion failed!");
    lua_settop(L, 1);
    return lua_error(L);
}

/* After the call: everything above `context` slots is results; a stop is raised again. */
static BL_LJMP int base_pcall_end(lua_State *L, int status, lua_KContext context)
{
    bl_vm_of(L)->leash->guards--;
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - (int)context;
    bl_rethrow(L, status);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static BL_LJMP int base_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    bl_vm_of(L)->leash->guards++;
    return base_pcall_end(
        L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, base_pcall_end), 0);
}

/*
 * The message handler of xpcall; upvalue 1: the script's. It does not run for a stop, and an
 * error inside it ends it instead of calling it again.
 */
static BL_LJMP int base_handler(lua_State *L)
{
    if (bl_vm_of(L)->leash->kill != BL_ALIVE)
        return 1;
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK || bl_vm_of(L)->leash->kill != BL_ALIVE)
        return 1;
    if (lua_type(L, -1) != LUA_TSTRING)
        lua_pushliteral(L, "no text");
    lua_pushfstring(L, "error in the message handler: %s", lua_tostring(L, -1));
    return 1;
}

static BL_LJMP int base_xpcall(lua_State *L)
{
    int arguments = lua_gettop(L) - 2;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, base_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2); /* function, handler, true, function, arguments … */
    bl_vm_of(L)->leash->guards++;
    return base_pcall_end(L, lua_pcallk(L, arguments, LUA_MULTRET, 2, 2, base_pcall_end), 2);
}

static BL_LJMP int base_print(lua_State *L)
{
    struct bl_vm *vm = bl_vm_of(L);
    int count = lua_gettop(L);
    struct bl_scratch line;
    const char *text;
    size_t len;

    bl_scratch_init(L, &line);
    for (int i = 1; i <= count; i++) {
        text = bl_cage_text(L, i, &len);
        if (i > 1)
            bl_scratch_char(&line, '\t');
        bl_scratch_add(&line, text, len);
        lua_pop(L, 1);
    }
    bl_charge(L, line.len + 100);
    if (vm->print != NULL)
        vm->print(vm->print_context, line.data, line.len);
    return 0;
}

BL_LJMP void bl_cage_base(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"assert", base_assert}, {"error", base_error},
        {"pcall", base_pcall},   {"print", base_print},
        {"select", base_select}, {"tonumber", base_tonumber},
        {"type", base_type},     {"tostring", base_tostring},
        {"xpcall", base_xpcall}, {NULL, NULL},
    };

    luaL_setfuncs(L, functions, 0);
    lua_pushliteral(L, LUA_VERSION);
    lua_setfield(L, -2, "_VERSION");
}
