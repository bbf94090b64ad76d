/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* text.c: any bytes as outside text: what reaches a terminal is clean, numbers stay in bounds.
 */
#include "base/prefix.h"

#include "base/clock.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text_check_clean(const char *data, size_t size, bool keep_lines)
{
    struct bl_buf out;

    bl_buf_init(&out, 0);
    bl_text_clean(&out, data, size, keep_lines);
    if (!bl_utf8_is_valid(bl_buf_text(&out), out.len))
        BL_BUG("clean text is not UTF-8");
    for (size_t i = 0; i < out.len; i++) {
        unsigned char c = (unsigned char)out.data[i];
        bool line = keep_lines && (c == '\n' || c == '\t');
        bool c1 = c == 0xc2 && (unsigned char)out.data[i + 1] < 0xa0;
        if ((c < 0x20 && !line) || c == 0x7f || c1)
            BL_BUG("clean text has the control character %02x", c);
    }
    bl_buf_release(&out);
}

static void text_check_numbers(const char *text)
{
    struct bl_error err = {0};
    int64_t number = -1;

    if (bl_parse_duration(text, &number, &err) == BL_OK && number < 0)
        BL_BUG("a negative duration from '%s'", text);
    number = -1;
    if (bl_parse_bytes(text, &number, &err) == BL_OK && number < 0)
        BL_BUG("a negative size from '%s'", text);
}

/* A time of the years 1970 to 9999 that was read and written reads back the same. */
static void text_check_time(const char *text)
{
    int64_t first = 0, second = 0;
    char out[BL_TIME_TEXT];

    if (bl_time_parse(text, &first, NULL) != BL_OK)
        return;
    bl_time_format(first, out);
    if (first < 0 || first >= INT64_C(253402300800000))
        return;
    if (bl_time_parse(out, &second, NULL) != BL_OK || first != second)
        BL_BUG("'%s' became %s", text, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = bl_strndup((const char *)data, size);

    text_check_clean((const char *)data, size, false);
    text_check_clean((const char *)data, size, true);
    text_check_numbers(text);
    text_check_time(text);
    bl_free(text);
    return 0;
}
