/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* runner.c: runs Lua test files in a plain cage, without modules: cage_runner [-f FILTER] FILE
 * … */
#include "base/prefix.h"

#include "vm/selftest.h"

int main(int argc, char **argv)
{
    const char *filter = NULL;
    int first = 1;

    if (argc > 3 && strcmp(argv[1], "-f") == 0) {
        filter = argv[2];
        first = 3;
    }
    if (argc <= first) {
        fprintf(stderr, "usage: cage_runner [-f FILTER] FILE …\n");
        return 2;
    }
    return bl_selftest_run(NULL, (const char *const *)argv + first, filter, stdout) == 0 ? 0
                                                                                         : 1;
}
