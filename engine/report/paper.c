/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* paper.c: text of a given width, with or without colour and UTF-8. */
#include "report/paper.h"

#include "base/text.h"

#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#define PAPER_MIN 20
#define PAPER_MAX 100 /* wider lines are hard to read */

static const char *paper_env(const char *name)
{
    const char *text = getenv(name);

    return text == NULL ? "" : text;
}

static bool paper_is_terminal(int fd)
{
    return isatty(fd) && strcmp(paper_env("TERM"), "dumb") != 0;
}

static bool paper_wants_color(const struct bl_report_options *options)
{
    const char *force = paper_env("CLICOLOR_FORCE");

    if (options->color != BL_AUTO)
        return options->color == BL_ALWAYS;
    if (*paper_env("NO_COLOR") != '\0')
        return false;
    if (*force != '\0' && strcmp(force, "0") != 0)
        return true;
    return paper_is_terminal(options->fd);
}

static bool paper_wants_utf8(const struct bl_report_options *options)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    if (options->utf8 != BL_AUTO)
        return options->utf8 == BL_ALWAYS;
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        const char *locale = paper_env(names[i]);
        if (*locale != '\0')
            return strcasestr(locale, "utf-8") != NULL || strcasestr(locale, "utf8") != NULL;
    }
    return false;
}

static int paper_find_width(const struct bl_report_options *options)
{
    struct winsize size;
    long width = options->width;

    if (width == 0)
        width = strtol(paper_env("COLUMNS"), NULL, 10);
    if (width <= 0 && ioctl(options->fd, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        width = 80;
    return width < PAPER_MIN ? PAPER_MIN : width > PAPER_MAX ? PAPER_MAX : (int)width;
}

void paper_init(struct paper *paper, const struct bl_report_options *options)
{
    bl_buf_init(&paper->out, 0);
    paper->width = paper_find_width(options);
    paper->color = paper_wants_color(options);
    paper->utf8 = paper_wants_utf8(options);
    paper->live = options->live == BL_ALWAYS ||
                  (options->live == BL_AUTO && paper_is_terminal(options->fd));
}

void paper_release(struct paper *paper)
{
    bl_buf_release(&paper->out);
}

/* Takes one character off a clean text: how many bytes, and how many columns. */
static int paper_next(const char *text, size_t len, int *columns)
{
    utf8proc_int32_t code;
    utf8proc_ssize_t bytes =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &code);

    if (bytes <= 0) {
        *columns = 1;
        return 1;
    }
    *columns = utf8proc_charwidth(code);
    return (int)bytes;
}

static int paper_columns_of(const char *text, size_t len)
{
    int all = 0, one;

    for (size_t at = 0; at < len; all += one)
        at += (size_t)paper_next(text + at, len - at, &one);
    return all;
}

int paper_columns(const char *text)
{
    return paper_columns_of(text, strlen(text));
}

void paper_clean(const struct paper *paper, struct bl_buf *out, const char *text)
{
    struct bl_buf clean;
    int columns;

    bl_buf_init(&clean, 0);
    bl_text_clean(&clean, text, strlen(text), true);
    for (size_t at = 0; at < clean.len;) {
        int bytes = paper_next(clean.data + at, clean.len - at, &columns);
        if (clean.data[at] == '\t')
            bl_buf_char(out, ' ');
        else if (bytes > 1 && !paper->utf8)
            bl_buf_text_add(out, columns > 0 ? "?" : "");
        else
            bl_buf_add(out, clean.data + at, (size_t)bytes);
        at += (size_t)bytes;
    }
    bl_buf_release(&clean);
}

static const char *const paper_codes[] = {
    [PAPER_PLAIN] = "",  [PAPER_BOLD] = "1",   [PAPER_DIM] = "2",  [PAPER_GOOD] = "32",
    [PAPER_WARN] = "33", [PAPER_BAD] = "1;31", [PAPER_ASK] = "36",
};

static void paper_begin(struct paper *paper, enum paper_style style)
{
    if (paper->color && style != PAPER_PLAIN)
        bl_buf_printf(&paper->out, "\x1b[%sm", paper_codes[style]);
}

static void paper_end(struct paper *paper, enum paper_style style)
{
    if (paper->color && style != PAPER_PLAIN)
        bl_buf_text_add(&paper->out, "\x1b[0m");
}

void paper_add(struct paper *paper, enum paper_style style, const char *text)
{
    if (*text == '\0')
        return;
    paper_begin(paper, style);
    paper_clean(paper, &paper->out, text);
    paper_end(paper, style);
}

void paper_addf(struct paper *paper, enum paper_style style, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    paper_add(paper, style, text);
}

void paper_spaces(struct paper *paper, int count)
{
    for (int i = 0; i < count; i++)
        bl_buf_char(&paper->out, ' ');
}

static const struct {
    const char *utf8, *ascii;
    enum paper_style style;
} paper_marks[] = {
    [MARK_PASS] = {"✓", "+", PAPER_GOOD},   [MARK_WARN] = {"!", "!", PAPER_WARN},
    [MARK_FAIL] = {"✗", "X", PAPER_BAD},    [MARK_OPEN] = {"▸", ">", PAPER_BOLD},
    [MARK_CHANGE] = {"→", "*", PAPER_WARN}, [MARK_PLANNED] = {"○", "o", PAPER_WARN},
    [MARK_ASSUMED] = {"~", "~", PAPER_DIM}, [MARK_ASK] = {"?", "?", PAPER_ASK},
    [MARK_INFO] = {"·", "-", PAPER_DIM},    [MARK_SKIP] = {"-", "-", PAPER_DIM},
};

enum paper_style paper_mark_style(enum paper_mark mark)
{
    return paper_marks[mark].style;
}

void paper_mark(struct paper *paper, enum paper_mark mark)
{
    paper_begin(paper, paper_marks[mark].style);
    bl_buf_text_add(&paper->out,
                    paper->utf8 ? paper_marks[mark].utf8 : paper_marks[mark].ascii);
    paper_end(paper, paper_marks[mark].style);
}

void paper_line(struct paper *paper)
{
    struct bl_buf *out = &paper->out;

    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    bl_buf_char(&paper->out, '\n');
}

/* A line break inside a styled text: the indent is not styled. */
static int paper_break(struct paper *paper, enum paper_style style, int indent)
{
    paper_end(paper, style);
    paper_line(paper);
    paper_spaces(paper, indent);
    paper_begin(paper, style);
    return indent;
}

/* A word that fits on no line is cut where the line ends. */
static int paper_cut(struct paper *paper, enum paper_style style, const char *word, size_t len,
                     const int place[2])
{
    int at = place[0], columns;

    for (size_t i = 0; i < len;) {
        int bytes = paper_next(word + i, len - i, &columns);
        if (at + columns > paper->width)
            at = paper_break(paper, style, place[1]);
        bl_buf_add(&paper->out, word + i, (size_t)bytes);
        at += columns;
        i += (size_t)bytes;
    }
    return at;
}

/* Adds one word of a clean text, on this line or the next. Gives the column behind it. */
static int paper_word(struct paper *paper, enum paper_style style, const char *word, size_t len,
                      const int place[3])
{
    int at = place[0], indent = place[1], gap = place[2];
    int columns = paper_columns_of(word, len);

    if (at + gap + columns > paper->width && at > indent) {
        at = paper_break(paper, style, indent);
        gap = 0;
    }
    paper_spaces(paper, gap);
    at += gap;
    if (at + columns > paper->width)
        return paper_cut(paper, style, word, len, (const int[]){at, indent});
    bl_buf_add(&paper->out, word, len);
    return at + columns;
}

int paper_wrap(struct paper *paper, enum paper_style style, const char *text, int at,
               int indent)
{
    struct bl_buf clean;
    const char *rest;
    int gap = 0;

    if (indent > paper->width / 2)
        indent = paper->width / 2;
    bl_buf_init(&clean, 0);
    paper_clean(paper, &clean, text);
    rest = bl_buf_text(&clean);
    paper_begin(paper, style);
    while (*rest != '\0') {
        size_t len = strcspn(rest, " \n");
        if (len > 0) {
            at = paper_word(paper, style, rest, len, (const int[]){at, indent, gap});
            gap = 0;
        } else if (*rest == '\n') {
            at = rest[1] == '\0' ? at : paper_break(paper, style, indent);
            gap = 0;
            len = 1;
        } else {
            gap++;
            len = 1;
        }
        rest += len;
    }
    paper_end(paper, style);
    bl_buf_release(&clean);
    return at;
}

void paper_write_live(const struct paper *paper, struct bl_buf *out, const char *text,
                      const char *time)
{
    int room = paper->width - (int)strlen(time) - 6, at = 0, columns;
    struct bl_buf clean;

    bl_buf_init(&clean, 0);
    paper_clean(paper, &clean, text);
    bl_buf_text_add(out, paper->utf8 ? "… " : "... ");
    for (size_t i = 0; i < clean.len && clean.data[i] != '\n';) {
        int bytes = paper_next(clean.data + i, clean.len - i, &columns);
        if (at + columns > room)
            break;
        bl_buf_add(out, clean.data + i, (size_t)bytes);
        at += columns;
        i += (size_t)bytes;
    }
    bl_buf_printf(out, "  %s", time);
    bl_buf_release(&clean);
}
