/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* report.h: what is made of a run's events while it goes on: for people, for programs, for CI.
 */
#ifndef BL_REPORT_H
#define BL_REPORT_H

#include "base/event.h"
#include "base/exit.h"

enum bl_choice { BL_AUTO, BL_ALWAYS, BL_NEVER };

struct bl_report_options {
    int fd;               /* where it goes; not closed */
    enum bl_choice color; /* auto: a terminal, NO_COLOR, CLICOLOR_FORCE */
    enum bl_choice utf8;  /* auto: as LC_ALL, LC_CTYPE, LANG say */
    enum bl_choice live;  /* the live line; auto: a terminal that is not dumb */
    int width;            /* columns; 0: COLUMNS, the terminal's, else 80 */
    const char *journal;  /* the run's file, shown at the end; NULL: not shown */
    const char *note;     /* a line for the head, e.g. where the state folder is; NULL: none */
};

struct bl_reporter_type;

/* The first member of every reporter. */
struct bl_reporter {
    const struct bl_reporter_type *type;
    int fd;
    bool is_past;   /* what a run said before it was taken up again: remembered, not written */
    bool is_broken; /* nobody reads any more: nothing is written any more */
};

/* A reporter is one file that ends in one of these. It reads events and nothing else. */
struct bl_reporter_type {
    const char *name; /* as --format says it */
    const char *text;
    struct bl_reporter *(*open)(const struct bl_report_options *options);
    void (*event)(struct bl_reporter *reporter, const struct bl_event *event);
    /* What is waited for; NULL text: nothing. May be NULL. */
    void (*waiting)(struct bl_reporter *reporter, const char *text, int64_t elapsed_ms);
    void (*close)(struct bl_reporter *reporter); /* writes what is left and frees it */
};

extern const struct bl_reporter_type bl_reporter_text, bl_reporter_json, bl_reporter_junit;
extern const struct bl_reporter_type *const bl_reporter_types[]; /* NULL-terminated */
const struct bl_reporter_type *bl_reporter_find(const char *name);

/*
 * A reporter cannot fail a run: what it cannot write is lost, and a broken pipe (SIGPIPE is
 * ignored from here on) silences it. bl_reporter_event is a bl_journal_fn.
 */
struct bl_reporter *bl_reporter_open(const struct bl_reporter_type *type,
                                     const struct bl_report_options *options);
void bl_reporter_event(void *reporter, const struct bl_event *event);
/* The same for an event of a run that is taken up again: it is known, and not said again. */
void bl_reporter_past(struct bl_reporter *reporter, const struct bl_event *event);
/*
 * Says what the run waits for, about ten times a second; the live line is cleared before
 * anything else is written and by a NULL text (before somebody else writes to the terminal).
 */
void bl_reporter_waiting(struct bl_reporter *reporter, const char *text, int64_t elapsed_ms);
void bl_reporter_close(struct bl_reporter *reporter); /* NULL is allowed */

/* For reporters: writes all of it, or breaks the reporter; empties the buffer. */
void bl_reporter_write(struct bl_reporter *reporter, struct bl_buf *text);

#endif
