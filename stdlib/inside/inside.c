/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* inside.c: the first process of a command's sandbox: seals it, starts the command, keeps it
 * within its limits. */
#include "base/prefix.h"

#include "exec_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define INSIDE_TICK_MAX 20000000L /* nanoseconds between two looks, at most */
#define INSIDE_TICK_MORE 2000000L /* and by how much they grow */
#define INSIDE_NICE 10            /* of the command */
#define INSIDE_REAPS 32           /* of orphans between two looks */

/* Rights that newer kernels know and older headers do not. */
#define INSIDE_TRUNCATE (1ULL << 14)
#define INSIDE_IOCTL_DEVICE (1ULL << 15)

static int shared; /* the file without a name */

static void inside_report(enum bl_inside_stage stage, int value, const char *what)
{
    struct bl_inside_report report = {.stage = stage, .value = value};

    snprintf(report.what, sizeof(report.what), "%s", what);
    (void)!pwrite(shared, &report, sizeof(report), 0);
}

static _Noreturn void inside_unsafe(int value, const char *what)
{
    inside_report(BL_INSIDE_UNSAFE, value, what);
    _exit(125);
}

/* --- is this a sandbox? --- */

static bool inside_has_line(const char *text, const char *line)
{
    const char *at = strstr(text, line);

    return at != NULL && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n';
}

/* Reads a small file of /proc. */
static void inside_read(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = fd < 0 ? -1 : 1;

    while (got > 0 && len + 1 < size) {
        got = read(fd, out + len, size - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        inside_unsafe(errno, path);
    out[len] = '\0';
    close(fd);
}

static void inside_check(void)
{
    static const char *const lines[] = {
        "CapInh:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    };
    static const char *const frozen[] = {"/", "/proc", "/sys", "/dev"};
    char text[8192];
    struct statvfs info;

    if (getpid() != 1)
        inside_unsafe(0, "it has no processes of its own");
    inside_read("/proc/self/status", text, sizeof(text));
    for (size_t i = 0; i < BL_COUNT(lines); i++) {
        if (!inside_has_line(text, lines[i]))
            inside_unsafe(0, lines[i]);
    }
    for (size_t i = 0; i < BL_COUNT(frozen); i++) {
        if (statvfs(frozen[i], &info) != 0 || (info.f_flag & ST_RDONLY) == 0)
            inside_unsafe(0, frozen[i]);
    }
    inside_read("/proc/self/net/dev", text, sizeof(text));
    for (const char *at = strchr(text, ':'); at != NULL; at = strchr(at + 1, ':')) {
        if (at - text < 2 || strncmp(at - 2, "lo", 2) != 0)
            inside_unsafe(0, "it has a network");
    }
}

/* --- what bubblewrap cannot do --- */

static void inside_allow(int rules, const char *path, uint64_t rights)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = rights};

    beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0)
        return; /* what is not there needs no permission */
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        inside_unsafe(errno, path);
    close(beneath.parent_fd);
}

/*
 * Nothing may be opened for writing or made but in the folders named, which are private. A
 * mount that is read-only stops that for files; only this stops it for FIFOs.
 */
static void inside_lock(const char *folder, uint32_t folders)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full"};
    struct landlock_ruleset_attr attr = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                             LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                             LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM};
    uint64_t in_folders;
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    int rules;

    if (version < 1)
        inside_unsafe(errno, "the kernel has no Landlock");
    attr.handled_access_fs |= version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    attr.handled_access_fs |= version >= 3 ? INSIDE_TRUNCATE : 0;
    in_folders = attr.handled_access_fs;
    attr.handled_access_fs |= version >= 5 ? INSIDE_IOCTL_DEVICE : 0;
    rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (rules < 0)
        inside_unsafe(errno, "Landlock");
    for (size_t i = 0; i < BL_COUNT(devices); i++)
        inside_allow(rules, devices[i], LANDLOCK_ACCESS_FS_WRITE_FILE);
    for (; folders > 0; folders--, folder += strlen(folder) + 1)
        inside_allow(rules, folder, in_folders);
    if (syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        inside_unsafe(errno, "Landlock");
    close(rules);
}

static void inside_limit(__rlimit_resource_t resource, int64_t most)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        _exit(125);
    if (limit.rlim_max > (rlim_t)most)
        limit.rlim_max = (rlim_t)most;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(resource, &limit) != 0)
        _exit(125);
}

/* Kernels before 5.14 count the processes of the user everywhere, not of this namespace. */
static bool inside_counts_processes(void)
{
    struct utsname name;
    unsigned major = 0, minor = 0;

    return uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
           (major > 5 || (major == 5 && minor >= 14));
}

/* --- the command --- */

static _Noreturn void inside_exec(const struct bl_inside_order *order, char *texts)
{
    static const struct sched_param usual;
    char **list = calloc((size_t)order->arguments + order->variables + 2, sizeof(*list));
    char *path = texts;
    uint32_t at = 0;

    if (list == NULL)
        _exit(125);
    texts += strlen(texts) + 1;
    for (uint32_t i = 0; i < order->arguments; i++, texts += strlen(texts) + 1)
        list[at++] = texts;
    at++;
    for (uint32_t i = 0; i < order->variables; i++, texts += strlen(texts) + 1)
        list[at++] = texts;
    /* Who watches is never kept waiting, nor is the host's work. */
    if (sched_getscheduler(0) == SCHED_RR && sched_setscheduler(0, SCHED_OTHER, &usual) != 0)
        _exit(125);
    (void)!nice(INSIDE_NICE);
    inside_limit(RLIMIT_CORE, 1); /* 1: no file, and no program of the host that takes it */
    inside_limit(RLIMIT_FSIZE, BL_INSIDE_FILE);
    inside_limit(RLIMIT_NOFILE, 1024);
    inside_limit(RLIMIT_CPU, order->seconds);
    inside_limit(RLIMIT_MEMLOCK, 1 << 20);
    inside_limit(RLIMIT_MSGQUEUE, 1 << 16);
    inside_limit(RLIMIT_AS, BL_INSIDE_ADDRESSES);
    if (inside_counts_processes())
        inside_limit(RLIMIT_NPROC, BL_INSIDE_PROCESSES);
    execve(path, list, list + order->arguments + 1);
    inside_report(BL_INSIDE_FAILED, errno, "");
    _exit(127);
}

static int64_t inside_resident(const char *pid)
{
    char path[40], text[128];
    long long pages = 0;
    ssize_t got;
    int fd;

    snprintf(path, sizeof(path), "/proc/%.10s/statm", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    if (got <= 0)
        return 0;
    text[got] = '\0';
    return sscanf(text, "%*d %lld", &pages) == 1 ? pages * sysconf(_SC_PAGESIZE) : 0;
}

/* Ends everything when there is too much of it, as soon as that is seen. Gives how many
 * processes there are. */
static int inside_look(DIR *processes)
{
    struct dirent *entry;
    int64_t memory = 0;
    int count = 0;

    rewinddir(processes);
    while ((entry = readdir(processes)) != NULL) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        memory += inside_resident(entry->d_name);
        if (++count > BL_INSIDE_PROCESSES || memory > BL_INSIDE_MEMORY) {
            inside_report(count > BL_INSIDE_PROCESSES ? BL_INSIDE_CROWDED : BL_INSIDE_FAT, 0,
                          "");
            _exit(125);
        }
    }
    return count;
}

/* The command's end, unless it never began. */
static _Noreturn void inside_end(int status)
{
    struct bl_inside_report report = {0};

    if (pread(shared, &report, sizeof(report), 0) == (ssize_t)sizeof(report) &&
        report.stage == BL_INSIDE_SEALED)
        inside_report(BL_INSIDE_ENDED, status, "");
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void inside_watch(pid_t command)
{
    struct timespec tick = {0};
    DIR *processes = opendir("/proc");
    sigset_t child;
    pid_t gone = 1;
    int status, before = 0, count;

    if (processes == NULL)
        inside_unsafe(errno, "/proc");
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        count = inside_look(processes);
        tick.tv_nsec += INSIDE_TICK_MORE;
        if (count > before) /* no rest while they become more */
            tick.tv_nsec = 0;
        else if (tick.tv_nsec > INSIDE_TICK_MAX)
            tick.tv_nsec = INSIDE_TICK_MAX;
        before = count;
        for (int i = 0; i < INSIDE_REAPS && gone > 0; i++) {
            gone = waitpid(-1, &status, WNOHANG);
            if (gone == command)
                inside_end(status);
        }
        if (gone <= 0) /* else there may be more of them */
            sigtimedwait(&child, NULL, &tick);
        gone = 1;
    }
}

static char *inside_texts(struct bl_inside_order *order)
{
    off_t at = sizeof(struct bl_inside_report);
    char *texts;

    if (pread(shared, order, sizeof(*order), at) != (ssize_t)sizeof(*order) ||
        order->magic != BL_INSIDE_MAGIC)
        inside_unsafe(0, "its order cannot be read");
    texts = calloc((size_t)order->size + 1, 1);
    at += (off_t)sizeof(*order);
    for (size_t done = 0; done < order->size;) {
        ssize_t got = texts == NULL
                          ? -1
                          : pread(shared, texts + done, order->size - done, at + (off_t)done);
        if (got <= 0)
            inside_unsafe(errno, "its order cannot be read");
        done += (size_t)got;
    }
    return texts;
}

int main(int argc, char **argv)
{
    struct bl_inside_order order;
    char *texts, *folder;
    sigset_t child;
    pid_t pid;

    if (argc != 2)
        return 125;
    shared = (int)strtol(argv[1], NULL, 10);
    prctl(PR_SET_NAME, "belay-inside");
    prctl(PR_SET_DUMPABLE, 0); /* nobody inside looks into this process or its descriptors */
    texts = inside_texts(&order);
    fcntl(shared, F_SETFD, FD_CLOEXEC);
    inside_check();
    folder = texts;
    for (uint32_t skip = 1 + order.arguments + order.variables; skip > 0; skip--)
        folder += strlen(folder) + 1;
    inside_lock(folder, order.writable);
    for (int fd = 3; fd < 64; fd++) {
        if (fd != shared)
            close(fd);
    }
    inside_report(BL_INSIDE_SEALED, 0, "");
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_UNBLOCK, &child, NULL);
        inside_exec(&order, texts);
    }
    if (pid < 0)
        inside_unsafe(errno, "no process can be made in it");
    for (int fd = 0; fd < 3; fd++)
        close(fd); /* the pipes end with the command */
    inside_watch(pid);
    return 0;
}
