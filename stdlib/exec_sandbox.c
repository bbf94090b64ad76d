/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_sandbox.c: runs a command where it can look at this machine and change nothing. */
#include "base/prefix.h"

#include "exec_sandbox.h"

#include "exec_bound.h"
#include "exec_filter.h"
#include "exec_inside.h"
#include "exec_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SANDBOX_FOLDERS "/usr/local/bin:/usr/bin:/bin" /* where bubblewrap may be */
#define SANDBOX_TMPFS "33554432"                       /* bytes of each private folder */
#define SANDBOX_SOCKETS 200                            /* that are masked one by one */
#define SANDBOX_ACCEPTS 0x10000                        /* a flag of /proc/net/unix */
#define SANDBOX_INSTEAD                                                                        \
    "or leave out reads = true: then it is no question any more, but a change"

/* The descriptors that bubblewrap finds; bl_keeper_command.passed in this order. */
#define SANDBOX_SHARED "4"
#define SANDBOX_FILTER "5"
#define SANDBOX_IMAGE "/proc/self/fd/6"

/* Folders of the host that hold daemons' sockets and everybody's files. */
static const char *const hidden[] = {"/run", "/var/run", "/tmp", "/var/tmp"};

/* Files of the kernel that are used up by reading them. */
static const char *const consumed[] = {"/sys/kernel/debug", "/sys/kernel/tracing"};

struct sandbox_list {
    char **items; /* NULL-terminated */
    size_t count;
};

static void sandbox_add(struct sandbox_list *list, const char *item)
{
    list->items = bl_realloc(list->items, (list->count + 2) * sizeof(*list->items));
    list->items[list->count++] = bl_strdup(item);
    list->items[list->count] = NULL;
}

static void sandbox_add_all(struct sandbox_list *list, const char *const *items)
{
    for (; *items != NULL; items++)
        sandbox_add(list, *items);
}

static void sandbox_free(char **items)
{
    for (char **at = items; at != NULL && *at != NULL; at++)
        bl_free(*at);
    bl_free(items);
}

/* The path is the folder or below it. */
static bool sandbox_is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool sandbox_is_below_any(const char *path, const struct sandbox_list *folders)
{
    for (size_t i = 0; i < folders->count; i++) {
        if (sandbox_is_below(path, folders->items[i]))
            return true;
    }
    return false;
}

/* The hidden folders as they are really called on this machine. */
static void sandbox_find_hidden(struct sandbox_list *folders)
{
    char real[PATH_MAX];

    for (size_t i = 0; i < BL_COUNT(hidden); i++) {
        if (realpath(hidden[i], real) != NULL && strcmp(real, "/") != 0 &&
            !sandbox_is_below_any(real, folders))
            sandbox_add(folders, real);
    }
}

/* The path in a line of /proc/net/unix, when somebody listens or takes datagrams there. */
static char *sandbox_socket(char *line)
{
    unsigned flags = 0, type = 0;
    char *path = strchr(line, '/');
    struct stat info;

    line[strcspn(line, "\n")] = '\0';
    if (path == NULL || sscanf(line, "%*s %*s %*s %x %x", &flags, &type) != 2 ||
        ((flags & SANDBOX_ACCEPTS) == 0 && type != SOCK_DGRAM))
        return NULL;
    return lstat(path, &info) == 0 && S_ISSOCK(info.st_mode) ? path : NULL;
}

/*
 * Hides the sockets outside of the hidden folders. No socket can be made in the sandbox, so
 * this is the second lock on the same door.
 */
static void sandbox_mask_sockets(struct sandbox_list *argv, const struct sandbox_list *folders,
                                 const char *cwd)
{
    FILE *file = fopen("/proc/net/unix", "re");
    struct sandbox_list seen = {0};
    char line[512];

    while (file != NULL && seen.count < SANDBOX_SOCKETS &&
           fgets(line, sizeof(line), file) != NULL) {
        const char *path = sandbox_socket(line);
        bool is_hidden =
            path != NULL && sandbox_is_below_any(path, folders) && !sandbox_is_below(path, cwd);
        if (path == NULL || is_hidden || sandbox_is_below_any(path, &seen))
            continue;
        sandbox_add(&seen, path);
        sandbox_add_all(argv, (const char *[]){"--ro-bind", "/dev/null", path, NULL});
    }
    if (file != NULL)
        fclose(file);
    sandbox_free(seen.items);
}

/* bubblewrap's arguments. The order counts: what comes later lies on top. */
static void sandbox_arguments(struct bl_sandbox *sandbox, const struct sandbox_list *folders)
{
    static const char *const first[] = {
        "bwrap",        "--unshare-all", "--cap-drop",   "ALL",     "--die-with-parent",
        "--as-pid-1",   "--new-session", "--ro-bind",    "/",       "/",
        "--proc",       "/proc",         "--remount-ro", "/proc",   "--dev",
        "/dev",         "--size",        SANDBOX_TMPFS,  "--tmpfs", "/dev/shm",
        "--remount-ro", "/dev/pts",      "--remount-ro", "/dev",    NULL};
    struct sandbox_list argv = {0};

    sandbox_add_all(&argv, first);
    for (size_t i = 0; i < folders->count; i++)
        sandbox_add_all(&argv, (const char *[]){"--size", SANDBOX_TMPFS, "--tmpfs",
                                                folders->items[i], NULL});
    for (size_t i = 0; i < BL_COUNT(consumed); i++) {
        if (access(consumed[i], F_OK) == 0)
            sandbox_add_all(&argv, (const char *[]){"--tmpfs", consumed[i], "--remount-ro",
                                                    consumed[i], NULL});
    }
    if (sandbox_is_below_any(sandbox->cwd, folders))
        sandbox_add_all(&argv, (const char *[]){"--ro-bind", sandbox->cwd, sandbox->cwd, NULL});
    sandbox_mask_sockets(&argv, folders, sandbox->cwd);
    sandbox_add_all(&argv,
                    (const char *[]){"--chdir", sandbox->cwd, "--seccomp", SANDBOX_FILTER, "--",
                                     SANDBOX_IMAGE, SANDBOX_SHARED, NULL});
    sandbox->argv = argv.items;
}

/* Adds a text of the order, with its NUL. */
static uint32_t sandbox_text(struct bl_buf *texts, const char *text)
{
    bl_buf_add(texts, text, strlen(text) + 1);
    return 1;
}

static void sandbox_order(struct bl_buf *out, const struct bl_keeper_command *command,
                          const struct sandbox_list *folders, int64_t millis, const char *cwd)
{
    struct bl_inside_order order = {.magic = BL_INSIDE_MAGIC,
                                    .seconds = (uint32_t)((millis + 999) / 1000 + 1)};
    struct bl_inside_report report = {0};
    struct bl_buf texts;

    bl_buf_init(&texts, 0);
    sandbox_text(&texts, command->path);
    for (char *const *at = command->argv; *at != NULL; at++)
        order.arguments += sandbox_text(&texts, *at);
    for (char *const *at = command->environment; *at != NULL; at++)
        order.variables += sandbox_text(&texts, *at);
    if (bl_exec_variable(command->environment, "TMPDIR") == NULL)
        order.variables += sandbox_text(&texts, "TMPDIR=/dev/shm");
    order.writable += sandbox_text(&texts, "/dev/shm");
    for (size_t i = 0; i < folders->count; i++) {
        /* A permission holds for all that is below, and the command's folder is the host's. */
        if (!sandbox_is_below(cwd, folders->items[i]))
            order.writable += sandbox_text(&texts, folders->items[i]);
    }
    order.size = (uint32_t)texts.len;
    bl_buf_add(out, &report, sizeof(report));
    bl_buf_add(out, &order, sizeof(order));
    bl_buf_add(out, texts.data, texts.len);
    explicit_bzero(texts.data, texts.len); /* secrets may be among the variables */
    bl_buf_release(&texts);
}

static bool sandbox_write(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t put = write(fd, at, len);
        if (put < 0 && errno != EINTR)
            return false;
        at += put > 0 ? put : 0;
        len -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

static int sandbox_file(const char *name, unsigned flags)
{
    return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | flags);
}

static enum bl_code sandbox_fill(struct bl_sandbox *sandbox, const struct bl_buf *order,
                                 struct bl_error *err)
{
    static const unsigned may_run = 0x10; /* what newer kernels want to be asked for */
    struct bl_error why;

    sandbox->shared = sandbox_file("belay-order", 0);
    sandbox->filter = sandbox_file("belay-filter", 0);
    sandbox->image = sandbox_file("belay-inside", may_run);
    if (sandbox->image < 0)
        sandbox->image = sandbox_file("belay-inside", 0);
    if (sandbox->shared < 0 || sandbox->filter < 0 || sandbox->image < 0 ||
        !sandbox_write(sandbox->shared, order->data, order->len) ||
        !sandbox_write(sandbox->image, bl_inside_image, bl_inside_image_size))
        return bl_fail(err, BL_E_GUARD,
                       "refused: no sandbox for it: a file in memory cannot be made (%s): free "
                       "memory or raise the limit of open files",
                       strerror(errno));
    if (bl_exec_filter(sandbox->filter, &why) != BL_OK)
        return bl_fail(err, BL_E_GUARD, "refused: no sandbox for it: %.300s", why.message);
    lseek(sandbox->filter, 0, SEEK_SET);
    return BL_OK;
}

static bool sandbox_is_fifo(int folder, const char *path)
{
    struct stat info;

    return *path != '\0' && fstatat(folder, path, &info, AT_NO_AUTOMOUNT) == 0 &&
           S_ISFIFO(info.st_mode);
}

/* A FIFO among the words: to read it would take from whoever writes to it. */
static bool sandbox_find_fifo(const struct bl_keeper_command *command, const char *cwd,
                              char found[120])
{
    static const char borders[] = " \t\r\n;|&(){}<>`'\"=:,";
    int folder = open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);

    *found = '\0';
    for (char *const *at = command->argv; *found == '\0' && *at != NULL; at++) {
        char *copy = bl_strdup(*at), *rest = copy, *word = *at;
        while (word != NULL && !sandbox_is_fifo(folder, word))
            word = strsep(&rest, borders);
        if (word != NULL)
            snprintf(found, 120, "%s", word);
        bl_free(copy);
    }
    if (folder >= 0)
        close(folder);
    return *found != '\0';
}

void bl_sandbox_init(struct bl_sandbox *sandbox)
{
    *sandbox = (struct bl_sandbox){.shared = -1, .filter = -1, .image = -1};
}

bool bl_sandbox_is_open(const struct bl_sandbox *sandbox)
{
    return sandbox->shared >= 0;
}

/* What can be known before anything is started. */
static enum bl_code sandbox_check(struct bl_sandbox *sandbox,
                                  const struct bl_keeper_command *command, struct bl_error *err)
{
    char fifo[120];

    sandbox->path = bl_exec_find("bwrap", SANDBOX_FOLDERS);
    if (sandbox->path == NULL)
        return bl_fail(err, BL_E_GUARD,
                       "refused: no sandbox for it: bubblewrap is not installed: install the "
                       "package bubblewrap, " SANDBOX_INSTEAD);
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
        return bl_fail(
            err, BL_E_GUARD,
            "refused: no sandbox for it: this kernel has no Landlock (%s): use Linux "
            "5.13 or newer with Landlock switched on, " SANDBOX_INSTEAD,
            strerror(errno));
    if (sandbox_find_fifo(command, sandbox->cwd, fifo))
        return bl_fail(err, BL_E_GUARD,
                       "refused: '%s' is a FIFO, and reading takes from whoever writes to it: "
                       "name a file, " SANDBOX_INSTEAD,
                       fifo);
    return BL_OK;
}

enum bl_code bl_sandbox_open(struct bl_sandbox *sandbox, struct bl_keeper_command *command,
                             int64_t millis, struct bl_error *err)
{
    static char path[] = "PATH=/usr/bin:/bin", lang[] = "LANG=C";
    static char *const bare[] = {path, lang, NULL};
    struct sandbox_list folders = {0};
    char cwd[PATH_MAX], cgroup[PATH_MAX];
    struct bl_buf order;
    enum bl_code code;

    /* A folder that is not there is the keeper's to report. */
    if (realpath(command->cwd != NULL ? command->cwd : ".", cwd) == NULL)
        snprintf(cwd, sizeof(cwd), "/");
    sandbox->cwd = bl_strdup(cwd);
    code = sandbox_check(sandbox, command, err);
    if (code != BL_OK)
        return code;
    sandbox_find_hidden(&folders);
    bl_buf_init(&order, 0);
    sandbox_order(&order, command, &folders, millis, cwd);
    code = sandbox_fill(sandbox, &order, err);
    explicit_bzero(order.data, order.len);
    bl_buf_release(&order);
    sandbox_arguments(sandbox, &folders);
    sandbox_free(folders.items);
    command->path = sandbox->path;
    command->argv = sandbox->argv;
    command->environment = bare; /* not the author's: bubblewrap itself is outside */
    command->passed[0] = sandbox->shared;
    command->passed[1] = sandbox->filter;
    command->passed[2] = sandbox->image;
    command->passed_count = 3;
    command->is_urgent = true; /* the program inside sees to the command's own place */
    if (code == BL_OK && bl_bound_open(cgroup))
        command->cgroup = sandbox->cgroup = bl_strdup(cgroup);
    return code;
}

enum bl_code bl_sandbox_status(const struct bl_sandbox *sandbox, const char *said, int *status,
                               struct bl_error *err)
{
    struct bl_inside_report report = {0};

    if (pread(sandbox->shared, &report, sizeof(report), 0) != (ssize_t)sizeof(report))
        report.stage = BL_INSIDE_NOTHING;
    report.what[sizeof(report.what) - 1] = '\0';
    switch (report.stage) {
    case BL_INSIDE_ENDED:
        *status = report.value;
        return BL_OK;
    case BL_INSIDE_SEALED: /* killed from outside, with its sandbox */
        return BL_OK;
    case BL_INSIDE_FAILED:
        return bl_fail(err,
                       report.value == ENOENT   ? BL_E_NOT_FOUND
                       : report.value == EACCES ? BL_E_DENIED
                                                : BL_E_IO,
                       "cannot be run in the sandbox of reads = true: %s (/tmp, /var/tmp and "
                       "/run are empty there, and its interpreter must be there too)",
                       strerror(report.value));
    case BL_INSIDE_CROWDED:
        return bl_fail(err, BL_E_LIMIT,
                       "was ended: it had more than %d processes, the most that reads = true "
                       "allows",
                       BL_INSIDE_PROCESSES);
    case BL_INSIDE_FAT:
        return bl_fail(err, BL_E_LIMIT,
                       "was ended: it used more than %lld MiB of memory, the most that reads = "
                       "true allows",
                       BL_INSIDE_MEMORY >> 20);
    case BL_INSIDE_UNSAFE:
        return bl_fail(err, BL_E_GUARD,
                       "refused: its sandbox does not hold (%s%s%s): see that bubblewrap works "
                       "here, " SANDBOX_INSTEAD,
                       report.what, report.value != 0 ? ": " : "",
                       report.value != 0 ? strerror(report.value) : "");
    default:
        return bl_fail(err, BL_E_GUARD,
                       "refused: no sandbox for it: %.160s: let this user make namespaces "
                       "(user.max_user_namespaces), " SANDBOX_INSTEAD,
                       said);
    }
}

void bl_sandbox_close(struct bl_sandbox *sandbox)
{
    int *fds[] = {&sandbox->shared, &sandbox->filter, &sandbox->image};

    for (size_t i = 0; i < BL_COUNT(fds); i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
    if (sandbox->cgroup != NULL)
        rmdir(sandbox->cgroup); /* nothing was started; else it is the keeper's to remove */
    sandbox_free(sandbox->argv);
    bl_free(sandbox->cgroup);
    bl_free(sandbox->path);
    bl_free(sandbox->cwd);
    bl_sandbox_init(sandbox);
}
