/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_format.c: string.format, without addresses and with a charge for what it writes. */
#include "base/prefix.h"

#include "vm/cage_lib.h"
#include "vm/scratch.h"

#include <math.h>

#define FORMAT_ITEM 512 /* the longest number: 99 digits behind the point of 1e308 */

/* One conversion: its own text for snprintf, and what it was in the format for messages. */
struct format_spec {
    char text[32];
    char conversion;
    bool has_modifiers;
    bool has_precision;
};

static BL_LJMP void format_refuse(lua_State *L, const char *at, size_t len)
{
    lua_pushlstring(L, at, len);
    luaL_error(L, "invalid conversion '%%%s' to 'format'", lua_tostring(L, -1));
}

static size_t format_digits(const char *at, const char *end)
{
    size_t count = 0;

    while (at + count < end && count < 2 && at[count] >= '0' && at[count] <= '9')
        count++;
    return count;
}

/* The flags each conversion takes, and whether it takes a precision. */
static const struct {
    const char *conversions;
    const char *flags;
    bool takes_precision;
} format_rules[] = {
    {"c", "-", false},    {"s", "-", true},           {"di", "-+0 ", true}, {"u", "-0", true},
    {"oxX", "-#0", true}, {"aAeEfgG", "-+ #0", true}, {"q", "", false},
};

/* True when the conversion is known and takes the flags at `start` and the precision that were
 * given. */
static bool format_is_valid(const struct format_spec *spec, const char *start, size_t flags)
{
    for (size_t i = 0; i < BL_COUNT(format_rules); i++)
        if (strchr(format_rules[i].conversions, spec->conversion) != NULL)
            return flags <= 5 && strspn(start, format_rules[i].flags) >= flags &&
                   (format_rules[i].takes_precision || !spec->has_precision);
    return false;
}

/* Reads flags, width and precision; gives what is behind them. */
static const char *format_modifiers(const char *at, const char *end, struct format_spec *spec,
                                    size_t *flags)
{
    for (*flags = 0; at < end && *at != '\0' && strchr("-+ #0", *at) != NULL && *flags < 6;
         at++)
        ++*flags;
    at += format_digits(at, end);
    spec->has_precision = at < end && *at == '.';
    if (spec->has_precision) {
        at++;
        at += format_digits(at, end);
    }
    return at;
}

/* Reads the conversion behind a `%` and gives what is behind it. [-0, +0, v] */
static BL_LJMP const char *format_read(lua_State *L, const char *start, const char *end,
                                       struct format_spec *spec)
{
    size_t flags;
    const char *at = format_modifiers(start, end, spec, &flags);
    bool is_integer;

    spec->conversion = at < end ? *at : '\0';
    spec->has_modifiers = at > start;
    if (spec->conversion == 'p')
        luaL_error(L, "'%%p' is not available here: addresses differ from run to run");
    if (spec->conversion == 'q' && spec->has_modifiers)
        luaL_error(L, "specifier '%%q' cannot have modifiers");
    if (spec->conversion == '\0' || !format_is_valid(spec, start, flags))
        format_refuse(L, start, (size_t)(at - start) + (at < end ? 1 : 0));
    is_integer = strchr("dioxXu", spec->conversion) != NULL;
    snprintf(spec->text, sizeof(spec->text), "%%%.*s%s%c", (int)(at - start), start,
             is_integer ? "ll" : "", spec->conversion);
    return at + 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format was built by format_read */

static BL_LJMP void format_number(lua_State *L, struct bl_scratch *out,
                                  const struct format_spec *spec, int argument)
{
    char *item;
    int len;

    if (strchr("dioxXu", spec->conversion) != NULL) {
        long long integer = luaL_checkinteger(L, argument);

        item = bl_scratch_room(out, FORMAT_ITEM);
        len = snprintf(item, FORMAT_ITEM, spec->text, integer);
    } else if (spec->conversion == 'c') {
        int character = (int)luaL_checkinteger(L, argument);

        item = bl_scratch_room(out, FORMAT_ITEM);
        len = snprintf(item, FORMAT_ITEM, spec->text, character);
    } else {
        double number = luaL_checknumber(L, argument);

        item = bl_scratch_room(out, FORMAT_ITEM);
        len = snprintf(item, FORMAT_ITEM, spec->text, number);
    }
    out->len += (size_t)len;
}

static BL_LJMP void format_string(lua_State *L, struct bl_scratch *out,
                                  const struct format_spec *spec, int argument)
{
    size_t len;
    const char *text = bl_cage_text(L, argument, &len);
    char *item;

    if (!spec->has_modifiers) {
        bl_scratch_add(out, text, len);
    } else {
        luaL_argcheck(L, len == strlen(text), argument, "string contains zeros");
        if (!spec->has_precision && len >= 100) {
            bl_scratch_add(out, text, len);
        } else {
            item = bl_scratch_room(out, FORMAT_ITEM);
            out->len += (size_t)snprintf(item, FORMAT_ITEM, spec->text, text);
        }
    }
    lua_pop(L, 1);
}

#pragma GCC diagnostic pop

static BL_LJMP void format_quote(lua_State *L, struct bl_scratch *out, int argument)
{
    size_t len;
    const char *text = lua_tolstring(L, argument, &len);
    char escape[8];

    bl_charge(L, len);
    bl_scratch_char(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\' || c == '\n') {
            bl_scratch_char(out, '\\');
            bl_scratch_char(out, (char)c);
        } else if (c < 0x20 || c == 0x7f) {
            bool is_digit_next = i + 1 < len && text[i + 1] >= '0' && text[i + 1] <= '9';
            int wrote = snprintf(escape, sizeof(escape), is_digit_next ? "\\%03d" : "\\%d", c);

            bl_scratch_add(out, escape, (size_t)wrote);
        } else {
            bl_scratch_char(out, (char)c);
        }
    }
    bl_scratch_char(out, '"');
}

/* A value as Lua source that reads back as the same value. */
static BL_LJMP void format_literal(lua_State *L, struct bl_scratch *out, int argument)
{
    char text[64];
    lua_Number number;

    switch (lua_type(L, argument)) {
    case LUA_TSTRING:
        format_quote(L, out, argument);
        return;
    case LUA_TNUMBER:
        number = lua_tonumber(L, argument);
        if (lua_isinteger(L, argument))
            snprintf(text, sizeof(text),
                     lua_tointeger(L, argument) == LUA_MININTEGER ? "0x%llx" : "%lld",
                     lua_tointeger(L, argument));
        else if (isinf(number))
            snprintf(text, sizeof(text), "%s", number > 0 ? "1e9999" : "-1e9999");
        else if (isnan(number))
            snprintf(text, sizeof(text), "(0/0)");
        else
            snprintf(text, sizeof(text), "%a", number);
        bl_scratch_add(out, text, strlen(text));
        return;
    case LUA_TNIL:
    case LUA_TBOOLEAN:
        snprintf(text, sizeof(text), "%s",
                 lua_isnil(L, argument)       ? "nil"
                 : lua_toboolean(L, argument) ? "true"
                                              : "false");
        bl_scratch_add(out, text, strlen(text));
        return;
    default:
        luaL_argerror(L, argument, "value has no literal form");
    }
}

BL_LJMP int bl_string_format(lua_State *L)
{
    int top = lua_gettop(L), argument = 1;
    size_t len;
    const char *at = luaL_checklstring(L, 1, &len), *end = at + len;
    struct format_spec spec;
    struct bl_scratch out;

    bl_scratch_init(L, &out);
    bl_charge(L, len);
    while (at < end) {
        if (*at != '%') {
            bl_scratch_char(&out, *at++);
            continue;
        }
        if (++at < end && *at == '%') {
            bl_scratch_char(&out, *at++);
            continue;
        }
        at = format_read(L, at, end, &spec);
        bl_charge(L, 20);
        if (++argument > top)
            return luaL_argerror(L, argument, "no value");
        if (spec.conversion == 's')
            format_string(L, &out, &spec, argument);
        else if (spec.conversion == 'q')
            format_literal(L, &out, argument);
        else
            format_number(L, &out, &spec, argument);
    }
    bl_scratch_push(&out);
    return 1;
}
