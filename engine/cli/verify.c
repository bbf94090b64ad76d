/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* verify.c: `belay verify`: is a run as it was written? */
#include "base/prefix.h"

#include "cli/commands.h"
#include "cli/state.h"

#include "base/exit.h"
#include "base/json.h"
#include "base/text.h"

/* What is asked for, and what was found so far. */
struct verify_all {
    const struct bl_given *given;
    bool wants_signed;
    struct bl_signing signing;
    int bad;
};

static void verify_print_json(const char *name, const struct bl_verdict *verdict,
                              const struct bl_verdict *signed_by, struct bl_buf *out)
{
    struct bl_value *data = bl_map_new();

    bl_map_set(data, "run", bl_value_text(name));
    bl_map_set(data, "sound", bl_value_bool(verdict->is_sound));
    bl_map_set(data, "events", bl_value_int(verdict->events));
    if (verdict->altered > 0)
        bl_map_set(data, "altered", bl_value_int(verdict->altered));
    bl_map_set(data, "text", bl_value_text(verdict->text));
    if (signed_by != NULL) {
        bl_map_set(data, "signed", bl_value_bool(signed_by->is_sound));
        bl_map_set(data, "signatures", bl_value_text(signed_by->text));
    }
    bl_json_write(out, data, BL_JSON_PLAIN);
    bl_value_unref(data);
}

/* signed_by: NULL when that was not asked for. */
static void verify_print(const struct verify_all *all, const char *name,
                         const struct bl_verdict *verdict, const struct bl_verdict *signed_by)
{
    struct bl_buf out;

    bl_buf_init(&out, 0);
    if (bl_given_json(all->given)) {
        verify_print_json(name, verdict, signed_by, &out);
    } else {
        bl_buf_printf(&out, "%s: %s: ", name, verdict->is_sound ? "sound" : "ALTERED");
        bl_text_clean(&out, verdict->text, strlen(verdict->text), false);
    }
    if (!bl_given_json(all->given) && signed_by != NULL) {
        bl_buf_text_add(&out, signed_by->is_sound ? "; signed: " : "; NOT SIGNED: ");
        bl_text_clean(&out, signed_by->text, strlen(signed_by->text), false);
    }
    bl_command_fold(stdout, bl_buf_text(&out), 4);
    bl_buf_release(&out);
}

/* Checks one run and says so; counts the bad ones. state is NULL for a path. */
static enum bl_code verify_one(struct verify_all *all, const struct bl_state *state,
                               const char *name, struct bl_error *err)
{
    struct bl_verdict verdict, signed_by = {.is_sound = true};
    char path[PATH_MAX];
    enum bl_code code = state == NULL ? bl_journal_verify_file(name, &verdict, err)
                                      : bl_journal_verify(state, name, &verdict, err);
    bool asks = all->wants_signed && verdict.is_sound && verdict.events > 0;

    if (code != BL_OK)
        return code;
    if (state == NULL)
        snprintf(path, sizeof(path), "%s", name);
    else
        bl_journal_file(state, name, path);
    if (asks)
        code = bl_journal_verify_signed(path, all->signing.allowed, &signed_by, err);
    if (code != BL_OK)
        return code;
    verify_print(all, name, &verdict, asks ? &signed_by : NULL);
    all->bad += !verdict.is_sound || !signed_by.is_sound;
    return BL_OK;
}

/* Every run of the folder, the oldest first. A run whose file is gone counts as bad. */
static enum bl_code verify_each(struct verify_all *all, const struct bl_state *state,
                                struct bl_error *err)
{
    struct bl_value *runs = NULL;
    enum bl_code code = bl_journal_list(state, &runs, err);
    bool wants_signed = all->wants_signed;

    for (size_t i = bl_value_count(runs); code == BL_OK && i > 0; i--) {
        const struct bl_value *run = bl_list_get(runs, i - 1);
        struct bl_verdict gone = {
            .altered = 1,
            .text = "event 1 is missing: the index knows the run, its file is gone"};

        all->wants_signed =
            wants_signed && strcmp(bl_map_text(run, "world", "live"), "live") == 0;
        if (strcmp(bl_map_text(run, "status", ""), "gone") == 0) {
            verify_print(all, bl_map_text(run, "run", ""), &gone, NULL);
            all->bad++;
        } else {
            code = verify_one(all, state, bl_map_text(run, "run", ""), err);
        }
    }
    if (code == BL_OK && bl_value_count(runs) == 0)
        fprintf(stderr, "no runs in %s yet\n", state->path);
    bl_value_unref(runs);
    return code;
}

static enum bl_code verify_words(struct verify_all *all, struct bl_error *err)
{
    const struct bl_given *given = all->given;
    const char *word = given->count > 0 ? given->words[0] : NULL;
    char id[BL_RUN_TEXT];
    struct bl_state state;
    enum bl_code code = BL_OK;

    if (all->wants_signed)
        code = bl_given_signing(given, &all->signing, err);
    if (code != BL_OK)
        return code;
    if (word != NULL && bl_word_is_file(word))
        return verify_one(all, NULL, word, err);
    code = bl_given_state(given, &state, err);
    if (code != BL_OK || word == NULL)
        return code != BL_OK ? code : verify_each(all, &state, err);
    code = bl_journal_find(&state, word, id, err);
    return code != BL_OK ? code : verify_one(all, &state, id, err);
}

static int verify_run(const struct bl_given *given)
{
    struct verify_all all = {.given = given, .wants_signed = bl_given_flag(given, "signed")};
    struct bl_error err = {0};

    if (verify_words(&all, &err) != BL_OK)
        return bl_journal_refuse(&err);
    if (all.bad == 0)
        return BL_EXIT_OK;
    fprintf(stderr,
            "belay: exit %d: %d journal%s not as written%s: keep a copy of the state "
            "folder and find out who wrote to it\n",
            BL_EXIT_FAILED, all.bad, all.bad == 1 ? " is" : "s are",
            all.wants_signed ? " or not signed" : "");
    return BL_EXIT_FAILED;
}

static const struct bl_option verify_options[] = {
    {"signed", NULL, "and every signature, and that the end is signed", false, NULL},
    {0},
};

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
        "With --signed each signature is checked against the project's allowed_signers (or "
        "what the\n"
        "environment's `signing` names), and the end of each live run has to be signed.\n\n"
        "  belay verify last\n"
        "  belay verify --env production --signed\n",
    .options = verify_options,
    .run = verify_run,
};
