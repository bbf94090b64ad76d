/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* clock.h: what time it is, as the run sees it. Tests set it. */
#ifndef BL_CLOCK_H
#define BL_CLOCK_H

#include "base/error.h"

struct bl_clock {
    int64_t offset_ms; /* added to the machine's clock */
};

/* Reads BELAY_CLOCK ("2026-03-01T02:59:00Z", for tests): the run's clock then starts there.
 * BL_E_ARG when it is no time. */
enum bl_code bl_clock_init(struct bl_clock *clock, struct bl_error *err) BL_MUST_USE;
/* Milliseconds since 1970 UTC. */
int64_t bl_clock_now(const struct bl_clock *clock);
/* Milliseconds of a clock that never jumps, for durations. */
int64_t bl_clock_steady(void);

#define BL_TIME_TEXT 40
/* "2026-03-01T02:59:00.000Z" */
void bl_time_format(int64_t millis, char out[BL_TIME_TEXT]);
/* Reads "2026-03-01T02:59:00[.mmm](Z|+01:00)" or "2026-03-01 02:59:00[.uuuuuu]+00". A time
 * without a zone is UTC. */
enum bl_code bl_time_parse(const char *text, int64_t *millis, struct bl_error *err) BL_MUST_USE;

#endif
