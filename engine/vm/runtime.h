/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* runtime.h: a project's Lua: its files loaded, its procedures described and run as tasks. */
#ifndef BL_VM_RUNTIME_H
#define BL_VM_RUNTIME_H

#include "base/value.h"
#include "vm/loader.h"
#include "vm/vm.h"
#include "world/world.h"

struct bl_runtime;

struct bl_runtime_settings {
    const char *project;            /* folder; NULL: none (eval) */
    const struct bl_limits *limits; /* NULL: the defaults */
    bl_loaded_fn loaded;            /* told of each file that is loaded; may be NULL */
    void *loaded_context;
    bl_text_fn text; /* where the text of project files comes from; NULL: from the folder */
    void *text_context;
};

struct bl_result {
    bool is_failed;         /* the procedure ended with an error, or was stopped */
    struct bl_error error;  /* then: why */
    struct bl_value *value; /* what the first task returned, when it is plain data (owned) */
    int passed, warned, failed; /* checks, by their last result */
    int assumed;                /* checks of what only a planned change would make true */
    int failed_steps;
};

/* Makes the Lua state with the cage and the words. Loads nothing yet. */
enum bl_code bl_runtime_new(const struct bl_runtime_settings *settings,
                            struct bl_runtime **runtime, struct bl_error *err) BL_MUST_USE;
void bl_runtime_free(struct bl_runtime *runtime);
struct bl_vm *bl_runtime_vm(struct bl_runtime *runtime);
/* For tests: adds modules and words to a state that has its loader; the state stays the
 * caller's. */
enum bl_code bl_runtime_adopt(struct bl_vm *vm, struct bl_error *err) BL_MUST_USE;
struct bl_runtime *bl_runtime_of(struct bl_vm *vm); /* NULL when it has none */
/* For tests: forgets what ran, so that something else can be started. */
void bl_runtime_reset(struct bl_runtime *runtime);

/* A file's path is the id of its procedure: "daily/morning.lua" to "daily.morning", and back.
 * False, and an empty text, when it does not fit. */
#define BL_PROCEDURE_ID 256
#define BL_PROCEDURE_PATH (BL_PROCEDURE_ID + 4)
bool bl_procedure_id(const char *path, char id[BL_PROCEDURE_ID]);
bool bl_procedure_path(const char *id, char path[BL_PROCEDURE_PATH]);

/* Loads one file of the project ("daily/morning.lua"). err is one line with file and line. */
enum bl_code bl_runtime_load(struct bl_runtime *runtime, const char *path,
                             struct bl_error *err) BL_MUST_USE;
/* Loads belay.lua and gives what project({...}) was given. */
enum bl_code bl_runtime_project(struct bl_runtime *runtime, struct bl_value **project,
                                struct bl_error *err) BL_MUST_USE;
/* Loads environments/NAME.lua and gives what environment({...}) was given, secrets resolved. */
enum bl_code bl_runtime_environment(struct bl_runtime *runtime, const char *name,
                                    struct bl_value **environment,
                                    struct bl_error *err) BL_MUST_USE;

/*
 * The procedure that a loaded file defined: a map with id, file, line, title, kind, section,
 * severity, roles, tags, symptoms, summary, uses, may, covers, params (list of maps: name,
 * type, default, help, choices, min, max, required). NULL when the file defined none.
 */
const struct bl_value *bl_runtime_procedure(struct bl_runtime *runtime, const char *id);

/* From here on operations go to this world. Environment connections become the procedures'
 * `use`. */
void bl_runtime_enter(struct bl_runtime *runtime, struct bl_world *world);
/* Starts the procedure as the first task; params is the checked map. */
enum bl_code bl_runtime_start(struct bl_runtime *runtime, const char *id,
                              const struct bl_value *params, struct bl_error *err) BL_MUST_USE;
/* Starts a chunk of text as the first task (eval); its value is the result. `may` as in a
 * procedure. */
enum bl_code bl_runtime_start_text(struct bl_runtime *runtime, const char *name,
                                   const char *text, size_t len,
                                   struct bl_error *err) BL_MUST_USE;

/* Starts the function on top of the main state (popped) as the first task. */
enum bl_code bl_runtime_start_function(struct bl_runtime *runtime,
                                       struct bl_error *err) BL_MUST_USE;

/*
 * Resumes tasks that have something to go on with, first in, first out, a bounded number of
 * them. Never waits. bl_runtime_is_ready: there are more, so the loop must not wait.
 */
void bl_runtime_step(struct bl_runtime *runtime, bool only_one);
bool bl_runtime_is_ready(const struct bl_runtime *runtime);
bool bl_runtime_is_over(const struct bl_runtime *runtime);
/* Nothing moves any more: every task waits for one that is held. Gives why, the gravest reason
 * first; BL_OK: it is not so. */
enum bl_code bl_runtime_stuck(const struct bl_runtime *runtime, struct bl_error *why);
/* After a replay: the innermost open steps begin again; what is outside of steps goes on. */
void bl_runtime_again(struct bl_runtime *runtime);
/* Ends what is left and starts undoing the completed steps, the last first. */
enum bl_code bl_runtime_undo(struct bl_runtime *runtime, struct bl_error *err) BL_MUST_USE;
/* A person chose to abort and undo. */
void bl_runtime_want_undo(struct bl_runtime *runtime);
bool bl_runtime_wants_undo(const struct bl_runtime *runtime);
/* Whether that is under way. */
bool bl_runtime_is_undoing(const struct bl_runtime *runtime);
/* Ends every task now; no script code runs but `<close>`. The error says why (its code decides
 * the exit). */
void bl_runtime_stop(struct bl_runtime *runtime, const struct bl_error *why);

/* What became of it; value is the caller's. */
void bl_runtime_result(struct bl_runtime *runtime, struct bl_result *result);

/* Checks a value against a parameter's description (name, type, choices, min, max). */
enum bl_code bl_param_check(const struct bl_value *param, const struct bl_value *given,
                            struct bl_value **normal, struct bl_error *err) BL_MUST_USE;

/* Answers given beforehand (--answers, tests): a map from question to answer; used in dry and
 * explore. */
void bl_runtime_answers(struct bl_runtime *runtime, const struct bl_value *answers);

#endif
