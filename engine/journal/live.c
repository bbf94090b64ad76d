/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* live.c: who writes which run now and at which step, and which runs wait to be taken up. */
#include "journal/live.h"

#include "base/clock.h"
#include "base/text.h"
#include "journal/writer.h"

#include <dirent.h>

#define LIVE_STOPPED 5 /* how many runs that can be taken up are named */

/* Gives the events of a statement to fn until it returns false. */
static void live_each(sqlite3 *db, const char *sql, bool (*fn)(void *, const struct bl_event *),
                      void *arg)
{
    sqlite3_stmt *statement = NULL;
    struct bl_value *data;
    struct store_row row;
    bool more = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK;

    while (more && sqlite3_step(statement) == SQLITE_ROW) {
        store_row_read(statement, &row);
        more = store_row_parse(&row, &data, NULL) == BL_OK;
        if (more) {
            more = fn(arg, &row.event);
            bl_value_unref(data);
        }
    }
    sqlite3_finalize(statement);
}

static void live_copy(struct bl_value *about, const struct bl_value *data, const char *name)
{
    const struct bl_value *value = bl_map_get(data, name);

    if (value != NULL)
        bl_map_set(about, name, bl_value_ref(value));
}

/* Who began the run, and who took it up again last. */
static bool live_writer(void *arg, const struct bl_event *event)
{
    static const char *const names[] = {"procedure", "environment", "world",
                                        "user",      "host",        "pid"};
    struct bl_value *about = arg;
    char since[BL_TIME_TEXT];

    for (size_t i = 0; i < BL_COUNT(names); i++)
        live_copy(about, event->data, names[i]);
    bl_time_format(event->at, since);
    bl_map_set(about, "since", bl_value_text(since));
    return true;
}

/* Steps from the newest event backwards: the first one that began and did not end is open. */
struct live_steps {
    struct bl_value *about, *ended; /* ended: how often, by path */
};

static bool live_step(void *arg, const struct bl_event *event)
{
    struct live_steps *steps = arg;
    const char *step = bl_map_text(event->data, "step", "");
    int64_t count = bl_map_int(steps->ended, step, 0);

    if (strcmp(event->kind, "run_stopped") == 0) { /* what ended after it was only put away */
        bl_value_unref(steps->ended);
        steps->ended = bl_map_new();
        return true;
    }
    if (strcmp(event->kind, "step_ended") == 0) {
        bl_map_set(steps->ended, step, bl_value_int(count + 1));
        return true;
    }
    if (count > 0) {
        bl_map_set(steps->ended, step, bl_value_int(count - 1));
        return true;
    }
    bl_map_set(steps->about, "step", bl_value_text(step));
    return false;
}

struct bl_value *live_describe(const struct bl_state *state, const char *run)
{
    struct bl_value *about = bl_map_new();
    struct live_steps steps = {.about = about, .ended = bl_map_new()};
    char path[PATH_MAX];
    sqlite3 *db;

    bl_map_set(about, "run", bl_value_text(run));
    bl_journal_file(state, run, path);
    if (store_open_reader(path, &db, NULL) == BL_OK) {
        live_each(db, STORE_ROWS " WHERE kind IN ('run_started', 'run_resumed') ORDER BY seq",
                  live_writer, about);
        live_each(db,
                  STORE_ROWS " WHERE kind IN ('step_started', 'step_ended', 'run_stopped')"
                             " ORDER BY seq DESC",
                  live_step, &steps);
        sqlite3_close_v2(db);
    }
    bl_value_unref(steps.ended);
    return about;
}

void live_add_step(struct bl_buf *out, const struct bl_value *about)
{
    const char *step = bl_map_text(about, "step", "");

    if (*step == '\0')
        return;
    bl_buf_text_add(out, ", at step \"");
    bl_text_clean(out, step, strlen(step), false);
    bl_buf_char(out, '"');
}

enum bl_code live_busy(const struct bl_state *state, const char *run, struct bl_error *err)
{
    struct bl_value *about = live_describe(state, run);
    struct bl_buf who;

    bl_buf_init(&who, 300);
    bl_buf_printf(
        &who, "%s on %s since %.16s (process %lld", bl_map_text(about, "user", "somebody"),
        bl_map_text(about, "host", "this machine"), bl_map_text(about, "since", "a moment ago"),
        (long long)bl_map_int(about, "pid", 0));
    live_add_step(&who, about);
    bl_fail(err, BL_E_BUSY,
            "run %s goes on: by %s): wait until it has ended, or look at `belay log %s`", run,
            bl_buf_text(&who), run);
    bl_buf_release(&who);
    bl_value_unref(about);
    return BL_E_BUSY;
}

/* The run of a lock's file; false for other names. */
static bool live_name(const char *name, char run[BL_RUN_TEXT])
{
    size_t len = strlen(name);

    if (len < 6 || len - 5 >= BL_RUN_TEXT || strcmp(name + len - 5, ".lock") != 0)
        return false;
    snprintf(run, BL_RUN_TEXT, "%.*s", (int)(len - 5), name);
    return true;
}

static void live_add(const struct bl_state *state, const char *environment, const char *run,
                     struct bl_value *list)
{
    struct bl_value *about = live_describe(state, run);

    if (strcmp(bl_map_text(about, "world", "live"), "live") == 0 &&
        strcmp(bl_map_text(about, "environment", ""), environment) == 0)
        bl_list_add(list, about);
    else
        bl_value_unref(about);
}

enum bl_code bl_journal_live(const struct bl_state *state, const char *environment,
                             const char *except, struct bl_value **list)
{
    char folder[PATH_MAX], path[PATH_MAX], run[BL_RUN_TEXT];
    struct dirent *entry;
    DIR *runs;

    *list = bl_list_new();
    snprintf(folder, sizeof(folder), "%s/runs", state->path);
    runs = opendir(folder);
    while (runs != NULL && (entry = readdir(runs)) != NULL) {
        if (!live_name(entry->d_name, run) || (except != NULL && strcmp(run, except) == 0))
            continue;
        bl_journal_file(state, run, path);
        if (store_is_locked(path))
            live_add(state, environment, run, *list);
    }
    if (runs != NULL)
        closedir(runs);
    return BL_OK;
}

/* Stopped where it can go on: cut off, at a gate, by a signal, by time, in doubt. */
static bool live_can_go_on(const struct bl_value *run)
{
    static const char *const outcomes[] = {"waiting", "cancelled", "timeout", "doubt"};
    const char *outcome = bl_map_text(run, "outcome", "");

    if (strcmp(bl_map_text(run, "status", ""), "cut off") == 0)
        return true;
    for (size_t i = 0; i < BL_COUNT(outcomes); i++) {
        if (strcmp(outcome, outcomes[i]) == 0)
            return strcmp(bl_map_text(run, "status", ""), "ended") == 0;
    }
    return false;
}

static bool live_is_of(const struct bl_value *run, const char *procedure,
                       const char *environment)
{
    return strcmp(bl_map_text(run, "procedure", ""), procedure) == 0 &&
           strcmp(bl_map_text(run, "environment", ""), environment) == 0 &&
           strcmp(bl_map_text(run, "world", "live"), "live") == 0;
}

enum bl_code bl_journal_stopped(const struct bl_state *state, const char *procedure,
                                const char *environment, struct bl_value **list,
                                struct bl_error *err)
{
    struct bl_value *runs = NULL;
    enum bl_code code = bl_journal_list(state, &runs, err);

    *list = bl_list_new();
    for (size_t i = 0; i < bl_value_count(runs) && bl_value_count(*list) < LIVE_STOPPED; i++) {
        const struct bl_value *run = bl_list_get(runs, i);
        struct bl_value *about;
        if (!live_is_of(run, procedure, environment))
            continue;
        if (strcmp(bl_map_text(run, "outcome", ""), "ok") == 0)
            break; /* what stopped before this one was made up for */
        if (!live_can_go_on(run))
            continue;
        about = live_describe(state, bl_map_text(run, "run", ""));
        live_copy(about, run, "status");
        live_copy(about, run, "outcome");
        bl_list_add(*list, about);
    }
    bl_value_unref(runs);
    return code;
}
