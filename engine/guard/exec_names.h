/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_names.h: names of programs in a shell text that are only looked up or printed. */
#ifndef BL_GUARD_EXEC_NAMES_H
#define BL_GUARD_EXEC_NAMES_H

#include "base/prefix.h"

/*
 * The text without the arguments of which, type, man, echo and command -v, which are no calls.
 * Only of a whole text in which nothing can take up what they print (no pipe, substitution,
 * variable, or redirection but to /dev/null) nor give their names another meaning; any other is
 * given back as it is. Free it with bl_free.
 */
char *bl_exec_without_names(const char *text);

#endif
