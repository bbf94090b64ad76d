/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* summary.c: the end of a run for people: what failed, the numbers, where the journal is. */
#include "base/text.h"
#include "report/terminal.h"

#include <ctype.h>

#define SUMMARY_LINES 20 /* of what failed or warned; the rest is counted */
#define SUMMARY_LABEL 10 /* columns of "changes" and the like */

struct terminal_check *terminal_find_check(struct terminal *terminal, const char *step,
                                           const char *name)
{
    struct terminal_check *check = NULL;

    for (size_t i = 0; i < terminal->check_count; i++) {
        if (strcmp(terminal->checks[i].step, step) == 0 &&
            strcmp(terminal->checks[i].name, name) == 0)
            check = &terminal->checks[i];
    }
    if (check == NULL) {
        terminal->checks = bl_realloc(terminal->checks,
                                      (terminal->check_count + 1) * sizeof(*terminal->checks));
        check = &terminal->checks[terminal->check_count++];
        check->step = bl_strdup(step);
        check->name = bl_strdup(name);
    } else {
        bl_free(check->text);
    }
    check->text = NULL;
    check->mark = MARK_PASS;
    return check;
}

void terminal_add_failure(struct terminal *terminal, const char *step, const char *message,
                          enum paper_mark mark)
{
    struct terminal_failure *failure;

    terminal->failures = bl_realloc(terminal->failures, (terminal->failure_count + 1) *
                                                            sizeof(*terminal->failures));
    failure = &terminal->failures[terminal->failure_count++];
    failure->step = bl_strdup(step);
    failure->message = bl_strdup(message);
    failure->mark = mark;
}

void terminal_forget_failures(struct terminal *terminal)
{
    for (size_t i = 0; i < terminal->failure_count; i++) {
        bl_free(terminal->failures[i].step);
        bl_free(terminal->failures[i].message);
    }
    terminal->failure_count = 0;
}

void terminal_release_results(struct terminal *terminal)
{
    for (size_t i = 0; i < terminal->check_count; i++) {
        bl_free(terminal->checks[i].step);
        bl_free(terminal->checks[i].name);
        bl_free(terminal->checks[i].text);
    }
    terminal_forget_failures(terminal);
    bl_free(terminal->checks);
    bl_free(terminal->failures);
}

static void summary_line(struct paper *paper, enum paper_mark mark, const char *text)
{
    paper_spaces(paper, 2);
    paper_mark(paper, mark);
    paper_spaces(paper, 1);
    paper_wrap(paper, PAPER_PLAIN, text, 4, 6);
    paper_line(paper);
}

static void summary_rest(struct paper *paper, size_t shown)
{
    if (shown <= SUMMARY_LINES)
        return;
    paper_spaces(paper, 4);
    paper_addf(paper, PAPER_DIM, "and %zu more", shown - SUMMARY_LINES);
    paper_line(paper);
}

/* Every check with this mark, by its last result. Gives how many there are. */
static size_t summary_checks(struct terminal *terminal, enum paper_mark mark)
{
    struct bl_buf text;
    size_t count = 0;

    bl_buf_init(&text, 0);
    for (size_t i = 0; i < terminal->check_count; i++) {
        const struct terminal_check *check = &terminal->checks[i];
        if (check->mark != mark || count++ >= SUMMARY_LINES)
            continue;
        bl_buf_reset(&text);
        if (check->step[0] != '\0')
            bl_buf_printf(&text, "%s: ", check->step);
        bl_buf_text_add(&text, check->text);
        summary_line(&terminal->paper, mark, bl_buf_text(&text));
    }
    bl_buf_release(&text);
    summary_rest(&terminal->paper, count);
    return count;
}

/* What failed, but for the failure that ended the run: that stands right above. ended: NULL
 * when it did not end. */
static void summary_failures(struct terminal *terminal, const struct bl_value *ended)
{
    const char *last = bl_map_text(bl_map_get(ended, "error"), "message", "");
    struct bl_buf text;
    size_t count = 0;

    bl_buf_init(&text, 0);
    for (size_t i = 0; i < terminal->failure_count; i++) {
        const struct terminal_failure *failure = &terminal->failures[i];
        if (strcmp(failure->message, last) == 0 || count++ >= SUMMARY_LINES)
            continue;
        bl_buf_reset(&text);
        bl_buf_printf(&text, "%s: %s", failure->step, failure->message);
        summary_line(&terminal->paper, failure->mark, bl_buf_text(&text));
    }
    summary_rest(&terminal->paper, count);
    for (size_t i = 0; i < terminal->intent_count; i++) {
        bl_buf_reset(&text);
        bl_buf_printf(&text, "%s: IN DOUBT: it was sent, and there is no outcome",
                      terminal->intents[i].text);
        summary_line(&terminal->paper, MARK_FAIL, bl_buf_text(&text));
    }
    bl_buf_release(&text);
}

static void summary_field(struct paper *paper, const char *label, const char *format, ...)
    BL_PRINTF(3, 4);

static void summary_field(struct paper *paper, const char *label, const char *format, ...)
{
    struct bl_buf text;
    va_list args;
    char line[600];

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    bl_buf_init(&text, 0);
    bl_buf_text_add(&text, line);
    paper_spaces(paper, 2);
    paper_add(paper, PAPER_DIM, label);
    paper_spaces(paper, SUMMARY_LABEL - (int)strlen(label));
    paper_wrap(paper, PAPER_PLAIN, bl_buf_text(&text), SUMMARY_LABEL + 2, SUMMARY_LABEL + 2);
    paper_line(paper);
    bl_buf_release(&text);
}

/* The first line of the numbers: good or bad, and what the exit code means. */
static void summary_verdict(struct terminal *terminal, const struct bl_value *ended)
{
    int64_t code = bl_map_int(ended, "exit", 0), warned = bl_map_int(ended, "warned", 0);
    enum paper_mark mark = code == 0   ? warned > 0 ? MARK_WARN : MARK_PASS
                           : code == 3 ? MARK_ASK
                                       : MARK_FAIL;
    char text[160];

    snprintf(text, sizeof(text), "%s%s (exit %lld)",
             code == 0 ? bl_map_text(ended, "meaning", bl_exit_text(0))
                       : bl_exit_text((int)code),
             code == 0 && warned > 0 ? ", with warnings" : "", (long long)code);
    text[0] = (char)toupper((unsigned char)text[0]);
    paper_mark(&terminal->paper, mark);
    paper_spaces(&terminal->paper, 1);
    paper_wrap(&terminal->paper, paper_mark_style(mark), text, 2, 2);
    paper_line(&terminal->paper);
}

static void summary_changes(struct terminal *terminal, const struct bl_value *ended)
{
    long long changes = (long long)bl_map_int(ended, "changes", 0);
    long long refused = (long long)bl_map_int(ended, "refused", 0);
    long long in_doubt = (long long)bl_map_int(ended, "in_doubt", 0);

    if (changes == 0)
        summary_field(&terminal->paper, "changes", "none");
    else
        summary_field(&terminal->paper, "changes", "%lld (%lld destroys)", changes,
                      (long long)bl_map_int(ended, "destroys", 0));
    if (in_doubt > 0)
        summary_field(&terminal->paper, "in doubt",
                      "%lld of them: nobody knows whether it was made", in_doubt);
    if (refused > 0)
        summary_field(&terminal->paper, "refused", "%lld", refused);
}

/* Where a run that stopped goes on. */
static void summary_next(struct terminal *terminal, const struct bl_value *ended)
{
    if (bl_map_get(ended, "error") == NULL || terminal->journal == NULL ||
        terminal->run == NULL)
        return;
    summary_field(&terminal->paper, "next", "`belay resume %s` goes on where it stopped",
                  terminal->run);
    if (bl_map_int(ended, "changes", 0) > 0)
        summary_field(&terminal->paper, "", "`belay undo %s` undoes the completed steps",
                      terminal->run);
}

/* The last sentence of a run that must not change anything. */
static void summary_planned(struct terminal *terminal, const struct bl_value *ended)
{
    char text[160];

    snprintf(text, sizeof(text),
             "%lld changes reached a server; planned: %lld (%lld destroys); refused: %lld",
             (long long)bl_map_int(ended, "changes", 0),
             (long long)bl_map_int(ended, "planned", 0),
             (long long)bl_map_int(ended, "destroys", 0),
             (long long)bl_map_int(ended, "refused", 0));
    paper_wrap(&terminal->paper, PAPER_BOLD, text, 0, 2);
    paper_line(&terminal->paper);
}

static void summary_counts(struct paper *paper, const struct bl_value *ended)
{
    long long assumed = (long long)bl_map_int(ended, "assumed", 0);
    char rest[60] = "";

    if (assumed > 0)
        snprintf(rest, sizeof(rest), ", %lld assumed", assumed);
    summary_field(paper, "checks", "%lld passed, %lld warned, %lld failed%s",
                  (long long)bl_map_int(ended, "passed", 0),
                  (long long)bl_map_int(ended, "warned", 0),
                  (long long)bl_map_int(ended, "failed", 0), rest);
}

/* Why the run ended, unless a step has said so. */
static void summary_error(struct terminal *terminal, const struct bl_value *ended)
{
    const char *message = bl_map_text(bl_map_get(ended, "error"), "message", NULL);

    for (size_t i = 0; message != NULL && i < terminal->failure_count; i++) {
        if (strcmp(terminal->failures[i].message, message) == 0)
            message = NULL;
    }
    if (message != NULL)
        summary_line(&terminal->paper, bl_map_int(ended, "exit", 1) == 3 ? MARK_ASK : MARK_FAIL,
                     message);
}

void terminal_write_summary(struct terminal *terminal, const struct bl_value *ended)
{
    bool is_live = terminal->world == NULL || strcmp(terminal->world, "live") == 0;
    struct paper *paper = &terminal->paper;
    char time[40];

    paper_line(paper);
    summary_error(terminal, ended);
    summary_failures(terminal, ended);
    summary_checks(terminal, MARK_FAIL);
    summary_checks(terminal, MARK_WARN);
    summary_verdict(terminal, ended);
    summary_counts(paper, ended);
    if (is_live)
        summary_changes(terminal, ended);
    bl_format_duration(time, sizeof(time), bl_map_int(ended, "millis", 0));
    summary_field(paper, "time", "%s", time);
    if (terminal->journal != NULL)
        summary_field(paper, "journal", "%s", terminal->journal);
    if (is_live)
        summary_next(terminal, ended);
    else
        summary_planned(terminal, ended);
}

void terminal_write_cut(struct terminal *terminal)
{
    struct paper *paper = &terminal->paper;

    paper_line(paper);
    summary_failures(terminal, NULL);
    summary_checks(terminal, MARK_FAIL);
    summary_checks(terminal, MARK_WARN);
    paper_mark(paper, MARK_FAIL);
    paper_spaces(paper, 1);
    paper_wrap(paper, PAPER_BAD, "The run did not end: what is above is what was journaled", 2,
               2);
    paper_line(paper);
    if (terminal->journal != NULL)
        summary_field(paper, "journal", "%s", terminal->journal);
}
