/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* selftest.c: gives the Lua tests the engine's modules, words and loop. */
#include "base/prefix.h"

#include "base/json.h"
#include "base/module.h"
#include "run/session.h"
#include "world/environment.h"

/* A connection "test" of each module: nobody listens there. */
static const struct {
    const char *module, *settings;
} selftest_connections[] = {
    {"amqp", "{\"url\":\"amqp://127.0.0.1:1\"}"},
    {"docker", "{\"socket\":\"/nonexistent/engine.sock\"}"},
    {"http", "{\"url\":\"http://127.0.0.1:1\"}"},
    {"postgres", "{\"host\":\"127.0.0.1\",\"port\":1,\"dbname\":\"test\",\"user\":\"test\"}"},
    {"redis", "{\"url\":\"redis://127.0.0.1:1\"}"},
};

/* The environment of a test; NULL with err filled when a module does not take its settings. */
static struct bl_value *selftest_environment(struct bl_error *err)
{
    struct bl_value *given = NULL, *environment = NULL;
    const char *before = "{";
    struct bl_buf text;

    bl_buf_init(&text, 0);
    for (size_t i = 0; i < BL_COUNT(selftest_connections); i++) {
        if (bl_module_find(selftest_connections[i].module) == NULL)
            continue;
        bl_buf_printf(&text, "%s\"%s\":{\"test\":%s}", before, selftest_connections[i].module,
                      selftest_connections[i].settings);
        before = ",";
    }
    bl_buf_text_add(&text, *before == '{' ? "{}" : "}");
    if (bl_json_parse(bl_buf_text(&text), text.len, false, &given, err) == BL_OK &&
        bl_environment_check("selftest", given, &environment, err) != BL_OK)
        environment = NULL;
    bl_buf_release(&text);
    bl_value_unref(given);
    return environment;
}

static enum bl_code selftest_open(void *context, struct bl_vm *vm, struct bl_error *err)
{
    (void)context;
    return bl_runtime_adopt(vm, err);
}

static enum bl_code selftest_call(void *context, struct bl_vm *vm, struct bl_error *err)
{
    struct bl_clock clock = {0};
    struct bl_value *environment = selftest_environment(err);
    struct bl_session_settings settings = {.runtime = bl_runtime_of(vm),
                                           .clock = &clock,
                                           .environment = environment,
                                           .world = BL_WORLD_DRY};
    struct bl_session *session;
    struct bl_result result = {0};
    enum bl_code code;

    (void)context;
    if (environment == NULL)
        return err->code;
    session = bl_session_new(&settings);
    code = bl_runtime_start_function(settings.runtime, err);
    if (code == BL_OK)
        code = bl_session_run(session, err);
    bl_runtime_result(settings.runtime, &result);
    if (code == BL_OK && result.is_failed) {
        *err = result.error;
        code = err->code;
    }
    bl_value_unref(result.value);
    bl_session_free(session);
    bl_runtime_reset(settings.runtime);
    bl_value_unref(environment);
    return code;
}

static void selftest_close(void *context, struct bl_vm *vm)
{
    (void)context;
    bl_runtime_free(bl_runtime_of(vm));
}

const struct bl_selftest_hooks bl_session_selftest = {
    .open = selftest_open,
    .call = selftest_call,
    .close = selftest_close,
};
