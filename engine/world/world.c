/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* world.c: the state of a run towards the outside, and its turn: flush, send, wait, flush,
 * return. */
#include "base/prefix.h"

#include "world/private.h"

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

    bl_map_set(record, "n", bl_value_int(performance->intent));
    bl_map_set(record, "mark", take_mark);
    bl_map_set(performance->intended, "mark", bl_value_ref(take_mark));
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

struct bl_world *bl_world_new(const struct bl_world_settings *settings)
{
    struct bl_world *world = bl_alloc(sizeof(*world));

    world->settings = *settings;
    world->settings.environment = bl_value_ref(settings->environment);
    world->to_send.end = &world->to_send.first;
    world->to_return.end = &world->to_return.first;
    world->to_ask.end = &world->to_ask.first;
    world->prepared_end = &world->prepared;
    world->patience_ms = WORLD_PATIENCE_MS;
    bl_loop_on_prepared(settings->loop, world_prepared);
    return world;
}

/* Lets what is under way settle, so that the journal says what became of it. */
void bl_world_settle(struct bl_world *world)
{
    struct bl_error err;

    for (struct bl_performance *at = world->all; at != NULL; at = at->all_next)
        bl_performance_abandon(at);
    while (bl_world_is_busy(world)) {
        if (bl_world_turn(world, bl_loop_is_busy(world->settings.loop), &err) != BL_OK)
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

void bl_world_emit(struct bl_world *world, const char *kind, struct bl_value *take_data)
{
    if (world->settings.gate != NULL)
        bl_gate_hear(world->settings.gate, kind, take_data);
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

enum bl_code bl_world_turn(struct bl_world *world, bool wait, struct bl_error *err)
{
    struct bl_performance *performance;
    enum bl_code code = world_flush(world, err);

    if (code != BL_OK)
        return code;
    while ((performance = performance_queue_take(&world->to_send)) != NULL)
        performance_send(performance);
    if (world->settings.gate != NULL)
        bl_gate_turn(world->settings.gate);
    bl_loop_turn(world->settings.loop, wait && world->to_return.first == NULL);
    code = world_flush(world, err);
    if (code != BL_OK)
        return code;
    world_go_on(world);
    world_return(world);
    return BL_OK;
}

struct bl_pause {
    uv_timer_t timer;
    void (*done)(void *owner);
    void *owner;
};

static void pause_closed(uv_handle_t *handle)
{
    bl_free(handle->data);
}

void bl_pause_cancel(struct bl_pause *pause)
{
    uv_close((uv_handle_t *)&pause->timer, pause_closed);
}

static void pause_over(uv_timer_t *timer)
{
    struct bl_pause *pause = timer->data;

    pause->done(pause->owner);
    bl_pause_cancel(pause);
}

struct bl_pause *bl_pause_start(struct bl_world *world, int64_t millis,
                                void (*done)(void *owner), void *owner)
{
    struct bl_pause *pause = bl_alloc(sizeof(*pause));
    uv_loop_t *uv = bl_loop_uv(world->settings.loop);

    pause->done = done;
    pause->owner = owner;
    uv_update_time(uv);
    uv_timer_init(uv, &pause->timer);
    pause->timer.data = pause;
    uv_timer_start(&pause->timer, pause_over, (uint64_t)millis, 0);
    return pause;
}
