/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* value.h: what goes between Lua, operations and the journal: one tree of plain values. */
#ifndef BL_VALUE_H
#define BL_VALUE_H

#include "base/buf.h"

enum bl_type {
    BL_NIL,
    BL_BOOL,
    BL_INT,
    BL_FLOAT,
    BL_BYTES, /* text or any bytes */
    BL_LIST,
    BL_MAP,   /* keys are C strings, kept sorted */
    BL_SECRET /* a name and bytes: the bytes leave only by bl_value_reveal */
};

/*
 * Values are reference counted and do not change once somebody else holds them. A constructor
 * gives one reference; *_add and *_set take the reference of the value they are given. Counting
 * is not atomic: a value belongs to one thread at a time (a worker builds it, the loop gets
 * it).
 */
struct bl_value;

struct bl_value *bl_value_nil(void);
struct bl_value *bl_value_bool(bool truth);
struct bl_value *bl_value_int(int64_t number);
struct bl_value *bl_value_float(double number);
struct bl_value *bl_value_bytes(const void *data, size_t len);
struct bl_value *bl_value_text(const char *text); /* NULL gives nil */
struct bl_value *bl_value_textf(const char *format, ...) BL_PRINTF(1, 2);
struct bl_value *bl_value_take_buf(struct bl_buf *buf); /* takes the bytes out of buf */
struct bl_value *bl_value_secret(const char *name, const void *data, size_t len);
/* A secret whose value is fetched when it is needed; source says where from ({file =} …). */
struct bl_value *bl_value_secret_from(const char *name, const struct bl_value *source);
struct bl_value *bl_list_new(void);
struct bl_value *bl_map_new(void);

struct bl_value *
bl_value_ref(const struct bl_value *value); /* NULL is allowed here and below */
void bl_value_unref(struct bl_value *value);

/* Building. The first argument must be held by the caller alone. */
void bl_list_add(struct bl_value *list, struct bl_value *take_item);
void bl_map_set(struct bl_value *map, const char *key,
                struct bl_value *take_item); /* replaces */
void bl_map_del(struct bl_value *map, const char *key);

/* Reading. A wrong type gives the neutral answer (nil, false, 0, "", NULL). Results are
 * borrowed. */
enum bl_type bl_value_type(const struct bl_value *value); /* NULL: BL_NIL */
const char *bl_type_name(enum bl_type type); /* "string", "list", … as Lua authors say it */
bool bl_value_is_true(const struct bl_value *value);   /* all but nil and false, as in Lua */
int64_t bl_value_as_int(const struct bl_value *value); /* a float is cut */
double bl_value_as_float(const struct bl_value *value);
const char *bl_value_as_text(const struct bl_value *value); /* BL_BYTES only; NUL-terminated */
const char *bl_value_as_bytes(const struct bl_value *value, size_t *len);
const char *bl_value_reveal(const struct bl_value *value,
                            size_t *len); /* bytes, or a secret's bytes; len may be NULL */
const char *bl_value_secret_name(const struct bl_value *value);
/* The name of a secret anywhere inside; NULL when there is none. */
const char *bl_value_secret_inside(const struct bl_value *value);
/* Where its value is still to be fetched from; NULL when there is nothing to fetch. */
const struct bl_value *bl_value_secret_source(const struct bl_value *value);
/* Its value was fetched: the one thing that changes in a value that others hold. */
void bl_value_secret_fill(const struct bl_value *value, const void *data, size_t len);
size_t bl_value_count(const struct bl_value *value); /* items of a list or map */
const struct bl_value *bl_list_get(const struct bl_value *list, size_t index); /* from 0 */
const struct bl_value *bl_map_get(const struct bl_value *map,
                                  const char *key);               /* NULL when absent */
const char *bl_map_key(const struct bl_value *map, size_t index); /* in sorted order */
const struct bl_value *bl_map_at(const struct bl_value *map, size_t index);

/* Short cuts for maps: the value when it is there and of that type, else the fallback. */
const char *bl_map_text(const struct bl_value *map, const char *key, const char *fallback);
int64_t bl_map_int(const struct bl_value *map, const char *key, int64_t fallback);
bool bl_map_bool(const struct bl_value *map, const char *key, bool fallback);

bool bl_value_is_equal(const struct bl_value *a, const struct bl_value *b);
/* An estimate of the bytes that the tree holds, for bounds. */
size_t bl_value_size(const struct bl_value *value);

#endif
