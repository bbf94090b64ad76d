/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* hash: digests and encodings of text. Pure functions. */
#include "base/prefix.h"

#include "base/hash.h"
#include "module.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static struct bl_value *hash_hex(const unsigned char *data, size_t len)
{
    struct bl_buf out;

    bl_buf_init(&out, 0);
    for (size_t i = 0; i < len; i++)
        bl_buf_printf(&out, "%02x", data[i]);
    return bl_value_take_buf(&out);
}

static struct bl_value *sha256_call(const struct bl_value *args, struct bl_error *err)
{
    char text[BL_HASH_TEXT];
    size_t len;
    const char *data = bl_value_as_bytes(bl_map_get(args, "text"), &len);

    (void)err;
    bl_hash_hex(data, len, text);
    return bl_value_text(text);
}

static struct bl_value *hmac_sha256_call(const struct bl_value *args, struct bl_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    size_t key_len, len;
    const char *key = bl_value_reveal(bl_map_get(args, "key"), &key_len);
    const char *data = bl_value_as_bytes(bl_map_get(args, "text"), &len);

    if (HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)data, len, digest,
             &size) == NULL) {
        bl_fail(err, BL_E_INTERNAL, "libcrypto could not compute the HMAC");
        return NULL;
    }
    return hash_hex(digest, size);
}

static struct bl_value *hex_call(const struct bl_value *args, struct bl_error *err)
{
    size_t len;
    const char *data = bl_value_as_bytes(bl_map_get(args, "text"), &len);

    (void)err;
    return hash_hex((const unsigned char *)data, len);
}

static struct bl_value *base64_call(const struct bl_value *args, struct bl_error *err)
{
    size_t len;
    const char *data = bl_value_as_bytes(bl_map_get(args, "text"), &len);
    char *out = bl_alloc(4 * ((len + 2) / 3) + 1);
    struct bl_value *value;

    (void)err;
    EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)data, (int)len);
    value = bl_value_text(out);
    bl_free(out);
    return value;
}

/* Only whole groups of four, the alphabet and padding at the end: EVP_DecodeBlock forgives
 * more. */
static bool base64_is_well_formed(const char *text, size_t len)
{
    size_t padding = 0;

    while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < len - padding; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '+' && text[i] != '/')
            return false;
    }
    return len % 4 == 0;
}

static struct bl_value *base64_decode_call(const struct bl_value *args, struct bl_error *err)
{
    struct bl_value *value;
    size_t len;
    const char *text = bl_value_as_bytes(bl_map_get(args, "text"), &len);
    unsigned char *out;
    int got;

    if (!base64_is_well_formed(text, len)) {
        bl_fail(err, BL_E_PARSE,
                "this is no base64: groups of four of A-Z a-z 0-9 + / with = at the end");
        return NULL;
    }
    out = bl_alloc(len + 1);
    got = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
    for (size_t i = len; got > 0 && i > 0 && text[i - 1] == '='; i--)
        got--;
    value = bl_value_bytes(out, got > 0 ? (size_t)got : 0);
    bl_free(out);
    return value;
}

static const struct bl_arg text_args[] = {
    {.name = "text", .type = BL_T_STRING, .flags = BL_ARG_DATA, .text = "any bytes"},
    {0},
};
static const struct bl_arg hmac_args[] = {
    {.name = "key",
     .type = BL_T_STRING,
     .text = "the key; a secret is welcome",
     .flags = BL_ARG_SECRET | BL_ARG_DATA},
    {.name = "text", .type = BL_T_STRING, .flags = BL_ARG_DATA, .text = "any bytes"},
    {0},
};

static const struct bl_function hash_functions[] = {
    {
        .name = "sha256",
        .text = "The SHA-256 of a text.",
        .args = text_args,
        .result = "string of 64 hex digits",
        .example = "hash.sha256(\"belay\")",
        .call = sha256_call,
    },
    {
        .name = "hmac_sha256",
        .text = "The HMAC with SHA-256 of a text.",
        .args = hmac_args,
        .result = "string of 64 hex digits",
        .example = "hash.hmac_sha256(\"example-key\", \"body\")",
        .call = hmac_sha256_call,
    },
    {
        .name = "hex",
        .text = "Bytes as hex digits.",
        .args = text_args,
        .result = "string",
        .example = "hash.hex(\"AB\")",
        .call = hex_call,
    },
    {
        .name = "base64",
        .text = "Bytes as base64 with padding.",
        .args = text_args,
        .result = "string",
        .example = "hash.base64(\"AB\")",
        .call = base64_call,
    },
    {
        .name = "base64_decode",
        .text = "The bytes behind base64 text.",
        .args = text_args,
        .result = "string",
        .example = "hash.base64_decode(\"QUI=\")",
        .call = base64_decode_call,
    },
    {0},
};

const struct bl_module bl_module_hash = {
    .name = "hash",
    .text = "Digests and encodings.",
    .functions = hash_functions,
};
