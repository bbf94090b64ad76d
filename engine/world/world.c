/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* world.c: the state of a run towards the outside, and its turn: flush, send, wait, flush,
 * return. */
#include "base/prefix.h"

#include "world/private.h"

#include "base/json.h"
#include "world/environment.h"

const char *bl_world_name(enum bl_world_kind kind)
{
    static const char *const names[] = {"live", "dry", "explore"};

    return names[kind];
}

void performance_queue_add(struct performance_queue *queue, struct bl_performance *performance)
{
    performance->next = NULL;
    *queue->end = performance;
    queue->end = &performance->next;
}

struct bl_performance *performance_queue_take(struct performance_queue *queue)
{
    struct bl_performance *performance = queue->first;

    if (performance != NULL) {
        queue->first = performance->next;
        if (queue->first == NULL)
            queue->end = &queue->first;
    }
    return performance;
}

/* What is known of a change before it becomes real is on disk before it does. */
static void world_prepared(struct bl_op *op, void *owner, struct bl_value *take_mark)
{
    struct bl_performance *performance = owner;
    struct bl_world *world = performance->world;
    struct bl_value *record = bl_map_new();

    performance_mark(performance, take_mark);
    bl_map_set(record, "n", bl_value_int(performance->intent));
    bl_map_set(record, "mark", take_mark);
    bl_world_emit(world, "prepared", record);
    op->next_prepared = NULL;
    *world->prepared_end = bl_op_ref(op);
    world->prepared_end = &op->next_prepared;
}

static struct bl_op *world_take_prepared(struct bl_world *world)
{
    struct bl_op *op = world->prepared;

    if (op != NULL) {
        world->prepared = op->next_prepared;
        if (world->prepared == NULL)
            world->prepared_end = &world->prepared;
    }
    return op;
}

static void world_go_on(struct bl_world *world)
{
    struct bl_op *op;

    while ((op = world_take_prepared(world)) != NULL) {
        bl_op_go_on(op);
        bl_op_unref(op);
    }
}

static void world_stamp_answer(void *arg, struct bl_value *record)
{
    bl_world_stamp(arg, record);
}

struct bl_world *bl_world_new(const struct bl_world_settings *settings)
{
    struct bl_world *world = bl_alloc(sizeof(*world));

    world->settings = *settings;
    world->settings.environment = bl_value_ref(settings->environment);
    world->to_send.end = &world->to_send.first;
    world->to_return.end = &world->to_return.first;
    world->to_ask.end = &world->to_ask.first;
    world->to_settle.end = &world->to_settle.first;
    world->to_permit.end = &world->to_permit.first;
    world->born = bl_clock_steady();
    world->prepared_end = &world->prepared;
    world->patience_ms = WORLD_PATIENCE_MS;
    bl_loop_on_prepared(settings->loop, world_prepared);
    if (settings->gate != NULL)
        bl_gate_on_answer(settings->gate, world_stamp_answer, world);
    return world;
}

void performance_each(struct bl_world *world,
                      void (*fn)(struct bl_performance *performance, void *arg), void *arg)
{
    struct bl_performance *at = world->all, *before;

    while (at != NULL && at->all_next != NULL)
        at = at->all_next;
    for (; at != NULL; at = before) {
        before = at->all_prev;
        fn(at, arg);
    }
}

static void world_abandon(struct bl_performance *performance, void *arg)
{
    (void)arg;
    bl_performance_abandon(performance);
}

/* Lets what is under way settle, so that the journal says what became of it. */
void bl_world_settle(struct bl_world *world)
{
    struct bl_error err;

    world->is_settling = true;
    performance_each(world, world_abandon, NULL);
    world->is_draining = world->is_held = false; /* what was not sent is dropped */
    while (bl_world_is_busy(world)) {
        if (bl_world_turn(world, bl_loop_is_busy(world->settings.loop), &err) == BL_OK)
            continue;
        bl_loop_turn(world->settings.loop, false); /* all were cancelled: they let go here */
        break;
    }
    while (world->all != NULL)
        performance_free(world->all);
    for (struct bl_op *op; (op = world_take_prepared(world)) != NULL;)
        bl_op_unref(op);
}

void bl_world_free(struct bl_world *world)
{
    if (world == NULL)
        return;
    bl_world_settle(world);
    for (size_t i = 0; i < world->connection_count; i++) {
        bl_connection_close(world->connections[i]);
        bl_connection_unref(world->connections[i]);
    }
    bl_free(world->connections);
    while (world->pauses != NULL)
        bl_pause_cancel(world->pauses);
    replay_free(world);
    done_release(world);
    bl_value_unref((struct bl_value *)(uintptr_t)world->settings.environment);
    bl_free(world);
}

enum bl_world_kind bl_world_kind_of(const struct bl_world *world)
{
    return world->settings.kind;
}

struct bl_gate *bl_world_gate(const struct bl_world *world)
{
    return world->settings.gate;
}

const struct bl_value *bl_world_environment(const struct bl_world *world)
{
    return world->settings.environment;
}

const struct bl_world_counts *bl_world_counts_of(const struct bl_world *world)
{
    return &world->counts;
}

int bl_world_assumed(const struct bl_world *world)
{
    return world->first_planned;
}

struct bl_value *world_journal_form(const struct bl_world *world, const struct bl_value *data)
{
    struct bl_value *masked = bl_redact_value(bl_loop_redactor(world->settings.loop), data);
    struct bl_value *form = NULL;
    struct bl_error err;
    struct bl_buf text;

    bl_buf_init(&text, 0);
    bl_json_write(&text, masked, BL_JSON_CANONICAL);
    if (bl_json_parse(bl_buf_text(&text), text.len, true, &form, &err) != BL_OK)
        BL_BUG("an event cannot be read back: %s", err.message);
    bl_buf_release(&text);
    bl_value_unref(masked);
    return form;
}

void bl_world_count_turn(struct bl_world *world)
{
    if (world != NULL)
        world->turns++;
}

int64_t bl_world_since(const struct bl_world *world)
{
    return world->since;
}

void bl_world_stamp(struct bl_world *world, struct bl_value *record)
{
    bl_map_set(record, "turn", bl_value_int(world->turns));
    bl_map_set(record, "since", bl_value_int(world->since));
}

bool bl_world_is_durable(const struct bl_world *world)
{
    return world->settings.kind == BL_WORLD_LIVE && world->settings.journal != NULL;
}

void bl_world_wake(struct bl_world *world)
{
    bl_loop_wake(world->settings.loop);
}

void bl_world_emit(struct bl_world *world, const char *kind, struct bl_value *take_data)
{
    if (world->settings.gate != NULL)
        bl_gate_hear(world->settings.gate, kind, take_data);
    if (bl_world_is_replaying(world)) {
        replay_said(world, kind, take_data);
        bl_value_unref(take_data);
        return;
    }
    if (world->settings.journal != NULL) {
        bl_journal_append(world->settings.journal, kind, take_data);
        return;
    }
    if (world->settings.on_event != NULL)
        world->settings.on_event(world->settings.on_event_arg, kind, take_data);
    bl_value_unref(take_data);
}

struct bl_connection *world_connection(struct bl_world *world, const struct bl_call *call)
{
    const char *name = strchr(call->target, '.');
    struct bl_connection *connection;

    if (call->module->settings == NULL || name == NULL)
        return NULL;
    name++;
    for (size_t i = 0; i < world->connection_count; i++) {
        connection = world->connections[i];
        if (connection->module == call->module && strcmp(connection->name, name) == 0)
            return connection;
    }
    world->connections = bl_realloc(world->connections, (world->connection_count + 1) *
                                                            sizeof(struct bl_connection *));
    connection = bl_connection_new(world->settings.loop, call->module, name, call->settings);
    world->connections[world->connection_count++] = connection;
    return connection;
}

bool bl_world_is_busy(const struct bl_world *world)
{
    return world->all != NULL;
}

static enum bl_code world_flush(struct bl_world *world, struct bl_error *err)
{
    return world->settings.journal == NULL ? BL_OK
                                           : bl_journal_flush(world->settings.journal, err);
}

static void world_return(struct bl_world *world)
{
    struct performance_queue settled = world->to_return;
    struct bl_performance *performance;

    if (settled.first == NULL)
        return;
    world->to_return.first = NULL; /* what the owners start now belongs to the next turn */
    world->to_return.end = &world->to_return.first;
    while ((performance = settled.first) != NULL) {
        settled.first = performance->next;
        if (!performance->is_abandoned)
            performance->done(performance->owner, &performance->outcome);
        performance_free(performance);
    }
}

/* The tasks' clock goes on between the turns only, so that a replay can set it. */
static void world_tick(struct bl_world *world)
{
    world->since = world->base + bl_clock_steady() - world->born;
}

/* Those that waited for what became of the same change; some wait on. */
static void world_permit(struct bl_world *world)
{
    struct performance_queue waiting = world->to_permit;
    struct bl_performance *performance;

    if (waiting.first == NULL)
        return;
    world->to_permit.first = NULL;
    world->to_permit.end = &world->to_permit.first;
    while ((performance = performance_queue_take(&waiting)) != NULL) {
        if (performance->is_abandoned)
            performance_drop(performance);
        else
            performance_permit(performance);
    }
}

enum bl_code bl_world_turn(struct bl_world *world, bool wait, struct bl_error *err)
{
    struct bl_performance *performance;
    enum bl_code code = world_flush(world, err);

    if (code != BL_OK)
        return code;
    while (!world->is_draining && !world->is_held &&
           (performance = performance_queue_take(&world->to_send)) != NULL)
        performance_send(performance);
    world_tick(world);
    if (world->settings.gate != NULL && !world->is_draining)
        bl_gate_turn(world->settings.gate);
    bl_loop_turn(world->settings.loop,
                 wait && world->to_return.first == NULL && world->to_settle.first == NULL);
    world_tick(world);
    while ((performance = performance_queue_take(&world->to_settle)) != NULL)
        performance_tell_end(performance);
    world_permit(world);
    code = world_flush(world, err);
    if (code != BL_OK)
        return code;
    world_go_on(world);
    world_return(world);
    return BL_OK;
}

void bl_world_drain(struct bl_world *world)
{
    world->is_draining = true;
}

void bl_world_hold(struct bl_world *world, bool is_held)
{
    world->is_held = is_held;
}

bool bl_world_has_sent(const struct bl_world *world)
{
    for (const struct bl_performance *at = world->all; at != NULL; at = at->all_next) {
        if (at->op != NULL && at->intent != 0 && at->doubt == NULL)
            return true;
    }
    return false;
}

struct bl_pause {
    uv_timer_t timer;
    struct bl_world *world;
    struct bl_pause *next, *prev;
    int64_t number, millis;
    bool is_waiting; /* of a replay: the journal says when it ends */
    void (*done)(void *owner);
    void *owner;
};

static void pause_closed(uv_handle_t *handle)
{
    bl_free(handle->data);
}

void bl_pause_cancel(struct bl_pause *pause)
{
    if (pause->prev != NULL)
        pause->prev->next = pause->next;
    else
        pause->world->pauses = pause->next;
    if (pause->next != NULL)
        pause->next->prev = pause->prev;
    uv_close((uv_handle_t *)&pause->timer, pause_closed);
}

static void pause_over(uv_timer_t *timer)
{
    struct bl_pause *pause = timer->data;
    struct bl_world *world = pause->world;
    struct bl_value *record = bl_map_new();

    world_tick(world);
    bl_map_set(record, "n", bl_value_int(pause->number));
    bl_world_stamp(world, record);
    bl_world_emit(world, "woke", record);
    pause->done(pause->owner);
    bl_pause_cancel(pause);
}

void pause_go(struct bl_pause *pause)
{
    if (!pause->is_waiting)
        return;
    pause->is_waiting = false;
    uv_update_time(bl_loop_uv(pause->world->settings.loop));
    uv_timer_start(&pause->timer, pause_over, (uint64_t)pause->millis, 0);
}

struct bl_pause *pause_next(const struct bl_pause *pause)
{
    return pause->next;
}

bool pause_end(struct bl_world *world, int64_t number)
{
    for (struct bl_pause *pause = world->pauses; pause != NULL; pause = pause->next) {
        if (pause->number == number) {
            pause->done(pause->owner);
            bl_pause_cancel(pause);
            return true;
        }
    }
    return false;
}

struct bl_pause *bl_pause_start(struct bl_world *world, int64_t millis,
                                void (*done)(void *owner), void *owner)
{
    struct bl_pause *pause = bl_alloc(sizeof(*pause));

    pause->world = world;
    pause->number = ++world->pause_count;
    pause->millis = millis;
    pause->done = done;
    pause->owner = owner;
    pause->next = world->pauses;
    if (world->pauses != NULL)
        world->pauses->prev = pause;
    world->pauses = pause;
    uv_timer_init(bl_loop_uv(world->settings.loop), &pause->timer);
    pause->timer.data = pause;
    pause->is_waiting = true;
    if (!bl_world_is_replaying(world))
        pause_go(pause);
    return pause;
}
