/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* value.c: reference counted trees of plain values. */
#include "base/value.h"

#include "base/entries.h"

struct bl_value {
    enum bl_type type;
    unsigned refs; /* 0: static, never freed */
    union {
        bool truth;
        int64_t integer;
        double number;
        struct {
            char *data;
            size_t len;
            char *name;              /* of a secret */
            struct bl_value *source; /* of a secret that is not fetched yet */
        } bytes;
        struct {
            struct bl_value **items;
            size_t count, cap;
        } list;
        struct bl_entries map;
    } as;
};

static struct bl_value value_nil = {.type = BL_NIL};
static struct bl_value value_true = {.type = BL_BOOL, .as.truth = true};
static struct bl_value value_false = {.type = BL_BOOL, .as.truth = false};

static struct bl_value *value_new(enum bl_type type)
{
    struct bl_value *value = bl_alloc(sizeof(*value));

    value->type = type;
    value->refs = 1;
    return value;
}

struct bl_value *bl_value_nil(void)
{
    return &value_nil;
}

struct bl_value *bl_value_bool(bool truth)
{
    return truth ? &value_true : &value_false;
}

struct bl_value *bl_value_int(int64_t number)
{
    struct bl_value *value = value_new(BL_INT);

    value->as.integer = number;
    return value;
}

struct bl_value *bl_value_float(double number)
{
    struct bl_value *value = value_new(BL_FLOAT);

    value->as.number = number;
    return value;
}

struct bl_value *bl_value_bytes(const void *data, size_t len)
{
    struct bl_value *value = value_new(BL_BYTES);

    value->as.bytes.data = bl_alloc(len + 1);
    if (len > 0)
        memcpy(value->as.bytes.data, data, len);
    value->as.bytes.len = len;
    return value;
}

struct bl_value *bl_value_text(const char *text)
{
    return text == NULL ? bl_value_nil() : bl_value_bytes(text, strlen(text));
}

struct bl_value *bl_value_textf(const char *format, ...)
{
    struct bl_value *value = value_new(BL_BYTES);
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        BL_BUG("bad format %s", format);
    value->as.bytes.len = (size_t)len;
    value->as.bytes.data = bl_alloc((size_t)len + 1);
    va_start(args, format);
    vsnprintf(value->as.bytes.data, (size_t)len + 1, format, args);
    va_end(args);
    return value;
}

struct bl_value *bl_value_take_buf(struct bl_buf *buf)
{
    struct bl_value *value = value_new(BL_BYTES);

    value->as.bytes.data = bl_buf_take(buf, &value->as.bytes.len);
    return value;
}

struct bl_value *bl_value_secret(const char *name, const void *data, size_t len)
{
    struct bl_value *value = bl_value_bytes(data, len);

    value->type = BL_SECRET;
    value->as.bytes.name = bl_strdup(name);
    return value;
}

struct bl_value *bl_value_secret_from(const char *name, const struct bl_value *source)
{
    struct bl_value *value = bl_value_secret(name, "", 0);

    value->as.bytes.source = bl_value_ref(source);
    return value;
}

struct bl_value *bl_list_new(void)
{
    return value_new(BL_LIST);
}

struct bl_value *bl_map_new(void)
{
    return value_new(BL_MAP);
}

struct bl_value *bl_value_ref(const struct bl_value *value)
{
    struct bl_value *shared = (struct bl_value *)(uintptr_t)value;

    if (shared != NULL && shared->refs > 0)
        shared->refs++;
    return shared;
}

static void value_release(struct bl_value *value)
{
    switch (value->type) {
    case BL_SECRET:
        explicit_bzero(value->as.bytes.data, value->as.bytes.len);
        bl_free(value->as.bytes.name);
        bl_free(value->as.bytes.data);
        bl_value_unref(value->as.bytes.source);
        break;
    case BL_BYTES:
        bl_free(value->as.bytes.data);
        break;
    case BL_LIST:
        for (size_t i = 0; i < value->as.list.count; i++)
            bl_value_unref(value->as.list.items[i]);
        bl_free(value->as.list.items);
        break;
    case BL_MAP:
        bl_entries_release(&value->as.map);
        break;
    default:
        break;
    }
}

void bl_value_unref(struct bl_value *value)
{
    if (value == NULL || value->refs == 0 || --value->refs > 0)
        return;
    value_release(value);
    bl_free(value);
}

void bl_list_add(struct bl_value *list, struct bl_value *take_item)
{
    if (list->type != BL_LIST)
        BL_BUG("bl_list_add on a %s", bl_type_name(list->type));
    if (list->as.list.count == list->as.list.cap) {
        list->as.list.cap = list->as.list.cap ? list->as.list.cap * 2 : 4;
        list->as.list.items =
            bl_realloc(list->as.list.items, list->as.list.cap * sizeof(struct bl_value *));
    }
    list->as.list.items[list->as.list.count++] = take_item;
}

void bl_map_set(struct bl_value *map, const char *key, struct bl_value *take_item)
{
    if (map->type != BL_MAP)
        BL_BUG("bl_map_set on a %s", bl_type_name(map->type));
    bl_entries_set(&map->as.map, key, take_item);
}

void bl_map_del(struct bl_value *map, const char *key)
{
    bl_entries_del(&map->as.map, key);
}

enum bl_type bl_value_type(const struct bl_value *value)
{
    return value == NULL ? BL_NIL : value->type;
}

const char *bl_type_name(enum bl_type type)
{
    static const char *const names[] = {
        [BL_NIL] = "nil",      [BL_BOOL] = "boolean",  [BL_INT] = "integer",
        [BL_FLOAT] = "number", [BL_BYTES] = "string",  [BL_LIST] = "list",
        [BL_MAP] = "table",    [BL_SECRET] = "secret",
    };

    return names[type];
}

bool bl_value_is_true(const struct bl_value *value)
{
    enum bl_type type = bl_value_type(value);

    return type == BL_BOOL ? value->as.truth : type != BL_NIL;
}

int64_t bl_value_as_int(const struct bl_value *value)
{
    switch (bl_value_type(value)) {
    case BL_INT:
        return value->as.integer;
    case BL_FLOAT:
        if (value->as.number >= 9.2233720368547758e18)
            return INT64_MAX;
        return value->as.number > -9.2233720368547758e18 ? (int64_t)value->as.number
                                                         : INT64_MIN;
    default:
        return 0;
    }
}

double bl_value_as_float(const struct bl_value *value)
{
    switch (bl_value_type(value)) {
    case BL_INT:
        return (double)value->as.integer;
    case BL_FLOAT:
        return value->as.number;
    default:
        return 0;
    }
}

const char *bl_value_as_text(const struct bl_value *value)
{
    return bl_value_type(value) == BL_BYTES ? value->as.bytes.data : "";
}

const char *bl_value_as_bytes(const struct bl_value *value, size_t *len)
{
    bool is_bytes = bl_value_type(value) == BL_BYTES;

    *len = is_bytes ? value->as.bytes.len : 0;
    return is_bytes ? value->as.bytes.data : "";
}

const char *bl_value_reveal(const struct bl_value *value, size_t *len)
{
    bool has_bytes = bl_value_type(value) == BL_BYTES || bl_value_type(value) == BL_SECRET;

    if (len != NULL)
        *len = has_bytes ? value->as.bytes.len : 0;
    return has_bytes ? value->as.bytes.data : "";
}

const char *bl_value_secret_name(const struct bl_value *value)
{
    return bl_value_type(value) == BL_SECRET ? value->as.bytes.name : "";
}

const char *bl_value_secret_inside(const struct bl_value *value)
{
    const char *name = NULL;

    if (bl_value_type(value) == BL_SECRET)
        return value->as.bytes.name;
    for (size_t i = 0; name == NULL && i < bl_value_count(value); i++)
        name = bl_value_secret_inside(bl_value_type(value) == BL_MAP ? bl_map_at(value, i)
                                                                     : bl_list_get(value, i));
    return name;
}

const struct bl_value *bl_value_secret_source(const struct bl_value *value)
{
    return bl_value_type(value) == BL_SECRET ? value->as.bytes.source : NULL;
}

void bl_value_secret_fill(const struct bl_value *value, const void *data, size_t len)
{
    struct bl_value *secret = (struct bl_value *)(uintptr_t)value;

    bl_free(secret->as.bytes.data);
    secret->as.bytes.data = bl_strndup(data, len);
    secret->as.bytes.len = len;
    bl_value_unref(secret->as.bytes.source);
    secret->as.bytes.source = NULL;
}

/* The entries of a map, in order. Sorting them later than they were added does not change the
 * map. */
static struct bl_entries *value_entries(const struct bl_value *map)
{
    struct bl_entries *entries = &((struct bl_value *)(uintptr_t)map)->as.map;

    bl_entries_sort(entries);
    return entries;
}

size_t bl_value_count(const struct bl_value *value)
{
    switch (bl_value_type(value)) {
    case BL_LIST:
        return value->as.list.count;
    case BL_MAP:
        return value_entries(value)->count;
    default:
        return 0;
    }
}

const struct bl_value *bl_list_get(const struct bl_value *list, size_t index)
{
    if (bl_value_type(list) != BL_LIST || index >= list->as.list.count)
        return NULL;
    return list->as.list.items[index];
}

const struct bl_value *bl_map_get(const struct bl_value *map, const char *key)
{
    const struct bl_pair *pair;

    if (bl_value_type(map) != BL_MAP)
        return NULL;
    pair = bl_entries_find(value_entries(map), key);
    return pair != NULL ? pair->value : NULL;
}

static const struct bl_pair *value_pair(const struct bl_value *map, size_t index)
{
    if (bl_value_type(map) != BL_MAP || index >= value_entries(map)->count)
        return NULL;
    return &map->as.map.pairs[index];
}

const char *bl_map_key(const struct bl_value *map, size_t index)
{
    const struct bl_pair *pair = value_pair(map, index);

    return pair != NULL ? pair->key : "";
}

const struct bl_value *bl_map_at(const struct bl_value *map, size_t index)
{
    const struct bl_pair *pair = value_pair(map, index);

    return pair != NULL ? pair->value : NULL;
}

const char *bl_map_text(const struct bl_value *map, const char *key, const char *fallback)
{
    const struct bl_value *value = bl_map_get(map, key);

    return bl_value_type(value) == BL_BYTES ? value->as.bytes.data : fallback;
}

int64_t bl_map_int(const struct bl_value *map, const char *key, int64_t fallback)
{
    const struct bl_value *value = bl_map_get(map, key);

    return bl_value_type(value) == BL_INT || bl_value_type(value) == BL_FLOAT
               ? bl_value_as_int(value)
               : fallback;
}

bool bl_map_bool(const struct bl_value *map, const char *key, bool fallback)
{
    const struct bl_value *value = bl_map_get(map, key);

    return bl_value_type(value) == BL_BOOL ? value->as.truth : fallback;
}

static bool value_children_are_equal(const struct bl_value *a, const struct bl_value *b)
{
    for (size_t i = 0; i < bl_value_count(a); i++) {
        if (a->type == BL_MAP) {
            if (strcmp(bl_map_key(a, i), bl_map_key(b, i)) != 0 ||
                !bl_value_is_equal(bl_map_at(a, i), bl_map_at(b, i)))
                return false;
        } else if (!bl_value_is_equal(bl_list_get(a, i), bl_list_get(b, i))) {
            return false;
        }
    }
    return true;
}

bool bl_value_is_equal(const struct bl_value *a, const struct bl_value *b)
{
    if (a == b)
        return true;
    if (bl_value_type(a) != bl_value_type(b))
        return false;
    switch (bl_value_type(a)) {
    case BL_NIL:
        return true;
    case BL_BOOL:
        return a->as.truth == b->as.truth;
    case BL_INT:
        return a->as.integer == b->as.integer;
    case BL_FLOAT:
        return a->as.number == b->as.number;
    case BL_BYTES:
    case BL_SECRET:
        return a->as.bytes.len == b->as.bytes.len &&
               memcmp(a->as.bytes.data, b->as.bytes.data, a->as.bytes.len) == 0;
    default:
        return bl_value_count(a) == bl_value_count(b) && value_children_are_equal(a, b);
    }
}

size_t bl_value_size(const struct bl_value *value)
{
    size_t size = sizeof(struct bl_value);

    switch (bl_value_type(value)) {
    case BL_BYTES:
    case BL_SECRET:
        return size + value->as.bytes.len;
    case BL_LIST:
        for (size_t i = 0; i < value->as.list.count; i++)
            size += bl_value_size(value->as.list.items[i]);
        return size;
    case BL_MAP:
        for (size_t i = 0; i < bl_value_count(value); i++)
            size += strlen(bl_map_key(value, i)) + sizeof(struct bl_pair) +
                    bl_value_size(bl_map_at(value, i));
        return size;
    default:
        return size;
    }
}
