/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* terminal.c: one question at a time on /dev/tty. */
#include "base/prefix.h"

#include "gate/terminal.h"

#include "base/text.h"
#include "gate/answer.h"
#include "gate/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

struct bl_terminal {
    struct bl_loop *loop;
    uv_poll_t *poll; /* closed and freed by the loop */
    int fd;
    bool is_asking;
    bool is_cut;     /* the details are not shown in full: d does it */
    bool is_waiting; /* w was typed: nothing is asked here until Enter */
    int number;      /* of the gate */
    struct bl_buf line;
    struct bl_gate_request request;
    struct bl_buf waits; /* for whom it waits; "": it does not, an answer is typed here */
    const char *chosen;  /* an option that waits for its reason; borrowed from the question */
    void (*answered)(void *context, const struct bl_gate_answer *answer, const char *how);
    void *context;
};

static void terminal_readable(uv_poll_t *poll, int status, int events);

enum bl_code bl_terminal_ready(const struct bl_terminal *terminal, struct bl_error *err)
{
    return tcgetpgrp(terminal->fd) == getpgrp()
               ? BL_OK
               : bl_fail(err, BL_E_WAITING, "in the background of its terminal");
}

struct bl_terminal *bl_terminal_open(struct bl_loop *loop, struct bl_error *err)
{
    int fd = open("/dev/tty", O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct bl_terminal *terminal;

    if (fd < 0) {
        bl_fail(err, BL_E_WAITING, "no terminal");
        return NULL;
    }
    terminal = bl_alloc(sizeof(*terminal));
    terminal->loop = loop;
    terminal->fd = fd;
    bl_buf_init(&terminal->line, ANSWER_MAX);
    bl_buf_init(&terminal->waits, 0);
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
    bl_buf_release(&terminal->waits);
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

static int terminal_width(const struct bl_terminal *terminal)
{
    struct winsize size;

    return ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col : 80;
}

static void terminal_show(struct bl_terminal *terminal, bool full)
{
    struct bl_buf screen;

    bl_buf_init(&screen, 0);
    terminal->is_cut = !bl_gate_screen(&screen, terminal_width(terminal), terminal->number,
                                       terminal->request.question, full);
    terminal_write(terminal, bl_buf_text(&screen), screen.len);
    bl_buf_release(&screen);
}

static void terminal_prompt(struct bl_terminal *terminal)
{
    const struct bl_value *question = terminal->request.question;
    const char *typed = bl_map_text(question, "typed", NULL);
    const struct bl_value *options = bl_map_get(question, "options");
    const char *input = bl_map_text(question, "input", NULL);
    const char *normal = bl_map_text(question, "default", NULL);
    struct bl_buf prompt;

    bl_buf_init(&prompt, 0);
    if (terminal->is_waiting)
        bl_buf_text_add(&prompt, "  Waits for an answer from elsewhere; Enter asks again: ");
    else if (terminal->waits.len > 0)
        bl_buf_printf(&prompt, "  %s. Type no to stop here: ", bl_buf_text(&terminal->waits));
    else if (terminal->chosen != NULL)
        bl_buf_printf(&prompt, "  Why %s it: ", terminal->chosen);
    else if (typed != NULL)
        bl_buf_printf(&prompt, "  Type %s to go on, w to wait, anything else to stop: ", typed);
    else if (options != NULL)
        bl_buf_printf(&prompt, "  Your choice (1-%zu): ", answer_count(question));
    else if (input != NULL && normal != NULL)
        bl_buf_printf(&prompt, "  Your answer (%s, Enter for %s): ", input, normal);
    else if (input != NULL)
        bl_buf_printf(&prompt, "  Your answer (%s): ", input);
    else
        bl_buf_printf(&prompt, "  %s? (yes/no%s, w to wait): ",
                      strcmp(bl_map_text(question, "kind", ""), "manual") == 0 ? "Done"
                                                                               : "Go on",
                      terminal->is_cut ? ", d for details" : "");
    terminal_say(terminal, bl_buf_text(&prompt));
    bl_buf_release(&prompt);
}

void bl_terminal_ask(struct bl_terminal *terminal, int number,
                     const struct bl_gate_request *request,
                     void (*answered)(void *context, const struct bl_gate_answer *answer,
                                      const char *how),
                     void *context)
{
    terminal->request = *request;
    terminal->number = number;
    terminal->is_waiting = false;
    terminal->answered = answered;
    terminal->context = context;
    terminal->is_asking = true;
    terminal->chosen = NULL;
    bl_buf_reset(&terminal->waits);
    bl_buf_reset(&terminal->line);
    tcflush(terminal->fd, TCIFLUSH); /* what was typed before it was asked is no answer */
    terminal_show(terminal, false);
    if (bl_map_int(request->question, "approvals", 0) == 0 ||
        bl_map_get(request->question, "typed") != NULL)
        terminal_prompt(terminal);
    uv_poll_start(terminal->poll, UV_READABLE, terminal_readable);
}

static void terminal_settle(struct bl_terminal *terminal, const struct bl_gate_answer *answer,
                            const char *how)
{
    terminal->is_asking = false;
    uv_poll_stop(terminal->poll);
    terminal->answered(terminal->context, answer, how);
}

/* The question ends without an answer. */
static void terminal_end(struct bl_terminal *terminal, const char *how)
{
    terminal_settle(terminal, &(struct bl_gate_answer){.result = BL_GATE_UNANSWERED}, how);
}

void bl_terminal_leave(struct bl_terminal *terminal, const char *text)
{
    struct bl_buf line;

    if (!terminal->is_asking)
        return;
    bl_buf_init(&line, 0);
    bl_buf_printf(&line, "\n  %s\n", text);
    terminal_say(terminal, bl_buf_text(&line));
    bl_buf_release(&line);
    terminal->is_asking = false;
    uv_poll_stop(terminal->poll);
}

void bl_terminal_withdraw(struct bl_terminal *terminal)
{
    if (!terminal->is_asking)
        return;
    terminal_say(terminal, "\n  The question is taken back.\n");
    terminal_end(terminal, "taken back");
}

void bl_terminal_wait(struct bl_terminal *terminal, const char *text)
{
    bool has_prompt = terminal->waits.len > 0;

    terminal->is_waiting = false;
    bl_buf_reset(&terminal->waits);
    bl_buf_text_add(&terminal->waits, text);
    if (has_prompt)
        terminal_say(terminal, "\n");
    terminal->is_asking = true;
    terminal_prompt(terminal);
    uv_poll_start(terminal->poll, UV_READABLE, terminal_readable);
}

void bl_terminal_remark(struct bl_terminal *terminal, const char *text)
{
    struct bl_buf line;

    if (!terminal->is_asking)
        return;
    bl_buf_init(&line, 0);
    bl_buf_printf(&line, "\n  %s\n", text);
    terminal_say(terminal, bl_buf_text(&line));
    bl_buf_release(&line);
    terminal_prompt(terminal); /* what was typed so far is still there */
}

static void terminal_again(struct bl_terminal *terminal, const char *why)
{
    struct bl_buf text;

    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "  %s\n", why);
    terminal_say(terminal, bl_buf_text(&text));
    bl_buf_release(&text);
    bl_buf_reset(&terminal->line);
    tcflush(terminal->fd, TCIFLUSH); /* the rest of what was pasted is no answer either */
    terminal_prompt(terminal);
}

/* The line that says why, after an option that wants a reason. */
static void terminal_read_reason(struct bl_terminal *terminal, const char *line)
{
    struct bl_gate_answer answer = {
        .result = BL_GATE_YES, .text = terminal->chosen, .reason = line};

    if (*line == '\0')
        terminal_again(terminal, "Please say why, in a few words.");
    else
        terminal_settle(terminal, &answer, "terminal");
}

/* Others answer; here it can only be stopped. */
static void terminal_read_while_waiting(struct bl_terminal *terminal, const char *line)
{
    if (strcasecmp(line, "no") == 0 || strcasecmp(line, "n") == 0)
        terminal_settle(terminal, &(struct bl_gate_answer){.result = BL_GATE_NO}, "terminal");
    else
        terminal_again(terminal, "Only others can approve it.");
}

/* What is no answer but a wish: d shows the details in full, w waits for somebody elsewhere,
 * and any line ends that. Where any text is an answer there are no such words. */
static bool terminal_read_wish(struct bl_terminal *terminal, const char *line)
{
    const char *typed = bl_map_text(terminal->request.question, "typed", "");
    bool is_wait = strcasecmp(line, "w") == 0, is_detail = strcasecmp(line, "d") == 0;

    if (terminal->is_waiting) {
        terminal->is_waiting = false;
    } else if ((!is_wait && !is_detail) || strcmp(line, typed) == 0 ||
               terminal->chosen != NULL ||
               bl_map_get(terminal->request.question, "input") != NULL) {
        return false;
    } else if (is_detail) {
        terminal_show(terminal, true);
    } else {
        terminal->is_waiting = true;
    }
    bl_buf_reset(&terminal->line);
    tcflush(terminal->fd, TCIFLUSH);
    terminal_prompt(terminal);
    return true;
}

static void terminal_read_line(struct bl_terminal *terminal, const char *line)
{
    struct bl_gate_answer answer;
    struct bl_error err;

    if (terminal_read_wish(terminal, line))
        return;
    if (terminal->waits.len > 0) {
        terminal_read_while_waiting(terminal, line);
    } else if (terminal->chosen != NULL) {
        terminal_read_reason(terminal, line);
    } else if (answer_read(&terminal->request, line, &answer, &err) != BL_OK) {
        terminal_again(terminal, err.message);
    } else if (answer_wants_reason(terminal->request.question, &answer)) {
        terminal->chosen = answer.text;
        bl_buf_reset(&terminal->line);
        tcflush(terminal->fd, TCIFLUSH);
        terminal_prompt(terminal);
    } else {
        terminal_settle(terminal, &answer, "terminal");
    }
}

static void terminal_take_line(struct bl_terminal *terminal)
{
    struct bl_buf *line = &terminal->line;
    char *end = memchr(line->data, '\n', line->len);

    if (end == NULL && !line->truncated)
        return;
    if (end == NULL)
        end = line->data + line->len - 1;
    while (end > line->data && (end[-1] == ' ' || end[-1] == '\r'))
        end--;
    if (line->truncated || !answer_is_text(line->data, (size_t)(end - line->data))) {
        terminal_again(terminal, "Please type plain text on one short line.");
        return;
    }
    *end = '\0';
    terminal_read_line(terminal, line->data + strspn(line->data, " "));
}

static void terminal_give_up(struct bl_terminal *terminal, const char *why)
{
    terminal_say(terminal, "\n");
    terminal_end(terminal, why);
}

static void terminal_readable(uv_poll_t *poll, int status, int events)
{
    struct bl_terminal *terminal = poll->data;
    struct bl_error err;
    char bytes[512];
    ssize_t got;

    (void)events;
    if (bl_terminal_ready(terminal, &err) != BL_OK) { /* to read would stop this process */
        terminal_give_up(terminal, err.message);
        return;
    }
    got = status < 0 ? 0 : read(terminal->fd, bytes, sizeof(bytes));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        terminal_give_up(terminal, "end of input");
        return;
    }
    bl_buf_add(&terminal->line, bytes, (size_t)got);
    terminal_take_line(terminal);
}
