/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* scratch.h: growing bytes inside a C function of the cage: small on the C stack, larger in a
 * userdata. */
#ifndef BL_VM_SCRATCH_H
#define BL_VM_SCRATCH_H

#include "vm/lua_api.h"

/*
 * luaL_Buffer asks the allocator directly and raises an ordinary error when that refuses,
 * without a collection; a scratch goes through lua_newuserdata, which collects first and whose
 * failure cannot be caught. It charges what it copies, and it does not care what is above its
 * slot on the stack. Nothing to release.
 */
struct bl_scratch {
    lua_State *L;
    char *data;
    size_t len;
    size_t room;
    int slot; /* stack index of the userdata */
    char local[256];
};

BL_LJMP void bl_scratch_init(lua_State *L, struct bl_scratch *scratch); /* [-0, +1, e] */
BL_LJMP void bl_scratch_add(struct bl_scratch *scratch, const void *data,
                            size_t len);                          /* [-0, +0, e] */
BL_LJMP void bl_scratch_char(struct bl_scratch *scratch, char c); /* [-0, +0, e] */
/* Room for `len` more bytes; add to `len` what was written there. [-0, +0, e] */
BL_LJMP char *bl_scratch_room(struct bl_scratch *scratch, size_t len);
BL_LJMP void
bl_scratch_push(struct bl_scratch *scratch); /* the bytes as a string [-0, +1, e] */

/* Raises the ordinary error for a string of `len` bytes that is longer than allowed. [-0, +0,
 * v] */
BL_LJMP void bl_scratch_check(lua_State *L, size_t len);

#endif
