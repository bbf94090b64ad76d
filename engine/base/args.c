/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* args.c: checks what an author wrote against the tables, says what is wrong in one line. */
#include "base/module.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>

static const struct bl_arg common_options[] = {
    {.name = "timeout",
     .type = BL_T_DURATION,
     .text = "time until the operation gives up",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL,
     .min = 1,
     .max = INT64_C(86400000)},
    {.name = "keep",
     .type = BL_T_BYTES,
     .text = "bytes of the answer that may be kept",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL,
     .min = 1,
     .max = INT64_C(1) << 30},
    {0},
};

static const struct bl_arg no_args[] = {{0}};

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

static const char *arg_wanted(const struct bl_arg *arg)
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

static enum bl_code arg_wrong(const struct bl_arg *arg, const char *what,
                              const struct bl_value *given, struct bl_error *err)
{
    enum bl_type type = bl_value_type(given);
    const char *shown = type == BL_BYTES ? bl_value_as_text(given) : "";

    return bl_fail(err, BL_E_ARG, "%s '%s' must be %s, not %s%s%.60s%s", what, arg->name,
                   arg_wanted(arg), type == BL_BYTES ? "the string" : bl_type_name(type),
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
    if (arg->type == BL_T_CHOICE)
        return arg_check_choice(arg, what, given, err);
    if ((arg->type == BL_T_HOST || arg->type == BL_T_PATH) &&
        (len == 0 || strlen(text) != len ||
         (arg->type == BL_T_HOST && strpbrk(text, " \t\n/@") != NULL)))
        return arg_wrong(arg, what, given, err);
    return BL_OK;
}

/* A secret anywhere inside: its name; NULL when there is none. */
static const char *arg_secret_inside(const struct bl_value *value)
{
    const char *name = NULL;

    if (bl_value_type(value) == BL_SECRET)
        return bl_value_secret_name(value);
    for (size_t i = 0; name == NULL && i < bl_value_count(value); i++)
        name = arg_secret_inside(bl_value_type(value) == BL_MAP ? bl_map_at(value, i)
                                                                : bl_list_get(value, i));
    return name;
}

static enum bl_code arg_check_tree(const struct bl_arg *arg, const char *what,
                                   const struct bl_value *given, struct bl_value **normal,
                                   struct bl_error *err)
{
    enum bl_type type = bl_value_type(given);
    bool wants_map = arg->type == BL_T_MAP;
    const char *secret = arg->flags & BL_ARG_SECRET ? NULL : arg_secret_inside(given);

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

static enum bl_code args_unknown(const struct bl_arg *args, bool only_options, const char *what,
                                 const char *name, struct bl_error *err)
{
    const char *names[64];
    size_t count = 0;
    const char *near;

    for (const struct bl_arg *arg = args; arg->name != NULL && count < 61; arg++) {
        if (!only_options || (arg->flags & BL_ARG_OPTION))
            names[count++] = arg->name;
    }
    if (only_options) {
        names[count++] = "timeout";
        names[count++] = "keep";
    }
    names[count] = NULL;
    near = bl_suggest(name, names);
    if (near != NULL)
        return bl_fail(err, BL_E_ARG, "unknown %s '%s': did you mean '%s'?", what, name, near);
    return bl_fail(err, BL_E_ARG, "unknown %s '%s'", what, name);
}

/* Puts the checked value, or the default, of one argument into bound. */
static enum bl_code args_bind_one(const struct bl_arg *arg, const char *what,
                                  const struct bl_value *given, struct bl_value *bound,
                                  struct bl_error *err)
{
    struct bl_value *normal = NULL, *fallback = NULL;
    enum bl_code code;

    if (bl_value_type(given) == BL_NIL && arg->fallback == NULL) {
        if (arg->flags & BL_ARG_OPTIONAL)
            return BL_OK;
        return bl_fail(err, BL_E_ARG, "%s '%s' is missing: it must be %s (%s)", what, arg->name,
                       arg_wanted(arg), arg->text != NULL ? arg->text : "");
    }
    if (bl_value_type(given) == BL_NIL)
        given = fallback = bl_value_text(arg->fallback);
    code = bl_arg_check(arg, what, given, &normal, err);
    bl_value_unref(fallback);
    if (code == BL_OK)
        bl_map_set(bound, arg->name, normal);
    return code;
}

static enum bl_code args_bind_options(const struct bl_arg *args, bool is_operation,
                                      const struct bl_value *options, struct bl_value *bound,
                                      struct bl_error *err)
{
    enum bl_code code = BL_OK;

    for (size_t i = 0; i < bl_value_count(options); i++) {
        const char *name = bl_map_key(options, i);
        const struct bl_arg *arg = bl_arg_find(args, name);
        if (is_operation && bl_arg_find(common_options, name) != NULL)
            continue;
        if (arg == NULL || !(arg->flags & BL_ARG_OPTION))
            return args_unknown(args, true, "option", name, err);
    }
    for (const struct bl_arg *arg = args; code == BL_OK && arg->name != NULL; arg++) {
        if (arg->flags & BL_ARG_OPTION)
            code = args_bind_one(arg, "option", bl_map_get(options, arg->name), bound, err);
    }
    for (const struct bl_arg *arg = common_options;
         code == BL_OK && is_operation && arg->name != NULL; arg++)
        code = args_bind_one(arg, "option", bl_map_get(options, arg->name), bound, err);
    return code;
}

/* Where the trailing options table stands in `given`; SIZE_MAX when there is none. */
static size_t args_find_options(const struct bl_arg *args, const struct bl_value *given,
                                size_t positions)
{
    size_t count = bl_value_count(given), position = 0;
    const struct bl_value *last = bl_list_get(given, count - 1);

    if (count == 0 || bl_value_type(last) != BL_MAP)
        return SIZE_MAX;
    if (count > positions)
        return count - 1;
    if (bl_value_count(last) == 0)
        return SIZE_MAX;
    for (; args->name != NULL; args++) {
        if (args->flags & BL_ARG_OPTION)
            continue;
        if (position++ == count - 1)
            return args->type == BL_T_MAP || args->type == BL_T_ANY ? SIZE_MAX : count - 1;
    }
    return SIZE_MAX;
}

static enum bl_code args_fill(const struct bl_arg *args, bool is_operation,
                              const struct bl_value *given, struct bl_value *bound,
                              struct bl_error *err)
{
    size_t positions = 0, position = 0, options_at;
    enum bl_code code = BL_OK;

    for (const struct bl_arg *arg = args; arg->name != NULL; arg++)
        positions += !(arg->flags & BL_ARG_OPTION);
    options_at = args_find_options(args, given, positions);
    if (bl_value_count(given) > positions + (options_at != SIZE_MAX))
        return bl_fail(err, BL_E_ARG, "takes %zu arguments%s, not %zu", positions,
                       is_operation ? " and a table of options" : "", bl_value_count(given));
    for (const struct bl_arg *arg = args; code == BL_OK && arg->name != NULL; arg++) {
        if (arg->flags & BL_ARG_OPTION)
            continue;
        code = args_bind_one(arg, "argument",
                             position == options_at ? NULL : bl_list_get(given, position),
                             bound, err);
        position++;
    }
    if (code == BL_OK)
        code = args_bind_options(args, is_operation,
                                 options_at == SIZE_MAX ? NULL : bl_list_get(given, options_at),
                                 bound, err);
    return code;
}

enum bl_code bl_args_bind(const struct bl_arg *args, bool is_operation,
                          const struct bl_value *given, struct bl_value **bound,
                          struct bl_error *err)
{
    struct bl_value *map = bl_map_new();
    enum bl_code code = args_fill(args != NULL ? args : no_args, is_operation, given, map, err);

    if (code != BL_OK)
        bl_value_unref(map);
    else
        *bound = map;
    return code;
}

enum bl_code bl_args_check_map(const struct bl_arg *args, const char *what,
                               const struct bl_value *given, struct bl_value **bound,
                               struct bl_error *err)
{
    struct bl_value *map = bl_map_new();
    enum bl_code code = BL_OK;

    for (size_t i = 0; code == BL_OK && i < bl_value_count(given); i++) {
        if (bl_arg_find(args, bl_map_key(given, i)) == NULL)
            code = args_unknown(args, false, what, bl_map_key(given, i), err);
    }
    for (const struct bl_arg *arg = args; code == BL_OK && arg->name != NULL; arg++)
        code = args_bind_one(arg, what, bl_map_get(given, arg->name), map, err);
    if (code != BL_OK)
        bl_value_unref(map);
    else
        *bound = map;
    return code;
}
