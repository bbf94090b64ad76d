/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* measure.h: a measured value with its unit, as people read it. */
#ifndef BL_MEASURE_H
#define BL_MEASURE_H

#include "base/value.h"

/*
 * Adds value and unit to out: "1.4 GiB" (bytes), "3.2 s" (s, seconds, ms, milliseconds), "87.5
 * %"
 * (%, percent), "12,345 messages", "yes", "nothing", text as it is, lists and maps as JSON.
 * unit may be NULL or "". What is not a number ignores its unit.
 */
void bl_measure_format(struct bl_buf *out, const struct bl_value *value, const char *unit);

#endif
