/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* late.h: shared libraries that are loaded when they are first needed. */
#ifndef BL_LATE_H
#define BL_LATE_H

#include "base/prefix.h"

#include <pthread.h>

/*
 * Loads a library and writes the addresses of its functions, in the order of their names, into
 * a struct of as many function pointers. Where it cannot, the program ends with status 1 and
 * one line: what is missing, why, and the Debian package that has it.
 */
void bl_late_load(const char *library, const char *package, const char *const names[],
                  size_t count, void *functions);

#endif
