/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage.c: builds the shared table of names, read-only views, environments, and the messages for
 * unknown names. */
#include "base/prefix.h"

#include "base/module.h"
#include "base/text.h"
#include "vm/cage_lib.h"

static const char cage_shared = 0;      /* registry: the shared table */
static const char cage_environment = 0; /* registry: the metatable of every environment */
static const char cage_real = 0;        /* in a view's metatable: the real table */

/* What Lua authors reach for and do not find, and what there is in its place. */
static const struct {
    const char *name;
    const char *instead;
} cage_withheld[] = {
    {"io", "use the module file, or print"},
    {"os", "use the modules time, exec and file"},
    {"debug", "an error already names file and line"},
    {"package", "use require with a module of the project"},
    {"load", "put the code into a file of the project and require it"},
    {"loadstring", "put the code into a file of the project and require it"},
    {"loadfile", "use require"},
    {"dofile", "use require"},
    {"coroutine", "use parallel or each"},
    {"collectgarbage", "memory is the engine's business"},
    {"_G", "names are used directly; a table of your own holds what you look up by name"},
    {"unpack", "use table.unpack"},
    {"dump", "code is text only"},
    {"randomseed", "the engine seeds math.random, so that a run can be repeated"},
};

static const char *cage_instead(const char *name)
{
    for (size_t i = 0; i < BL_COUNT(cage_withheld); i++)
        if (strcmp(cage_withheld[i].name, name) == 0)
            return cage_withheld[i].instead;
    return NULL;
}

/* Raises with the place of the innermost Lua function, also when C code looked the name up.
 * [-?, +0, v] */
static BL_LJMP int cage_raise(lua_State *L, const char *format, ...) BL_PRINTF(2, 3);
static BL_LJMP int cage_raise(lua_State *L, const char *format, ...)
{
    char where[128], text[400];
    va_list args;

    bl_where(L, where, sizeof(where));
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    lua_pushfstring(L, "%s%s%s", where, where[0] != '\0' ? ": " : "", text);
    return lua_error(L);
}

/* The name nearest to `wanted` among the keys of the table on top; NULL when none is near. [-0,
 * +1, e] */
static BL_LJMP const char *cage_suggest(lua_State *L, const char *wanted)
{
    int table = lua_gettop(L);
    const char **names;
    size_t count = 0;

    if (strlen(wanted) > 64) /* the search takes the product of both lengths */
        return NULL;
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
        count++;
    names = lua_newuserdatauv(L, (count + 1) * sizeof(*names), 0);
    count = 0;
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING)
            names[count++] = lua_tostring(L, -2);
    names[count] = NULL;
    bl_charge(L, count * 10);
    return bl_suggest(wanted, names);
}

/* __index of the shared table. */
static BL_LJMP int cage_missing_name(lua_State *L)
{
    const char *name, *instead, *near;
    const struct bl_module *module;

    if (lua_type(L, 2) != LUA_TSTRING)
        return cage_raise(L, "names are strings, not a %s", luaL_typename(L, 2));
    name = lua_tostring(L, 2);
    instead = cage_instead(name);
    if (instead != NULL)
        return cage_raise(L, "'%s' is not available here: %s", name, instead);
    module = bl_module_find(name);
    if (module != NULL && module->settings != NULL)
        return cage_raise(L,
                          "unknown name '%s': name a connection in `uses`, and reach it by the "
                          "body's second argument: run = function(p, use)",
                          name);
    if (module != NULL)
        return cage_raise(L, "unknown name '%s': write local %s = require(\"%s\") first", name,
                          name, name);
    lua_pushvalue(L, 1);
    near = cage_suggest(L, name);
    if (near != NULL)
        return cage_raise(L, "unknown name '%s': did you mean '%s'?", name, near);
    return cage_raise(L, "unknown name '%s': is a `local` missing?", name);
}

/* __index of a library's real table; upvalue 1: what it is called. */
static BL_LJMP int cage_missing_field(lua_State *L)
{
    const char *what = lua_tostring(L, lua_upvalueindex(1));
    const char *name, *instead, *near;

    if (lua_type(L, 2) != LUA_TSTRING)
        return cage_raise(L, "%s is read by name, not by a %s", what, luaL_typename(L, 2));
    name = lua_tostring(L, 2);
    instead = cage_instead(name);
    if (instead != NULL)
        return cage_raise(L, "'%s.%s' is not available here: %s", what, name, instead);
    lua_pushvalue(L, 1);
    near = cage_suggest(L, name);
    if (near != NULL)
        return cage_raise(L, "%s has no '%s': did you mean '%s'?", what, name, near);
    return cage_raise(L, "%s has no '%s'", what, name);
}

static BL_LJMP int cage_refuse_field(lua_State *L)
{
    size_t len;

    return cage_raise(L, "cannot set '%s' in %s: it is read-only", bl_cage_text(L, 2, &len),
                      lua_tostring(L, lua_upvalueindex(1)));
}

static BL_LJMP int cage_refuse_global(lua_State *L)
{
    const char *name;
    size_t len;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &cage_shared);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, -2) != LUA_TNIL)
        return cage_raise(L, "cannot redefine '%s': it belongs to Belay; choose another name",
                          bl_cage_text(L, 2, &len));
    name = bl_cage_text(L, 2, &len);
    return cage_raise(L, "cannot set the global '%s': use `local %s`", name, name);
}

static BL_LJMP int cage_length(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, lua_upvalueindex(1)));
    return 1;
}

static BL_LJMP void cage_set_field(lua_State *L, const char *key, lua_CFunction function,
                                   int up)
{
    lua_pushcclosure(L, function, up);
    lua_setfield(L, -2, key);
}

/* The metatable that leads to the real table at `real`. [-0, +1, e] */
static BL_LJMP void cage_view(lua_State *L, int real)
{
    lua_createtable(L, 0, 5);
    lua_pushvalue(L, real);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, real);
    lua_rawsetp(L, -2, &cage_real);
    lua_pushvalue(L, real);
    cage_set_field(L, "__len", cage_length, 1);
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
}

BL_LJMP void bl_cage_freeze(lua_State *L, const char *what)
{
    int real = lua_gettop(L);

    luaL_checkstack(L, 6, what);
    lua_createtable(L, 0, 1);
    lua_pushstring(L, what);
    cage_set_field(L, "__index", cage_missing_field, 1);
    lua_setmetatable(L, real);
    lua_newtable(L);
    cage_view(L, real);
    lua_pushstring(L, what);
    cage_set_field(L, "__newindex", cage_refuse_field, 1);
    lua_setmetatable(L, -2);
    lua_replace(L, real);
}

bool bl_cage_thaw(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index))
        return false;
    if (lua_rawgetp(L, -1, &cage_real) == LUA_TNIL) {
        lua_pop(L, 2);
        return false;
    }
    lua_remove(L, -2);
    return true;
}

BL_LJMP void bl_cage_environment(lua_State *L)
{
    lua_newtable(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &cage_environment);
    lua_setmetatable(L, -2);
}

BL_LJMP void bl_cage_set(lua_State *L, const char *name)
{
    luaL_checkstack(L, 3, name);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &cage_shared);
    lua_pushstring(L, name);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 2);
}

static BL_LJMP void cage_open_shared(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    cage_set_field(L, "__index", cage_missing_name, 0);
    lua_setmetatable(L, -2);
    cage_view(L, lua_gettop(L));
    cage_set_field(L, "__newindex", cage_refuse_global, 0);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &cage_environment);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &cage_shared);
}

/* Gives the library on top the name `name` in files, and in messages about its functions. [-1,
 * +0, e] */
static BL_LJMP void cage_add_library(lua_State *L, const char *name)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX,
                     LUA_LOADED_TABLE); /* where lauxlib looks for names */
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
    bl_cage_freeze(L, name);
    bl_cage_set(L, name);
}

/* Strings look their methods up in the real library, which no script can reach. [-0, +0, e] */
static BL_LJMP void cage_open_string(lua_State *L)
{
    bl_cage_string(L);
    lua_pushliteral(L, "");
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
    cage_add_library(L, "string");
}

BL_LJMP void bl_cage_open(lua_State *L)
{
    cage_open_shared(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &cage_shared);
    bl_cage_base(L);
    bl_cage_meta(L);
    bl_cage_pairs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_insert(L, -2);
    lua_setfield(L, -2, LUA_GNAME);
    lua_pop(L, 1);
    cage_open_string(L);
    bl_cage_table(L);
    cage_add_library(L, "table");
    bl_cage_math(L);
    cage_add_library(L, "math");
    bl_cage_utf8(L);
    cage_add_library(L, "utf8");
}
