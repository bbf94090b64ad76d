/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* text.h: small questions about text: UTF-8, durations and sizes, control characters, near
 * names. */
#ifndef BL_TEXT_H
#define BL_TEXT_H

#include "base/buf.h"
#include "base/error.h"

bool bl_utf8_is_valid(const char *data, size_t len);
/* Adds data with every byte that is not UTF-8 replaced by U+FFFD. */
void bl_utf8_repair(struct bl_buf *out, const char *data, size_t len);
/*
 * Adds outside text made safe for a terminal and for logs: UTF-8 repaired; control characters
 * (C0 except, with keep_lines, newline and tab; DEL; C1; bidirectional overrides) shown as \xNN
 * or \u{NNNN}.
 */
void bl_text_clean(struct bl_buf *out, const char *data, size_t len, bool keep_lines);

/* "90", "1.5s", "2m", "1h30m", "250ms", "2d" to milliseconds. A bare number is seconds.
 * BL_E_ARG otherwise. */
enum bl_code bl_parse_duration(const char *text, int64_t *millis,
                               struct bl_error *err) BL_MUST_USE;
/* "4096", "64KB", "2GB", "1.5MiB" to bytes; units are 1024-based. BL_E_ARG otherwise. */
enum bl_code bl_parse_bytes(const char *text, int64_t *bytes, struct bl_error *err) BL_MUST_USE;

/* "250 ms", "3.2 s", "4 min 5 s", "2 h 10 min". */
void bl_format_duration(char *out, size_t size, int64_t millis);
/* "512 B", "1.4 KiB", "2 GiB". */
void bl_format_bytes(char *out, size_t size, int64_t bytes);

/* The name nearest to `wanted` among `names` (NULL-terminated), for "did you mean"; NULL when
 * none is near. */
const char *bl_suggest(const char *wanted, const char *const *names);

#endif
