/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* module_pattern.c: searches lines of outside text for a PCRE2 pattern. */
#include "base/prefix.h"

#include "module_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define PATTERN_STEPS 500000 /* of the matcher; its own default allows a second and more */
#define PATTERN_HEAP_KIB 20480

struct bl_pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    char *text;
};

struct bl_pattern *bl_pattern_new(const char *text, struct bl_error *err)
{
    struct bl_pattern *pattern;
    PCRE2_SIZE at;
    PCRE2_UCHAR why[120];
    int code;
    pcre2_code *compiled = pcre2_compile(
        (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);

    if (compiled == NULL) {
        pcre2_get_error_message(code, why, sizeof(why));
        bl_fail(err, BL_E_ARG, "pattern '%.80s' is wrong at character %zu: %s", text, at + 1,
                (char *)why);
        return NULL;
    }
    pattern = bl_alloc(sizeof(*pattern));
    pattern->code = compiled;
    pattern->text = bl_strdup(text);
    pattern->data = pcre2_match_data_create_from_pattern(compiled, NULL);
    pattern->context = pcre2_match_context_create(NULL);
    if (pattern->data == NULL || pattern->context == NULL)
        BL_BUG("PCRE2 has no memory");
    pcre2_set_match_limit(pattern->context, PATTERN_STEPS);
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

enum bl_code bl_pattern_find(struct bl_pattern *pattern, const char *data, size_t len,
                             size_t from, struct bl_match *match, struct bl_error *err)
{
    PCRE2_UCHAR why[120];
    int status = pcre2_match(pattern->code, (PCRE2_SPTR)data, len, from, 0, pattern->data,
                             pattern->context);

    if (status == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter needs no stack */
        status = pcre2_match(pattern->code, (PCRE2_SPTR)data, len, from, PCRE2_NO_JIT,
                             pattern->data, pattern->context);
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
    enum bl_code code = bl_pattern_find(pattern, data, len, 0, &match, err);

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
