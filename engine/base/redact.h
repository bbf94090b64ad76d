/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redact.h: the values of secrets never reach an output: they read <secret:NAME>. */
#ifndef BL_REDACT_H
#define BL_REDACT_H

#include "base/value.h"

#define BL_REDACT_LEAST 4 /* bytes of a value that is masked */

/*
 * Knows values and finds them in text: as they are, percent-encoded (%68, + for a blank),
 * escaped with backslashes (JSON with \u0068, C, shell; nested too), and inside base64 of both
 * alphabets at any of the three places that the bytes in front give it, wrapped lines included.
 */
struct bl_redactor;
struct bl_redactor *bl_redactor_new(void);
void bl_redactor_free(struct bl_redactor *redactor);
/* Masks this value from now on. False: it has less than BL_REDACT_LEAST bytes, which would make
 * text unreadable, and is not masked. */
bool bl_redactor_add(struct bl_redactor *redactor, const char *name, const char *data,
                     size_t len);
/* Adds text to out with every known value masked. A NULL redactor knows none, here and below.
 */
void bl_redact_text(const struct bl_redactor *redactor, struct bl_buf *out, const char *data,
                    size_t len);
/* Masks a text in its own room; one that was cut off there (is_cut) also loses what may be the
 * beginning of a value at its end. */
void bl_redact_line(const struct bl_redactor *redactor, char *text, size_t size, bool is_cut);
/* The same tree with every string, map key and integer masked; a new reference, shared where
 * nothing was masked. Strings beside truncated = true were cut off: what may be the beginning
 * of a value at their end is left out. */
struct bl_value *bl_redact_value(const struct bl_redactor *redactor,
                                 const struct bl_value *value);

/*
 * Text that comes in pieces: what comes out is the same however it was cut. What may be the
 * beginning of a value is held until more comes. The redactor must outlive it.
 */
struct bl_redact_stream {
    const struct bl_redactor *redactor;
    struct bl_buf held;
};
void bl_redact_stream_init(struct bl_redact_stream *stream, const struct bl_redactor *redactor);
void bl_redact_stream_release(struct bl_redact_stream *stream);
/* Adds to out what can be said; after the last piece, what was held. */
void bl_redact_stream_feed(struct bl_redact_stream *stream, struct bl_buf *out,
                           const char *data, size_t len);
void bl_redact_stream_end(struct bl_redact_stream *stream, struct bl_buf *out);

#endif
