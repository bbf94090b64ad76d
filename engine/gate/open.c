/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* open.c: the gates of a run that nobody has answered yet. */
#include "base/prefix.h"

#include "gate/open.h"

struct open_search {
    struct bl_value *gates; /* all of them that stand open so far, by number */
    struct bl_error *err;
    enum bl_code code;
};

void bl_gate_event(const struct bl_value *gate, struct bl_event *event)
{
    *event = (struct bl_event){.seq = bl_map_int(gate, "seq", 0),
                               .at = bl_map_int(gate, "at", 0),
                               .kind = "gate_opened",
                               .data = bl_map_get(gate, "data")};
    snprintf(event->prev, BL_HASH_TEXT, "%s", bl_map_text(gate, "prev", ""));
    snprintf(event->hash, BL_HASH_TEXT, "%s", bl_map_text(gate, "hash", ""));
}

static bool open_add(struct open_search *search, const char *number,
                     const struct bl_event *event)
{
    struct bl_value *gate;
    char hash[BL_HASH_TEXT];

    bl_event_hash(event, hash);
    if (strcmp(hash, event->hash) != 0) {
        search->code = bl_fail(search->err, BL_E_PARSE,
                               "gate %s is not what its hash says: the journal was altered "
                               "(see `belay verify`)",
                               number);
        return false;
    }
    gate = bl_map_new();
    bl_map_set(gate, "gate", bl_value_int(bl_map_int(event->data, "gate", 0)));
    bl_map_set(gate, "seq", bl_value_int(event->seq));
    bl_map_set(gate, "at", bl_value_int(event->at));
    bl_map_set(gate, "hash", bl_value_text(event->hash));
    bl_map_set(gate, "prev", bl_value_text(event->prev));
    bl_map_set(gate, "data", bl_value_ref(event->data));
    bl_map_set(search->gates, number, gate);
    return true;
}

/* "Outer" holds "Outer" and "Outer / Inner". */
static bool open_step_holds(const char *outer, const char *step)
{
    size_t len = strlen(outer);

    return strncmp(step, outer, len) == 0 &&
           (step[len] == '\0' || strncmp(step + len, " / ", 3) == 0);
}

/* A step that begins again asks anew: what it asked before stands open no more. */
static void open_begin_again(struct open_search *search, const char *step)
{
    struct bl_value *kept = bl_map_new();

    for (size_t i = 0; i < bl_value_count(search->gates); i++) {
        const struct bl_value *gate = bl_map_at(search->gates, i);
        const char *of = bl_map_text(bl_map_get(gate, "data"), "step", "");
        if (bl_value_type(gate) == BL_MAP && !open_step_holds(step, of))
            bl_map_set(kept, bl_map_key(search->gates, i), bl_value_ref(gate));
    }
    bl_value_unref(search->gates);
    search->gates = kept;
}

static bool open_event(void *arg, const struct bl_event *event)
{
    struct open_search *search = arg;
    char number[24];

    if (strcmp(event->kind, "run_stopped") == 0 || strcmp(event->kind, "run_resumed") == 0) {
        bl_value_unref(search->gates); /* what was open is not any more; it opens again */
        search->gates = bl_map_new();
    }
    snprintf(number, sizeof(number), "%lld", (long long)bl_map_int(event->data, "gate", 0));
    if (strcmp(event->kind, "gate_opened") == 0)
        return open_add(search, number, event);
    if (strcmp(event->kind, "gate_answered") == 0)
        bl_map_set(search->gates, number, bl_value_nil());
    if (strcmp(event->kind, "step_again") == 0)
        open_begin_again(search, bl_map_text(event->data, "step", ""));
    return true;
}

enum bl_code bl_gates_open(const char *path, struct bl_value **open, struct bl_error *err)
{
    struct open_search search = {.gates = bl_map_new(), .err = err};
    enum bl_code code = bl_journal_read(path, open_event, &search, err);

    if (code == BL_OK)
        code = search.code;
    if (code == BL_OK) {
        *open = bl_list_new();
        for (size_t i = 0; i < bl_value_count(search.gates); i++) {
            const struct bl_value *gate = bl_map_at(search.gates, i);
            if (bl_value_type(gate) == BL_MAP)
                bl_list_add(*open, bl_value_ref(gate));
        }
    }
    bl_value_unref(search.gates);
    return code;
}

struct note_search {
    const char *id;
    struct bl_value *found;
};

static bool note_event(void *arg, const struct bl_event *event)
{
    struct note_search *search = arg;

    if (strcmp(event->kind, "approval") != 0 ||
        strcmp(bl_map_text(event->data, "id", ""), search->id) != 0)
        return true;
    search->found = bl_value_ref(event->data);
    return false;
}

enum bl_code bl_note_find(const char *path, const char *id, struct bl_value **found,
                          struct bl_error *err)
{
    struct note_search search = {.id = id};
    enum bl_code code = bl_journal_read(path, note_event, &search, err);

    if (code == BL_OK)
        *found = search.found;
    else
        bl_value_unref(search.found);
    return code;
}
