/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* chunk.c: any bytes as a file of Lua: it ends within its limits and the state works on. */
#include "base/prefix.h"

#include "vm/loader.h"
#include "vm/vm.h"

#define CHUNK_BYTES ((size_t)8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct chunk {
    const char *text;
    size_t size;
};

static int chunk_run(lua_State *L)
{
    const struct chunk *chunk = lua_touserdata(L, 1);

    bl_loader_text(L, "chunk", chunk->text, chunk->size);
    lua_call(L, 0, 0);
    return 0;
}

static enum bl_code chunk_call(struct bl_vm *vm, const struct chunk *chunk,
                               struct bl_error *err)
{
    lua_pushcfunction(vm->L, chunk_run);
    lua_pushlightuserdata(vm->L, (void *)(uintptr_t)chunk);
    return bl_vm_call(vm, 1, 0, err);
}

static void chunk_quiet(void *context, const char *text, size_t len)
{
    (void)context;
    (void)text;
    (void)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bl_limits limits = {
        .steps = 300000, .cpu_ms = 1000, .bytes = CHUNK_BYTES, .string_bytes = 1 << 20};
    const struct chunk given = {(const char *)data, size}, after = {"return 1 + 1", 12};
    struct bl_error err = {0};
    struct bl_vm *vm = bl_vm_new(&limits);

    if (vm == NULL)
        BL_BUG("a state does not fit into its limit");
    bl_vm_print(vm, chunk_quiet, NULL);
    if (chunk_call(vm, &given, &err) != BL_OK && err.message[0] == '\0')
        BL_BUG("an error without a message");
    if (vm->bytes_peak > CHUNK_BYTES + BL_MEMORY_RESERVE)
        BL_BUG("%zu bytes were allocated", vm->bytes_peak);
    if (chunk_call(vm, &after, &err) != BL_OK)
        BL_BUG("the state is unusable: %s", err.message);
    bl_vm_free(vm);
    return 0;
}
