/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* late_load.c: shared libraries that are loaded when they are first needed. */
#include "late.h"

#include <dlfcn.h>

static void late_fail(const char *library, const char *package)
{
    fprintf(stderr, "belay: %s cannot be loaded: %s: install the package %s\n", library,
            dlerror(), package);
    exit(1);
}

void bl_late_load(const char *library, const char *package, const char *const names[],
                  size_t count, void *functions)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    char *at = functions;

    if (handle == NULL)
        late_fail(library, package);
    for (size_t i = 0; i < count; i++, at += sizeof(void *)) {
        void *function = dlsym(handle, names[i]);
        if (function == NULL)
            late_fail(library, package);
        memcpy(at, &function, sizeof(function));
    }
}
