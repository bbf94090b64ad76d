/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* json.h: values to JSON and back: plain JSON for the world, canonical JSON for the journal. */
#ifndef BL_JSON_H
#define BL_JSON_H

#include "base/error.h"
#include "base/value.h"

enum bl_json_style {
    /*
     * One text for one value, so that it can be hashed, and every value comes back as it was:
     * keys sorted, no spaces, floats with a point. What JSON cannot say is a map with one key:
     * {"$bytes": base64},
     * {"$float": "nan"}, {"$secret": NAME}; a real key that begins with "$" gets another "$" in
     * front.
     */
    BL_JSON_CANONICAL,
    /* Ordinary JSON on one line. Bytes that are not UTF-8 become U+FFFD, NaN and infinities
     * null, secrets
     * "<secret:NAME>". */
    BL_JSON_PLAIN,
    /* The same over several lines, indented by two. */
    BL_JSON_PRETTY,
};

void bl_json_write(struct bl_buf *out, const struct bl_value *value, enum bl_json_style style);
/* A JSON string with its quotes. */
void bl_json_write_text(struct bl_buf *out, const char *data, size_t len);
/* The shortest decimal text that reads back as the same number. */
void bl_json_write_float(struct bl_buf *out, double number);

/*
 * Reads one JSON text (any top level value). Duplicate keys, trailing text, invalid UTF-8 and a
 * depth above 512 are errors (BL_E_PARSE, with line and column). canonical undoes the marks of
 * BL_JSON_CANONICAL; a secret comes back as the text "<secret:NAME>".
 */
enum bl_code bl_json_parse(const char *text, size_t len, bool canonical,
                           struct bl_value **value, struct bl_error *err) BL_MUST_USE;

#endif
