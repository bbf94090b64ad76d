/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* buf.h: growing bytes with an upper bound; always ends in a NUL that does not count. */
#ifndef BL_BUF_H
#define BL_BUF_H

#include "base/prefix.h"

struct bl_buf {
    char *data; /* never NULL after the first add; use bl_buf_text before it */
    size_t len;
    size_t cap;
    size_t max;     /* 0: no bound */
    bool truncated; /* something did not fit below max; what fitted was kept */
};

/* An empty buffer that holds at most max bytes (0: any number). Allocates nothing. Release with
 * bl_buf_release. */
void bl_buf_init(struct bl_buf *buf, size_t max);
void bl_buf_release(struct bl_buf *buf);
/* Empties it and keeps its memory. */
void bl_buf_reset(struct bl_buf *buf);

/* Adds bytes. False when not all fitted below max: then the part that fitted is there and
 * `truncated` is set. */
bool bl_buf_add(struct bl_buf *buf, const void *data, size_t len);
bool bl_buf_text_add(struct bl_buf *buf, const char *text);
bool bl_buf_char(struct bl_buf *buf, char c);
bool bl_buf_printf(struct bl_buf *buf, const char *format, ...) BL_PRINTF(2, 3);

/* The bytes as a C string; "" when empty. Borrowed until the next change. */
const char *bl_buf_text(const struct bl_buf *buf);
/* Takes the bytes out (freed by bl_free); the buffer is empty after it. */
char *bl_buf_take(struct bl_buf *buf, size_t *len);

#endif
