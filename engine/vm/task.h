/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* task.h: tasks (coroutines), the procedures they run in, their steps; private to engine/vm. */
#ifndef BL_VM_TASK_H
#define BL_VM_TASK_H

#include "vm/runtime.h"

/* An open step of a task. */
struct step {
    struct step *outer;
    char *path;             /* "Measure memory" or "Outer / Inner" */
    char *why, *undo;       /* NULL when not said */
    bool change_is_allowed; /* a gate inside it was answered yes */
    bool is_verifying;      /* its `verify` runs: that only observes, and ends nothing */
    int undo_ref;           /* takes it back; LUA_NOREF: nothing does */
    size_t changes;         /* that the run had made when it began */
    int64_t undos;          /* number of the last undo when it began */
    int attempt;            /* from 1 */
    int64_t started;
};

/* One procedure under way: the first, or one that was called. */
struct process {
    struct bl_runtime *runtime;
    struct process *caller;
    char *id;
    struct bl_value *may;
    bool is_checklist;
    bool is_done; /* done() was called: what is left of it is closed */
    struct task *main;
    unsigned refs;
};

/* Children that a task waits for. */
struct group {
    struct task *parent;
    struct task **members; /* in the order of the input */
    size_t count, started, ended, at_once;
};

enum task_state { TASK_READY, TASK_WAITING, TASK_ENDED };

struct task {
    struct bl_runtime *runtime;
    struct process *process;
    lua_State *L;
    int ref;   /* keeps the thread from the collector */
    int depth; /* how many tasks wait for it, one inside the other */
    struct bl_leash leash;
    enum task_state state;
    bool is_queued;     /* in the ready queue */
    bool is_chosen;     /* its step is to begin again (hold.c) */
    struct step *again; /* its innermost step begins again when it is resumed */
    /* It cannot go on, and waits for its step to begin again, or for the run to end. */
    enum { HELD_NOT, HELD_CALL, HELD_STEP } held;
    struct bl_error held_error;
    int arguments;          /* on its stack for the next resume */
    struct step *steps;     /* innermost first */
    bool change_is_allowed; /* outside of steps, which count as one step */
    char *base;             /* step path of the task that made it */
    struct group *group;    /* it is a member of */
    struct group *waits;    /* it waits for these children */

    /* What it waits for, at most one, and what came of it. */
    struct bl_performance *performance;
    struct bl_pause *pause;
    bool asks;
    struct bl_value *question_param; /* what an entered answer must be; NULL: anything */
    struct bl_outcome outcome;       /* of the operation; value owned */
    enum bl_gate_result gate_result; /* of the question */
    char *gate_text, *gate_reason;
    struct bl_value *question; /* the last that it asked */
    struct bl_call *call_copy; /* the call it makes or made last, for error objects */

    bool is_failed; /* ended with an error on top of its stack */
    struct task *next_ready;
    struct task *next, *prev;
};

struct tally;

/* A completed step that can be undone. */
struct undo {
    struct undo *older;
    int ref;        /* of its function */
    int64_t number; /* from 1, in the order of the steps */
    bool is_old;    /* a step around it has begun again since */
    char *title;
    struct bl_value *result, *may;
};

struct bl_runtime {
    struct bl_vm *vm;
    bool is_guest; /* the vm is somebody else's */
    struct bl_world *world;
    struct bl_value *procedures;  /* id -> description */
    struct bl_value *project;     /* what project({}) was given */
    struct bl_value *environment; /* what environment({}) was given */
    struct bl_value *answers;
    bool saw_any; /* the last value read holds the answer that stands for any (convert.c) */
    char loading[BL_PROCEDURE_ID]; /* the project file that is being loaded: its procedure's id
                                    */
    struct task *tasks;
    struct task *ready, **ready_end;
    struct task *current;
    struct task *first;
    struct tally *checks;
    bool is_over;
    bool is_stopping;
    bool undo_is_wanted;
    bool is_undoing;    /* its first task undoes what was done */
    struct undo *undos; /* the newest first */
    int64_t undo_count; /* that there ever were */
    struct bl_result result;
};

/* The runtime of any thread. */
struct bl_runtime *runtime_of(lua_State *L);
/* The task that runs; raises "outside of run" when there is none. [-0, +0, v] */
BL_LJMP struct task *task_current(lua_State *L, const char *what);
/* The same for what is about to wait (bl_await): raises where nothing can wait, before anything
 * was begun. [-0, +0, v] */
BL_LJMP struct task *task_waiter(lua_State *L, const char *what);
/* Raises a message that begins with the author's file and line. Never returns. [-0, +0, v] */
BL_LJMP int task_error(lua_State *L, const char *format, ...);

/* A Lua thread that waits to become a task. */
struct thread {
    lua_State *L;
    int ref; /* keeps it from the collector */
    int arguments;
};

/* Moves the function and `arguments` values on top of L into a thread of their own: all that
 * can fail about a new task. [-(arguments+1), +0, e] */
BL_LJMP struct thread task_thread(lua_State *L, int arguments);
/* Makes a task of it; cannot fail. */
struct task *task_new(struct process *process, const struct thread *thread);
/* Puts it in the ready queue. */
void task_wake(struct task *task);
/* Closes it: abandons what it waits for, ends its steps with `status`, and tells its group. */
void task_close(struct task *task, const struct bl_error *why);
/* The one resume. */
void task_resume(struct task *task);
void task_free(struct task *task);

/* The innermost open step, its own or of the task that it is a branch of; NULL outside of
 * steps. */
struct step *task_step(struct task *task);
/* Whether a step's `verify` runs here; `process` (may be NULL) bounds the search to one. */
bool task_is_verifying(const struct task *task, const struct process *process);
/* The step path of a task: its innermost step's, else its base. */
const char *task_path(const struct task *task);
/* hold.c: a task that cannot go on is not unwound: it waits, and others finish what they do. */
void task_hold(struct task *task, const struct bl_error *why, bool is_step);
/* Whether an error that is raised here is caught by the script, or ends nothing (a checklist).
 */
bool task_is_protected(const struct task *task);
/* Whether this run can be taken up again: live, with a journal. */
bool task_is_durable(const struct task *task);
/* The innermost step around a task begins again; false: there is none. */
bool task_begin_again(struct task *task);
/* task.c: gives up what it waits for itself. */
void task_abandon(struct task *task);
/* bind.c: performs what task->call_copy says. */
void bind_perform(struct task *task);
/* A group that nobody waits for any more. */
void group_free(struct task *task); /* task.c; nothing happens when it waits for none */
void group_close(struct group *group, const struct bl_error *why); /* those that live */

void step_begin(struct task *task, const char *title, struct bl_value *take_data);
struct step_outcome {
    const struct bl_error *error;  /* NULL or BL_OK: none */
    const struct bl_value *result; /* NULL: none */
    int assumed;                   /* the number of a planned operation; 0: none */
};
/* status: "ok", "failed", … */
void step_end(struct task *task, const char *status, const struct step_outcome *outcome);

struct process *process_new(struct bl_runtime *runtime, const char *id, struct process *caller);
void process_unref(struct process *process);

/* Fills file and line of the innermost frame that is the author's (not belay's own Lua). */
void task_place(lua_State *L, struct bl_place *place, char file[160]);

/* The value of a secret from the environment or the credentials folder; empty bytes when it is
 * nowhere. */
struct bl_value *runtime_secret(struct bl_runtime *runtime, const char *name);
/* The function on top becomes the first task, in a process that may change nothing. [-1, +0, e]
 */
BL_LJMP void runtime_start_top(lua_State *L, const char *name);
/* Loads the project file of a procedure once. Raises. [-0, +0, v] */
BL_LJMP void runtime_load_procedure(lua_State *L, const char *id);
#endif
