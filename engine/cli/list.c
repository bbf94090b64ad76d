/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* list.c: `belay list`: the procedures of a project. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"
#include "base/json.h"
#include "run/project.h"

/* True when the procedure's field is the wanted text, or a list that holds it. */
static bool list_matches(const struct bl_value *procedure, const char *field,
                         const char *wanted)
{
    const struct bl_value *value = bl_map_get(procedure, field);

    if (wanted == NULL || strcmp(bl_value_as_text(value), wanted) == 0)
        return true;
    for (size_t i = 0; i < bl_value_count(value); i++) {
        if (strcmp(bl_value_as_text(bl_list_get(value, i)), wanted) == 0)
            return true;
    }
    return false;
}

static int list_widest(const struct bl_value *procedures, const char *field)
{
    int widest = 0;

    for (size_t i = 0; i < bl_value_count(procedures); i++) {
        int len = (int)strlen(bl_map_text(bl_list_get(procedures, i), field, ""));
        widest = len > widest ? len : widest;
    }
    return widest;
}

static void list_print(const struct bl_value *procedures)
{
    const char *section = NULL;
    int widest = list_widest(procedures, "id"), severe = list_widest(procedures, "severity");

    for (size_t i = 0; i < bl_value_count(procedures); i++) {
        const struct bl_value *procedure = bl_list_get(procedures, i);
        const char *own = bl_map_text(procedure, "section", "");
        if (section == NULL ? *own != '\0' : strcmp(section, own) != 0) {
            fputs(section != NULL ? "\n" : "", stdout);
            bl_command_print(*own != '\0' ? own : "no section");
            putchar('\n');
        }
        section = own;
        const char *severity = bl_map_text(procedure, "severity", "");
        printf("  %-*s  ", widest, bl_map_text(procedure, "id", ""));
        bl_command_print(severity);
        printf("%*s", severe > 0 ? severe + 2 - (int)strlen(severity) : 0, "");
        bl_command_print(bl_map_text(procedure, "title", ""));
        putchar('\n');
    }
    if (bl_value_count(procedures) == 0)
        puts("no procedures");
}

/* Loads every file; a broken one is reported and the others are listed all the same. */
static int list_load(const struct bl_given *given, struct bl_project *project,
                     struct bl_value *procedures)
{
    const struct bl_value *files = bl_project_files(project);
    struct bl_error err;
    int status = 0;

    for (size_t i = 0; i < bl_value_count(files); i++) {
        const char *path = bl_value_as_text(bl_list_get(files, i));
        const struct bl_value *procedure;
        char id[BL_PROCEDURE_ID];
        if (bl_runtime_load(project->runtime, path, &err) != BL_OK) {
            bl_command_fail(&err);
            status = BL_EXIT_USAGE;
            continue;
        }
        bl_procedure_id(path, id);
        procedure = bl_runtime_procedure(project->runtime, id);
        if (procedure != NULL &&
            list_matches(procedure, "section", bl_given_text(given, "section")) &&
            list_matches(procedure, "roles", bl_given_text(given, "role")) &&
            list_matches(procedure, "tags", bl_given_text(given, "tag")))
            bl_list_add(procedures, bl_value_ref(procedure));
    }
    return status;
}

static void list_print_json(const struct bl_value *procedures)
{
    struct bl_buf line;

    bl_buf_init(&line, 0);
    for (size_t i = 0; i < bl_value_count(procedures); i++) {
        bl_buf_reset(&line);
        bl_json_write(&line, bl_list_get(procedures, i), BL_JSON_PLAIN);
        puts(bl_buf_text(&line));
    }
    bl_buf_release(&line);
}

static int list_run(const struct bl_given *given)
{
    struct bl_value *procedures = bl_list_new();
    struct bl_project project;
    struct bl_error err;
    const char *format = bl_given_text(given, "format");
    int status;

    if (bl_project_open(&project, bl_given_text(given, "project"), NULL, NULL, &err) != BL_OK) {
        bl_value_unref(procedures);
        return bl_command_end_error(&err, BL_EXIT_USAGE);
    }
    status = list_load(given, &project, procedures);
    if (format != NULL && strcmp(format, "json") == 0)
        list_print_json(procedures);
    else
        list_print(procedures);
    bl_value_unref(procedures);
    bl_project_close(&project);
    return bl_command_end(status);
}

static const struct bl_option list_options[] = {
    {"section", "NAME", "only those of a section", false, NULL},
    {"role", "NAME", "only those for a role", false, NULL},
    {"tag", "NAME", "only those with a tag", false, NULL},
    {0},
};

const struct bl_command bl_command_list = {
    .name = "list",
    .words = "",
    .summary = "lists the procedures of the project",
    .text = "Loads every procedure of the project and lists id, severity and title. A file "
            "that does\n"
            "not load is reported, and the others are listed all the same (exit 2).\n",
    .options = list_options,
    .run = list_run,
};
