/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* state.c: where the journals are, and which one is meant. */
#include "base/prefix.h"

#include "cli/state.h"

#include "base/exit.h"
#include "run/project.h"

bool bl_given_json(const struct bl_given *given)
{
    const char *format = bl_given_text(given, "format");

    return format != NULL && strcmp(format, "json") == 0;
}

enum bl_code bl_given_state(const struct bl_given *given, struct bl_state *state,
                            struct bl_error *err)
{
    const char *wanted = bl_given_text(given, "project"), *env = bl_given_text(given, "env");
    struct bl_value *environment = NULL;
    struct bl_project project;
    enum bl_code code = bl_project_open(&project, wanted, NULL, NULL, err);

    if (code == BL_E_NOT_FOUND && wanted == NULL && env == NULL)
        return bl_state_open(NULL, false, state, err);
    if (code != BL_OK)
        return code;
    code = bl_project_environment(&project, env, &environment, err);
    if (code == BL_OK)
        code = bl_state_open(bl_map_text(environment, "state", NULL), false, state, err);
    bl_value_unref(environment);
    bl_project_close(&project);
    return code;
}

enum bl_code bl_given_signing(const struct bl_given *given, struct bl_signing *signing,
                              struct bl_error *err)
{
    struct bl_value *environment = NULL;
    struct bl_project project;
    enum bl_code code =
        bl_project_open(&project, bl_given_text(given, "project"), NULL, NULL, err);

    if (code != BL_OK)
        return code;
    code = bl_project_environment(&project, bl_given_text(given, "env"), &environment, err);
    if (code == BL_OK)
        bl_signing_read(environment, project.root, signing);
    bl_value_unref(environment);
    bl_project_close(&project);
    return code;
}

int bl_journal_refuse(const struct bl_error *err)
{
    return bl_command_end_error(err, err->code == BL_E_NOT_FOUND ? BL_EXIT_USAGE
                                                                 : bl_exit_of(err->code));
}

bool bl_word_is_file(const char *word)
{
    size_t len = strlen(word);

    return strchr(word, '/') != NULL || (len > 6 && strcmp(word + len - 6, ".belay") == 0);
}

enum bl_code bl_given_journal(const struct bl_given *given, const char *word,
                              char id[BL_RUN_TEXT], char path[PATH_MAX], struct bl_error *err)
{
    struct bl_state state;
    enum bl_code code;

    id[0] = '\0';
    if (bl_word_is_file(word)) {
        snprintf(path, PATH_MAX, "%s", word);
        return BL_OK;
    }
    code = bl_given_state(given, &state, err);
    if (code == BL_OK)
        code = bl_journal_find(&state, word, id, err);
    if (code == BL_OK)
        bl_journal_file(&state, id, path);
    return code;
}
