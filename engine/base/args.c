/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* args.c: checks one value that an author wrote against its table entry. */
#include "base/module.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>

const struct bl_operation *bl_operation_find(const struct bl_module *module, const char *name)
{
    for (const struct bl_operation *op = module->operations; op != NULL && op->name != NULL;
         op++) {
        if (strcmp(op->name, name) == 0)
            return op;
    }
    return NULL;
}

struct bl_value *bl_nominal_true(const struct bl_call *call)
{
    (void)call;
    return bl_value_bool(true);
}

const struct bl_arg *bl_arg_find(const struct bl_arg *args, const char *name)
{
    for (; args != NULL && args->name != NULL; args++) {
        if (strcmp(args->name, name) == 0)
            return args;
    }
    return NULL;
}

const char *bl_arg_wanted(const struct bl_arg *arg)
{
    static const char *const wanted[] = {
        [BL_T_ANY] = "a value",
        [BL_T_BOOLEAN] = "true or false",
        [BL_T_INTEGER] = "an integer",
        [BL_T_NUMBER] = "a number",
        [BL_T_STRING] = "a string",
        [BL_T_DURATION] = "a duration (seconds or \"2m\")",
        [BL_T_BYTES] = "a size (bytes or \"2GB\")",
        [BL_T_CHOICE] = "one of its choices",
        [BL_T_HOST] = "a host name or address",
        [BL_T_PORT] = "a port (1 to 65535)",
        [BL_T_PATH] = "a path",
        [BL_T_LIST] = "a list",
        [BL_T_STRINGS] = "a list of strings",
        [BL_T_MAP] = "a table with names",
        [BL_T_COMMAND] = "a list of a program and its arguments",
    };

    return wanted[arg->type];
}

const char *bl_arg_choices(const struct bl_arg *arg, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "one of");

    if (arg->type != BL_T_CHOICE || arg->choices == NULL)
        return bl_arg_wanted(arg);
    for (size_t i = 0; arg->choices[i] != NULL && len < size; i++)
        len +=
            (size_t)snprintf(out + len, size - len, "%s %s", i > 0 ? "," : "", arg->choices[i]);
    return out;
}

static enum bl_code arg_wrong(const struct bl_arg *arg, const char *what,
                              const struct bl_value *given, struct bl_error *err)
{
    enum bl_type type = bl_value_type(given);
    const char *shown = type == BL_BYTES ? bl_value_as_text(given) : "";
    char choices[200];

    return bl_fail(err, BL_E_ARG, "%s '%s' must be %s, not %s%s%.60s%s", what, arg->name,
                   bl_arg_choices(arg, choices, sizeof(choices)),
                   type == BL_BYTES ? "the string" : bl_type_name(type),
                   *shown != '\0' ? " '" : "", shown, *shown != '\0' ? "'" : "");
}

static enum bl_code arg_check_range(const struct bl_arg *arg, const char *what, int64_t number,
                                    struct bl_error *err)
{
    int64_t min = arg->min, max = arg->max;

    if (arg->type == BL_T_PORT) {
        min = 1;
        max = 65535;
    } else if ((arg->type == BL_T_DURATION || arg->type == BL_T_BYTES) && max == 0) {
        max = INT64_MAX;
    }
    if ((min == 0 && max == 0) || (number >= min && number <= max))
        return BL_OK;
    if (max == INT64_MAX)
        return bl_fail(err, BL_E_ARG, "%s '%s' must be at least %lld, not %lld", what,
                       arg->name, (long long)min, (long long)number);
    return bl_fail(err, BL_E_ARG, "%s '%s' must be between %lld and %lld, not %lld", what,
                   arg->name, (long long)min, (long long)max, (long long)number);
}

/* Durations and sizes: a number in seconds or bytes, or text with units. */
static enum bl_code arg_check_amount(const struct bl_arg *arg, const char *what,
                                     const struct bl_value *given, int64_t *amount,
                                     struct bl_error *err)
{
    bool is_duration = arg->type == BL_T_DURATION;
    const char *text = bl_value_as_text(given);
    double number;
    struct bl_error why;
    enum bl_code code;

    if (bl_value_type(given) == BL_BYTES) {
        code = is_duration ? bl_parse_duration(text, amount, &why)
                           : bl_parse_bytes(text, amount, &why);
        return code == BL_OK ? BL_OK
                             : bl_fail(err, code, "%s '%s': %s", what, arg->name, why.message);
    }
    if (bl_value_type(given) != BL_INT && bl_value_type(given) != BL_FLOAT)
        return arg_wrong(arg, what, given, err);
    number = bl_value_as_float(given) * (is_duration ? 1000 : 1);
    if (!(number >= 0 && number < 9e18))
        return bl_fail(err, BL_E_ARG, "%s '%s' must be %s, not %g", what, arg->name,
                       number > 0 ? "less than 9e18 (9e15 seconds)" : "0 or more",
                       bl_value_as_float(given));
    *amount = bl_value_type(given) == BL_INT && !is_duration ? bl_value_as_int(given)
                                                             : (int64_t)(number + 0.5);
    return BL_OK;
}

/* Integers (also as floats without a fraction, and as text, since parameters arrive as text).
 */
static bool arg_read_integer(const struct bl_value *given, int64_t *number)
{
    const char *text = bl_value_as_text(given);
    char *end = NULL;

    switch (bl_value_type(given)) {
    case BL_INT:
        *number = bl_value_as_int(given);
        return true;
    case BL_FLOAT:
        *number = bl_value_as_int(given);
        return (double)*number == bl_value_as_float(given);
    case BL_BYTES:
        errno = 0;
        *number = strtoll(text, &end, 10);
        return end != text && *end == '\0' && errno == 0;
    default:
        return false;
    }
}

static enum bl_code arg_check_number(const struct bl_arg *arg, const char *what,
                                     const struct bl_value *given, struct bl_value **normal,
                                     struct bl_error *err)
{
    int64_t number = 0;
    enum bl_code code = BL_OK;
    const char *text = bl_value_as_text(given);
    char *end = NULL;

    if (arg->type == BL_T_DURATION || arg->type == BL_T_BYTES) {
        code = arg_check_amount(arg, what, given, &number, err);
    } else if (!arg_read_integer(given, &number)) {
        bool is_text = bl_value_type(given) == BL_BYTES;
        double real = is_text ? strtod(text, &end) : bl_value_as_float(given);
        bool is_number =
            is_text ? *text != '\0' && *end == '\0' : bl_value_type(given) == BL_FLOAT;
        if (arg->type != BL_T_NUMBER || !is_number || isnan(real))
            return arg_wrong(arg, what, given, err);
        *normal = bl_value_float(real);
        return BL_OK;
    }
    if (code == BL_OK)
        code = arg_check_range(arg, what, number, err);
    if (code == BL_OK)
        *normal = bl_value_int(number);
    return code;
}

static enum bl_code arg_check_choice(const struct bl_arg *arg, const char *what,
                                     const struct bl_value *given, struct bl_error *err)
{
    const char *text = bl_value_as_text(given);
    struct bl_buf names;
    enum bl_code code;

    for (size_t i = 0; arg->choices != NULL && arg->choices[i] != NULL; i++) {
        if (strcmp(arg->choices[i], text) == 0)
            return BL_OK;
    }
    bl_buf_init(&names, 300);
    for (size_t i = 0; arg->choices != NULL && arg->choices[i] != NULL; i++)
        bl_buf_printf(&names, "%s%s", i > 0 ? ", " : "", arg->choices[i]);
    code = bl_fail(err, BL_E_ARG, "%s '%s' must be one of %s, not '%.60s'", what, arg->name,
                   bl_buf_text(&names), text);
    bl_buf_release(&names);
    return code;
}

/* Whether text cannot be a path or a host. */
static bool arg_is_no_name(const struct bl_arg *arg, const char *text)
{
    return *text == '\0' || (arg->type == BL_T_HOST && strpbrk(text, " \t\n/@") != NULL);
}

static enum bl_code arg_check_text(const struct bl_arg *arg, const char *what,
                                   const struct bl_value *given, struct bl_error *err)
{
    size_t len;
    const char *text;

    if (bl_value_type(given) == BL_SECRET && (arg->flags & BL_ARG_SECRET))
        return BL_OK;
    if (bl_value_type(given) == BL_SECRET)
        return bl_fail(err, BL_E_ARG, "%s '%s' must not hold a secret (<secret:%s>)", what,
                       arg->name, bl_value_secret_name(given));
    if (bl_value_type(given) != BL_BYTES)
        return arg_wrong(arg, what, given, err);
    text = bl_value_as_bytes(given, &len);
    if (strlen(text) != len && !(arg->flags & BL_ARG_DATA))
        return bl_fail(err, BL_E_ARG, "%s '%s' must not hold a NUL byte", what, arg->name);
    if (arg->type == BL_T_CHOICE)
        return arg_check_choice(arg, what, given, err);
    if (arg->type != BL_T_STRING && arg_is_no_name(arg, text))
        return arg_wrong(arg, what, given, err);
    return BL_OK;
}

static enum bl_code arg_check_tree(const struct bl_arg *arg, const char *what,
                                   const struct bl_value *given, struct bl_value **normal,
                                   struct bl_error *err)
{
    enum bl_type type = bl_value_type(given);
    bool wants_map = arg->type == BL_T_MAP;
    const char *secret = arg->flags & BL_ARG_SECRET ? NULL : bl_value_secret_inside(given);

    if (secret != NULL)
        return bl_fail(err, BL_E_ARG, "%s '%s' must not hold a secret (<secret:%s>)", what,
                       arg->name, secret);
    if (arg->type == BL_T_ANY) {
        *normal = bl_value_ref(given);
        return BL_OK;
    }
    if ((type == BL_LIST || type == BL_MAP) && bl_value_count(given) == 0) {
        *normal = wants_map ? bl_map_new() : bl_list_new(); /* {} is both */
        return BL_OK;
    }
    if (type != (wants_map ? BL_MAP : BL_LIST))
        return arg_wrong(arg, what, given, err);
    for (size_t i = 0; arg->type == BL_T_STRINGS && i < bl_value_count(given); i++) {
        enum bl_type item = bl_value_type(bl_list_get(given, i));
        if (item != BL_BYTES && item != BL_SECRET)
            return bl_fail(err, BL_E_ARG, "%s '%s' must be a list of strings: item %zu is a %s",
                           what, arg->name, i + 1, bl_type_name(item));
    }
    *normal = bl_value_ref(given);
    return BL_OK;
}

/* argv: one string is a list of one; no secret, since every user sees a command's arguments. */
static enum bl_code arg_check_command(const struct bl_arg *arg, const char *what,
                                      const struct bl_value *given, struct bl_value **normal,
                                      struct bl_error *err)
{
    struct bl_arg strings = {.name = arg->name, .type = BL_T_STRINGS};
    struct bl_value *list = bl_list_new();
    enum bl_code code;
    const char *wrong = NULL;
    size_t len;

    bl_list_add(list, bl_value_ref(given));
    code = arg_check_tree(&strings, what, bl_value_type(given) == BL_BYTES ? list : given,
                          normal, err);
    bl_value_unref(list);
    if (code == BL_OK && *bl_value_as_text(bl_list_get(*normal, 0)) == '\0')
        wrong = "the program's name is empty";
    for (size_t i = 0; code == BL_OK && i < bl_value_count(*normal); i++) {
        if (strlen(bl_value_as_bytes(bl_list_get(*normal, i), &len)) != len)
            wrong = "no argument can hold a NUL byte";
    }
    if (wrong == NULL)
        return code;
    bl_value_unref(*normal);
    return bl_fail(err, BL_E_ARG, "%s '%s' must be a list of a program and its arguments: %s",
                   what, arg->name, wrong);
}

static enum bl_code arg_check_boolean(const struct bl_arg *arg, const char *what,
                                      const struct bl_value *given, struct bl_value **normal,
                                      struct bl_error *err)
{
    const char *text = bl_value_as_text(given);
    bool truth = bl_value_is_true(given);

    if (bl_value_type(given) == BL_BYTES)
        truth = strcmp(text, "true") == 0;
    if (bl_value_type(given) == BL_BYTES ? !truth && strcmp(text, "false") != 0
                                         : bl_value_type(given) != BL_BOOL)
        return arg_wrong(arg, what, given, err);
    *normal = bl_value_bool(truth);
    return BL_OK;
}

enum bl_code bl_arg_check(const struct bl_arg *arg, const char *what,
                          const struct bl_value *given, struct bl_value **normal,
                          struct bl_error *err)
{
    enum bl_code code;

    switch (arg->type) {
    case BL_T_BOOLEAN:
        return arg_check_boolean(arg, what, given, normal, err);
    case BL_T_INTEGER:
    case BL_T_NUMBER:
    case BL_T_DURATION:
    case BL_T_BYTES:
    case BL_T_PORT:
        return arg_check_number(arg, what, given, normal, err);
    case BL_T_STRING:
    case BL_T_CHOICE:
    case BL_T_HOST:
    case BL_T_PATH:
        code = arg_check_text(arg, what, given, err);
        if (code == BL_OK)
            *normal = bl_value_ref(given);
        return code;
    case BL_T_COMMAND:
        return arg_check_command(arg, what, given, normal, err);
    default:
        return arg_check_tree(arg, what, given, normal, err);
    }
}
