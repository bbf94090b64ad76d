/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_pool.c: which operation gets which socket to a Redis server. */
#include "base/prefix.h"

#include "redis_private.h"

struct redis_pool *bl_redis_pool_new(struct bl_connection *connection)
{
    struct redis_pool *pool = bl_alloc(sizeof(*pool));

    pool->connection = bl_connection_ref(connection);
    pool->uv = bl_loop_uv(connection->loop);
    pool->waiting_end = &pool->waiting;
    pool->limit = (int)bl_map_int(connection->settings, "connections", 4);
    pool->refs = 1;
    pool->known = bl_map_new();
    if (bl_redis_address_read(&pool->address, connection->settings, &pool->problem) == BL_OK)
        pool->problem.code = BL_OK;
    return pool;
}

void bl_redis_pool_unref(struct redis_pool *pool)
{
    if (--pool->refs > 0)
        return;
    bl_redis_address_release(&pool->address);
    bl_value_unref(pool->known);
    bl_connection_unref(pool->connection);
    bl_free(pool);
}

void bl_redis_pool_forget(struct redis_pool *pool)
{
    bl_value_unref(pool->known);
    pool->known = bl_map_new();
}

static struct redis_link *pool_find_idle(const struct redis_pool *pool)
{
    struct redis_link *link = pool->links;

    while (link != NULL && link->op != NULL)
        link = link->next;
    return link;
}

static struct redis_op *pool_next(struct redis_pool *pool)
{
    struct redis_op *op = pool->waiting;

    pool->waiting = op->next;
    if (pool->waiting == NULL)
        pool->waiting_end = &pool->waiting;
    op->is_waiting = false;
    return op;
}

/* Gives idle links to waiting operations and opens new ones below the limit. */
void bl_redis_pool_serve(struct redis_pool *pool)
{
    if (pool->is_serving)
        return; /* the loop below goes on */
    pool->is_serving = true;
    pool->refs++;
    while (pool->waiting != NULL) {
        struct redis_link *link = pool_find_idle(pool);
        if (bl_op_is_settled(&pool->waiting->base)) {
            pool_next(pool); /* its time was over before its turn came */
        } else if (link != NULL && !bl_redis_link_is_alive(link)) {
            bl_redis_link_close(link);
        } else if (link != NULL) {
            link->op = pool_next(pool);
            link->op->link = link;
            bl_redis_link_send(link);
        } else if (pool->count < pool->limit) {
            bl_redis_link_open(pool, pool_next(pool));
        } else {
            break;
        }
    }
    pool->is_serving = false;
    bl_redis_pool_unref(pool);
}

void bl_redis_pool_enter(struct redis_pool *pool, struct redis_op *op)
{
    if (pool->problem.code != BL_OK) {
        bl_op_fail(&op->base, pool->problem.code, "%s: %s", op->base.call->target,
                   pool->problem.message);
        return;
    }
    op->pool = pool;
    pool->refs++;
    bl_op_stage(&op->base, "waiting for a free connection");
    op->is_waiting = true;
    op->next = NULL;
    *pool->waiting_end = op;
    pool->waiting_end = &op->next;
    bl_redis_pool_serve(pool);
}

void bl_redis_pool_leave(struct redis_op *op)
{
    struct redis_pool *pool = op->pool;
    struct redis_op **at;

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
        bl_redis_link_close(op->link); /* its reply would come out of step */
    op->pool = NULL;
    bl_redis_pool_unref(pool);
}

void bl_redis_pool_close(struct redis_pool *pool)
{
    struct redis_link *link;

    pool->is_closed = true;
    while ((link = pool_find_idle(pool)) != NULL)
        bl_redis_link_close(link);
    bl_redis_pool_unref(pool);
}
