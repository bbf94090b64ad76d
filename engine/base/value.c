/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* value.c: reference counted trees of plain values. */
#include "base/value.h"

struct map_entry {
    char *key;
    struct bl_value *value;
};

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
            char *name; /* of a secret */
        } bytes;
        struct {
            struct bl_value **items;
            size_t count, cap;
        } list;
        struct {
            struct map_entry *entries;
            size_t count, cap;
        } map;
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
        for (size_t i = 0; i < value->as.map.count; i++) {
            bl_free(value->as.map.entries[i].key);
            bl_value_unref(value->as.map.entries[i].value);
        }
        bl_free(value->as.map.entries);
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

/* The place of key in a sorted map; *found says whether it is there already. */
static size_t map_find(const struct bl_value *map, const char *key, bool *found)
{
    size_t low = 0, high = map->as.map.count;

    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(map->as.map.entries[middle].key, key);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void bl_map_set(struct bl_value *map, const char *key, struct bl_value *take_item)
{
    bool found;
    size_t at;

    if (map->type != BL_MAP)
        BL_BUG("bl_map_set on a %s", bl_type_name(map->type));
    at = map_find(map, key, &found);
    if (found) {
        bl_value_unref(map->as.map.entries[at].value);
        map->as.map.entries[at].value = take_item;
        return;
    }
    if (map->as.map.count == map->as.map.cap) {
        map->as.map.cap = map->as.map.cap ? map->as.map.cap * 2 : 4;
        map->as.map.entries =
            bl_realloc(map->as.map.entries, map->as.map.cap * sizeof(struct map_entry));
    }
    memmove(&map->as.map.entries[at + 1], &map->as.map.entries[at],
            (map->as.map.count - at) * sizeof(struct map_entry));
    map->as.map.entries[at] = (struct map_entry){bl_strdup(key), take_item};
    map->as.map.count++;
}

void bl_map_del(struct bl_value *map, const char *key)
{
    bool found;
    size_t at = map_find(map, key, &found);

    if (!found)
        return;
    bl_free(map->as.map.entries[at].key);
    bl_value_unref(map->as.map.entries[at].value);
    map->as.map.count--;
    memmove(&map->as.map.entries[at], &map->as.map.entries[at + 1],
            (map->as.map.count - at) * sizeof(struct map_entry));
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

size_t bl_value_count(const struct bl_value *value)
{
    switch (bl_value_type(value)) {
    case BL_LIST:
        return value->as.list.count;
    case BL_MAP:
        return value->as.map.count;
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
    bool found;
    size_t at;

    if (bl_value_type(map) != BL_MAP)
        return NULL;
    at = map_find(map, key, &found);
    return found ? map->as.map.entries[at].value : NULL;
}

const char *bl_map_key(const struct bl_value *map, size_t index)
{
    return index < bl_value_count(map) ? map->as.map.entries[index].key : "";
}

const struct bl_value *bl_map_at(const struct bl_value *map, size_t index)
{
    return index < bl_value_count(map) ? map->as.map.entries[index].value : NULL;
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
        for (size_t i = 0; i < value->as.map.count; i++)
            size += strlen(value->as.map.entries[i].key) + sizeof(struct map_entry) +
                    bl_value_size(value->as.map.entries[i].value);
        return size;
    default:
        return size;
    }
}
