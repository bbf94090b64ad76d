/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* call.h: one call of an operation on its way out, and the outcome on its way back. */
#ifndef BL_CALL_H
#define BL_CALL_H

#include "base/error.h"
#include "base/value.h"

struct bl_module;
struct bl_operation;

/* What an operation does to the world. The order counts: a higher class needs more permission.
 */
enum bl_class {
    BL_CLASS_OBSERVE, /* changes nothing */
    BL_CLASS_CHANGE,  /* changes something, recoverable */
    BL_CLASS_DESTROY, /* data or service is lost */
};
const char *bl_class_name(enum bl_class class); /* "observe", "change", "destroy" */

/* Where in the body a call stands. */
struct bl_place {
    const char *file; /* relative to the project */
    int line;
    const char *step; /* path of the step, e.g. "Measure memory"; "" outside of steps */
};

/* A call, filled by vm/bind.c and owned by the operation that runs it. Free with bl_call_free.
 */
struct bl_call {
    const struct bl_module *module;
    const struct bl_operation *operation;
    char *target; /* "redis.cache", "exec.pg_restore", "file" */
    const struct bl_value
        *settings; /* the connection's settings (a reference); NULL when it has none */
    const struct bl_value
        *args;          /* a map, checked against the table, defaults filled in (a reference) */
    int64_t timeout_ms; /* from start to outcome; always above 0 */
    int64_t keep;       /* bytes that may go to Lua; default BL_KEEP */
    char *file;
    int line;
    char *step;
    /*
     * Of a change: its name in the whole world, "belay-<run>-<n>" (letters, digits, '-'; at
     * most 60 bytes), journaled as `id` of the intent: what a server is told so that it can be
     * asked later (application_name, message id, idempotency key). NULL: not intended yet. A
     * change that is sent again because of resolution.same_id bears the first one's id: the
     * engine sets it before the call is performed.
     */
    char *id;
};

#define BL_KEEP 1048576 /* an answer is bounded to 1 MiB unless `keep =` raises it */

struct bl_call *bl_call_new(const struct bl_module *module,
                            const struct bl_operation *operation, const char *target,
                            const struct bl_value *args);
void bl_call_place(struct bl_call *call, const struct bl_place *place); /* copies */
/*
 * Sets timeout_ms and keep of a call whose args and settings are there: the options of the
 * call, else the connection's setting `timeout`, else the operation's own default.
 */
void bl_call_bounds(struct bl_call *call);
void bl_call_free(struct bl_call *call);
/* A copy with everything, e.g. of the call of an operation that ends: for asking later. */
struct bl_call *bl_call_dup(const struct bl_call *call);
void bl_call_set_id(struct bl_call *call, const char *id); /* copies */
/* A question that is asked because of another call: on its connection, at its place, within its
 * time. */
struct bl_call *bl_call_question(const struct bl_call *about,
                                 const struct bl_operation *operation,
                                 struct bl_value *take_args);

/* Arguments by name. Absent ones give the neutral value; durations are milliseconds, sizes
 * bytes. */
const struct bl_value *bl_call_value(const struct bl_call *call, const char *name);
const char *bl_call_text(const struct bl_call *call, const char *name); /* "" when absent */
int64_t bl_call_int(const struct bl_call *call, const char *name);
bool bl_call_bool(const struct bl_call *call, const char *name);
/* A setting of the connection as text, secrets revealed; fallback when absent. For talking to
 * the server only. */
const char *bl_call_setting(const struct bl_call *call, const char *name, const char *fallback);

/* What inspect finds out about a call before anything is sent. Filled with the table's defaults
 * first. */
struct bl_inspection {
    enum bl_class class;
    char target[160];     /* as in the call; inspect may say it better (exec: the environment's
                             target) */
    char summary[240];    /* one line: "GET http://localhost:8000/health" */
    struct bl_buf detail; /* in full, several lines: rendered SQL, argv, request body */
    char reason[240];     /* what gave it its class: "calls pg_terminate_backend"; may be "" */
    char refused[240];    /* not "": why this call is refused everywhere */
    /* What the module finds out by questions to the server (bl_operation.ask). */
    char affects[160];       /* of a change: "12 rows of orders"; "" while nobody has asked */
    char notice[240];        /* said once for each connection: "signs in as a superuser" */
    struct bl_value *asking; /* the module's own note of what it has asked; owned */
    struct bl_error failure; /* code not BL_OK: an observe fails with it and is not sent */
    /* The same change again changes nothing more: as the table says, unless inspect knows it
     * better (redis.command: SET is, INCR is not). */
    bool is_idempotent;
    /* A map: what was found before a change, for bl_operation.resolve: journaled as `before` of
     * the intent. Owned; NULL: nothing. */
    struct bl_value *before;
};

void bl_inspection_init(struct bl_inspection *inspection, const struct bl_call *call);
void bl_inspection_release(struct bl_inspection *inspection);
/* The count that `affects` begins with; -1 when nothing was counted. */
int64_t bl_inspection_count(const struct bl_inspection *inspection);

/* What became of a change whose outcome nobody has heard. */
enum bl_finding {
    BL_FOUND_NOTHING,  /* the system cannot tell: `verify` or a person decides */
    BL_FOUND_DONE,     /* it was done: it must not be sent again */
    BL_FOUND_NOT_DONE, /* it was not, and will not be any more, or again does no harm */
    BL_FOUND_PENDING,  /* still under way: ask again in a while */
};
const char *bl_finding_name(enum bl_finding finding); /* "nothing", "done", "not done",
                                                         "pending" */

struct bl_resolution {
    enum bl_finding finding;
    char how[240]; /* in one line: what was asked and what it said; never "" in the end */
    struct bl_value *value; /* owned; of a change that was done: its answer, where it is known
                             */
    bool same_id; /* of NOT_DONE: sent again it must bear the same call->id, by which the system
                     sees that it is the same */
    struct bl_value *asking; /* the module's own note of what it has asked; owned */
};
void bl_resolution_release(struct bl_resolution *resolution);
/* Says how in one line, cut to its size. */
void bl_resolution_set(struct bl_resolution *resolution, enum bl_finding finding,
                       const char *format, ...) BL_PRINTF(3, 4);

enum bl_status {
    BL_ANSWERED, /* value holds the answer */
    BL_FAILED,   /* error says why; nothing changed or the server said that it failed */
    BL_UNKNOWN,  /* a change was sent and nobody knows what became of it; error says why */
    BL_PLANNED,  /* not sent; value holds the nominal answer */
    BL_REFUSED,  /* by guard, may, policy or a gate; error says why */
};
const char *bl_status_name(enum bl_status status);
/* The status of a name, as the journal keeps it; BL_FAILED for an unknown one. */
enum bl_status bl_status_find(const char *name);

struct bl_outcome {
    enum bl_status status;
    struct bl_value *value; /* owned; NULL when there is none */
    struct bl_error error;
};
void bl_outcome_release(struct bl_outcome *outcome);

#endif
