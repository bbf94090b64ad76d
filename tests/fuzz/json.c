/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* json.c: any bytes as JSON: no crash, and what was read and written reads back the same. */
#include "base/prefix.h"

#include "base/json.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes the value in the style, reads that and writes it again: both texts must be the same.
 */
static void json_check_round(const struct bl_value *value, enum bl_json_style style)
{
    struct bl_buf first, second;
    struct bl_value *again = NULL;
    struct bl_error err = {0};
    bool canonical = style == BL_JSON_CANONICAL;

    bl_buf_init(&first, 0);
    bl_buf_init(&second, 0);
    bl_json_write(&first, value, style);
    if (!bl_utf8_is_valid(bl_buf_text(&first), first.len))
        BL_BUG("wrote what is not UTF-8");
    if (bl_json_parse(bl_buf_text(&first), first.len, canonical, &again, &err) != BL_OK)
        BL_BUG("cannot read what was written: %s", bl_buf_text(&first));
    bl_json_write(&second, again, style);
    if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
        BL_BUG("wrote %s, then %s", bl_buf_text(&first), bl_buf_text(&second));
    bl_value_unref(again);
    bl_buf_release(&first);
    bl_buf_release(&second);
}

static void json_check(const char *text, size_t len, bool canonical)
{
    struct bl_value *value = NULL;
    struct bl_error err = {0};

    if (bl_json_parse(text, len, canonical, &value, &err) == BL_OK) {
        json_check_round(value, BL_JSON_CANONICAL);
        json_check_round(value, BL_JSON_PLAIN);
        json_check_round(value, BL_JSON_PRETTY);
        bl_value_unref(value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_check((const char *)data, size, true);
    json_check((const char *)data, size, false);
    return 0;
}
