/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec.h: what a command does to the world, judged by its words and by what the environment
 * says about its program. */
#ifndef BL_GUARD_EXEC_H
#define BL_GUARD_EXEC_H

#include "base/call.h"

struct bl_command {
    enum bl_class class;
    char program[64]; /* the base name of what really runs, behind sudo, env, timeout … */
    char target[160]; /* "exec.psql", or the target that the environment gives */
    const char *why;  /* a constant: "removes containers", "is not listed …" */
};

/*
 * Classifies a command before it runs. argv is a list of strings; with shell its first item is
 * a text for /bin/sh. input is what it reads, a C string; NULL: nothing. listed is the
 * environment's exec table, by program: { psql = { class = "change", target = "postgres.main" }
 * }; NULL when there is none. A program that is not listed is destroy; a listed one is change
 * or destroy, and a known destructive shape among its words raises it. Nothing lowers a class,
 * and no command is an observe here.
 */
void bl_command_classify(const struct bl_value *argv, bool shell, const char *input,
                         const struct bl_value *listed, struct bl_command *out);

#endif
