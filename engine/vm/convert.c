/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* convert.c: Lua values to plain values and back. */
#include "base/prefix.h"

#include "vm/convert.h"

#include "vm/cage.h"
#include "vm/task.h"

static const char convert_null = 0;     /* registry: json.null */
static const char convert_list = 0;     /* registry: the metatable of lists */
static const char convert_secret = 0;   /* registry: the metatable of secrets */
static const char convert_box = 0;      /* registry: the metatable of boxes */
static const char convert_any = 0;      /* registry: the value that stands for any answer */
static const char convert_any_kind = 0; /* registry: its metatable */

static int box_free(lua_State *L)
{
    struct bl_box *box = lua_touserdata(L, 1);

    bl_value_unref(box->value);
    box->value = NULL;
    return 0;
}

BL_LJMP struct bl_box *bl_box_push(lua_State *L)
{
    struct bl_box *box = lua_newuserdatauv(L, sizeof(*box), 0);

    box->value = NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &convert_box);
    lua_setmetatable(L, -2);
    return box;
}

static int any_again(lua_State *L)
{
    bl_any_push(L);
    return 1;
}

/* Names give it again, numbers nothing: so that a loop over its items ends. */
static int any_index(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TNUMBER)
        lua_pushnil(L);
    else
        bl_any_push(L);
    return 1;
}

static int any_false(lua_State *L)
{
    lua_pushboolean(L, 0);
    return 1;
}

static int any_count(lua_State *L)
{
    lua_pushinteger(L, 0);
    return 1;
}

static int any_text(lua_State *L)
{
    lua_pushliteral(L, "?");
    return 1;
}

static int any_nothing(lua_State *L)
{
    (void)L;
    return 0;
}

static int any_pairs(lua_State *L)
{
    lua_pushcfunction(L, any_nothing);
    return 1;
}

static BL_LJMP void convert_metatable(lua_State *L, const char *name, const void *key);

/* Makes the value that stands for any answer. [-0, +0, e] */
static BL_LJMP void any_open(lua_State *L)
{
    static const luaL_Reg events[] = {
        {"__index", any_index}, {"__call", any_again},  {"__add", any_again},
        {"__sub", any_again},   {"__mul", any_again},   {"__div", any_again},
        {"__mod", any_again},   {"__pow", any_again},   {"__idiv", any_again},
        {"__unm", any_again},   {"__concat", any_text}, {"__lt", any_false},
        {"__le", any_false},    {"__len", any_count},   {"__tostring", any_text},
        {"__pairs", any_pairs}, {NULL, NULL},
    };

    lua_newuserdatauv(L, 1, 0);
    convert_metatable(L, "any answer", &convert_any_kind);
    luaL_setfuncs(L, events, 0);
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &convert_any);
}

void bl_any_push(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &convert_any);
}

static int null_text(lua_State *L)
{
    lua_pushliteral(L, "null");
    return 1;
}

static int secret_text(lua_State *L)
{
    struct bl_box *box = lua_touserdata(L, 1);

    lua_pushfstring(L, "<secret:%s>", bl_value_secret_name(box->value));
    return 1;
}

/* A metatable with a name, locked, kept in the registry under key. [-0, +1, e] */
static BL_LJMP void convert_metatable(lua_State *L, const char *name, const void *key)
{
    lua_createtable(L, 0, 4);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

BL_LJMP void bl_convert_open(lua_State *L)
{
    convert_metatable(L, "list", &convert_list);
    lua_pop(L, 1);
    convert_metatable(L, "box", &convert_box);
    lua_pushcfunction(L, box_free);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    convert_metatable(L, "secret", &convert_secret);
    lua_pushcfunction(L, box_free);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, secret_text);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
    lua_newuserdatauv(L, 1, 0);
    convert_metatable(L, "null", NULL);
    lua_pushcfunction(L, null_text);
    lua_setfield(L, -2, "__tostring");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &convert_null);
    any_open(L);
}

void bl_null_push(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &convert_null);
}

BL_LJMP void bl_list_mark(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &convert_list);
    lua_setmetatable(L, -2);
}

BL_LJMP void bl_secret_push(lua_State *L, const struct bl_value *secret)
{
    struct bl_box *box = lua_newuserdatauv(L, sizeof(*box), 0);

    box->value = bl_value_ref(secret);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &convert_secret);
    lua_setmetatable(L, -2);
}

/* True when the value at index has the metatable kept under key. */
static bool convert_is(lua_State *L, int index, const void *key)
{
    bool is;

    if (!lua_getmetatable(L, index))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    is = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is;
}

/* Where the reader is, for messages: "rows[3].name". */
struct reader {
    lua_State *L;
    struct bl_error *err;
    char path[200];
    int depth;
    size_t values;
    size_t bytes;
};

static enum bl_code reader_fail(struct reader *reader, const char *what)
{
    return bl_fail(reader->err, BL_E_ARG, "%s%s%s", reader->path[0] != '\0' ? reader->path : "",
                   reader->path[0] != '\0' ? ": " : "", what);
}

/* Counts a value of that many bytes; a small table can name others very often. */
static enum bl_code reader_count(struct reader *reader, size_t bytes)
{
    reader->values++;
    reader->bytes += bytes;
    if (reader->values <= BL_CONVERT_VALUES && reader->bytes <= BL_CONVERT_BYTES)
        return BL_OK;
    return bl_fail(reader->err, BL_E_TOO_LARGE,
                   "more than %zu values or %zu MiB: keep less, or reduce it first",
                   BL_CONVERT_VALUES, BL_CONVERT_BYTES >> 20);
}

static enum bl_code read_value(struct reader *reader, int index, struct bl_value **value);

/* Whether the table at index has exactly the keys 1 to n (n > 0), or the mark of a list. */
static bool table_is_list(lua_State *L, int index, size_t *count)
{
    size_t keys = 0;

    *count = lua_rawlen(L, index);
    if (convert_is(L, index, &convert_list))
        return true;
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
        if (!lua_isinteger(L, -2)) {
            lua_pop(L, 2);
            return false;
        }
        keys++;
    }
    return keys > 0 && keys == *count;
}

static enum bl_code read_list(struct reader *reader, int index, size_t count,
                              struct bl_value *list)
{
    size_t at = strlen(reader->path);
    enum bl_code code = BL_OK;

    for (size_t i = 1; code == BL_OK && i <= count; i++) {
        struct bl_value *item = NULL;
        lua_rawgeti(reader->L, index, (lua_Integer)i);
        snprintf(reader->path + at, sizeof(reader->path) - at, "[%zu]", i);
        code = read_value(reader, lua_gettop(reader->L), &item);
        lua_pop(reader->L, 1);
        if (code == BL_OK)
            bl_list_add(list, item);
    }
    if (code == BL_OK)
        reader->path[at] = '\0';
    return code;
}

static enum bl_code read_map(struct reader *reader, int index, struct bl_value *map)
{
    lua_State *L = reader->L;
    size_t at = strlen(reader->path);
    enum bl_code code = BL_OK;

    for (lua_pushnil(L); code == BL_OK && lua_next(L, index) != 0; lua_pop(L, 1)) {
        struct bl_value *item = NULL;
        const char *key;
        size_t len;
        reader->path[at] = '\0';
        if (lua_type(L, -2) != LUA_TSTRING) {
            code = reader_fail(reader,
                               "a table here has either names or the numbers 1 to n as keys, "
                               "not both and nothing else");
            lua_pop(L, 1);
            break;
        }
        key = lua_tolstring(L, -2, &len);
        if (strlen(key) != len) {
            code = reader_fail(reader, "a name must not hold a NUL byte");
            lua_pop(L, 1);
            break;
        }
        snprintf(reader->path + at, sizeof(reader->path) - at, "%s%.60s", at > 0 ? "." : "",
                 key);
        code = reader_count(reader, len);
        if (code == BL_OK)
            code = read_value(reader, lua_gettop(L), &item);
        if (code == BL_OK)
            bl_map_set(map, key, item);
    }
    if (code == BL_OK)
        reader->path[at] = '\0';
    return code;
}

static enum bl_code read_table(struct reader *reader, int index, struct bl_value **value)
{
    lua_State *L = reader->L;
    int top = lua_gettop(L);
    struct bl_value *made;
    enum bl_code code;
    size_t count;

    if (reader->depth >= BL_CONVERT_DEPTH || !lua_checkstack(L, 8))
        return reader_fail(reader, "nested too deeply (a table that holds itself?)");
    if (bl_cage_thaw(L, index))
        index = lua_gettop(L);
    reader->depth++;
    if (table_is_list(L, index, &count)) {
        made = bl_list_new();
        code = read_list(reader, index, count, made);
    } else {
        made = bl_map_new();
        code = read_map(reader, index, made);
    }
    reader->depth--;
    lua_settop(L, top);
    if (code == BL_OK)
        *value = made;
    else
        bl_value_unref(made);
    return code;
}

bool bl_any_is(lua_State *L, int index)
{
    return convert_is(L, index, &convert_any_kind);
}

/* A secret, or json.null. */
static enum bl_code read_userdata(struct reader *reader, int index, struct bl_value **value)
{
    lua_State *L = reader->L;
    bool is_null;

    if (bl_any_is(L, index)) {
        bl_vm_of(L)->runtime->saw_any = true;
        *value = bl_value_nil();
        return BL_OK;
    }
    if (convert_is(L, index, &convert_secret)) {
        *value = bl_value_ref(((struct bl_box *)lua_touserdata(L, index))->value);
        return BL_OK;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &convert_null);
    is_null = lua_rawequal(L, -1, index);
    lua_pop(L, 1);
    if (!is_null)
        return reader_fail(reader, "this cannot go here: only plain data (text, numbers, "
                                   "booleans, tables)");
    *value = bl_value_nil();
    return BL_OK;
}

static enum bl_code read_text(struct reader *reader, int index, struct bl_value **value)
{
    size_t len;
    const char *text = lua_tolstring(reader->L, index, &len);
    enum bl_code code = reader_count(reader, len);

    if (code == BL_OK)
        *value = bl_value_bytes(text, len);
    return code;
}

static enum bl_code read_value(struct reader *reader, int index, struct bl_value **value)
{
    lua_State *L = reader->L;
    enum bl_code code = reader_count(reader, 0);
    char what[120];

    if (code != BL_OK)
        return code;
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        *value = bl_value_nil();
        return BL_OK;
    case LUA_TBOOLEAN:
        *value = bl_value_bool(lua_toboolean(L, index));
        return BL_OK;
    case LUA_TNUMBER:
        *value = lua_isinteger(L, index) ? bl_value_int(lua_tointeger(L, index))
                                         : bl_value_float(lua_tonumber(L, index));
        return BL_OK;
    case LUA_TSTRING:
        return read_text(reader, index, value);
    case LUA_TTABLE:
        return read_table(reader, index, value);
    case LUA_TUSERDATA:
        return read_userdata(reader, index, value);
    default:
        snprintf(what, sizeof(what),
                 "a %s cannot go here: only plain data (text, numbers, booleans, tables)",
                 lua_typename(L, lua_type(L, index)));
        return reader_fail(reader, what);
    }
}

enum bl_code bl_value_read(lua_State *L, int index, struct bl_value **value,
                           struct bl_error *err)
{
    struct reader reader = {.L = L, .err = err};
    enum bl_code code = read_value(&reader, lua_absindex(L, index), value);

    bl_charge_later(L, 4 * reader.values + reader.bytes / 16);
    return code;
}

static BL_LJMP void push_children(lua_State *L, const struct bl_value *value)
{
    size_t count = bl_value_count(value);

    luaL_checkstack(L, 6, "an answer nested too deeply");
    bl_charge(L, count);
    if (bl_value_type(value) == BL_LIST) {
        lua_createtable(L, (int)count, 0);
        for (size_t i = 0; i < count; i++) {
            if (bl_value_type(bl_list_get(value, i)) == BL_NIL)
                bl_null_push(L);
            else
                bl_value_push(L, bl_list_get(value, i));
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        bl_list_mark(L);
        return;
    }
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        bl_value_push(L, bl_map_at(value, i));
        lua_setfield(L, -2, bl_map_key(value, i));
    }
}

BL_LJMP void bl_value_push(lua_State *L, const struct bl_value *value)
{
    const char *data;
    size_t len;

    switch (bl_value_type(value)) {
    case BL_NIL:
        lua_pushnil(L);
        break;
    case BL_BOOL:
        lua_pushboolean(L, bl_value_is_true(value));
        break;
    case BL_INT:
        lua_pushinteger(L, bl_value_as_int(value));
        break;
    case BL_FLOAT:
        lua_pushnumber(L, bl_value_as_float(value));
        break;
    case BL_BYTES:
        data = bl_value_as_bytes(value, &len);
        bl_charge(L, len / 16);
        lua_pushlstring(L, data, len);
        break;
    case BL_SECRET:
        bl_secret_push(L, value);
        break;
    default:
        push_children(L, value);
        break;
    }
}
