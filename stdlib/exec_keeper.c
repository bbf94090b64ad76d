/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_keeper.c: the process between the engine and a command. */
#include "base/prefix.h"

#include "exec_keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptors of the keeper, after everything else was closed. */
enum {
    KEEPER_IN,
    KEEPER_OUT,
    KEEPER_ERR,
    KEEPER_SOCKET,
    KEEPER_FDS,
};

#define KEEPER_CHILDREN 512 /* that one look sees; the next look sees the others */
#define KEEPER_KILL_MS                                                                         \
    1200 /* from the first SIGKILL on; then what cannot be killed is left                      \
          */

/*
 * From here to keeper_main everything runs in a fork of a process with threads: system calls
 * only, no allocation, no stdio, no lock.
 */
static int64_t keeper_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void keeper_report(enum bl_keeper_kind kind, int value, const char *what)
{
    struct bl_keeper_report report = {.kind = kind, .value = value};

    for (size_t i = 0; what[i] != '\0' && i + 1 < sizeof(report.what); i++)
        report.what[i] = what[i];
    (void)!send(KEEPER_SOCKET, &report, sizeof(report), MSG_NOSIGNAL);
}

/* Adds the digits of a number to a path. */
static char *keeper_digits(char *end, pid_t number)
{
    char digits[12];
    int count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *end++ = digits[--count];
    *end = '\0';
    return end;
}

static char *keeper_append(char *end, const char *text)
{
    while (*text != '\0')
        *end++ = *text++;
    *end = '\0';
    return end;
}

static ssize_t keeper_read_file(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return -1;
    got = read(fd, out, size - 1);
    close(fd);
    out[got > 0 ? got : 0] = '\0';
    return got;
}

/* The children that the kernel lists for this process. -1: it has no such list. */
static int keeper_list_children(pid_t *list, int room)
{
    char path[64], text[4096];
    int count = 0;
    pid_t pid = 0;
    char *end = keeper_append(path, "/proc/self/task/");

    keeper_append(keeper_digits(end, getpid()), "/children");
    if (keeper_read_file(path, text, sizeof(text)) < 0)
        return -1;
    for (const char *at = text; *at != '\0' && count < room; at++) {
        if (*at >= '0' && *at <= '9') {
            pid = pid * 10 + (*at - '0');
        } else if (pid >
                   0) { /* a space follows each number; one cut off is for the next time */
            list[count++] = pid;
            pid = 0;
        }
    }
    return count;
}

/* The parent of a process, from /proc/PID/stat; 0 when it is gone. */
static pid_t keeper_parent(const char *name)
{
    char path[64], text[512];
    const char *at = text;
    pid_t parent = 0;

    keeper_append(keeper_append(keeper_append(path, "/proc/"), name), "/stat");
    if (keeper_read_file(path, text, sizeof(text)) <= 0)
        return 0;
    for (const char *scan = text; *scan != '\0'; scan++)
        at = *scan == ')' ? scan : at; /* the name in between may hold anything */
    if (*at != ')')
        return 0;
    for (at += 4; *at >= '0' && *at <= '9'; at++)
        parent = parent * 10 + (*at - '0');
    return parent;
}

/* The same by a walk over all processes. */
static int keeper_walk_children(pid_t *list, int room)
{
    char buffer[4096] __attribute__((aligned(8)));
    int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
    pid_t self = getpid();
    long got;

    while (fd >= 0 && (got = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
        for (long at = 0; at < got;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);
            pid_t pid = 0;
            for (const char *c = entry->d_name; *c >= '0' && *c <= '9' && pid < 100000000; c++)
                pid = pid * 10 + (*c - '0');
            if (pid > 0 && count < room && keeper_parent(entry->d_name) == self)
                list[count++] = pid;
            at += entry->d_reclen;
        }
    }
    if (fd >= 0)
        close(fd);
    return count;
}

/* Our children, at most so many; they cannot vanish under their numbers before we reap them. */
static int keeper_children(pid_t *list, int room)
{
    int count = keeper_list_children(list, room);

    return count >= 0 ? count : keeper_walk_children(list, room);
}

/* The command's status, once it has ended; it stays unreaped so that its group is still its. */
static bool keeper_has_ended(pid_t command, int *status)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)command, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return false;
    if (info.si_pid != command)
        return false;
    *status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
    return true;
}

/* Reaps orphans that came to us, but not the command itself. Gives how many are left alive. */
static int keeper_reap_orphans(pid_t command)
{
    pid_t children[KEEPER_CHILDREN];
    int count = keeper_children(children, KEEPER_CHILDREN), alive = 0;

    for (int i = 0; i < count; i++)
        alive += children[i] != command && waitpid(children[i], NULL, WNOHANG) == 0;
    return alive;
}

static void keeper_pause(int millis)
{
    struct timespec span = {.tv_nsec = millis * 1000000L};

    nanosleep(&span, NULL);
}

/* Asks the command's group, and what has left it, to end: each process once. */
static void keeper_ask(pid_t command)
{
    pid_t children[KEEPER_CHILDREN];
    int count = keeper_children(children, KEEPER_CHILDREN);

    kill(-command, SIGTERM);
    for (int i = 0; i < count; i++) {
        if (children[i] != command && getpgid(children[i]) != command)
            kill(children[i], SIGTERM);
    }
    kill(-command, SIGCONT); /* a stopped process cannot obey */
}

/* Asks the whole tree to end, then ends it, and returns when nothing is left. */
static void keeper_end_tree(pid_t command)
{
    pid_t children[KEEPER_CHILDREN], gone;
    int64_t start = keeper_now();
    int status, count;

    keeper_ask(command);
    while (keeper_now() - start < BL_KEEPER_GRACE_MS &&
           (keeper_reap_orphans(command) > 0 || !keeper_has_ended(command, &status)))
        keeper_pause(5);
    kill(-command, SIGKILL);
    start = keeper_now();
    /* A killed process leaves its children to us: each round finds the next generation. */
    while (keeper_now() - start < KEEPER_KILL_MS) {
        count = keeper_children(children, KEEPER_CHILDREN);
        for (int i = 0; i < count; i++)
            kill(children[i], SIGKILL);
        while ((gone = waitpid(-1, NULL, WNOHANG)) > 0)
            continue;
        if (gone < 0 && errno == ECHILD)
            return;
        keeper_pause(1);
    }
}

static void keeper_reset_signals(void)
{
    struct sigaction fresh = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        sigaction(number, &fresh, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts this process into the cgroup of its own, if it can be. */
static void keeper_join(const char *cgroup)
{
    char path[PATH_MAX + 16];
    int fd;

    keeper_append(keeper_append(path, cgroup), "/cgroup.procs");
    fd = open(path, O_WRONLY | O_CLOEXEC);
    (void)!write(fd, "0", 1);
    if (fd >= 0)
        close(fd);
}

/* Removes the cgroup. It is busy until the kernel has put the last process away. */
static void keeper_leave(const char *cgroup)
{
    for (int i = 0; cgroup != NULL && i < 20 && rmdir(cgroup) != 0 && errno == EBUSY; i++)
        keeper_pause(5);
}

/* In the command's process: becomes the command, or says why not. */
static _Noreturn void keeper_exec(const struct bl_keeper_command *command, pid_t keeper)
{
    static const struct sched_param first = {.sched_priority = 1};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    if (command->is_urgent && sched_getscheduler(0) == SCHED_OTHER)
        sched_setscheduler(0, SCHED_RR, &first);
    if (command->cgroup != NULL)
        keeper_join(command->cgroup);
    keeper_reset_signals();
    if (getppid() != keeper)
        _exit(127);
    if (command->cwd != NULL && chdir(command->cwd) != 0) {
        keeper_report(BL_KEEPER_FAILED, errno, "chdir");
        _exit(127);
    }
    execve(command->path, command->argv, command->environment);
    keeper_report(BL_KEEPER_FAILED, errno, "exec");
    _exit(127);
}

/* Waits for the command's end or for the order to end it. */
static void keeper_watch(pid_t command, int signals)
{
    struct pollfd polls[] = {{.fd = KEEPER_SOCKET, .events = POLLIN},
                             {.fd = signals, .events = POLLIN}};
    int status = 0;

    while (!keeper_has_ended(command, &status)) {
        struct signalfd_siginfo info;
        if (poll(polls, 2, signals < 0 ? 20 : 1000) > 0 && polls[0].revents != 0) {
            keeper_end_tree(command);
            return;
        }
        if (signals >= 0 && (polls[1].revents & POLLIN) != 0)
            (void)!read(signals, &info, sizeof(info));
        keeper_reap_orphans(command);
    }
    keeper_report(BL_KEEPER_EXITED, status, "");
    waitpid(command, NULL, 0);
}

/* Puts the four descriptors and those passed on into their places and closes all others. */
static void keeper_arrange(const int fds[KEEPER_FDS], const struct bl_keeper_command *command)
{
    int high[KEEPER_FDS + BL_KEEPER_PASSED], count = KEEPER_FDS + command->passed_count;

    for (int i = 0; i < count; i++)
        high[i] = fcntl(i < KEEPER_FDS ? fds[i] : command->passed[i - KEEPER_FDS], F_DUPFD, 32);
    for (int i = 0; i < count; i++)
        dup2(high[i], i);
    fcntl(KEEPER_SOCKET, F_SETFD, FD_CLOEXEC);
    if (syscall(SYS_close_range, count, ~0U, 0) != 0) {
        for (int fd = count; fd < 65536; fd++)
            close(fd);
    }
}

static _Noreturn void keeper_main(const int fds[KEEPER_FDS],
                                  const struct bl_keeper_command *command)
{
    sigset_t child;
    pid_t self = getpid(), pid;
    int signals;

    setsid(); /* Ctrl-C at the terminal is the engine's to judge */
    keeper_reset_signals();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "belay-keeper");
    keeper_arrange(fds, command);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    pid = _Fork(); /* without the handlers of libraries: their locks may be held */
    if (pid == 0)
        keeper_exec(command, self);
    if (pid < 0) {
        keeper_report(BL_KEEPER_FAILED, errno, "fork");
        keeper_leave(command->cgroup);
        _exit(1);
    }
    for (int fd = KEEPER_IN; fd < KEEPER_FDS + command->passed_count; fd++) {
        if (fd != KEEPER_SOCKET)
            close(fd); /* the pipes end with the command, not with us */
    }
    signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    keeper_watch(pid, signals);
    keeper_leave(command->cgroup);
    _exit(0);
}

/* A pipe whose end for the engine (0 reads, 1 writes) does not block. */
static bool keeper_pipe(int pipes[2], int ours)
{
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    return fcntl(pipes[ours], F_SETFL, O_NONBLOCK) == 0;
}

static void keeper_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Opens what the command gets (theirs) and what the engine keeps (ours). */
static bool keeper_open(int theirs[KEEPER_FDS], int ours[KEEPER_FDS], bool has_stdin)
{
    int pair[2];

    if (has_stdin) {
        if (!keeper_pipe(pair, 1))
            return false;
        theirs[KEEPER_IN] = pair[0];
        ours[KEEPER_IN] = pair[1];
    } else {
        theirs[KEEPER_IN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    for (int fd = KEEPER_OUT; fd <= KEEPER_ERR; fd++) {
        if (!keeper_pipe(pair, 0))
            return false;
        ours[fd] = pair[0];
        theirs[fd] = pair[1];
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    ours[KEEPER_SOCKET] = pair[0];
    theirs[KEEPER_SOCKET] = pair[1];
    return theirs[KEEPER_IN] >= 0 && fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0;
}

enum bl_code bl_keeper_start(struct bl_keeper *keeper, const struct bl_keeper_command *command,
                             struct bl_error *err)
{
    int theirs[KEEPER_FDS] = {-1, -1, -1, -1}, ours[KEEPER_FDS] = {-1, -1, -1, -1};
    sigset_t all, before;
    enum bl_code code = BL_OK;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of ours runs in the keeper */
    keeper->pid = keeper_open(theirs, ours, command->has_stdin) ? fork() : -1;
    if (keeper->pid == 0)
        keeper_main(theirs, command);
    if (keeper->pid < 0)
        code = bl_fail(err, BL_E_IO,
                       "cannot start a process (%s): end other commands or raise the limits "
                       "of processes and open files",
                       strerror(errno));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (int fd = 0; fd < KEEPER_FDS; fd++) {
        keeper_close(&theirs[fd]);
        if (code != BL_OK)
            keeper_close(&ours[fd]);
    }
    keeper->in = ours[KEEPER_IN];
    keeper->out = ours[KEEPER_OUT];
    keeper->err = ours[KEEPER_ERR];
    keeper->socket = ours[KEEPER_SOCKET];
    return code;
}
