/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* file.c: reads a whole file that a person named, up to a bound. */
#include "base/prefix.h"

#include "base/file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum bl_code bl_fd_read(int fd, struct bl_buf *text, struct bl_error *err)
{
    char block[8192], size[40];
    ssize_t got;

    do {
        got = read(fd, block, sizeof(block));
        if (got > 0)
            bl_buf_add(text, block, (size_t)got);
    } while ((got > 0 && !text->truncated) || (got < 0 && errno == EINTR));
    if (got < 0)
        return bl_fail(err, BL_E_IO, "%s", strerror(errno));
    if (!text->truncated)
        return BL_OK;
    bl_format_bytes(size, sizeof(size), (int64_t)text->max);
    return bl_fail(err, BL_E_TOO_LARGE, "larger than %s", size);
}

enum bl_code bl_path_read(const char *path, struct bl_buf *text, struct bl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum bl_code code;

    if (fd < 0)
        return bl_fail(err, BL_E_IO, "%s", strerror(errno));
    code = bl_fd_read(fd, text, err);
    close(fd);
    return code;
}
