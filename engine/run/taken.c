/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* taken.c: a run that is taken up again: which one, what it was, and with which text. */
#include "base/prefix.h"

#include "run/private.h"

#include "gate/prompt.h"

static bool taken_read(void *arg, const struct bl_event *event)
{
    struct run *run = arg;

    if (strcmp(event->kind, "run_started") == 0)
        run->info = bl_value_ref(event->data);
    else if (strcmp(event->kind, "file_loaded") == 0)
        bl_map_set(run->files, bl_map_text(event->data, "name", ""),
                   bl_value_text(bl_map_text(event->data, "sha256", "")));
    return true;
}

/* The text that the run kept of a file. */
static bool taken_text(void *context, const char *path, struct bl_buf *out)
{
    struct run *run = context;
    const char *hash = bl_map_text(run->files, path, NULL);
    struct bl_error err;

    return hash != NULL && bl_journal_kept(run->path, hash, out, &err) == BL_OK;
}

static enum bl_code taken_find(struct run *run, struct bl_error *err)
{
    struct bl_value *environment = NULL;
    enum bl_code code =
        bl_project_environment(&run->project, run->options->environment, &environment, err);

    if (code == BL_OK)
        code = bl_state_open(bl_map_text(environment, "state", NULL), false, &run->state, err);
    bl_value_unref(environment);
    if (code == BL_OK)
        code = bl_journal_find(&run->state, run->options->resume, run->taken, err);
    if (code != BL_OK)
        return code;
    bl_journal_file(&run->state, run->taken, run->path);
    run->files = bl_map_new();
    code = bl_journal_read(run->path, taken_read, run, err);
    if (code == BL_OK && run->info == NULL)
        code = bl_fail(err, BL_E_ARG,
                       "run %s was cut off before its first step: nothing was done: run it "
                       "again",
                       run->taken);
    return code;
}

/* The project once more, with the text that the run kept, or as it is now. */
static enum bl_code taken_open(struct run *run, struct bl_error *err)
{
    struct bl_runtime_settings settings = {.loaded = run_loaded, .loaded_context = run};

    if (run->options->old_source) {
        settings.text = taken_text;
        settings.text_context = run;
    }
    bl_project_close(&run->project);
    bl_value_unref(run->loaded);
    bl_value_unref(run->texts);
    run->loaded = bl_list_new();
    run->texts = bl_map_new();
    return bl_project_open_with(&run->project, run->options->project, &settings, err);
}

enum bl_code run_take(struct run *run, struct bl_error *err)
{
    enum bl_code code = taken_find(run, err);
    const char *environment, *world;

    if (code == BL_OK)
        code = taken_open(run, err);
    if (code != BL_OK)
        return code;
    world = bl_map_text(run->info, "world", "");
    if (strcmp(world, "live") != 0)
        return bl_fail(err, BL_E_ARG,
                       "run %s is a %s run, which changed nothing: there is nothing to take up",
                       run->taken, world);
    environment = bl_map_text(run->info, "environment", "none");
    return bl_project_environment(&run->project,
                                  strcmp(environment, "none") == 0 ? NULL : environment,
                                  &run->environment, err);
}

enum bl_code run_reopen(struct run *run, struct bl_journal_options *options,
                        struct bl_error *err)
{
    return bl_journal_reopen(options, run->taken, &run->journal, err);
}

static bool taken_tell(void *arg, const struct bl_event *event)
{
    const struct run *run = arg;

    run->options->on_past(run->options->arg, event);
    return true;
}

void run_tell_past(const struct run *run)
{
    struct bl_error err;

    if (run->options->on_past != NULL)
        (void)!bl_journal_read(run->path, taken_tell, (void *)(uintptr_t)run, &err);
}

struct bl_value *run_resumed(const struct run *run, const struct bl_value *now)
{
    static const char *const fields[] = {"user", "host", "pid", "version", "project"};
    struct bl_value *data = bl_map_new();

    for (size_t i = 0; i < BL_COUNT(fields); i++)
        bl_map_set(data, fields[i], bl_value_ref(bl_map_get(now, fields[i])));
    if (bl_value_count(run->changed) > 0)
        bl_map_set(data, "changed", bl_value_ref(run->changed));
    if (run->options->old_source)
        bl_map_set(data, "old_source", bl_value_bool(true));
    return data;
}

/* Somebody who lives is asked to stop only by a word that nobody types by accident. */
static enum bl_code run_ask_take_over(const struct run *run, struct bl_error *err)
{
    struct bl_buf question, word;
    struct bl_error why;
    enum bl_code code;

    if (!run->options->is_attended)
        return bl_fail(
            err, BL_E_WAITING,
            "%s: a run that lives is taken over in a terminal only, with a typed word",
            run->id);
    bl_buf_init(&question, 0);
    bl_buf_init(&word, BL_PROMPT_MAX);
    bl_buf_printf(&question, "%s. Type %s to stop that run and go on here", err->message,
                  run->id);
    code = bl_prompt_line(bl_buf_text(&question), &word, &why);
    if (code != BL_OK)
        bl_fail(err, code, "%s: not taken over: %s", run->id, why.message);
    else if (strcmp(bl_buf_text(&word), run->id) != 0)
        code =
            bl_fail(err, BL_E_REJECTED, "%s: not taken over: another word was typed", run->id);
    bl_buf_release(&question);
    bl_buf_release(&word);
    return code;
}

enum bl_code run_take_lease(struct run *run, struct bl_error *err)
{
    struct bl_lease_request wanted = {
        .procedure = run->id,
        .environment = bl_map_text(run->environment, "name", ""),
    };
    enum bl_code code = bl_lease_take(&run->state, &wanted, &run->clock, &run->lease, err);

    if (code != BL_E_BUSY || !run->options->take_over)
        return code;
    code = run_ask_take_over(run, err);
    wanted.take_over = true;
    return code != BL_OK ? code
                         : bl_lease_take(&run->state, &wanted, &run->clock, &run->lease, err);
}
