/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* params.c: the values of a procedure's parameters. */
#include "base/prefix.h"

#include "run/params.h"

#include "base/file.h"
#include "base/text.h"
#include "gate/prompt.h"
#include "vm/runtime.h"

#include <ctype.h>
#include <termios.h>
#include <unistd.h>

#define PARAM_FILE_MAX 1048576

static const struct bl_value *params_find(const struct bl_value *procedure, const char *name,
                                          size_t len)
{
    const struct bl_value *params = bl_map_get(procedure, "params");

    for (size_t i = 0; i < bl_value_count(params); i++) {
        const char *own = bl_map_text(bl_list_get(params, i), "name", "");
        if (strlen(own) == len && strncmp(own, name, len) == 0)
            return bl_list_get(params, i);
    }
    return NULL;
}

static enum bl_code params_unknown(const struct bl_value *procedure, const char *name,
                                   size_t len, struct bl_error *err)
{
    const struct bl_value *params = bl_map_get(procedure, "params");
    const char *names[65], *near;
    char wanted[80];
    size_t count = 0;

    snprintf(wanted, sizeof(wanted), "%.*s", (int)len, name);
    for (; count < bl_value_count(params) && count < 64; count++)
        names[count] = bl_map_text(bl_list_get(params, count), "name", "");
    names[count] = NULL;
    near = bl_suggest(wanted, names);
    return bl_fail(err, BL_E_ARG, "%s has no parameter '%s'%s%s%s",
                   bl_map_text(procedure, "id", ""), wanted,
                   near != NULL ? ": did you mean '"
                   : count == 0 ? ": it has none"
                                : "",
                   near != NULL ? near : "", near != NULL ? "'?" : "");
}

static enum bl_code params_read_file(const char *name, const char *path,
                                     struct bl_value **value, struct bl_error *err)
{
    struct bl_buf text;
    struct bl_error why;

    bl_buf_init(&text, PARAM_FILE_MAX);
    if (bl_path_read(path, &text, &why) != BL_OK) {
        bl_buf_release(&text);
        return bl_fail(err, BL_E_ARG, "--set-file %s: %s: %s", name, path, why.message);
    }
    if (text.len > 0 && text.data[text.len - 1] == '\n')
        text.data[--text.len] = '\0';
    *value = bl_value_take_buf(&text);
    return BL_OK;
}

static enum bl_code params_refuse_secret(const char *name, struct bl_error *err)
{
    return bl_fail(err, BL_E_ARG,
                   "--set %s: it is a secret, and every user of this machine sees a command "
                   "line: use --set-file %s=PATH, the variable BELAY_PARAM_…, or the prompt",
                   name, name);
}

/* The value of "name=value" or "name=path" for the parameter of that name. */
static enum bl_code params_read_set(const struct bl_value *param, const char *text,
                                    bool is_file, struct bl_value **value, struct bl_error *err)
{
    const char *name = bl_map_text(param, "name", "");

    if (is_file)
        return params_read_file(name, text, value, err);
    if (strcmp(bl_map_text(param, "type", ""), "secret") == 0)
        return params_refuse_secret(name, err);
    *value = bl_value_text(text);
    return BL_OK;
}

/* Reads "name=value" items into `given`, by name. */
static enum bl_code params_read_sets(const struct bl_value *procedure,
                                     const struct bl_value *sets, bool is_file,
                                     struct bl_value *given, struct bl_error *err)
{
    for (size_t i = 0; i < bl_value_count(sets); i++) {
        const char *item = bl_value_as_text(bl_list_get(sets, i)), *name;
        const char *equals = strchr(item, '=');
        struct bl_value *value = NULL;
        const struct bl_value *param;
        if (equals == NULL || equals == item)
            return bl_fail(err, BL_E_ARG, "--set%s '%s': write --set%s name=%s",
                           is_file ? "-file" : "", item, is_file ? "-file" : "",
                           is_file ? "path" : "value");
        param = params_find(procedure, item, (size_t)(equals - item));
        if (param == NULL)
            return params_unknown(procedure, item, (size_t)(equals - item), err);
        if (params_read_set(param, equals + 1, is_file, &value, err) != BL_OK)
            return err->code;
        name = bl_map_text(param, "name", "");
        if (!is_file || bl_map_get(given, name) == NULL)
            bl_map_set(given, name, value);
        else
            bl_value_unref(value);
    }
    return BL_OK;
}

static struct bl_value *params_from_variable(const char *name)
{
    char variable[120] = "BELAY_PARAM_";
    size_t at = strlen(variable);
    const char *value;

    for (; *name != '\0' && at + 1 < sizeof(variable); name++)
        variable[at++] = (char)toupper((unsigned char)*name);
    variable[at] = '\0';
    value = getenv(variable);
    return value != NULL ? bl_value_text(value) : NULL;
}

static void params_question(const struct bl_value *param, struct bl_buf *out)
{
    const char *help = bl_map_text(param, "help", NULL);

    bl_buf_printf(out, "%s (%s)%s%s", bl_map_text(param, "name", ""),
                  bl_map_text(param, "type", ""), help != NULL ? ", " : "",
                  help != NULL ? help : "");
}

static struct bl_value *params_prompt_secret(const char *question)
{
    struct bl_value *value = NULL;
    struct bl_error why;
    struct bl_buf line;

    bl_buf_init(&line, BL_PROMPT_MAX);
    if (bl_prompt_secret(question, &line, &why) == BL_OK)
        value = bl_value_bytes(bl_buf_text(&line), line.len);
    if (line.cap > 0)
        explicit_bzero(line.data, line.cap);
    bl_buf_release(&line);
    return value;
}

static struct bl_value *params_prompt_line(const char *question)
{
    FILE *tty = fopen("/dev/tty", "r+e");
    struct bl_value *value = NULL;
    char line[4096];

    if (tty == NULL)
        return NULL;
    fprintf(tty, "%s: ", question);
    fflush(tty);
    tcflush(fileno(tty), TCIFLUSH);
    if (fgets(line, sizeof(line), tty) != NULL && line[strcspn(line, "\n")] == '\n') {
        line[strcspn(line, "\n")] = '\0';
        value = bl_value_text(line);
    }
    fclose(tty);
    return value;
}

/* Asks for one value on the terminal; NULL when nobody is there. */
static struct bl_value *params_prompt(const struct bl_value *param)
{
    bool is_secret = strcmp(bl_map_text(param, "type", ""), "secret") == 0;
    struct bl_value *value;
    struct bl_buf question;

    bl_buf_init(&question, 0);
    params_question(param, &question);
    value = is_secret ? params_prompt_secret(bl_buf_text(&question))
                      : params_prompt_line(bl_buf_text(&question));
    bl_buf_release(&question);
    return value;
}

struct bl_value *bl_param_stand_in(const struct bl_value *param)
{
    const struct bl_value *choices = bl_map_get(param, "choices");
    const struct bl_value *min = bl_map_get(param, "min");

    if (bl_value_count(choices) > 0)
        return bl_value_ref(bl_list_get(choices, 0));
    return min != NULL ? bl_value_ref(min) : bl_value_text("1");
}

/* Where the value of a parameter comes from; a new reference, NULL when nowhere. */
static struct bl_value *params_source(const struct bl_value *param,
                                      const struct bl_value *given,
                                      const struct bl_param_sources *sources)
{
    const char *name = bl_map_text(param, "name", "");
    bool is_secret = strcmp(bl_map_text(param, "type", ""), "secret") == 0;
    const struct bl_value *named = bl_map_get(bl_map_get(sources->environment, "params"), name);
    struct bl_value *value;

    if (sources->recorded != NULL && !is_secret)
        return bl_value_ref(bl_map_get(sources->recorded, name));
    if (bl_map_get(given, name) != NULL)
        return bl_value_ref(bl_map_get(given, name));
    value = params_from_variable(name);
    if (value != NULL)
        return value;
    if (named != NULL)
        return bl_value_ref(named);
    if (bl_map_get(param, "default") != NULL)
        return bl_value_ref(bl_map_get(param, "default"));
    if (sources->may_stand_in)
        return bl_param_stand_in(param);
    return sources->may_prompt ? params_prompt(param) : NULL;
}

static enum bl_code params_add(const struct bl_value *procedure, const struct bl_value *param,
                               struct bl_value *value, struct bl_value *values,
                               struct bl_error *err)
{
    const char *name = bl_map_text(param, "name", ""), *type = bl_map_text(param, "type", "");
    struct bl_value *normal = NULL;
    enum bl_code code;
    size_t len;

    if (value == NULL) {
        if (bl_map_get(param, "required") != NULL && !bl_map_bool(param, "required", true))
            return BL_OK;
        return bl_fail(err, BL_E_ARG,
                       "%s needs the parameter '%s' (%s%s%s): give it with %s %s=…",
                       bl_map_text(procedure, "id", ""), name, type,
                       bl_map_text(param, "help", NULL) != NULL ? ", " : "",
                       bl_map_text(param, "help", ""),
                       strcmp(type, "secret") == 0 ? "--set-file" : "--set", name);
    }
    code = bl_param_check(param, value, &normal, err);
    if (code != BL_OK)
        return code;
    if (strcmp(type, "secret") == 0 && bl_value_type(normal) == BL_BYTES) {
        const char *data = bl_value_as_bytes(normal, &len);
        struct bl_value *secret = bl_value_secret(name, data, len);
        bl_value_unref(normal);
        normal = secret;
    }
    bl_map_set(values, name, normal);
    return BL_OK;
}

/* A run that is taken up again has its parameters, but for the secrets. */
static enum bl_code params_keep(const struct bl_value *param, const struct bl_value *given,
                                const struct bl_param_sources *sources, struct bl_error *err)
{
    const char *name = bl_map_text(param, "name", "");

    if (sources->recorded == NULL || bl_map_get(given, name) == NULL ||
        strcmp(bl_map_text(param, "type", ""), "secret") == 0)
        return BL_OK;
    return bl_fail(err, BL_E_ARG,
                   "the run has its parameter '%s' from when it began: only secrets are given "
                   "once more",
                   name);
}

static enum bl_code params_need(const struct bl_param_sources *sources,
                                const struct bl_value *value, struct bl_error *err)
{
    return sources->secrets == NULL ? BL_OK : bl_secrets_need(sources->secrets, value, err);
}

static struct bl_value *params_names(const struct bl_value *given)
{
    struct bl_value *names = bl_list_new();

    for (size_t i = 0; i < bl_value_count(given); i++)
        bl_list_add(names, bl_value_text(bl_map_key(given, i)));
    return names;
}

enum bl_code bl_params_resolve(const struct bl_value *procedure,
                               const struct bl_param_sources *sources, struct bl_value **values,
                               struct bl_value **set, struct bl_error *err)
{
    const struct bl_value *params = bl_map_get(procedure, "params");
    struct bl_value *given = bl_map_new(), *made = bl_map_new();
    enum bl_code code = params_read_sets(procedure, sources->sets, false, given, err);

    if (code == BL_OK)
        code = params_read_sets(procedure, sources->set_files, true, given, err);
    for (size_t i = 0; code == BL_OK && i < bl_value_count(params); i++) {
        const struct bl_value *param = bl_list_get(params, i);
        struct bl_value *value = params_source(param, given, sources);
        code = params_keep(param, given, sources, err);
        if (code == BL_OK)
            code = params_need(sources, value, err);
        if (code == BL_OK)
            code = params_add(procedure, param, value, made, err);
        bl_value_unref(value);
    }
    if (code == BL_OK)
        code = params_need(sources, made, err);
    if (code != BL_OK)
        bl_value_unref(made);
    else
        *values = made;
    if (code == BL_OK && set != NULL)
        *set = params_names(given);
    bl_value_unref(given);
    return code;
}
