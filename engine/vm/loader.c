/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* loader.c: finds, reads, compiles and runs each file once, with the chain of names for cycles.
 */
#include "base/prefix.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "vm/cage.h"
#include "vm/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct bl_loader {
    int root; /* the project's folder; -1: none */
    struct bl_buf text;
    bl_text_fn from; /* NULL: from the folder */
    void *from_context;
    bl_loaded_fn loaded;
    void *context;
    int depth;
    char chain[BL_LOADER_DEPTH][BL_LOADER_NAME + 1];
};

static const char loader_natives = 0; /* registry: name -> open function */
static const char loader_values = 0;  /* registry: name or path -> value */

static BL_LJMP int loader_require(lua_State *L);

static BL_LJMP int loader_setup(lua_State *L)
{
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loader_natives);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loader_values);
    lua_pushcfunction(L, loader_require);
    bl_cage_set(L, "require");
    return 0;
}

enum bl_code bl_loader_new(struct bl_vm *vm, const char *project, struct bl_error *err)
{
    struct bl_loader *loader;
    int root = -1;

    if (project != NULL) {
        root = open(project, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
            return bl_fail(err,
                           errno == ENOENT   ? BL_E_NOT_FOUND
                           : errno == EACCES ? BL_E_DENIED
                                             : BL_E_IO,
                           "the project folder %s cannot be opened: %s", project,
                           strerror(errno));
    }
    loader = bl_alloc(sizeof(*loader));
    loader->root = root;
    bl_buf_init(&loader->text, BL_LOADER_FILE);
    bl_loader_free(vm->loader);
    vm->loader = loader;
    lua_pushcfunction(vm->L, loader_setup);
    return bl_vm_call(vm, 0, 0, err);
}

void bl_loader_free(struct bl_loader *loader)
{
    if (loader == NULL)
        return;
    if (loader->root >= 0)
        close(loader->root);
    bl_buf_release(&loader->text);
    bl_free(loader);
}

void bl_loader_from(struct bl_vm *vm, bl_text_fn text, void *context)
{
    vm->loader->from = text;
    vm->loader->from_context = context;
}

void bl_loader_on_load(struct bl_vm *vm, bl_loaded_fn loaded, void *context)
{
    vm->loader->loaded = loaded;
    vm->loader->context = context;
}

int bl_loader_depth(const struct bl_vm *vm)
{
    return vm->loader == NULL ? 0 : vm->loader->depth;
}

BL_LJMP void bl_loader_native(lua_State *L, const char *name, lua_CFunction open)
{
    luaL_checkstack(L, 3, name);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loader_natives);
    lua_pushcfunction(L, open);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

BL_LJMP void bl_loader_text(lua_State *L, const char *name, const char *text, size_t size)
{
    const char *source;

    luaL_checkstack(L, 4, name);
    bl_charge(L, size / 4);
    if (size > 0 && text[0] == LUA_SIGNATURE[0])
        luaL_error(L, "%s is compiled Lua: only text is loaded", name);
    source = lua_pushfstring(L, "@%s", name);
    if (luaL_loadbufferx(L, text, size, source, "t") != LUA_OK) {
        const char *why = lua_tostring(L, -1);

        bl_rethrow(L, LUA_ERRSYNTAX);
        if (why != NULL && strncmp(why, name, strlen(name)) != 0)
            luaL_error(L, "%s: %s", name, why); /* "C stack overflow" has no place */
        lua_error(L);
    }
    bl_cage_environment(L);
    lua_setupvalue(L, -2, 1);
    lua_remove(L, -2);
}

/* Pushes the value that is kept for `key`; false and nothing pushed when there is none. [-0,
 * +(0|1), e] */
static BL_LJMP bool loader_find(lua_State *L, const char *key)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loader_values);
    if (lua_getfield(L, -1, key) == LUA_TNIL) {
        lua_pop(L, 2);
        return false;
    }
    lua_remove(L, -2);
    return true;
}

static BL_LJMP void loader_keep(lua_State *L, const char *key)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loader_values);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, key);
    lua_pop(L, 1);
}

/* Refuses a file that is in the middle of loading, naming the chain from it to itself. [-0, +0,
 * v] */
static BL_LJMP void loader_check_cycle(lua_State *L, const struct bl_loader *loader,
                                       const char *key)
{
    int from = 0;

    if (loader->depth >= BL_LOADER_DEPTH)
        luaL_error(L, "%s: more than %d files require one another", key, BL_LOADER_DEPTH);
    while (from < loader->depth && strcmp(loader->chain[from], key) != 0)
        from++;
    if (from == loader->depth)
        return;
    luaL_checkstack(L, 2 * (loader->depth - from) + 3, key);
    lua_pushliteral(L, "");
    for (int i = from; i < loader->depth; i++) {
        lua_pushfstring(L, "%s -> ", loader->chain[i]);
        lua_concat(L, 2);
    }
    luaL_error(L, "files require one another in a circle: %s%s", lua_tostring(L, -1), key);
}

/* Compiles and runs the text under `key`, keeps its value and pushes it. [-0, +1, v] */
static BL_LJMP void loader_run(lua_State *L, enum bl_origin origin, const char *key,
                               const char *text, size_t size)
{
    struct bl_loader *loader = bl_vm_of(L)->loader;
    int status;

    loader_check_cycle(L, loader, key);
    if (loader->loaded != NULL)
        loader->loaded(loader->context, origin, key, text, size);
    bl_loader_text(L, key, text, size);
    snprintf(loader->chain[loader->depth++], sizeof(loader->chain[0]), "%s", key);
    status = lua_pcall(L, 0, 1, 0);
    loader->depth--;
    if (status != LUA_OK) {
        bl_rethrow(L, status);
        lua_error(L);
    }
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    loader_keep(L, key);
}

/* Reads a file of the project into loader->text; touches no Lua. */
static enum bl_code loader_read(struct bl_loader *loader, const char *path,
                                struct bl_error *err)
{
    struct bl_error why;
    enum bl_code code;
    int fd;

    if (loader->root < 0)
        return bl_fail(err, BL_E_NOT_FOUND, "there is no project, so no %s", path);
    bl_buf_reset(&loader->text);
    loader->text.truncated = false;
    if (loader->from != NULL && loader->from(loader->from_context, path, &loader->text))
        return BL_OK;
    fd = bl_beneath_open(loader->root, path, err);
    if (fd < 0)
        return err->code;
    code = bl_fd_read(fd, &loader->text, &why);
    close(fd);
    return code == BL_OK ? BL_OK : bl_fail(err, code, "%s: %s", path, why.message);
}

/* A first line for the shell and a byte order mark are not Lua; the line itself stays, so that
 * numbers hold. */
static const char *loader_skip(const char *text, size_t *size)
{
    const char *start = text;

    if (*size >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0)
        start += 3;
    if (start < text + *size && *start == '#')
        while (start < text + *size && *start != '\n')
            start++;
    *size -= (size_t)(start - text);
    return start;
}

/* Loads a project file that is not kept yet; false with err when it cannot be read. [-0,
 * +(0|1), v] */
static BL_LJMP bool loader_project(lua_State *L, const char *path, struct bl_error *err)
{
    struct bl_loader *loader = bl_vm_of(L)->loader;
    const char *text;
    size_t size;

    loader_check_cycle(L, loader, path);
    if (loader_read(loader, path, err) != BL_OK)
        return false;
    size = loader->text.len;
    text = loader_skip(bl_buf_text(&loader->text), &size);
    loader_run(L, BL_FROM_PROJECT, path, text, size);
    return true;
}

BL_LJMP void bl_loader_file(lua_State *L, const char *path)
{
    struct bl_error err;

    luaL_checkstack(L, 8, path);
    if (!loader_find(L, path) && !loader_project(L, path, &err))
        luaL_error(L, "%s", err.message);
}

/* Turns a required name into a path without its ending; raises for what is no name. [-0, +0, v]
 */
static BL_LJMP void loader_name(lua_State *L, char *out, size_t size)
{
    size_t len;
    const char *name = luaL_checklstring(L, 1, &len);
    bool is_start = true;

    if (len == 0 || len > size - 5)
        luaL_error(L, "require: a module name has 1 to %d characters", (int)size - 5);
    for (size_t i = 0; i < len; i++) {
        bool is_separator = name[i] == '.' || name[i] == '/';

        if (is_separator ? is_start
                         : name[i] == '\0' || strchr("abcdefghijklmnopqrstuvwxyz0123456789_-"
                                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                                     name[i]) == NULL)
            luaL_error(L,
                       "require: '%s' is not a module name: letters, digits, _ and - between "
                       "dots or slashes, from the project's folder downwards",
                       name);
        is_start = is_separator;
        out[i] = is_separator ? '/' : name[i];
    }
    out[len] = '\0';
    if (is_start)
        luaL_error(L, "require: '%s' is not a module name: it ends in a separator", name);
}

/* The words are files of lua/ too, but no modules: they are there already. */
static bool loader_is_module(const struct bl_embedded *file)
{
    return strncmp(file->name, "words.", 6) != 0;
}

/* The module of lua/ that is required by this name. */
static const struct bl_embedded *loader_embedded(const char *name)
{
    char dotted[BL_LOADER_NAME + 1];

    snprintf(dotted, sizeof(dotted), "%s", name);
    for (char *at = dotted; *at != '\0'; at++)
        if (*at == '/')
            *at = '.';
    for (const struct bl_embedded *file = bl_embedded; file->name != NULL; file++)
        if (strcmp(file->name, dotted) == 0 && loader_is_module(file))
            return file;
    return NULL;
}

/* Pushes the native module of that name; false and nothing pushed when there is none. [-0,
 * +(0|1), v] */
static BL_LJMP bool loader_native(lua_State *L, const char *name)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loader_natives);
    if (lua_getfield(L, -1, name) == LUA_TNIL) {
        lua_pop(L, 2);
        return false;
    }
    lua_remove(L, -2);
    lua_pushstring(L, name);
    lua_call(L, 1, 1);
    loader_keep(L, name);
    return true;
}

/* The end of a message: the nearest name that does exist. [-0, +2, e] */
static BL_LJMP const char *loader_hint(lua_State *L, const char *name)
{
    const char **names;
    const char *near;
    size_t count = 0;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &loader_natives);
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        count++;
    for (const struct bl_embedded *file = bl_embedded; file->name != NULL; file++)
        count++;
    names = lua_newuserdatauv(L, (count + 1) * sizeof(*names), 0);
    count = 0;
    for (lua_pushnil(L); lua_next(L, -3) != 0; lua_pop(L, 1))
        names[count++] = lua_tostring(L, -2);
    for (const struct bl_embedded *file = bl_embedded; file->name != NULL; file++)
        if (loader_is_module(file))
            names[count++] = file->name;
    names[count] = NULL;
    near = bl_suggest(name, names);
    return near != NULL ? lua_pushfstring(L, "; did you mean '%s'?", near) : "";
}

static BL_LJMP int loader_require(lua_State *L)
{
    char name[BL_LOADER_NAME + 1];
    const struct bl_embedded *file;
    const char *path;
    struct bl_error err;

    loader_name(L, name, sizeof(name));
    lua_settop(L, 1);
    if (loader_find(L, name) || loader_native(L, name))
        return 1;
    file = loader_embedded(name);
    path = lua_pushfstring(L, file != NULL ? "belay/%s.lua" : "%s.lua", name);
    if (!loader_find(L, path)) {
        if (file != NULL)
            loader_run(L, BL_FROM_BELAY, path, file->source, file->size);
        else if (!loader_project(L, path, &err))
            return luaL_error(
                L, "require: no module '%s': Belay brings none of this name, and %s%s",
                lua_tostring(L, 1), err.message,
                err.code == BL_E_NOT_FOUND ? loader_hint(L, name) : "");
    }
    if (lua_isboolean(L, -1))
        return luaL_error(
            L, "require: %s returns nothing: a module ends with `return` and its table", path);
    return 1;
}
