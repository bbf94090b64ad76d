/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redact.c: the first line as a secret, the rest as text: the secret is in no output, in none
 * of its forms, however the text is cut. */
#include "base/prefix.h"

#include "base/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether the mask itself could make the secret appear: then nothing can be said. */
static bool redact_is_mask(const char *secret, size_t len)
{
    return memchr(secret, '<', len) != NULL || memchr(secret, '>', len) != NULL ||
           memmem("secret:A", 8, secret, len) != NULL;
}

/* What comes out of pieces of a size is what comes out of the whole. */
static void redact_check_pieces(const struct bl_redactor *redactor, const char *text,
                                size_t size, size_t piece)
{
    struct bl_redact_stream stream;
    struct bl_buf whole, out;

    bl_buf_init(&whole, 0);
    bl_buf_init(&out, 0);
    bl_redact_text(redactor, &whole, text, size);
    bl_redact_stream_init(&stream, redactor);
    for (size_t at = 0; at < size; at += piece)
        bl_redact_stream_feed(&stream, &out, text + at, size - at < piece ? size - at : piece);
    bl_redact_stream_end(&stream, &out);
    bl_redact_stream_release(&stream);
    if (out.len != whole.len || memcmp(bl_buf_text(&out), bl_buf_text(&whole), out.len) != 0)
        BL_BUG("pieces of %zu bytes give another output than the whole", piece);
    bl_buf_release(&whole);
    bl_buf_release(&out);
}

static void redact_check(const struct bl_redactor *redactor, const char *secret, size_t len,
                         const char *text, size_t size)
{
    struct bl_buf out;

    bl_buf_init(&out, 0);
    bl_redact_text(redactor, &out, text, size);
    if (memmem(bl_buf_text(&out), out.len, secret, len) != NULL)
        BL_BUG("a secret of %zu bytes is in the output", len);
    bl_buf_release(&out);
    for (size_t piece = 1; piece < 9; piece += 1 + piece / 3)
        redact_check_pieces(redactor, text, size, piece);
}

static void redact_add_percent(struct bl_buf *out, const char *secret, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bl_buf_printf(out, i % 2 == 0 ? "%%%02x" : "%%%02X", (unsigned char)secret[i]);
}

static void redact_add_json(struct bl_buf *out, const char *secret, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)secret[i];
        if (c < 0x20)
            bl_buf_printf(out, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            bl_buf_printf(out, "\\%c", c);
        else
            bl_buf_char(out, (char)c);
    }
}

static void redact_add_base64(struct bl_buf *out, const char *secret, size_t len, size_t before)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int count = 0;

    for (size_t i = 0; i < before + len + 1; i++) {
        bool is_own = i >= before && i < before + len;
        bits = bits << 8 | (is_own ? (unsigned char)secret[i - before] : 0xa5);
        for (count += 8; count >= 6; count -= 6)
            bl_buf_char(out, letters[bits >> (count - 6) & 63]);
    }
}

/* Every form that is written here is found: nothing but a mask and the edges is left. */
static void redact_check_forms(const struct bl_redactor *redactor, const char *secret,
                               size_t len)
{
    struct bl_buf form, out;

    bl_buf_init(&form, 0);
    bl_buf_init(&out, 0);
    for (size_t i = 0; i < 5; i++) {
        bl_buf_reset(&form);
        bl_buf_reset(&out);
        if (i == 0)
            redact_add_percent(&form, secret, len);
        else if (i == 1)
            redact_add_json(&form, secret, len);
        else
            redact_add_base64(&form, secret, len, i - 2);
        bl_redact_text(redactor, &out, bl_buf_text(&form), form.len);
        if (strstr(bl_buf_text(&out), "<secret:A>") == NULL || out.len > 10 + 8)
            BL_BUG("form %zu of a secret stays: %s", i, bl_buf_text(&out));
    }
    bl_buf_release(&form);
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
    if (bl_redactor_add(redactor, "A", text, len)) {
        redact_check(redactor, text, len, text + len + 1, size - len - 1);
        redact_check_forms(redactor, text, len);
    }
    bl_redactor_free(redactor);
    return 0;
}
