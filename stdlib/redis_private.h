/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_private.h: what the files of the redis module share: operations, links to the server,
 * replies. */
#ifndef BL_REDIS_PRIVATE_H
#define BL_REDIS_PRIVATE_H

#include "guard/redis.h"
#include "module.h"
#include "redis_address.h"

#include <hiredis/read.h>

struct redis_op;
struct redis_link;

/* How one operation of the table becomes a command, and its reply an answer. */
struct redis_shape {
    const char *operation;
    const char *words; /* "CONFIG GET"; NULL: build makes all of it */
    const char *arg;   /* the argument that follows the words; NULL: none */
    /* Adds to argv what words and arg do not say. May be NULL. */
    void (*build)(const struct bl_call *call, struct bl_value *argv);
    /* Takes the reply. NULL: it is the answer as it is. May send another command instead. */
    void (*answer)(struct redis_op *op, struct bl_value *take_reply);
};

struct redis_op {
    struct bl_op base;
    const struct redis_shape *shape;
    struct bl_value *argv; /* what is sent next: a list of byte strings */
    struct bl_value *found;
    int64_t found_bytes;

    struct redis_pool *pool; /* a reference; NULL: never entered */
    struct redis_link *link; /* while it is served */
    struct redis_op *next;   /* waiting */
    bool is_waiting;
    bool is_retried;
    bool wants_more;  /* argv is another command of the same operation */
    bool is_kept;     /* that it leaves now is on disk */
    bool is_question; /* of the guard: an error of the server is an answer, too */
};

/* Where replies are put together: hiredis parses, we build and count. */
struct redis_sink {
    redisReader *reader;
    int64_t bytes, max; /* of the reply under way */
    bool is_too_large;
    bool is_error; /* the reply is one, its text is the value */
};

struct redis_pool {
    struct bl_connection *connection; /* a reference */
    uv_loop_t *uv;
    struct redis_address address;
    struct bl_error problem; /* of the address; code BL_OK: none */
    struct redis_link *links;
    struct redis_op *waiting, **waiting_end;
    /* What the server has said of its commands, by name, and of the user; a map. Forgotten when
     * a link ends: the next one may lead to another server. */
    struct bl_value *known;
    int limit, count;
    unsigned refs;
    bool is_closed, is_serving;
};

struct redis_link {
    struct redis_pool *pool;
    struct redis_op *op; /* NULL: idle */
    struct redis_link *next;
    uv_tcp_t *tcp;
    uv_timer_t *timer; /* connect timeout */
    struct redis_sink sink;
    struct bl_addresses addresses;
    int at;        /* the address that is tried */
    int greetings; /* replies of the sign-in that are still to come */
    bool is_connecting;
    bool was_used;
    bool is_held; /* its command waits until it is on disk that it leaves */
};

/* redis_reply.c: from protocol to values, bounded. */
void bl_redis_sink_init(struct redis_sink *sink);
void bl_redis_sink_release(struct redis_sink *sink);
/* Begins another reply of at most max bytes. */
void bl_redis_sink_start(struct redis_sink *sink, int64_t max);
bool bl_redis_sink_feed(struct redis_sink *sink, const char *data, size_t len,
                        struct bl_error *err);
/* The next reply: true with *reply set, or NULL when more bytes are needed. False: err says
 * why; the stream is of no use after it. */
bool bl_redis_sink_next(struct redis_sink *sink, struct bl_value **reply, struct bl_error *err);
/* Bytes that belong to no reply yet. */
size_t bl_redis_sink_rest(const struct redis_sink *sink);
/* Whose call it is, for messages: a question of the guard is about another operation. */
const char *bl_redis_operation(const struct bl_call *call);
/* What an error reply means. */
void bl_redis_error(const struct bl_call *call, const char *text, struct bl_error *err);

/* redis_text.c: from texts in replies to tables. */
struct bl_value *bl_redis_info(const char *text, size_t len);
struct bl_value *bl_redis_clients(const char *text);
struct bl_value *bl_redis_scalar(const char *text, size_t len); /* "12" to 12, "1.5" to 1.5 */
struct bl_value *bl_redis_pairs(const struct bl_value *list, bool are_scalars);
struct bl_value *bl_redis_slowlog(const struct bl_value *list);
struct bl_value *bl_redis_role(const struct bl_value *list);

/* redis_shapes.c: what each operation sends and answers. */
const struct redis_shape *bl_redis_shape(const char *operation);
struct bl_value *bl_redis_argv(const struct bl_call *call);

/* redis_ask.c: what only the server knows about a command. */
struct bl_call *bl_redis_ask(struct bl_connection *connection, const struct bl_call *call,
                             struct bl_inspection *inspection, const struct bl_value *answer);
/* Class, reason and refusal of an operation's command, by what is known so far. */
void bl_redis_judge(const struct redis_pool *pool, const struct bl_call *call,
                    const struct bl_value *argv, struct bl_redis_class *class);

/* redis_doubt.c: whether a command sent twice leaves what it leaves sent once; and the
 * bl_operation.resolve of all. */
bool bl_redis_is_repeatable(const struct bl_value *argv);
/* True where it has to be on disk that the command leaves now: then asks for that, and calls
 * go_on later. */
bool bl_redis_must_keep(struct redis_op *op, void (*go_on)(struct bl_op *op));
struct bl_call *bl_redis_resolve(struct bl_connection *connection, const struct bl_call *call,
                                 const struct bl_value *intent, const struct bl_value *answer,
                                 struct bl_resolution *resolution);

/* redis.c: lets go of what an operation holds. */
void bl_redis_release(struct bl_op *base);

/* redis_pool.c: links, one pool for each connection of the environment. */
struct redis_pool *bl_redis_pool_new(struct bl_connection *connection);
void bl_redis_pool_close(struct redis_pool *pool);
void bl_redis_pool_enter(struct redis_pool *pool, struct redis_op *op);
void bl_redis_pool_leave(struct redis_op *op);

void bl_redis_pool_unref(struct redis_pool *pool);
void bl_redis_pool_forget(struct redis_pool *pool);
/* Gives idle links to waiting operations and opens new ones below the limit. */
void bl_redis_pool_serve(struct redis_pool *pool);

/* redis_link.c: one socket, one command at a time. */
void bl_redis_link_open(struct redis_pool *pool, struct redis_op *op);
void bl_redis_link_close(struct redis_link *link);
/* Sends the command of the link's operation. False: the link is gone. */
bool bl_redis_link_send(struct redis_link *link);
/* Whether the server has not closed an idle link, asked without waiting. */
bool bl_redis_link_is_alive(const struct redis_link *link);

#endif
