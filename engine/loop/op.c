/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* op.c: one operation under way, from start to the last reference. */
#include "loop/op.h"

#include "base/text.h"
#include "loop/private.h"

struct bl_connection *bl_connection_new(struct bl_loop *loop, const struct bl_module *module,
                                        const char *name, const struct bl_value *settings)
{
    struct bl_connection *connection = bl_alloc(sizeof(*connection));

    connection->loop = loop;
    connection->module = module;
    connection->name = bl_strdup(name);
    connection->settings = bl_value_ref(settings);
    connection->refs = 1;
    return connection;
}

struct bl_connection *bl_connection_ref(struct bl_connection *connection)
{
    if (connection != NULL)
        connection->refs++;
    return connection;
}

void bl_connection_unref(struct bl_connection *connection)
{
    if (connection == NULL || --connection->refs > 0)
        return;
    bl_value_unref((struct bl_value *)(uintptr_t)connection->settings);
    bl_free(connection->name);
    bl_free(connection);
}

static enum bl_code loop_need(const struct bl_loop *loop, const struct bl_value *tree,
                              struct bl_error *err)
{
    return loop->keeper.need == NULL ? BL_OK : loop->keeper.need(loop->keeper.arg, tree, err);
}

void bl_connection_open(struct bl_connection *connection)
{
    struct bl_error err;

    if (connection == NULL || connection->is_open)
        return;
    if (loop_need(connection->loop, connection->settings, &err) != BL_OK)
        return; /* the operation that needs it says so */
    connection->is_open = true;
    if (connection->module->open != NULL)
        connection->module->open(connection);
}

void bl_connection_close(struct bl_connection *connection)
{
    if (connection == NULL || !connection->is_open)
        return;
    connection->is_open = false;
    if (connection->module->close != NULL)
        connection->module->close(connection);
    connection->state = NULL;
}

struct bl_op *bl_op_ref(struct bl_op *op)
{
    op->refs++;
    return op;
}

void bl_op_unref(struct bl_op *op)
{
    if (op == NULL || --op->refs > 0)
        return;
    bl_outcome_release(&op->outcome);
    bl_value_unref(op->mark);
    bl_connection_unref(op->connection);
    bl_call_free(op->call);
    bl_free(op);
}

uv_loop_t *bl_op_loop(struct bl_op *op)
{
    return &op->loop->uv;
}

void *bl_op_state(struct bl_op *op)
{
    return op->connection == NULL ? NULL : op->connection->state;
}

bool bl_op_is_settled(const struct bl_op *op)
{
    return op->is_settled;
}

void bl_op_stage(struct bl_op *op, const char *format, ...)
{
    va_list args;

    int len;

    va_start(args, format);
    len = vsnprintf(op->stage, sizeof(op->stage), format, args);
    va_end(args);
    bl_redact_line(op->loop->keeper.redactor, op->stage, sizeof(op->stage),
                   len >= (int)sizeof(op->stage));
}

const struct bl_redactor *bl_op_redactor(const struct bl_op *op)
{
    return op->loop->keeper.redactor;
}

void bl_op_sent(struct bl_op *op)
{
    op->is_sent = true;
}

void bl_op_prepared(struct bl_op *op, struct bl_value *take_mark,
                    void (*go_on)(struct bl_op *op))
{
    if (op->go_on != NULL)
        BL_BUG("an operation is prepared twice");
    op->mark = take_mark;
    op->go_on = go_on;
    op->next_prepared = NULL;
    *op->loop->prepared_end = bl_op_ref(op);
    op->loop->prepared_end = &op->next_prepared;
    bl_loop_wake(op->loop);
}

void bl_op_go_on(struct bl_op *op)
{
    if (!op->is_settled)
        op->go_on(op);
}

void bl_loop_on_prepared(struct bl_loop *loop,
                         void (*on_prepared)(struct bl_op *op, void *owner,
                                             struct bl_value *take_mark))
{
    loop->on_prepared = on_prepared;
}

void bl_op_output(struct bl_op *op, const char *stream, const char *data, size_t len)
{
    if (op->loop->on_output != NULL && !op->is_settled && len > 0)
        op->loop->on_output(op, stream, data, len);
}

void bl_loop_on_output(struct bl_loop *loop,
                       void (*on_output)(struct bl_op *op, const char *stream, const char *data,
                                         size_t len))
{
    loop->on_output = on_output;
}

/* What an operation failed with holds no secret. Its answer is masked by whoever hands it out:
 * a guard judges by what the server really said. */
static void op_mask(const struct bl_redactor *redactor, struct bl_outcome *outcome)
{
    char *message = outcome->error.message, *cause = outcome->error.cause;
    size_t room = sizeof(outcome->error.message), cause_room = sizeof(outcome->error.cause);

    if (redactor == NULL)
        return;
    bl_redact_line(redactor, message, room, strlen(message) + 1 >= room);
    bl_redact_line(redactor, cause, cause_room, strlen(cause) + 1 >= cause_room);
}

const struct bl_redactor *bl_loop_redactor(const struct bl_loop *loop)
{
    return loop->keeper.redactor;
}

void bl_loop_keep_secrets(struct bl_loop *loop, const struct bl_loop_keeper *keeper)
{
    loop->keeper = *keeper;
}

/* Marks it settled and puts it in line; nothing else happens inside a callback. */
static void op_settle(struct bl_op *op, enum bl_status status)
{
    op_mask(op->loop->keeper.redactor, &op->outcome);
    op->outcome.status = status;
    op->is_settled = true;
    op->next_ready = NULL;
    *op->loop->ready_end = op;
    op->loop->ready_end = &op->next_ready;
    bl_loop_wake(op->loop);
}

void bl_op_answer(struct bl_op *op, struct bl_value *take_value)
{
    if (op->is_settled) {
        bl_value_unref(take_value);
        return;
    }
    op->outcome.value = take_value;
    op_settle(op, BL_ANSWERED);
}

void bl_op_fail_error(struct bl_op *op, const struct bl_error *err)
{
    if (op->is_settled)
        return;
    op->outcome.error = *err;
    op_settle(op, BL_FAILED);
}

void bl_op_fail(struct bl_op *op, enum bl_code code, const char *format, ...)
{
    va_list args;

    if (op->is_settled)
        return;
    va_start(args, format);
    bl_failv(&op->outcome.error, code, format, args);
    va_end(args);
    op_settle(op, BL_FAILED);
}

void bl_op_refuse(struct bl_op *op, const char *format, ...)
{
    va_list args;

    if (op->is_settled)
        return;
    va_start(args, format);
    bl_failv(&op->outcome.error, BL_E_GUARD, format, args);
    va_end(args);
    op_settle(op, BL_REFUSED);
}

static enum bl_status op_lost_status(const struct bl_op *op)
{
    return op->is_sent && op->class != BL_CLASS_OBSERVE ? BL_UNKNOWN : BL_FAILED;
}

void bl_op_lost(struct bl_op *op, enum bl_code code, const char *format, ...)
{
    va_list args;

    if (op->is_settled)
        return;
    va_start(args, format);
    bl_failv(&op->outcome.error, code, format, args);
    va_end(args);
    op_settle(op, op_lost_status(op));
}

static void op_timed_out(uv_timer_t *timer)
{
    struct bl_op *op = timer->data;
    char span[40];

    bl_format_duration(span, sizeof(span), op->call->timeout_ms);
    bl_op_lost(op, BL_E_TIMEOUT, "%s %s: timed out after %s%s%s", op->call->target,
               op->call->operation->name, span, op->stage[0] != '\0' ? " while " : "",
               op->stage);
}

void bl_op_extend(struct bl_op *op, int64_t millis)
{
    int64_t gone = bl_clock_steady() - op->started;

    if (op->is_settled || bl_map_get(op->call->args, "timeout") != NULL ||
        gone + millis <= op->call->timeout_ms)
        return;
    op->call->timeout_ms = gone + millis;
    uv_timer_start(&op->deadline, op_timed_out, (uint64_t)millis, 0);
}

void bl_op_cancel(struct bl_op *op, const char *why)
{
    bl_op_lost(op, BL_E_CANCELLED, "%s %s: cancelled: %s", op->call->target,
               op->call->operation->name, why);
}

/* Its secrets are there before it starts. */
static void op_begin(struct bl_op *op)
{
    const struct bl_value *settings =
        op->connection != NULL ? op->connection->settings : op->call->settings;
    struct bl_error err;

    if (loop_need(op->loop, settings, &err) != BL_OK ||
        loop_need(op->loop, op->call->args, &err) != BL_OK) {
        bl_op_fail(op, err.code, "%s: %s", op->call->target, err.message);
        return;
    }
    bl_connection_open(op->connection);
    op->is_started = true;
    op->call->operation->start(op, op->call);
}

struct bl_op *bl_op_start(struct bl_loop *loop, struct bl_call *take_call, enum bl_class class,
                          struct bl_connection *connection,
                          void (*on_settled)(struct bl_op *op, void *owner), void *owner)
{
    const struct bl_operation *operation = take_call->operation;
    size_t size =
        operation->size > sizeof(struct bl_op) ? operation->size : sizeof(struct bl_op);
    struct bl_op *op = bl_alloc(size);

    op->loop = loop;
    op->call = take_call;
    op->class = class;
    op->connection = bl_connection_ref(connection);
    op->on_settled = on_settled;
    op->owner = owner;
    op->refs = 2; /* ours until drained, the deadline's until closed */
    op->started = bl_clock_steady();
    op->next = loop->live;
    if (loop->live != NULL)
        loop->live->prev = op;
    loop->live = op;
    uv_update_time(&loop->uv);
    uv_timer_init(&loop->uv, &op->deadline);
    op->deadline.data = op;
    uv_timer_start(&op->deadline, op_timed_out, (uint64_t)take_call->timeout_ms, 0);
    op_begin(op);
    return op;
}

static void op_deadline_closed(uv_handle_t *handle)
{
    bl_op_unref(handle->data);
}

static void op_unlink(struct bl_op *op)
{
    if (op->prev != NULL)
        op->prev->next = op->next;
    else
        op->loop->live = op->next;
    if (op->next != NULL)
        op->next->prev = op->prev;
}

/* What was prepared and settled in one turn is not carried on: its end counts. */
static void op_drain_prepared(struct bl_loop *loop)
{
    struct bl_value *mark;
    struct bl_op *op;

    while ((op = loop->prepared) != NULL) {
        loop->prepared = op->next_prepared;
        if (loop->prepared == NULL)
            loop->prepared_end = &loop->prepared;
        mark = op->mark;
        op->mark = NULL;
        if (op->is_settled || loop->on_prepared == NULL) {
            bl_value_unref(mark);
            bl_op_go_on(op);
        } else {
            loop->on_prepared(op, op->owner, mark);
        }
        bl_op_unref(op);
    }
}

void bl_loop_drain(struct bl_loop *loop)
{
    struct bl_op *op;

    op_drain_prepared(loop);
    while ((op = loop->ready) != NULL) {
        loop->ready = op->next_ready;
        if (loop->ready == NULL)
            loop->ready_end = &loop->ready;
        op_unlink(op);
        uv_close((uv_handle_t *)&op->deadline, op_deadline_closed);
        if (op->is_started && op->call->operation->release != NULL)
            op->call->operation->release(op);
        op->on_settled(op, op->owner);
        bl_op_unref(op);
    }
}

struct bl_op *bl_loop_oldest(struct bl_loop *loop)
{
    struct bl_op *oldest = loop->live;

    while (oldest != NULL && oldest->next != NULL)
        oldest = oldest->next;
    return oldest;
}
