/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_link.c: one socket to a Redis server: opened without blocking, signed in, one command
 * at a time, bounded. */
#include "base/prefix.h"

#include "redis_private.h"

#include <sys/socket.h>

struct link_write {
    uv_write_t request;
    char *data;
};

#define POOL_READ 16384    /* bytes read at once: a turn of the loop stays short */
#define POOL_GREETING 4096 /* bytes that a reply of the sign-in may have */

static void link_dial(struct redis_link *link);

static void link_handle_closed(uv_handle_t *handle)
{
    bl_free(handle);
}

static void link_hang_up(struct redis_link *link)
{
    if (link->tcp == NULL)
        return;
    link->tcp->data = NULL; /* what is under way ends with ECANCELED and finds no link */
    uv_close((uv_handle_t *)link->tcp, link_handle_closed);
    link->tcp = NULL;
}

void bl_redis_link_close(struct redis_link *link)
{
    struct redis_pool *pool = link->pool;
    struct redis_link **at = &pool->links;

    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    pool->count--;
    bl_redis_pool_forget(pool);
    if (link->op != NULL)
        link->op->link = NULL;
    link_hang_up(link);
    uv_close((uv_handle_t *)link->timer, link_handle_closed);
    bl_redis_sink_release(&link->sink);
    bl_free(link);
    bl_redis_pool_serve(pool);
    bl_redis_pool_unref(pool);
}

/* The operation fails with what happened, the link is closed. */
static void link_fail(struct redis_link *link, enum bl_code code, const char *format, ...)
    BL_PRINTF(3, 4);
static void link_fail(struct redis_link *link, enum bl_code code, const char *format, ...)
{
    struct bl_op *base = &link->op->base;
    char text[300];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    bl_op_lost(base, code, "%s %s: %s", base->call->target, bl_redis_operation(base->call),
               text);
    bl_redis_link_close(link);
}

/* The socket ended. A question on a link that had been idle is asked once more on a new one. */
static void link_lost(struct redis_link *link, int status)
{
    struct redis_pool *pool = link->pool;
    struct redis_op *op = link->op;

    if (op == NULL) {
        bl_redis_link_close(link);
    } else if (link->was_used && !op->is_retried && op->base.class == BL_CLASS_OBSERVE &&
               link->sink.bytes == 0) {
        op->is_retried = true;
        op->is_waiting = true;
        op->next = pool->waiting; /* it was first */
        if (pool->waiting == NULL)
            pool->waiting_end = &op->next;
        pool->waiting = op;
        bl_redis_link_close(link);
    } else {
        link_fail(link, BL_E_CLOSED, "the connection broke while %s (%s): see the server's log",
                  op->base.stage,
                  status == UV_EOF ? "closed by the server" : uv_strerror(status));
    }
}

static void link_written(uv_write_t *request, int status)
{
    struct link_write *write = BL_CONTAINER(request, struct link_write, request);
    struct redis_link *link = request->handle->data;

    bl_free(write->data);
    bl_free(write);
    if (status < 0 && status != UV_ECANCELED && link != NULL)
        link_lost(link, status);
}

/* Adds one command in Redis's protocol. */
static void link_encode(struct bl_buf *out, const struct bl_value *argv)
{
    size_t len;

    bl_buf_printf(out, "*%zu\r\n", bl_value_count(argv));
    for (size_t i = 0; i < bl_value_count(argv); i++) {
        const char *text = bl_value_as_bytes(bl_list_get(argv, i), &len);
        bl_buf_printf(out, "$%zu\r\n", len);
        bl_buf_add(out, text, len);
        bl_buf_add(out, "\r\n", 2);
    }
}

static bool link_write(struct redis_link *link, struct bl_buf *take_bytes)
{
    struct link_write *write = bl_alloc(sizeof(*write));
    uv_buf_t piece;
    size_t len;
    int status;

    write->data = bl_buf_take(take_bytes, &len);
    piece = uv_buf_init(write->data, (unsigned)len);
    status = uv_write(&write->request, (uv_stream_t *)link->tcp, &piece, 1, link_written);
    if (status == 0)
        return true;
    bl_free(write->data);
    bl_free(write);
    link_lost(link, status);
    return false;
}

static void link_go_on(struct bl_op *base)
{
    struct redis_link *link = ((struct redis_op *)base)->link;

    link->is_held = false;
    (void)bl_redis_link_send(link);
}

bool bl_redis_link_send(struct redis_link *link)
{
    struct redis_op *op = link->op;
    struct bl_buf out;

    link->is_held = bl_redis_must_keep(op, link_go_on);
    if (link->is_held)
        return true;
    op->wants_more = false;
    bl_redis_sink_start(&link->sink, op->base.call->keep);
    bl_op_stage(&op->base, "waiting for the reply of %s", op->base.call->target);
    bl_op_sent(&op->base);
    bl_buf_init(&out, 0);
    link_encode(&out, op->argv);
    return link_write(link, &out);
}

/* The link has nothing to do; when bytes are left over it is out of step. */
static void link_done(struct redis_link *link)
{
    struct redis_pool *pool = link->pool;

    link->op->link = NULL;
    link->op = NULL;
    link->was_used = true;
    if (pool->is_closed || bl_redis_sink_rest(&link->sink) > 0)
        bl_redis_link_close(link);
    else
        bl_redis_pool_serve(pool);
}

/* One reply of the operation's. False: the link is gone or serves another one. */
static bool link_reply(struct redis_link *link, struct bl_value *take_reply)
{
    struct redis_op *op = link->op;
    struct bl_error err;

    if (link->sink.is_error && op->is_question) {
        struct bl_value *answer = bl_map_new();
        bl_map_set(answer, "error", take_reply);
        bl_op_answer(&op->base, answer);
    } else if (link->sink.is_error) {
        bl_redis_error(op->base.call, bl_value_as_text(take_reply), &err);
        bl_value_unref(take_reply);
        bl_op_fail_error(&op->base, &err);
    } else if (op->shape->answer != NULL) {
        op->shape->answer(op, take_reply);
    } else {
        bl_op_answer(&op->base, take_reply);
    }
    if (op->wants_more && !bl_op_is_settled(&op->base))
        return bl_redis_link_send(link);
    link_done(link);
    return false;
}

/* One reply of the sign-in; after the last one the command goes out. */
static bool link_greeting(struct redis_link *link, struct bl_value *take_reply)
{
    struct redis_op *op = link->op;
    struct bl_error err;

    if (link->sink.is_error) {
        bl_redis_error(op->base.call, bl_value_as_text(take_reply), &err);
        bl_value_unref(take_reply);
        bl_op_fail_error(&op->base, &err);
        bl_redis_link_close(link);
        return false;
    }
    bl_value_unref(take_reply);
    bl_redis_sink_start(&link->sink, POOL_GREETING);
    if (--link->greetings > 0)
        return true;
    uv_timer_stop(link->timer);
    return bl_redis_link_send(link);
}

static void link_feed(struct redis_link *link, const char *data, size_t len)
{
    struct bl_value *reply;
    struct bl_error err;
    bool goes_on = bl_redis_sink_feed(&link->sink, data, len, &err);

    if (!goes_on) {
        link_fail(link, err.code, "%s", err.message);
        return;
    }
    while (goes_on) {
        if (!bl_redis_sink_next(&link->sink, &reply, &err)) {
            link_fail(link, err.code, "%s", err.message);
            return;
        }
        if (reply == NULL)
            return;
        goes_on = link->greetings > 0 ? link_greeting(link, reply) : link_reply(link, reply);
    }
}

static void link_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    static char bytes[POOL_READ]; /* used up before the next read of this thread's loop */

    (void)handle;
    (void)size;
    *out = uv_buf_init(bytes, sizeof(bytes));
}

static void link_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *bytes)
{
    struct redis_link *link = stream->data;

    if (link == NULL || got == 0)
        return;
    if (got < 0)
        link_lost(link, (int)got);
    else if (link->op == NULL)
        bl_redis_link_close(link); /* nobody asked: out of step */
    else if (link->is_held)
        link_fail(link, BL_E_PROTOCOL, "the server spoke before it was asked");
    else
        link_feed(link, bytes->base, (size_t)got);
}

/* AUTH and SELECT go out together; without them the command goes at once. */
static void link_sign_in(struct redis_link *link)
{
    const struct redis_address *address = &link->pool->address;
    struct bl_value *argv;
    struct bl_buf out;

    link->is_connecting = false;
    link->greetings = 0;
    bl_redis_sink_start(&link->sink, POOL_GREETING);
    bl_buf_init(&out, 0);
    if (address->password != NULL) {
        argv = bl_list_new();
        bl_list_add(argv, bl_value_text("AUTH"));
        if (address->user != NULL)
            bl_list_add(argv, bl_value_text(address->user));
        bl_list_add(argv, bl_value_text(address->password));
        link_encode(&out, argv);
        bl_value_unref(argv);
        link->greetings++;
    }
    if (address->database > 0) {
        argv = bl_list_new();
        bl_list_add(argv, bl_value_text("SELECT"));
        bl_list_add(argv, bl_value_textf("%d", address->database));
        link_encode(&out, argv);
        bl_value_unref(argv);
        link->greetings++;
    }
    if (link->greetings == 0) {
        uv_timer_stop(link->timer);
        bl_buf_release(&out);
        bl_redis_link_send(link);
        return;
    }
    bl_op_stage(&link->op->base, "signing in to %s:%d", address->host, address->port);
    link_write(link, &out);
}

static void link_connected(uv_connect_t *request, int status)
{
    struct redis_link *link = request->handle->data;

    bl_free(request);
    if (link == NULL)
        return;
    if (status < 0 && link->at + 1 < link->addresses.count) {
        link->at++;
        link_hang_up(link);
        link_dial(link);
        return;
    }
    if (status < 0) {
        link_fail(link, status == UV_ECONNREFUSED ? BL_E_REFUSED : BL_E_IO,
                  "no connection to %s:%d (%s): is the server running, and is the port right?",
                  link->pool->address.host, link->pool->address.port, uv_strerror(status));
        return;
    }
    uv_tcp_nodelay(link->tcp, 1);
    uv_read_start((uv_stream_t *)link->tcp, link_alloc, link_read);
    link_sign_in(link);
}

static void link_dial(struct redis_link *link)
{
    uv_connect_t *request = bl_alloc(sizeof(*request));
    int status;

    link->tcp = bl_alloc(sizeof(*link->tcp));
    uv_tcp_init(link->pool->uv, link->tcp);
    link->tcp->data = link;
    status = uv_tcp_connect(request, link->tcp,
                            (const struct sockaddr *)&link->addresses.list[link->at],
                            link_connected);
    if (status == 0)
        return;
    bl_free(request);
    link_fail(link, BL_E_IO, "no connection to %s:%d (%s)", link->pool->address.host,
              link->pool->address.port, uv_strerror(status));
}

static void link_resolved(struct bl_op *base, const struct bl_addresses *addresses)
{
    struct redis_link *link = ((struct redis_op *)base)->link;

    link->addresses = *addresses;
    bl_op_stage(base, "connecting to %s:%d", link->pool->address.host,
                link->pool->address.port);
    link_dial(link);
}

static void link_timeout(uv_timer_t *timer)
{
    struct redis_link *link = timer->data;

    link_fail(link, BL_E_TIMEOUT,
              "no connection within connect_timeout while %s: is the server "
              "up?",
              link->op->base.stage);
}

void bl_redis_link_open(struct redis_pool *pool, struct redis_op *op)
{
    struct redis_link *link = bl_alloc(sizeof(*link));

    link->pool = pool;
    pool->refs++;
    link->next = pool->links;
    pool->links = link;
    pool->count++;
    link->is_connecting = true;
    link->op = op;
    op->link = link;
    bl_redis_sink_init(&link->sink);
    link->timer = bl_alloc(sizeof(*link->timer));
    uv_timer_init(pool->uv, link->timer);
    link->timer->data = link;
    uv_timer_start(link->timer, link_timeout,
                   (uint64_t)bl_map_int(pool->connection->settings, "connect_timeout", 5000),
                   0);
    bl_resolve(&op->base, pool->address.host, pool->address.port, link_resolved);
}

/* Whether the server has closed an idle link, asked without waiting. */
bool bl_redis_link_is_alive(const struct redis_link *link)
{
    uv_os_fd_t fd;
    char byte;

    return uv_fileno((const uv_handle_t *)link->tcp, &fd) == 0 &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}
