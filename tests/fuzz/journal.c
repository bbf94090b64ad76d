/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* journal.c: any bytes as the file of a run: reading and verifying end with an answer. */
#include "base/prefix.h"

#include "journal/journal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool journal_count(void *arg, const struct bl_event *event)
{
    int64_t *count = arg;

    if (event == NULL)
        BL_BUG("an event that is not there");
    return ++*count < 100000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bl_verdict verdict = {0};
    struct bl_error err = {0};
    int64_t count = 0;
    char path[64];
    int fd = memfd_create("run", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        BL_BUG("cannot make a file in memory");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (bl_journal_read(path, journal_count, &count, &err) != BL_OK && err.message[0] == '\0')
        BL_BUG("an error without a message");
    if (bl_journal_verify_file(path, &verdict, &err) != BL_OK && err.message[0] == '\0')
        BL_BUG("an error without a message");
    close(fd);
    return 0;
}
