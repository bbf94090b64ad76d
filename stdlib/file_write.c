/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* file_write.c: changes to files: whole or not at all, and on the disk before they are
 * answered. */
#include "base/prefix.h"

#include "file_job.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool write_all(struct bl_file_job *job, int fd)
{
    size_t len, at = 0;
    const char *data = bl_value_as_bytes(bl_call_value(job->call, "content"), &len);

    while (at < len && !atomic_load(&job->cancelled)) {
        size_t part = len - at < BL_FILE_BLOCK ? len - at : BL_FILE_BLOCK;
        ssize_t put = write(fd, data + at, part);
        if (put < 0 && errno != EINTR)
            return false;
        at += put > 0 ? (size_t)put : 0;
    }
    return fsync(fd) == 0;
}

/* The folder of a path, as a string of our own. */
static char *write_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return bl_strdup(".");
    return slash == path ? bl_strdup("/") : bl_strndup(path, (size_t)(slash - path));
}

/* Makes a change of names in a folder last. */
static void write_sync_folder(const char *path)
{
    char *folder = write_folder(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    bl_free(folder);
}

/* A new file beside the one that it will replace, with its owner and mode. */
static int write_temporary(struct bl_file_job *job, const char *path)
{
    struct stat old;
    bool replaces = stat(job->path, &old) == 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd >= 0 && replaces) {
        /* somebody else's file stays theirs where we may do that */
        if (fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM)
            bl_file_fail(job, "write", errno);
        if (fchmod(fd, old.st_mode & 07777) != 0)
            bl_file_fail(job, "write", errno);
    }
    return fd;
}

static void write_replace(struct bl_file_job *job, const char *temporary)
{
    int fd = write_temporary(job, temporary);
    bool is_written;

    if (fd < 0) {
        bl_file_fail(job, "write", errno);
        return;
    }
    is_written = job->err.code == BL_OK && write_all(job, fd);
    if (!is_written && job->err.code == BL_OK)
        bl_file_fail(job, "write", errno);
    close(fd);
    if (is_written && !atomic_load(&job->cancelled) && rename(temporary, job->path) == 0) {
        write_sync_folder(job->path);
        job->answer = bl_value_bool(true);
        return;
    }
    if (job->err.code == BL_OK)
        bl_file_fail(job, "write", errno);
    unlink(temporary);
}

void bl_file_write(struct bl_file_job *job)
{
    char *folder = write_folder(job->path), name[9], *temporary;
    size_t size = strlen(folder) + 40;
    struct stat info;

    if (lstat(job->path, &info) == 0 && !S_ISREG(info.st_mode)) {
        bl_fail(&job->err, BL_E_EXISTS,
                "file: cannot write %.300s: there is something that is not a plain file",
                job->path);
        bl_free(folder);
        return;
    }
    temporary = bl_alloc(size);
    bl_random_name(name, 8);
    snprintf(temporary, size, "%s/.belay-%s.tmp", folder, name);
    write_replace(job, temporary);
    bl_free(temporary);
    bl_free(folder);
}

void bl_file_append(struct bl_file_job *job)
{
    bool is_new = access(job->path, F_OK) != 0;
    int fd = open(job->path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                  0644);
    struct stat info;

    if (fd < 0) {
        bl_file_fail(job, "append to", errno);
        return;
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        bl_fail(&job->err, BL_E_UNSUPPORTED,
                "file: cannot append to %.300s: it is a device or pipe, not a file", job->path);
    else if (!write_all(job, fd))
        bl_file_fail(job, "append to", errno);
    else
        job->answer = bl_value_bool(true);
    if (is_new)
        write_sync_folder(job->path);
    close(fd);
}

void bl_file_remove(struct bl_file_job *job)
{
    if (atomic_load(&job->cancelled))
        return;
    if (unlink(job->path) == 0) {
        write_sync_folder(job->path);
        job->answer = bl_value_bool(true);
    } else if (errno == ENOENT) {
        job->answer = bl_value_bool(false);
    } else if (errno == EISDIR) {
        bl_fail(&job->err, BL_E_UNSUPPORTED,
                "file: cannot remove %.300s: it is a folder; remove its files one by one",
                job->path);
    } else {
        bl_file_fail(job, "remove", errno);
    }
}
