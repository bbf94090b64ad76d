/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* project.h: a project on disk: its root, its files, its procedures. */
#ifndef BL_PROJECT_H
#define BL_PROJECT_H

#include "vm/runtime.h"

#include <limits.h>

struct bl_project {
    char root[PATH_MAX];
    struct bl_runtime *runtime;
    struct bl_value *spec; /* of belay.lua */
    struct bl_value
        *files; /* list of paths of Lua files inside, sorted; NULL until asked for */
};

/*
 * Finds the project (`wanted`, else BELAY_PROJECT, else the nearest belay.lua upwards from the
 * working directory), makes its runtime and loads belay.lua. loaded is told of each file (may
 * be NULL).
 */
enum bl_code bl_project_open(struct bl_project *project, const char *wanted,
                             bl_loaded_fn loaded, void *context,
                             struct bl_error *err) BL_MUST_USE;
/* The same with settings of the runtime: where the text of files comes from (their project is
 * filled in). */
enum bl_code bl_project_open_with(struct bl_project *project, const char *wanted,
                                  struct bl_runtime_settings *settings,
                                  struct bl_error *err) BL_MUST_USE;
void bl_project_close(struct bl_project *project);

/* The project's Lua files that may define procedures, sorted: not environments/, scenarios/,
 * hidden folders. */
const struct bl_value *bl_project_files(struct bl_project *project);
/*
 * Loads the file of one procedure and gives its description. BL_E_NOT_FOUND suggests the
 * nearest name.
 */
enum bl_code bl_project_procedure(struct bl_project *project, const char *id,
                                  const struct bl_value **procedure,
                                  struct bl_error *err) BL_MUST_USE;
/*
 * The environment to use (`wanted`, else belay.lua's), loaded and checked. Without either: an
 * environment without connections, named "none". BL_E_NOT_FOUND lists those there are.
 */
enum bl_code bl_project_environment(struct bl_project *project, const char *wanted,
                                    struct bl_value **environment,
                                    struct bl_error *err) BL_MUST_USE;
/* The names of environments/ *.lua, as a list of strings, sorted. The caller's. */
struct bl_value *bl_project_environments(const struct bl_project *project);

#endif
