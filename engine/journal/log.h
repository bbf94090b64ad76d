/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* log.h: runs and events as lines for people. */
#ifndef BL_LOG_H
#define BL_LOG_H

#include "base/event.h"

/*
 * Adds one line: time of day (UTC), seq, kind, and what it says; `previous` is the time of the
 * event before (0: none), a line with the date stands above the first event of a day. Control
 * characters are shown, never sent.
 */
void bl_log_event(struct bl_buf *out, const struct bl_event *event, int64_t previous);
#define BL_LOG_KINDS 40 /* more than there are */
/* The kinds of events that there are, NULL behind them. */
void bl_log_kinds(const char *kinds[BL_LOG_KINDS]);
/* Adds the whole event: the line above and its data as indented JSON. */
void bl_log_event_full(struct bl_buf *out, const struct bl_event *event, int64_t previous);
/* Adds a table of the runs that bl_journal_list gave, one line each. */
void bl_log_runs(struct bl_buf *out, const struct bl_value *runs);

#endif
