/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redact.c: the first line as a secret, the rest as text: the secret is in no output. */
#include "base/prefix.h"

#include "base/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether the mask itself could make the secret appear: then nothing can be said. */
static bool redact_is_mask(const char *secret, size_t len)
{
    return memchr(secret, '<', len) != NULL || memchr(secret, '>', len) != NULL ||
           memmem("secret:A", 8, secret, len) != NULL;
}

static void redact_check(const struct bl_redactor *redactor, const char *secret, size_t len,
                         const char *text, size_t size)
{
    struct bl_buf out;

    bl_buf_init(&out, 0);
    bl_redact_text(redactor, &out, text, size);
    if (memmem(bl_buf_text(&out), out.len, secret, len) != NULL)
        BL_BUG("a secret of %zu bytes is in the output", len);
    if (memmem(text, size, secret, len) == NULL &&
        (out.len != size || memcmp(bl_buf_text(&out), text, size) != 0))
        BL_BUG("text without a secret was changed");
    bl_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, '\n', size);
    size_t len = end == NULL ? 0 : (size_t)(end - text);
    struct bl_redactor *redactor;

    if (len == 0 || redact_is_mask(text, len))
        return 0;
    redactor = bl_redactor_new();
    if (bl_redactor_add(redactor, "A", text, len))
        redact_check(redactor, text, len, text + len + 1, size - len - 1);
    bl_redactor_free(redactor);
    return 0;
}
