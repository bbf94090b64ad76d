/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* project.c: a project on disk: its root, its files, its procedures. */
#include "base/prefix.h"

#include "run/project.h"

#include "base/text.h"
#include "world/environment.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static bool project_is_root(const char *folder)
{
    char path[PATH_MAX + 16];

    snprintf(path, sizeof(path), "%s/belay.lua", folder);
    return access(path, F_OK) == 0;
}

static enum bl_code project_find(const char *wanted, char root[PATH_MAX], struct bl_error *err)
{
    const char *variable = getenv("BELAY_PROJECT");
    char *slash;

    if (wanted == NULL && variable != NULL && *variable != '\0')
        wanted = variable;
    if (wanted != NULL) {
        if (realpath(wanted, root) == NULL)
            return bl_fail(err, BL_E_NOT_FOUND, "project %s: %s", wanted, strerror(errno));
        if (!project_is_root(root))
            return bl_fail(
                err, BL_E_NOT_FOUND,
                "project %s: no belay.lua in it: name another folder with --project, or make "
                "a project there with `belay init`",
                wanted);
        return BL_OK;
    }
    if (getcwd(root, PATH_MAX) == NULL)
        return bl_fail(err, BL_E_IO, "the working directory cannot be read: %s",
                       strerror(errno));
    while (!project_is_root(root)) {
        slash = strrchr(root, '/');
        if (slash == NULL || slash == root)
            return bl_fail(
                err, BL_E_NOT_FOUND,
                "no belay.lua here or above: go into a project, name one with --project, or "
                "make one with `belay init`");
        *slash = '\0';
    }
    return BL_OK;
}

enum bl_code bl_project_open(struct bl_project *project, const char *wanted,
                             bl_loaded_fn loaded, void *context, struct bl_error *err)
{
    struct bl_runtime_settings settings = {.loaded = loaded, .loaded_context = context};

    return bl_project_open_with(project, wanted, &settings, err);
}

enum bl_code bl_project_open_with(struct bl_project *project, const char *wanted,
                                  struct bl_runtime_settings *settings, struct bl_error *err)
{
    enum bl_code code;

    memset(project, 0, sizeof(*project));
    code = project_find(wanted, project->root, err);
    if (code != BL_OK)
        return code;
    settings->project = project->root;
    code = bl_runtime_new(settings, &project->runtime, err);
    if (code == BL_OK)
        code = bl_runtime_project(project->runtime, &project->spec, err);
    if (code != BL_OK)
        bl_project_close(project);
    return code;
}

void bl_project_close(struct bl_project *project)
{
    bl_runtime_free(project->runtime);
    bl_value_unref(project->spec);
    bl_value_unref(project->files);
    memset(project, 0, sizeof(*project));
}

static int project_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a folder, sorted; NULL-terminated; each and the array freed by bl_free. */
static char **project_names(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t count = 0, room = 16;
    char **names = bl_alloc(room * sizeof(*names));

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (count + 1 == room) {
            room *= 2;
            names = bl_realloc(names, room * sizeof(*names));
        }
        names[count++] = bl_strdup(entry->d_name);
    }
    if (dir != NULL)
        closedir(dir);
    names[count] = NULL;
    qsort(names, count, sizeof(*names), project_compare);
    return names;
}

static bool project_is_lua(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && strcmp(name + len - 4, ".lua") == 0;
}

static void project_walk(struct bl_value *files, const char *root, const char *inside,
                         int depth);

/* One entry of a folder: a file that counts, or a folder to go on in. */
static void project_visit(struct bl_value *files, const char *root, const char *path, int depth)
{
    char full[PATH_MAX];
    struct stat status;

    if ((size_t)snprintf(full, sizeof(full), "%s/%s", root, path) >= sizeof(full) ||
        lstat(full, &status) != 0)
        return;
    if (S_ISDIR(status.st_mode)) {
        if (strcmp(path, "environments") != 0 && strcmp(path, "scenarios") != 0)
            project_walk(files, root, path, depth + 1);
    } else if (project_is_lua(path) && strcmp(path, "belay.lua") != 0) {
        bl_list_add(files, bl_value_text(path));
    }
}

static void project_walk(struct bl_value *files, const char *root, const char *inside,
                         int depth)
{
    char folder[PATH_MAX], path[PATH_MAX];
    char **names;

    if (depth > 8 ||
        (size_t)snprintf(folder, sizeof(folder), "%s/%s", root, inside) >= sizeof(folder))
        return;
    names = project_names(folder);
    for (char **name = names; *name != NULL; name++) {
        const char *slash = *inside != '\0' ? "/" : "";
        if ((size_t)snprintf(path, sizeof(path), "%s%s%s", inside, slash, *name) < sizeof(path))
            project_visit(files, root, path, depth);
        bl_free(*name);
    }
    bl_free(names);
}

const struct bl_value *bl_project_files(struct bl_project *project)
{
    if (project->files == NULL) {
        project->files = bl_list_new();
        project_walk(project->files, project->root, "", 0);
    }
    return project->files;
}

static enum bl_code project_not_found(struct bl_project *project, const char *id,
                                      struct bl_error *err)
{
    const struct bl_value *files = bl_project_files(project);
    size_t count = bl_value_count(files);
    const char **names = bl_alloc((count + 1) * sizeof(*names));
    const char *near, *last = strrchr(id, '.');
    enum bl_code code;

    for (size_t i = 0; i < count; i++) {
        char name[BL_PROCEDURE_ID];
        bl_procedure_id(bl_value_as_text(bl_list_get(files, i)), name);
        names[i] = bl_strdup(name);
    }
    near = bl_suggest(id, names);
    for (size_t i = 0; near == NULL && i < count;
         i++) { /* the last part alone, or the same ending */
        const char *own = strrchr(names[i], '.');
        if (own != NULL && strcmp(own + 1, last != NULL ? last + 1 : id) == 0)
            near = names[i];
    }
    if (near != NULL && strcmp(near, id) != 0)
        code = bl_fail(err, BL_E_ARG, "no procedure '%s': did you mean '%s'?", id, near);
    else
        code = bl_fail(err, BL_E_ARG, "no procedure '%s': `belay list` shows those of %s", id,
                       project->root);
    for (size_t i = 0; i < count; i++)
        bl_free((char *)(uintptr_t)names[i]);
    bl_free(names);
    return code;
}

enum bl_code bl_project_procedure(struct bl_project *project, const char *id,
                                  const struct bl_value **procedure, struct bl_error *err)
{
    const struct bl_value *files = bl_project_files(project);
    char path[BL_PROCEDURE_PATH];
    enum bl_code code;

    if (strchr(id, '/') != NULL || !bl_procedure_path(id, path))
        return project_not_found(project, id, err);
    for (size_t i = 0; i < bl_value_count(files); i++) {
        if (strcmp(bl_value_as_text(bl_list_get(files, i)), path) != 0)
            continue;
        code = bl_runtime_load(project->runtime, path, err);
        if (code != BL_OK) {
            err->code = BL_E_ARG; /* whatever it was, this runbook cannot be run */
            return BL_E_ARG;
        }
        *procedure = bl_runtime_procedure(project->runtime, id);
        if (*procedure == NULL)
            return bl_fail(err, BL_E_ARG, "%s defines no procedure: it is a module", path);
        return BL_OK;
    }
    return project_not_found(project, id, err);
}

struct bl_value *bl_project_environments(const struct bl_project *project)
{
    struct bl_value *list = bl_list_new();
    char folder[PATH_MAX + 32];
    char **names;

    snprintf(folder, sizeof(folder), "%s/environments", project->root);
    names = project_names(folder);
    for (char **name = names; *name != NULL; name++) {
        if (project_is_lua(*name)) {
            (*name)[strlen(*name) - 4] = '\0';
            bl_list_add(list, bl_value_text(*name));
        }
        bl_free(*name);
    }
    bl_free(names);
    return list;
}

static enum bl_code project_no_environment(const struct bl_project *project, const char *wanted,
                                           struct bl_error *err)
{
    struct bl_value *list = bl_project_environments(project);
    struct bl_buf names;
    enum bl_code code;

    bl_buf_init(&names, 300);
    for (size_t i = 0; i < bl_value_count(list); i++)
        bl_buf_printf(&names, "%s%s", i > 0 ? ", " : "",
                      bl_value_as_text(bl_list_get(list, i)));
    code = bl_fail(err, BL_E_ARG, "no environment '%s': environments/%s.lua is not there%s%s",
                   wanted, wanted, names.len > 0 ? "; there are: " : "", bl_buf_text(&names));
    bl_buf_release(&names);
    bl_value_unref(list);
    return code;
}

enum bl_code bl_project_environment(struct bl_project *project, const char *wanted,
                                    struct bl_value **environment, struct bl_error *err)
{
    const char *name =
        wanted != NULL ? wanted : bl_map_text(project->spec, "environment", NULL);
    struct bl_value *given = NULL;
    char path[PATH_MAX + 300];
    struct bl_error why;
    enum bl_code code;

    if (name == NULL)
        return bl_environment_check("none", NULL, environment, err);
    snprintf(path, sizeof(path), "%s/environments/%s.lua", project->root, name);
    if (strchr(name, '/') != NULL || access(path, F_OK) != 0)
        return project_no_environment(project, name, err);
    code = bl_runtime_environment(project->runtime, name, &given, err);
    if (code != BL_OK)
        return code;
    code = bl_environment_check(name, given, environment, &why);
    bl_value_unref(given);
    if (code != BL_OK)
        return bl_fail(err, code, "environments/%s.lua: %s", name, why.message);
    return BL_OK;
}
