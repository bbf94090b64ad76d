/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* op.c: runs operations of a module from a C test, without Lua. */
#include "base/prefix.h"

#include "support/op.h"

struct test_pending {
    struct bl_outcome *outcome;
    bool *is_done;
};

static struct bl_value *test_json(const char *text)
{
    struct bl_value *value = NULL;
    struct bl_error err;

    if (bl_json_parse(text, strlen(text), true, &value, &err) != BL_OK)
        BL_BUG("test: %s in %s", err.message, text);
    return value;
}

void test_run_open(struct test_run *run, const char *module, const char *settings)
{
    const struct bl_module *found = bl_module_find(module);
    struct bl_value *given, *checked = NULL;
    struct bl_error err;

    if (found == NULL)
        BL_BUG("test: no module %s", module);
    run->clock = (struct bl_clock){0};
    run->loop = bl_loop_new(&run->clock);
    if (settings == NULL) {
        run->connection = bl_connection_new(run->loop, found, "test", NULL);
        return;
    }
    given = test_json(settings);
    if (bl_args_check_map(found->settings, "setting", given, &checked, &err) != BL_OK)
        BL_BUG("test: %s", err.message);
    run->connection = bl_connection_new(run->loop, found, "test", checked);
    bl_value_unref(checked);
    bl_value_unref(given);
}

static void test_warm_run(uv_work_t *work)
{
    (void)work;
}

void test_warm_up(void)
{
    uv_work_t work;
    uv_loop_t loop;

    if (uv_loop_init(&loop) != 0 || uv_queue_work(&loop, &work, test_warm_run, NULL) != 0)
        BL_BUG("test: libuv does not start");
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

void test_run_close(struct test_run *run)
{
    if (bl_loop_is_busy(run->loop))
        BL_BUG("test: an operation is left");
    bl_connection_close(run->connection);
    bl_connection_unref(run->connection);
    bl_loop_free(run->loop);
}

static void test_settled(struct bl_op *op, void *owner)
{
    struct test_pending *pending = owner;

    *pending->outcome = op->outcome;
    op->outcome.value = NULL;
    *pending->is_done = true;
    bl_free(pending);
}

struct bl_op *test_op_start(struct test_run *run, const char *operation, const char *args,
                            struct bl_outcome *outcome, bool *is_done)
{
    const struct bl_module *module = run->connection->module;
    const struct bl_operation *found = bl_operation_find(module, operation);
    struct test_pending *pending = bl_alloc(sizeof(*pending));
    struct bl_value *given = test_json(args), *bound = NULL;
    struct bl_inspection inspection;
    struct bl_error err;
    struct bl_call *call;
    char target[64];

    *pending = (struct test_pending){outcome, is_done};
    *is_done = false;
    if (found == NULL || bl_args_bind(found->args, true, given, &bound, &err) != BL_OK)
        BL_BUG("test: %s: %s", operation, found == NULL ? "no such operation" : err.message);
    snprintf(target, sizeof(target), "%s.test", module->name);
    call = bl_call_new(module, found, target, bound);
    call->settings = bl_value_ref(run->connection->settings);
    bl_call_bounds(call);
    bl_value_unref(bound);
    bl_value_unref(given);
    bl_inspection_init(&inspection, call);
    bl_inspection_release(&inspection);
    return bl_op_start(run->loop, call, inspection.class,
                       module->settings != NULL ? run->connection : NULL, test_settled,
                       pending);
}

void test_op_wait(struct test_run *run, const bool *is_done)
{
    while (!*is_done)
        bl_loop_turn(run->loop, true);
}

struct bl_outcome test_op(struct test_run *run, const char *operation, const char *args)
{
    struct bl_outcome outcome = {0};
    bool is_done;

    test_op_start(run, operation, args, &outcome, &is_done);
    test_op_wait(run, &is_done);
    return outcome;
}

char *test_outcome_text(const struct bl_outcome *outcome)
{
    struct bl_buf out;

    bl_buf_init(&out, 0);
    if (outcome->status == BL_ANSWERED)
        bl_json_write(&out, outcome->value, BL_JSON_CANONICAL);
    else
        bl_buf_printf(&out, "%s: %s", bl_code_name(outcome->error.code),
                      outcome->error.message);
    return bl_buf_take(&out, NULL);
}
