/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* embedded.h: the files of lua/ that were compiled into the binary. */
#ifndef BL_VM_EMBEDDED_H
#define BL_VM_EMBEDDED_H

#include "base/prefix.h"

/* A file of lua/. The list ends with a NULL name. */
struct bl_embedded {
    const char *name;   /* as require says it, dotted */
    const char *source; /* ends in a NUL that does not count */
    size_t size;
};
extern const struct bl_embedded bl_embedded[];

#endif
