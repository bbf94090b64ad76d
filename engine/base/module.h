/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* module.h: the tables a module is made of: its settings, operations and pure functions, each
 * described once. */
#ifndef BL_MODULE_H
#define BL_MODULE_H

#include "base/call.h"

struct bl_op;         /* loop/op.h */
struct bl_connection; /* loop/op.h */

enum bl_arg_type {
    BL_T_ANY, /* any plain value */
    BL_T_BOOLEAN,
    BL_T_INTEGER,
    BL_T_NUMBER, /* integer or float */
    BL_T_STRING,
    BL_T_DURATION, /* seconds or "2m"; becomes an integer: milliseconds */
    BL_T_BYTES,    /* bytes or "2GB"; becomes an integer */
    BL_T_CHOICE,   /* one of .choices */
    BL_T_HOST,     /* name or address */
    BL_T_PORT,     /* 1 to 65535 */
    BL_T_PATH,     /* a file name without NUL, not empty */
    BL_T_LIST,
    BL_T_STRINGS, /* a list of strings */
    BL_T_MAP,
    BL_T_COMMAND, /* a program and its arguments, or one string; becomes a list of strings */
};

enum {
    BL_ARG_OPTIONAL =
        1, /* may be left out (options and settings too: those are required without it) */
    BL_ARG_OPTION = 2, /* a field of the trailing options table; otherwise by position */
    BL_ARG_SECRET = 4, /* a secret is welcome here (a string, or values inside a list or map) */
    BL_ARG_DATA = 8,   /* a string of any bytes; others hold no NUL, which would cut them */
};

/* One argument, option, setting of a connection or parameter of a procedure. */
struct bl_arg {
    const char *name;
    enum bl_arg_type type;
    const char *text; /* for people: "how long to wait" */
    unsigned flags;
    const char *fallback; /* the default, as an author would write it: "30s", "true", "100";
                             NULL none */
    const char *const *choices; /* NULL-terminated */
    int64_t min, max;           /* of integers, durations, sizes; both 0: no bound */
};

/* An operation meets the world: it is inspected, permitted, journaled, and runs on the loop. */
struct bl_operation {
    const char *name;          /* "query" */
    const char *text;          /* what it does, one or two sentences, units included */
    const struct bl_arg *args; /* ends with {0}; NULL: none */
    const char *result;  /* shape of the answer: "list of rows, each a table by column name" */
    enum bl_class class; /* unless inspect says otherwise */
    bool idempotent;     /* the same change again changes nothing more */
    bool is_wait;        /* only waits: skipped in a dry run */
    int64_t timeout_ms;  /* default; 0: BL_TIMEOUT_MS */
    const char *const
        *outcomes; /* outcome classes: "no row", "one", "many"; NULL-terminated; may be NULL */
    const char *example; /* one line of Lua, with `use.NAME` for the connection */

    size_t size; /* of the module's own struct, whose first member is struct bl_op */
    void (*inspect)(const struct bl_call *call,
                    struct bl_inspection *inspection); /* may be NULL */
    /*
     * What the server must be asked before the class of the call, or what a change would
     * affect, is known: gives the next question, an observe on the same connection, or NULL
     * when the inspection is final. `answer` is the answer to the question before, NULL at
     * first and where a count failed. Where an observe's question fails, the call fails with
     * it. May be NULL.
     */
    struct bl_call *(*ask)(struct bl_connection *connection, const struct bl_call *call,
                           struct bl_inspection *inspection, const struct bl_value *answer);
    /*
     * What became of a change whose outcome is unknown: gives the next question, an observe on
     * the same connection, or NULL when the resolution is final (`how` is filled in). `intent`
     * is what the journal says of it: the data of the event, with `id`, `before` (as ask has
     * found it) and `mark` (as bl_op_prepared was given it); absent where the change never came
     * so far. `answer` is the answer to the question before, NULL at first; where a question
     * fails the engine asks again from the beginning, or gives up. PENDING: it is asked again
     * from the beginning in a while. The call was made again from the body and the intent: it
     * is the same, but nothing that was learned by `ask` is there. May be NULL: nobody knows.
     */
    struct bl_call *(*resolve)(struct bl_connection *connection, const struct bl_call *call,
                               const struct bl_value *intent, const struct bl_value *answer,
                               struct bl_resolution *resolution);
    void (*start)(struct bl_op *op, const struct bl_call *call);
    void (*release)(struct bl_op *op); /* may be NULL */
    struct bl_value *(*nominal)(
        const struct bl_call *call); /* the answer of a good run; may be NULL: nil */
};

#define BL_TIMEOUT_MS 30000 /* no operation is without a deadline */

/* A pure function: from values to values, no world, never journaled. */
struct bl_function {
    const char *name;
    const char *text;
    const struct bl_arg *args;
    const char *result;
    const char *example;
    /* args is the checked map. Returns a new value, or NULL with err filled. */
    struct bl_value *(*call)(const struct bl_value *args, struct bl_error *err);
};

struct bl_module {
    const char *name;
    const char *text;
    const struct bl_operation *operations; /* ends with {0}; may be NULL */
    const struct bl_function *functions;   /* ends with {0}; may be NULL */
    /*
     * Modules with connections: what an environment says about one (ends with {0}); NULL: no
     * connections, the operations are called as time.sleep(1). open makes the state of a
     * connection (a pool; it does not talk yet) on first use, close gives everything back at
     * the end of the run.
     */
    const struct bl_arg *settings;
    void (*open)(struct bl_connection *connection);
    void (*close)(struct bl_connection *connection);
};

/* All modules, NULL-terminated: written by the build from the files in stdlib/ and linked from
 * there. */
extern const struct bl_module *const bl_modules[];
const struct bl_module *bl_module_find(const char *name); /* NULL when unknown */
const struct bl_operation *bl_operation_find(const struct bl_module *module, const char *name);

/* The nominal answer true. */
struct bl_value *bl_nominal_true(const struct bl_call *call);

/* What a table says about a name: the argument, or NULL. */
const struct bl_arg *bl_arg_find(const struct bl_arg *args, const char *name);
/* What a value of its type is called: "a number". */
const char *bl_arg_wanted(const struct bl_arg *arg);
/* The same, but of a choice its choices: "one of change, destroy"; may be written to out. */
const char *bl_arg_choices(const struct bl_arg *arg, char *out, size_t size);
/*
 * Checks one value against its argument and gives it in its normal form (a new reference).
 * `what` begins the message: "argument", "setting", "parameter". BL_E_ARG says name, what was
 * wanted and what was given.
 */
enum bl_code bl_arg_check(const struct bl_arg *arg, const char *what,
                          const struct bl_value *given, struct bl_value **normal,
                          struct bl_error *err) BL_MUST_USE;
/*
 * Binds a Lua call: `given` is the list of its arguments as written. A trailing table is the
 * options where the operation has options and the place is beyond the positions (or holds a map
 * where none is wanted). Every operation also knows the options timeout and keep, which land in
 * the map when given (milliseconds, bytes). Gives the checked map with defaults filled in.
 */
enum bl_code bl_args_bind(const struct bl_arg *args, bool is_operation,
                          const struct bl_value *given, struct bl_value **bound,
                          struct bl_error *err) BL_MUST_USE;
/* Checks a map by name: the settings of a connection, the fields of a spec. Unknown names are
 * errors. */
enum bl_code bl_args_check_map(const struct bl_arg *args, const char *what,
                               const struct bl_value *given, struct bl_value **bound,
                               struct bl_error *err) BL_MUST_USE;

#endif
