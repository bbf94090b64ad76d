/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* prefix.h: the first include of every C file: the plain types, attributes, and the calls we do
 * without. */
#ifndef BL_PREFIX_H
#define BL_PREFIX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BL_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define BL_MUST_USE __attribute__((warn_unused_result))
#define BL_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Gives the struct that holds `member` at `pointer`. */
#define BL_CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* Our own broken invariant: prints place and message to stderr and aborts. The journal survives
 * it. */
#define BL_BUG(...) bl_bug(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bl_bug(const char *file, int line, const char *format, ...) BL_PRINTF(3, 4);

/*
 * Memory that is there or ends the process: a run that cannot get a few bytes cannot go on
 * safely, and its journal holds all that happened. What a script or a server can make large is
 * bounded before it gets here. Every result is freed by bl_free.
 */
void *bl_alloc(size_t size); /* zeroed */
void *bl_realloc(void *old, size_t size);
char *bl_strdup(const char *text); /* NULL gives NULL */
char *bl_strndup(const char *text, size_t length);
void bl_free(void *memory);

#include "base/banned.h"

#endif
