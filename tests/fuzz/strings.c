/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* strings.c: any bytes as pattern, format, replacement and data of the string library: errors,
 * never a crash. */
#include "base/prefix.h"

#include "vm/loader.h"
#include "vm/vm.h"

#define STRINGS_PARTS 3 /* the input is these, each behind a byte with its length */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

static const char strings_source[] =
    "local a, b, c = ...\n"
    "for _, s in ipairs({ a, b, c }) do\n"
    "  for _, p in ipairs({ a, b, c }) do\n"
    "    pcall(string.find, s, p, -3)\n"
    "    pcall(string.find, s, p, 1, true)\n"
    "    pcall(string.gsub, s, p, b)\n"
    "    pcall(string.gsub, s, p, { [s] = c }, 5)\n"
    "    pcall(string.gsub, s, p, function(...) return (select('#', ...)) end)\n"
    "    pcall(function() for w, x in s:gmatch(p) do pcall(s.format, w, x) end end)\n"
    "    pcall(string.unpack, p, s)\n"
    "    pcall(string.pack, p, s, #s, 2.5, b, -1)\n"
    "  end\n"
    "  pcall(string.format, s, a, 1, 2.5, b, -7)\n"
    "  pcall(string.format, s, 1, -2.5, {}, nil, 3)\n"
    "  pcall(string.packsize, s)\n"
    "  pcall(tonumber, s, #b % 40)\n"
    "  pcall(string.rep, s, #a, b)\n"
    "  pcall(string.format, '%q', s)\n"
    "end\n";

static int strings_run(lua_State *L)
{
    const struct input *input = lua_touserdata(L, 1);
    const uint8_t *at = input->data, *end = at + input->size;

    bl_loader_text(L, "strings", strings_source, sizeof(strings_source) - 1);
    for (int i = 0; i < STRINGS_PARTS; i++) {
        size_t len = at < end ? *at++ : 0;

        len = len < (size_t)(end - at) ? len : (size_t)(end - at);
        lua_pushlstring(L, (const char *)at, len);
        at += len;
    }
    lua_call(L, STRINGS_PARTS, 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bl_limits limits = {.steps = 300000, .bytes = (size_t)8 << 20};
    const struct input input = {data, size};
    struct bl_vm *vm = bl_vm_new(&limits);
    struct bl_error err;

    if (vm == NULL)
        BL_BUG("a state does not fit into its limit");
    lua_pushcfunction(vm->L, strings_run);
    lua_pushlightuserdata(vm->L, (void *)(uintptr_t)&input);
    if (bl_vm_call(vm, 1, 0, &err) != BL_OK && err.code == BL_E_INTERNAL)
        BL_BUG("%s", err.message);
    bl_vm_free(vm);
    return 0;
}
