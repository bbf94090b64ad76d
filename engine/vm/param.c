/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* param.c: a parameter's value in its normal form, or why it is none. */
#include "base/prefix.h"

#include "vm/runtime.h"

#include "base/measure.h"
#include "base/module.h"

/* Whether a checked value is not beyond the parameter's min and max, written as values are. */
static bool param_is_within(const struct bl_arg *arg, const struct bl_value *param,
                            const struct bl_value *amount)
{
    static const char *const names[] = {"min", "max"};
    struct bl_error err;

    for (size_t i = 0; i < BL_COUNT(names); i++) {
        const struct bl_value *given = bl_map_get(param, names[i]);
        struct bl_value *bound = NULL;
        double distance;
        if (given == NULL || bl_arg_check(arg, "parameter", given, &bound, &err) != BL_OK)
            continue;
        distance = bl_value_as_float(amount) - bl_value_as_float(bound);
        bl_value_unref(bound);
        if (i == 0 ? distance < 0 : distance > 0)
            return false;
    }
    return true;
}

static enum bl_code param_fail(const struct bl_arg *arg, const struct bl_value *param,
                               const struct bl_value *given, struct bl_error *err)
{
    const struct bl_value *min = bl_map_get(param, "min"), *max = bl_map_get(param, "max");
    struct bl_buf text;
    enum bl_code code;

    bl_buf_init(&text, 300);
    bl_buf_text_add(&text, min == NULL ? "at most " : max == NULL ? "at least " : "between ");
    if (min != NULL)
        bl_measure_format(&text, min, NULL);
    bl_buf_text_add(&text, min != NULL && max != NULL ? " and " : "");
    if (max != NULL)
        bl_measure_format(&text, max, NULL);
    bl_buf_text_add(&text, ", not ");
    bl_measure_format(&text, given, NULL);
    code = bl_fail(err, BL_E_ARG, "parameter '%s' must be %s", arg->name, bl_buf_text(&text));
    bl_buf_release(&text);
    return code;
}

enum bl_code bl_param_check(const struct bl_value *param, const struct bl_value *given,
                            struct bl_value **normal, struct bl_error *err)
{
    static const struct {
        const char *name;
        enum bl_arg_type type;
    } types[] = {
        {"string", BL_T_STRING},   {"integer", BL_T_INTEGER}, {"number", BL_T_NUMBER},
        {"boolean", BL_T_BOOLEAN}, {"choice", BL_T_CHOICE},   {"duration", BL_T_DURATION},
        {"bytes", BL_T_BYTES},     {"host", BL_T_HOST},       {"port", BL_T_PORT},
        {"path", BL_T_PATH},       {"secret", BL_T_STRING},
    };
    const char *type = bl_map_text(param, "type", "string"), *choices[64];
    const struct bl_value *list = bl_map_get(param, "choices");
    struct bl_arg arg = {.name = bl_map_text(param, "name", "value"), .choices = choices};
    struct bl_value *amount = NULL;
    enum bl_code code;
    size_t count = 0;

    for (size_t i = 0; i < BL_COUNT(types); i++) {
        if (strcmp(types[i].name, type) == 0)
            arg.type = types[i].type;
    }
    for (; count < bl_value_count(list) && count < 63; count++)
        choices[count] = bl_value_as_text(bl_list_get(list, count));
    choices[count] = NULL;
    arg.flags = strcmp(type, "secret") == 0 ? BL_ARG_SECRET : 0;
    code = bl_arg_check(&arg, "parameter", given, &amount, err);
    if (code != BL_OK)
        return code;
    if (!param_is_within(&arg, param, amount)) {
        bl_value_unref(amount);
        return param_fail(&arg, param, given, err);
    }
    if (arg.type == BL_T_DURATION) { /* authors count in seconds */
        *normal = bl_value_float((double)bl_value_as_int(amount) / 1000);
        bl_value_unref(amount);
    } else {
        *normal = amount;
    }
    return BL_OK;
}
