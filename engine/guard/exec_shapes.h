/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_shapes.h: commands that are known to destroy, as a table. */
#ifndef BL_GUARD_EXEC_SHAPES_H
#define BL_GUARD_EXEC_SHAPES_H

#include "base/prefix.h"

/*
 * One shape: a program with one of these words and one of these options among its arguments,
 * wherever they stand. Alternatives are split by |; "x*" is any word that begins so, "*x*" any
 * that holds it. NULL: not asked. What is matched too eagerly only asks a person.
 */
struct bl_shape {
    const char *program, *words, *options;
    const char *why;     /* "removes files" */
    const char *example; /* as one types it into a shell; the tests try each */
};

extern const struct bl_shape bl_shapes[]; /* ends with {0} */

/* The shape of a command, the program's name first; NULL when it is none. */
const struct bl_shape *bl_shape_find(const char *const *words, size_t count);

/*
 * What a psql command does by the statements it is given: -c, --command, -f -, or its input
 * (NULL: it has none; is_piped: it has some that nobody knows). Says why it destroys, or NULL.
 */
const char *bl_shape_psql(const char *const *words, size_t count, const char *input,
                          bool is_piped);

#endif
