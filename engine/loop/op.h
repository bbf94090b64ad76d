/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* op.h: one operation under way: started once, settled once, released once, freed when
 * everybody has let go. */
#ifndef BL_OP_H
#define BL_OP_H

#include "base/module.h"
#include "loop/loop.h"

/*
 * One connection of a run: an entry of the environment, with the state that its module's open
 * made (a pool of sockets). Operations and handles that need the state after close hold a
 * reference.
 */
struct bl_connection {
    const struct bl_module *module;
    char *name; /* "cache" */
    struct bl_loop *loop;
    const struct bl_value *settings; /* checked map; secrets inside */
    void *state;                     /* the module's; NULL before open and after close */
    bool is_open;
    bool is_asked; /* world/: a question about a call is under way, whose answer others may need
                    */
    unsigned refs;
};
struct bl_connection *bl_connection_new(struct bl_loop *loop, const struct bl_module *module,
                                        const char *name, const struct bl_value *settings);
struct bl_connection *bl_connection_ref(struct bl_connection *connection);
void bl_connection_unref(struct bl_connection *connection);
void bl_connection_open(
    struct bl_connection *connection); /* calls the module once; NULL is allowed */
void bl_connection_close(struct bl_connection *connection); /* likewise */

/* The engine's part of an operation; a module's struct begins with it. Fields are the engine's:
 * use functions. */
struct bl_op {
    struct bl_loop *loop;
    struct bl_connection *connection; /* NULL for modules without connections */
    struct bl_call *call;             /* owned */
    enum bl_class class;
    struct bl_outcome outcome;
    char stage[120];
    bool is_started;
    unsigned refs;
    bool is_settled;
    bool is_sent;
    int64_t started; /* steady milliseconds */
    uv_timer_t deadline;
    void (*on_settled)(struct bl_op *op, void *owner);
    void *owner;
    struct bl_op *next, *prev; /* live operations of the loop */
    struct bl_op *next_ready;
    struct bl_value *mark; /* of bl_op_prepared, until it is handed on */
    void (*go_on)(struct bl_op *op);
    struct bl_op *next_prepared;
};

/* For modules. */
struct bl_op *bl_op_ref(struct bl_op *op);
void bl_op_unref(struct bl_op *op);
uv_loop_t *bl_op_loop(struct bl_op *op);
/* The state that the module's open made for this operation's connection. */
void *bl_op_state(struct bl_op *op);
/*
 * Exactly one outcome counts, the first; later ones (a timeout came before) are dropped, so a
 * module need not ask. All are called on the loop thread, from start or from a callback.
 * Nothing runs on before the callback has returned.
 */
void bl_op_answer(struct bl_op *op, struct bl_value *take_value);
void bl_op_fail(struct bl_op *op, enum bl_code code, const char *format, ...) BL_PRINTF(3, 4);
void bl_op_fail_error(struct bl_op *op, const struct bl_error *err);
/* The guard finds out only now that this must not be done: the run ends with it, and no script
 * goes on. */
void bl_op_refuse(struct bl_op *op, const char *format, ...) BL_PRINTF(2, 3);
/* The peer went away before it answered: failed, or unknown when this is a change that was
 * already sent. */
void bl_op_lost(struct bl_op *op, enum bl_code code, const char *format, ...) BL_PRINTF(3, 4);
bool bl_op_is_settled(const struct bl_op *op);
/* What it is doing, for the live line and for timeouts: "connecting to 127.0.0.1:5432",
 * "waiting for rows". */
void bl_op_stage(struct bl_op *op, const char *format, ...) BL_PRINTF(2, 3);
/*
 * The call itself asks for more time than the default (a grace period, a wait): moves the
 * deadline to at least `millis` from now, unless the author set a timeout.
 */
void bl_op_extend(struct bl_op *op, int64_t millis);
/* From here on the request may have reached the server. */
void bl_op_sent(struct bl_op *op);
/*
 * A change that is sent in two parts: what can be known of it in between (a transaction's id; a
 * map, taken) is journaled as `prepared`, and go_on is called once that is on disk, to send the
 * part that makes it real. Called at most once for an operation; go_on is not called when the
 * operation is settled before.
 */
void bl_op_prepared(struct bl_op *op, struct bl_value *take_mark,
                    void (*go_on)(struct bl_op *op));
/* What masks the secrets of this run in text that is cut or kept; NULL when nothing does. What
 * is answered, failed with or staged is masked anyway. */
const struct bl_redactor *bl_op_redactor(const struct bl_op *op);
/* Bytes that it prints while it runs, masked, for whoever watches; "stdout" or "stderr".
 * Nothing is kept here. */
void bl_op_output(struct bl_op *op, const char *stream, const char *data, size_t len);

/* For the engine (world/). */
/*
 * Starts an operation: takes call, allocates operation->size, arms the deadline
 * (call->timeout_ms) and calls start. on_settled is called once, from bl_loop_turn, after
 * release; the op is valid only during it.
 */
struct bl_op *bl_op_start(struct bl_loop *loop, struct bl_call *take_call, enum bl_class class,
                          struct bl_connection *connection,
                          void (*on_settled)(struct bl_op *op, void *owner), void *owner);
/*
 * Who journals what operations are prepared with (NULL: nobody, they go on at once). Called by
 * bl_loop_turn, outside of any client library's frame, with what bl_op_start was given as
 * owner; takes the mark, and calls bl_op_go_on later, or not at all. Whoever keeps the
 * operation until then holds a reference.
 */
void bl_loop_on_prepared(struct bl_loop *loop,
                         void (*on_prepared)(struct bl_op *op, void *owner,
                                             struct bl_value *take_mark));
void bl_op_go_on(struct bl_op *op); /* nothing happens when it is settled */
/* Settles it as cancelled: failed, or unknown for a change already sent. */
void bl_op_cancel(struct bl_op *op, const char *why);
/* The oldest operation under way, for the live line; NULL when there is none. */
struct bl_op *bl_loop_oldest(struct bl_loop *loop);
/*
 * Who watches what commands print (NULL: nobody). Called inside a callback of the loop, with
 * outside bytes: clean them before they are shown, start nothing from here.
 */
void bl_loop_on_output(struct bl_loop *loop,
                       void (*on_output)(struct bl_op *op, const char *stream, const char *data,
                                         size_t len));

#endif
