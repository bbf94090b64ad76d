/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* loader.h: from names to loaded files: native modules, lua/ of the binary, and the project, in
 * this order. */
#ifndef BL_VM_LOADER_H
#define BL_VM_LOADER_H

#include "base/buf.h"
#include "vm/embedded.h"
#include "vm/vm.h"

#define BL_LOADER_FILE ((size_t)1 << 20) /* the longest source file */
#define BL_LOADER_DEPTH 32               /* files that may be in the middle of loading */
#define BL_LOADER_NAME 240               /* the longest path inside a project */

enum bl_origin { BL_FROM_PROJECT, BL_FROM_BELAY };

/* Called for each file before its code runs; name is the path inside the project, or
 * "belay/<path>". Borrowed. */
typedef void (*bl_loaded_fn)(void *context, enum bl_origin origin, const char *name,
                             const char *text, size_t size);

/*
 * Adds `require` to the cage. project: the folder that files come from; NULL: there is none.
 * The vm owns the loader. BL_E_NOT_FOUND, BL_E_DENIED or BL_E_IO when the folder cannot be
 * opened.
 */
enum bl_code bl_loader_new(struct bl_vm *vm, const char *project,
                           struct bl_error *err) BL_MUST_USE;
void bl_loader_free(struct bl_loader *loader); /* bl_vm_free does it */

/* Adds the text of a project file to out; false: it comes from the folder. */
typedef bool (*bl_text_fn)(void *context, const char *path, struct bl_buf *out);
void bl_loader_from(struct bl_vm *vm, bl_text_fn text, void *context);
void bl_loader_on_load(struct bl_vm *vm, bl_loaded_fn loaded, void *context);

/*
 * Names a native module: open gets the name at the first require and pushes the module, frozen
 * (bl_cage_freeze).
 * [-0, +0, e]
 */
BL_LJMP void bl_loader_native(lua_State *L, const char *name, lua_CFunction open);

/*
 * Loads the project file at `path` ("daily/morning.lua") and pushes what it returned, `true`
 * for nothing. Each file loads once, also when it is required; later calls push the same value.
 * Raises: a path that leaves the project, no such file, a syntax error, a cycle, an error of
 * the file. Code of a file runs without the right to yield, and bl_loader_depth is above 0
 * meanwhile: operations refuse. [-0, +1, v]
 */
BL_LJMP void bl_loader_file(lua_State *L, const char *path);

/* Pushes the function of a chunk of text in a fresh environment; `name` is what errors say.
 * [-0, +1, v] */
BL_LJMP void bl_loader_text(lua_State *L, const char *name, const char *text, size_t size);

/* How many files are in the middle of loading. */
int bl_loader_depth(const struct bl_vm *vm);

/*
 * Opens a file below the folder `root` for reading: links are followed while they stay inside.
 * -1 with err filled: BL_E_DENIED for a path that leaves the folder, BL_E_NOT_FOUND, BL_E_ARG
 * for what is no plain file, BL_E_IO.
 */
int bl_beneath_open(int root, const char *path, struct bl_error *err) BL_MUST_USE;

#endif
