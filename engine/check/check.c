/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* check.c: finds what is wrong with a project before anything runs. */
#include "base/prefix.h"

#include "check/check.h"

#include "run/params.h"
#include "run/project.h"
#include "run/session.h"
#include "world/environment.h"

#include <errno.h>
#include <limits.h>

struct check {
    struct bl_project project;
    char only[PATH_MAX]; /* from the project's root; empty: all */
    const char *wanted;  /* the only environment that counts; NULL: all */
    size_t files;        /* looked into */
    struct bl_value *findings;
    struct bl_value *covers;       /* row -> id of the procedure that covers it */
    struct bl_value *environments; /* name -> checked environment */
    const char *file;              /* that is being checked */
};

/* Splits "daily/morning.lua:12: message"; without a place the file that is being checked
 * counts. */
static void check_add(struct check *check, const char *severity, const char *rule,
                      const char *message)
{
    struct bl_value *finding = bl_map_new();
    const char *colon = strstr(message, ".lua:");
    const char *text = message;
    char file[300];
    long line = 1;

    snprintf(file, sizeof(file), "%s", check->file);
    if (colon != NULL && colon - message < 250 && strpbrk(message, " \t") > colon) {
        char *end;
        long number = strtol(colon + 5, &end, 10);
        if (number > 0 && *end == ':') {
            snprintf(file, sizeof(file), "%.*s", (int)(colon + 4 - message), message);
            line = number;
            text = end + 1 + strspn(end + 1, " ");
        }
    }
    bl_map_set(finding, "file", bl_value_text(file));
    bl_map_set(finding, "line", bl_value_int(line));
    bl_map_set(finding, "severity", bl_value_text(severity));
    bl_map_set(finding, "rule", bl_value_text(rule));
    bl_map_set(finding, "message", bl_value_text(text));
    for (size_t i = 0; i < bl_value_count(check->findings); i++) {
        if (bl_value_is_equal(bl_list_get(check->findings, i), finding)) {
            bl_value_unref(finding);
            return;
        }
    }
    bl_list_add(check->findings, finding);
}

static void check_addf(struct check *check, const char *severity, const char *rule,
                       const char *format, ...) BL_PRINTF(4, 5);

static void check_addf(struct check *check, const char *severity, const char *rule,
                       const char *format, ...)
{
    struct bl_error text;
    va_list args;

    va_start(args, format);
    bl_failv(&text, BL_E_ARG, format, args);
    va_end(args);
    check_add(check, severity, rule, text.message);
}

/* Every environment, checked; those that are wrong are findings. */
static void check_environments(struct check *check)
{
    struct bl_value *names = bl_project_environments(&check->project);
    struct bl_error err;

    for (size_t i = 0; i < bl_value_count(names); i++) {
        const char *name = bl_value_as_text(bl_list_get(names, i));
        struct bl_value *environment = NULL;
        char file[300];
        if (check->wanted != NULL && strcmp(check->wanted, name) != 0)
            continue;
        snprintf(file, sizeof(file), "environments/%s.lua", name);
        check->file = file;
        if (bl_project_environment(&check->project, name, &environment, &err) == BL_OK)
            bl_map_set(check->environments, name, environment);
        else if (strncmp(err.message, file, strlen(file)) == 0 &&
                 err.message[strlen(file)] == ':')
            check_add(check, "error", "environment",
                      strncmp(err.message + strlen(file), ": ", 2) == 0
                          ? err.message + strlen(file) + 2
                          : err.message);
        else
            check_add(check, "error", "environment", err.message);
    }
    bl_value_unref(names);
}

static void check_uses(struct check *check, const struct bl_value *procedure)
{
    const struct bl_value *uses = bl_map_get(procedure, "uses");

    for (size_t i = 0; i < bl_value_count(uses); i++) {
        const char *target = bl_value_as_text(bl_map_at(uses, i));
        size_t len = strlen(target), missing = 0, count = bl_value_count(check->environments);
        const char *without = "";
        if (len > 0 && target[len - 1] == '?')
            continue;
        for (size_t j = 0; j < count; j++) {
            if (bl_environment_connection(bl_map_at(check->environments, j), target) == NULL) {
                missing++;
                without = bl_map_key(check->environments, j);
            }
        }
        if (missing > 0)
            check_addf(check, missing == count ? "error" : "warning", "connection",
                       "uses %s, which environment %s does not name", target, without);
    }
}

static void check_covers(struct check *check, const char *id, const struct bl_value *covers)
{
    for (size_t i = 0; i < bl_value_count(covers); i++) {
        const char *row = bl_value_as_text(bl_list_get(covers, i));
        const char *other = bl_map_text(check->covers, row, NULL);
        if (other != NULL && strcmp(other, id) != 0)
            check_addf(check, "warning", "covers", "%s is covered by %s already", row, other);
        else
            bl_map_set(check->covers, row, bl_value_text(id));
    }
}

/* True for what is a mistake whatever the servers answer. */
static bool check_is_mistake(const struct bl_value *error)
{
    const char *message = bl_map_text(error, "message", "");

    return strcmp(bl_map_text(error, "code", ""), "arg") == 0 ||
           strstr(message, "unknown name '") != NULL || strstr(message, " has no '") != NULL ||
           strstr(message, " is not available here: ") != NULL ||
           strstr(message, "call it with a colon") != NULL ||
           strstr(message, "cannot set the global") != NULL ||
           strstr(message, "is no procedure") != NULL;
}

/* Its place is in the event `refused`. */
static bool check_is_refusal(const struct bl_value *error)
{
    return strcmp(bl_map_text(error, "code", ""), "guard") == 0;
}

struct check_walk {
    struct check *check;
    const char *id;
    const char *environment; /* its name; NULL: none */
};

static void check_event(void *arg, const char *kind, const struct bl_value *data)
{
    struct check_walk *walk = arg;
    const struct bl_value *error = bl_map_get(data, "error");

    if (strcmp(kind, "step_started") == 0)
        check_covers(walk->check, walk->id, bl_map_get(data, "covers"));
    else if (strcmp(kind, "step_ended") == 0 && error != NULL && check_is_mistake(error))
        check_add(walk->check, "error", "body", bl_map_text(error, "message", ""));
    else if (strcmp(kind, "step_ended") == 0 && error != NULL && !check_is_refusal(error))
        check_addf(walk->check, "note", "walk", "%s", bl_map_text(error, "message", ""));
    else if (strcmp(kind, "refused") == 0)
        check_addf(walk->check, "error", "permission", "%s:%lld: %s%s%s",
                   bl_map_text(data, "file", ""), (long long)bl_map_int(data, "line", 1),
                   bl_map_text(data, "why", ""),
                   walk->environment != NULL ? ", in environment " : "",
                   walk->environment != NULL ? walk->environment : "");
}

/* Whether it names the procedure's connections and the programs that it wants to run. */
static bool check_is_fit(const struct bl_value *environment, const struct bl_value *procedure)
{
    const struct bl_value *uses = bl_map_get(procedure, "uses");
    const struct bl_value *may = bl_map_get(procedure, "may");
    const struct bl_value *programs = bl_map_get(environment, "exec");

    for (size_t i = 0; i < bl_value_count(uses); i++) {
        const char *target = bl_value_as_text(bl_map_at(uses, i));
        if (strchr(target, '?') == NULL &&
            bl_environment_connection(environment, target) == NULL)
            return false;
    }
    for (size_t i = 0; i < bl_value_count(may); i++) {
        const char *name = bl_map_key(may, i);
        if (strncmp(name, "exec.", 5) == 0 &&
            strcmp(bl_value_as_text(bl_map_at(may, i)), "change") == 0 &&
            bl_map_get(programs, name + 5) == NULL)
            return false;
    }
    return true;
}

/* production, else one that names all that the procedure needs, so that the walk gets far; else
 * the first. *name is what it is called. */
static const struct bl_value *check_choose_environment(const struct check *check,
                                                       const struct bl_value *procedure,
                                                       const char **name)
{
    const struct bl_value *all = check->environments;
    size_t chosen = 0, count = bl_value_count(all);

    for (size_t i = count; i > 0; i--) {
        if (check_is_fit(bl_map_at(all, i - 1), procedure))
            chosen = i - 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(bl_map_key(all, i), "production") == 0)
            chosen = i;
    }
    *name = count > 0 ? bl_map_key(all, chosen) : NULL;
    return bl_map_at(all, chosen);
}

/* Parameters without a value anywhere get one that stands for it. */
static struct bl_value *check_params(const struct bl_value *procedure,
                                     const struct bl_value *environment)
{
    const struct bl_value *params = bl_map_get(procedure, "params");
    struct bl_value *values = bl_map_new(), *normal;
    struct bl_error err;

    for (size_t i = 0; i < bl_value_count(params); i++) {
        const struct bl_value *param = bl_list_get(params, i);
        const char *name = bl_map_text(param, "name", "");
        const struct bl_value *value = bl_map_get(bl_map_get(environment, "params"), name);
        struct bl_value *stand_in = bl_param_stand_in(param);
        if (value == NULL)
            value = bl_map_get(param, "default");
        if (bl_param_check(param, value != NULL ? value : stand_in, &normal, &err) == BL_OK)
            bl_map_set(values, name, normal);
        bl_value_unref(stand_in);
    }
    return values;
}

static void check_walk_body(struct check *check, struct bl_runtime *runtime,
                            const struct bl_value *procedure)
{
    struct check_walk walk = {check, bl_map_text(procedure, "id", ""), NULL};
    const struct bl_value *environment =
        check_choose_environment(check, procedure, &walk.environment);
    struct bl_clock clock = {0};
    struct bl_session_settings settings = {.runtime = runtime,
                                           .clock = &clock,
                                           .environment = environment,
                                           .world = BL_WORLD_EXPLORE,
                                           .on_event = check_event,
                                           .arg = &walk};
    struct bl_value *params = check_params(procedure, environment), *error = bl_map_new();
    struct bl_session *session = bl_session_new(&settings);
    struct bl_result result = {0};
    struct bl_error err;

    if (bl_runtime_start(runtime, walk.id, params, &err) == BL_OK &&
        bl_session_run(session, &err) == BL_OK) {
        bl_runtime_result(runtime, &result);
        bl_map_set(error, "code", bl_value_text(bl_code_name(result.error.code)));
        bl_map_set(error, "message", bl_value_text(result.error.message));
        if (result.is_failed && (check_is_mistake(error) || result.error.code == BL_E_LIMIT))
            check_add(check, "error", "body", result.error.message);
        else if (result.is_failed && !check_is_refusal(error))
            check_add(check, "note", "walk", result.error.message);
    }
    bl_value_unref(result.value);
    bl_value_unref(error);
    bl_value_unref(params);
    bl_session_free(session);
}

/* One file, in a state of its own, as a run has it. */
static void check_file(struct check *check, const char *path)
{
    struct bl_runtime_settings settings = {.project = check->project.root};
    const struct bl_value *procedure;
    struct bl_runtime *runtime = NULL;
    struct bl_error err;
    char id[BL_PROCEDURE_ID];

    check->file = path;
    bl_procedure_id(path, id);
    if (bl_runtime_new(&settings, &runtime, &err) != BL_OK ||
        bl_runtime_load(runtime, path, &err) != BL_OK) {
        check_add(check, "error", "load", err.message);
    } else if ((procedure = bl_runtime_procedure(runtime, id)) != NULL) {
        check_uses(check, procedure);
        check_covers(check, id, bl_map_get(procedure, "covers"));
        check_walk_body(check, runtime, procedure);
    }
    bl_runtime_free(runtime);
}

static bool check_is_wanted(const struct check *check, const char *path)
{
    size_t len = strlen(check->only);

    return len == 0 ||
           (strncmp(path, check->only, len) == 0 && (path[len] == '\0' || path[len] == '/'));
}

/* Makes a path that a person gave, from the project's root or from here, one from the root. */
static enum bl_code check_find_only(struct check *check, const char *given,
                                    struct bl_error *err)
{
    char root[PATH_MAX], whole[PATH_MAX], joined[PATH_MAX + 1];
    size_t len;

    if (given == NULL)
        return BL_OK;
    if (realpath(check->project.root, root) == NULL)
        return bl_fail(err, BL_E_IO, "%s: %s", check->project.root, strerror(errno));
    len = strlen(root);
    snprintf(joined, sizeof(joined), "%.2000s/%.2000s", root, given);
    if ((*given == '/' || realpath(joined, whole) == NULL) && realpath(given, whole) == NULL)
        return bl_fail(err, BL_E_NOT_FOUND, "validate: there is no %s in %s", given, root);
    if (strncmp(whole, root, len) != 0 || (whole[len] != '/' && whole[len] != '\0'))
        return bl_fail(err, BL_E_NOT_FOUND,
                       "validate: %s is not in the project %s: --project "
                       "names another one",
                       given, root);
    snprintf(check->only, sizeof(check->only), "%s", whole + len + (whole[len] == '/'));
    return BL_OK;
}

/* Opens what is to be checked: the project, its environment, the path in it. */
static enum bl_code check_open(struct check *check, const struct bl_check_options *options,
                               struct bl_error *err)
{
    enum bl_code code = bl_project_open(&check->project, options->project, NULL, NULL, err);
    struct bl_value *names, *environment = NULL;
    bool is_there = options->environment == NULL;

    if (code != BL_OK)
        return code;
    names = bl_project_environments(&check->project);
    for (size_t i = 0; !is_there && i < bl_value_count(names); i++)
        is_there = strcmp(bl_value_as_text(bl_list_get(names, i)), options->environment) == 0;
    if (!is_there) /* says which there are */
        code = bl_project_environment(&check->project, options->environment, &environment, err);
    bl_value_unref(environment);
    bl_value_unref(names);
    return code == BL_OK ? check_find_only(check, options->only, err) : code;
}

static void check_files(struct check *check)
{
    const struct bl_value *files = bl_project_files(&check->project);
    struct bl_value *names = bl_project_environments(&check->project);
    char path[300];

    check_environments(check);
    for (size_t i = 0; i < bl_value_count(names); i++) {
        snprintf(path, sizeof(path), "environments/%s.lua",
                 bl_value_as_text(bl_list_get(names, i)));
        check->files += check_is_wanted(check, path);
    }
    for (size_t i = 0; i < bl_value_count(files); i++) {
        const char *file = bl_value_as_text(bl_list_get(files, i));
        if (!check_is_wanted(check, file))
            continue;
        check_file(check, file);
        check->files++;
    }
    bl_value_unref(names);
}

enum bl_code bl_check_project(const struct bl_check_options *options,
                              struct bl_value **findings, size_t *files, struct bl_error *err)
{
    struct check check = {.wanted = options->environment};
    enum bl_code code = check_open(&check, options, err);

    check.findings = bl_list_new();
    check.covers = bl_map_new();
    check.environments = bl_map_new();
    if (code == BL_OK)
        check_files(&check);
    if (code == BL_OK && check.files == 0 && *check.only != '\0')
        code = bl_fail(err, BL_E_NOT_FOUND, "validate: %s holds no runbook of the project %s",
                       check.only, check.project.root);
    bl_project_close(&check.project);
    bl_value_unref(check.covers);
    bl_value_unref(check.environments);
    *findings = check.findings;
    *files = check.files;
    return code;
}
