/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* hash.c: digests and random names, on libcrypto. */
#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

struct bl_hash {
    EVP_MD_CTX *context;
};

struct bl_hash *bl_hash_new(void)
{
    struct bl_hash *hash = bl_alloc(sizeof(*hash));

    hash->context = EVP_MD_CTX_new();
    if (hash->context == NULL || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1)
        BL_BUG("libcrypto has no SHA-256");
    return hash;
}

void bl_hash_add(struct bl_hash *hash, const void *data, size_t len)
{
    EVP_DigestUpdate(hash->context, data, len);
}

void bl_hash_end(struct bl_hash *hash, char out[BL_HASH_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[32];

    EVP_DigestFinal_ex(hash->context, digest, NULL);
    EVP_MD_CTX_free(hash->context);
    bl_free(hash);
    for (size_t i = 0; i < sizeof(digest); i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[64] = '\0';
}

void bl_hash_hex(const void *data, size_t len, char out[BL_HASH_TEXT])
{
    struct bl_hash *hash = bl_hash_new();

    bl_hash_add(hash, data, len);
    bl_hash_end(hash, out);
}

void bl_random_name(char *out, size_t count)
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789x";

    if (RAND_bytes((unsigned char *)out, (int)count) != 1)
        BL_BUG("libcrypto has no random bytes");
    for (size_t i = 0; i < count; i++)
        out[i] = letters[(unsigned char)out[i] % 32];
    out[count] = '\0';
}
