/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* reference_words.c: the words' documentation, read from the comments in lua/words/ that the
 * binary carries. */
#include "base/prefix.h"

#include "cli/reference.h"

#include "vm/embedded.h"

/* The comment lines that end right before `at`, as one block with "--- " in front. */
static void words_comment(struct bl_buf *out, const char *source, const char *at)
{
    const char *start = at;

    while (start > source) {
        const char *line = start - 1;
        while (line > source && line[-1] != '\n')
            line--;
        if (strncmp(line, "---", 3) != 0)
            break;
        start = line;
    }
    bl_buf_add(out, start, (size_t)(at - start));
}

/* The place of "local function NAME(" in the source; NULL when the word is no function of its
 * own. */
static const char *words_definition(const char *source, const char *name)
{
    char wanted[120];

    snprintf(wanted, sizeof(wanted), "local function %s(", name);
    return strstr(source, wanted);
}

static void words_one(struct bl_buf *out, const char *source, const char *name,
                      void (*fn)(struct bl_buf *out, const char *name, const char *params,
                                 const char *comment))
{
    const char *at = words_definition(source, name), *open, *close;
    struct bl_buf comment;
    char params[200];

    if (at == NULL)
        return;
    open = strchr(at, '(');
    close = strchr(at, ')');
    snprintf(params, sizeof(params), "%.*s", (int)(close - open - 1), open + 1);
    bl_buf_init(&comment, 0);
    words_comment(&comment, source, at);
    fn(out, name, params, bl_buf_text(&comment));
    bl_buf_release(&comment);
}

void bl_reference_each_word(void (*fn)(struct bl_buf *out, const char *name, const char *params,
                                       const char *comment),
                            struct bl_buf *out)
{
    static const char mark[] = "native.define(\"";

    for (const struct bl_embedded *file = bl_embedded; file->name != NULL; file++) {
        const char *source = file->source;
        if (strncmp(file->name, "words.", 6) != 0)
            continue;
        for (const char *at = strstr(source, mark); at != NULL; at = strstr(at + 1, mark)) {
            char name[80];
            const char *start = at + sizeof(mark) - 1;
            snprintf(name, sizeof(name), "%.*s", (int)strcspn(start, "\""), start);
            words_one(out, source, name, fn);
        }
    }
}

void bl_reference_classes(struct bl_buf *out)
{
    static const char mark[] = "\n--- @class ";

    for (const struct bl_embedded *file = bl_embedded; file->name != NULL; file++) {
        if (strncmp(file->name, "words.", 6) != 0)
            continue;
        for (const char *at = strstr(file->source, mark); at != NULL;
             at = strstr(at + 1, mark)) {
            const char *end = strstr(at + 1, "\n\n");
            if (end != NULL)
                bl_buf_add(out, at + 1, (size_t)(end + 2 - (at + 1)));
        }
    }
    bl_buf_text_add(out, "--- @type param\nparam = {}\n\n");
}
