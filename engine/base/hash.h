/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* hash.h: digests and random names, on libcrypto. */
#ifndef BL_HASH_H
#define BL_HASH_H

#include "base/prefix.h"

#define BL_HASH_TEXT 65 /* 64 hex digits and a NUL */

/* SHA-256 of data as lower-case hex. */
void bl_hash_hex(const void *data, size_t len, char out[BL_HASH_TEXT]);

/* SHA-256 in parts: new, any number of adds, then end (which frees it). */
struct bl_hash;
struct bl_hash *bl_hash_new(void);
void bl_hash_add(struct bl_hash *hash, const void *data, size_t len);
void bl_hash_end(struct bl_hash *hash, char out[BL_HASH_TEXT]);

/* count random lower-case letters and digits without look-alikes, and a NUL (out has count + 1
 * bytes). */
void bl_random_name(char *out, size_t count);

#endif
