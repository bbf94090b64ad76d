/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* disk_shim.c: preloaded into belay, it makes one write or sync of a state folder fail. */
#include "base/prefix.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * DISK_FOLDER  the state folder: only calls on files in it count, and only this process's
 * DISK_AT      the number of the call that fails; 0: none
 * DISK_KIND    full: from it on every write and growth (ENOSPC); io: that call (EIO); short:
 * half of it is written, and what comes next finds the disk full once; torn: half of it is
 *              written (EIO); sync: that call, when it is a sync (EIO)
 * DISK_LOG     gets "calls N" at the end, and for each failure "fault N CALL PATH CHANGES",
 * where CHANGES is what the systems hold by then: the bytes of DISK_LEDGER, and how often INCR
 * was sent
 */
static struct {
    char folder[512];
    const char *kind, *log, *ledger;
    long at;
    pid_t pid;
} disk;
static atomic_long disk_calls, disk_sent, disk_pending;

static void disk_say(const char *format, ...)
{
    char line[900];
    va_list args;
    int fd, len;

    va_start(args, format);
    len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    fd =
        disk.log == NULL ? -1 : open(disk.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    (void)!write(fd, line, (size_t)len);
    close(fd);
}

__attribute__((constructor)) static void disk_begin(void)
{
    const char *folder = getenv("DISK_FOLDER"), *at = getenv("DISK_AT");

    disk.pid = getpid();
    disk.kind = getenv("DISK_KIND");
    disk.log = getenv("DISK_LOG");
    disk.ledger = getenv("DISK_LEDGER");
    if (folder != NULL && realpath(folder, disk.folder) == NULL)
        snprintf(disk.folder, sizeof(disk.folder), "%.500s", folder);
    disk.at = at == NULL || disk.kind == NULL ? 0 : strtol(at, NULL, 10);
    unsetenv("LD_PRELOAD"); /* what it starts is not meant */
}

__attribute__((destructor)) static void disk_end(void)
{
    if (getpid() == disk.pid && disk.folder[0] != '\0')
        disk_say("calls %ld\n", atomic_load(&disk_calls));
}

/* Whether this is a file of the state folder, and which. */
static bool disk_is_ours(int fd, char path[600])
{
    char link[64];
    ssize_t len;

    if (disk.folder[0] == '\0' || getpid() != disk.pid)
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, 599);
    if (len <= 0)
        return false;
    path[len] = '\0';
    return strncmp(path, disk.folder, strlen(disk.folder)) == 0;
}

static bool disk_is_zero(const void *data, size_t size)
{
    const char *bytes = data;

    return size > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static void disk_fault(long call, const char *name, const char *path, bool is_zero)
{
    struct stat info;
    long ledger = disk.ledger != NULL && stat(disk.ledger, &info) == 0 ? (long)info.st_size : 0;

    disk_say("fault %ld %s%s %s %ld\n", call, name, is_zero ? "-of-nothing" : "", path,
             ledger + atomic_load(&disk_sent));
}

enum disk_what { DISK_NOTHING, DISK_ENOSPC, DISK_EIO, DISK_SHORT, DISK_TORN };

/* What becomes of this write. */
static enum disk_what disk_judge_write(long call)
{
    static const struct {
        const char *kind;
        enum disk_what what;
    } once[] = {{"io", DISK_EIO}, {"short", DISK_SHORT}, {"torn", DISK_TORN}};

    if (strcmp(disk.kind, "full") == 0 || atomic_exchange(&disk_pending, 0) == 1)
        return DISK_ENOSPC;
    for (size_t i = 0; call == disk.at && i < BL_COUNT(once); i++) {
        if (strcmp(once[i].kind, disk.kind) == 0) {
            atomic_store(&disk_pending, once[i].what == DISK_SHORT);
            return once[i].what;
        }
    }
    return DISK_NOTHING;
}

static enum disk_what disk_judge_sync(long call)
{
    bool is_meant = strcmp(disk.kind, "io") == 0 || strcmp(disk.kind, "sync") == 0;

    return is_meant && call == disk.at ? DISK_EIO : DISK_NOTHING;
}

/* What becomes of a call on a file. */
static enum disk_what disk_judge(int fd, const char *name, bool is_sync, bool is_zero)
{
    enum disk_what what;
    char path[600];
    long call;

    if (!disk_is_ours(fd, path))
        return DISK_NOTHING;
    call = atomic_fetch_add(&disk_calls, 1) + 1;
    if (disk.at == 0 || call < disk.at)
        return DISK_NOTHING;
    what = is_sync ? disk_judge_sync(call) : disk_judge_write(call);
    if (what != DISK_NOTHING)
        disk_fault(call, name, path, is_zero);
    return what;
}

static int disk_fail(enum disk_what what)
{
    errno = what == DISK_ENOSPC || what == DISK_SHORT ? ENOSPC : EIO;
    return -1;
}

/* The function of that name that would have been called without us. */
static void *disk_next(const char *name)
{
    void *next = dlsym(RTLD_NEXT, name);

    if (next == NULL)
        abort();
    return next;
}

static void disk_count_incr(int fd, const void *data, size_t size)
{
    static const char command[] = "*2\r\n$4\r\nINCR\r\n"; /* not a question about it */
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);

    if (getpid() == disk.pid && memmem(data, size, command, sizeof(command) - 1) != NULL &&
        getpeername(fd, (struct sockaddr *)&address, &len) == 0)
        atomic_fetch_add(&disk_sent, 1);
}

/* Seen by the dynamic linker. */
#define DISK_OURS __attribute__((visibility("default")))

#define DISK_PWRITE(name)                                                                      \
    DISK_OURS ssize_t name(int fd, const void *data, size_t size, off_t at);                   \
    ssize_t name(int fd, const void *data, size_t size, off_t at)                              \
    {                                                                                          \
        static ssize_t (*next)(int, const void *, size_t, off_t);                              \
        enum disk_what what = disk_judge(fd, #name, false, disk_is_zero(data, size));          \
        ssize_t got;                                                                           \
                                                                                               \
        if (next == NULL)                                                                      \
            *(void **)&next = disk_next(#name);                                                \
        if (what == DISK_ENOSPC || what == DISK_EIO)                                           \
            return disk_fail(what);                                                            \
        got = next(fd, data, what == DISK_NOTHING ? size : size / 2, at);                      \
        return what == DISK_TORN ? disk_fail(what) : got;                                      \
    }

#define DISK_TRUNCATE(name)                                                                    \
    DISK_OURS int name(int fd, off_t size);                                                    \
    int name(int fd, off_t size)                                                               \
    {                                                                                          \
        static int (*next)(int, off_t);                                                        \
        enum disk_what what = disk_judge(fd, #name, false, false);                             \
                                                                                               \
        if (next == NULL)                                                                      \
            *(void **)&next = disk_next(#name);                                                \
        return what == DISK_NOTHING ? next(fd, size) : disk_fail(what);                        \
    }

#define DISK_SYNC(name)                                                                        \
    DISK_OURS int name(int fd);                                                                \
    int name(int fd)                                                                           \
    {                                                                                          \
        static int (*next)(int);                                                               \
        enum disk_what what = disk_judge(fd, #name, true, false);                              \
                                                                                               \
        if (next == NULL)                                                                      \
            *(void **)&next = disk_next(#name);                                                \
        return what == DISK_NOTHING ? next(fd) : disk_fail(what);                              \
    }

DISK_PWRITE(pwrite)
DISK_PWRITE(pwrite64)
DISK_TRUNCATE(ftruncate)
DISK_TRUNCATE(ftruncate64)
DISK_SYNC(fsync)
DISK_SYNC(fdatasync)

DISK_OURS ssize_t write(int fd, const void *data, size_t size)
{
    static ssize_t (*next)(int, const void *, size_t);
    enum disk_what what = disk_judge(fd, "write", false, disk_is_zero(data, size));
    ssize_t got;

    if (next == NULL)
        *(void **)&next = disk_next("write");
    disk_count_incr(fd, data, size);
    if (what == DISK_ENOSPC || what == DISK_EIO)
        return disk_fail(what);
    got = next(fd, data, what == DISK_NOTHING ? size : size / 2);
    return what == DISK_TORN ? disk_fail(what) : got;
}

DISK_OURS ssize_t writev(int fd, const struct iovec *parts, int count)
{
    static ssize_t (*next)(int, const struct iovec *, int);

    if (next == NULL)
        *(void **)&next = disk_next("writev");
    for (int i = 0; i < count; i++)
        disk_count_incr(fd, parts[i].iov_base, parts[i].iov_len);
    return next(fd, parts, count);
}

DISK_OURS ssize_t send(int fd, const void *data, size_t size, int flags)
{
    static ssize_t (*next)(int, const void *, size_t, int);

    if (next == NULL)
        *(void **)&next = disk_next("send");
    disk_count_incr(fd, data, size);
    return next(fd, data, size, flags);
}

DISK_OURS ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    static ssize_t (*next)(int, const struct msghdr *, int);

    if (next == NULL)
        *(void **)&next = disk_next("sendmsg");
    for (size_t i = 0; i < message->msg_iovlen; i++)
        disk_count_incr(fd, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    return next(fd, message, flags);
}
