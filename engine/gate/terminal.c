/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* terminal.c: one question at a time on /dev/tty. */
#include "base/prefix.h"

#include "gate/terminal.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

struct bl_terminal {
    struct bl_loop *loop;
    uv_poll_t *poll; /* closed and freed by the loop */
    int fd;
    bool is_asking;
    struct bl_buf line;
    struct bl_gate_request request;
    void (*answered)(void *context, const struct bl_gate_answer *answer, const char *how);
    void *context;
};

static void terminal_readable(uv_poll_t *poll, int status, int events);

struct bl_terminal *bl_terminal_open(struct bl_loop *loop, struct bl_error *err)
{
    int fd = open("/dev/tty", O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct bl_terminal *terminal;

    if (fd < 0) {
        bl_fail(err, BL_E_WAITING, "no terminal");
        return NULL;
    }
    if (tcgetpgrp(fd) != getpgrp()) {
        close(fd);
        bl_fail(err, BL_E_WAITING, "in the background of its terminal");
        return NULL;
    }
    terminal = bl_alloc(sizeof(*terminal));
    terminal->loop = loop;
    terminal->fd = fd;
    bl_buf_init(&terminal->line, LINE_MAX_BYTES);
    terminal->poll = bl_alloc(sizeof(*terminal->poll));
    if (uv_poll_init(bl_loop_uv(loop), terminal->poll, fd) != 0)
        BL_BUG("a terminal cannot be polled");
    terminal->poll->data = terminal;
    return terminal;
}

static void terminal_closed(uv_handle_t *handle)
{
    bl_free(handle);
}

void bl_terminal_close(struct bl_terminal *terminal)
{
    if (terminal == NULL)
        return;
    uv_close((uv_handle_t *)terminal->poll, terminal_closed);
    close(terminal->fd);
    bl_buf_release(&terminal->line);
    bl_free(terminal);
}

/* Writes all of text; a terminal that does not take it for a while is given up. */
static void terminal_write(struct bl_terminal *terminal, const char *text, size_t len)
{
    for (int tries = 0; len > 0 && tries < 100;) {
        ssize_t wrote = write(terminal->fd, text, len);
        if (wrote > 0) {
            text += wrote;
            len -= (size_t)wrote;
        } else if (errno == EAGAIN || errno == EINTR) {
            usleep(1000);
            tries++;
        } else {
            return;
        }
    }
}

static void terminal_say(struct bl_terminal *terminal, const char *text)
{
    struct bl_buf clean;

    bl_buf_init(&clean, 0);
    bl_text_clean(&clean, text, strlen(text), true);
    terminal_write(terminal, bl_buf_text(&clean), clean.len);
    bl_buf_release(&clean);
}

#define INDENT 10 /* where the text of a field begins */

static size_t terminal_width(const struct bl_terminal *terminal)
{
    struct winsize size;

    return ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 2 * INDENT
               ? size.ws_col
               : 80;
}

/* How much of the text fits into one line: up to its end, a newline, or the last space before
 * `room`. */
static size_t terminal_line(const char *text, size_t room)
{
    size_t len = strcspn(text, "\n"), at = room;

    if (len <= room)
        return len;
    while (at > 0 && text[at] != ' ')
        at--;
    return at > 0 ? at : len; /* one long word stays whole: the terminal breaks it */
}

/* One labelled part of the screen, its lines wrapped and indented below each other. */
static void terminal_show_field(struct bl_buf *screen, size_t width,
                                const struct bl_value *question, const char *field)
{
    const char *text = bl_map_text(question, field, "");
    const char *label = strcmp(field, "detail") == 0 ? "does" : field;

    while (*text != '\0') {
        size_t len = terminal_line(text, width - INDENT - 1);
        bl_buf_printf(screen, "  %-8s", label);
        bl_buf_add(screen, text, len);
        bl_buf_char(screen, '\n');
        text += len;
        text += *text == '\n' || *text == ' ';
        label = "";
    }
}

static void terminal_show_options(struct bl_buf *screen, const struct bl_value *options)
{
    size_t count = bl_value_count(options);

    for (size_t i = 0; i < count; i++)
        bl_buf_printf(screen, "  %2zu  %s\n", i + 1, bl_value_as_text(bl_list_get(options, i)));
    bl_buf_printf(screen, "  %2zu  none of these\n", count + 1);
}

static void terminal_prompt(struct bl_terminal *terminal)
{
    const struct bl_value *question = terminal->request.question;
    const char *typed = bl_map_text(question, "typed", NULL);
    const struct bl_value *options = bl_map_get(question, "options");
    const char *input = bl_map_text(question, "input", NULL);
    char prompt[300];

    if (typed != NULL)
        snprintf(prompt, sizeof(prompt), "  Type %s to go on, anything else to stop: ", typed);
    else if (options != NULL)
        snprintf(prompt, sizeof(prompt),
                 "  Your choice (1-%zu): ", bl_value_count(options) + 1);
    else if (input != NULL)
        snprintf(prompt, sizeof(prompt), "  Your answer (%s): ", input);
    else
        snprintf(prompt, sizeof(prompt), "  Go on? (yes/no): ");
    terminal_say(terminal, prompt);
}

static void terminal_show(struct bl_terminal *terminal, int number)
{
    static const char *const fields[] = {"step", "target", "class", "detail", "why", "undo"};
    const struct bl_value *question = terminal->request.question;
    struct bl_buf screen;

    bl_buf_init(&screen, 0);
    bl_buf_printf(&screen, "\n? Gate %d: %s\n", number, bl_map_text(question, "question", ""));
    for (size_t i = 0; i < BL_COUNT(fields); i++)
        terminal_show_field(&screen, terminal_width(terminal), question, fields[i]);
    if (bl_map_get(question, "options") != NULL)
        terminal_show_options(&screen, bl_map_get(question, "options"));
    terminal_say(terminal, bl_buf_text(&screen));
    bl_buf_release(&screen);
}

void bl_terminal_ask(struct bl_terminal *terminal, int number,
                     const struct bl_gate_request *request,
                     void (*answered)(void *context, const struct bl_gate_answer *answer,
                                      const char *how),
                     void *context)
{
    terminal->request = *request;
    terminal->answered = answered;
    terminal->context = context;
    terminal->is_asking = true;
    bl_buf_reset(&terminal->line);
    tcflush(terminal->fd, TCIFLUSH); /* what was typed before it was asked is no answer */
    terminal_show(terminal, number);
    terminal_prompt(terminal);
    uv_poll_start(terminal->poll, UV_READABLE, terminal_readable);
}

static void terminal_settle(struct bl_terminal *terminal, enum bl_gate_result result,
                            const char *text, const char *how)
{
    terminal->is_asking = false;
    uv_poll_stop(terminal->poll);
    terminal->answered(terminal->context, &(struct bl_gate_answer){result, text}, how);
}

void bl_terminal_withdraw(struct bl_terminal *terminal)
{
    if (!terminal->is_asking)
        return;
    terminal_say(terminal, "\n  The question is taken back.\n");
    terminal_settle(terminal, BL_GATE_UNANSWERED, NULL, "taken back");
}

static void terminal_again(struct bl_terminal *terminal, const char *why)
{
    struct bl_buf text;

    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "  %s\n", why);
    terminal_say(terminal, bl_buf_text(&text));
    bl_buf_release(&text);
    bl_buf_reset(&terminal->line);
    terminal_prompt(terminal);
}

static void terminal_read_choice(struct bl_terminal *terminal, const struct bl_value *options,
                                 const char *line)
{
    char *end;
    long number = strtol(line, &end, 10);
    long count = (long)bl_value_count(options);

    if (end == line || *end != '\0' || number < 1 || number > count + 1)
        terminal_again(terminal, "Please give the number of one of these.");
    else if (number == count + 1)
        terminal_settle(terminal, BL_GATE_YES, NULL, "terminal");
    else
        terminal_settle(terminal, BL_GATE_YES,
                        bl_value_as_text(bl_list_get(options, (size_t)number - 1)), "terminal");
}

static void terminal_read_input(struct bl_terminal *terminal, const char *line)
{
    struct bl_error err;

    if (terminal->request.accept != NULL &&
        terminal->request.accept(terminal->request.owner, line, &err) != BL_OK)
        terminal_again(terminal, err.message);
    else
        terminal_settle(terminal, BL_GATE_YES, line, "terminal");
}

static void terminal_read_line(struct bl_terminal *terminal, const char *line)
{
    const struct bl_value *question = terminal->request.question;
    const char *typed = bl_map_text(question, "typed", NULL);

    if (typed != NULL)
        terminal_settle(terminal, strcmp(line, typed) == 0 ? BL_GATE_YES : BL_GATE_NO, NULL,
                        "terminal");
    else if (bl_map_get(question, "options") != NULL)
        terminal_read_choice(terminal, bl_map_get(question, "options"), line);
    else if (bl_map_get(question, "input") != NULL)
        terminal_read_input(terminal, line);
    else if (strcasecmp(line, "yes") == 0 || strcasecmp(line, "y") == 0)
        terminal_settle(terminal, BL_GATE_YES, NULL, "terminal");
    else if (strcasecmp(line, "no") == 0 || strcasecmp(line, "n") == 0)
        terminal_settle(terminal, BL_GATE_NO, NULL, "terminal");
    else
        terminal_again(terminal, "Please type yes or no.");
}

static void terminal_readable(uv_poll_t *poll, int status, int events)
{
    struct bl_terminal *terminal = poll->data;
    char bytes[512];
    ssize_t got = status < 0 ? 0 : read(terminal->fd, bytes, sizeof(bytes));
    char *end;

    (void)events;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        terminal_settle(terminal, BL_GATE_UNANSWERED, NULL, "end of input");
        return;
    }
    bl_buf_add(&terminal->line, bytes, (size_t)got);
    end = memchr(terminal->line.data, '\n', terminal->line.len);
    if (end == NULL)
        return;
    *end = '\0';
    while (end > terminal->line.data && (end[-1] == ' ' || end[-1] == '\r'))
        *--end = '\0';
    terminal_read_line(terminal, terminal->line.data + strspn(terminal->line.data, " "));
}
