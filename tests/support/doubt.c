/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* doubt.c: changes that are cut off at a chosen moment, and what is found out about them
 * afterwards. */
#include "base/prefix.h"

#include "support/doubt.h"

#include "support/scratch.h"
#include "world/private.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

/* What a process has on its way out. */
struct doubt_run {
    struct bl_clock clock;
    struct bl_loop *loop;
    struct bl_journal *journal;
    struct bl_world *world;
    struct bl_value *environment;
    const struct doubt_change *change;
    enum doubt_phase phase;
    bool is_done, is_dying;
    enum bl_status status;
    uv_timer_t timer;
};

static struct bl_value *doubt_json(const char *text)
{
    struct bl_value *value = NULL;
    struct bl_error err;

    if (bl_json_parse(text, strlen(text), true, &value, &err) != BL_OK)
        BL_BUG("test: %s in %s", err.message, text);
    return value;
}

static struct bl_call *doubt_call(const struct doubt_change *change)
{
    const struct bl_module *module = bl_module_find(change->module);
    const struct bl_operation *operation = bl_operation_find(module, change->operation);
    struct bl_value *given = doubt_json(change->args), *bound = NULL, *settings = NULL;
    struct bl_error err;
    struct bl_call *call;
    char target[64];

    if (bl_args_bind(operation->args, true, given, &bound, &err) != BL_OK)
        BL_BUG("test: %s", err.message);
    bl_value_unref(given);
    snprintf(target, sizeof(target), "%s%s", change->module,
             change->settings != NULL ? ".test" : "");
    call = bl_call_new(module, operation, target, bound);
    bl_value_unref(bound);
    if (change->settings != NULL) {
        given = doubt_json(change->settings);
        if (bl_args_check_map(module->settings, "setting", given, &settings, &err) != BL_OK)
            BL_BUG("test: %s", err.message);
        call->settings = settings;
        bl_value_unref(given);
    }
    bl_call_bounds(call);
    if (change->id != NULL)
        bl_call_set_id(call, change->id);
    return call;
}

static void doubt_world(struct doubt_run *run)
{
    struct bl_world_settings settings = {.kind = BL_WORLD_LIVE};

    run->loop = bl_loop_new(&run->clock);
    run->environment = doubt_json("{\"policy\": {\"change\": \"free\"}}");
    settings.loop = run->loop;
    settings.journal = run->journal;
    settings.environment = run->environment;
    run->world = bl_world_new(&settings);
}

static void doubt_world_free(struct doubt_run *run)
{
    bl_world_free(run->world);
    bl_value_unref(run->environment);
    bl_loop_free(run->loop);
}

static void doubt_die(const struct doubt_run *run)
{
    (void)run;
    raise(SIGKILL);
}

/* Called for what is on disk. */
static void doubt_heard(void *arg, const struct bl_event *event)
{
    const struct doubt_run *run = arg;

    if ((run->phase == DOUBT_INTENT && strcmp(event->kind, "intent") == 0) ||
        (run->phase == DOUBT_PREPARED && strcmp(event->kind, "prepared") == 0))
        doubt_die(run);
    if (run->phase == DOUBT_FULL && strcmp(event->kind, "intent") == 0) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0});
    }
}

static void doubt_over(uv_timer_t *timer)
{
    doubt_die(timer->data);
}

static void doubt_cut(uv_timer_t *timer)
{
    const struct doubt_run *run = timer->data;

    kill(run->change->cut, SIGKILL);
}

static void doubt_timer(struct doubt_run *run, uv_timer_cb over)
{
    uv_timer_init(bl_loop_uv(run->loop), &run->timer);
    run->timer.data = run;
    uv_timer_start(&run->timer, over, run->change->later_ms, 0);
}

static void doubt_settled(struct bl_op *op, void *owner)
{
    const struct bl_performance *performance = owner;

    (void)op;
    doubt_die(performance->owner);
}

static bool doubt_is_there(const struct doubt_run *run, const struct bl_op *op)
{
    switch (run->phase) {
    case DOUBT_STAGE:
        return strstr(op->stage, run->change->stage) != NULL;
    case DOUBT_SENT:
        return op->is_sent;
    case DOUBT_SETTLED:
        return true; /* from now on it may be killed as soon as it settles */
    case DOUBT_UNKNOWN:
        return op->is_sent && run->change->cut > 0;
    default:
        return false;
    }
}

/* Before the loop waits, and after. */
static void doubt_look(struct doubt_run *run)
{
    const struct bl_performance *performance = run->world->all;
    struct bl_op *op = performance != NULL ? performance->op : NULL;

    if (op == NULL || performance->intent == 0 || run->is_dying || !doubt_is_there(run, op))
        return;
    run->is_dying = true;
    if (run->phase == DOUBT_UNKNOWN) {
        doubt_timer(run, doubt_cut);
        return;
    }
    op->on_settled = doubt_settled; /* then at the latest */
    if (run->phase != DOUBT_SETTLED && run->change->later_ms == 0)
        doubt_die(run);
    if (run->phase != DOUBT_SETTLED)
        doubt_timer(run, doubt_over);
}

static void doubt_prepare(uv_prepare_t *handle)
{
    doubt_look(handle->data);
}

static void doubt_check_loop(uv_check_t *handle)
{
    doubt_look(handle->data);
}

static void doubt_done(void *owner, const struct bl_outcome *outcome)
{
    struct doubt_run *run = owner;

    if (outcome->status != BL_ANSWERED && run->phase != DOUBT_UNKNOWN)
        print_error("%s: %s\n", bl_status_name(outcome->status), outcome->error.message);
    run->is_done = true;
    run->status = outcome->status;
}

static void doubt_child(const char *folder, struct doubt_run *run)
{
    struct bl_value *info = bl_map_new(), *may = bl_map_new();
    struct bl_journal_options options = {.clock = &run->clock, .info = info};
    struct bl_call *call = doubt_call(run->change);
    struct bl_permit permit = {.may = may};
    struct bl_state state;
    struct bl_error err;
    uv_prepare_t prepare;
    uv_check_t check;

    alarm(60);
    options.state = &state;
    if (bl_clock_init(&run->clock, &err) != BL_OK ||
        bl_state_open(folder, true, &state, &err) ||
        bl_journal_create(&options, &run->journal, &err) != BL_OK)
        _exit(9);
    bl_journal_subscribe(run->journal, doubt_heard, run);
    doubt_world(run);
    run->world->patience_ms = 3000;
    uv_prepare_init(bl_loop_uv(run->loop), &prepare);
    uv_check_init(bl_loop_uv(run->loop), &check);
    prepare.data = check.data = run;
    uv_prepare_start(&prepare, doubt_prepare);
    uv_check_start(&check, doubt_check_loop);
    bl_map_set(may, call->target, bl_value_text("destroy"));
    bl_perform(run->world, call, &permit, doubt_done, run);
    while (!run->is_done && bl_world_turn(run->world, true, &err) == BL_OK)
        continue;
    if (run->phase == DOUBT_FULL) {
        uv_close((uv_handle_t *)&prepare, NULL);
        uv_close((uv_handle_t *)&check, NULL);
        doubt_world_free(run);
        _exit(run->is_done ? 8 : 0);
    }
    if (bl_journal_close(run->journal, &err) != BL_OK)
        _exit(7);
    _exit(run->status == BL_ANSWERED || run->phase == DOUBT_UNKNOWN ? 0 : 6);
}

struct doubt_found {
    struct bl_value *intent, *answer, *verdict;
    bool is_settled, is_unknown;
};

static bool doubt_event(void *arg, const struct bl_event *event)
{
    struct doubt_found *found = arg;

    if (strcmp(event->kind, "intent") == 0)
        found->intent = bl_value_ref(event->data);
    if (strcmp(event->kind, "outcome") == 0) {
        found->is_settled = true;
        found->is_unknown = strcmp(bl_map_text(event->data, "status", ""), "unknown") == 0;
        found->answer = bl_value_ref(bl_map_get(event->data, "value"));
    }
    if (strcmp(event->kind, "resolved") == 0)
        found->verdict = bl_value_ref(bl_map_get(event->data, "verdict"));
    return true;
}

static bool doubt_mark(void *arg, const struct bl_event *event)
{
    struct bl_value *intent = arg;

    if (strcmp(event->kind, "prepared") == 0)
        bl_map_set(intent, "mark", bl_value_ref(bl_map_get(event->data, "mark")));
    return true;
}

/* The newest run of the folder. */
static struct bl_value *doubt_read(const char *folder, enum doubt_phase phase)
{
    struct doubt_found found = {.intent = NULL};
    struct bl_value *intent = bl_map_new();
    char id[BL_RUN_TEXT], path[PATH_MAX];
    struct bl_state state;
    struct bl_error err;

    if (bl_state_open(folder, false, &state, &err) != BL_OK ||
        bl_journal_find(&state, "last", id, &err) != BL_OK)
        fail_msg("%s", err.message);
    bl_journal_file(&state, id, path);
    if (bl_journal_read(path, doubt_event, &found, &err) != BL_OK)
        fail_msg("%s", err.message);
    assert_non_null(found.intent);
    assert_int_equal(found.is_settled, phase == DOUBT_NEVER || phase == DOUBT_UNKNOWN);
    for (size_t i = 0; i < bl_value_count(found.intent); i++)
        bl_map_set(intent, bl_map_key(found.intent, i),
                   bl_value_ref(bl_map_at(found.intent, i)));
    bl_value_unref(found.intent);
    assert_int_equal(found.is_unknown, phase == DOUBT_UNKNOWN);
    if (found.answer != NULL)
        bl_map_set(intent, "answer", found.answer);
    if (found.verdict != NULL)
        bl_map_set(intent, "verdict", found.verdict);
    if (bl_journal_read(path, doubt_mark, intent, &err) != BL_OK)
        fail_msg("%s", err.message);
    return intent;
}

struct bl_value *doubt_perform(const char *folder, const struct doubt_change *change,
                               enum doubt_phase phase)
{
    struct doubt_run run = {.change = change, .phase = phase};
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0)
        doubt_child(folder, &run);
    status = scratch_wait(child);
    assert_int_equal(status, phase >= DOUBT_NEVER ? 0 : 128 + SIGKILL);
    return doubt_read(folder, phase);
}

struct bl_value *doubt_intend(const struct doubt_change *change)
{
    struct bl_call *call = doubt_call(change);
    struct bl_value *intent = bl_map_new();
    struct bl_inspection inspection;

    bl_inspection_init(&inspection, call);
    bl_map_set(intent, "id", bl_value_text("belay-test-1"));
    if (inspection.before != NULL)
        bl_map_set(intent, "before", bl_value_ref(inspection.before));
    bl_inspection_release(&inspection);
    bl_call_free(call);
    return intent;
}

static void doubt_told(struct bl_performance *performance,
                       const struct bl_resolution *resolution)
{
    struct bl_resolution *out = performance->owner;

    *out = *resolution;
    out->asking = NULL;
    out->value = bl_value_ref(resolution->value);
}

void doubt_find_out(const struct doubt_change *change, const struct bl_value *intent,
                    int64_t patience_ms, struct bl_resolution *resolution)
{
    struct bl_performance *performance = bl_alloc(sizeof(*performance));
    struct doubt_run run = {.change = change};
    struct bl_error err;

    memset(resolution, 0, sizeof(*resolution));
    doubt_world(&run);
    run.world->patience_ms = patience_ms;
    performance->world = run.world;
    performance->call = doubt_call(change);
    performance->owner = resolution;
    run.world->all = performance;
    bl_inspection_init(&performance->inspection, performance->call);
    performance_find_out(performance, intent, doubt_told);
    while (resolution->how[0] == '\0') {
        if (bl_world_turn(run.world, true, &err) != BL_OK)
            fail_msg("%s", err.message);
    }
    assert_true(bl_loop_longest(run.loop) < 1000000); /* nothing blocks */
    performance_free(performance);
    doubt_world_free(&run);
}

void doubt_check(const char *folder, const struct doubt_change *change, enum doubt_phase phase,
                 enum bl_finding finding, const char *how)
{
    struct bl_value *intent = doubt_perform(folder, change, phase);
    struct bl_resolution resolution;

    doubt_find_out(change, intent, 10000, &resolution);
    if (phase == DOUBT_UNKNOWN)
        assert_string_equal(bl_map_text(intent, "verdict", "?"), bl_finding_name(finding));
    if (resolution.finding != finding || strstr(resolution.how, how) == NULL)
        fail_msg("%s in phase %d: %s: %s, wanted %s: %s", change->args, (int)phase,
                 bl_finding_name(resolution.finding), resolution.how, bl_finding_name(finding),
                 how);
    bl_resolution_release(&resolution);
    bl_value_unref(intent);
}
