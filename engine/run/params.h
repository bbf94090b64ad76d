/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* params.h: the values of a procedure's parameters: from the command line, a file, the
 * environment, a prompt. */
#ifndef BL_PARAMS_H
#define BL_PARAMS_H

#include "base/error.h"
#include "base/value.h"
#include "world/secrets.h"

struct bl_param_sources {
    const struct bl_value *sets; /* list of "name=value" */
    const struct bl_value
        *set_files; /* list of "name=path": the file's text without its last newline */
    const struct bl_value *environment; /* checked environment; its `params` are used by name */
    const struct bl_value *recorded;    /* of a run that is taken up again: its own values */
    struct bl_secrets *secrets;         /* fetches those of the values; NULL: nothing is */
    bool may_prompt;                    /* ask on the terminal for what is missing */
    bool may_stand_in;                  /* bl_param_stand_in for what is missing */
};

/*
 * The checked values by name. The first source that has one wins: --set, --set-file,
 * BELAY_PARAM_NAME in the process's environment, the environment file's params, the default, a
 * prompt. BL_E_ARG names the parameter, its type and how to set it; unknown names get a
 * suggestion.
 */
enum bl_code bl_params_resolve(const struct bl_value *procedure,
                               const struct bl_param_sources *sources, struct bl_value **values,
                               struct bl_value **set, struct bl_error *err) BL_MUST_USE;

/* A value that a parameter may have, for walks that ask nobody. The caller's. */
struct bl_value *bl_param_stand_in(const struct bl_value *param);

#endif
