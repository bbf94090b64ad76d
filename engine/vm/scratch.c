/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* scratch.c: growing bytes that the garbage collector owns. */
#include "base/prefix.h"

#include "vm/scratch.h"
#include "vm/vm.h"

#define SCRATCH_BYTES_A_STEP 64 /* copying that many bytes is about one instruction */

BL_LJMP void bl_scratch_check(lua_State *L, size_t len)
{
    size_t most = bl_vm_of(L)->limits.string_bytes;

    if (len > most)
        luaL_error(L, "resulting string too large (%I bytes; at most %I)", (LUAI_UACINT)len,
                   (LUAI_UACINT)most);
}

BL_LJMP void bl_scratch_init(lua_State *L, struct bl_scratch *scratch)
{
    scratch->L = L;
    scratch->data = scratch->local;
    scratch->len = 0;
    scratch->room = sizeof(scratch->local);
    luaL_checkstack(L, 4, "string buffer");
    lua_pushnil(L);
    scratch->slot = lua_gettop(L);
}

BL_LJMP char *bl_scratch_room(struct bl_scratch *scratch, size_t len)
{
    size_t wanted = scratch->len + len;
    size_t room = scratch->room * 2;
    char *larger;

    bl_charge(scratch->L, len / SCRATCH_BYTES_A_STEP);
    if (wanted <= scratch->room)
        return scratch->data + scratch->len;
    bl_scratch_check(scratch->L, wanted);
    if (room > bl_vm_of(scratch->L)->limits.string_bytes || room < wanted)
        room = wanted;
    larger = lua_newuserdatauv(scratch->L, room, 0);
    memcpy(larger, scratch->data, scratch->len);
    lua_replace(scratch->L, scratch->slot);
    scratch->data = larger;
    scratch->room = room;
    return larger + scratch->len;
}

BL_LJMP void bl_scratch_add(struct bl_scratch *scratch, const void *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(bl_scratch_room(scratch, len), data, len);
    scratch->len += len;
}

BL_LJMP void bl_scratch_char(struct bl_scratch *scratch, char c)
{
    *bl_scratch_room(scratch, 1) = c;
    scratch->len++;
}

BL_LJMP void bl_scratch_push(struct bl_scratch *scratch)
{
    bl_charge(scratch->L, scratch->len / SCRATCH_BYTES_A_STEP);
    lua_pushlstring(scratch->L, scratch->data, scratch->len);
}
