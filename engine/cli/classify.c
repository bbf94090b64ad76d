/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* classify.c: `belay classify`: asks the guard what calls would do. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"
#include "base/json.h"
#include "run/project.h"
#include "world/environment.h"
#include "world/secrets.h"
#include "world/world.h"

#include <errno.h>

#define LINE_MAX_BYTES 262144

/* What a line of input means for each kind: the field that stands for the first argument. */
static const struct classify_kind {
    const char *name, *module, *operation, *field;
} kinds[] = {
    {"sql", "postgres", "query", "sql"}, {"redis", "redis", "command", "argv"},
    {"exec", "exec", "run", "argv"},     {"http", "http", NULL, "url"},
    {"amqp", "amqp", NULL, NULL},        {"docker", "docker", NULL, NULL},
};

struct classify {
    const struct classify_kind *kind;
    const char *connection; /* its name; NULL: none was given */
    struct bl_world *world;
    bool has_failed;
};

static const struct bl_operation *find_operation(const struct classify *classify,
                                                 const struct bl_value *line,
                                                 struct bl_error *err)
{
    const struct bl_module *module = bl_module_find(classify->kind->module);
    const char *name = bl_map_text(line, "operation", classify->kind->operation);
    const struct bl_operation *found;
    char lower[20] = "";

    if (name == NULL) {
        name = bl_map_text(line, "method", "");
        for (size_t i = 0; name[i] != '\0' && i + 1 < sizeof(lower); i++)
            lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
        name = lower;
    }
    found = bl_operation_find(module, name);
    if (found == NULL)
        bl_fail(err, BL_E_ARG, "%s has no operation '%s'%s", module->name, name,
                *name == '\0' ? ": say \"operation\" (http: \"method\")" : "");
    return found;
}

/* Every other field is an option of the operation, such as "reads" of exec. */
static struct bl_value *read_options(const struct classify *classify,
                                     const struct bl_value *line)
{
    const char *const known[] = {"id",   "operation", "method",
                                 "args", "params",    classify->kind->field};
    struct bl_value *options = bl_map_new();

    for (size_t i = 0; i < bl_value_count(line); i++) {
        const char *name = bl_map_key(line, i);
        bool is_known = false;
        for (size_t j = 0; j < BL_COUNT(known); j++)
            is_known = is_known || (known[j] != NULL && strcmp(known[j], name) == 0);
        if (!is_known)
            bl_map_set(options, name, bl_value_ref(bl_map_at(line, i)));
    }
    return options;
}

/* The arguments as a runbook would write them. */
static struct bl_value *read_args(const struct classify *classify, const struct bl_value *line)
{
    const struct bl_value *given = bl_map_get(line, "args");
    const char *field = classify->kind->field;
    struct bl_value *args = bl_list_new(), *options;

    if (given == NULL && field != NULL) {
        bl_list_add(args, bl_value_ref(bl_map_get(line, field)));
        given = bl_map_get(line, "params");
        if (given != NULL)
            bl_list_add(args, bl_value_ref(given));
        given = NULL;
    }
    for (size_t i = 0; i < bl_value_count(given); i++)
        bl_list_add(args, bl_value_ref(bl_list_get(given, i)));
    options = read_options(classify, line);
    if (bl_value_count(options) > 0)
        bl_list_add(args, bl_value_ref(options));
    bl_value_unref(options);
    return args;
}

/* The call that a line describes. */
static struct bl_call *read_call(const struct classify *classify, const struct bl_value *line,
                                 struct bl_error *err)
{
    const struct bl_module *module = bl_module_find(classify->kind->module);
    const struct bl_operation *operation = find_operation(classify, line, err);
    struct bl_value *args, *bound = NULL;
    struct bl_call *call = NULL;
    char target[100];

    if (operation == NULL)
        return NULL;
    args = read_args(classify, line);
    snprintf(target, sizeof(target), "%s%s%.60s", module->name,
             classify->connection != NULL ? "." : "",
             classify->connection != NULL ? classify->connection : "");
    if (bl_args_bind(operation->args, true, args, &bound, err) == BL_OK) {
        call = bl_call_new(module, operation, target, bound);
        call->settings = bl_value_ref(
            bl_environment_settings(bl_world_environment(classify->world), module, target));
        bl_call_bounds(call);
    }
    bl_value_unref(args);
    bl_value_unref(bound);
    return call;
}

static void write_verdict(const struct classify *classify, struct bl_value *out,
                          const struct bl_inspection *inspection)
{
    const char *reason = inspection->reason;
    bool is_refused = inspection->refused[0] != '\0';
    bool is_sql = strcmp(classify->kind->module, "postgres") == 0;

    if (is_refused)
        reason = inspection->refused;
    else if (*reason == '\0')
        reason =
            inspection->class != BL_CLASS_OBSERVE ? "by its operation"
            : is_sql && bl_world_environment(classify->world) == NULL
                ? "only reads, as far as the text shows: what its tables are is only known "
                  "with --env"
                : "only reads";
    bl_map_set(out, "class",
               bl_value_text(is_refused ? "refused" : bl_class_name(inspection->class)));
    bl_map_set(out, "target", bl_value_text(inspection->target));
    bl_map_set(out, "reason", bl_value_text(reason));
    if (inspection->affects[0] != '\0')
        bl_map_set(out, "affects", bl_value_text(inspection->affects));
}

static enum bl_code classify_call(const struct classify *classify, const struct bl_value *line,
                                  struct bl_value *out, struct bl_error *err)
{
    struct bl_call *call = read_call(classify, line, err);
    struct bl_inspection inspection;
    enum bl_code code = BL_OK;

    if (call == NULL)
        return err->code;
    code = bl_world_inspect(classify->world, call, &inspection, err);
    if (code == BL_OK)
        write_verdict(classify, out, &inspection);
    bl_inspection_release(&inspection);
    bl_call_free(call);
    return code;
}

static void classify_line(struct classify *classify, int number, const char *text, size_t len)
{
    struct bl_value *line = NULL, *out = bl_map_new();
    struct bl_error err, why;
    struct bl_buf json;
    enum bl_code code = bl_json_parse(text, len, false, &line, &why);

    if (code != BL_OK)
        bl_fail(&err, code, "line %d is no JSON: %s", number, why.message);
    else if (bl_value_type(line) != BL_MAP)
        code = bl_fail(&err, BL_E_ARG, "line %d is no JSON object", number);
    if (code == BL_OK && bl_map_get(line, "id") != NULL)
        bl_map_set(out, "id", bl_value_ref(bl_map_get(line, "id")));
    if (code == BL_OK)
        code = classify_call(classify, line, out, &err);
    if (code != BL_OK) {
        bl_map_set(out, "error", bl_value_text(err.message));
        classify->has_failed = true;
    }
    bl_buf_init(&json, 0);
    bl_json_write(&json, out, BL_JSON_PLAIN);
    puts(bl_buf_text(&json));
    bl_buf_release(&json);
    bl_value_unref(line);
    bl_value_unref(out);
}

static int classify_lines(struct classify *classify)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t len;
    int number = 0;

    while ((len = getline(&text, &size, stdin)) >= 0) {
        while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
            len--;
        number++;
        if (len > LINE_MAX_BYTES) {
            fprintf(stderr, "belay: line %d is longer than %d bytes\n", number, LINE_MAX_BYTES);
            classify->has_failed = true;
        } else if (len > 0) {
            classify_line(classify, number, text, (size_t)len);
        }
    }
    free(text);
    return classify->has_failed ? 2 : 0;
}

static int classify_in(struct classify *classify, const struct bl_value *environment,
                       struct bl_error *err)
{
    struct bl_world_settings settings = {.kind = BL_WORLD_DRY, .environment = environment};
    struct bl_secrets *secrets;
    struct bl_clock clock;
    int status;

    if (bl_clock_init(&clock, err) != BL_OK)
        return bl_command_fail(err);
    settings.loop = bl_loop_new(&clock);
    secrets = bl_secrets_new(bl_command_is_attended());
    bl_secrets_learn(secrets, environment);
    bl_secrets_keep(secrets, settings.loop);
    classify->world = bl_world_new(&settings);
    status = classify_lines(classify);
    bl_world_free(classify->world);
    bl_loop_free(settings.loop);
    bl_secrets_free(secrets);
    return status;
}

/* The only connection of the module when none is named; BL_E_ARG where there are more. */
static enum bl_code find_connection(struct classify *classify,
                                    const struct bl_value *environment, struct bl_error *err)
{
    const struct bl_value *connections = bl_map_get(environment, "connections");
    size_t len = strlen(classify->kind->module);
    const char *found = NULL;

    for (size_t i = 0; i < bl_value_count(connections); i++) {
        const char *name = bl_map_key(connections, i);
        if (strncmp(name, classify->kind->module, len) != 0 || name[len] != '.')
            continue;
        if (classify->connection != NULL && strcmp(name + len + 1, classify->connection) == 0)
            return BL_OK;
        if (classify->connection == NULL && found != NULL)
            return bl_fail(err, BL_E_ARG,
                           "classify: the environment has %s and %s: say which by --connection",
                           found, name);
        found = name;
    }
    if (classify->connection != NULL)
        return bl_fail(err, BL_E_ARG, "classify: the environment has no %s.%s: it has %s",
                       classify->kind->module, classify->connection,
                       found != NULL ? found : "none of that kind");
    classify->connection = found != NULL ? found + len + 1 : NULL;
    return BL_OK;
}

static int classify_run(const struct bl_given *given)
{
    struct classify classify = {.connection = bl_given_text(given, "connection")};
    struct bl_project project = {0};
    struct bl_value *environment = NULL;
    enum bl_code code = BL_OK;
    struct bl_error err;
    int status;

    for (size_t i = 0; i < BL_COUNT(kinds); i++) {
        if (strcmp(kinds[i].name, given->words[0]) == 0)
            classify.kind = &kinds[i];
    }
    if (classify.kind == NULL)
        code = bl_fail(&err, BL_E_ARG,
                       "classify: '%s' is unknown: sql, redis, amqp, http, docker or exec",
                       given->words[0]);
    if (code == BL_OK && bl_given_text(given, "env") != NULL) {
        code = bl_project_open(&project, bl_given_text(given, "project"), NULL, NULL, &err);
        if (code == BL_OK)
            code = bl_project_environment(&project, bl_given_text(given, "env"), &environment,
                                          &err);
        if (code == BL_OK)
            code = find_connection(&classify, environment, &err);
    }
    status = code == BL_OK ? classify_in(&classify, environment, &err) : bl_command_fail(&err);
    bl_value_unref(environment);
    bl_project_close(&project);
    return bl_command_end(status);
}

static const struct bl_option classify_options[] = {
    {"connection", "NAME", "the connection whose server is asked (with --env)", false, NULL},
    {0},
};

const struct bl_command bl_command_verb_classify = {
    .name = "classify",
    .words = "KIND",
    .least = 1,
    .most = 1,
    .summary = "asks the guard what a call would do; sends nothing but questions",
    .text =
        "Reads JSON Lines, writes JSON Lines: {\"id\", \"class\", \"target\", \"reason\"}, "
        "with "
        "\"affects\"\n"
        "where a change can be counted. KIND is sql, redis, amqp, http, docker or exec; a "
        "line is\n"
        "{\"id\", \"sql\"}, {\"id\", \"argv\"}, {\"id\", \"method\", \"url\"}, or for any "
        "kind\n"
        "{\"id\", \"operation\", \"args\"}; other fields are options, such as \"reads\": "
        "true.\n"
        "With --env the server's own catalogue is asked; without it only what is built in is\n"
        "known.\n\n"
        "  echo '{\"id\": 1, \"sql\": \"select now()\"}' | belay classify sql\n",
    .options = classify_options,
    .run = classify_run,
};
