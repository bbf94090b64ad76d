/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redact.h: the values of secrets never reach an output: they read <secret:NAME>. */
#ifndef BL_REDACT_H
#define BL_REDACT_H

#include "base/value.h"

struct bl_redactor;
struct bl_redactor *bl_redactor_new(void);
void bl_redactor_free(struct bl_redactor *redactor);
/* Masks this value from now on. Values shorter than 4 bytes are not masked (returns false). */
bool bl_redactor_add(struct bl_redactor *redactor, const char *name, const char *data,
                     size_t len);
/* Adds text to out with every known value masked. */
void bl_redact_text(const struct bl_redactor *redactor, struct bl_buf *out, const char *data,
                    size_t len);
/* The same tree with every string (and map key) masked; a new reference, shared where nothing
 * was masked. */
struct bl_value *bl_redact_value(const struct bl_redactor *redactor,
                                 const struct bl_value *value);

#endif
