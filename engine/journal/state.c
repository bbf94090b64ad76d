/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* state.c: the folder that holds an environment's runs, their index and the leases. */
#include "journal/state.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static enum bl_code state_fail(struct bl_error *err, const char *what, const char *path)
{
    int error = errno;

    if (error == ENOSPC || error == EDQUOT)
        return bl_fail(err, BL_E_FULL,
                       "cannot %s the state folder %s: no space left: free some and start "
                       "again",
                       what, path);
    if (error == EACCES || error == EPERM)
        return bl_fail(
            err, BL_E_DENIED,
            "cannot %s the state folder %s: %s: it is shared by giving it to a group "
            "(chgrp GROUP and chmod 2770), or name another one with `state = "
            "\"...\"` in the environment",
            what, path, strerror(error));
    return bl_fail(err, error == EROFS ? BL_E_DENIED : BL_E_IO,
                   "cannot %s the state folder %s: %s: change its owner or mode, or name "
                   "another folder with `state = \"...\"` in the environment",
                   what, path, strerror(error));
}

/* Where it is; not below 0 when something says so. */
static int state_name(const char *configured, char *out, size_t size)
{
    const char *home = getenv("HOME");
    const char *base = getenv("XDG_STATE_HOME");

    if (configured != NULL && strncmp(configured, "~/", 2) == 0 && home != NULL)
        return snprintf(out, size, "%s/%s", home, configured + 2);
    if (configured != NULL && *configured != '\0')
        return snprintf(out, size, "%s", configured);
    if (base != NULL && *base == '/')
        return snprintf(out, size, "%s/belay", base);
    if (home != NULL && *home == '/')
        return snprintf(out, size, "%s/.local/state/belay", home);
    return -1;
}

static bool state_resolve(const char *configured, char *out, size_t size)
{
    int len = state_name(configured, out, size);

    while (len > 1 && len < (int)size && out[len - 1] == '/')
        out[--len] = '\0';
    return len > 0 && len < (int)size;
}

/* Makes the folders above path that are missing, for this user alone. */
static void state_make_parents(const char *path)
{
    char part[PATH_MAX];

    snprintf(part, sizeof(part), "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(part, 0700); /* what fails here fails below with a message */
        *slash = '/';
    }
}

static enum bl_code state_make_folder(const char *path, mode_t mode, struct bl_error *err)
{
    if (mkdir(path, mode) == 0)
        return chmod(path, mode) == 0 ? BL_OK : state_fail(err, "make", path);
    if (errno != EEXIST)
        return state_fail(err, "make", path);
    return BL_OK;
}

static enum bl_code state_check(const char *path, int how, struct bl_error *err)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return state_fail(err, "use", path);
    if (!S_ISDIR(info.st_mode)) {
        errno = ENOTDIR;
        return state_fail(err, "use", path);
    }
    if (access(path, how) != 0)
        return state_fail(err, (how & W_OK) ? "write to" : "read", path);
    return BL_OK;
}

/* A folder inside belongs to the group that the state folder belongs to; one that root makes,
 * to its owner. */
static enum bl_code state_make_inner(const struct bl_state *state, const char *path,
                                     mode_t mode, struct bl_error *err)
{
    uid_t owner = geteuid() == 0 ? state->owner : (uid_t)-1;
    bool is_new = access(path, F_OK) != 0;
    enum bl_code code = state_make_folder(path, mode, err);

    if (code == BL_OK && is_new) {
        (void)!chown(path, owner, state->file_mode == 0660 ? state->group : (gid_t)-1);
        (void)chmod(path, mode); /* a change of owner takes the bit that hands the group on */
    }
    return code;
}

enum bl_code bl_state_folder(const struct bl_state *state, const char *name,
                             char path[PATH_MAX], struct bl_error *err)
{
    mode_t mode = state->file_mode == 0660 ? 02770 : 0700;
    enum bl_code code;

    snprintf(path, PATH_MAX, "%s/%s", state->path, name);
    code = state_make_inner(state, path, mode, err);
    return code == BL_OK ? state_check(path, R_OK | W_OK | X_OK, err) : code;
}

static enum bl_code state_make(struct bl_state *state, struct bl_error *err)
{
    static const char *const names[] = {"runs", "leases", "inbox"};
    char path[PATH_MAX];
    enum bl_code code = state_check(state->path, R_OK | W_OK | X_OK, err);

    for (size_t i = 0; code == BL_OK && i < BL_COUNT(names); i++)
        code = bl_state_folder(state, names[i], path, err);
    return code;
}

const char *bl_state_hint(const struct bl_state *state)
{
    return state->is_default
               ? "; this folder is your own: others see your runs, and you theirs, when the "
                 "environment names a `state = \"/var/lib/belay\"` that belongs to a group "
                 "(install -d -g GROUP -m 2770 /var/lib/belay)"
               : "";
}

enum bl_code bl_state_open(const char *configured, bool make, struct bl_state *state,
                           struct bl_error *err)
{
    struct stat info;
    enum bl_code code;

    memset(state, 0, sizeof(*state));
    if (!state_resolve(configured, state->path, sizeof(state->path)))
        return bl_fail(err, BL_E_ARG,
                       "there is no state folder: set HOME or XDG_STATE_HOME, or name one "
                       "with `state = \"...\"` in the environment");
    state->is_default = configured == NULL || *configured == '\0';
    state->file_mode = 0600;
    if (make) {
        state_make_parents(state->path);
        code = state_make_folder(state->path, 0700, err);
        if (code != BL_OK)
            return code;
    }
    if (stat(state->path, &info) != 0 && errno == ENOENT)
        return BL_OK;
    if (stat(state->path, &info) == 0) {
        state->owner = info.st_uid;
        state->group = info.st_gid;
        state->file_mode = (info.st_mode & S_IWGRP) != 0 ? 0660 : 0600;
    }
    state->is_there = true;
    return make ? state_make(state, err) : state_check(state->path, R_OK | X_OK, err);
}
