/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* reference.h: documentation made from the tables: editor stubs, pages about modules and verbs.
 */
#ifndef BL_REFERENCE_H
#define BL_REFERENCE_H

#include "base/buf.h"

/* LuaCATS definitions of the words and of every module, for editors. */
void bl_reference_stubs(struct bl_buf *out);
/* A Markdown page about every module: settings, operations, functions. */
void bl_reference_modules(struct bl_buf *out);
/* A Markdown page about the words. */
void bl_reference_words(struct bl_buf *out);
/* A Markdown page about the codes of errors. */
void bl_reference_errors(struct bl_buf *out);
/* A Markdown page about what the guard knows. */
void bl_reference_guard(struct bl_buf *out);
/* A Markdown page about the verbs of the command line. */
void bl_reference_verbs(struct bl_buf *out);

/* Calls fn for every word: its name, its parameters as written, and its comment without the
 * dashes. */
void bl_reference_each_word(void (*fn)(struct bl_buf *out, const char *name, const char *params,
                                       const char *comment),
                            struct bl_buf *out);

/* Adds the @class blocks of lua/words/ and the tables among the words. */
void bl_reference_classes(struct bl_buf *out);

#endif
