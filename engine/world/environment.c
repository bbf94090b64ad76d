/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* environment.c: what an environment file says, checked. */
#include "base/prefix.h"

#include "world/environment.h"

#include "base/module.h"
#include "base/text.h"

static const char *const class_choices[] = {"change", "destroy", NULL};
static const char *const change_choices[] = {"confirm", "free", "refuse", NULL};

static const struct bl_arg program_fields[] = {
    {.name = "class",
     .type = BL_T_CHOICE,
     .choices = class_choices,
     .text = "what the program does"},
    {.name = "target",
     .type = BL_T_STRING,
     .flags = BL_ARG_OPTIONAL,
     .text = "the connection it works on, e.g. postgres.main"},
    {0},
};

static const struct bl_arg policy_fields[] = {
    {.name = "change", .type = BL_T_ANY, .flags = BL_ARG_OPTIONAL},
    {.name = "destroy", .type = BL_T_ANY, .flags = BL_ARG_OPTIONAL},
    {0},
};

static const struct bl_arg destroy_fields[] = {
    {.name = "typed", .type = BL_T_BOOLEAN, .fallback = "true"},
    {.name = "approvals", .type = BL_T_INTEGER, .fallback = "0", .min = 0, .max = 9},
    {.name = "expires", .type = BL_T_DURATION, .flags = BL_ARG_OPTIONAL, .min = 1},
    {0},
};

static const struct bl_arg change_fields[] = {
    {.name = "approvals", .type = BL_T_INTEGER, .fallback = "0", .min = 0, .max = 9},
    {.name = "expires", .type = BL_T_DURATION, .flags = BL_ARG_OPTIONAL, .min = 1},
    {0},
};

static const struct bl_arg change_word = {
    .name = "change", .type = BL_T_CHOICE, .choices = change_choices};

static const struct bl_arg signing_fields[] = {
    {.name = "key", .type = BL_T_STRING, .flags = BL_ARG_OPTIONAL},
    {.name = "allowed", .type = BL_T_STRING, .fallback = "allowed_signers"},
    {.name = "required", .type = BL_T_BOOLEAN, .fallback = "false"},
    {0},
};

static const struct bl_arg environment_fields[] = {
    {.name = "state", .type = BL_T_PATH, .flags = BL_ARG_OPTIONAL},
    {.name = "policy", .type = BL_T_MAP, .flags = BL_ARG_OPTIONAL},
    {.name = "signing", .type = BL_T_MAP, .flags = BL_ARG_OPTIONAL},
    {.name = "params", .type = BL_T_MAP, .flags = BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "exec", .type = BL_T_MAP, .flags = BL_ARG_OPTIONAL},
    {0},
};

static enum bl_code environment_check_connection(const struct bl_module *module,
                                                 const char *name, const struct bl_value *given,
                                                 struct bl_value *connections,
                                                 struct bl_error *err)
{
    struct bl_value *checked = NULL;
    struct bl_error why;
    char target[160];

    snprintf(target, sizeof(target), "%s.%s", module->name, name);
    if (bl_value_type(given) != BL_MAP)
        return bl_fail(err, BL_E_ARG, "%s: must be a table of settings, not a %s", target,
                       bl_type_name(bl_value_type(given)));
    if (bl_args_check_map(module->settings, "setting", given, &checked, &why) != BL_OK)
        return bl_fail(err, BL_E_ARG, "%s: %s", target, why.message);
    bl_map_set(connections, target, checked);
    return BL_OK;
}

static enum bl_code environment_unknown(const char *name, struct bl_error *err)
{
    const char *names[64], *near;
    size_t count = 0;

    for (size_t i = 0; bl_modules[i] != NULL && count < 50; i++) {
        if (bl_modules[i]->settings != NULL)
            names[count++] = bl_modules[i]->name;
    }
    for (size_t i = 0; environment_fields[i].name != NULL; i++)
        names[count++] = environment_fields[i].name;
    names[count] = NULL;
    near = bl_suggest(name, names);
    return bl_fail(err, BL_E_ARG, "'%s' is neither a module with connections nor a field%s%s%s",
                   name, near != NULL ? ": did you mean '" : "", near != NULL ? near : "",
                   near != NULL ? "'?" : "");
}

static enum bl_code environment_check_module(const char *name, const struct bl_value *given,
                                             struct bl_value *connections, struct bl_error *err)
{
    const struct bl_module *module = bl_module_find(name);
    enum bl_code code = BL_OK;

    if (module == NULL || module->settings == NULL)
        return environment_unknown(name, err);
    if (bl_value_type(given) != BL_MAP)
        return bl_fail(err, BL_E_ARG, "'%s' must be a table of connections by name", name);
    for (size_t i = 0; code == BL_OK && i < bl_value_count(given); i++)
        code = environment_check_connection(module, bl_map_key(given, i), bl_map_at(given, i),
                                            connections, err);
    return code;
}

static enum bl_code environment_check_exec(const struct bl_value *given, struct bl_value *out,
                                           struct bl_error *err)
{
    struct bl_value *programs = bl_map_new();
    struct bl_error why;
    enum bl_code code = BL_OK;

    for (size_t i = 0; code == BL_OK && i < bl_value_count(given); i++) {
        struct bl_value *checked = NULL;
        code = bl_args_check_map(program_fields, "field", bl_map_at(given, i), &checked, &why);
        if (code == BL_OK)
            bl_map_set(programs, bl_map_key(given, i), checked);
        else
            bl_fail(err, code, "exec.%s: %s", bl_map_key(given, i), why.message);
    }
    bl_map_set(out, "exec", programs);
    return code;
}

#define APPROVAL_MS 3600000 /* a question to other people stands for an hour by itself */

/* What a gate asks for as a table: { typed =, approvals =, expires = }. */
static enum bl_code environment_check_gate(const struct bl_arg *fields, const char *name,
                                           const struct bl_value *given, struct bl_value **gate,
                                           struct bl_error *err)
{
    struct bl_error why;
    char what[40];

    snprintf(what, sizeof(what), "field of %s", name);
    if (bl_args_check_map(fields, what, given, gate, &why) != BL_OK)
        return bl_fail(err, why.code, "policy: %s", why.message);
    if (bl_map_int(*gate, "approvals", 0) > 0 && bl_map_get(*gate, "expires") == NULL)
        bl_map_set(*gate, "expires", bl_value_int(APPROVAL_MS));
    return BL_OK;
}

/* "confirm", "free", "refuse", or the table of a gate, which is a confirmation. */
static enum bl_code environment_check_change(const struct bl_value *given,
                                             struct bl_value *policy, struct bl_error *err)
{
    struct bl_value *gate = NULL;
    struct bl_error why;

    if (given == NULL || bl_value_type(given) == BL_MAP) {
        if (environment_check_gate(change_fields, "change", given, &gate, err) != BL_OK)
            return err->code;
        bl_map_set(policy, "change", bl_value_text("confirm"));
        bl_map_set(policy, "confirm", gate);
        return BL_OK;
    }
    if (bl_arg_check(&change_word, "field", given, &gate, &why) != BL_OK)
        return bl_fail(err, why.code, "policy: %s, or a table such as { approvals = 1 }",
                       why.message);
    bl_map_set(policy, "change", gate);
    return BL_OK;
}

static enum bl_code environment_check_destroy(const struct bl_value *given,
                                              struct bl_value *policy, struct bl_error *err)
{
    struct bl_value *gate = NULL;

    if (strcmp(bl_value_as_text(given), "refuse") == 0) {
        bl_map_set(policy, "destroy", bl_value_ref(given));
        return BL_OK;
    }
    if (given != NULL && bl_value_type(given) != BL_MAP)
        return bl_fail(
            err, BL_E_ARG,
            "policy: 'destroy' must be \"refuse\" or a table such as { typed = true }");
    if (environment_check_gate(destroy_fields, "destroy", given, &gate, err) != BL_OK)
        return err->code;
    bl_map_set(policy, "destroy", gate);
    return BL_OK;
}

static enum bl_code environment_check_policy(const struct bl_value *given, struct bl_value *out,
                                             struct bl_error *err)
{
    struct bl_value *known = NULL, *policy;
    struct bl_error why;
    enum bl_code code = bl_args_check_map(policy_fields, "field", given, &known, &why);

    if (code != BL_OK)
        return bl_fail(err, code, "policy: %s", why.message);
    policy = bl_map_new();
    code = environment_check_change(bl_map_get(known, "change"), policy, err);
    if (code == BL_OK)
        code = environment_check_destroy(bl_map_get(known, "destroy"), policy, err);
    bl_value_unref(known);
    if (code == BL_OK)
        bl_map_set(out, "policy", policy);
    else
        bl_value_unref(policy);
    return code;
}

static enum bl_code environment_check_signing(const struct bl_value *given,
                                              struct bl_value *out, struct bl_error *err)
{
    struct bl_value *signing = NULL;
    struct bl_error why;

    if (given == NULL)
        return BL_OK;
    if (bl_args_check_map(signing_fields, "field", given, &signing, &why) != BL_OK)
        return bl_fail(err, why.code, "signing: %s", why.message);
    if (bl_map_bool(signing, "required", false) && bl_map_text(signing, "key", "")[0] == '\0') {
        bl_value_unref(signing);
        return bl_fail(err, BL_E_ARG,
                       "signing: 'required' needs a 'key': the path of the public SSH key that "
                       "signs, such as \"~/.ssh/id_ed25519.pub\"");
    }
    bl_map_set(out, "signing", signing);
    return BL_OK;
}

static enum bl_code environment_fill(const struct bl_value *given, struct bl_value *out,
                                     struct bl_error *err)
{
    struct bl_value *connections = bl_map_new();
    struct bl_value *normal;
    enum bl_code code = BL_OK;

    bl_map_set(out, "connections", connections);
    for (size_t i = 0; code == BL_OK && i < bl_value_count(given); i++) {
        const char *key = bl_map_key(given, i);
        const struct bl_arg *field = bl_arg_find(environment_fields, key);
        if (field == NULL) {
            code = environment_check_module(key, bl_map_at(given, i), connections, err);
            continue;
        }
        normal = NULL;
        code = bl_arg_check(field, "field", bl_map_at(given, i), &normal, err);
        if (code == BL_OK)
            bl_map_set(out, key, normal);
    }
    if (code == BL_OK && bl_map_text(out, "state", "/")[0] != '/')
        code = bl_fail(err, BL_E_ARG,
                       "field 'state' must be an absolute path, so that every folder a run is "
                       "started in means the same, not '%.200s'",
                       bl_map_text(out, "state", ""));
    if (code == BL_OK)
        code = environment_check_policy(bl_map_get(given, "policy"), out, err);
    if (code == BL_OK)
        code = environment_check_signing(bl_map_get(given, "signing"), out, err);
    if (code == BL_OK)
        code = environment_check_exec(bl_map_get(given, "exec"), out, err);
    return code;
}

enum bl_code bl_environment_check(const char *name, const struct bl_value *given,
                                  struct bl_value **environment, struct bl_error *err)
{
    struct bl_value *out = bl_map_new();
    enum bl_code code = environment_fill(given, out, err);

    bl_map_set(out, "name", bl_value_text(name));
    if (code != BL_OK)
        bl_value_unref(out);
    else
        *environment = out;
    return code;
}

const struct bl_value *bl_environment_connection(const struct bl_value *environment,
                                                 const char *target)
{
    return bl_map_get(bl_map_get(environment, "connections"), target);
}

const struct bl_value *bl_environment_settings(const struct bl_value *environment,
                                               const struct bl_module *module,
                                               const char *target)
{
    return module->settings != NULL ? bl_environment_connection(environment, target)
                                    : bl_map_get(environment, module->name);
}

static void trusted_add(struct bl_value *lines, const char *who, const struct bl_value *names)
{
    struct bl_buf line;

    bl_buf_init(&line, 0);
    bl_buf_printf(&line, "%s trusts", who);
    for (size_t i = 0; i < bl_value_count(names); i++)
        bl_buf_printf(&line, "%s %s", i > 0 ? "," : "",
                      bl_value_as_text(bl_list_get(names, i)));
    if (bl_value_count(names) > 0)
        bl_list_add(lines, bl_value_text(bl_buf_text(&line)));
    bl_buf_release(&line);
}

struct bl_value *bl_environment_trusted(const struct bl_value *environment)
{
    const struct bl_value *connections = bl_map_get(environment, "connections");
    const struct bl_value *programs = bl_map_get(environment, "exec");
    struct bl_value *lines = bl_list_new();

    for (size_t i = 0; i < bl_value_count(connections); i++)
        trusted_add(lines, bl_map_key(connections, i),
                    bl_map_get(bl_map_at(connections, i), "trusted"));
    for (size_t i = 0; i < bl_value_count(programs); i++) {
        const char *class = bl_map_text(bl_map_at(programs, i), "class", "destroy");
        if (strcmp(class, "destroy") != 0)
            bl_list_add(lines,
                        bl_value_textf("exec.%s is a %s", bl_map_key(programs, i), class));
    }
    return lines;
}
