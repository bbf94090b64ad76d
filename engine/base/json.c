/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* json.c: values to JSON and back: plain JSON for the world, canonical JSON for the journal. */
#include "base/json.h"

#include "base/text.h"

#include <jansson.h>
#include <math.h>
#include <openssl/evp.h>

static void json_indent(struct bl_buf *out, int depth)
{
    bl_buf_char(out, '\n');
    for (int i = 0; i < depth; i++)
        bl_buf_text_add(out, "  ");
}

void bl_json_write_text(struct bl_buf *out, const char *data, size_t len)
{
    size_t start = 0;

    bl_buf_char(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)data[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        bl_buf_add(out, data + start, i - start);
        start = i + 1;
        if (c == '"' || c == '\\')
            bl_buf_printf(out, "\\%c", c);
        else if (c == '\n')
            bl_buf_text_add(out, "\\n");
        else
            bl_buf_printf(out, "\\u%04x", c);
    }
    bl_buf_add(out, data + start, len - start);
    bl_buf_char(out, '"');
}

void bl_json_write_float(struct bl_buf *out, double number)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    bl_buf_text_add(out, text);
    if (strpbrk(text, ".eE") == NULL)
        bl_buf_text_add(out, ".0");
}

/* {"$key": "data"} of canonical JSON. */
static void json_write_mark(struct bl_buf *out, const char *key, const char *data, size_t len)
{
    bl_buf_printf(out, "{\"$%s\":", key);
    bl_json_write_text(out, data, len);
    bl_buf_char(out, '}');
}

static void json_write_base64(struct bl_buf *out, const char *data, size_t len)
{
    size_t room = 4 * ((len + 2) / 3) + 1;
    char *text = bl_alloc(room);

    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)data, (int)len);
    json_write_mark(out, "bytes", text, strlen(text));
    bl_free(text);
}

static void json_write_bytes(struct bl_buf *out, const struct bl_value *value,
                             enum bl_json_style style)
{
    size_t len;
    const char *data = bl_value_as_bytes(value, &len);

    if (bl_utf8_is_valid(data, len)) {
        bl_json_write_text(out, data, len);
    } else if (style == BL_JSON_CANONICAL) {
        json_write_base64(out, data, len);
    } else {
        struct bl_buf clean;
        bl_buf_init(&clean, 0);
        bl_utf8_repair(&clean, data, len);
        bl_json_write_text(out, bl_buf_text(&clean), clean.len);
        bl_buf_release(&clean);
    }
}

static void json_write_number(struct bl_buf *out, double number, enum bl_json_style style)
{
    const char *text = isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";

    if (isfinite(number))
        bl_json_write_float(out, number);
    else if (style == BL_JSON_CANONICAL)
        json_write_mark(out, "float", text, strlen(text));
    else
        bl_buf_text_add(out, "null");
}

static void json_write_secret(struct bl_buf *out, const char *name, enum bl_json_style style)
{
    if (style == BL_JSON_CANONICAL)
        json_write_mark(out, "secret", name, strlen(name));
    else
        bl_buf_printf(out, "\"<secret:%s>\"", name);
}

static void json_write(struct bl_buf *out, const struct bl_value *value,
                       enum bl_json_style style, int depth);

static void json_write_key(struct bl_buf *out, const char *key, enum bl_json_style style)
{
    struct bl_buf escaped;

    if (style != BL_JSON_CANONICAL || key[0] != '$') {
        bl_json_write_text(out, key, strlen(key));
        return;
    }
    bl_buf_init(&escaped, 0);
    bl_buf_printf(&escaped, "$%s", key);
    bl_json_write_text(out, bl_buf_text(&escaped), escaped.len);
    bl_buf_release(&escaped);
}

static void json_write_children(struct bl_buf *out, const struct bl_value *value,
                                enum bl_json_style style, int depth)
{
    bool is_map = bl_value_type(value) == BL_MAP;
    size_t count = bl_value_count(value);

    bl_buf_char(out, is_map ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            bl_buf_char(out, ',');
        if (style == BL_JSON_PRETTY)
            json_indent(out, depth + 1);
        if (!is_map) {
            json_write(out, bl_list_get(value, i), style, depth + 1);
            continue;
        }
        json_write_key(out, bl_map_key(value, i), style);
        bl_buf_text_add(out, style == BL_JSON_PRETTY ? ": " : ":");
        json_write(out, bl_map_at(value, i), style, depth + 1);
    }
    if (style == BL_JSON_PRETTY && count > 0)
        json_indent(out, depth);
    bl_buf_char(out, is_map ? '}' : ']');
}

static void json_write(struct bl_buf *out, const struct bl_value *value,
                       enum bl_json_style style, int depth)
{
    switch (bl_value_type(value)) {
    case BL_NIL:
        bl_buf_text_add(out, "null");
        break;
    case BL_BOOL:
        bl_buf_text_add(out, bl_value_is_true(value) ? "true" : "false");
        break;
    case BL_INT:
        bl_buf_printf(out, "%lld", (long long)bl_value_as_int(value));
        break;
    case BL_FLOAT:
        json_write_number(out, bl_value_as_float(value), style);
        break;
    case BL_BYTES:
        json_write_bytes(out, value, style);
        break;
    case BL_SECRET:
        json_write_secret(out, bl_value_secret_name(value), style);
        break;
    case BL_LIST:
    case BL_MAP:
        json_write_children(out, value, style, depth);
        break;
    }
}

void bl_json_write(struct bl_buf *out, const struct bl_value *value, enum bl_json_style style)
{
    json_write(out, value, style, 0);
}

static struct bl_value *json_read_base64(const char *text)
{
    size_t len = strlen(text);
    unsigned char *data = bl_alloc(len + 1);
    int got = EVP_DecodeBlock(data, (const unsigned char *)text, (int)len);
    struct bl_value *value;

    if (got < 0)
        got = 0;
    while (len > 0 && text[len - 1] == '=' && got > 0) {
        len--;
        got--;
    }
    value = bl_value_bytes(data, (size_t)got);
    bl_free(data);
    return value;
}

/* The value behind {"$bytes": …} and its like; NULL when the object is an ordinary map. */
static struct bl_value *json_read_mark(json_t *object)
{
    const char *key = json_object_iter_key(json_object_iter(object));
    const char *text;

    if (json_object_size(object) != 1 || key[0] != '$' || key[1] == '$')
        return NULL;
    text = json_string_value(json_object_get(object, key));
    if (text == NULL)
        return NULL;
    if (strcmp(key, "$bytes") == 0)
        return json_read_base64(text);
    if (strcmp(key, "$float") == 0)
        return bl_value_float(strtod(text, NULL));
    if (strcmp(key, "$secret") == 0)
        return bl_value_textf("<secret:%s>", text);
    return NULL;
}

static struct bl_value *json_read(json_t *node, bool canonical)
{
    struct bl_value *value;
    const char *key;
    json_t *child;
    size_t index;

    switch (json_typeof(node)) {
    case JSON_TRUE:
    case JSON_FALSE:
        return bl_value_bool(json_is_true(node));
    case JSON_INTEGER:
        return bl_value_int(json_integer_value(node));
    case JSON_REAL:
        return bl_value_float(json_real_value(node));
    case JSON_STRING:
        return bl_value_bytes(json_string_value(node), json_string_length(node));
    case JSON_ARRAY:
        value = bl_list_new();
        json_array_foreach (node, index, child)
            bl_list_add(value, json_read(child, canonical));
        return value;
    case JSON_OBJECT:
        value = canonical ? json_read_mark(node) : NULL;
        if (value != NULL)
            return value;
        value = bl_map_new();
        json_object_foreach (node, key, child)
            bl_map_set(value, key + (canonical && key[0] == '$'), json_read(child, canonical));
        return value;
    default:
        return bl_value_nil();
    }
}

enum bl_code bl_json_parse(const char *text, size_t len, bool canonical,
                           struct bl_value **value, struct bl_error *err)
{
    json_error_t problem;
    json_t *node = json_loadb(
        text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);

    if (node == NULL)
        return bl_fail(err, BL_E_PARSE, "not JSON: %s at line %d column %d", problem.text,
                       problem.line, problem.column);
    *value = json_read(node, canonical);
    json_decref(node);
    return BL_OK;
}
