/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* text.c: small questions about text: UTF-8, durations and sizes, control characters, near
 * names. */
#include "base/text.h"

#include <ctype.h>
#include <math.h>

/* The length of the valid UTF-8 sequence at data (1 to 4), 0 when it is none. *rune gets its
 * code point. */
static size_t utf8_sequence(const unsigned char *data, size_t len, uint32_t *rune)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = data[0];
    size_t size = first < 0x80   ? 1
                  : first < 0xc2 ? 0
                  : first < 0xe0 ? 2
                  : first < 0xf0 ? 3
                  : first < 0xf5 ? 4
                                 : 0;

    if (size == 0 || size > len)
        return 0;
    *rune = size == 1 ? first : first & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((data[i] & 0xc0) != 0x80)
            return 0;
        *rune = *rune << 6 | (data[i] & 0x3f);
    }
    if (*rune < smallest[size] || *rune > 0x10ffff || (*rune >= 0xd800 && *rune <= 0xdfff))
        return 0;
    return size;
}

bool bl_utf8_is_valid(const char *data, size_t len)
{
    uint32_t rune;

    for (size_t at = 0; at < len;) {
        size_t size = utf8_sequence((const unsigned char *)data + at, len - at, &rune);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

void bl_utf8_repair(struct bl_buf *out, const char *data, size_t len)
{
    uint32_t rune;

    for (size_t at = 0; at < len;) {
        size_t size = utf8_sequence((const unsigned char *)data + at, len - at, &rune);
        if (size == 0)
            bl_buf_text_add(out, "\xef\xbf\xbd");
        else
            bl_buf_add(out, data + at, size);
        at += size ? size : 1;
    }
}

static bool text_is_control(uint32_t rune, bool keep_lines)
{
    if (keep_lines && (rune == '\n' || rune == '\t'))
        return false;
    return rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || (rune >= 0x200e && rune <= 0x200f) ||
           (rune >= 0x202a && rune <= 0x202e) || (rune >= 0x2066 && rune <= 0x2069);
}

void bl_text_clean(struct bl_buf *out, const char *data, size_t len, bool keep_lines)
{
    uint32_t rune;

    for (size_t at = 0; at < len;) {
        size_t size = utf8_sequence((const unsigned char *)data + at, len - at, &rune);
        if (size == 0)
            bl_buf_text_add(out, "\xef\xbf\xbd");
        else if (!text_is_control(rune, keep_lines))
            bl_buf_add(out, data + at, size);
        else if (rune < 0x100)
            bl_buf_printf(out, "\\x%02x", rune);
        else
            bl_buf_printf(out, "\\u{%x}", rune);
        at += size ? size : 1;
    }
}

struct text_unit {
    const char *name;
    double factor;
};

static const struct text_unit duration_units[] = {
    {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"min", 6e4}, {"h", 36e5}, {"d", 864e5}, {NULL, 0},
};

static const struct text_unit byte_units[] = {
    {"B", 1},
    {"KB", 1024.0},
    {"KiB", 1024.0},
    {"K", 1024.0},
    {"MB", 1048576.0},
    {"MiB", 1048576.0},
    {"M", 1048576.0},
    {"GB", 1073741824.0},
    {"GiB", 1073741824.0},
    {"G", 1073741824.0},
    {"TB", 1099511627776.0},
    {"TiB", 1099511627776.0},
    {"T", 1099511627776.0},
    {NULL, 0},
};

static double text_unit_factor(const struct text_unit *units, const char *name, size_t len)
{
    for (; units->name != NULL; units++) {
        if (strlen(units->name) == len && strncasecmp(units->name, name, len) == 0)
            return units->factor;
    }
    return 0;
}

static const char *text_skip_spaces(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

static bool text_is_hex(const char *at)
{
    return at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
}

/*
 * Adds the number with its unit at `at` ("1.5h") to *total and gives where it ends; NULL when
 * it is none. A number without a unit counts `bare`, and nothing may follow it; 0: it needs a
 * unit.
 */
static const char *text_parse_part(const char *at, const struct text_unit *units, double bare,
                                   double *total)
{
    char *end;
    size_t len = 0;
    double number, factor;

    if ((!isdigit((unsigned char)*at) && *at != '.') || text_is_hex(at))
        return NULL;
    number = strtod(at, &end);
    if (end == at)
        return NULL;
    while (*end == ' ')
        end++;
    while (isalpha((unsigned char)end[len]))
        len++;
    factor = len == 0 ? bare : text_unit_factor(units, end, len);
    if (factor == 0 || (len == 0 && *end != '\0'))
        return NULL;
    *total += number * factor;
    return text_skip_spaces(end + len);
}

/* Sums "1h30m"-like text; false when it is none. A number without a unit counts `bare`. */
static bool text_parse_units(const char *text, const struct text_unit *units, double bare,
                             double *total)
{
    const char *start = text_skip_spaces(text), *at = start;

    *total = 0;
    while (at != NULL && (*at != '\0' || at == start))
        at = text_parse_part(at, units, at == start ? bare : 0, total);
    return at != NULL && isfinite(*total) && *total < 9e18;
}

enum bl_code bl_parse_duration(const char *text, int64_t *millis, struct bl_error *err)
{
    double total;

    if (!text_parse_units(text, duration_units, 1000, &total))
        return bl_fail(err, BL_E_ARG,
                       "'%s' is not a duration: write seconds or a number with a unit, such as "
                       "\"30s\", \"2m\", \"1h30m\", \"250ms\"",
                       text);
    *millis = (int64_t)(total + 0.5);
    return BL_OK;
}

enum bl_code bl_parse_bytes(const char *text, int64_t *bytes, struct bl_error *err)
{
    double total;

    if (!text_parse_units(text, byte_units, 1, &total))
        return bl_fail(
            err, BL_E_ARG,
            "'%s' is not a size: write bytes or a number with a unit, such as \"64KB\", "
            "\"2GB\" (1024-based)",
            text);
    *bytes = (int64_t)(total + 0.5);
    return BL_OK;
}

void bl_format_duration(char *out, size_t size, int64_t millis)
{
    int64_t seconds = millis / 1000;

    if (millis < 1000)
        snprintf(out, size, "%lld ms", (long long)millis);
    else if (millis < 60000)
        snprintf(out, size, "%.1f s", (double)millis / 1000);
    else if (seconds < 3600)
        snprintf(out, size, "%lld min %lld s", (long long)(seconds / 60),
                 (long long)(seconds % 60));
    else
        snprintf(out, size, "%lld h %lld min", (long long)(seconds / 3600),
                 (long long)(seconds / 60 % 60));
}

void bl_format_bytes(char *out, size_t size, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double amount = (double)bytes;
    size_t unit = 0;

    while (fabs(amount) >= 1024 && unit + 1 < BL_COUNT(units)) {
        amount /= 1024;
        unit++;
    }
    if (unit == 0 || amount == floor(amount))
        snprintf(out, size, "%.0f %s", amount, units[unit]);
    else
        snprintf(out, size, "%.1f %s", amount, units[unit]);
}

#define DISTANCE_MAX 40

static int text_least(int a, int b)
{
    return a < b ? a : b;
}

/*
 * How many letters are to be changed, added, left out or swapped with their neighbour; case
 * does not count. Names above 40 characters are never near.
 */
static int text_distance(const char *a, const char *b)
{
    int rows[3][DISTANCE_MAX + 1];
    size_t len_a = strlen(a), len_b = strlen(b);

    if (len_a > DISTANCE_MAX || len_b > DISTANCE_MAX)
        return 100;
    for (size_t j = 0; j <= len_b; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= len_a; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *twice = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= len_b; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            row[j] = text_least(text_least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]))
                row[j] = text_least(row[j], twice[j - 2] + 1);
        }
    }
    return rows[len_a % 3][len_b];
}

const char *bl_suggest(const char *wanted, const char *const *names)
{
    const char *best = NULL;
    int best_distance = strlen(wanted) < 4 ? 2 : 3;

    for (; *names != NULL; names++) {
        int distance = text_distance(wanted, *names);
        if (distance < best_distance) {
            best_distance = distance;
            best = *names;
        }
    }
    return best;
}
