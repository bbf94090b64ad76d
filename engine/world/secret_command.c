/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* secret_command.c: runs a program that prints a secret. */
#include "base/prefix.h"

#include "world/secret_command.h"

#include "base/clock.h"
#include "base/redact.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_MILLIS 30000
#define COMMAND_SAID 4096 /* of its stderr that are shown */

struct command {
    const char *program;
    pid_t pid;
    int out, err; /* our ends of its pipes; -1 once they have ended */
    int64_t deadline;
};

extern char **environ; /* the program runs as this one does: it needs HOME, GNUPGHOME … */

static int command_spawn(struct command *command, const struct bl_value *argv,
                         const int pipes[4])
{
    size_t count = bl_value_count(argv);
    char **words = bl_alloc((count + 1) * sizeof(*words));
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int number;

    for (size_t i = 0; i < count; i++)
        words[i] = (char *)(uintptr_t)bl_value_as_text(bl_list_get(argv, i));
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, pipes[3], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    number = posix_spawnp(&command->pid, words[0], &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    bl_free(words);
    return number;
}

static enum bl_code command_start(struct command *command, const struct bl_value *argv,
                                  struct bl_error *err)
{
    int pipes[4], number;

    if (pipe2(pipes, O_CLOEXEC) != 0)
        return bl_fail(err, BL_E_IO, "no pipe for %s: %s", command->program, strerror(errno));
    if (pipe2(pipes + 2, O_CLOEXEC) != 0) {
        close(pipes[0]);
        close(pipes[1]);
        return bl_fail(err, BL_E_IO, "no pipe for %s: %s", command->program, strerror(errno));
    }
    number = command_spawn(command, argv, pipes);
    close(pipes[1]);
    close(pipes[3]);
    command->out = pipes[0];
    command->err = pipes[2];
    if (number == 0)
        return BL_OK;
    close(pipes[0]);
    close(pipes[2]);
    return bl_fail(err, number == ENOENT ? BL_E_NOT_FOUND : BL_E_IO, "cannot run %s: %s",
                   command->program, strerror(number));
}

static void command_read(int *fd, struct bl_buf *out)
{
    char part[4096];
    ssize_t got = read(*fd, part, sizeof(part));

    if (got > 0)
        bl_buf_add(out, part, (size_t)got);
    else if (got == 0 || errno != EINTR) {
        close(*fd);
        *fd = -1;
    }
    explicit_bzero(part, sizeof(part));
}

/* Reads until both pipes have ended or its time is over. */
static bool command_listen(struct command *command, struct bl_buf *value, struct bl_buf *said)
{
    while (command->out >= 0 || command->err >= 0) {
        struct pollfd ready[] = {{.fd = command->out, .events = POLLIN},
                                 {.fd = command->err, .events = POLLIN}};
        int64_t left = command->deadline - bl_clock_steady();
        if (left <= 0)
            return false;
        if (poll(ready, 2, (int)left) < 0)
            continue;
        if (ready[0].revents != 0)
            command_read(&command->out, value);
        if (ready[1].revents != 0)
            command_read(&command->err, said);
    }
    return true;
}

/* Ends it when its time is over; its status otherwise. */
static int command_end(struct command *command, bool has_ended)
{
    int status = -1;

    if (command->out >= 0)
        close(command->out);
    if (command->err >= 0)
        close(command->err);
    while (has_ended && waitpid(command->pid, &status, WNOHANG) == 0) {
        if (bl_clock_steady() >= command->deadline)
            has_ended = false;
        else
            usleep(2000);
    }
    if (has_ended)
        return status;
    kill(command->pid, SIGKILL);
    while (waitpid(command->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return -1;
}

/* A program may repeat what it prints. */
static void command_show(const struct bl_buf *said, const struct bl_buf *value)
{
    struct bl_redactor *redactor = bl_redactor_new();
    size_t len = value->len;
    struct bl_buf clean, shown;

    while (len > 0 && strchr("\r\n", value->data[len - 1]) != NULL)
        len--;
    bl_redactor_add(redactor, "…", bl_buf_text(value), len);
    bl_buf_init(&clean, 0);
    bl_buf_init(&shown, 0);
    bl_redact_text(redactor, &clean, bl_buf_text(said), said->len);
    bl_text_clean(&shown, bl_buf_text(&clean), clean.len, true);
    if (write(STDERR_FILENO, bl_buf_text(&shown), shown.len) < 0)
        bl_buf_reset(&shown); /* nobody reads it */
    bl_buf_release(&shown);
    bl_buf_release(&clean);
    bl_redactor_free(redactor);
}

enum bl_code secret_command(const struct bl_value *argv, struct bl_buf *value,
                            struct bl_error *err)
{
    struct command command = {.program = bl_value_as_text(bl_list_get(argv, 0)),
                              .deadline = bl_clock_steady() + COMMAND_MILLIS};
    struct bl_buf said;
    int status;

    if (command_start(&command, argv, err) != BL_OK)
        return err->code;
    bl_buf_init(&said, COMMAND_SAID);
    status = command_end(&command, command_listen(&command, value, &said));
    command_show(&said, value);
    bl_buf_release(&said);
    if (status < 0)
        return bl_fail(err, BL_E_TIMEOUT, "%s did not end within %d seconds", command.program,
                       COMMAND_MILLIS / 1000);
    if (WIFSIGNALED(status))
        return bl_fail(err, BL_E_EXIT, "%s was killed by signal %d", command.program,
                       WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return bl_fail(err, BL_E_EXIT, "%s ended with status %d", command.program,
                       WEXITSTATUS(status));
    return BL_OK;
}
