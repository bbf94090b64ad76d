/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* init.c: `belay init [DIR]`: a new project that runs at once. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"
#include "cli/reference.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static const char init_belay[] =
    "-- A Belay project: procedures are Lua files, their path is their name.\n"
    "project({ name = \"%s\", environment = \"local\" })\n";

static const char init_environment[] =
    "-- This machine. Name connections here and use them in procedures by `uses`:\n"
    "--   http = { site = { url = \"https://example.org\" } },\n"
    "--   redis = { cache = { url = \"redis://localhost:6379\" } },\n"
    "environment({\n"
    "  policy = { change = \"confirm\", destroy = { typed = true } },\n"
    "})\n";

static const char init_procedure[] =
    "-- Looks at the disk; run it with `belay run checks.disk`.\n"
    "local file = require(\"file\")\n"
    "\n"
    "procedure({\n"
    "  title = \"Disk check\",\n"
    "  kind = \"checklist\",\n"
    "  section = \"checks\",\n"
    "  summary = \"Is there room on the disk? Changes nothing.\",\n"
    "  params = {\n"
    "    path = param.path({ default = \"/\", help = \"any folder of the disk\" }),\n"
    "    used = param.integer({ default = 90, min = 1, max = 100, help = \"% used, at most\" "
    "}),\n"
    "  },\n"
    "\n"
    "  run = function(p)\n"
    "    step(\"Measure the disk\", function()\n"
    "      local disk = file.disk(p.path)\n"
    "      evidence(\"size\", disk.total)\n"
    "      check(\"disk used\", disk.used_percent, \"%\"):at_most(p.used)\n"
    "    end)\n"
    "  end,\n"
    "})\n";

static const char init_luarc[] =
    "{\n"
    "  \"runtime.version\": \"Lua 5.4\",\n"
    "  \"workspace.library\": [\".belay\"],\n"
    "  \"runtime.builtin\": { \"io\": \"disable\", \"os\": \"disable\", "
    "\"debug\": \"disable\", \"package\": \"disable\" }\n"
    "}\n";

static void init_word(struct bl_buf *out, const char *name, const char *params,
                      const char *comment)
{
    (void)params;
    (void)comment;
    bl_buf_printf(out, "    \"%s\",\n", name);
}

static void init_luacheckrc(struct bl_buf *out)
{
    bl_buf_text_add(out, "-- What luacheck must know about Belay's words.\nstd = "
                         "\"lua54\"\nexclude_files = { \".belay\" }\nread_globals = {\n");
    bl_reference_each_word(init_word, out);
    bl_buf_text_add(out, "    \"param\",\n}\n");
}

static enum bl_code init_write(const char *folder, const char *name, const char *text,
                               size_t len, struct bl_error *err)
{
    char path[PATH_MAX];
    ssize_t wrote;
    int fd;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
        return bl_fail(err, BL_E_ARG, "init: the path of %s is too long", name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return bl_fail(err, BL_E_IO, "init: %s: %s", path, strerror(errno));
    errno = 0;
    wrote = write(fd, text, len);
    if (close(fd) != 0 || wrote != (ssize_t)len) {
        unlink(path);
        return bl_fail(err, BL_E_IO, "init: %s: %s", path,
                       strerror(errno != 0 ? errno : ENOSPC));
    }
    return BL_OK;
}

static enum bl_code init_folder(const char *folder, const char *name, struct bl_error *err)
{
    char path[PATH_MAX];

    if ((size_t)snprintf(path, sizeof(path), "%s%s%s", folder, *name != '\0' ? "/" : "",
                         name) >= sizeof(path))
        return bl_fail(err, BL_E_ARG, "init: the path is too long");
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return bl_fail(err, BL_E_IO, "init: %s: %s%s", path, strerror(errno),
                       errno == ENOENT ? ": make the folder above it first" : "");
    return BL_OK;
}

struct init_file {
    const char *name, *text;
    size_t len;
};

/* Looks for what is in the way before anything is written: a project is made whole or not. */
static enum bl_code init_look(const char *folder, const struct init_file *files, size_t count,
                              struct bl_error *err)
{
    char path[PATH_MAX];
    struct stat found;

    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
        if (lstat(path, &found) == 0)
            return bl_fail(err, BL_E_ARG,
                           "init: %s is there already, and init writes over nothing: move it "
                           "away or name another folder",
                           path);
    }
    return BL_OK;
}

/* Writes all of them, or takes back those that it wrote. */
static enum bl_code init_write_all(const char *folder, const struct init_file *files,
                                   size_t count, struct bl_error *err)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < count; i++) {
        if (init_write(folder, files[i].name, files[i].text, files[i].len, err) == BL_OK)
            continue;
        while (i-- > 0) {
            snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
            unlink(path);
        }
        return err->code;
    }
    return BL_OK;
}

/* The project's name: the folder's, as far as it is letters, digits, '-' and '_'. */
static void init_name(const char *folder, char *name, size_t size)
{
    char full[PATH_MAX];
    size_t len = 0;

    if (realpath(folder, full) == NULL)
        snprintf(full, sizeof(full), "%s", folder);
    for (const char *c = basename(full); *c != '\0' && len + 1 < size; c++) {
        if (isalnum((unsigned char)*c) || *c == '-' || *c == '_')
            name[len++] = *c;
    }
    name[len] = '\0';
    if (len == 0)
        snprintf(name, size, "project");
}

static enum bl_code init_files(const char *folder, struct bl_error *err)
{
    char name[80];
    struct bl_buf belay, check, stubs;
    enum bl_code code;

    init_name(folder, name, sizeof(name));
    bl_buf_init(&belay, 0);
    bl_buf_init(&check, 0);
    bl_buf_init(&stubs, 0);
    bl_buf_printf(&belay, init_belay, name);
    init_luacheckrc(&check);
    bl_reference_stubs(&stubs);
    const struct init_file files[] = {
        {".luarc.json", init_luarc, sizeof(init_luarc) - 1},
        {".luacheckrc", bl_buf_text(&check), check.len},
        {".belay/belay.lua", bl_buf_text(&stubs), stubs.len},
        {"environments/local.lua", init_environment, sizeof(init_environment) - 1},
        {"checks/disk.lua", init_procedure, sizeof(init_procedure) - 1},
        {"belay.lua", bl_buf_text(&belay),
         belay.len}, /* last: with it the folder is a project */
    };
    code = init_look(folder, files, BL_COUNT(files), err);
    if (code == BL_OK)
        code = init_folder(folder, "environments", err);
    if (code == BL_OK)
        code = init_folder(folder, "checks", err);
    if (code == BL_OK)
        code = init_folder(folder, ".belay", err);
    if (code == BL_OK)
        code = init_write_all(folder, files, BL_COUNT(files), err);
    bl_buf_release(&belay);
    bl_buf_release(&check);
    bl_buf_release(&stubs);
    return code;
}

static int init_run(const struct bl_given *given)
{
    const char *folder = given->count > 0 ? given->words[0] : ".";
    char path[PATH_MAX + 16];
    struct bl_error err;
    enum bl_code code;

    snprintf(path, sizeof(path), "%s/belay.lua", folder);
    if (access(path, F_OK) == 0)
        code = bl_fail(&err, BL_E_ARG,
                       "init: %s is there already: this is a project, `belay list` shows it",
                       path);
    else
        code = init_folder(folder, "", &err);
    if (code == BL_OK)
        code = init_files(folder, &err);
    if (code != BL_OK)
        return bl_command_end_error(&err, bl_exit_of(code));
    printf("A project in %s. Try it:\n\n", folder);
    if (strcmp(folder, ".") != 0)
        printf("  cd %s\n", folder);
    puts("  belay list\n  belay run checks.disk\n  belay log last");
    return 0;
}

const struct bl_command bl_command_init = {
    .name = "init",
    .words = "[DIR]",
    .most = 1,
    .summary = "makes a new project that runs at once",
    .text = "Writes belay.lua, an environment, a first procedure, and what editors and "
            "luacheck need.\n"
            "Never writes over a file.\n",
    .run = init_run,
};
