/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* screen.c: what a person sees of a question before the answer is typed. */
#include "base/prefix.h"

#include "gate/screen.h"

#include "base/text.h"
#include "gate/answer.h"

#include <utf8proc.h>

#define DETAIL_LINES 20 /* so many are always shown in full */
#define DETAIL_KEPT 12  /* of more, so many stand here until somebody asks for all */
#define INDENT 10       /* where the text of a field begins */

/* The columns of the character that text begins with, and its bytes. */
static int screen_columns(const char *text, size_t *bytes)
{
    utf8proc_int32_t code;
    utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &code);

    *bytes = len > 0 ? (size_t)len : 1;
    return *text == '\t' ? 8 : len > 0 ? utf8proc_charwidth(code) : 1;
}

/* How many bytes of the text fit into one line of so many columns: up to its end, a newline, or
 * the last space before; a word that is longer than the line is broken. */
static size_t screen_line(const char *text, int room)
{
    size_t at = 0, space = 0, bytes;

    while (text[at] != '\0' && text[at] != '\n') {
        room -= screen_columns(text + at, &bytes);
        if (room < 0)
            return space > 0 ? space : at > 0 ? at : bytes;
        if (text[at] == ' ')
            space = at;
        at += bytes;
    }
    return at;
}

/* Adds outside text behind a label; the lines that follow stand below its first. */
static void screen_add(struct bl_buf *screen, int width, const char *label, int indent,
                       const char *outside)
{
    struct bl_buf clean;
    const char *text;

    bl_buf_init(&clean, 0);
    bl_text_clean(&clean, outside, strlen(outside), true);
    for (text = bl_buf_text(&clean); *text != '\0'; label = "") {
        size_t len = screen_line(text, width - indent - 1);
        bl_buf_printf(screen, "%-*s", indent, label);
        bl_buf_add(screen, text, len);
        bl_buf_char(screen, '\n');
        text += len;
        text += *text == '\n' || *text == ' ';
    }
    bl_buf_release(&clean);
}

static void screen_add_field(struct bl_buf *screen, int width, const char *name,
                             const char *text)
{
    char label[INDENT + 1];

    snprintf(label, sizeof(label), "  %-7s ", name);
    screen_add(screen, width, label, INDENT, text);
}

static void screen_add_options(struct bl_buf *screen, int width,
                               const struct bl_value *question)
{
    const struct bl_value *options = bl_map_get(question, "options");
    const struct bl_value *reasons = bl_map_get(question, "reasons");
    size_t count = bl_value_count(options);
    char label[32];

    for (size_t i = 0; i < answer_count(question); i++) {
        const char *title = i < count ? bl_value_as_text(bl_list_get(options, i)) : ANSWER_NONE;
        snprintf(label, sizeof(label), "  %2zu  ", i + 1);
        screen_add(screen, width, label, 6, title);
        if (i < count)
            screen_add(screen, width, "", 8, bl_map_text(reasons, title, ""));
    }
}

static void screen_add_place(struct bl_buf *screen, int width, const struct bl_value *question)
{
    const char *file = bl_map_text(question, "file", "");
    struct bl_buf place;

    if (*file == '\0')
        return;
    bl_buf_init(&place, 0);
    bl_buf_printf(&place, "%s:%lld", file, (long long)bl_map_int(question, "line", 0));
    screen_add_field(screen, width, "where", bl_buf_text(&place));
    bl_buf_release(&place);
}

/* What a text says behind the title that it begins with. */
static const char *screen_behind(const char *text, const char *title)
{
    size_t len = strlen(title);

    if (strncmp(text, title, len) != 0 || (text[len] != '\n' && text[len] != '\0'))
        return text;
    return text + len + strspn(text + len, "\n");
}

/* What the screen names, in this order: the details come first, what decides stands next to
 * where the answer is typed. */
static const char *const screen_fields[][2] = {
    {"step", "step"},       {"target", "target"}, {"class", "class"}, {"reason", "reason"},
    {"affects", "affects"}, {"grown", "grown"},   {"why", "why"},     {"undo", "undo"},
};

static void screen_add_list(struct bl_buf *screen, int width, const char *name,
                            const struct bl_value *list)
{
    for (size_t i = 0; i < bl_value_count(list); i++)
        screen_add_field(screen, width, i == 0 ? name : "",
                         bl_value_as_text(bl_list_get(list, i)));
}

/* Who else is at work there, what is known so far, who must agree and until when. */
static void screen_add_facts(struct bl_buf *screen, int width, const struct bl_value *question)
{
    const struct bl_value *facts = bl_map_get(question, "facts");
    long long approvals = (long long)bl_map_int(question, "approvals", 0);
    int64_t before = bl_map_int(facts, "evidence_before", 0);
    struct bl_buf text;

    screen_add_list(screen, width, "so far", bl_map_get(facts, "evidence"));
    bl_buf_init(&text, 0);
    if (before > 0) {
        bl_buf_printf(&text, "(and %lld before: `belay log %s`)", (long long)before,
                      bl_map_text(facts, "run", "last"));
        screen_add_field(screen, width, "", bl_buf_text(&text));
        bl_buf_reset(&text);
    }
    screen_add_list(screen, width, "also", bl_map_get(facts, "runs"));
    if (approvals > 0) {
        bl_buf_printf(&text, "%lld other %s must approve, of: %s", approvals,
                      approvals == 1 ? "person" : "people",
                      bl_map_text(facts, "approvers", ""));
        screen_add_field(screen, width, "who", bl_buf_text(&text));
        bl_buf_reset(&text);
        bl_buf_printf(&text, "belay approve %s %lld --key KEY", bl_map_text(facts, "run", ""),
                      (long long)bl_map_int(question, "gate", 0));
        screen_add_field(screen, width, "how", bl_buf_text(&text));
    }
    if (bl_map_get(facts, "expires") != NULL) {
        bl_buf_reset(&text);
        bl_buf_printf(&text, "%.10s %.8s UTC, then it is a no",
                      bl_map_text(facts, "expires", ""),
                      bl_map_text(facts, "expires", "") + 11);
        screen_add_field(screen, width, "until", bl_buf_text(&text));
    }
    bl_buf_release(&text);
}

/* Details in full, or the first lines of them when they are many. False: they were cut. */
static bool screen_add_detail(struct bl_buf *screen, int width, const char *text, bool full)
{
    struct bl_buf all;
    size_t lines = 0, kept = 0;

    bl_buf_init(&all, 0);
    screen_add_field(&all, width, "does", text);
    for (size_t i = 0; i < all.len; i++) {
        lines += all.data[i] == '\n';
        if (lines == DETAIL_KEPT && kept == 0)
            kept = i + 1;
    }
    full = full || lines <= DETAIL_LINES;
    bl_buf_add(screen, bl_buf_text(&all), full ? all.len : kept);
    if (!full)
        bl_buf_printf(screen, "%-*s(%zu more lines: d shows all)\n", INDENT, "",
                      lines - DETAIL_KEPT);
    bl_buf_release(&all);
    return full;
}

bool bl_gate_screen(struct bl_buf *screen, int width, int number,
                    const struct bl_value *question, bool full)
{
    const char *title = bl_map_text(question, "question", "");
    struct bl_buf head;

    bl_buf_init(&head, 0);
    bl_buf_char(screen, '\n');
    if (number > 0) /* an interruption is no gate of the run */
        bl_buf_printf(&head, "Gate %d: ", number);
    bl_buf_text_add(&head, title);
    screen_add(screen, width, "? ", 2, bl_buf_text(&head));
    full = screen_add_detail(screen, width,
                             screen_behind(bl_map_text(question, "detail", ""), title), full);
    for (size_t i = 0; i < BL_COUNT(screen_fields); i++)
        screen_add_field(screen, width, screen_fields[i][1],
                         bl_map_text(question, screen_fields[i][0], ""));
    screen_add_place(screen, width, question);
    screen_add_facts(screen, width, question);
    if (strcmp(bl_map_text(question, "class", ""), "change") == 0 &&
        bl_map_int(question, "approvals", 0) == 0 && *bl_map_text(question, "step", "") != '\0')
        screen_add_field(screen, width, "a yes", "counts for the other changes of this step");
    if (bl_map_get(question, "options") != NULL)
        screen_add_options(screen, width, question);
    bl_buf_release(&head);
    return full;
}
