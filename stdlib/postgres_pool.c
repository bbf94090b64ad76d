/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_pool.c: links to a server: opened without blocking, shared, cancelled, closed. */
#include "base/prefix.h"

#include "postgres_private.h"

struct postgres_pool {
    struct bl_connection *connection; /* a reference */
    struct bl_catalogue *catalogue;
    uv_loop_t *uv;
    struct postgres_link *links;
    struct postgres_op *waiting, **waiting_end;
    int limit, count, connecting;
    unsigned refs;
    bool is_closed, is_serving;
};

/* A sign-in costs milliseconds of hashing: not all links do it in the same turn of the loop. */
#define POOL_CONNECTING 2

static void pool_serve(struct postgres_pool *pool);

static const char *pool_setting(const struct postgres_pool *pool, const char *name,
                                const char *fallback)
{
    const struct bl_value *value = bl_map_get(pool->connection->settings, name);

    return bl_value_type(value) == BL_NIL ? fallback : bl_value_reveal(value, NULL);
}

struct postgres_pool *bl_postgres_pool_new(struct bl_connection *connection)
{
    struct postgres_pool *pool = bl_alloc(sizeof(*pool));

    pool->connection = bl_connection_ref(connection);
    pool->uv = bl_loop_uv(connection->loop);
    pool->waiting_end = &pool->waiting;
    pool->limit = (int)bl_map_int(connection->settings, "connections", 8);
    pool->refs = 1;
    pool->catalogue = bl_catalogue_new(bl_map_get(connection->settings, "trusted"));
    return pool;
}

struct bl_catalogue *bl_postgres_pool_catalogue(struct postgres_pool *pool)
{
    return pool->catalogue;
}

static void pool_unref(struct postgres_pool *pool)
{
    if (--pool->refs > 0)
        return;
    bl_catalogue_free(pool->catalogue);
    bl_connection_unref(pool->connection);
    bl_free(pool);
}

static void link_handle_closed(uv_handle_t *handle)
{
    bl_free(handle);
}

static void link_unwatch(struct postgres_link *link)
{
    if (link->poll != NULL)
        uv_close((uv_handle_t *)link->poll, link_handle_closed);
    link->poll = NULL;
}

void bl_postgres_link_close(struct postgres_link *link, bool is_cancelled)
{
    struct postgres_pool *pool = link->pool;
    struct postgres_link **at = &pool->links;

    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    pool->count--;
    pool->connecting -= link->is_connecting;
    if (link->op != NULL)
        link->op->link = NULL;
    link_unwatch(link);
    uv_close((uv_handle_t *)link->timer, link_handle_closed);
    if (is_cancelled && link->pg != NULL && !link->is_connecting)
        bl_postgres_cancel(link->pg);
    PQfinish(link->pg);
    bl_postgres_relay_free(link->relay);
    bl_free(link);
    pool_serve(pool);
    pool_unref(pool);
}

static void link_ready(uv_poll_t *poll, int status, int events);

void bl_postgres_link_watch(struct postgres_link *link, int events)
{
    if (link->poll == NULL) {
        link->poll = bl_alloc(sizeof(*link->poll));
        link->poll->data = link;
        if (uv_poll_init(link->pool->uv, link->poll, PQsocket(link->pg)) != 0)
            BL_BUG("libuv cannot watch a socket of libpq");
    }
    uv_poll_start(link->poll, events, link_ready);
}

/* The operation that the link was opened for hears why it could not be. */
static void link_failed(struct postgres_link *link)
{
    struct bl_error err;

    bl_postgres_connect_error(link->op, link->pg, &err);
    bl_op_fail_error(&link->op->base, &err);
    bl_postgres_link_close(link, false);
}

static void link_connected(struct postgres_link *link)
{
    link->relay = bl_postgres_relay_new(link->pool->uv, PQsocket(link->pg), &link->unparsed);
    if (link->relay == NULL || PQsetnonblocking(link->pg, 1) != 0 ||
        PQenterPipelineMode(link->pg) != 1) {
        link_failed(link);
        return;
    }
    link->is_connecting = false;
    link->pool->connecting--;
    uv_timer_stop(link->timer);
    bl_postgres_run_start(link, link->op);
}

/* libpq may close its socket and open another in any step: each gets a poll handle of its own.
 */
static void link_step(struct postgres_link *link)
{
    PostgresPollingStatusType state;

    link_unwatch(link);
    state = PQconnectPoll(link->pg);
    if (state == PGRES_POLLING_READING)
        bl_postgres_link_watch(link, UV_READABLE);
    else if (state == PGRES_POLLING_WRITING)
        bl_postgres_link_watch(link, UV_WRITABLE);
    else if (state == PGRES_POLLING_OK)
        link_connected(link);
    else
        link_failed(link);
}

static void link_ready(uv_poll_t *poll, int status, int events)
{
    struct postgres_link *link = poll->data;

    if (link->is_connecting) {
        struct postgres_pool *pool = link->pool;
        pool->refs++;
        link_step(link);
        pool_serve(pool); /* another one may connect now */
        pool_unref(pool);
    } else {
        bl_postgres_run_ready(link, status, events);
    }
}

static void link_timer(uv_timer_t *timer)
{
    struct postgres_link *link = timer->data;

    if (link->is_connecting) {
        bl_op_fail(&link->op->base, BL_E_TIMEOUT,
                   "%s %s: no connection within connect_timeout while %s: is the server up?",
                   link->op->base.call->target, link->op->base.call->operation->name,
                   link->op->base.stage);
        bl_postgres_link_close(link, false);
    } else if (link->op != NULL) {
        bl_postgres_run_read(link);
    }
}

void bl_postgres_link_again(struct postgres_link *link)
{
    uv_timer_start(link->timer, link_timer, 0, 0);
}

static void link_quiet(void *data, const PGresult *result)
{
    (void)data;
    (void)result; /* libpq would print notices */
}

/* hosts: NULL for a unix socket, else the host's name once for each address, by commas. */
static void link_start(struct postgres_link *link, const char *hosts, const char *addresses)
{
    const struct postgres_pool *pool = link->pool;
    const struct bl_value *settings = pool->connection->settings;
    const char *host = pool_setting(pool, "host", "localhost");
    char port[16];
    const char *const pairs[][2] = {
        {"host", hosts != NULL ? hosts : host},
        {"hostaddr", addresses},
        {"port", port},
        {"dbname", pool_setting(pool, "dbname", "postgres")},
        {"user", pool_setting(pool, "user", "postgres")},
        {"password", pool_setting(pool, "password", NULL)},
        {"sslmode", pool_setting(pool, "sslmode", "prefer")},
        {"sslrootcert", pool_setting(pool, "ca_file", NULL)},
        {"application_name", pool_setting(pool, "application_name", "belay")},
        {"client_encoding", "UTF8"},
        {"gssencmode", "disable"}, /* Kerberos blocks */
    };
    const char *names[BL_COUNT(pairs) + 1] = {0}, *values[BL_COUNT(pairs) + 1] = {0};

    snprintf(port, sizeof(port), "%lld",
             (long long)bl_map_int(settings, "port", BL_POSTGRES_PORT));
    for (size_t i = 0; i < BL_COUNT(pairs); i++) {
        names[i] = pairs[i][0];
        values[i] = pairs[i][1];
    }
    bl_op_stage(&link->op->base, "connecting to %s:%s", host, port);
    link->pg = PQconnectStartParams(names, values, 0);
    if (link->pg == NULL)
        BL_BUG("libpq has no memory");
    PQsetNoticeReceiver(link->pg, link_quiet, NULL);
    if (PQstatus(link->pg) == CONNECTION_BAD) {
        link_failed(link);
        return;
    }
    bl_postgres_link_watch(link, UV_WRITABLE);
}

static void link_resolved(struct bl_op *base, const struct bl_addresses *addresses)
{
    struct postgres_link *link = ((struct postgres_op *)base)->link;
    const char *host = pool_setting(link->pool, "host", "localhost");
    char text[64];
    struct bl_buf hosts, list;

    bl_buf_init(&hosts, 0);
    bl_buf_init(&list, 0);
    for (int i = 0; i < addresses->count; i++) {
        bl_address_text(&addresses->list[i], text, sizeof(text));
        bl_buf_printf(&hosts, "%s%s", i > 0 ? "," : "", host);
        bl_buf_printf(&list, "%s%s", i > 0 ? "," : "", text);
    }
    link_start(link, bl_buf_text(&hosts), bl_buf_text(&list));
    bl_buf_release(&hosts);
    bl_buf_release(&list);
}

static void link_open(struct postgres_pool *pool, struct postgres_op *op)
{
    const struct bl_value *settings = pool->connection->settings;
    const char *host = pool_setting(pool, "host", "localhost");
    struct postgres_link *link = bl_alloc(sizeof(*link));

    link->pool = pool;
    pool->refs++;
    link->next = pool->links;
    pool->links = link;
    pool->count++;
    pool->connecting++;
    link->is_connecting = true;
    link->op = op;
    op->link = link;
    link->timer = bl_alloc(sizeof(*link->timer));
    uv_timer_init(pool->uv, link->timer);
    link->timer->data = link;
    uv_timer_start(link->timer, link_timer,
                   (uint64_t)bl_map_int(settings, "connect_timeout", 10000), 0);
    if (host[0] == '/')
        link_start(link, NULL, NULL);
    else
        bl_resolve(&op->base, host, (int)bl_map_int(settings, "port", BL_POSTGRES_PORT),
                   link_resolved);
}

static struct postgres_link *pool_find_idle(const struct postgres_pool *pool)
{
    struct postgres_link *link = pool->links;

    while (link != NULL && link->op != NULL)
        link = link->next;
    return link;
}

static struct postgres_op *pool_next(struct postgres_pool *pool)
{
    struct postgres_op *op = pool->waiting;

    pool->waiting = op->next;
    if (pool->waiting == NULL)
        pool->waiting_end = &pool->waiting;
    op->is_waiting = false;
    return op;
}

/* Gives idle links to waiting operations and opens new ones below the limit. */
static void pool_serve(struct postgres_pool *pool)
{
    if (pool->is_serving)
        return; /* the loop below goes on */
    pool->is_serving = true;
    pool->refs++;
    while (pool->waiting != NULL) {
        struct postgres_link *link = pool_find_idle(pool);
        if (link != NULL) {
            link->op = pool_next(pool);
            link->op->link = link;
            bl_postgres_run_start(link, link->op);
        } else if (pool->count < pool->limit && pool->connecting < POOL_CONNECTING) {
            link_open(pool, pool_next(pool));
        } else {
            break;
        }
    }
    pool->is_serving = false;
    pool_unref(pool);
}

void bl_postgres_pool_enter(struct postgres_pool *pool, struct postgres_op *op)
{
    if (op->pool == NULL) {
        op->pool = pool;
        pool->refs++;
    }
    bl_op_stage(&op->base, "waiting for a free connection");
    op->is_waiting = true;
    op->next = NULL;
    *pool->waiting_end = op;
    pool->waiting_end = &op->next;
    pool_serve(pool);
}

void bl_postgres_pool_leave(struct postgres_op *op)
{
    struct postgres_pool *pool = op->pool;
    struct postgres_op **at;

    if (pool == NULL)
        return;
    if (op->is_waiting) {
        for (at = &pool->waiting; *at != op; at = &(*at)->next)
            continue;
        *at = op->next;
        if (*at == NULL)
            pool->waiting_end = at;
        op->is_waiting = false;
    }
    if (op->link != NULL)
        bl_postgres_link_close(op->link, true);
    op->pool = NULL;
    pool_unref(pool);
}

void bl_postgres_link_free(struct postgres_link *link)
{
    struct postgres_pool *pool = link->pool;

    link->was_used = true;
    link->unparsed = 0;
    if (pool->is_closed)
        bl_postgres_link_close(link, false);
    else
        pool_serve(pool);
}

static void pool_close_idle(struct postgres_pool *pool)
{
    struct postgres_link *link;

    while ((link = pool_find_idle(pool)) != NULL)
        bl_postgres_link_close(link, false);
}

void bl_postgres_link_retry(struct postgres_link *link)
{
    struct postgres_pool *pool = link->pool;
    struct postgres_op *op = link->op;

    op->is_retried = true;
    op->has_failed = false;
    op->is_waiting = true;
    op->next = pool->waiting; /* it was first */
    if (pool->waiting == NULL)
        pool->waiting_end = &op->next;
    pool->waiting = op;
    pool->is_serving = true; /* not before all of them are gone */
    bl_postgres_link_close(link, false);
    pool_close_idle(pool);
    pool->is_serving = false;
    pool_serve(pool);
}

void bl_postgres_pool_close(struct postgres_pool *pool)
{
    pool->is_closed = true;
    pool_close_idle(pool);
    pool_unref(pool);
}
