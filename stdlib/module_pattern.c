/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* module_pattern.c: searches lines of outside text for a PCRE2 pattern. */
#include "base/prefix.h"

#include "module_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <time.h>

/* PCRE2 counts its steps anew for each place where a match could start, so that its own limit
 * grows with the text. Here a text is searched in windows of such places: the more places, the
 * fewer steps for each, and between two windows the processor time is looked at. */
#define PATTERN_STEPS 500000 /* at one place, and in all places of a window together */
#define PATTERN_STEPS_LEAST 64
#define PATTERN_WINDOW 4096
#define PATTERN_CPU_MS 500
#define PATTERN_HEAP_KIB 20480

struct bl_pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    char *text;
    bool is_anchored;   /* can match where the search starts only */
    bool is_line_start; /* can match there and behind newlines only */
    bool is_one_search; /* \G and (*VERB) mean something else when a search is cut into windows
                         */
    int64_t cpu_end;    /* of the thread, in milliseconds; 0: not looked at yet */
};

static int64_t pattern_cpu(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What the search needs to know of the compiled pattern. */
static void pattern_look(struct bl_pattern *pattern)
{
    uint32_t options = 0, first = 0;

    pcre2_pattern_info(pattern->code, PCRE2_INFO_ALLOPTIONS, &options);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_FIRSTCODETYPE, &first);
    pattern->is_anchored = (options & PCRE2_ANCHORED) != 0;
    pattern->is_line_start = first == 2;
    pattern->is_one_search =
        strstr(pattern->text, "\\G") != NULL || strstr(pattern->text, "(*") != NULL;
}

struct bl_pattern *bl_pattern_new(const char *text, struct bl_error *err)
{
    struct bl_pattern *pattern;
    PCRE2_SIZE at;
    PCRE2_UCHAR why[120];
    int code;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                         PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
                                             PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT,
                                         &code, &at, NULL);

    if (compiled == NULL) {
        pcre2_get_error_message(code, why, sizeof(why));
        bl_fail(err, BL_E_ARG, "pattern '%.80s' is wrong at character %zu: %s", text, at + 1,
                (char *)why);
        return NULL;
    }
    pattern = bl_alloc(sizeof(*pattern));
    *pattern = (struct bl_pattern){0};
    pattern->code = compiled;
    pattern->text = bl_strdup(text);
    pattern->data = pcre2_match_data_create_from_pattern(compiled, NULL);
    pattern->context = pcre2_match_context_create(NULL);
    if (pattern->data == NULL || pattern->context == NULL)
        BL_BUG("PCRE2 has no memory");
    pattern_look(pattern);
    pattern->cpu_end = pattern_cpu() + PATTERN_CPU_MS;
    pcre2_set_heap_limit(pattern->context, PATTERN_HEAP_KIB);
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE); /* without it the same, slower */
    return pattern;
}

void bl_pattern_free(struct bl_pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_match_context_free(pattern->context);
    pcre2_match_data_free(pattern->data);
    pcre2_code_free(pattern->code);
    bl_free(pattern->text);
    bl_free(pattern);
}

static void pattern_allow(struct bl_pattern *pattern, size_t last, size_t steps)
{
    steps = steps < PATTERN_STEPS_LEAST ? PATTERN_STEPS_LEAST : steps;
    steps = steps > PATTERN_STEPS ? PATTERN_STEPS : steps;
    pcre2_set_offset_limit(pattern->context, last);
    pcre2_set_match_limit(pattern->context, (uint32_t)steps);
}

/* Tries the places from `at` up to where pattern_allow said, each with the steps it said. */
static int pattern_try(struct bl_pattern *pattern, const char *data, size_t len, size_t at)
{
    int status = pcre2_match(pattern->code, (PCRE2_SPTR)data, len, at, 0, pattern->data,
                             pattern->context);

    if (status == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter needs no stack */
        status = pcre2_match(pattern->code, (PCRE2_SPTR)data, len, at, PCRE2_NO_JIT,
                             pattern->data, pattern->context);
    return status;
}

/* The first place of the window behind one that ended before `at`. */
static size_t pattern_next(const struct bl_pattern *pattern, const char *data, size_t len,
                           size_t at)
{
    const char *line;

    if (pattern->is_line_start && at <= len) {
        line = memchr(data + at - 1, '\n', len - at + 1);
        return line != NULL ? (size_t)(line - data) + 1 : len + 1;
    }
    while (at < len && ((unsigned char)data[at] & 0xc0) == 0x80)
        at++;
    return at;
}

static bool pattern_is_late(struct bl_pattern *pattern)
{
    int64_t now = pattern_cpu();

    if (pattern->cpu_end == 0)
        pattern->cpu_end = now + PATTERN_CPU_MS;
    return now >= pattern->cpu_end;
}

/* A window in which the steps did not suffice is tried again as a smaller one. */
static int pattern_windows(struct bl_pattern *pattern, const char *data, size_t len,
                           size_t from)
{
    size_t most = (len - from) / 64 > PATTERN_WINDOW ? (len - from) / 64 : PATTERN_WINDOW;
    size_t places = most;
    int status = PCRE2_ERROR_NOMATCH;

    for (size_t at = from; at <= len;) {
        places = places > len - at + 1 ? len - at + 1 : places;
        pattern_allow(pattern, at + places - 1, PATTERN_STEPS / places);
        status = pattern_try(pattern, data, len, at);
        if (status == PCRE2_ERROR_MATCHLIMIT && places > 1) {
            places /= 2;
        } else if (status == PCRE2_ERROR_NOMATCH) {
            at = pattern_next(pattern, data, len, at + places);
            places = places * 2 > most ? most : places * 2;
        } else {
            break;
        }
        if (at <= len && pattern_is_late(pattern))
            return PCRE2_ERROR_MATCHLIMIT;
    }
    return status;
}

enum bl_code bl_pattern_find(struct bl_pattern *pattern, const char *data, size_t len,
                             size_t from, struct bl_match *match, struct bl_error *err)
{
    PCRE2_UCHAR why[120];
    int status;

    if (pattern->is_anchored || pattern->is_one_search) {
        pattern_allow(pattern, len,
                      (size_t)PATTERN_STEPS * 50 / (pattern->is_anchored ? 1 : len - from + 1));
        status = pattern_try(pattern, data, len, from);
    } else {
        status = pattern_windows(pattern, data, len, from);
    }
    match->count = status > 0 ? (size_t)status : 0;
    match->bounds = pcre2_get_ovector_pointer(pattern->data);
    if (status > 0 || status == PCRE2_ERROR_NOMATCH)
        return BL_OK;
    pcre2_get_error_message(status, why, sizeof(why));
    return bl_fail(err, BL_E_LIMIT,
                   "pattern '%.80s' takes too many steps on a text of %zu bytes (%s): make it "
                   "simpler",
                   pattern->text, len, (char *)why);
}

enum bl_code bl_pattern_search(struct bl_pattern *pattern, const char *data, size_t len,
                               bool *found, struct bl_error *err)
{
    struct bl_match match;
    enum bl_code code;

    pattern->cpu_end = 0;
    code = bl_pattern_find(pattern, data, len, 0, &match, err);
    *found = match.count > 0;
    return code;
}

void bl_pattern_each_name(const struct bl_pattern *pattern,
                          void (*fn)(void *context, const char *name, unsigned number),
                          void *context)
{
    uint32_t count = 0, size = 0;
    PCRE2_SPTR entry = NULL;

    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &entry);
    for (uint32_t i = 0; i < count; i++, entry += size)
        fn(context, (const char *)entry + 2, (unsigned)(entry[0] << 8 | entry[1]));
}
