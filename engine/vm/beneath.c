/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* beneath.c: opens files below one folder, whatever links and dots say. */
#include "base/prefix.h"

#include "vm/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK: a FIFO must not block. */
#define BENEATH_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Where the kernel has no openat2: one folder at a time, and no link at all. */
static int beneath_walk(int root, const char *path)
{
    int folder = dup(root), next;
    char name[BL_LOADER_NAME + 1];
    const char *slash;

    while (folder >= 0 && (slash = strchr(path, '/')) != NULL) {
        snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
        path = slash + 1;
        next = strcmp(name, "..") == 0 || name[0] == '\0'
                   ? (errno = EXDEV, -1)
                   : openat(folder, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
        close(folder);
        folder = next;
    }
    if (folder < 0)
        return -1;
    next = openat(folder, path, BENEATH_FLAGS | O_NOFOLLOW);
    close(folder);
    return next;
}

static int beneath_raw(int root, const char *path)
{
    struct open_how how = {
        .flags = BENEATH_FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return beneath_walk(root, path);
    return (int)fd;
}

static void beneath_fail(struct bl_error *err, const char *path, int number)
{
    if (number == EXDEV)
        bl_fail(
            err, BL_E_DENIED,
            "%s leads out of the project: files come from inside it only, and a link must be "
            "relative and stay inside",
            path);
    else if (number == ENOENT || number == ENOTDIR)
        bl_fail(err, BL_E_NOT_FOUND, "the project has no %s", path);
    else if (number == ELOOP)
        bl_fail(err, BL_E_DENIED, "%s is a link that cannot be followed", path);
    else if (number == EACCES)
        bl_fail(err, BL_E_DENIED, "%s cannot be read: check its permissions", path);
    else
        bl_fail(err, BL_E_IO, "%s cannot be opened: %s", path, strerror(number));
}

int bl_beneath_open(int root, const char *path, struct bl_error *err)
{
    struct stat info;
    int fd;

    if (strlen(path) > BL_LOADER_NAME) {
        bl_fail(err, BL_E_ARG, "the path is longer than %d bytes", BL_LOADER_NAME);
        return -1;
    }
    fd = path[0] == '/' ? (errno = EXDEV, -1) : beneath_raw(root, path);
    if (fd < 0) {
        beneath_fail(err, path, errno);
        return -1;
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        bl_fail(err, BL_E_ARG, "%s is not a plain file", path);
        close(fd);
        return -1;
    }
    return fd;
}
