/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_text.c: the texts and flat lists that Redis answers with, as tables. */
#include "base/prefix.h"

#include "redis_private.h"

#include <ctype.h>
#include <errno.h>

static size_t text_digits(const char *text, size_t len, size_t from)
{
    while (from < len && isdigit((unsigned char)text[from]))
        from++;
    return from;
}

/* An integer of at most 18 digits, or a plain decimal; 007 and hashes are texts. */
struct bl_value *bl_redis_scalar(const char *text, size_t len)
{
    size_t sign = len > 0 && text[0] == '-', digits = text_digits(text, len, sign),
           end = digits;
    bool is_plain =
        digits > sign && digits - sign <= 18 && (text[sign] != '0' || digits - sign == 1);
    struct bl_value *value;
    char *copy;

    if (is_plain && digits < len && text[digits] == '.' && digits + 1 < len)
        end = text_digits(text, len, digits + 1);
    if (!is_plain || end < len)
        return bl_value_bytes(text, len);
    copy = bl_strndup(text, len);
    value = digits == len ? bl_value_int(strtoll(copy, NULL, 10))
                          : bl_value_float(strtod(copy, NULL));
    bl_free(copy);
    return value;
}

/* "keys=1,expires=0" as a table; `sep` parts the fields. */
static struct bl_value *text_fields(const char *text, size_t len, const char *sep)
{
    struct bl_value *fields = bl_map_new();
    const char *end = text + len;

    while (text < end) {
        size_t part = strcspn(text, sep);
        const char *equals;
        part = part < (size_t)(end - text) ? part : (size_t)(end - text);
        equals = memchr(text, '=', part);
        if (equals != NULL) {
            char *name = bl_strndup(text, (size_t)(equals - text));
            bl_map_set(fields, name,
                       bl_redis_scalar(equals + 1, part - (size_t)(equals + 1 - text)));
            bl_free(name);
        }
        text += part + 1;
    }
    return fields;
}

/* Lines of INFO whose value is a list of fields. */
static bool text_has_fields(const char *name)
{
    static const char *const begins[] = {"db", "slave", "cmdstat_", "errorstat_",
                                         "latency_percentiles_usec_"};
    size_t len;

    for (size_t i = 0; i < BL_COUNT(begins); i++) {
        len = strlen(begins[i]);
        if (strncmp(name, begins[i], len) == 0 &&
            (begins[i][len - 1] == '_' || isdigit((unsigned char)name[len])))
            return true;
    }
    return false;
}

struct bl_value *bl_redis_info(const char *text, size_t len)
{
    struct bl_value *info = bl_map_new();
    const char *end = text + len;

    while (text < end) {
        size_t line = strcspn(text, "\r\n");
        const char *colon = memchr(text, ':', line);
        if (text[0] != '#' && colon != NULL) {
            char *name = bl_strndup(text, (size_t)(colon - text));
            const char *value = colon + 1;
            size_t length = line - (size_t)(value - text);
            bl_map_set(info, name,
                       text_has_fields(name) ? text_fields(value, length, ",")
                                             : bl_redis_scalar(value, length));
            bl_free(name);
        }
        text += line;
        text += strspn(text, "\r\n") + (*text == '\0');
    }
    return info;
}

struct bl_value *bl_redis_clients(const char *text)
{
    struct bl_value *clients = bl_list_new();

    while (*text != '\0') {
        size_t line = strcspn(text, "\n");
        if (line > 0)
            bl_list_add(clients, text_fields(text, line, " "));
        text += line + (text[line] == '\n');
    }
    return clients;
}

struct bl_value *bl_redis_pairs(const struct bl_value *list, bool are_scalars)
{
    struct bl_value *map = bl_map_new();
    size_t len;

    for (size_t i = 0; i + 1 < bl_value_count(list); i += 2) {
        const struct bl_value *value = bl_list_get(list, i + 1);
        const char *text = bl_value_as_bytes(value, &len);
        bl_map_set(map, bl_value_as_text(bl_list_get(list, i)),
                   are_scalars && bl_value_type(value) == BL_BYTES ? bl_redis_scalar(text, len)
                                                                   : bl_value_ref(value));
    }
    return map;
}

struct bl_value *bl_redis_slowlog(const struct bl_value *list)
{
    static const char *const names[] = {"id",      "time",   "microseconds",
                                        "command", "client", "client_name"};
    struct bl_value *entries = bl_list_new();

    for (size_t i = 0; i < bl_value_count(list); i++) {
        const struct bl_value *from = bl_list_get(list, i);
        struct bl_value *entry = bl_map_new();
        for (size_t j = 0; j < BL_COUNT(names) && j < bl_value_count(from); j++)
            bl_map_set(entry, names[j], bl_value_ref(bl_list_get(from, j)));
        bl_list_add(entries, entry);
    }
    return entries;
}

static void text_set(struct bl_value *map, const char *name, const struct bl_value *list,
                     size_t index)
{
    if (bl_list_get(list, index) != NULL)
        bl_map_set(map, name, bl_value_ref(bl_list_get(list, index)));
}

static struct bl_value *text_replicas(const struct bl_value *list)
{
    struct bl_value *replicas = bl_list_new();
    size_t len;

    for (size_t i = 0; i < bl_value_count(list); i++) {
        const struct bl_value *from = bl_list_get(list, i);
        struct bl_value *replica = bl_map_new();
        text_set(replica, "host", from, 0);
        for (size_t j = 1; j < 3; j++) {
            const char *text = bl_value_as_bytes(bl_list_get(from, j), &len);
            bl_map_set(replica, j == 1 ? "port" : "offset", bl_redis_scalar(text, len));
        }
        bl_list_add(replicas, replica);
    }
    return replicas;
}

struct bl_value *bl_redis_role(const struct bl_value *list)
{
    const char *role = bl_value_as_text(bl_list_get(list, 0));
    struct bl_value *map = bl_map_new();

    text_set(map, "role", list, 0);
    if (strcmp(role, "master") == 0) {
        text_set(map, "offset", list, 1);
        bl_map_set(map, "replicas", text_replicas(bl_list_get(list, 2)));
    } else if (strcmp(role, "slave") == 0) {
        text_set(map, "master_host", list, 1);
        text_set(map, "master_port", list, 2);
        text_set(map, "state", list, 3);
        text_set(map, "offset", list, 4);
    } else {
        text_set(map, "masters", list, 1);
    }
    return map;
}
