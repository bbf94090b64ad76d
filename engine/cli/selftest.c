/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* selftest.c: `belay selftest`: runs Lua tests inside the engine, with its modules and its
 * loop. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"
#include "run/session.h"
#include "vm/selftest.h"

#include <dirent.h>

#define FILES_MAX 200

static int selftest_filter(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 9 && strcmp(entry->d_name + len - 9, "_test.lua") == 0;
}

static int selftest_folder(const char *folder, const char *filter)
{
    const char *paths[FILES_MAX + 1] = {NULL};
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, selftest_filter, alphasort), failed;

    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        if (i < FILES_MAX)
            paths[i] = bl_strdup(path);
        free(entries[i]);
    }
    free(entries);
    failed = bl_selftest_run(&bl_session_selftest, paths, filter, stdout);
    for (int i = 0; i < FILES_MAX && paths[i] != NULL; i++)
        bl_free((char *)(uintptr_t)paths[i]);
    return failed == 0 ? BL_EXIT_OK : BL_EXIT_FAILED;
}

static int selftest_run(const struct bl_given *given)
{
    return selftest_folder(given->words[0], given->count > 1 ? given->words[1] : NULL);
}

const struct bl_command bl_command_selftest = {
    .name = "selftest",
    .words = "FOLDER [FILTER]",
    .least = 1,
    .most = 2,
    .summary = "runs the Lua tests of a folder inside the engine",
    .text = "Runs the tests of every *_test.lua in a folder whose name holds the filter.\n",
    .run = selftest_run,
    .is_hidden = true,
};
