/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql_line.c: a statement on one line, for people. */
#include "base/prefix.h"

#include "base/text.h"
#include "guard/sql.h"

/* Behind the blanks and comments at `at`. */
static const char *line_skip(const char *at)
{
    const char *before;

    do {
        before = at;
        at += strspn(at, " \t\r\n\f\v");
        if (strncmp(at, "--", 2) == 0)
            at += strcspn(at, "\n");
        if (strncmp(at, "/*", 2) == 0)
            at = strstr(at, "*/") != NULL ? strstr(at, "*/") + 2 : at + strlen(at);
    } while (at != before);
    return at;
}

/* Copies one character or a whole quoted piece; gives where it ends. */
static const char *line_piece(const char *at, struct bl_buf *out)
{
    const char *end = at + 1;

    if (*at == '\'' || *at == '"') {
        end = strchr(at + 1, *at);
        end = end != NULL ? end + 1 : at + strlen(at);
    }
    bl_buf_add(out, at, (size_t)(end - at));
    return end;
}

void bl_sql_line(const char *sql, char *out, size_t size)
{
    struct bl_buf line, clean;
    size_t keep;

    bl_buf_init(&line, BL_SQL_MAX);
    bl_buf_init(&clean, (size_t)4 * BL_SQL_MAX);
    for (const char *at = sql; *at != '\0';) {
        const char *next = line_skip(at);
        if (next != at && line.len > 0 && *next != '\0')
            bl_buf_char(&line, ' ');
        at = next != at ? next : line_piece(at, &line);
    }
    bl_text_clean(&clean, bl_buf_text(&line), line.len, false);
    keep = clean.len < size ? clean.len : size - sizeof("…");
    while (keep > 0 && keep < clean.len && ((unsigned char)clean.data[keep] & 0xc0) == 0x80)
        keep--; /* not inside a character */
    snprintf(out, size, "%.*s%s", (int)keep, bl_buf_text(&clean), keep < clean.len ? "…" : "");
    bl_buf_release(&line);
    bl_buf_release(&clean);
}
