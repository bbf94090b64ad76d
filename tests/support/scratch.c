/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* scratch.c: a private folder for each test, gone when it ends, and files in it. */
#include "base/prefix.h"

#include "support/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int scratch_setup(void **state)
{
    char *folder = bl_strdup("/tmp/belay.test.XXXXXX");

    *state = folder;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int scratch_remove_one(const char *path, const struct stat *info, int type,
                              struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void scratch_remove(const char *folder)
{
    if (strncmp(folder, "/tmp/", 5) != 0 || strstr(folder, "..") != NULL)
        BL_BUG("a test wants to remove %s", folder);
    nftw(folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int scratch_teardown(void **state)
{
    scratch_remove(*state);
    bl_free(*state);
    return 0;
}

void scratch_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        BL_BUG("cannot write %s: %s", path, strerror(errno));
}

char *scratch_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "re");
    struct stat info;
    char *data;

    if (file == NULL)
        return NULL;
    if (fstat(fileno(file), &info) != 0)
        BL_BUG("cannot look at %s", path);
    data = bl_alloc((size_t)info.st_size + 1);
    *len = fread(data, 1, (size_t)info.st_size, file);
    fclose(file);
    return data;
}

bool scratch_file_has(const char *path, const char *text)
{
    size_t len;
    char *data = scratch_read(path, &len);
    bool has = data != NULL && memmem(data, len, text, strlen(text)) != NULL;

    bl_free(data);
    return has;
}

int scratch_wait(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            BL_BUG("cannot wait for %d: %s", (int)child, strerror(errno));
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
