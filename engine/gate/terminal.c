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
#include <utf8proc.h>

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

static int terminal_width(const struct bl_terminal *terminal)
{
    struct winsize size;

    return ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 2 * INDENT
               ? size.ws_col
               : 80;
}

/* The columns of the character that text begins with, and its bytes. */
static int terminal_columns(const char *text, size_t *bytes)
{
    utf8proc_int32_t code;
    utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &code);

    *bytes = len > 0 ? (size_t)len : 1;
    return *text == '\t' ? 8 : len > 0 ? utf8proc_charwidth(code) : 1;
}

/* How many bytes of the text fit into one line of so many columns: up to its end, a newline, or
 * the last space before; a word that is longer than the line is broken. */
static size_t terminal_line(const char *text, int room)
{
    size_t at = 0, space = 0, bytes;

    while (text[at] != '\0' && text[at] != '\n') {
        room -= terminal_columns(text + at, &bytes);
        if (room < 0)
            return space > 0 ? space : at > 0 ? at : bytes;
        if (text[at] == ' ')
            space = at;
        at += bytes;
    }
    return at;
}

/* Adds outside text behind a label; the lines that follow stand below its first. */
static void terminal_add(struct bl_buf *screen, int width, const char *label, int indent,
                         const char *outside)
{
    struct bl_buf clean;
    const char *text;

    bl_buf_init(&clean, 0);
    bl_text_clean(&clean, outside, strlen(outside), true);
    for (text = bl_buf_text(&clean); *text != '\0'; label = "") {
        size_t len = terminal_line(text, width - indent - 1);
        bl_buf_printf(screen, "%-*s", indent, label);
        bl_buf_add(screen, text, len);
        bl_buf_char(screen, '\n');
        text += len;
        text += *text == '\n' || *text == ' ';
    }
    bl_buf_release(&clean);
}

static void terminal_add_field(struct bl_buf *screen, int width, const char *name,
                               const char *text)
{
    char label[INDENT + 1];

    snprintf(label, sizeof(label), "  %-7s ", name);
    terminal_add(screen, width, label, INDENT, text);
}

static void terminal_add_options(struct bl_buf *screen, int width,
                                 const struct bl_value *question)
{
    const struct bl_value *options = bl_map_get(question, "options");
    const struct bl_value *reasons = bl_map_get(question, "reasons");
    size_t count = bl_value_count(options);
    char label[24];

    for (size_t i = 0; i <= count; i++) {
        const char *title =
            i < count ? bl_value_as_text(bl_list_get(options, i)) : "none of these";
        snprintf(label, sizeof(label), "  %2zu  ", i + 1);
        terminal_add(screen, width, label, 6, title);
        if (i < count)
            terminal_add(screen, width, "", 8, bl_map_text(reasons, title, ""));
    }
}

static void terminal_add_place(struct bl_buf *screen, int width,
                               const struct bl_value *question)
{
    const char *file = bl_map_text(question, "file", "");
    struct bl_buf place;

    if (*file == '\0')
        return;
    bl_buf_init(&place, 0);
    bl_buf_printf(&place, "%s:%lld", file, (long long)bl_map_int(question, "line", 0));
    terminal_add_field(screen, width, "where", bl_buf_text(&place));
    bl_buf_release(&place);
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
    if (typed != NULL)
        bl_buf_printf(&prompt, "  Type %s to go on, anything else to stop: ", typed);
    else if (options != NULL)
        bl_buf_printf(&prompt, "  Your choice (1-%zu): ", bl_value_count(options) + 1);
    else if (input != NULL && normal != NULL)
        bl_buf_printf(&prompt, "  Your answer (%s, Enter for %s): ", input, normal);
    else if (input != NULL)
        bl_buf_printf(&prompt, "  Your answer (%s): ", input);
    else
        bl_buf_printf(&prompt, "  %s? (yes/no): ",
                      strcmp(bl_map_text(question, "kind", ""), "manual") == 0 ? "Done"
                                                                               : "Go on");
    terminal_say(terminal, bl_buf_text(&prompt));
    bl_buf_release(&prompt);
}

/* What a text says behind the title that it begins with. */
static const char *terminal_behind(const char *text, const char *title)
{
    size_t len = strlen(title);

    if (strncmp(text, title, len) != 0 || (text[len] != '\n' && text[len] != '\0'))
        return text;
    return text + len + strspn(text + len, "\n");
}

/* The details come first: what decides stands next to where the answer is typed. */
static void terminal_show(struct bl_terminal *terminal, int number)
{
    static const char *const fields[][2] = {
        {"detail", "does"}, {"step", "step"},     {"target", "target"},
        {"class", "class"}, {"reason", "reason"}, {"affects", "affects"},
        {"grown", "grown"}, {"why", "why"},       {"undo", "undo"},
    };
    const struct bl_value *question = terminal->request.question;
    const char *title = bl_map_text(question, "question", "");
    int width = terminal_width(terminal);
    struct bl_buf screen, head;

    bl_buf_init(&screen, 0);
    bl_buf_init(&head, 0);
    bl_buf_char(&screen, '\n');
    bl_buf_printf(&head, "Gate %d: %s", number, title);
    terminal_add(&screen, width, "? ", 2, bl_buf_text(&head));
    for (size_t i = 0; i < BL_COUNT(fields); i++) {
        const char *text = bl_map_text(question, fields[i][0], "");
        if (i == 0)
            text = terminal_behind(text, title);
        terminal_add_field(&screen, width, fields[i][1], text);
    }
    terminal_add_place(&screen, width, question);
    if (strcmp(bl_map_text(question, "class", ""), "change") == 0)
        terminal_add_field(&screen, width, "a yes",
                           "counts for the other changes of this step");
    if (bl_map_get(question, "options") != NULL)
        terminal_add_options(&screen, width, question);
    terminal_write(terminal, bl_buf_text(&screen), screen.len);
    bl_buf_release(&head);
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
    tcflush(terminal->fd, TCIFLUSH); /* the rest of what was pasted is no answer either */
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
    const char *normal = bl_map_text(terminal->request.question, "default", NULL);
    struct bl_error err;

    if (*line == '\0' && normal != NULL)
        line = normal;
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

/* A whole line that is text: no control characters, none cut off. */
static bool terminal_is_text(const struct bl_buf *line, size_t len)
{
    if (line->truncated || !bl_utf8_is_valid(line->data, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line->data[i] < ' ' || line->data[i] == 0x7f)
            return false;
    }
    return true;
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
    if (!terminal_is_text(line, (size_t)(end - line->data))) {
        terminal_again(terminal, "Please type plain text on one short line.");
        return;
    }
    *end = '\0';
    terminal_read_line(terminal, line->data + strspn(line->data, " "));
}

static void terminal_give_up(struct bl_terminal *terminal, const char *why)
{
    terminal_say(terminal, "\n");
    terminal_settle(terminal, BL_GATE_UNANSWERED, NULL, why);
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
