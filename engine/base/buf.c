/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* buf.c: growing bytes with an upper bound. */
#include "base/buf.h"

void bl_buf_init(struct bl_buf *buf, size_t max)
{
    *buf = (struct bl_buf){.max = max};
}

void bl_buf_release(struct bl_buf *buf)
{
    bl_free(buf->data);
    bl_buf_init(buf, buf->max);
}

void bl_buf_reset(struct bl_buf *buf)
{
    buf->len = 0;
    buf->truncated = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

static void buf_reserve(struct bl_buf *buf, size_t len)
{
    size_t cap = buf->cap ? buf->cap : 64;

    if (len + 1 <= buf->cap)
        return;
    while (cap < len + 1)
        cap *= 2;
    buf->data = bl_realloc(buf->data, cap);
    buf->cap = cap;
}

bool bl_buf_add(struct bl_buf *buf, const void *data, size_t len)
{
    size_t fits = len;

    if (buf->max != 0 && len > buf->max - buf->len) {
        fits = buf->max - buf->len;
        buf->truncated = true;
    }
    buf_reserve(buf, buf->len + fits);
    if (fits > 0)
        memcpy(buf->data + buf->len, data, fits);
    buf->len += fits;
    buf->data[buf->len] = '\0';
    return fits == len;
}

bool bl_buf_text_add(struct bl_buf *buf, const char *text)
{
    return bl_buf_add(buf, text, strlen(text));
}

bool bl_buf_char(struct bl_buf *buf, char c)
{
    return bl_buf_add(buf, &c, 1);
}

bool bl_buf_printf(struct bl_buf *buf, const char *format, ...)
{
    char small[256];
    va_list args;
    int len;
    bool fits;

    va_start(args, format);
    len = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (len < 0)
        BL_BUG("bad format %s", format);
    if ((size_t)len < sizeof(small))
        return bl_buf_add(buf, small, (size_t)len);
    char *large = bl_alloc((size_t)len + 1);
    va_start(args, format);
    vsnprintf(large, (size_t)len + 1, format, args);
    va_end(args);
    fits = bl_buf_add(buf, large, (size_t)len);
    bl_free(large);
    return fits;
}

const char *bl_buf_text(const struct bl_buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}

char *bl_buf_take(struct bl_buf *buf, size_t *len)
{
    char *data;

    buf_reserve(buf, buf->len);
    buf->data[buf->len] = '\0';
    data = buf->data;
    if (len != NULL)
        *len = buf->len;
    buf->data = NULL;
    bl_buf_init(buf, buf->max);
    return data;
}
