/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* gates.c: which gate of which live run, and the note that goes there. */
#include "base/prefix.h"

#include "cli/gates.h"

#include "base/clock.h"
#include "base/exit.h"
#include "base/hash.h"
#include "cli/state.h"
#include "gate/inbox.h"
#include "gate/open.h"

#include <unistd.h>

#define GATES_WAIT_MS 10000 /* for the run to take a note */
#define GATES_LOOK_US 50000

static enum bl_code gates_is_live(const struct bl_state *state, const char *id, bool *is_live,
                                  struct bl_error *err)
{
    struct bl_value *runs = NULL;
    enum bl_code code = bl_journal_list(state, &runs, err);

    *is_live = false;
    for (size_t i = 0; code == BL_OK && i < bl_value_count(runs); i++) {
        const struct bl_value *run = bl_list_get(runs, i);
        if (strcmp(bl_map_text(run, "run", ""), id) == 0)
            *is_live = strcmp(bl_map_text(run, "status", ""), "running") == 0;
    }
    bl_value_unref(runs);
    return code;
}

enum bl_code bl_given_run_of(const struct bl_given *given, const char *word,
                             struct bl_live *live, bool *is_live, struct bl_error *err)
{
    enum bl_code code;

    if (bl_word_is_file(word))
        return bl_fail(err, BL_E_ARG, "%s is a file: name a run by its id, or `last`", word);
    code = bl_given_state(given, &live->state, err);
    if (code == BL_OK)
        code = bl_journal_find(&live->state, word, live->id, err);
    if (code == BL_OK)
        code = gates_is_live(&live->state, live->id, is_live, err);
    if (code == BL_OK)
        bl_journal_file(&live->state, live->id, live->path);
    return code;
}

enum bl_code bl_live_find(const struct bl_given *given, const char *id, struct bl_live *live,
                          struct bl_error *err)
{
    bool is_live;
    enum bl_code code = bl_given_run_of(given, id, live, &is_live, err);

    if (code == BL_OK && !is_live)
        code = bl_fail(err, BL_E_NOT_FOUND,
                       "run %s is not live: nobody would take the answer. `belay resume %s` "
                       "takes it up again, `belay log %s` shows where it ended",
                       live->id, live->id, live->id);
    return code;
}

enum bl_code bl_given_live(const struct bl_given *given, struct bl_live *live,
                           struct bl_error *err)
{
    return bl_live_find(given, given->words[0], live, err);
}

/* Says which gates are open, for somebody who named none of them. */
static enum bl_code gates_which(const struct bl_live *live, const struct bl_value *open,
                                const char *word, struct bl_error *err)
{
    enum bl_code code;
    struct bl_buf text;

    if (bl_value_count(open) == 0)
        return bl_fail(err, BL_E_NOT_FOUND, "run %s has no open gate: it asks nothing now",
                       live->id);
    bl_buf_init(&text, 0);
    for (size_t i = 0; i < bl_value_count(open); i++) {
        const struct bl_value *gate = bl_list_get(open, i);
        bl_buf_printf(&text, "%s%lld (%s)", i > 0 ? ", " : "",
                      (long long)bl_map_int(gate, "gate", 0),
                      bl_map_text(bl_map_get(gate, "data"), "question", ""));
    }
    code =
        bl_fail(err, word == NULL ? BL_E_ARG : BL_E_NOT_FOUND, "%s%s%s in run %s: open %s: %s",
                word == NULL ? "more than one gate" : "gate ", word == NULL ? "" : word,
                word == NULL ? "" : " is not open", live->id,
                bl_value_count(open) == 1 ? "is" : "are", bl_buf_text(&text));
    bl_buf_release(&text);
    return code;
}

enum bl_code bl_given_gate(const struct bl_given *given, const struct bl_live *live,
                           struct bl_value **gate, struct bl_error *err)
{
    const char *word = given->count > 1 ? given->words[1] : NULL;
    struct bl_value *open = NULL;
    enum bl_code code = bl_gates_open(live->path, &open, err);
    char number[24];

    if (code != BL_OK)
        return code;
    *gate = NULL;
    for (size_t i = 0; i < bl_value_count(open); i++) {
        const struct bl_value *at = bl_list_get(open, i);
        snprintf(number, sizeof(number), "%lld", (long long)bl_map_int(at, "gate", 0));
        if (word != NULL ? strcmp(word, number) == 0 : bl_value_count(open) == 1)
            *gate = bl_value_ref(at);
    }
    if (*gate == NULL)
        code = gates_which(live, open, word, err);
    bl_value_unref(open);
    return code;
}

struct bl_value *bl_live_note(const struct bl_live *live, const char *does,
                              const struct bl_value *gate)
{
    struct bl_value *note = bl_map_new();
    char id[17];

    bl_random_name(id, sizeof(id) - 1);
    bl_map_set(note, "id", bl_value_text(id));
    bl_map_set(note, "run", bl_value_text(live->id));
    bl_map_set(note, "does", bl_value_text(does));
    if (gate != NULL) {
        bl_map_set(note, "gate", bl_value_ref(bl_map_get(gate, "gate")));
        bl_map_set(note, "hash", bl_value_ref(bl_map_get(gate, "hash")));
    }
    return note;
}

static enum bl_code gates_wait(const struct bl_live *live, const struct bl_value *note,
                               struct bl_value **found, struct bl_error *err)
{
    int64_t end = bl_clock_steady() + GATES_WAIT_MS;
    enum bl_code code;

    do {
        code = bl_note_find(live->path, bl_map_text(note, "id", ""), found, err);
        if (code != BL_OK || *found != NULL)
            return code;
        usleep(GATES_LOOK_US);
    } while (bl_clock_steady() < end);
    return BL_OK;
}

static int gates_say(const struct bl_live *live, const struct bl_value *note,
                     const struct bl_value *found)
{
    const char *does = bl_map_text(note, "does", ""), *why = bl_map_text(found, "why", NULL);
    struct bl_buf text;

    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "%s %s", does, live->id);
    if (bl_map_get(note, "gate") != NULL)
        bl_buf_printf(&text, ", gate %lld", (long long)bl_map_int(note, "gate", 0));
    if (found == NULL)
        bl_buf_text_add(&text, ": it is in the inbox; the run has not taken it yet");
    else if (why != NULL)
        bl_buf_printf(&text, ": refused: %s", why);
    else
        bl_buf_printf(&text, ": taken%s%s", bl_map_get(found, "state") != NULL ? ": " : "",
                      bl_map_text(found, "state", ""));
    bl_command_print(bl_buf_text(&text));
    putchar('\n');
    bl_buf_release(&text);
    return bl_command_end(found == NULL ? BL_EXIT_WAITING
                          : why != NULL ? BL_EXIT_REFUSED
                                        : BL_EXIT_OK);
}

int bl_live_send(const struct bl_live *live, struct bl_value *take_note)
{
    struct bl_value *found = NULL;
    struct bl_error err;
    int status;

    if (bl_inbox_put(&live->state, live->id, take_note, &err) != BL_OK ||
        gates_wait(live, take_note, &found, &err) != BL_OK)
        status = bl_journal_refuse(&err);
    else
        status = gates_say(live, take_note, found);
    bl_value_unref(found);
    bl_value_unref(take_note);
    return status;
}
