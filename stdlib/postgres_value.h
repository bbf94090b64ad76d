/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_value.h: PostgreSQL's text format to values, and values to parameters. */
#ifndef BL_POSTGRES_VALUE_H
#define BL_POSTGRES_VALUE_H

#include "base/error.h"
#include "base/value.h"

/*
 * One cell. Integers and oid are exact integers; float is a float; bool a boolean; numeric an
 * integer when it is whole and fits, a float when at most 15 digits count, else its exact text;
 * times are ISO 8601 (with offset when the type has one, "Z" for UTC); bytea is its bytes;
 * arrays of these are lists (NULL inside is nil). JSON and all other types stay text. Never
 * fails: what does not look like its type stays text.
 */
struct bl_value *bl_postgres_value(uint32_t type, const char *text, size_t len);

/* json and jsonb are parsed when the rows are complete, since that may take long. */
bool bl_postgres_is_json(uint32_t type);
/* The value in a JSON text; the text itself when it cannot be read (a number out of range). */
struct bl_value *bl_postgres_json(const struct bl_value *text);

/* Parameters $1, $2 … in text format. Zero is an empty one; release it with
 * bl_postgres_params_release. */
struct bl_postgres_params {
    int count;
    uint32_t *types; /* 0: the server finds out, as for a quoted literal */
    char **values;   /* NULL: SQL's NULL */
};
/* list may be NULL. BL_E_ARG names the parameter that has no SQL form. */
enum bl_code bl_postgres_params_init(struct bl_postgres_params *params,
                                     const struct bl_value *list,
                                     struct bl_error *err) BL_MUST_USE;
void bl_postgres_params_release(struct bl_postgres_params *params);

#endif
