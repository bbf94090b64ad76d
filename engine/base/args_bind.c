/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* args_bind.c: arguments, options and settings by position and name, against a whole table. */
#include "base/module.h"
#include "base/text.h"

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
    char choices[200];
    enum bl_code code;

    if (bl_value_type(given) == BL_NIL && arg->fallback == NULL) {
        if (arg->flags & BL_ARG_OPTIONAL)
            return BL_OK;
        return bl_fail(err, BL_E_ARG, "%s '%s' is missing: it must be %s (%s)", what, arg->name,
                       bl_arg_choices(arg, choices, sizeof(choices)),
                       arg->text != NULL ? arg->text : "");
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
