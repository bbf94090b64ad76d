/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* measure.c: a measured value with its unit, as people read it. */
#include "base/measure.h"

#include "base/json.h"
#include "base/text.h"

#include <math.h>

/* Digits with a comma between thousands; `text` is "-1234" or "1234.5". */
static void measure_group(struct bl_buf *out, const char *text)
{
    size_t digits;

    if (*text == '-')
        bl_buf_char(out, *text++);
    digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits; i++) {
        if (i > 0 && (digits - i) % 3 == 0)
            bl_buf_char(out, ',');
        bl_buf_char(out, text[i]);
    }
    bl_buf_text_add(out, text + digits);
}

static void measure_number(struct bl_buf *out, const struct bl_value *value)
{
    double number = bl_value_as_float(value);
    char text[64];
    size_t len;

    if (bl_value_type(value) == BL_INT) {
        snprintf(text, sizeof(text), "%lld", (long long)bl_value_as_int(value));
    } else if (!isfinite(number) || fabs(number) >= 1e15 ||
               (number != 0 && fabs(number) < 0.01)) {
        snprintf(text, sizeof(text), "%.4g", number);
    } else {
        snprintf(text, sizeof(text), "%.2f", number);
        len = strlen(text);
        while (text[len - 1] == '0')
            text[--len] = '\0';
        if (text[len - 1] == '.')
            text[--len] = '\0';
    }
    measure_group(out, text);
}

/* Bytes as they are, but a NUL, which would hide the rest, as its escape. */
static void measure_text(struct bl_buf *out, const char *data, size_t len)
{
    while (len > 0) {
        const char *nul = memchr(data, '\0', len);
        size_t part = nul != NULL ? (size_t)(nul - data) : len;

        bl_buf_add(out, data, part);
        if (nul != NULL)
            bl_buf_text_add(out, "\\x00");
        part += nul != NULL;
        data += part;
        len -= part;
    }
}

static bool measure_is_one_of(const char *unit, const char *one, const char *other)
{
    return strcmp(unit, one) == 0 || strcmp(unit, other) == 0;
}

/* Units that have a human form of their own. False: an ordinary number. */
static bool measure_known(struct bl_buf *out, double number, const char *unit)
{
    char text[40];

    if (!isfinite(number) || fabs(number) > 9e15)
        return false;
    if (measure_is_one_of(unit, "bytes", "B"))
        bl_format_bytes(text, sizeof(text), (int64_t)llround(number));
    else if (number >= 0 && measure_is_one_of(unit, "s", "seconds") && number < 9e12)
        bl_format_duration(text, sizeof(text), (int64_t)llround(number * 1000));
    else if (number >= 0 && measure_is_one_of(unit, "ms", "milliseconds"))
        bl_format_duration(text, sizeof(text), (int64_t)llround(number));
    else
        return false;
    bl_buf_text_add(out, text);
    return true;
}

void bl_measure_format(struct bl_buf *out, const struct bl_value *value, const char *unit)
{
    const char *data;
    size_t len;

    switch (bl_value_type(value)) {
    case BL_NIL:
        bl_buf_text_add(out, "nothing");
        return;
    case BL_BOOL:
        bl_buf_text_add(out, bl_value_is_true(value) ? "yes" : "no");
        return;
    case BL_BYTES:
        data = bl_value_as_bytes(value, &len);
        measure_text(out, data, len);
        return;
    case BL_INT:
    case BL_FLOAT:
        break;
    default:
        bl_json_write(out, value, BL_JSON_PLAIN);
        return;
    }
    if (isnan(bl_value_as_float(value))) {
        bl_buf_text_add(out, "not a number");
    } else if (unit == NULL || *unit == '\0') {
        measure_number(out, value);
    } else if (!measure_known(out, bl_value_as_float(value), unit)) {
        measure_number(out, value);
        bl_buf_printf(out, " %s", measure_is_one_of(unit, "%", "percent") ? "%" : unit);
    }
}
