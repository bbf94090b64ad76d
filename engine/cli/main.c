/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* main.c: the program. */
#include "base/prefix.h"

#include "cli/command.h"

#include <locale.h>

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    setenv("UV_THREADPOOL_SIZE", "16", 0); /* names, cancels and brokers share the pool */
    return bl_command_main(argc, argv);
}
