/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* replay.c: the replay world: a run that is taken up again hears from its journal what it has
 * heard before, in the same order, up to where it stopped. */
#include "base/prefix.h"

#include "world/private.h"

struct entry {
    char *kind;
    struct bl_value *data;
    int64_t seq;
};

struct replay {
    struct entry *entries;
    size_t count, at;
    bool is_resuming; /* between `run_resumed` and `steps_again` */
    bool is_over, has_ended;
    struct bl_error error; /* what a task said is not what the journal holds */
};

static bool replay_add(void *arg, const struct bl_event *event)
{
    struct replay *replay = arg;
    struct entry *entry;

    if ((replay->count & (replay->count + 1)) == 0) /* room for 1, 3, 7, 15 … */
        replay->entries =
            bl_realloc(replay->entries, 2 * (replay->count + 1) * sizeof(*replay->entries));
    entry = &replay->entries[replay->count++];
    entry->kind = bl_strdup(event->kind);
    entry->data = bl_value_ref(event->data);
    entry->seq = event->seq;
    return true;
}

void replay_free(struct bl_world *world)
{
    struct replay *replay = world->replay;

    if (replay == NULL)
        return;
    for (size_t i = 0; i < replay->count; i++) {
        bl_free(replay->entries[i].kind);
        bl_value_unref(replay->entries[i].data);
    }
    bl_free(replay->entries);
    bl_free(replay);
    world->replay = NULL;
}

enum bl_code bl_world_replay(struct bl_world *world, const char *path, struct bl_error *err)
{
    world->replay = bl_alloc(sizeof(*world->replay));
    return bl_journal_read(path, replay_add, world->replay, err);
}

bool bl_world_is_replaying(const struct bl_world *world)
{
    return world->replay != NULL && !world->replay->is_over;
}

bool replay_is_resuming(const struct bl_world *world)
{
    return world->replay != NULL && world->replay->is_resuming;
}

void replay_set_resuming(struct bl_world *world, bool is)
{
    world->replay->is_resuming = is;
}

bool bl_world_replay_has_ended(const struct bl_world *world)
{
    return world->replay != NULL && world->replay->has_ended;
}

static const struct entry *replay_next(const struct replay *replay)
{
    return replay->at < replay->count ? &replay->entries[replay->at] : NULL;
}

static bool entry_is(const struct entry *entry, const char *kind)
{
    return entry != NULL && strcmp(entry->kind, kind) == 0;
}

/* Gates that the engine opens by itself; the others are what a body asks. */
static bool entry_is_engine_gate(const struct entry *entry)
{
    const char *kind = bl_map_text(entry->data, "kind", "");

    return entry_is(entry, "gate_opened") &&
           (strcmp(kind, "operation") == 0 || strcmp(kind, "interrupt") == 0 ||
            bl_map_bool(entry->data, "again", false));
}

static bool kind_is_among(const char *const kinds[], const char *kind)
{
    for (; *kinds != NULL; kinds++) {
        if (strcmp(*kinds, kind) == 0)
            return true;
    }
    return false;
}

/* What nothing is compared with: it is about the run, not what the body asks or says. */
static bool kind_is_aside(const char *kind)
{
    static const char *const kinds[] = {"run_started", "file_loaded", "notice", "signed",
                                        "approval",    "refused",     NULL};

    return kind_is_among(kinds, kind);
}

bool bl_world_expects(const struct bl_world *world, const char *kind)
{
    struct replay *replay = world->replay;

    if (!bl_world_is_replaying(world))
        return false;
    while (replay->at < replay->count && kind_is_aside(replay->entries[replay->at].kind))
        replay->at++;
    return entry_is(replay_next(replay), kind);
}

/* "entry 41 (observe redis.info of redis.cache, at step "X")" */
static void entry_describe(const struct entry *entry, char *out, size_t size)
{
    const char *what = bl_map_text(entry->data, "summary", NULL);
    const char *step = bl_map_text(entry->data, "step", "");

    if (what == NULL)
        what = bl_map_text(entry->data, "question", bl_map_text(entry->data, "name", ""));
    snprintf(out, size, "entry %lld (%s%s%.120s%s%.80s%s)", (long long)entry->seq, entry->kind,
             *what != '\0' ? " " : "", what, *step != '\0' ? ", at step \"" : "", step,
             *step != '\0' ? "\"" : "");
}

static void replay_differs(struct replay *replay, const char *format, ...) BL_PRINTF(2, 3);

static void replay_differs(struct replay *replay, const char *format, ...)
{
    const struct entry *entry = replay_next(replay);
    char holds[320] = "its end", now[320];
    va_list args;

    if (replay->error.code != BL_OK)
        return;
    if (entry != NULL)
        entry_describe(entry, holds, sizeof(holds));
    va_start(args, format);
    vsnprintf(now, sizeof(now), format, args);
    va_end(args);
    bl_fail(&replay->error, BL_E_ARG,
            "%s; the journal holds %s there: the runbook is not what it was: nothing was sent; "
            "take it up with `belay resume --old-source`, which uses the text that the run "
            "kept",
            now, holds);
}

/* What makes an event of a body the same one; times, texts and lines may differ. */
static bool said_is_same(const char *kind, const struct bl_value *a, const struct bl_value *b)
{
    static const char *const fields[] = {"step",   "name",    "status",   "verdict",
                                         "answer", "what",    "question", "kind",
                                         "n",      "options", "attempt",  NULL};

    for (size_t i = 0; fields[i] != NULL; i++) {
        bool is_gate = strcmp(kind, "gate_opened") == 0;
        if (strcmp(fields[i], "options") == 0 && !is_gate)
            continue;
        if (!bl_value_is_equal(bl_map_get(a, fields[i]), bl_map_get(b, fields[i])))
            return false;
    }
    return true;
}

/* Where a body says it: its line, or its step where only words of ours stand. */
static void said_place(const struct bl_value *data, char *out, size_t size)
{
    const char *file = bl_map_text(data, "file", ""), *step = bl_map_text(data, "step", "");

    if (*file != '\0')
        snprintf(out, size, "%s:%lld", file, (long long)bl_map_int(data, "line", 0));
    else
        snprintf(out, size, "%s%.150s", *step != '\0' ? "in " : "the body", step);
}

void replay_said(struct bl_world *world, const char *kind, const struct bl_value *data)
{
    struct replay *replay = world->replay;
    const struct entry *entry;
    struct bl_value *form;
    const char *text;
    char place[200];

    if (kind_is_aside(kind) || replay->error.code != BL_OK)
        return;
    while ((entry = replay_next(replay)) != NULL && kind_is_aside(entry->kind))
        replay->at++;
    form = world_journal_form(world, data);
    if (entry_is(entry, kind) && said_is_same(kind, entry->data, form)) {
        replay->at++;
    } else {
        text =
            bl_map_text(form, "question",
                        bl_map_text(form, "name",
                                    bl_map_text(form, "text", bl_map_text(form, "step", ""))));
        said_place(data, place, sizeof(place));
        replay_differs(replay, "%s: %s \"%.100s\" comes now", place, kind, text);
    }
    bl_value_unref(form);
}

static enum bl_finding finding_find(const char *name)
{
    enum bl_finding finding = BL_FOUND_NOTHING;

    for (int i = BL_FOUND_NOTHING; i <= BL_FOUND_PENDING; i++) {
        if (strcmp(bl_finding_name(i), name) == 0)
            finding = i;
    }
    return finding;
}

/* Hands an outcome to whoever waits for it. */
static void replay_deliver(struct bl_performance *performance, enum bl_status status,
                           const struct bl_value *data)
{
    const struct bl_value *error = bl_map_get(data, "error");
    struct bl_outcome outcome = {.status = status};

    outcome.value = bl_value_ref(bl_map_get(data, "value"));
    if (error != NULL) {
        bl_fail(&outcome.error, bl_code_find(bl_map_text(error, "code", "failed")), "%s",
                bl_map_text(error, "message", ""));
        bl_error_cause(&outcome.error, "%s", bl_map_text(error, "cause", ""));
        outcome.error.retryable = bl_map_bool(error, "retryable", false);
    }
    if (!performance->is_abandoned)
        performance->done(performance->owner, &outcome);
    bl_outcome_release(&outcome);
    performance_free(performance);
}

static void replay_outcome(struct bl_performance *performance, const struct bl_value *data,
                           bool is_tail)
{
    enum bl_status status = bl_status_find(bl_map_text(data, "status", ""));
    struct bl_world *world = performance->world;

    if (status == BL_UNKNOWN) {
        performance->is_doubtful = true;
        return;
    }
    if (status == BL_ANSWERED) {
        performance_count(performance);
        change_add(world, performance->record, bl_map_get(data, "value"), NULL);
    }
    if (!is_tail) {
        replay_deliver(performance, status, data);
        return;
    }
    performance->finding = status == BL_ANSWERED ? BL_FOUND_DONE : BL_FOUND_NOT_DONE;
    performance->outcome.value = bl_value_ref(bl_map_get(data, "value"));
}

static void replay_resolved(struct bl_performance *performance, const struct bl_value *data,
                            bool is_resuming)
{
    const char *verdict = bl_map_text(data, "verdict", "");
    struct bl_resolution resolution = {.finding = finding_find(verdict)};

    snprintf(resolution.how, sizeof(resolution.how), "%s", bl_map_text(data, "how", ""));
    resolution.same_id = bl_map_bool(data, "same_id", false);
    resolution.value = bl_value_ref(bl_map_get(data, "value"));
    performance_conclude(performance, &resolution);
    bl_resolution_release(&resolution);
    if (is_resuming && !performance->is_abandoned)
        return;
    if (!performance->is_abandoned)
        performance->done(performance->owner, &performance->outcome);
    performance_free(performance);
}

static void replay_gate_answered(struct bl_world *world, const struct bl_value *data)
{
    int64_t number = bl_map_int(data, "gate", 0);
    const char *answer = bl_map_text(data, "answer", "");
    struct bl_performance *performance;

    if (number == 0) /* an interruption: no task waits for it */
        return;
    performance = match_gate(world, number);
    if (performance == NULL)
        bl_gate_replay(world->settings.gate, (int)number, data);
    else if (strcmp(answer, "yes") == 0 && performance->inspection.class != BL_CLASS_DESTROY &&
             performance->permit.change_is_allowed != NULL)
        *performance->permit.change_is_allowed = true;
}

/* An entry about an operation: false when nobody waits for it. */
static bool replay_operation(struct bl_world *world, const struct entry *entry)
{
    struct bl_performance *performance = match_entry(world, entry->kind, entry->data);
    const struct bl_value *data = entry->data;

    if (performance == NULL)
        return false;
    if (entry_is(entry, "gate_opened")) {
        performance->gate = bl_map_int(data, "gate", 0);
    } else if (entry_is(entry, "intent")) {
        performance->intent = world->intents = bl_map_int(data, "n", 0);
        performance->record = bl_value_ref(data);
        performance->is_doubtful = true;
    } else if (entry_is(entry, "prepared")) {
        performance_mark(performance, bl_map_get(data, "mark"));
    } else if (entry_is(entry, "outcome")) {
        performance->is_doubtful = false;
        replay_outcome(performance, data, false);
    } else if (entry_is(entry, "resolved")) {
        replay_resolved(performance, data, world->replay->is_resuming);
    } else {
        if (entry_is(entry, "recalled"))
            (void)change_recall(world, data);
        replay_deliver(performance, bl_status_find(bl_map_text(data, "status", "")), data);
    }
    return true;
}

static bool kind_is_operation(const char *kind)
{
    static const char *const kinds[] = {"observe",  "recalled", "intent", "prepared",
                                        "resolved", "outcome",  NULL};

    return kind_is_among(kinds, kind);
}

/* From where the run stopped to where it was taken up again nothing is done again; but changes
 * that were under way have outcomes there. */
static void replay_skip_tail(struct bl_world *world)
{
    struct replay *replay = world->replay;
    const struct entry *entry;

    for (; (entry = replay_next(replay)) != NULL; replay->at++) {
        if (entry_is(entry, "run_resumed"))
            return;
        if (entry_is(entry, "outcome")) {
            struct bl_performance *performance = match_entry(world, entry->kind, entry->data);
            if (performance != NULL) {
                performance->is_doubtful = false;
                replay_outcome(performance, entry->data, true);
            }
        } else if (entry_is(entry, "prepared")) {
            struct bl_performance *performance = match_entry(world, entry->kind, entry->data);
            if (performance != NULL)
                performance_mark(performance, bl_map_get(entry->data, "mark"));
        } else if (entry_is(entry, "gate_opened")) {
            bl_gate_set_count(world->settings.gate, (int)bl_map_int(entry->data, "gate", 0));
        }
    }
}

static void replay_end(struct replay *replay, bool has_ended, enum bl_replay_next *next)
{
    replay->has_ended = has_ended;
    replay->is_over = true;
    *next = BL_REPLAY_OVER;
}

/* A mark in the journal, or its end: what the caller has to do there; else that a task runs. */
static void replay_mark(struct bl_world *world, enum bl_replay_next *next)
{
    struct replay *replay = world->replay;
    const struct entry *entry = replay_next(replay);

    *next = BL_REPLAY_TASK;
    if (entry_is(entry, "run_stopped") || entry_is(entry, "run_ended")) {
        bool has_ended = entry_is(entry, "run_ended");
        replay_skip_tail(world);
        entry = replay_next(replay);
        if (entry == NULL)
            replay_end(replay, has_ended, next);
    } else if (entry == NULL) {
        replay_end(replay, false, next);
    }
    if (entry_is(entry, "run_resumed")) {
        replay->at++;
        replay->is_resuming = !bl_map_bool(entry->data, "undo", false);
        if (!replay->is_resuming)
            *next = BL_REPLAY_UNDO;
    } else if (entry_is(entry, "steps_again")) {
        replay->at++;
        replay->is_resuming = false;
        *next = BL_REPLAY_AGAIN;
    }
}

/* A gate that the engine opened: true when it is accounted for. */
static bool replay_engine_gate(struct bl_world *world, const struct entry *entry, bool is_taken)
{
    bl_gate_set_count(world->settings.gate, (int)bl_map_int(entry->data, "gate", 0));
    if (!is_taken && bl_map_bool(entry->data, "again", false))
        bl_gate_renumber(world->settings.gate, entry->data);
    return is_taken || strcmp(bl_map_text(entry->data, "kind", ""), "operation") != 0;
}

/* Takes one entry that tasks go on after, or that is about an operation. False: it is what a
 * task says, or it belongs to a later moment. */
static bool replay_take(struct bl_world *world, const struct entry *entry)
{
    struct replay *replay = world->replay;
    int64_t turn = bl_map_int(entry->data, "turn", -1);
    bool is_taken = true;

    if (turn > world->turns)
        return false;
    if (turn >= 0)
        world->since = bl_map_int(entry->data, "since", world->since);
    if (entry_is(entry, "observe") && bl_map_bool(entry->data, "abandoned", false))
        is_taken = true; /* nobody waited for it any more */
    else if (kind_is_operation(entry->kind) || entry_is_engine_gate(entry))
        is_taken = replay_operation(world, entry);
    else if (entry_is(entry, "gate_answered"))
        replay_gate_answered(world, entry->data);
    else if (entry_is(entry, "woke"))
        is_taken = pause_end(world, bl_map_int(entry->data, "n", 0));
    else if (!kind_is_aside(entry->kind))
        return false;
    if (entry_is_engine_gate(entry))
        is_taken = replay_engine_gate(world, entry, is_taken);
    if (is_taken)
        replay->at++;
    return is_taken;
}

static void search_oldest(struct bl_performance *performance, void *arg)
{
    struct bl_performance **oldest = arg;

    if (*oldest == NULL && !performance->is_abandoned)
        *oldest = performance;
}

/* Nobody has anything to go on with, and the next entry is for nobody. */
static void replay_stuck(struct bl_world *world)
{
    struct bl_performance *waits = NULL;

    performance_each(world, search_oldest, &waits);
    if (waits != NULL)
        replay_differs(world->replay, "%s:%d: the body asks for %.120s", waits->call->file,
                       waits->call->line, waits->inspection.summary);
    else
        replay_differs(world->replay, "the body asks for nothing more");
}

enum bl_code bl_world_replay_turn(struct bl_world *world, bool is_ready,
                                  enum bl_replay_next *next, struct bl_error *err)
{
    struct replay *replay = world->replay;
    const struct entry *entry;

    while (replay->error.code == BL_OK) {
        size_t at = replay->at;
        replay_mark(world, next);
        if (*next != BL_REPLAY_TASK)
            return BL_OK;
        entry = replay_next(replay);
        if (replay->at != at || entry == NULL)
            continue;
        if (replay_take(world, entry))
            is_ready = true; /* somebody has something to go on with, or is held */
        else if (is_ready)
            return BL_OK;
        else
            replay_stuck(world);
    }
    *err = replay->error;
    return err->code;
}
