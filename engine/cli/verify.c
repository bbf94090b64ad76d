/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* verify.c: `belay verify`: is a run as it was written? */
#include "base/prefix.h"

#include "cli/commands.h"
#include "cli/state.h"

#include "base/exit.h"
#include "base/json.h"
#include "base/text.h"

static void verify_print(const struct bl_given *given, const char *name,
                         const struct bl_verdict *verdict)
{
    struct bl_value *data;
    struct bl_buf out;

    bl_buf_init(&out, 0);
    if (bl_given_json(given)) {
        data = bl_map_new();
        bl_map_set(data, "run", bl_value_text(name));
        bl_map_set(data, "sound", bl_value_bool(verdict->is_sound));
        bl_map_set(data, "events", bl_value_int(verdict->events));
        if (verdict->altered > 0)
            bl_map_set(data, "altered", bl_value_int(verdict->altered));
        bl_map_set(data, "text", bl_value_text(verdict->text));
        bl_json_write(&out, data, BL_JSON_PLAIN);
        bl_value_unref(data);
    } else {
        bl_buf_printf(&out, "%s: %s: ", name, verdict->is_sound ? "sound" : "ALTERED");
        bl_text_clean(&out, verdict->text, strlen(verdict->text), false);
    }
    bl_command_fold(stdout, bl_buf_text(&out), 4);
    bl_buf_release(&out);
}

/* Checks one run and says so; counts the bad ones. */
static enum bl_code verify_one(const struct bl_given *given, const struct bl_state *state,
                               const char *name, int *bad, struct bl_error *err)
{
    struct bl_verdict verdict;
    enum bl_code code = state == NULL ? bl_journal_verify_file(name, &verdict, err)
                                      : bl_journal_verify(state, name, &verdict, err);

    if (code != BL_OK)
        return code;
    verify_print(given, name, &verdict);
    *bad += !verdict.is_sound;
    return BL_OK;
}

/* Every run of the folder, the oldest first. A run whose file is gone counts as bad. */
static enum bl_code verify_all(const struct bl_given *given, const struct bl_state *state,
                               int *bad, struct bl_error *err)
{
    struct bl_value *runs = NULL;
    enum bl_code code = bl_journal_list(state, &runs, err);

    for (size_t i = bl_value_count(runs); code == BL_OK && i > 0; i--) {
        const struct bl_value *run = bl_list_get(runs, i - 1);
        struct bl_verdict gone = {
            .altered = 1,
            .text = "event 1 is missing: the index knows the run, its file is gone"};

        if (strcmp(bl_map_text(run, "status", ""), "gone") == 0) {
            verify_print(given, bl_map_text(run, "run", ""), &gone);
            ++*bad;
        } else {
            code = verify_one(given, state, bl_map_text(run, "run", ""), bad, err);
        }
    }
    if (code == BL_OK && bl_value_count(runs) == 0)
        fprintf(stderr, "no runs in %s yet\n", state->path);
    bl_value_unref(runs);
    return code;
}

static enum bl_code verify_words(const struct bl_given *given, int *bad, struct bl_error *err)
{
    const char *word = given->count > 0 ? given->words[0] : NULL;
    char id[BL_RUN_TEXT];
    struct bl_state state;
    enum bl_code code;

    if (word != NULL && bl_word_is_file(word))
        return verify_one(given, NULL, word, bad, err);
    code = bl_given_state(given, &state, err);
    if (code != BL_OK || word == NULL)
        return code != BL_OK ? code : verify_all(given, &state, bad, err);
    code = bl_journal_find(&state, word, id, err);
    return code != BL_OK ? code : verify_one(given, &state, id, bad, err);
}

static int verify_run(const struct bl_given *given)
{
    struct bl_error err = {0};
    int bad = 0;

    if (verify_words(given, &bad, &err) != BL_OK)
        return bl_journal_refuse(&err);
    if (bad == 0)
        return BL_EXIT_OK;
    fprintf(stderr,
            "belay: exit %d: %d journal%s not as written: keep a copy of the state "
            "folder and find out who wrote to it\n",
            BL_EXIT_FAILED, bad, bad == 1 ? " is" : "s are");
    return BL_EXIT_FAILED;
}

const struct bl_command bl_command_verify = {
    .name = "verify",
    .words = "[RUN]",
    .least = 0,
    .most = 1,
    .summary = "proves that runs are as they were written",
    .text =
        "Checks every event of a run against its hash and the chain, its end against the "
        "index and the\n"
        "run after it, and the whole file once the run has ended. Names the first event "
        "that was\n"
        "altered, removed or inserted (exit 1). Without RUN all runs of the environment are "
        "checked; a\n"
        "path of a journal elsewhere is checked by itself.\n\n"
        "  belay verify last\n"
        "  belay verify --env production\n",
    .run = verify_run,
};
