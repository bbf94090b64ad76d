/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_vm.c: the life of a state, its limits, stops, tasks and failing allocations. */
#include "base/prefix.h"

#include "vm/cage.h"
#include "vm/convert.h"
#include "vm/loader.h"
#include "vm/vm.h"

#include <setjmp.h>

#include <cmocka.h>

#define MIB ((size_t)1 << 20)

static const struct bl_limits small = {
    .steps = 1000000, .cpu_ms = 2000, .bytes = 8 * MIB, .string_bytes = MIB};

struct source {
    const char *text;
};

static int compile(lua_State *L)
{
    const struct source *source = lua_touserdata(L, 1);

    bl_loader_text(L, "test.lua", source->text, strlen(source->text));
    return 1;
}

/* Leaves the function of the text on vm->L. */
static void load(struct bl_vm *vm, const char *text)
{
    struct source source = {text};
    struct bl_error err;

    lua_pushcfunction(vm->L, compile);
    lua_pushlightuserdata(vm->L, &source);
    if (bl_vm_call(vm, 1, 1, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static enum bl_code run(struct bl_vm *vm, const char *text, struct bl_error *err)
{
    load(vm, text);
    return bl_vm_call(vm, 0, 0, err);
}

static void test_vm__gives_all_memory_back(void **state)
{
    struct bl_vm *vm = bl_vm_new(NULL);
    struct bl_error err;

    (void)state;
    assert_non_null(vm);
    assert_int_equal(run(vm, "local t = {} for i = 1, 1000 do t[i] = {} end", &err), BL_OK);
    assert_true(vm->bytes > 0 && vm->bytes_peak >= vm->bytes);
    bl_vm_free(vm); /* aborts when a byte is left */
    bl_vm_free(NULL);
}

static void test_vm__names_place_and_limit(void **state)
{
    struct bl_vm *vm = bl_vm_new(&small);
    struct bl_error err;

    (void)state;
    assert_int_equal(run(vm, "local x = 1\nwhile true do x = x + 1 end", &err), BL_E_LIMIT);
    assert_non_null(strstr(err.message, "test.lua:2: the script used up its 1 million steps"));
    assert_non_null(strstr(vm->traceback, "at test.lua:2"));
    assert_int_equal(run(vm, "return ('x'):rep(2) == 'xx'", &err), BL_OK);
    assert_int_equal(run(vm, "local s = 'x' while true do s = s .. s end", &err), BL_E_LIMIT);
    assert_non_null(strstr(err.message, "its memory"));
    assert_int_equal(run(vm, "assert(1 + 1 == 2)", &err), BL_OK);
    bl_vm_free(vm);
}

static void test_vm__stops_slow_instructions_by_time(void **state)
{
    struct bl_limits limits = {.steps = INT64_C(1) << 40, .cpu_ms = 100};
    struct bl_vm *vm = bl_vm_new(&limits);
    struct bl_error err;

    (void)state;
    assert_int_equal(run(vm, "while true do end", &err), BL_E_LIMIT);
    assert_non_null(strstr(err.message, "100 ms of processor time"));
    bl_vm_free(vm);
}

static void test_vm__reports_errors_of_scripts(void **state)
{
    struct bl_vm *vm = bl_vm_new(&small);
    struct bl_error err;
    int top = lua_gettop(vm->L);

    (void)state;
    assert_int_equal(run(vm, "error('boom')", &err), BL_E_FAILED);
    assert_string_equal(err.message, "test.lua:1: boom");
    assert_int_equal(run(vm, "error({})", &err), BL_E_FAILED);
    assert_string_equal(err.message, "the script raised a table, not a message");
    assert_int_equal(run(vm, "error(setmetatable({}, {__tostring = error}))", &err),
                     BL_E_FAILED);
    assert_int_equal(lua_gettop(vm->L), top);
    bl_vm_free(vm);
}

static void test_vm__interrupt_ends_a_loop(void **state)
{
    struct bl_vm *vm = bl_vm_new(NULL);
    struct bl_error err;

    (void)state;
    bl_vm_interrupt(vm);
    assert_int_equal(run(vm, "while true do pcall(error) end", &err), BL_E_CANCELLED);
    assert_int_equal(run(vm, "return 1", &err), BL_OK);
    bl_vm_free(vm);
}

/* An operation in miniature: yields its first argument, answers what it is resumed with. */
static int answered(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    bl_check_alive(L);
    return 1;
}

static int ask(lua_State *L)
{
    bl_check_alive(L);
    lua_settop(L, 1);
    return lua_yieldk(L, 1, 0, answered);
}

static int log_count;

static int log_line(lua_State *L)
{
    (void)L;
    log_count++;
    return 0;
}

static int add_words(lua_State *L)
{
    lua_pushcfunction(L, ask);
    bl_cage_set(L, "ask");
    lua_pushcfunction(L, log_line);
    bl_cage_set(L, "log");
    return 0;
}

struct task {
    struct bl_vm *vm;
    lua_State *L;
    struct bl_leash leash;
};

static void task_start(struct task *task, const char *text)
{
    struct bl_error err;

    log_count = 0;
    task->vm = bl_vm_new(&small);
    lua_pushcfunction(task->vm->L, add_words);
    assert_int_equal(bl_vm_call(task->vm, 0, 0, &err), BL_OK);
    bl_leash_init(&task->leash);
    task->L = lua_newthread(task->vm->L);
    lua_pushcfunction(task->L, bl_vm_task);
    load(task->vm, text);
    lua_xmove(task->vm->L, task->L, 1);
}

static int task_resume(struct task *task, int arguments, int *results)
{
    struct bl_entry before = bl_vm_enter(task->vm, &task->leash, task->L);
    int status = lua_resume(task->L, task->vm->L, arguments, results);

    bl_vm_leave(task->vm, before);
    return status;
}

static void test_task__yields_through_pcall(void **state)
{
    struct task task;
    int results;

    (void)state;
    task_start(&task, "local ok, v = pcall(function() return ask('a') .. ask('b') end)\n"
                      "local ok2, e = xpcall(function() error(ask('c'), 0) end, tostring)\n"
                      "return v, e");
    assert_int_equal(task_resume(&task, 1, &results), LUA_YIELD);
    assert_string_equal(lua_tostring(task.L, -1), "a");
    lua_pop(task.L, results);
    lua_pushliteral(task.L, "1");
    assert_int_equal(task_resume(&task, 1, &results), LUA_YIELD);
    lua_pop(task.L, results);
    lua_pushliteral(task.L, "2");
    assert_int_equal(task_resume(&task, 1, &results), LUA_YIELD);
    lua_pop(task.L, results);
    lua_pushliteral(task.L, "3");
    assert_int_equal(task_resume(&task, 1, &results), LUA_OK);
    assert_int_equal(results, 2);
    assert_string_equal(lua_tostring(task.L, -2), "12");
    assert_string_equal(lua_tostring(task.L, -1), "3");
    bl_vm_free(task.vm);
}

static void test_task__stop_while_waiting_runs_close_only(void **state)
{
    struct bl_error why, err;
    struct task task;
    int results;

    (void)state;
    task_start(
        &task,
        "local c <close> = setmetatable({}, {__close = function() log() end})\n"
        "local ok, e = pcall(function()\n"
        "  local d <close> = setmetatable({}, {__close = function() log() error('x') end})\n"
        "  ask('a')\n"
        "end)\n"
        "for i = 1, 10 do log() end");
    assert_int_equal(task_resume(&task, 1, &results), LUA_YIELD);
    bl_fail(&why, BL_E_REJECTED, "a person said no");
    bl_leash_stop(&task.leash, &why);
    lua_pop(task.L, results);
    lua_pushnil(task.L);
    assert_int_equal(task_resume(&task, 1, &results), LUA_ERRRUN);
    bl_vm_error(task.L, -1, &task.leash, &err);
    assert_int_equal(err.code, BL_E_REJECTED);
    assert_string_equal(err.message, "a person said no");
    assert_int_equal(log_count, 2);
    bl_vm_free(task.vm);
}

static void test_task__close_functions_cannot_act_after_a_stop(void **state)
{
    struct task task;
    int results;

    (void)state;
    task_start(
        &task,
        "local c <close> = setmetatable({}, {__close = function() log() ask('x') log() end})\n"
        "while true do end");
    assert_int_equal(task_resume(&task, 1, &results), LUA_ERRRUN);
    assert_int_equal(task.leash.kill, BL_KILL_STEPS);
    assert_int_equal(log_count, 1);
    bl_vm_free(task.vm);
}

static void test_task__closing_a_waiting_task_ends_loops_in_close(void **state)
{
    struct bl_error why;
    struct bl_entry before;
    struct task task;
    int results;

    (void)state;
    task_start(
        &task,
        "local a <close> = setmetatable({}, {__close = function() log() end})\n"
        "local b <close> = setmetatable({}, {__close = function() while true do end end})\n"
        "local c <close> = setmetatable({}, {__close = function() ask() end})\n"
        "pcall(ask, 'a') for i = 1, 10 do log() end");
    assert_int_equal(task_resume(&task, 1, &results), LUA_YIELD);
    bl_fail(&why, BL_E_CANCELLED, "another branch was first");
    bl_leash_stop(&task.leash, &why);
    before = bl_vm_enter(task.vm, &task.leash, task.L);
    assert_int_not_equal(lua_closethread(task.L, NULL), LUA_OK);
    bl_vm_leave(task.vm, before);
    assert_int_equal(log_count, 1);
    bl_vm_free(task.vm);
}

static void test_task__each_slice_has_its_own_steps(void **state)
{
    struct task task;
    int results;

    (void)state;
    task_start(&task, "for i = 1, 20 do for j = 1, 200000 do end ask(i) end return 'end'");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(task_resume(&task, 1, &results), LUA_YIELD);
        lua_pop(task.L, results);
        lua_pushnil(task.L);
    }
    assert_int_equal(task_resume(&task, 1, &results), LUA_OK);
    bl_vm_free(task.vm);
}

static void test_task__one_stop_leaves_the_others_alone(void **state)
{
    struct task task;
    struct bl_leash other;
    struct bl_entry before;
    lua_State *L;
    int results;

    (void)state;
    task_start(&task, "while true do end");
    load(task.vm, "local s = 0 for i = 1, 100 do s = s + i end return s");
    L = lua_newthread(task.vm->L);
    lua_pushcfunction(L, bl_vm_task);
    lua_pushvalue(task.vm->L, -2);
    lua_xmove(task.vm->L, L, 1);
    bl_leash_init(&other);
    assert_int_equal(task_resume(&task, 1, &results), LUA_ERRRUN);
    before = bl_vm_enter(task.vm, &other, L);
    assert_int_equal(lua_resume(L, task.vm->L, 1, &results), LUA_OK);
    bl_vm_leave(task.vm, before);
    assert_int_equal(lua_tointeger(L, -1), 5050);
    bl_vm_free(task.vm);
}

static int open_convert(lua_State *L)
{
    bl_convert_open(L);
    return 0;
}

/* A few dozen tables that stand for 2^40 values, and one with too much text. */
static void test_vm__bounds_what_is_read_from_tables(void **state)
{
    static const char *const sources[] = {
        "local t = {} for i = 1, 40 do t = {t, t} end return t",
        "local t = {x = 1} for i = 1, 40 do t = {a = t, b = t} end return t",
        "local s, t = ('x'):rep(500000), {} for i = 1, 40 do t[i] = s end return t",
    };
    struct bl_vm *vm = bl_vm_new(&small);
    struct bl_value *value = NULL;
    struct bl_error err;

    (void)state;
    lua_pushcfunction(vm->L, open_convert);
    assert_int_equal(bl_vm_call(vm, 0, 0, &err), BL_OK);
    for (size_t i = 0; i < BL_COUNT(sources); i++) {
        load(vm, sources[i]);
        assert_int_equal(bl_vm_call(vm, 0, 1, &err), BL_OK);
        assert_int_equal(bl_value_read(vm->L, -1, &value, &err), BL_E_TOO_LARGE);
        assert_null(value);
        lua_pop(vm->L, 1);
    }
    load(vm, "return {1, {a = 'x'}, false}");
    assert_int_equal(bl_vm_call(vm, 0, 1, &err), BL_OK);
    assert_int_equal(bl_value_read(vm->L, -1, &value, &err), BL_OK);
    assert_int_equal(bl_value_count(value), 3);
    bl_value_unref(value);
    bl_vm_free(vm);
}

/* Fails the n-th and every later allocation, until everything fits: never a crash, never a byte
 * left. */
static void test_vm__survives_each_failing_allocation(void **state)
{
    static const char text[] =
        "local t = {} for i = 1, 20 do t[i] = ('%d:%s'):format(i, ('x'):rep(i * 40)) end\n"
        "local ok = pcall(function() local c <close> = setmetatable({}, {__close = print})\n"
        "for k, v in pairs(t) do t[k] = v:gsub('x', '%0y') end table.sort(t) error({}) end)\n"
        "return table.concat(t) .. string.pack('s', 'x')";
    struct bl_limits limits = small;
    struct bl_error err;
    int64_t worked = 0;

    (void)state;
    for (int64_t n = 1; n < 5000 && worked == 0; n++) {
        struct bl_vm *vm;
        struct source source = {text};

        limits.fail_alloc = n;
        vm = bl_vm_new(&limits);
        if (vm == NULL)
            continue;
        if (bl_loader_new(vm, NULL, &err) == BL_OK) {
            lua_pushcfunction(vm->L, compile);
            lua_pushlightuserdata(vm->L, &source);
            if (bl_vm_call(vm, 1, 1, &err) == BL_OK && bl_vm_call(vm, 0, 0, &err) == BL_OK)
                worked = n;
            else
                assert_int_equal(err.code, BL_E_LIMIT);
        }
        bl_vm_free(vm);
    }
    assert_true(worked > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vm__gives_all_memory_back),
        cmocka_unit_test(test_vm__names_place_and_limit),
        cmocka_unit_test(test_vm__stops_slow_instructions_by_time),
        cmocka_unit_test(test_vm__reports_errors_of_scripts),
        cmocka_unit_test(test_vm__interrupt_ends_a_loop),
        cmocka_unit_test(test_task__yields_through_pcall),
        cmocka_unit_test(test_task__stop_while_waiting_runs_close_only),
        cmocka_unit_test(test_task__close_functions_cannot_act_after_a_stop),
        cmocka_unit_test(test_task__closing_a_waiting_task_ends_loops_in_close),
        cmocka_unit_test(test_task__each_slice_has_its_own_steps),
        cmocka_unit_test(test_task__one_stop_leaves_the_others_alone),
        cmocka_unit_test(test_vm__bounds_what_is_read_from_tables),
        cmocka_unit_test(test_vm__survives_each_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
