/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_value.c: PostgreSQL's text format to values, and values to parameters. */
#include "base/prefix.h"

#include "postgres_value.h"

#include "base/json.h"

#include <ctype.h>
#include <errno.h>

/* Object ids of built-in types; they never change (pg_type.dat). */
enum {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_OID = 26,
    PG_XID = 28,
    PG_JSON = 114,
    PG_FLOAT4 = 700,
    PG_FLOAT8 = 701,
    PG_BOOL_LIST = 1000,
    PG_INT4_LIST = 1007,
    PG_INT8_LIST = 1016,
    PG_FLOAT8_LIST = 1022,
    PG_DATE = 1082,
    PG_TIMESTAMP = 1114,
    PG_TIMESTAMPTZ = 1184,
    PG_NUMERIC = 1700,
    PG_JSONB = 3802,
};

#define PG_DEPTH 8 /* PostgreSQL has at most 6 dimensions */

/* Array types and what is in them. */
static const struct {
    uint32_t list, item;
} value_lists[] = {
    {PG_BOOL_LIST, PG_BOOL},
    {1001, PG_BYTEA},
    {1005, PG_INT2},
    {PG_INT4_LIST, PG_INT4},
    {PG_INT8_LIST, PG_INT8},
    {1028, PG_OID},
    {1021, PG_FLOAT4},
    {PG_FLOAT8_LIST, PG_FLOAT8},
    {1231, PG_NUMERIC},
    {1115, PG_TIMESTAMP},
    {1182, PG_DATE},
    {1185, PG_TIMESTAMPTZ},
    {1002, 18},   /* "char" */
    {1003, 19},   /* name */
    {1009, 25},   /* text */
    {1014, 1042}, /* bpchar */
    {1015, 1043}, /* varchar */
    {2951, 2950}, /* uuid */
    {1041, 869},  /* inet */
    {1187, 1186}, /* interval */
};

static struct bl_value *value_integer(const char *text, size_t len)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || end != text + len || len == 0)
        return bl_value_bytes(text, len);
    return bl_value_int(number);
}

static struct bl_value *value_float(const char *text, size_t len)
{
    char *end;
    double number = strtod(text, &end);

    return end == text + len && len > 0 ? bl_value_float(number) : bl_value_bytes(text, len);
}

/* How many digits of a plain decimal count, and whether it has a fraction that is not 0. */
static bool value_measure(const char *text, size_t len, int *digits, bool *is_whole)
{
    int pending = 0; /* zeros that count only when a digit follows */
    bool in_fraction = false;

    *digits = 0;
    *is_whole = true;
    for (size_t i = text[0] == '-' ? 1 : 0; i < len; i++) {
        if (text[i] == '.' && !in_fraction) {
            in_fraction = true;
        } else if (text[i] == '0') {
            pending += *digits > 0;
        } else if (isdigit((unsigned char)text[i])) {
            *digits += pending + 1;
            pending = 0;
            *is_whole = *is_whole && !in_fraction;
        } else {
            return false;
        }
    }
    return len > 0;
}

static struct bl_value *value_numeric(const char *text, size_t len)
{
    int digits;
    bool is_whole;
    long long number;

    if (!value_measure(text, len, &digits, &is_whole))
        return value_float(text, len); /* NaN, Infinity */
    errno = 0;
    number = strtoll(text, NULL, 10);
    if (is_whole && errno == 0)
        return bl_value_int(number);
    return digits <= 15 ? value_float(text, len) : bl_value_bytes(text, len);
}

static int value_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "\x00ff" */
static struct bl_value *value_bytea(const char *text, size_t len)
{
    struct bl_buf out;

    if (len < 2 || len % 2 != 0 || text[0] != '\\' || text[1] != 'x')
        return bl_value_bytes(text, len);
    bl_buf_init(&out, 0);
    for (size_t i = 2; i < len; i += 2) {
        int high = value_hex(text[i]), low = value_hex(text[i + 1]);
        if (high < 0 || low < 0) {
            bl_buf_release(&out);
            return bl_value_bytes(text, len);
        }
        bl_buf_char(&out, (char)(high * 16 + low));
    }
    return bl_value_take_buf(&out);
}

/* "2026-03-01 02:59:00.5+00" to "2026-03-01T02:59:00.5Z"; "infinity" and years BC stay. */
static struct bl_value *value_time(const char *text, size_t len, bool has_zone)
{
    const char *blank = memchr(text, ' ', len), *zone;
    struct bl_value *value;
    struct bl_buf out;

    if (blank == NULL || len < 19 || memchr(blank + 1, ' ', len - (size_t)(blank + 1 - text)))
        return bl_value_bytes(text, len);
    zone = has_zone ? blank + strcspn(blank, "+-") : text + len;
    bl_buf_init(&out, 0);
    bl_buf_add(&out, text, (size_t)(blank - text));
    bl_buf_char(&out, 'T');
    bl_buf_add(&out, blank + 1, (size_t)(zone - blank - 1));
    if (strcmp(zone, "+00") == 0)
        bl_buf_char(&out, 'Z');
    else
        bl_buf_add(&out, zone, (size_t)(text + len - zone));
    if (strlen(zone) == 3 && strcmp(zone, "+00") != 0)
        bl_buf_text_add(&out, ":00");
    value = bl_value_take_buf(&out);
    return value;
}

/* One item of an array literal: its bytes in out; `*at` is behind it. */
static bool value_item(const char **at, struct bl_buf *out, bool *is_quoted)
{
    const char *text = *at;

    *is_quoted = *text == '"';
    if (!*is_quoted) {
        size_t len = strcspn(text, ",{}\"");
        bl_buf_add(out, text, len);
        *at = text + len;
        return len > 0;
    }
    for (text++; *text != '"'; text++) {
        if (*text == '\\')
            text++;
        if (*text == '\0')
            return false;
        bl_buf_char(out, *text);
    }
    *at = text + 1;
    return true;
}

static struct bl_value *value_list(uint32_t item, const char **at, int depth);

static struct bl_value *value_element(uint32_t item, const char **at, int depth)
{
    struct bl_value *value = NULL;
    struct bl_buf text;
    bool is_quoted;

    if (**at == '{')
        return value_list(item, at, depth + 1);
    bl_buf_init(&text, 0);
    if (value_item(at, &text, &is_quoted))
        value = !is_quoted && strcmp(bl_buf_text(&text), "NULL") == 0
                    ? bl_value_nil()
                    : bl_postgres_value(item, bl_buf_text(&text), text.len);
    bl_buf_release(&text);
    return value;
}

/* "{1,NULL,{2}}"; NULL when it is none. */
static struct bl_value *value_list(uint32_t item, const char **at, int depth)
{
    struct bl_value *list, *value;

    if (depth > PG_DEPTH || **at != '{')
        return NULL;
    list = bl_list_new();
    (*at)++;
    while (**at != '}') {
        value = value_element(item, at, depth);
        if (value == NULL || (**at != ',' && **at != '}')) {
            bl_value_unref(value);
            bl_value_unref(list);
            return NULL;
        }
        bl_list_add(list, value);
        *at += **at == ',';
    }
    (*at)++;
    return list;
}

static struct bl_value *value_array(uint32_t item, const char *text, size_t len)
{
    const char *at = text;
    struct bl_value *list;

    if (*at == '[') /* "[0:2]={…}": bounds that do not begin at 1 */
        at += strcspn(at, "{");
    list = value_list(item, &at, 0);
    if (list != NULL && at == text + len)
        return list;
    bl_value_unref(list);
    return bl_value_bytes(text, len);
}

struct bl_value *bl_postgres_value(uint32_t type, const char *text, size_t len)
{
    switch (type) {
    case PG_BOOL:
        return bl_value_bool(text[0] == 't');
    case PG_INT2:
    case PG_INT4:
    case PG_INT8:
    case PG_OID:
    case PG_XID:
        return value_integer(text, len);
    case PG_FLOAT4:
    case PG_FLOAT8:
        return value_float(text, len);
    case PG_NUMERIC:
        return value_numeric(text, len);
    case PG_BYTEA:
        return value_bytea(text, len);
    case PG_TIMESTAMP:
    case PG_TIMESTAMPTZ:
        return value_time(text, len, type == PG_TIMESTAMPTZ);
    default:
        break;
    }
    for (size_t i = 0; i < BL_COUNT(value_lists); i++) {
        if (value_lists[i].list == type)
            return value_array(value_lists[i].item, text, len);
    }
    return bl_value_bytes(text, len);
}

bool bl_postgres_is_json(uint32_t type)
{
    return type == PG_JSON || type == PG_JSONB;
}

struct bl_value *bl_postgres_json(const struct bl_value *text)
{
    struct bl_value *value = NULL;
    size_t len;
    const char *data = bl_value_as_bytes(text, &len);

    if (bl_json_parse(data, len, false, &value, NULL) != BL_OK)
        return bl_value_ref(text);
    return value;
}

/* An array's or object's item inside of an array literal. */
static void param_item(struct bl_buf *out, const struct bl_value *value)
{
    const char *text;

    switch (bl_value_type(value)) {
    case BL_LIST:
        bl_buf_char(out, '{');
        for (size_t i = 0; i < bl_value_count(value); i++) {
            if (i > 0)
                bl_buf_char(out, ',');
            param_item(out, bl_list_get(value, i));
        }
        bl_buf_char(out, '}');
        break;
    case BL_BYTES:
        bl_buf_char(out, '"');
        for (text = bl_value_as_text(value); *text != '\0'; text++) {
            if (*text == '"' || *text == '\\')
                bl_buf_char(out, '\\');
            bl_buf_char(out, *text);
        }
        bl_buf_char(out, '"');
        break;
    case BL_NIL:
        bl_buf_text_add(out, "NULL");
        break;
    default:
        bl_json_write(out, value, BL_JSON_PLAIN);
    }
}

static bool param_fits_int4(const struct bl_value *value)
{
    return bl_value_as_int(value) >= INT32_MIN && bl_value_as_int(value) <= INT32_MAX;
}

/* The array type of a list of plain items; 0 when the server shall find out. */
static uint32_t param_list_type(const struct bl_value *list)
{
    uint32_t type = 0;

    for (size_t i = 0; i < bl_value_count(list); i++) {
        const struct bl_value *item = bl_list_get(list, i);
        switch (bl_value_type(item)) {
        case BL_INT:
            if (type == 0 || type == PG_INT4_LIST)
                type = param_fits_int4(item) ? PG_INT4_LIST : PG_INT8_LIST;
            break;
        case BL_FLOAT:
            type = PG_FLOAT8_LIST;
            break;
        case BL_BOOL:
            type = PG_BOOL_LIST;
            break;
        case BL_NIL:
            break;
        default:
            return 0;
        }
    }
    return type;
}

/* A string with a NUL, or a secret, anywhere inside. */
static const char *param_problem(const struct bl_value *value)
{
    const char *problem = NULL;
    size_t len;

    if (bl_value_type(value) == BL_SECRET)
        return "is a secret, and would be seen in the server's log";
    if (bl_value_type(value) == BL_BYTES)
        return strlen(bl_value_as_bytes(value, &len)) == len
                   ? NULL
                   : "holds a NUL byte, which text of PostgreSQL cannot";
    for (size_t i = 0; problem == NULL && i < bl_value_count(value); i++)
        problem = param_problem(bl_value_type(value) == BL_MAP ? bl_map_at(value, i)
                                                               : bl_list_get(value, i));
    return problem;
}

/* The type is what a literal of the value would have: int4 when it fits, as in SQL's own text.
 */
static char *param_make(const struct bl_value *value, uint32_t *type)
{
    struct bl_buf text;

    *type = 0;
    bl_buf_init(&text, 0);
    switch (bl_value_type(value)) {
    case BL_NIL:
        return NULL;
    case BL_BYTES:
        bl_buf_text_add(&text, bl_value_as_text(value));
        break;
    case BL_LIST:
        *type = param_list_type(value);
        param_item(&text, value);
        break;
    case BL_BOOL:
        *type = PG_BOOL;
        bl_buf_text_add(&text, bl_value_is_true(value) ? "true" : "false");
        break;
    case BL_INT:
        *type = param_fits_int4(value) ? PG_INT4 : PG_INT8;
        bl_buf_printf(&text, "%lld", (long long)bl_value_as_int(value));
        break;
    case BL_FLOAT:
        *type = PG_FLOAT8;
        bl_buf_printf(&text, "%.17g", bl_value_as_float(value));
        break;
    default:
        bl_json_write(&text, value, BL_JSON_PLAIN);
    }
    return bl_buf_take(&text, NULL);
}

enum bl_code bl_postgres_params_init(struct bl_postgres_params *params,
                                     const struct bl_value *list, struct bl_error *err)
{
    size_t count = bl_value_count(list);

    *params = (struct bl_postgres_params){0};
    if (count > 1000)
        return bl_fail(err, BL_E_ARG, "%zu parameters are too many: at most 1000", count);
    for (size_t i = 0; i < count; i++) {
        const char *problem = param_problem(bl_list_get(list, i));
        if (problem != NULL)
            return bl_fail(err, BL_E_ARG, "parameter $%zu %s", i + 1, problem);
    }
    params->types = bl_alloc((count + 1) * sizeof(*params->types));
    params->values = bl_alloc((count + 1) * sizeof(*params->values));
    params->count = (int)count;
    for (size_t i = 0; i < count; i++)
        params->values[i] = param_make(bl_list_get(list, i), &params->types[i]);
    return BL_OK;
}

void bl_postgres_params_release(struct bl_postgres_params *params)
{
    for (int i = 0; i < params->count; i++)
        bl_free(params->values[i]);
    bl_free(params->values);
    bl_free(params->types);
    *params = (struct bl_postgres_params){0};
}
