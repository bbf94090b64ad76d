/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* prompt.c: one line from the terminal, seen or not, before anything else goes on. */
#include "base/prefix.h"

#include "gate/prompt.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static const int prompt_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

struct prompt {
    int fd;
    bool is_secret;
    struct termios before;
    struct sigaction handlers[BL_COUNT(prompt_signals)];
    sigset_t mask;
};

static volatile sig_atomic_t prompt_caught; /* a handler has nowhere else to put it */

static void prompt_catch(int number)
{
    prompt_caught = number;
}

/* Signals are held except while it waits, so that none is lost between look and wait. */
static void prompt_hold_signals(struct prompt *prompt)
{
    struct sigaction action = {.sa_handler = prompt_catch};
    sigset_t held;

    prompt_caught = 0;
    sigemptyset(&held);
    for (size_t i = 0; i < BL_COUNT(prompt_signals); i++) {
        sigaddset(&held, prompt_signals[i]);
        sigaction(prompt_signals[i], NULL, &prompt->handlers[i]);
        if (prompt->handlers[i].sa_handler != SIG_IGN)
            sigaction(prompt_signals[i], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &held, &prompt->mask);
}

static void prompt_let_signals(struct prompt *prompt)
{
    for (size_t i = 0; i < BL_COUNT(prompt_signals); i++)
        sigaction(prompt_signals[i], &prompt->handlers[i], NULL);
    if (prompt_caught != 0)
        raise(prompt_caught);
    sigprocmask(SIG_SETMASK, &prompt->mask, NULL);
}

/* No echo, and no stop that would leave the shell without one. */
static void prompt_silence(struct prompt *prompt)
{
    struct termios silent = prompt->before;

    if (prompt->is_secret)
        silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    silent.c_lflag |= ICANON | ISIG;
    silent.c_cc[VSUSP] = _POSIX_VDISABLE;
    tcsetattr(prompt->fd, TCSAFLUSH, &silent); /* what was typed before is no answer */
}

/* True with one more piece of the line; false at its end, at the end of input, on a signal. */
static bool prompt_read(const struct prompt *prompt, struct bl_buf *value)
{
    struct pollfd ready = {.fd = prompt->fd, .events = POLLIN};
    sigset_t open = prompt->mask;
    char part[256];
    ssize_t got;

    for (size_t i = 0; i < BL_COUNT(prompt_signals); i++)
        sigdelset(&open, prompt_signals[i]);
    if (ppoll(&ready, 1, NULL, &open) < 0)
        return prompt_caught == 0 && errno == EINTR;
    got = read(prompt->fd, part, sizeof(part));
    if (got > 0)
        bl_buf_add(value, part, (size_t)got);
    explicit_bzero(part, sizeof(part));
    return got > 0 && bl_buf_text(value)[value->len - 1] != '\n';
}

static enum bl_code prompt_ask(struct prompt *prompt, const char *question,
                               struct bl_buf *value, struct bl_error *err)
{
    prompt_hold_signals(prompt);
    prompt_silence(prompt);
    dprintf(prompt->fd, "%s: ", question);
    while (prompt_read(prompt, value))
        continue;
    tcsetattr(prompt->fd, TCSAFLUSH, &prompt->before);
    if (prompt->is_secret || value->len == 0 || value->data[value->len - 1] != '\n')
        dprintf(prompt->fd, "\n");
    prompt_let_signals(prompt);
    if (prompt_caught != 0)
        return bl_fail(err, BL_E_CANCELLED, "the question was stopped by a signal");
    if (value->len == 0 || value->data[value->len - 1] != '\n')
        return bl_fail(err, BL_E_WAITING, "nobody answered: the input has ended");
    value->data[--value->len] = '\0';
    return BL_OK;
}

static enum bl_code prompt_line(const char *question, bool is_secret, struct bl_buf *value,
                                struct bl_error *err)
{
    struct prompt prompt = {.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY),
                            .is_secret = is_secret};
    struct bl_buf clean;
    enum bl_code code;

    if (prompt.fd < 0)
        return bl_fail(err, BL_E_WAITING, "there is no terminal to ask on");
    bl_buf_init(&clean, 0);
    bl_text_clean(&clean, question, strlen(question), false);
    if (tcgetpgrp(prompt.fd) != getpgrp())
        code = bl_fail(err, BL_E_WAITING, "this is in the background of its terminal");
    else if (tcgetattr(prompt.fd, &prompt.before) != 0)
        code = bl_fail(err, BL_E_WAITING, "the terminal cannot be set: %s", strerror(errno));
    else
        code = prompt_ask(&prompt, bl_buf_text(&clean), value, err);
    bl_buf_release(&clean);
    close(prompt.fd);
    return code;
}

enum bl_code bl_prompt_secret(const char *question, struct bl_buf *value, struct bl_error *err)
{
    return prompt_line(question, true, value, err);
}

enum bl_code bl_prompt_line(const char *question, struct bl_buf *value, struct bl_error *err)
{
    return prompt_line(question, false, value, err);
}
