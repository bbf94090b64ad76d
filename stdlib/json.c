/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* json: text to values and back, with exact 64-bit integers. Pure functions. */
#include "base/prefix.h"

#include "base/json.h"
#include "module.h"

static struct bl_value *parse_call(const struct bl_value *args, struct bl_error *err)
{
    struct bl_value *value = NULL;
    size_t len;
    const char *text = bl_value_as_bytes(bl_map_get(args, "text"), &len);

    return bl_json_parse(text, len, false, &value, err) == BL_OK ? value : NULL;
}

static struct bl_value *format_call(const struct bl_value *args, struct bl_error *err)
{
    struct bl_buf out;

    (void)err;
    bl_buf_init(&out, 0);
    bl_json_write(&out, bl_map_get(args, "value"),
                  bl_map_bool(args, "pretty", false) ? BL_JSON_PRETTY : BL_JSON_PLAIN);
    return bl_value_take_buf(&out);
}

static const struct bl_arg parse_args[] = {
    {.name = "text", .type = BL_T_STRING, .flags = BL_ARG_DATA, .text = "one JSON text"},
    {0},
};
static const struct bl_arg format_args[] = {
    {.name = "value",
     .type = BL_T_ANY,
     .text = "plain data; an empty table is an object",
     .flags = BL_ARG_OPTIONAL},
    {.name = "pretty",
     .type = BL_T_BOOLEAN,
     .text = "over several lines",
     .flags = BL_ARG_OPTION,
     .fallback = "false"},
    {0},
};

static const struct bl_function json_functions[] = {
    {
        .name = "parse",
        .text = "Reads a JSON text. Duplicate names, trailing text and invalid UTF-8 are "
                "errors with line and "
                "column. null is nil in an object and json's null in a list.",
        .args = parse_args,
        .result = "the value",
        .example = "json.parse(\"{\\\"depth\\\": 12}\").depth",
        .call = parse_call,
    },
    {
        .name = "format",
        .text = "Writes a value as JSON, names sorted.",
        .args = format_args,
        .result = "string",
        .example = "json.format({ depth = 12 })",
        .call = format_call,
    },
    {0},
};

const struct bl_module bl_module_json = {
    .name = "json",
    .text = "JSON.",
    .functions = json_functions,
};
