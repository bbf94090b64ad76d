/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_pattern.c: matches Lua patterns as section 6.4.1 of the manual describes them; every
 * step is charged. */
#include "base/prefix.h"

#include "vm/cage_pattern.h"

#define PATTERN_DEPTH 200 /* nested choices that one match may hold open */

enum {
    PATTERN_LOWER = 1,
    PATTERN_UPPER = 2,
    PATTERN_DIGIT = 4,
    PATTERN_HEX = 8, /* the letters of it */
    PATTERN_SPACE = 16,
    PATTERN_CONTROL = 32,
    PATTERN_PUNCTUATION = 64,
    PATTERN_LETTER = PATTERN_LOWER | PATTERN_UPPER
};

static const struct {
    char name;
    unsigned char kinds;
} pattern_classes[] = {
    {'a', PATTERN_LETTER},
    {'c', PATTERN_CONTROL},
    {'d', PATTERN_DIGIT},
    {'g', PATTERN_LETTER | PATTERN_DIGIT | PATTERN_PUNCTUATION},
    {'l', PATTERN_LOWER},
    {'p', PATTERN_PUNCTUATION},
    {'s', PATTERN_SPACE},
    {'u', PATTERN_UPPER},
    {'w', PATTERN_LETTER | PATTERN_DIGIT},
    {'x', PATTERN_DIGIT | PATTERN_HEX},
};

static int pattern_letter(unsigned char c)
{
    if (c >= 'a' && c <= 'z')
        return PATTERN_LOWER | (c <= 'f' ? PATTERN_HEX : 0);
    if (c >= 'A' && c <= 'Z')
        return PATTERN_UPPER | (c <= 'F' ? PATTERN_HEX : 0);
    return 0;
}

/* What a character is in the "C" locale, whatever the process has set. */
static int pattern_kinds(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return PATTERN_DIGIT;
    if (c == ' ')
        return PATTERN_SPACE;
    if (c < ' ' || c == 0x7f)
        return PATTERN_CONTROL | (c >= '\t' && c <= '\r' ? PATTERN_SPACE : 0);
    if (pattern_letter(c) != 0)
        return pattern_letter(c);
    return c < 0x7f ? PATTERN_PUNCTUATION : 0;
}

/* What follows a `%`: a class, its upper-case complement, or the character itself. */
static bool pattern_escape_fits(unsigned char c, char escaped)
{
    bool is_complement = escaped >= 'A' && escaped <= 'Z';
    char name = is_complement ? (char)(escaped + 32) : escaped;

    for (size_t i = 0; i < BL_COUNT(pattern_classes); i++)
        if (pattern_classes[i].name == name)
            return ((pattern_kinds(c) & pattern_classes[i].kinds) != 0) != is_complement;
    return (unsigned char)escaped == c;
}

/* Just behind the single-character item that starts at `item`. [-0, +0, v] */
static BL_LJMP const char *pattern_item_end(struct bl_pattern *pattern, const char *item)
{
    const char *end = pattern->end;

    if (*item == '%') {
        if (item + 1 >= end)
            luaL_error(pattern->L, "malformed pattern (ends with '%%')");
        return item + 2;
    }
    if (*item++ != '[')
        return item;
    if (item < end && *item == '^')
        item++;
    do { /* the first character may be a `]` that stands for itself */
        bl_charge(pattern->L, 1);
        if (item >= end)
            luaL_error(pattern->L, "malformed pattern (missing ']')");
        if (*item++ == '%')
            item++;
    } while (item >= end || *item != ']');
    return item + 1;
}

/* A set from its `[` to just behind its `]`. */
static bool pattern_set_fits(unsigned char c, const char *set, const char *end)
{
    const char *last = end - 1;
    bool wanted = true;

    set++;
    if (*set == '^') {
        wanted = false;
        set++;
    }
    for (; set < last; set++) {
        if (*set == '%') {
            set++;
            if (pattern_escape_fits(c, *set))
                return wanted;
        } else if (set[1] == '-' && set + 2 < last) {
            if ((unsigned char)set[0] <= c && c <= (unsigned char)set[2])
                return wanted;
            set += 2;
        } else if ((unsigned char)*set == c) {
            return wanted;
        }
    }
    return !wanted;
}

/* True when the character at `at` fits the item [item, end). [-0, +0, v] */
static BL_LJMP bool pattern_fits(struct bl_pattern *pattern, const char *at, const char *item,
                                 const char *end)
{
    unsigned char c;

    bl_charge(pattern->L, *item == '[' ? 1 + (size_t)(end - item) / 2 : 1);
    if (at >= pattern->text_end)
        return false;
    c = (unsigned char)*at;
    switch (*item) {
    case '.':
        return true;
    case '%':
        return pattern_escape_fits(c, item[1]);
    case '[':
        return pattern_set_fits(c, item, end);
    default:
        return (unsigned char)*item == c;
    }
}

static const char *pattern_match(struct bl_pattern *pattern, const char *at, const char *item);

/* `*` and `+`: as many as there are, then fewer. */
static BL_LJMP const char *pattern_longest(struct bl_pattern *pattern, const char *at,
                                           const char *item, const char *end)
{
    size_t count = 0;
    const char *found;

    while (pattern_fits(pattern, at + count, item, end))
        count++;
    for (;; count--) {
        found = pattern_match(pattern, at + count, end + 1);
        if (found != NULL || count == 0)
            return found;
    }
}

/* `-`: as few as will do. */
static BL_LJMP const char *pattern_shortest(struct bl_pattern *pattern, const char *at,
                                            const char *item, const char *end)
{
    const char *found;

    for (;; at++) {
        found = pattern_match(pattern, at, end + 1);
        if (found != NULL)
            return found;
        if (!pattern_fits(pattern, at, item, end))
            return NULL;
    }
}

static BL_LJMP const char *pattern_open(struct bl_pattern *pattern, const char *at,
                                        const char *item)
{
    struct bl_capture *capture;
    const char *found;

    if (pattern->captures >= BL_PATTERN_CAPTURES)
        luaL_error(pattern->L, "too many captures");
    capture = &pattern->capture[pattern->captures++];
    capture->start = at;
    capture->kind = *item == ')' ? BL_CAPTURE_POSITION : BL_CAPTURE_OPEN;
    found = pattern_match(pattern, at, *item == ')' ? item + 1 : item);
    if (found == NULL)
        pattern->captures--;
    return found;
}

static BL_LJMP const char *pattern_close(struct bl_pattern *pattern, const char *at,
                                         const char *item)
{
    int last = pattern->captures - 1;
    const char *found;

    while (last >= 0 && pattern->capture[last].kind != BL_CAPTURE_OPEN)
        last--;
    if (last < 0)
        luaL_error(pattern->L, "invalid pattern capture");
    pattern->capture[last].kind = BL_CAPTURE_TEXT;
    pattern->capture[last].len = (size_t)(at - pattern->capture[last].start);
    found = pattern_match(pattern, at, item);
    if (found == NULL)
        pattern->capture[last].kind = BL_CAPTURE_OPEN;
    return found;
}

/* `%bxy` at `at`; item is at the x. NULL when there is no balanced text. */
static BL_LJMP const char *pattern_balanced(struct bl_pattern *pattern, const char *at,
                                            const char *item)
{
    size_t depth = 1;

    if (item + 1 >= pattern->end)
        luaL_error(pattern->L, "malformed pattern (missing arguments to '%%b')");
    if (at >= pattern->text_end || *at != *item)
        return NULL;
    while (++at < pattern->text_end) {
        bl_charge(pattern->L, 1);
        if (*at == item[1]) {
            if (--depth == 0)
                return at + 1;
        } else if (*at == *item) {
            depth++;
        }
    }
    return NULL;
}

/* `%f[set]`: the place where the set begins to fit; item is at the `[`. Gives the item behind
 * it or NULL. */
static BL_LJMP const char *pattern_frontier(struct bl_pattern *pattern, const char *at,
                                            const char *item)
{
    unsigned char before = 0, after = 0;
    const char *end;

    if (item >= pattern->end || *item != '[')
        luaL_error(pattern->L, "missing '[' after '%%f' in pattern");
    end = pattern_item_end(pattern, item);
    bl_charge(pattern->L, (size_t)(end - item));
    if (at > pattern->text)
        before = (unsigned char)at[-1];
    if (at < pattern->text_end)
        after = (unsigned char)*at;
    return !pattern_set_fits(before, item, end) && pattern_set_fits(after, item, end) ? end
                                                                                      : NULL;
}

/* `%1` to `%9`: the text of an earlier capture again; gives the text behind it or NULL. */
static BL_LJMP const char *pattern_again(struct bl_pattern *pattern, const char *at, char digit)
{
    int index = digit - '1';
    const struct bl_capture *capture;

    if (index < 0 || index >= pattern->captures ||
        pattern->capture[index].kind != BL_CAPTURE_TEXT)
        luaL_error(pattern->L, "invalid capture index %%%d in pattern", index + 1);
    capture = &pattern->capture[index];
    bl_charge(pattern->L, capture->len / 8);
    if ((size_t)(pattern->text_end - at) < capture->len ||
        memcmp(capture->start, at, capture->len) != 0)
        return NULL;
    return at + capture->len;
}

/* The three escapes that are no single characters. True when `item` was one; then at (NULL: no
 * match) and item moved. */
static BL_LJMP bool pattern_special(struct bl_pattern *pattern, const char **at,
                                    const char **item)
{
    char kind = *item + 1 < pattern->end ? (*item)[1] : '\0';
    const char *next;

    if (kind == 'b') {
        *at = pattern_balanced(pattern, *at, *item + 2);
        *item += 4;
    } else if (kind == 'f') {
        next = pattern_frontier(pattern, *at, *item + 2);
        if (next == NULL)
            *at = NULL;
        else
            *item = next;
    } else if (kind >= '0' && kind <= '9') {
        *at = pattern_again(pattern, *at, kind);
        *item += 2;
    } else {
        return false;
    }
    return true;
}

/*
 * One item and what may follow it. True: go on at `*at` and `*item`; false: `*at` is the answer
 * (NULL: no match).
 */
static BL_LJMP bool pattern_step(struct bl_pattern *pattern, const char **at, const char **item)
{
    const char *end = pattern_item_end(pattern, *item);
    char suffix = end < pattern->end ? *end : '\0';
    const char *found;

    switch (suffix) {
    case '*':
        *at = pattern_longest(pattern, *at, *item, end);
        return false;
    case '+':
        *at = pattern_fits(pattern, *at, *item, end)
                  ? pattern_longest(pattern, *at + 1, *item, end)
                  : NULL;
        return false;
    case '-':
        *at = pattern_shortest(pattern, *at, *item, end);
        return false;
    case '?':
        if (pattern_fits(pattern, *at, *item, end)) {
            found = pattern_match(pattern, *at + 1, end + 1);
            if (found != NULL) {
                *at = found;
                return false;
            }
        }
        *item = end + 1;
        return true;
    default:
        if (!pattern_fits(pattern, *at, *item, end)) {
            *at = NULL;
            return false;
        }
        ++*at;
        *item = end;
        return true;
    }
}

/* The end of the match of [item, end of pattern) at `at`, or NULL. [-0, +0, v] */
static BL_LJMP const char *pattern_match(struct bl_pattern *pattern, const char *at,
                                         const char *item)
{
    if (pattern->depth == 0)
        luaL_error(pattern->L, "pattern too complex");
    pattern->depth--;
    while (at != NULL && item < pattern->end) {
        if (*item == '(') {
            at = pattern_open(pattern, at, item + 1);
            break;
        }
        if (*item == ')') {
            at = pattern_close(pattern, at, item + 1);
            break;
        }
        if (*item == '$' && item + 1 == pattern->end) {
            if (at != pattern->text_end)
                at = NULL;
            break;
        }
        if (*item == '%' && pattern_special(pattern, &at, &item))
            continue;
        if (!pattern_step(pattern, &at, &item))
            break;
    }
    pattern->depth++;
    return at;
}

BL_LJMP const char *bl_pattern_match(struct bl_pattern *pattern, const char *at)
{
    bl_charge(pattern->L, 2);
    pattern->captures = 0;
    pattern->depth = PATTERN_DEPTH;
    return pattern_match(pattern, at, pattern->pattern);
}
