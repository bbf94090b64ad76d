/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* main.c: the program. */
#include "base/prefix.h"

#include "base/exit.h"
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

/* What is closed is opened on nothing, or the next file would be taken for the terminal. */
static void main_open_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            abort();
    }
}

/* Output that could not be written is a failure, unless its reader went away. */
static int main_flush(int status)
{
    errno = 0;
    if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
        return status;
    fprintf(stderr, "belay: the output cannot be written: %s\n",
            errno != 0 ? strerror(errno) : "a write failed");
    return status != 0 ? status : BL_EXIT_FAILED;
}

int main(int argc, char **argv)
{
    main_open_standard();
    setlocale(LC_CTYPE, "");
    setenv("UV_THREADPOOL_SIZE", "16", 0); /* names, cancels and brokers share the pool */
    return main_flush(bl_command_main(argc, argv));
}
