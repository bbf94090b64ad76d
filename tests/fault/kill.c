/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* kill.c: a library to preload into the engine that ends it, or a server, at the K-th of its
 * points. */
#include "base/prefix.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * A point stands before and after each sync and write of the run's journal, each thing sent to
 * a socket, each thing received from one, each write of a file and each rename. They are
 * counted in the process that was started with this library and in no child of it.
 *
 * FAULT_POINT   the number of the point, from 1; 0: only count
 * FAULT_PORT    only sockets that are connected to this port are points
 * FAULT_SIGNAL  what is sent there (default KILL)
 * FAULT_PID     to which process (default: this one); -N: to the group and the children of N
 * FAULT_REACHED a file that is made when the point was reached; holds what kind of point it was
 * FAULT_LIST    a file that gets one line a point: its number, its kind, and whose port it is
 * about
 */

static atomic_long kill_count;
static long kill_at;
static int kill_signal = SIGKILL, kill_list = -1, kill_only;
static pid_t kill_owner, kill_whom;
static char kill_reached[512];

static void *kill_next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    return found;
}

#define NEXT(type, name, ...)                                                                  \
    static type (*next)(__VA_ARGS__);                                                          \
    if (next == NULL)                                                                          \
    next = (type(*)(__VA_ARGS__))kill_next(name)

static ssize_t kill_write(int fd, const void *data, size_t len)
{
    NEXT(ssize_t, "write", int, const void *, size_t);
    return next(fd, data, len);
}

static long kill_number(const char *name, long otherwise)
{
    const char *text = getenv(name);

    return text == NULL || *text == '\0' ? otherwise : strtol(text, NULL, 10);
}

__attribute__((constructor)) static void kill_begin(void)
{
    const char *list = getenv("FAULT_LIST"), *reached = getenv("FAULT_REACHED");

    if (getenv("FAULT_POINT") == NULL)
        return;
    kill_at = kill_number("FAULT_POINT", 0);
    kill_only = (int)kill_number("FAULT_PORT", 0);
    kill_signal = (int)kill_number("FAULT_SIGNAL", SIGKILL);
    kill_whom = (pid_t)kill_number("FAULT_PID", getpid());
    snprintf(kill_reached, sizeof(kill_reached), "%s", reached == NULL ? "" : reached);
    if (list != NULL) {
        int fd = open(list, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        kill_list = fcntl(fd, F_DUPFD_CLOEXEC, 900);
        close(fd);
    }
    kill_owner = getpid();
    unsetenv("LD_PRELOAD");
    unsetenv("FAULT_POINT");
}

static void kill_note(int fd, const char *text, size_t len)
{
    /* a thread that has descriptors of its own cannot be heard here */
    if (fd >= 0 && kill_write(fd, text, len) != (ssize_t)len && errno != EBADF)
        abort();
}

/* A server with its own children, who may have left its group. */
static void kill_server(pid_t pid)
{
    char path[60], text[4000], *rest = text;
    int fd;
    ssize_t len;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd < 0 ? 0 : pread(fd, text, sizeof(text) - 1, 0);
    if (fd >= 0)
        close(fd);
    text[len < 0 ? 0 : len] = '\0';
    for (long child = strtol(rest, &rest, 10); child > 1; child = strtol(rest, &rest, 10))
        kill((pid_t)child, kill_signal); /* first, so that none hears of the other's end */
    kill(-pid, kill_signal);
}

/* The port that a socket is connected to; 0: none, or a socket of another kind. */
static int kill_port(int fd)
{
    struct sockaddr_in peer = {0};
    socklen_t size = sizeof(peer);

    if (fd < 0 || getpeername(fd, (struct sockaddr *)&peer, &size) != 0 ||
        peer.sin_family != AF_INET)
        return 0;
    return ntohs(peer.sin_port);
}

static void kill_point(const char *kind, const char *when, const char *what, int about)
{
    char line[120];
    long number;
    int len, fd, port = kill_port(about);

    if (kill_owner == 0 || getpid() != kill_owner || (kill_only != 0 && port != kill_only))
        return;
    number = atomic_fetch_add(&kill_count, 1) + 1;
    len = snprintf(line, sizeof(line), "%ld %s %s %s %d\n", number, kind, when, what, port);
    kill_note(kill_list, line, (size_t)len);
    if (number != kill_at)
        return;
    if (kill_reached[0] != '\0') {
        fd = open(kill_reached, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        kill_note(fd, line, (size_t)len);
        close(fd);
    }
    if (kill_whom < 0)
        kill_server(-kill_whom);
    else
        kill(kill_whom, kill_signal);
}

/* What a descriptor is: "journal", "socket", "file", or NULL for what is no business of ours.
 */
static const char *kill_kind(int fd)
{
    struct stat info;
    char link[40], path[300];
    ssize_t len;

    if (kill_owner == 0 || fd < 3 || fd == kill_list || fstat(fd, &info) != 0)
        return NULL;
    if (S_ISSOCK(info.st_mode))
        return "socket";
    if (!S_ISREG(info.st_mode))
        return NULL;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    path[len < 0 ? 0 : len] = '\0';
    return strstr(path, "/runs/") != NULL ? "journal" : "file";
}

/* Calls the real function between two points; there are none when kind is NULL. */
#define BETWEEN(type, fd, kind, what, call)                                                    \
    const char *of = (kind);                                                                   \
    type result;                                                                               \
    if (of != NULL)                                                                            \
        kill_point(of, "before", what, fd);                                                    \
    result = (call);                                                                           \
    if (of != NULL)                                                                            \
        kill_point(of, "after", what, fd);                                                     \
    return result

/* What comes in has one point, behind it: nothing has happened before. */
#define BEHIND(what, call)                                                                     \
    ssize_t result = (call);                                                                   \
    const char *of = result > 0 ? kill_kind(fd) : NULL;                                        \
    if (of != NULL && of[0] == 's')                                                            \
        kill_point(of, "after", what, fd);                                                     \
    return result

int fdatasync(int fd)
{
    NEXT(int, "fdatasync", int);
    BETWEEN(int, fd, kill_kind(fd), "sync", next(fd));
}

int fsync(int fd)
{
    NEXT(int, "fsync", int);
    BETWEEN(int, fd, kill_kind(fd), "sync", next(fd));
}

ssize_t write(int fd, const void *data, size_t len)
{
    BETWEEN(ssize_t, fd, kill_kind(fd), "write", kill_write(fd, data, len));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    NEXT(ssize_t, "writev", int, const struct iovec *, int);
    BETWEEN(ssize_t, fd, kill_kind(fd), "write", next(fd, parts, count));
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    NEXT(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    BETWEEN(ssize_t, fd, kill_kind(fd), "write", next(fd, data, len, at));
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    NEXT(ssize_t, "send", int, const void *, size_t, int);
    BETWEEN(ssize_t, fd, kill_kind(fd), "send", next(fd, data, len, flags));
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
               socklen_t size)
{
    NEXT(ssize_t, "sendto", int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    BETWEEN(ssize_t, fd, kill_kind(fd), "send", next(fd, data, len, flags, to, size));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    NEXT(ssize_t, "sendmsg", int, const struct msghdr *, int);
    BETWEEN(ssize_t, fd, kill_kind(fd), "send", next(fd, message, flags));
}

ssize_t read(int fd, void *data, size_t len)
{
    NEXT(ssize_t, "read", int, void *, size_t);
    BEHIND("receive", next(fd, data, len));
}

ssize_t recv(int fd, void *data, size_t len, int flags)
{
    NEXT(ssize_t, "recv", int, void *, size_t, int);
    BEHIND("receive", next(fd, data, len, flags));
}

ssize_t recvfrom(int fd, void *data, size_t len, int flags, struct sockaddr *from,
                 socklen_t *size)
{
    NEXT(ssize_t, "recvfrom", int, void *, size_t, int, struct sockaddr *, socklen_t *);
    BEHIND("receive", next(fd, data, len, flags, from, size));
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    NEXT(ssize_t, "recvmsg", int, struct msghdr *, int);
    BEHIND("receive", next(fd, message, flags));
}

int rename(const char *from, const char *to)
{
    NEXT(int, "rename", const char *, const char *);
    BETWEEN(int, -1, "file", "rename", next(from, to));
}
