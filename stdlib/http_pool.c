/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_pool.c: gives libcurl its sockets and its timer on the loop. */
#include "base/prefix.h"

#include "http_pool.h"

struct bl_http_pool {
    struct bl_loop *loop;
    CURLM *multi;
    uv_timer_t timer;
    unsigned refs; /* the connection's and one for each operation */
    bool is_closed;
    char *known; /* "host:port:addresses" */
    int64_t known_at;
};

/* One life of a socket that libcurl wants watched; a socket may have several, one after the
 * other. */
struct pool_socket {
    uv_poll_t poll;
    struct bl_http_pool *pool;
    curl_socket_t fd;
};

static void pool_collect(struct bl_http_pool *pool)
{
    CURLMsg *message;
    int left;

    bl_http_pool_ref(pool);
    while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            bl_http_finished(message->easy_handle, message->data.result);
    }
    bl_http_pool_unref(pool);
}

static void pool_timer_fired(uv_timer_t *timer)
{
    struct bl_http_pool *pool = timer->data;
    int running;

    curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    pool_collect(pool);
}

/* libcurl wants to be called again after millis; never from inside its own callback. */
static int pool_on_timer(CURLM *multi, long millis, void *user)
{
    struct bl_http_pool *pool = user;

    (void)multi;
    if (millis < 0)
        uv_timer_stop(&pool->timer);
    else
        uv_timer_start(&pool->timer, pool_timer_fired, millis > 0 ? (uint64_t)millis : 1, 0);
    return 0;
}

static void pool_socket_ready(uv_poll_t *poll, int status, int events)
{
    struct pool_socket *socket = poll->data;
    struct bl_http_pool *pool = socket->pool;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;

    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(pool->multi, socket->fd, flags, &running);
    pool_collect(pool);
}

static void pool_socket_closed(uv_handle_t *handle)
{
    bl_free(handle->data);
}

static struct pool_socket *pool_socket_new(struct bl_http_pool *pool, curl_socket_t fd)
{
    struct pool_socket *socket = bl_alloc(sizeof(*socket));

    socket->pool = pool;
    socket->fd = fd;
    socket->poll.data = socket;
    if (uv_poll_init_socket(bl_loop_uv(pool->loop), &socket->poll, fd) != 0) {
        bl_free(socket);
        return NULL;
    }
    curl_multi_assign(pool->multi, fd, socket);
    return socket;
}

static int pool_on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
    struct bl_http_pool *pool = user;
    struct pool_socket *socket = assigned;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL) {
            uv_poll_stop(&socket->poll);
            curl_multi_assign(pool->multi, fd, NULL);
            uv_close((uv_handle_t *)&socket->poll, pool_socket_closed);
        }
        return 0;
    }
    if (socket == NULL)
        socket = pool_socket_new(pool, fd);
    if (socket == NULL)
        return -1;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    uv_poll_start(&socket->poll, events, pool_socket_ready);
    return 0;
}

struct bl_http_pool *bl_http_pool_new(struct bl_loop *loop, int connections)
{
    struct bl_http_pool *pool = bl_alloc(sizeof(*pool));

    curl_global_init(CURL_GLOBAL_DEFAULT);
    pool->loop = loop;
    pool->refs = 1;
    pool->multi = curl_multi_init();
    if (pool->multi == NULL || uv_timer_init(bl_loop_uv(loop), &pool->timer) != 0)
        BL_BUG("libcurl has no multi handle");
    pool->timer.data = pool;
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, pool_on_socket);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, pool_on_timer);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
    curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    return pool;
}

struct bl_http_pool *bl_http_pool_ref(struct bl_http_pool *pool)
{
    if (pool != NULL)
        pool->refs++;
    return pool;
}

static void pool_timer_closed(uv_handle_t *handle)
{
    struct bl_http_pool *pool = handle->data;

    bl_free(pool->known);
    bl_free(pool);
}

void bl_http_pool_unref(struct bl_http_pool *pool)
{
    if (pool == NULL || --pool->refs > 0)
        return;
    curl_multi_cleanup(pool->multi);
    curl_global_cleanup();
    uv_close((uv_handle_t *)&pool->timer, pool_timer_closed);
}

void bl_http_pool_close(struct bl_http_pool *pool)
{
    if (pool == NULL)
        return;
    pool->is_closed = true;
    bl_http_pool_unref(pool);
}

bool bl_http_pool_is_closed(const struct bl_http_pool *pool)
{
    return pool->is_closed;
}

CURLM *bl_http_pool_multi(struct bl_http_pool *pool)
{
    return pool->multi;
}

void bl_http_pool_remember(struct bl_http_pool *pool, const char *line)
{
    bl_free(pool->known);
    pool->known = bl_strdup(line);
    pool->known_at = bl_clock_steady();
}

const char *bl_http_pool_recall(struct bl_http_pool *pool, const char *host, int port,
                                int64_t life_ms)
{
    char key[300];
    int len = snprintf(key, sizeof(key), "%s:%d:", host, port);

    if (pool->known == NULL || bl_clock_steady() - pool->known_at > life_ms ||
        strncmp(pool->known, key, (size_t)len) != 0)
        return NULL;
    return pool->known;
}
