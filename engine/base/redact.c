/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redact.c: the values of secrets never reach an output. */
#include "base/redact.h"

struct redact_entry {
    char *name;
    char *data;
    size_t len;
};

struct bl_redactor {
    struct redact_entry *entries;
    size_t count;
};

struct bl_redactor *bl_redactor_new(void)
{
    return bl_alloc(sizeof(struct bl_redactor));
}

void bl_redactor_free(struct bl_redactor *redactor)
{
    if (redactor == NULL)
        return;
    for (size_t i = 0; i < redactor->count; i++) {
        explicit_bzero(redactor->entries[i].data, redactor->entries[i].len);
        bl_free(redactor->entries[i].data);
        bl_free(redactor->entries[i].name);
    }
    bl_free(redactor->entries);
    bl_free(redactor);
}

bool bl_redactor_add(struct bl_redactor *redactor, const char *name, const char *data,
                     size_t len)
{
    struct redact_entry entry = {NULL, NULL, len};
    size_t at = redactor->count;

    if (len < 4)
        return false;
    for (size_t i = 0; i < redactor->count; i++) {
        if (redactor->entries[i].len == len &&
            memcmp(redactor->entries[i].data, data, len) == 0)
            return true;
    }
    entry.name = bl_strdup(name);
    entry.data = bl_strndup(data, len);
    redactor->entries =
        bl_realloc(redactor->entries, (redactor->count + 1) * sizeof(struct redact_entry));
    while (at > 0 &&
           redactor->entries[at - 1].len < len) { /* longest first: one may hold another */
        redactor->entries[at] = redactor->entries[at - 1];
        at--;
    }
    redactor->entries[at] = entry;
    redactor->count++;
    return true;
}

/* The first (and there the longest) known value in data; NULL when there is none. */
static const struct redact_entry *redact_find(const struct bl_redactor *redactor,
                                              const char *data, size_t len, size_t *at)
{
    const struct redact_entry *found = NULL;

    for (size_t i = 0; i < redactor->count; i++) {
        const struct redact_entry *entry = &redactor->entries[i];
        const char *place = memmem(data, len, entry->data, entry->len);
        if (place != NULL && (found == NULL || (size_t)(place - data) < *at)) {
            found = entry;
            *at = (size_t)(place - data);
        }
    }
    return found;
}

void bl_redact_text(const struct bl_redactor *redactor, struct bl_buf *out, const char *data,
                    size_t len)
{
    const struct redact_entry *entry;
    size_t at = 0;

    while (redactor != NULL && (entry = redact_find(redactor, data, len, &at)) != NULL) {
        bl_buf_add(out, data, at);
        bl_buf_printf(out, "<secret:%s>", entry->name);
        data += at + entry->len;
        len -= at + entry->len;
    }
    bl_buf_add(out, data, len);
}

static struct bl_value *redact_bytes(const struct bl_redactor *redactor,
                                     const struct bl_value *value)
{
    struct bl_buf clean;
    size_t len, at;
    const char *data = bl_value_as_bytes(value, &len);

    if (redact_find(redactor, data, len, &at) == NULL)
        return bl_value_ref(value);
    bl_buf_init(&clean, 0);
    bl_redact_text(redactor, &clean, data, len);
    return bl_value_take_buf(&clean);
}

static struct bl_value *redact_map(const struct bl_redactor *redactor,
                                   const struct bl_value *value)
{
    struct bl_value *copy = bl_map_new();
    struct bl_buf key;

    bl_buf_init(&key, 0);
    for (size_t i = 0; i < bl_value_count(value); i++) {
        bl_buf_reset(&key);
        bl_redact_text(redactor, &key, bl_map_key(value, i), strlen(bl_map_key(value, i)));
        bl_map_set(copy, bl_buf_text(&key), bl_redact_value(redactor, bl_map_at(value, i)));
    }
    bl_buf_release(&key);
    return copy;
}

struct bl_value *bl_redact_value(const struct bl_redactor *redactor,
                                 const struct bl_value *value)
{
    struct bl_value *copy;

    if (redactor == NULL || redactor->count == 0)
        return bl_value_ref(value);
    switch (bl_value_type(value)) {
    case BL_BYTES:
        return redact_bytes(redactor, value);
    case BL_MAP:
        return redact_map(redactor, value);
    case BL_LIST:
        copy = bl_list_new();
        for (size_t i = 0; i < bl_value_count(value); i++)
            bl_list_add(copy, bl_redact_value(redactor, bl_list_get(value, i)));
        return copy;
    default:
        return bl_value_ref(value);
    }
}
