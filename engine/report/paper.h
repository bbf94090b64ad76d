/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* paper.h: inside this folder: text of a given width, with or without colour and UTF-8. */
#ifndef BL_PAPER_H
#define BL_PAPER_H

#include "base/buf.h"
#include "report/report.h"

enum paper_style {
    PAPER_PLAIN,
    PAPER_BOLD,
    PAPER_DIM,
    PAPER_GOOD,
    PAPER_WARN,
    PAPER_BAD,
    PAPER_ASK,
};

enum paper_mark {
    MARK_PASS,
    MARK_WARN,
    MARK_FAIL,
    MARK_OPEN,    /* a step that goes on */
    MARK_CHANGE,  /* a change that was made */
    MARK_PLANNED, /* a change that was not */
    MARK_ASSUMED,
    MARK_ASK,
    MARK_INFO,
    MARK_SKIP,
};

struct paper {
    struct bl_buf out;
    int width;
    bool color, utf8, live;
};

/* What the options and the process's environment say about where it goes. */
void paper_init(struct paper *paper, const struct bl_report_options *options);
void paper_release(struct paper *paper);

/* Columns that a clean text takes. */
int paper_columns(const char *text);
/* Adds outside text, made safe and fit for this paper: control characters shown, "?" for what
 * the terminal cannot show. */
void paper_clean(const struct paper *paper, struct bl_buf *out, const char *text);

/* These take outside text. None wraps or ends the line. */
void paper_add(struct paper *paper, enum paper_style style, const char *text);
void paper_addf(struct paper *paper, enum paper_style style, const char *format, ...)
    BL_PRINTF(3, 4);
void paper_spaces(struct paper *paper, int count);
/* One column wide. */
void paper_mark(struct paper *paper, enum paper_mark mark);
enum paper_style paper_mark_style(enum paper_mark mark);

/*
 * Adds text that begins in column `at`; goes on in column `indent` of the next line where it
 * does not fit. Gives the column behind it; the line is not ended.
 */
int paper_wrap(struct paper *paper, enum paper_style style, const char *text, int at,
               int indent);
void paper_line(struct paper *paper); /* ends the line */

/* Adds "text  time" to out, on one line: the text is cut where the line ends. */
void paper_write_live(const struct paper *paper, struct bl_buf *out, const char *text,
                      const char *time);

#endif
