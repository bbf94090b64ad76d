/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* task.c: tasks: one resume, one queue, and what is left when one ends. */
#include "base/prefix.h"

#include "vm/bind.h"
#include "vm/native.h"

struct bl_runtime *runtime_of(lua_State *L)
{
    return bl_vm_of(L)->runtime;
}

BL_LJMP struct task *task_current(lua_State *L, const char *what)
{
    struct bl_runtime *runtime = runtime_of(L);

    if (runtime->current == NULL || bl_loader_depth(runtime->vm) > 0) {
        struct bl_place place;
        char file[160];
        task_place(L, &place, file); /* the author's line, not one of our words' */
        lua_pushfstring(L,
                        "%s:%d: %s: a file that loads does nothing yet: move this into `run`",
                        place.file, place.line, what);
        lua_error(L);
    }
    bl_check_alive(L);
    return runtime->current;
}

BL_LJMP struct task *task_waiter(lua_State *L, const char *what)
{
    struct task *task = task_current(L, what);

    if (!lua_isyieldable(L))
        task_error(L,
                   "%s: nothing can wait inside a sort comparator, a gsub callback or "
                   "__tostring: call it before and use its answer",
                   what);
    return task;
}

BL_LJMP int task_error(lua_State *L, const char *format, ...)
{
    struct bl_place place;
    char file[160];
    va_list args;

    task_place(L, &place, file);
    lua_pushfstring(L, "%s:%d: ", place.file, place.line);
    va_start(args, format);
    lua_pushvfstring(L, format, args);
    va_end(args);
    lua_concat(L, 2);
    return lua_error(L);
}

struct process *process_new(struct bl_runtime *runtime, const char *id, struct process *caller)
{
    struct process *process = bl_alloc(sizeof(*process));

    process->runtime = runtime;
    process->id = bl_strdup(id);
    process->caller = caller;
    process->refs = 1;
    if (caller != NULL)
        caller->refs++;
    return process;
}

void process_unref(struct process *process)
{
    while (process != NULL && --process->refs == 0) {
        struct process *caller = process->caller;
        bl_value_unref(process->may);
        bl_free(process->id);
        bl_free(process);
        process = caller;
    }
}

BL_LJMP struct thread task_thread(lua_State *L, int arguments)
{
    struct thread thread = {.L = lua_newthread(L), .arguments = arguments + 1};

    lua_insert(L, -(arguments + 2));
    luaL_checkstack(thread.L, arguments + 4, "too many arguments");
    lua_pushcfunction(thread.L, bl_vm_task);
    lua_xmove(L, thread.L, arguments + 1);
    thread.ref = luaL_ref(L, LUA_REGISTRYINDEX); /* pops the thread */
    return thread;
}

struct task *task_new(struct process *process, const struct thread *thread)
{
    struct bl_runtime *runtime = process->runtime;
    struct task *task = bl_alloc(sizeof(*task));

    task->runtime = runtime;
    task->process = process;
    process->refs++;
    task->L = thread->L;
    task->ref = thread->ref;
    task->arguments = thread->arguments;
    task->base = bl_strdup(runtime->current != NULL ? task_path(runtime->current) : "");
    task->depth = runtime->current != NULL ? runtime->current->depth + 1 : 0;
    bl_leash_init(&task->leash);
    task->next = runtime->tasks;
    if (runtime->tasks != NULL)
        runtime->tasks->prev = task;
    runtime->tasks = task;
    return task;
}

void task_wake(struct task *task)
{
    struct bl_runtime *runtime = task->runtime;

    if (task->state == TASK_ENDED || task->is_queued)
        return;
    task->state = TASK_READY;
    task->is_queued = true;
    task->next_ready = NULL;
    *runtime->ready_end = task;
    runtime->ready_end = &task->next_ready;
}

struct step *task_step(struct task *task)
{
    while (task->steps == NULL && task->group != NULL &&
           task->group->parent->process == task->process)
        task = task->group->parent;
    return task->steps;
}

bool task_is_verifying(const struct task *task, const struct process *process)
{
    for (;; task = task->group->parent) {
        if (process != NULL && task->process != process)
            return false;
        for (const struct step *step = task->steps; step != NULL; step = step->outer) {
            if (step->is_verifying)
                return true;
        }
        if (task->group == NULL)
            return false;
    }
}

const char *task_path(const struct task *task)
{
    return task->steps != NULL ? task->steps->path : task->base;
}

void step_begin(struct task *task, const char *title, struct bl_value *take_data)
{
    struct step *step = bl_alloc(sizeof(*step));
    struct bl_buf path;

    bl_buf_init(&path, 2000);
    if (task_path(task)[0] != '\0')
        bl_buf_printf(&path, "%s / ", task_path(task));
    bl_buf_text_add(&path, title);
    step->path = bl_buf_take(&path, NULL);
    step->why = bl_strdup(bl_map_text(take_data, "why", NULL));
    step->undo = bl_strdup(bl_map_text(take_data, "undo", NULL));
    step->started = bl_clock_steady();
    step->undo_ref = LUA_NOREF;
    step->changes = bl_world_changes(task->runtime->world);
    step->undos = task->runtime->undo_count;
    step->attempt = 1;
    step->outer = task->steps;
    task->steps = step;
    bl_map_set(take_data, "step", bl_value_text(step->path));
    bl_map_set(take_data, "title", bl_value_text(title));
    bl_world_emit(task->runtime->world, "step_started", take_data);
}

void step_end(struct task *task, const char *status, const struct step_outcome *outcome)
{
    const struct bl_error *error = outcome->error;
    struct step *step = task->steps;
    struct bl_value *data = bl_map_new();

    if (step == NULL)
        BL_BUG("a step ends that did not begin");
    bl_map_set(data, "step", bl_value_text(step->path));
    bl_map_set(data, "status", bl_value_text(status));
    bl_map_set(data, "millis", bl_value_int(bl_clock_steady() - step->started));
    if (outcome->assumed > 0)
        bl_map_set(data, "assumed", bl_value_int(outcome->assumed));
    if (outcome->result != NULL)
        bl_map_set(data, "result", bl_value_ref(outcome->result));
    if (error != NULL && error->code != BL_OK) {
        struct bl_value *map = bl_map_new();
        bl_map_set(map, "code", bl_value_text(bl_code_name(error->code)));
        bl_map_set(map, "message", bl_value_text(error->message));
        bl_map_set(data, "error", map);
    }
    if (strcmp(status, "failed") == 0)
        task->runtime->result.failed_steps++;
    bl_world_emit(task->runtime->world, "step_ended", data);
    task->steps = step->outer;
    bl_free(step->path);
    bl_free(step->why);
    bl_free(step->undo);
    luaL_unref(task->runtime->vm->L, LUA_REGISTRYINDEX, step->undo_ref);
    bl_free(step);
}

static const char *step_status(const struct task *task, const struct bl_error *why)
{
    if (task->process->is_done)
        return "ok";
    switch (why->code) {
    case BL_E_GUARD:
        return "refused";
    case BL_E_WAITING:
        return "waiting";
    case BL_E_REJECTED:
        return "rejected";
    case BL_E_CANCELLED:
        return "cancelled";
    default:
        return "failed";
    }
}

/* What the task waited for is not wanted any more. */
void task_abandon(struct task *task)
{
    if (task->performance != NULL)
        bl_performance_abandon(task->performance);
    task->performance = NULL;
    if (task->pause != NULL)
        bl_pause_cancel(task->pause);
    task->pause = NULL;
    if (task->asks) {
        task->asks = false;
        bind_question_withdraw(task);
    }
}

static void group_member_ended(struct group *group);

static void task_end(struct task *task, const struct bl_error *why)
{
    struct bl_runtime *runtime = task->runtime;

    task->state = TASK_ENDED;
    while (task->steps != NULL)
        step_end(task, step_status(task, why),
                 &(struct step_outcome){.error = task->process->is_done ? NULL : why});
    if (task->process->is_done && task->process->main == task && task->group == NULL)
        task->is_failed = false;
    if (task->group != NULL)
        group_member_ended(task->group);
    else if (task == runtime->first)
        runtime->is_over = true;
}

/* Closes the children of a group that its parent will not hear of any more. */
void group_close(struct group *group, const struct bl_error *why)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->members[i] != NULL && group->members[i]->state != TASK_ENDED)
            task_close(group->members[i], why);
    }
}

void task_close(struct task *task, const struct bl_error *why)
{
    struct bl_entry entry;

    if (task->state == TASK_ENDED)
        return;
    task->state = TASK_ENDED; /* nothing below wakes it */
    task_abandon(task);
    if (task->waits != NULL)
        group_close(task->waits, why);
    bl_leash_stop(&task->leash, why);
    entry = bl_vm_enter(task->runtime->vm, &task->leash, task->L);
    lua_closethread(task->L, NULL); /* runs its <close> functions on a small rest */
    bl_vm_leave(task->runtime->vm, entry);
    task->is_failed = true;
    task_end(task, why);
}

void group_free(struct task *task)
{
    struct group *group = task->waits;

    if (group == NULL)
        return;
    for (size_t i = 0; i < group->count; i++)
        task_free(group->members[i]);
    task->waits = NULL;
    bl_free(group->members);
    bl_free(group);
}

/* Starts members up to at_once. */
void group_start(struct group *group)
{
    while (group->started < group->count && group->started - group->ended < group->at_once)
        task_wake(group->members[group->started++]);
}

static void group_member_ended(struct group *group)
{
    group->ended++;
    group_start(group);
    if (group->ended == group->count && group->parent->state != TASK_ENDED)
        task_wake(group->parent);
}

/* done(): the rest of the procedure is closed, and its main task counts as ended well. */
static void process_finish(struct task *task, const struct bl_error *why)
{
    struct task *main = task->process->main;

    if (task != main && main->state != TASK_ENDED)
        task_close(main, why);
    main->is_failed = false;
}

static void task_stopped(struct task *task, const struct bl_error *why)
{
    struct bl_runtime *runtime = task->runtime;

    task->is_failed = true;
    if (task->process->is_done) {
        task_end(task, why);
        process_finish(task, why);
        return;
    }
    task_end(task, why);
    bl_runtime_stop(runtime, why);
}

void task_resume(struct task *task)
{
    struct bl_runtime *runtime = task->runtime;
    struct bl_entry entry = bl_vm_enter(runtime->vm, &task->leash, task->L);
    int results = 0, status;
    struct bl_error err;

    runtime->current = task;
    task->state = TASK_WAITING;
    bl_world_count_turn(runtime->world);
    status = lua_resume(task->L, NULL, task->arguments, &results);
    task->arguments = 0;
    runtime->current = NULL;
    bl_vm_leave(runtime->vm, entry);
    if (status == LUA_YIELD)
        return;
    if (status == LUA_OK) {
        task_end(task, &(struct bl_error){0});
        return;
    }
    if (task->leash.kill != BL_ALIVE || status == LUA_ERRMEM) {
        bl_vm_error(task->L, -1, &task->leash, &err);
        task_stopped(task, &err);
        return;
    }
    task->is_failed = true;
    bind_error_read(task->L, -1, &err);
    task_end(task, &err);
}

static void task_unqueue(struct task *task)
{
    struct bl_runtime *runtime = task->runtime;
    struct task **at = &runtime->ready;

    while (*at != NULL && *at != task)
        at = &(*at)->next_ready;
    if (*at == NULL)
        return;
    *at = task->next_ready;
    if (*at == NULL)
        runtime->ready_end = at;
}

void task_free(struct task *task)
{
    struct bl_runtime *runtime = task->runtime;

    task_unqueue(task);
    if (task->prev != NULL)
        task->prev->next = task->next;
    else
        runtime->tasks = task->next;
    if (task->next != NULL)
        task->next->prev = task->prev;
    luaL_unref(runtime->vm->L, LUA_REGISTRYINDEX, task->ref);
    bl_outcome_release(&task->outcome);
    bl_call_free(task->call_copy);
    bl_value_unref(task->question_param);
    bl_free(task->gate_text);
    bl_free(task->gate_reason);
    bl_value_unref(task->question);
    bl_free(task->base);
    if (task->waits != NULL) {
        bl_free(task->waits->members);
        bl_free(task->waits);
    }
    process_unref(task->process);
    bl_free(task);
}

void task_place(lua_State *L, struct bl_place *place, char file[160])
{
    struct bl_runtime *runtime = runtime_of(L);
    lua_Debug ar;

    file[0] = '\0';
    *place = (struct bl_place){.file = file, .step = ""};
    if (runtime->current != NULL)
        place->step = task_path(runtime->current);
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline <= 0 || strncmp(ar.source, "@belay/", 7) == 0)
            continue;
        snprintf(file, 160, "%s",
                 ar.source[0] == '@' || ar.source[0] == '=' ? ar.source + 1 : ar.source);
        place->line = ar.currentline;
        return;
    }
}
