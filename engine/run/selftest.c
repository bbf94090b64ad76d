/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* selftest.c: gives the Lua tests the engine's modules, words and loop. */
#include "base/prefix.h"

#include "run/session.h"

static enum bl_code selftest_open(void *context, struct bl_vm *vm, struct bl_error *err)
{
    (void)context;
    return bl_runtime_adopt(vm, err);
}

static enum bl_code selftest_call(void *context, struct bl_vm *vm, struct bl_error *err)
{
    struct bl_clock clock = {0};
    struct bl_session_settings settings = {
        .runtime = bl_runtime_of(vm), .clock = &clock, .world = BL_WORLD_DRY};
    struct bl_session *session = bl_session_new(&settings);
    struct bl_result result = {0};
    enum bl_code code = bl_runtime_start_function(settings.runtime, err);

    (void)context;
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
