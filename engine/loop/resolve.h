/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* resolve.h: host names to addresses without blocking the loop. */
#ifndef BL_RESOLVE_H
#define BL_RESOLVE_H

#include "loop/op.h"

#define BL_ADDRESS_MAX 8

struct bl_addresses {
    int count;
    struct sockaddr_storage list[BL_ADDRESS_MAX];
};

/*
 * Looks host up for an operation. done is called on the loop thread, only while the op is not
 * settled; when there is no address the op has been failed (BL_E_RESOLVE) instead. A literal
 * address needs no thread.
 */
void bl_resolve(struct bl_op *op, const char *host, int port,
                void (*done)(struct bl_op *op, const struct bl_addresses *addresses));
/* "127.0.0.1" or "::1" */
void bl_address_text(const struct sockaddr_storage *address, char *out, size_t size);

#endif
