/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* file_tree.c: what is in folders and on disks. */
#include "base/prefix.h"

#include "file_job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TREE_DEPTH 64
#define TREE_ENTRIES 2000000 /* looked at in all */

/* A walk through a folder: each entry that fits goes to `take`. */
struct tree_walk {
    struct bl_file_job *job;
    const char *glob; /* "" takes all */
    bool recursive;
    int64_t seen;
    void (*take)(struct tree_walk *walk, const char *name, const struct stat *info);
    struct bl_value *list; /* of list */
    int64_t limit;
    char *newest; /* of newest */
    struct stat newest_info;
};

void bl_file_fail(struct bl_file_job *job, const char *doing, int number)
{
    enum bl_code code = BL_E_IO;

    if (number == ENOENT || number == ENOTDIR)
        code = BL_E_NOT_FOUND;
    else if (number == EACCES || number == EPERM || number == EROFS)
        code = BL_E_DENIED;
    else if (number == ENOSPC || number == EDQUOT)
        code = BL_E_FULL;
    bl_fail(&job->err, code, "file: cannot %s %.300s: %s", doing, job->path, strerror(number));
}

const char *bl_file_kind(mode_t mode)
{
    if (S_ISREG(mode))
        return "file";
    if (S_ISDIR(mode))
        return "folder";
    return S_ISLNK(mode) ? "link" : "other";
}

struct bl_value *bl_file_entry(const char *name, const struct stat *info)
{
    struct bl_value *entry = bl_map_new();

    bl_map_set(entry, "name", bl_value_text(name));
    bl_map_set(entry, "kind", bl_value_text(bl_file_kind(info->st_mode)));
    bl_map_set(entry, "size", bl_value_int(info->st_size));
    bl_map_set(entry, "mtime",
               bl_value_float((double)info->st_mtim.tv_sec +
                              (double)(int64_t)(info->st_mtim.tv_nsec / 1000000) / 1000));
    return entry;
}

void bl_file_stat(struct bl_file_job *job)
{
    struct stat info;

    if (stat(job->path, &info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            bl_file_fail(job, "look at", errno);
        return; /* not there: nil is the answer */
    }
    job->answer = bl_file_entry(job->path, &info);
    bl_map_set(job->answer, "mode", bl_value_textf("%04o", (unsigned)info.st_mode & 07777));
    bl_map_set(job->answer, "uid", bl_value_int(info.st_uid));
    bl_map_set(job->answer, "gid", bl_value_int(info.st_gid));
}

static bool tree_may_go_on(struct tree_walk *walk)
{
    if (walk->job->err.code != BL_OK || atomic_load(&walk->job->cancelled))
        return false;
    if (walk->seen++ < TREE_ENTRIES)
        return true;
    bl_fail(&walk->job->err, BL_E_TOO_LARGE,
            "file: %.300s holds more than %d entries: start further down", walk->job->path,
            TREE_ENTRIES);
    return false;
}

static void tree_enter(struct tree_walk *walk, int folder, const char *prefix, int depth);

static void tree_entry(struct tree_walk *walk, int folder, const char *prefix, const char *name,
                       int depth)
{
    struct stat info;
    size_t size = strlen(prefix) + strlen(name) + 2;
    char *path;
    int inner;

    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return; /* gone since it was listed */
    path = bl_alloc(size);
    snprintf(path, size, "%s%s", prefix, name);
    if (*walk->glob == '\0' || fnmatch(walk->glob, name, FNM_PERIOD) == 0)
        walk->take(walk, path, &info);
    if (walk->recursive && S_ISDIR(info.st_mode) && depth < TREE_DEPTH) {
        inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        snprintf(path, size, "%s%s/", prefix, name);
        if (inner >= 0)
            tree_enter(walk, inner, path, depth + 1);
        else if (errno != ENOENT)
            bl_fail(&walk->job->err, errno == EACCES ? BL_E_DENIED : BL_E_IO,
                    "file: cannot look into %.200s/%.150s: %s", walk->job->path, path,
                    strerror(errno));
    }
    bl_free(path);
}

/* Takes the descriptor. */
static void tree_enter(struct tree_walk *walk, int folder, const char *prefix, int depth)
{
    DIR *stream = fdopendir(folder);
    struct dirent *entry;

    if (stream == NULL) {
        bl_file_fail(walk->job, "list", errno);
        close(folder);
        return;
    }
    while (tree_may_go_on(walk) && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            tree_entry(walk, dirfd(stream), prefix, entry->d_name, depth);
    }
    closedir(stream);
}

static void tree_walk(struct tree_walk *walk, struct bl_file_job *job)
{
    int folder = open(job->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    walk->job = job;
    walk->glob = bl_call_text(job->call, "glob");
    walk->recursive = bl_call_bool(job->call, "recursive");
    if (folder < 0)
        bl_file_fail(job, "list", errno);
    else
        tree_enter(walk, folder, "", 0);
}

static void tree_take_listed(struct tree_walk *walk, const char *name, const struct stat *info)
{
    if ((int64_t)bl_value_count(walk->list) >= walk->limit)
        bl_fail(&walk->job->err, BL_E_TOO_LARGE,
                "file: %.300s holds more than %lld such entries: narrow glob or raise limit",
                walk->job->path, (long long)walk->limit);
    else
        bl_list_add(walk->list, bl_file_entry(name, info));
}

static int tree_compare(const void *a, const void *b)
{
    const struct bl_value *const *left = a, *const *right = b;

    return strcmp(bl_map_text(*left, "name", ""), bl_map_text(*right, "name", ""));
}

/* The same entries in the order of their names. */
static struct bl_value *tree_sort(struct bl_value *take_list)
{
    size_t count = bl_value_count(take_list);
    const struct bl_value **items = bl_alloc((count + 1) * sizeof(void *));
    struct bl_value *sorted = bl_list_new();

    for (size_t i = 0; i < count; i++)
        items[i] = bl_list_get(take_list, i);
    qsort(items, count, sizeof(void *), tree_compare);
    for (size_t i = 0; i < count; i++)
        bl_list_add(sorted, bl_value_ref(items[i]));
    bl_free(items);
    bl_value_unref(take_list);
    return sorted;
}

void bl_file_list(struct bl_file_job *job)
{
    struct tree_walk walk = {.take = tree_take_listed,
                             .list = bl_list_new(),
                             .limit = bl_call_int(job->call, "limit")};

    tree_walk(&walk, job);
    if (job->err.code == BL_OK && (int64_t)bl_value_size(walk.list) > job->call->keep)
        bl_fail(
            &job->err, BL_E_TOO_LARGE,
            "file: the list of %.300s takes more than %lld bytes: narrow glob or raise keep",
            job->path, (long long)job->call->keep);
    job->answer = tree_sort(walk.list);
}

static void tree_take_newest(struct tree_walk *walk, const char *name, const struct stat *info)
{
    const struct timespec *best = &walk->newest_info.st_mtim, *now = &info->st_mtim;

    if (!S_ISREG(info->st_mode))
        return;
    if (walk->newest != NULL &&
        (now->tv_sec < best->tv_sec ||
         (now->tv_sec == best->tv_sec && now->tv_nsec < best->tv_nsec) ||
         (now->tv_sec == best->tv_sec && now->tv_nsec == best->tv_nsec &&
          strcmp(name, walk->newest) < 0)))
        return;
    bl_free(walk->newest);
    walk->newest = bl_strdup(name);
    walk->newest_info = *info;
}

void bl_file_newest(struct bl_file_job *job)
{
    struct tree_walk walk = {.take = tree_take_newest};

    tree_walk(&walk, job);
    if (walk.newest != NULL)
        job->answer = bl_file_entry(walk.newest, &walk.newest_info);
    bl_free(walk.newest);
}

void bl_file_disk(struct bl_file_job *job)
{
    struct statvfs info;
    double unit, total, unused, available, used;

    if (statvfs(job->path, &info) != 0) {
        bl_file_fail(job, "measure the disk of", errno);
        return;
    }
    unit = (double)info.f_frsize;
    total = (double)info.f_blocks * unit;
    unused = (double)info.f_bfree * unit;
    available = (double)info.f_bavail * unit;
    used = total - unused;
    job->answer = bl_map_new();
    bl_map_set(job->answer, "total", bl_value_int((int64_t)total));
    bl_map_set(job->answer, "free", bl_value_int((int64_t)unused));
    bl_map_set(job->answer, "available", bl_value_int((int64_t)available));
    /* as df says it: of what ordinary users could use */
    bl_map_set(job->answer, "used_percent",
               bl_value_float(used + available > 0 ? 100 * used / (used + available) : 0));
}
