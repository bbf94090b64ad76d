/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* state.h: the folder that holds an environment's runs, their index and the leases. */
#ifndef BL_STATE_H
#define BL_STATE_H

#include "base/error.h"

#include <limits.h>
#include <sys/types.h>

struct bl_state {
    char path[PATH_MAX - 256]; /* without a slash at the end; room for the names inside */
    bool is_default;           /* the environment names none: a private folder of this user */
    bool is_there;             /* false only when it was not to be made */
    mode_t file_mode;          /* 0600; 0660 when the folder is the property of a group */
    uid_t owner;               /* of the folder */
    gid_t group;
};

/*
 * Resolves the folder: `configured` (the environment's `state`; "~/" is the home), else
 * $XDG_STATE_HOME/belay, else ~/.local/state/belay. With `make` it and its folders `runs`,
 * `leases` and `inbox` are made (0700, or with the group's rights when it is there and the
 * group may write) and checked to be writable; without, a folder that is missing is no error
 * (`is_there` is false). BL_E_DENIED, BL_E_FULL, BL_E_IO say what to do.
 */
enum bl_code bl_state_open(const char *configured, bool make, struct bl_state *state,
                           struct bl_error *err) BL_MUST_USE;
/* What to add to a message about a run that is not in the folder, where each user has their
 * own: how people share one. "" for a folder that the environment names. */
const char *bl_state_hint(const struct bl_state *state);
/* Makes a folder inside of one that was opened with `make`, with the same rights: `name` may
 * have slashes when what is before them is there. Fills its path. */
enum bl_code bl_state_folder(const struct bl_state *state, const char *name,
                             char path[PATH_MAX], struct bl_error *err) BL_MUST_USE;

#endif
