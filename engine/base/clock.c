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
    int64_t start = 0;

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

/* Reads exactly `count` digits and moves on; -1 when they are not there or above max. */
static int clock_take_digits(const char **text, int count, int max)
{
    int number = 0;

    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return -1;
        number = number * 10 + (**text - '0');
    }
    return number <= max ? number : -1;
}

/* Reads the zone behind a time: nothing, Z, +HH, +HHMM, +HH:MM. False when it is none of these.
 */
static bool clock_parse_zone(const char *text, int *minutes)
{
    int sign = *text == '-' ? -1 : 1;
    int hours, rest = 0;

    *minutes = 0;
    if (*text == '\0' || strcmp(text, "Z") == 0)
        return true;
    if (*text != '+' && *text != '-')
        return false;
    text++;
    hours = clock_take_digits(&text, 2, 23);
    if (*text == ':' && text[1] != '\0')
        text++;
    if (hours >= 0 && *text != '\0')
        rest = clock_take_digits(&text, 2, 59);
    *minutes = sign * (hours * 60 + rest);
    return hours >= 0 && rest >= 0 && *text == '\0';
}

/* False for 31 April, which the C library would make 1 May. */
static bool clock_has_day(const struct tm *parts)
{
    struct tm date = {
        .tm_year = parts->tm_year, .tm_mon = parts->tm_mon, .tm_mday = parts->tm_mday};

    timegm(&date);
    return date.tm_mday == parts->tm_mday;
}

/* Reads "2026-03-01T02:59:00" and moves on; false when it is none. */
static bool clock_take_parts(const char **text, struct tm *parts)
{
    const struct {
        int *to;
        int digits, min, max;
        const char *before;
    } fields[] = {
        {&parts->tm_year, 4, 0, 9999, ""}, {&parts->tm_mon, 2, 1, 12, "-"},
        {&parts->tm_mday, 2, 1, 31, "-"},  {&parts->tm_hour, 2, 0, 23, "T "},
        {&parts->tm_min, 2, 0, 59, ":"},   {&parts->tm_sec, 2, 0, 60, ":"},
    };

    for (size_t i = 0; i < BL_COUNT(fields); i++) {
        if (*fields[i].before != '\0') {
            if (**text == '\0' || strchr(fields[i].before, **text) == NULL)
                return false;
            (*text)++;
        }
        *fields[i].to = clock_take_digits(text, fields[i].digits, fields[i].max);
        if (*fields[i].to < fields[i].min)
            return false;
    }
    parts->tm_year -= 1900;
    parts->tm_mon -= 1;
    return clock_has_day(parts);
}

/* Reads ".123456" and moves on; gives milliseconds, -1 when no digit follows the point. */
static int clock_take_fraction(const char **text)
{
    int millis = 0, scale = 100;

    if (**text != '.')
        return 0;
    (*text)++;
    if (**text < '0' || **text > '9')
        return -1;
    for (; **text >= '0' && **text <= '9'; (*text)++, scale /= 10)
        millis += scale * (**text - '0');
    return millis;
}

enum bl_code bl_time_parse(const char *text, int64_t *millis, struct bl_error *err)
{
    struct tm parts = {0};
    const char *rest = text;
    int fraction = 0, zone = 0;
    bool good = clock_take_parts(&rest, &parts);

    if (good)
        fraction = clock_take_fraction(&rest);
    if (!good || fraction < 0)
        return bl_fail(err, BL_E_PARSE, "'%s' is no time: write 2026-03-01T02:59:00Z", text);
    if (!clock_parse_zone(rest, &zone))
        return bl_fail(err, BL_E_PARSE, "'%s' is no time: its zone '%s' is not Z or +HH:MM",
                       text, rest);
    *millis = ((int64_t)timegm(&parts) - (int64_t)zone * 60) * 1000 + fraction;
    return BL_OK;
}
