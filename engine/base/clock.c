/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* clock.c: what time it is, as the run sees it. */
#include "base/clock.h"

#include <time.h>

static int64_t clock_read(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum bl_code bl_clock_init(struct bl_clock *clock, struct bl_error *err)
{
    const char *text = getenv("BELAY_CLOCK");
    int64_t start;

    clock->offset_ms = 0;
    if (text == NULL || *text == '\0')
        return BL_OK;
    if (bl_time_parse(text, &start, NULL) != BL_OK)
        return bl_fail(
            err, BL_E_ARG,
            "BELAY_CLOCK is '%s', which is no time: write 2026-03-01T02:59:00Z or unset it",
            text);
    clock->offset_ms = start - clock_read(CLOCK_REALTIME);
    return BL_OK;
}

int64_t bl_clock_now(const struct bl_clock *clock)
{
    return clock_read(CLOCK_REALTIME) + clock->offset_ms;
}

int64_t bl_clock_steady(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

void bl_time_format(int64_t millis, char out[BL_TIME_TEXT])
{
    int64_t rest = ((millis % 1000) + 1000) % 1000;
    time_t seconds = (time_t)((millis - rest) / 1000);
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL || parts.tm_year > 8099 || parts.tm_year < -1900)
        memset(&parts, 0, sizeof(parts));
    snprintf(out, BL_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
             (parts.tm_year + 1900) % 10000, (parts.tm_mon + 1) % 100, parts.tm_mday % 100,
             parts.tm_hour % 100, parts.tm_min % 100, parts.tm_sec % 100, (int)rest);
}

/* Reads the zone behind a time: nothing, Z, +HH, +HHMM, +HH:MM. False when it is none of these.
 */
static bool clock_parse_zone(const char *text, int *minutes)
{
    int sign = *text == '-' ? -1 : 1;
    int hours = 0, rest = 0, end = 0;

    *minutes = 0;
    if (*text == '\0' || strcmp(text, "Z") == 0)
        return true;
    if (*text != '+' && *text != '-')
        return false;
    if (sscanf(text + 1, "%2d:%2d%n", &hours, &rest, &end) != 2 &&
        sscanf(text + 1, "%2d%2d%n", &hours, &rest, &end) != 2 &&
        sscanf(text + 1, "%2d%n", &hours, &end) != 1)
        return false;
    if (end == 0 || text[1 + end] != '\0')
        sscanf(text + 1, "%2d%n", &hours, &end);
    *minutes = sign * (hours * 60 + rest);
    return text[1 + end] == '\0';
}

enum bl_code bl_time_parse(const char *text, int64_t *millis, struct bl_error *err)
{
    struct tm parts = {0};
    int end = 0, zone;
    double fraction = 0;
    char *rest;

    if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
               &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end) != 6 ||
        end == 0)
        return bl_fail(err, BL_E_PARSE, "'%s' is no time: write 2026-03-01T02:59:00Z", text);
    rest = (char *)(uintptr_t)text + end;
    if (*rest == '.')
        fraction = strtod(rest, &rest);
    if (!clock_parse_zone(rest, &zone))
        return bl_fail(err, BL_E_PARSE, "'%s' is no time: its zone '%s' is not Z or +HH:MM",
                       text, rest);
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    *millis = ((int64_t)timegm(&parts) - zone * 60) * 1000 + (int64_t)(fraction * 1000);
    return BL_OK;
}
