/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* reference_verb.c: `belay reference`, hidden: writes one of the generated pages, for the
 * documentation and its check. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"
#include "cli/reference.h"

static const struct {
    const char *name;
    void (*write)(struct bl_buf *out);
} pages[] = {
    {"stubs", bl_reference_stubs},   {"modules", bl_reference_modules},
    {"words", bl_reference_words},   {"verbs", bl_reference_verbs},
    {"errors", bl_reference_errors}, {"guard", bl_reference_guard},
};

static int reference_run(const struct bl_given *given)
{
    struct bl_buf out;
    struct bl_error err;

    for (size_t i = 0; i < BL_COUNT(pages); i++) {
        if (strcmp(pages[i].name, given->words[0]) != 0)
            continue;
        bl_buf_init(&out, 0);
        pages[i].write(&out);
        fwrite(bl_buf_text(&out), 1, out.len, stdout);
        bl_buf_release(&out);
        return 0;
    }
    bl_fail(&err, BL_E_ARG,
            "reference: stubs, modules, words, verbs, errors or guard, not '%s'",
            given->words[0]);
    return bl_command_end_error(&err, bl_exit_of(err.code));
}

const struct bl_command bl_command_reference = {
    .name = "reference",
    .words = "PAGE",
    .least = 1,
    .most = 1,
    .summary = "writes a generated page: stubs, modules, words, verbs, errors, guard",
    .text = "Writes a page that is made from the tables of this binary.\n",
    .run = reference_run,
    .is_hidden = true,
};
