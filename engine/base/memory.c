/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* memory.c: memory that is there or ends the process, and the report of a broken invariant. */
#include "base/prefix.h"

_Noreturn void bl_bug(const char *file, int line, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "belay: bug at %s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

void *bl_alloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);

    if (memory == NULL)
        BL_BUG("out of memory (%zu bytes wanted)", size);
    return memory;
}

void *bl_realloc(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);

    if (memory == NULL)
        BL_BUG("out of memory (%zu bytes wanted)", size);
    return memory;
}

char *bl_strndup(const char *text, size_t length)
{
    char *copy = bl_alloc(length + 1);

    memcpy(copy, text, length);
    return copy;
}

char *bl_strdup(const char *text)
{
    return text == NULL ? NULL : bl_strndup(text, strlen(text));
}

void bl_free(void *memory)
{
    free(memory);
}
