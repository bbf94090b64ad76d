/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* log.c: runs and events as lines for people. */
#include "journal/log.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/measure.h"
#include "base/text.h"

#define LOG_LINE 400 /* bytes of one event's text; the rest is in the JSON */
#define LOG_DAY 86400000

/*
 * What each kind says: {field} is the field's text, a part in [] is left out when a field in it
 * is missing or empty. {value} is written with its unit, {error} is the error's message, {took}
 * the duration of `millis`.
 */
static const struct {
    const char *kind, *text;
} log_texts[] = {
    {"run_started", "{procedure} in {environment} ({world})[ by {user}][ on {host}]"},
    {"file_loaded", "{name}"},
    {"step_started", "{step}"},
    {"step_ended", "{step}: {status}[ in {took}][: {error}]"},
    {"observe",
     "{target}: {summary}: {status}[ in {took}][: {error}][, assumed: follows planned "
     "#{assumed}]"},
    {"intent", "#{n} {class} {target}: {summary}"},
    {"outcome", "#{n} {status}[ in {took}][: {error}]"},
    {"resolved", "#{n} {target}: {summary}: {verdict}: {how}"},
    {"doubt_ended", "#{n} {verdict}: {how}"},
    {"recalled", "{target}: {summary}: was done before"},
    {"step_again", "{step}: attempt {attempt}"},
    {"run_stopped", "{why}"},
    {"run_resumed", "by {user} on {host}"},
    {"steps_again", "the open steps begin again"},
    {"woke", "pause {n} is over"},
    {"planned", "#{n} {class} {target}: {summary}[ (undo: {undo})]"},
    {"refused", "{class} {target}: {summary}: {why}"},
    {"check", "{verdict}: {name}: {value}[ ({limit})][, assumed: follows planned #{assumed}]"},
    {"decision", "{question} {answer}"},
    {"gate_opened", "{gate} {kind}: {question}[ ({class} {target})]"},
    {"gate_answered",
     "{gate}[ {question}] {answer}[: {value}][: {reason}][ by {by}][ ({how})]"},
    {"approval", "{does}[ gate {gate}][ {answer}] by {by}: {status}[: {why}]"},
    {"gate_assumed", "{kind}: {question}[ {answer}]"},
    {"notice", "{text}"},
    {"signed", "the events up to {seq} by the key {key}"},
    {"note", "{text}"},
    {"evidence", "{name}: {value}"},
    {"branch_started", "{name}"},
    {"branch_ended", "{name}"},
    {"wait_started", "{what}"},
    {"wait_ended", "{what}: {status} in {took}[, tries: {tries}]"},
    {"done", "{text}"},
    {"run_ended", "exit {exit}, {status}: {passed} passed, {warned} warned, {failed} failed"
                  "[, {assumed} assumed], {changes} changed[ in {took}]"},
};

void bl_log_kinds(const char *kinds[BL_LOG_KINDS])
{
    _Static_assert(BL_COUNT(log_texts) < BL_LOG_KINDS, "room for all kinds and NULL");
    memset(kinds, 0, BL_LOG_KINDS * sizeof(*kinds));
    for (size_t i = 0; i < BL_COUNT(log_texts); i++)
        kinds[i] = log_texts[i].kind;
}

/* Adds a field's text. False when there is none. */
static bool log_add_field(struct bl_buf *out, const struct bl_value *data, const char *name)
{
    const struct bl_value *value = bl_map_get(data, name);
    size_t before = out->len;
    char time[40];

    if (strcmp(name, "took") == 0) {
        value = bl_map_get(data, "millis");
        bl_format_duration(time, sizeof(time), bl_value_as_int(value));
        return value != NULL && bl_buf_text_add(out, time);
    }
    if (strcmp(name, "error") == 0)
        value = bl_map_get(value, "message");
    if ((value == NULL || bl_value_type(value) == BL_NIL) &&
        (strcmp(name, "value") != 0 || bl_map_get(data, "verdict") == NULL))
        return false; /* but a check of nothing says so */
    bl_measure_format(out, value,
                      strcmp(name, "value") == 0 ? bl_map_text(data, "unit", NULL) : NULL);
    return out->len > before;
}

/* Adds a part of a template up to its end. False when a field was missing. */
static bool log_add_part(struct bl_buf *out, const char *text, size_t len,
                         const struct bl_value *data)
{
    bool all = true;

    for (size_t i = 0; i < len; i++) {
        const char *end = text[i] == '{' ? memchr(text + i, '}', len - i) : NULL;
        char name[32];

        if (end == NULL) {
            bl_buf_char(out, text[i]);
            continue;
        }
        snprintf(name, sizeof(name), "%.*s", (int)(end - text - (ptrdiff_t)i - 1),
                 text + i + 1);
        all = log_add_field(out, data, name) && all;
        i = (size_t)(end - text);
    }
    return all;
}

static void log_add_text(struct bl_buf *out, const char *text, const struct bl_value *data)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "["), part;
        size_t before;

        log_add_part(out, text, plain, data);
        text += plain;
        if (*text == '\0')
            return;
        part = strcspn(++text, "]");
        before = out->len;
        if (!log_add_part(out, text, part, data))
            out->data[out->len = before] = '\0';
        text += part + 1;
    }
}

static void log_add_event(struct bl_buf *out, const struct bl_event *event)
{
    struct bl_buf text;

    bl_buf_init(&text, 0);
    for (size_t i = 0; i < BL_COUNT(log_texts); i++) {
        if (strcmp(log_texts[i].kind, event->kind) == 0)
            log_add_text(&text, log_texts[i].text, event->data);
    }
    if (text.len == 0)
        bl_json_write(&text, event->data, BL_JSON_PLAIN);
    bl_text_clean(out, bl_buf_text(&text), text.len < LOG_LINE ? text.len : LOG_LINE, false);
    if (text.len > LOG_LINE)
        bl_buf_text_add(out, " ...");
    bl_buf_release(&text);
}

void bl_log_event(struct bl_buf *out, const struct bl_event *event, int64_t previous)
{
    char time[BL_TIME_TEXT];

    bl_time_format(event->at, time);
    if (previous == 0 || previous / LOG_DAY != event->at / LOG_DAY)
        bl_buf_printf(out, "%.10s UTC\n", time);
    bl_buf_printf(out, "%.12s %5lld %-14s ", time + 11, (long long)event->seq, event->kind);
    log_add_event(out, event);
    bl_buf_char(out, '\n');
}

void bl_log_event_full(struct bl_buf *out, const struct bl_event *event, int64_t previous)
{
    struct bl_buf json;

    bl_log_event(out, event, previous);
    bl_buf_init(&json, 0);
    bl_json_write(&json, event->data, BL_JSON_PRETTY);
    bl_text_clean(out, bl_buf_text(&json), json.len, true);
    bl_buf_printf(out, "\nhash %s\n", event->hash);
    bl_buf_release(&json);
}

/* The table of runs: a heading, and the text of each cell. */
enum { LOG_RUN, LOG_RESULT, LOG_PROCEDURE, LOG_WHERE, LOG_USER, LOG_COLUMNS };

static void log_cell(struct bl_buf *out, const struct bl_value *run, int column)
{
    const char *status = bl_map_text(run, "status", "");
    const char *world = bl_map_text(run, "world", "live");

    switch (column) {
    case LOG_RUN:
        bl_buf_text_add(out, bl_map_text(run, "run", ""));
        break;
    case LOG_RESULT:
        if (strcmp(status, "ended") == 0)
            bl_buf_printf(out, "%s (%lld)", bl_map_text(run, "outcome", "ended"),
                          (long long)bl_map_int(run, "exit", 0));
        else
            bl_buf_text_add(out, status);
        break;
    case LOG_PROCEDURE:
        bl_buf_text_add(out, bl_map_text(run, "procedure", "-"));
        break;
    case LOG_WHERE:
        bl_buf_text_add(out, bl_map_text(run, "environment", "-"));
        if (strcmp(world, "live") != 0)
            bl_buf_printf(out, " (%s)", world);
        break;
    default:
        bl_buf_text_add(out, bl_map_text(run, "user", "-"));
    }
}

/* A cell as it is shown; its columns are its characters. */
static int log_clean_cell(struct bl_buf *out, const struct bl_value *run, int column)
{
    struct bl_buf cell;
    int columns = 0;

    bl_buf_init(&cell, 0);
    bl_buf_reset(out);
    log_cell(&cell, run, column);
    bl_text_clean(out, bl_buf_text(&cell), cell.len, false);
    bl_buf_release(&cell);
    for (const char *c = bl_buf_text(out); *c != '\0'; c++)
        columns += ((unsigned char)*c & 0xc0) != 0x80;
    return columns;
}

void bl_log_runs(struct bl_buf *out, const struct bl_value *runs)
{
    static const char *const heads[LOG_COLUMNS] = {"RUN", "RESULT", "PROCEDURE", "ENVIRONMENT",
                                                   "BY"};
    int widths[LOG_COLUMNS], columns;
    struct bl_buf cell;

    bl_buf_init(&cell, 0);
    for (int i = 0; i < LOG_COLUMNS; i++) {
        widths[i] = (int)strlen(heads[i]);
        for (size_t j = 0; j < bl_value_count(runs); j++) {
            columns = log_clean_cell(&cell, bl_list_get(runs, j), i);
            widths[i] = columns > widths[i] ? columns : widths[i];
        }
    }
    for (int i = 0; i + 1 < LOG_COLUMNS; i++)
        bl_buf_printf(out, "%-*s  ", widths[i], heads[i]);
    bl_buf_printf(out, "%s\n", heads[LOG_COLUMNS - 1]);
    for (size_t j = 0; j < bl_value_count(runs); j++) {
        for (int i = 0; i < LOG_COLUMNS; i++) {
            columns = log_clean_cell(&cell, bl_list_get(runs, j), i);
            bl_buf_text_add(out, bl_buf_text(&cell));
            if (i + 1 < LOG_COLUMNS)
                bl_buf_printf(out, "%*s", widths[i] - columns + 2, "");
        }
        bl_buf_char(out, '\n');
    }
    bl_buf_release(&cell);
}
