/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_bound.c: a cgroup for one command, in which the kernel itself bounds what it may have.
 */
#include "base/prefix.h"

#include "exec_bound.h"

#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOUND_TEXT (1 << 20) /* bytes of a file of the kernel, at most */
#define BOUND_NAME "belay-%d-%u"

/* The word is in a list that is split by one of the characters. */
static bool bound_lists(const char *list, size_t len, const char *split, const char *word)
{
    size_t want = strlen(word), part;

    for (const char *at = list; at < list + len; at += part + 1) {
        part = strcspn(at, split);
        part = part > (size_t)(list + len - at) ? (size_t)(list + len - at) : part;
        if (part == want && strncmp(at, word, want) == 0)
            return true;
    }
    return false;
}

static const char *bound_next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line == '\n' ? line + 1 : line;
}

/* The path of this process among the groups that count processes; says whether that is v2. */
static bool bound_own(const char *text, bool *is_v2, char path[PATH_MAX])
{
    bool is_found = false;

    for (const char *line = text; *line != '\0'; line = bound_next_line(line)) {
        const char *list = line + strcspn(line, ":\n");
        const char *end = *list == ':' ? list + 1 + strcspn(list + 1, ":\n") : list;
        bool counts = *end == ':' && end > list &&
                      bound_lists(list + 1, (size_t)(end - list - 1), ",", "pids");
        if (*end != ':' || (!counts && (is_found || end - list != 1)))
            continue;
        *is_v2 = !counts;
        snprintf(path, PATH_MAX, "%.*s", (int)strcspn(end + 1, "\n"), end + 1);
        is_found = true;
    }
    return is_found && path[0] == '/' && strstr(path, "/..") == NULL;
}

/* One line of mountinfo: where the hierarchy is mounted, and which part of it. */
static bool bound_mount(const char *line, bool is_v2, char *root, char *point)
{
    char one[4096], type[32], options[1024];
    const char *rest;

    snprintf(one, sizeof(one), "%.*s", (int)strcspn(line, "\n"), line);
    rest = strstr(one, " - ");
    if (rest == NULL || sscanf(one, "%*s %*s %*s %1023s %1023s", root, point) != 2 ||
        sscanf(rest + 3, "%31s %*s %1023s", type, options) != 2)
        return false;
    if (is_v2)
        return strcmp(type, "cgroup2") == 0;
    return strcmp(type, "cgroup") == 0 && bound_lists(options, strlen(options), ",", "pids");
}

static bool bound_read(const char *folder, const char *name, struct bl_buf *out)
{
    char path[PATH_MAX + 64], data[4096];
    ssize_t got = 1;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && got > 0 && out->len < BOUND_TEXT) {
        got = read(fd, data, sizeof(data));
        if (got > 0)
            bl_buf_add(out, data, (size_t)got);
    }
    if (fd >= 0)
        close(fd);
    return fd >= 0 && got == 0;
}

/* With v2 a group's controllers are those that the group above it shares out. */
static bool bound_shares(const char *folder)
{
    struct bl_buf text;
    bool shares;

    bl_buf_init(&text, 0);
    shares = bound_read(folder, "cgroup.subtree_control", &text) &&
             bound_lists(bl_buf_text(&text), text.len, " \n", "pids");
    bl_buf_release(&text);
    return shares;
}

/* Goes up to where processes are counted, but not above the mount, whose path is that long. */
static bool bound_climb(char *folder, size_t least)
{
    while (!bound_shares(folder)) {
        char *last = strrchr(folder, '/');
        if (last == NULL || (size_t)(last - folder) < least)
            return false;
        *last = '\0';
    }
    return true;
}

bool bl_bound_find(const char *own, const char *mounts, char folder[PATH_MAX])
{
    char path[PATH_MAX], root[1024], point[1024];
    bool is_v2 = false;
    size_t len;

    if (!bound_own(own, &is_v2, path))
        return false;
    while (*mounts != '\0' && !bound_mount(mounts, is_v2, root, point))
        mounts = bound_next_line(mounts);
    if (*mounts == '\0')
        return false;
    len = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(path, root, len) != 0 || (path[len] != '/' && path[len] != '\0'))
        return false;
    if (strcmp(path + len, "/") == 0)
        path[len] = '\0';
    if (snprintf(folder, PATH_MAX, "%s%s", point, path + len) >= PATH_MAX)
        return false;
    return !is_v2 || bound_climb(folder, strlen(point));
}

/* Removes the empty groups of engines that are no more. */
static void bound_tidy(const char *folder)
{
    DIR *groups = opendir(folder);
    struct dirent *entry;
    unsigned number;
    int pid;

    while (groups != NULL && (entry = readdir(groups)) != NULL) {
        if (sscanf(entry->d_name, BOUND_NAME, &pid, &number) == 2 && pid > 0 &&
            kill(pid, 0) != 0 && errno == ESRCH)
            unlinkat(dirfd(groups), entry->d_name, AT_REMOVEDIR); /* not while it is used */
    }
    if (groups != NULL)
        closedir(groups);
}

static bool bound_set(const char *path, const char *name, int64_t value)
{
    char file[PATH_MAX + 32], text[24];
    int fd, len = snprintf(text, sizeof(text), "%lld", (long long)value);
    bool is_set;

    snprintf(file, sizeof(file), "%s/%s", path, name);
    fd = open(file, O_WRONLY | O_CLOEXEC);
    is_set = fd >= 0 && write(fd, text, (size_t)len) == len;
    if (fd >= 0)
        close(fd);
    return is_set;
}

bool bl_bound_make(const char *folder, char path[PATH_MAX])
{
    static _Atomic unsigned count;

    bound_tidy(folder);
    if (snprintf(path, PATH_MAX, "%s/" BOUND_NAME, folder, (int)getpid(), count++) >=
            PATH_MAX ||
        mkdir(path, 0755) != 0)
        return false;
    if (!bound_set(path, "pids.max", BL_BOUND_TASKS)) {
        rmdir(path);
        return false;
    }
    (void)bound_set(path, "memory.max", BL_BOUND_MEMORY); /* where v2 shares that out too */
    return true;
}

bool bl_bound_open(char path[PATH_MAX])
{
    struct bl_buf own, mounts;
    char folder[PATH_MAX];
    bool is_made;

    bl_buf_init(&own, 0);
    bl_buf_init(&mounts, 0);
    is_made = geteuid() == 0 && bound_read("/proc/self", "cgroup", &own) &&
              bound_read("/proc/self", "mountinfo", &mounts) &&
              bl_bound_find(bl_buf_text(&own), bl_buf_text(&mounts), folder) &&
              bl_bound_make(folder, path);
    bl_buf_release(&own);
    bl_buf_release(&mounts);
    return is_made;
}
