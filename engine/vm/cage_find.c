/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_find.c: string.find, match, gmatch and gsub, on the matcher of cage_pattern.c. */
#include "base/prefix.h"

#include "vm/cage_lib.h"
#include "vm/cage_pattern.h"
#include "vm/scratch.h"

/* Sets up a pattern from the strings at 1 and 2; true when a leading `^` was taken off. */
static BL_LJMP bool find_setup(lua_State *L, struct bl_pattern *pattern, bool may_anchor)
{
    size_t len;
    bool is_anchored;

    pattern->L = L;
    pattern->text = luaL_checklstring(L, 1, &len);
    pattern->text_end = pattern->text + len;
    pattern->pattern = luaL_checklstring(L, 2, &len);
    pattern->end = pattern->pattern + len;
    is_anchored = may_anchor && len > 0 && pattern->pattern[0] == '^';
    if (is_anchored)
        pattern->pattern++;
    return is_anchored;
}

/* Pushes capture `index` (from 0) of a match [start, end); the whole match when there are none.
 * [-0, +1, e] */
static BL_LJMP void find_push_capture(struct bl_pattern *pattern, int index, const char *start,
                                      const char *end)
{
    lua_State *L = pattern->L;
    const struct bl_capture *capture;

    if (index >= pattern->captures) {
        if (index != 0)
            luaL_error(L, "invalid capture index %%%d", index + 1);
        bl_charge(L, (size_t)(end - start) / 32);
        lua_pushlstring(L, start, (size_t)(end - start));
        return;
    }
    capture = &pattern->capture[index];
    if (capture->kind == BL_CAPTURE_OPEN)
        luaL_error(L, "unfinished capture");
    if (capture->kind == BL_CAPTURE_POSITION) {
        lua_pushinteger(L, capture->start - pattern->text + 1);
        return;
    }
    bl_charge(L, capture->len / 32);
    lua_pushlstring(L, capture->start, capture->len);
}

/* Pushes all captures; the whole match when there are none and `start` is given. Gives their
 * number. */
static BL_LJMP int find_push_captures(struct bl_pattern *pattern, const char *start,
                                      const char *end)
{
    int count = pattern->captures == 0 && start != NULL ? 1 : pattern->captures;

    luaL_checkstack(pattern->L, count + 4, "too many captures");
    for (int i = 0; i < count; i++)
        find_push_capture(pattern, i, start, end);
    return count;
}

static bool find_is_plain(const char *pattern, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (pattern[i] != '\0' && strchr("^$*+?.([%-", pattern[i]) != NULL)
            return false;
    return true;
}

/* Finds the text of the pattern itself. */
static BL_LJMP int find_plain(lua_State *L, const struct bl_pattern *pattern, size_t start)
{
    size_t len = (size_t)(pattern->end - pattern->pattern);
    size_t rest = (size_t)(pattern->text_end - pattern->text) - start;
    const char *found;

    bl_charge(L, (rest + len) / 8);
    found = memmem(pattern->text + start, rest, pattern->pattern, len);
    if (found == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - pattern->text + 1);
    lua_pushinteger(L, found - pattern->text + (lua_Integer)len);
    return 2;
}

static BL_LJMP int find_or_match(lua_State *L, bool is_find)
{
    struct bl_pattern pattern;
    bool is_anchored = find_setup(L, &pattern, false);
    size_t len = (size_t)(pattern.text_end - pattern.text);
    size_t start = bl_string_start(luaL_optinteger(L, 3, 1), len);
    const char *end;

    if (start > len) {
        lua_pushnil(L);
        return 1;
    }
    if (is_find && (lua_toboolean(L, 4) ||
                    find_is_plain(pattern.pattern, (size_t)(pattern.end - pattern.pattern))))
        return find_plain(L, &pattern, start);
    is_anchored = find_setup(L, &pattern, true);
    for (const char *at = pattern.text + start; at <= pattern.text_end; at++) {
        end = bl_pattern_match(&pattern, at);
        if (end != NULL && is_find) {
            lua_pushinteger(L, at - pattern.text + 1);
            lua_pushinteger(L, end - pattern.text);
            return find_push_captures(&pattern, NULL, NULL) + 2;
        }
        if (end != NULL)
            return find_push_captures(&pattern, at, end);
        if (is_anchored)
            break;
    }
    lua_pushnil(L);
    return 1;
}

BL_LJMP int bl_string_find(lua_State *L)
{
    return find_or_match(L, true);
}

BL_LJMP int bl_string_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* The iterator of gmatch; upvalues: text, pattern, where to go on, where the last match ended
 * (-1: none). */
static BL_LJMP int find_gmatch_step(lua_State *L)
{
    lua_Integer from = lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    struct bl_pattern pattern;
    const char *end;

    lua_settop(L, 0);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    find_setup(L, &pattern, false);
    if (from > pattern.text_end - pattern.text)
        return 0;
    for (const char *at = pattern.text + from; at <= pattern.text_end; at++) {
        end = bl_pattern_match(&pattern, at);
        if (end == NULL || end - pattern.text == last)
            continue;
        lua_pushinteger(L, end - pattern.text);
        lua_pushvalue(L, -1);
        lua_replace(L, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return find_push_captures(&pattern, at, end);
    }
    return 0;
}

BL_LJMP int bl_string_gmatch(lua_State *L)
{
    size_t len, start;

    luaL_checklstring(L, 1, &len);
    luaL_checkstring(L, 2);
    start = bl_string_start(luaL_optinteger(L, 3, 1), len);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(start > len ? len + 1 : start));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, find_gmatch_step, 4);
    return 1;
}

/* Adds the replacement string at 3 with its `%` filled in. */
static BL_LJMP void find_add_string(struct bl_pattern *pattern, struct bl_scratch *out,
                                    const char *start, const char *end)
{
    lua_State *L = pattern->L;
    size_t len, captured;
    const char *text = lua_tolstring(L, 3, &len);
    const char *capture;

    for (size_t i = 0; i < len; i++) {
        const char *escape = memchr(text + i, '%', len - i);
        size_t plain = escape != NULL ? (size_t)(escape - text) - i : len - i;

        bl_charge(L, 2);
        bl_scratch_add(out, text + i, plain);
        i += plain + 1;
        if (escape == NULL)
            break;
        if (i < len && text[i] == '%') {
            bl_scratch_char(out, '%');
        } else if (i < len && text[i] == '0') {
            bl_scratch_add(out, start, (size_t)(end - start));
        } else if (i < len && text[i] >= '1' && text[i] <= '9') {
            find_push_capture(pattern, text[i] - '1', start, end);
            capture = lua_tolstring(L, -1, &captured);
            bl_scratch_add(out, capture, captured);
            lua_pop(L, 1);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
}

/* Adds what the replacement at 3 makes of the match [start, end); false when the match is kept.
 */
static BL_LJMP bool find_add(struct bl_pattern *pattern, struct bl_scratch *out,
                             const char *start, const char *end)
{
    lua_State *L = pattern->L;
    const char *text;
    size_t len;

    switch (lua_type(L, 3)) {
    case LUA_TFUNCTION:
        lua_pushvalue(L, 3);
        lua_call(L, find_push_captures(pattern, start, end), 1);
        break;
    case LUA_TTABLE:
        find_push_capture(pattern, 0, start, end);
        lua_gettable(L, 3);
        break;
    default:
        find_add_string(pattern, out, start, end);
        return true;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        bl_scratch_add(out, start, (size_t)(end - start));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    text = lua_tolstring(L, -1, &len);
    bl_scratch_add(out, text, len);
    lua_pop(L, 1);
    return true;
}

BL_LJMP int bl_string_gsub(lua_State *L)
{
    struct bl_pattern pattern;
    bool is_anchored = find_setup(L, &pattern, true), is_changed = false;
    int type = lua_type(L, 3);
    lua_Integer most = luaL_optinteger(L, 4, pattern.text_end - pattern.text + 1);
    lua_Integer count = 0;
    const char *at = pattern.text, *last = NULL, *end;
    struct bl_scratch out;

    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                         type == LUA_TTABLE,
                     3, "string/function/table");
    bl_scratch_init(L, &out);
    while (count < most) {
        end = bl_pattern_match(&pattern, at);
        if (end != NULL && end != last) {
            count++;
            is_changed = find_add(&pattern, &out, at, end) || is_changed;
            at = last = end;
        } else if (at < pattern.text_end) {
            bl_scratch_char(&out, *at++);
        } else {
            break;
        }
        if (is_anchored)
            break;
    }
    if (is_changed) {
        bl_scratch_add(&out, at, (size_t)(pattern.text_end - at));
        bl_scratch_push(&out);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}
