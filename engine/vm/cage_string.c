/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_string.c: the plain functions of the string library and its table; every loop charges
 * its steps. */
#include "base/prefix.h"

#include "vm/cage_lib.h"
#include "vm/scratch.h"

size_t bl_string_start(lua_Integer at, size_t len)
{
    if (at > 0)
        return (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)len)
        return 0;
    return len - (size_t)(-at);
}

size_t bl_string_end(lua_Integer at, size_t len)
{
    if (at >= (lua_Integer)len)
        return len;
    if (at >= 0)
        return (size_t)at;
    return at < -(lua_Integer)len ? 0 : len - (size_t)(-at) + 1;
}

static BL_LJMP int string_len(lua_State *L)
{
    size_t len;

    luaL_checklstring(L, 1, &len);
    lua_pushinteger(L, (lua_Integer)len);
    return 1;
}

static BL_LJMP int string_sub(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    size_t start = bl_string_start(luaL_checkinteger(L, 2), len);
    size_t end = bl_string_end(luaL_optinteger(L, 3, -1), len);

    if (start >= end) {
        lua_pushliteral(L, "");
        return 1;
    }
    bl_charge(L, (end - start) / 32);
    lua_pushlstring(L, text + start, end - start);
    return 1;
}

/* A string made from the bytes of the first argument, one by one. [-0, +1, e] */
static BL_LJMP int string_map(lua_State *L, char low, char high, int shift)
{
    struct bl_scratch out;
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    char *data;

    bl_scratch_init(L, &out);
    bl_charge(L, len / 8);
    data = bl_scratch_room(&out, len);
    for (size_t i = 0; i < len; i++)
        data[i] = text[i] >= low && text[i] <= high ? (char)(text[i] + shift) : text[i];
    out.len = len;
    bl_scratch_push(&out);
    return 1;
}

static BL_LJMP int string_upper(lua_State *L)
{
    return string_map(L, 'a', 'z', 'A' - 'a');
}

static BL_LJMP int string_lower(lua_State *L)
{
    return string_map(L, 'A', 'Z', 'a' - 'A');
}

static BL_LJMP int string_reverse(lua_State *L)
{
    struct bl_scratch out;
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    char *data;

    bl_scratch_init(L, &out);
    bl_charge(L, len / 8);
    data = bl_scratch_room(&out, len);
    for (size_t i = 0; i < len; i++)
        data[i] = text[len - 1 - i];
    out.len = len;
    bl_scratch_push(&out);
    return 1;
}

static BL_LJMP int string_rep(lua_State *L)
{
    struct bl_scratch out;
    size_t len, separator_len, most, whole, part;
    char *data;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *separator = luaL_optlstring(L, 3, "", &separator_len);

    if (count <= 0 || len + separator_len == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    most = bl_vm_of(L)->limits.string_bytes;
    if ((lua_Unsigned)count > (most + separator_len) / (len + separator_len))
        return luaL_error(L, "resulting string too large (at most %I bytes)",
                          (LUAI_UACINT)most);
    bl_scratch_init(L, &out);
    whole = (len + separator_len) * (size_t)count - separator_len;
    data = bl_scratch_room(&out, whole);
    memcpy(data, text, len);
    if (count > 1)
        memcpy(data + len, separator, separator_len);
    for (out.len = len + separator_len; out.len < whole; out.len += part) {
        part =
            out.len <= whole - out.len ? out.len : whole - out.len; /* what is there, again */
        memcpy(data + out.len, data, part);
    }
    out.len = whole;
    bl_scratch_push(&out);
    return 1;
}

static BL_LJMP int string_byte(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Integer from = luaL_optinteger(L, 2, 1);
    size_t start = bl_string_start(from, len);
    size_t end = bl_string_end(luaL_optinteger(L, 3, from), len);

    if (start >= end)
        return 0;
    if (end - start >= 1000000u || !lua_checkstack(L, (int)(end - start)))
        return luaL_error(L, "string slice too long");
    bl_charge(L, end - start);
    for (size_t i = start; i < end; i++)
        lua_pushinteger(L, (unsigned char)text[i]);
    return (int)(end - start);
}

static BL_LJMP int string_char(lua_State *L)
{
    int count = lua_gettop(L);
    struct bl_scratch out;
    lua_Integer code;

    bl_charge(L, (size_t)count);
    bl_scratch_init(L, &out);
    for (int i = 1; i <= count; i++) {
        code = luaL_checkinteger(L, i);
        luaL_argcheck(L, code >= 0 && code <= 255, i, "value out of range");
        bl_scratch_char(&out, (char)(unsigned char)code);
    }
    bl_scratch_push(&out);
    return 1;
}

BL_LJMP void bl_cage_string(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"byte", string_byte},
        {"char", string_char},
        {"find", bl_string_find},
        {"format", bl_string_format},
        {"gmatch", bl_string_gmatch},
        {"gsub", bl_string_gsub},
        {"len", string_len},
        {"lower", string_lower},
        {"match", bl_string_match},
        {"pack", bl_string_pack},
        {"packsize", bl_string_packsize},
        {"rep", string_rep},
        {"reverse", string_reverse},
        {"sub", string_sub},
        {"unpack", bl_string_unpack},
        {"upper", string_upper},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
}
