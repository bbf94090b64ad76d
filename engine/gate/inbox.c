/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* inbox.c: notes in a run's inbox, read by the run as they come. */
#include "base/prefix.h"

#include "gate/inbox.h"

#include "base/file.h"
#include "base/json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#define INBOX_LOOK_MS 1000 /* between looks: some file systems tell of nothing */
#define INBOX_ENDING ".note"
#define INBOX_BY 64
#define INBOX_NOTES 500 /* of one run: whoever sends more wants to fill the journal */

struct bl_inbox {
    struct bl_loop *loop;
    uv_fs_event_t *watch; /* closed and freed by the loop, as the timer */
    uv_timer_t *timer;
    char path[PATH_MAX];
    struct bl_value *stuck; /* names of notes that cannot be removed: each counts once */
    int count;
    void (*came)(void *arg, const struct bl_note *note);
    void *arg;
};

/* Opens what is a note's file for certain: no link, nobody's but its owner's. */
static int inbox_open_note(int folder, const char *name, struct stat *info, const char **why)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0) {
        (void)fstatat(folder, name, info, AT_SYMLINK_NOFOLLOW); /* whose it is is still said */
        *why = errno == ELOOP ? "it is a link" : "it cannot be read";
        return -1;
    }
    if (fstat(fd, info) != 0 || !S_ISREG(info->st_mode))
        *why = "it is no file";
    else if (info->st_nlink != 1)
        *why = "it is a link";
    else if ((info->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        *why = "others may write it: nobody knows who did";
    else
        return fd;
    close(fd);
    return -1;
}

static struct bl_value *inbox_parse(int fd, const char **why)
{
    struct bl_value *data = NULL;
    struct bl_buf text;
    struct bl_error err;

    bl_buf_init(&text, BL_INBOX_MAX);
    if (bl_fd_read(fd, &text, &err) != BL_OK ||
        bl_json_parse(bl_buf_text(&text), text.len, false, &data, &err) != BL_OK)
        *why = "it is no JSON, or too long";
    else if (bl_value_type(data) != BL_MAP)
        *why = "it is no JSON object";
    bl_buf_release(&text);
    if (*why == NULL)
        return data;
    bl_value_unref(data);
    return NULL;
}

static void inbox_name(uid_t uid, char by[INBOX_BY])
{
    const struct passwd *user = getpwuid(uid);

    if (user != NULL)
        snprintf(by, INBOX_BY, "%s", user->pw_name);
    else
        snprintf(by, INBOX_BY, "uid %u", (unsigned)uid);
}

static void inbox_read(struct bl_inbox *inbox, int folder, const char *name)
{
    struct bl_note note = {0};
    struct bl_value *data = NULL;
    struct stat info = {0};
    char by[INBOX_BY];
    int fd = inbox_open_note(folder, name, &info, &note.why);

    inbox_name(info.st_uid, by);
    if (fd >= 0) {
        data = inbox_parse(fd, &note.why);
        close(fd);
    }
    if (unlinkat(folder, name, 0) != 0)
        bl_map_set(inbox->stuck, name, bl_value_bool(true));
    note.by = by;
    note.data = data;
    if (++inbox->count <= INBOX_NOTES)
        inbox->came(inbox->arg, &note);
    bl_value_unref(data);
}

static bool inbox_is_note(const struct bl_inbox *inbox, const char *name)
{
    size_t len = strlen(name), ending = sizeof(INBOX_ENDING) - 1;

    return name[0] != '.' && len > ending && strcmp(name + len - ending, INBOX_ENDING) == 0 &&
           bl_map_get(inbox->stuck, name) == NULL;
}

/* All that is there now. What is told may not open or close the inbox. */
static void inbox_look(struct bl_inbox *inbox)
{
    int fd = open(inbox->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (inbox_is_note(inbox, entry->d_name))
            inbox_read(inbox, dirfd(folder), entry->d_name);
    }
    closedir(folder);
}

static void inbox_ticked(uv_timer_t *timer)
{
    inbox_look(timer->data);
}

static void inbox_changed(uv_fs_event_t *watch, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    if (status == 0)
        inbox_look(watch->data);
}

/* It must be this user's folder, or one of the state folder's owner: nobody else's. */
static enum bl_code inbox_check(const struct bl_inbox *inbox, const struct bl_state *state,
                                struct bl_error *err)
{
    struct stat info;

    if (lstat(inbox->path, &info) != 0)
        return bl_fail(err, BL_E_IO, "cannot use %s: %s", inbox->path, strerror(errno));
    if (!S_ISDIR(info.st_mode) || (info.st_mode & S_IWOTH) != 0 ||
        (info.st_mode & S_IWGRP) != (state->file_mode & S_IWGRP))
        return bl_fail(err, BL_E_DENIED,
                       "%s is not the folder that this run would make: remove it, and find out "
                       "who made it",
                       inbox->path);
    return BL_OK;
}

static void inbox_start(struct bl_inbox *inbox)
{
    uv_loop_t *uv = bl_loop_uv(inbox->loop);

    inbox->watch = bl_alloc(sizeof(*inbox->watch));
    inbox->timer = bl_alloc(sizeof(*inbox->timer));
    uv_fs_event_init(uv, inbox->watch);
    uv_timer_init(uv, inbox->timer);
    inbox->watch->data = inbox->timer->data = inbox;
    (void)uv_fs_event_start(inbox->watch, inbox_changed, inbox->path, 0); /* else it looks */
    uv_timer_start(inbox->timer, inbox_ticked, 0, INBOX_LOOK_MS);
    uv_unref((uv_handle_t *)inbox->watch); /* nobody is waited for only because of it */
    uv_unref((uv_handle_t *)inbox->timer);
}

struct bl_inbox *bl_inbox_open(struct bl_loop *loop, const struct bl_journal *journal,
                               void (*came)(void *arg, const struct bl_note *note), void *arg,
                               struct bl_error *err)
{
    const struct bl_state *state = bl_journal_state(journal);
    struct bl_inbox *inbox = bl_alloc(sizeof(*inbox));
    char name[BL_RUN_TEXT + 8];
    enum bl_code code;

    snprintf(name, sizeof(name), "inbox/%s", bl_journal_run(journal));
    code = bl_state_folder(state, name, inbox->path, err);
    if (code == BL_OK)
        code = inbox_check(inbox, state, err);
    if (code != BL_OK) {
        bl_free(inbox);
        return NULL;
    }
    inbox->loop = loop;
    inbox->came = came;
    inbox->arg = arg;
    inbox->stuck = bl_map_new();
    inbox_start(inbox);
    return inbox;
}

static void inbox_closed(uv_handle_t *handle)
{
    bl_free(handle);
}

void bl_inbox_close(struct bl_inbox *inbox)
{
    if (inbox == NULL)
        return;
    uv_close((uv_handle_t *)inbox->watch, inbox_closed);
    uv_close((uv_handle_t *)inbox->timer, inbox_closed);
    (void)rmdir(inbox->path);
    bl_value_unref(inbox->stuck);
    bl_free(inbox);
}

static enum bl_code inbox_write(int fd, const struct bl_value *note, struct bl_error *err)
{
    struct bl_buf text;
    bool is_written;

    bl_buf_init(&text, BL_INBOX_MAX);
    bl_json_write(&text, note, BL_JSON_PLAIN);
    bl_buf_char(&text, '\n');
    is_written = !text.truncated &&
                 write(fd, bl_buf_text(&text), text.len) == (ssize_t)text.len && fsync(fd) == 0;
    bl_buf_release(&text);
    return is_written ? BL_OK
                      : bl_fail(err, errno == ENOSPC ? BL_E_FULL : BL_E_IO,
                                "cannot write to the inbox: %s", strerror(errno));
}

/* Writes it under a name that is no note's, then moves it. */
static enum bl_code inbox_add(int folder, mode_t mode, const struct bl_value *note,
                              struct bl_error *err)
{
    char word[17], hidden[32], name[32];
    enum bl_code code;
    int fd;

    bl_random_name(word, sizeof(word) - 1);
    snprintf(hidden, sizeof(hidden), ".%s", word);
    snprintf(name, sizeof(name), "%s" INBOX_ENDING, word);
    fd = openat(folder, hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return bl_fail(err, errno == EACCES ? BL_E_DENIED : BL_E_IO,
                       "cannot write to the inbox: %s", strerror(errno));
    code = fchmod(fd, mode) == 0 ? inbox_write(fd, note, err)
                                 : bl_fail(err, BL_E_IO, "%s", strerror(errno));
    close(fd);
    if (code == BL_OK && renameat(folder, hidden, folder, name) != 0)
        code = bl_fail(err, BL_E_IO, "cannot write to the inbox: %s", strerror(errno));
    if (code != BL_OK)
        unlinkat(folder, hidden, 0);
    else
        (void)fsync(folder);
    return code;
}

enum bl_code bl_inbox_put(const struct bl_state *state, const char *run,
                          const struct bl_value *note, struct bl_error *err)
{
    char path[PATH_MAX];
    enum bl_code code;
    int folder;

    snprintf(path, sizeof(path), "%s/inbox/%s", state->path, run);
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder < 0 && errno == ENOENT)
        return bl_fail(err, BL_E_NOT_FOUND, "run %s is not live: it has no inbox", run);
    if (folder < 0)
        return bl_fail(
            err, BL_E_DENIED,
            "%s: %s: for others to answer, the environment names a state folder of a "
            "group that they are in (state = \"/var/lib/belay\")",
            path, strerror(errno));
    /* The folders around it keep strangers out; whoever runs it must be able to read it. */
    code = inbox_add(folder,
                     geteuid() == 0             ? 0644
                     : state->file_mode == 0660 ? 0640
                                                : 0600,
                     note, err);
    close(folder);
    return code;
}
