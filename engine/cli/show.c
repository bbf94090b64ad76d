/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* show.c: `belay show`: what a procedure is and does, without asking or changing anything. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"
#include "base/json.h"
#include "base/text.h"
#include "run/params.h"
#include "run/project.h"
#include "run/session.h"
#include "world/environment.h"

#define SHOW_LABEL 11 /* columns before what a field says */

/* What the walk through the body has met. */
struct show {
    struct bl_value *steps; /* list of maps: kind, text, class … */
    int depth;
};

static void show_add(struct show *show, const char *kind, const struct bl_value *data,
                     const char *field)
{
    struct bl_value *item = bl_map_new();
    static const char *const keep[] = {"class",  "why",      "covers", "undo",
                                       "target", "verified", "options"};

    bl_map_set(item, "kind", bl_value_text(kind));
    bl_map_set(item, "text", bl_value_text(bl_map_text(data, field, "")));
    bl_map_set(item, "depth", bl_value_int(show->depth));
    for (size_t i = 0; i < BL_COUNT(keep); i++) {
        if (bl_map_get(data, keep[i]) != NULL)
            bl_map_set(item, keep[i], bl_value_ref(bl_map_get(data, keep[i])));
    }
    bl_list_add(show->steps, item);
}

static void show_event(void *arg, const char *kind, const struct bl_value *data)
{
    struct show *show = arg;

    if (strcmp(kind, "step_started") == 0) {
        show_add(show, "step", data, "title");
        show->depth++;
    } else if (strcmp(kind, "step_ended") == 0) {
        if (strcmp(bl_map_text(data, "status", ""), "failed") == 0)
            show_add(show, "…", bl_map_get(data, "error"), "message");
        show->depth--;
    } else if (strcmp(kind, "observe") == 0 || strcmp(kind, "planned") == 0) {
        show_add(show, "operation", data, "summary");
    } else if (strcmp(kind, "check") == 0) {
        show_add(show, "check", data, "name");
    } else if (strcmp(kind, "gate_assumed") == 0) {
        show_add(show, "gate", data, "question");
    } else if (strcmp(kind, "decision") == 0) {
        show_add(show, "decision", data, "question");
    }
}

/* Walks the body with nominal answers. err is filled when it did not come to its end. */
static void show_walk(struct bl_project *project, const struct bl_value *environment,
                      const struct bl_value *procedure, struct show *show, struct bl_error *err)
{
    struct bl_clock clock = {0};
    struct bl_session_settings settings = {.runtime = project->runtime,
                                           .clock = &clock,
                                           .environment = environment,
                                           .world = BL_WORLD_EXPLORE,
                                           .on_event = show_event,
                                           .arg = show};
    struct bl_param_sources sources = {.environment = environment, .may_stand_in = true};
    struct bl_value *params = NULL;
    struct bl_session *session;
    struct bl_result result = {0};

    err->code = BL_OK;
    if (bl_params_resolve(procedure, &sources, &params, NULL, err) != BL_OK)
        return;
    session = bl_session_new(&settings);
    if (bl_runtime_start(project->runtime, bl_map_text(procedure, "id", ""), params, err) ==
            BL_OK &&
        bl_session_run(session, err) == BL_OK) {
        bl_runtime_result(project->runtime, &result);
        if (result.is_failed)
            *err = result.error;
    }
    bl_value_unref(result.value);
    bl_value_unref(params);
    bl_session_free(session);
}

/* Prints text that the project's files say, made safe, as a line, and empties it. */
static void show_line(struct bl_buf *text, int indent)
{
    struct bl_buf clean;

    bl_buf_init(&clean, 0);
    bl_text_clean(&clean, bl_buf_text(text), text->len, false);
    bl_command_fold(stdout, bl_buf_text(&clean), indent);
    bl_buf_release(&clean);
    bl_buf_release(text);
}

static void show_words(const char *label, const struct bl_value *value)
{
    struct bl_buf text;

    if (value == NULL || (bl_value_type(value) != BL_BYTES && bl_value_count(value) == 0))
        return;
    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "%-10s ", label);
    if (bl_value_type(value) == BL_BYTES)
        bl_buf_text_add(&text, bl_value_as_text(value));
    for (size_t i = 0; i < bl_value_count(value); i++) {
        if (bl_value_type(value) == BL_MAP)
            bl_buf_printf(&text, "%s%s = %s", i > 0 ? ", " : "", bl_map_key(value, i),
                          bl_value_as_text(bl_map_at(value, i)));
        else
            bl_buf_printf(&text, "%s%s", i > 0 ? ", " : "",
                          bl_value_as_text(bl_list_get(value, i)));
    }
    show_line(&text, SHOW_LABEL);
}

static void show_params(const struct bl_value *params)
{
    struct bl_buf text;

    for (size_t i = 0; i < bl_value_count(params); i++) {
        const struct bl_value *param = bl_list_get(params, i);
        const struct bl_value *fallback = bl_map_get(param, "default");
        bl_buf_init(&text, 0);
        bl_buf_printf(&text, "%-10s %s (%s)", i == 0 ? "parameters" : "",
                      bl_map_text(param, "name", ""), bl_map_text(param, "type", ""));
        if (fallback != NULL) {
            bl_buf_text_add(&text, " = ");
            bl_json_write(&text, fallback, BL_JSON_PLAIN);
        }
        if (bl_map_text(param, "help", NULL) != NULL)
            bl_buf_printf(&text, ": %s", bl_map_text(param, "help", ""));
        show_line(&text, SHOW_LABEL);
    }
}

static void show_item(const struct bl_value *item)
{
    const char *kind = bl_map_text(item, "kind", ""), *class = bl_map_text(item, "class", NULL);
    const struct bl_value *covers = bl_map_get(item, "covers");
    int indent = 2 + 2 * (int)bl_map_int(item, "depth", 0);
    struct bl_buf text;

    if (strcmp(kind, "…") == 0) { /* the walk could not go on here */
        printf("%*s… the rest depends on real answers\n", indent, "");
        return;
    }
    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "%*s%-9s %s", indent, "", kind, bl_map_text(item, "text", ""));
    if (class != NULL && strcmp(kind, "operation") == 0)
        bl_buf_printf(&text, "  [%s]", class);
    for (size_t i = 0; i < bl_value_count(covers); i++)
        bl_buf_printf(&text, "%s%s", i == 0 ? "  " : " ",
                      bl_value_as_text(bl_list_get(covers, i)));
    if (bl_map_text(item, "undo", NULL) != NULL && strcmp(kind, "step") == 0)
        bl_buf_printf(&text, "  (undo: %s)", bl_map_text(item, "undo", ""));
    show_line(&text, indent + 10);
}

/* What the environment vouches for: nothing else makes a call less than it looks. */
static void show_trusted(const struct bl_value *environment)
{
    struct bl_value *trusted = bl_environment_trusted(environment);

    for (size_t i = 0; i < bl_value_count(trusted); i++) {
        fputs("environment ", stdout);
        bl_command_print(bl_value_as_text(bl_list_get(trusted, i)));
        putchar('\n');
    }
    bl_value_unref(trusted);
}

/* Connections that the environment lacks: the walk does not get past them. */
static void show_missing(const struct bl_value *procedure, const struct bl_value *environment)
{
    const struct bl_value *uses = bl_map_get(procedure, "uses");
    struct bl_buf text;

    for (size_t i = 0; i < bl_value_count(uses); i++) {
        const char *target = bl_value_as_text(bl_map_at(uses, i));
        if (strchr(target, '?') != NULL ||
            bl_environment_connection(environment, target) != NULL)
            continue;
        bl_buf_init(&text, 0);
        bl_buf_printf(&text,
                      "missing    %s: environment %s does not name it: choose another with "
                      "--env",
                      target, bl_map_text(environment, "name", "none"));
        show_line(&text, SHOW_LABEL);
    }
}

static void show_text(const struct bl_value *procedure, const struct bl_value *environment,
                      const struct show *show, const struct bl_error *err)
{
    static const char *const fields[] = {"section", "severity", "roles",  "tags", "symptoms",
                                         "summary", "kind",     "covers", "uses", "may"};
    struct bl_buf end;

    printf("%s\n", bl_map_text(procedure, "id", ""));
    bl_command_print(bl_map_text(procedure, "title", ""));
    putchar('\n');
    for (size_t i = 0; i < BL_COUNT(fields); i++)
        show_words(fields[i], bl_map_get(procedure, fields[i]));
    show_params(bl_map_get(procedure, "params"));
    show_trusted(environment);
    show_missing(procedure, environment);
    puts("\nsteps, with nominal answers:");
    for (size_t i = 0; i < bl_value_count(show->steps); i++)
        show_item(bl_list_get(show->steps, i));
    if (err->code != BL_OK) {
        bl_buf_init(&end, 0);
        bl_buf_printf(&end, "  (here the walk ended: %s)", err->message);
        show_line(&end, 4);
    }
}

static void show_json(const struct bl_value *procedure, const struct show *show)
{
    struct bl_value *whole = bl_map_new();
    struct bl_buf out;

    bl_map_set(whole, "procedure", bl_value_ref(procedure));
    bl_map_set(whole, "steps", bl_value_ref(show->steps));
    bl_buf_init(&out, 0);
    bl_json_write(&out, whole, BL_JSON_PLAIN);
    puts(bl_buf_text(&out));
    bl_buf_release(&out);
    bl_value_unref(whole);
}

static int show_run(const struct bl_given *given)
{
    const char *format = bl_given_text(given, "format");
    const struct bl_value *procedure = NULL;
    struct bl_value *environment = NULL;
    struct bl_project project = {0};
    struct show show = {.steps = bl_list_new()};
    struct bl_error err, walk;
    enum bl_code code =
        bl_project_open(&project, bl_given_text(given, "project"), NULL, NULL, &err);

    if (code == BL_OK)
        code =
            bl_project_environment(&project, bl_given_text(given, "env"), &environment, &err);
    if (code == BL_OK)
        code = bl_project_procedure(&project, given->words[0], &procedure, &err);
    if (code == BL_OK) {
        show_walk(&project, environment, procedure, &show, &walk);
        if (format != NULL && strcmp(format, "json") == 0)
            show_json(procedure, &show);
        else
            show_text(procedure, environment, &show, &walk);
    }
    bl_value_unref(show.steps);
    bl_value_unref(environment);
    bl_project_close(&project);
    return code == BL_OK ? 0 : bl_command_end_error(&err, BL_EXIT_USAGE);
}

const struct bl_command bl_command_show = {
    .name = "show",
    .words = "PROC",
    .least = 1,
    .most = 1,
    .summary = "shows a procedure: parameters, steps, classes, gates, undo",
    .text =
        "Shows what a procedure is and does. The steps are found by walking through its "
        "body with\n"
        "nominal answers, and with values that stand for parameters without one: nothing is "
        "asked\n"
        "and nothing is changed.\n",
    .run = show_run,
};
