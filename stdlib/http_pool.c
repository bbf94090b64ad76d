/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_pool.c: gives libcurl its sockets and its timer on the loop. */
#include "base/prefix.h"

#include "http_pool.h"

#define STARTS 16 /* plain sockets opened for each reading of the loop's clock */
#define TLS_COST                                                                               \
    8 /* plain ones for one with TLS: keys, authorities, half a millisecond and more */
#define SLICE_NS 5000000 /* of one turn of the loop, when many sockets are ready in it */

struct bl_http_pool {
    struct bl_loop *loop;
    CURLM *multi;
    uv_timer_t timer, starter;
    unsigned refs; /* the connection's and one for each operation */
    bool is_closed;
    int started; /* what was given to libcurl when the loop's clock read started_at */
    uint64_t started_at;
    TAILQ_HEAD(, bl_http_op) line;
    uint64_t turn, began; /* this turn of the loop: its time, and when we began in it (ns) */
    char *known;          /* "host:port:addresses" */
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

static void pool_starter_fired(uv_timer_t *timer);

/* Starts those in line, a few for each reading of the loop's clock; the others a little later.
 */
static void pool_start_some(struct bl_http_pool *pool)
{
    uint64_t now = uv_now(bl_loop_uv(pool->loop));
    struct bl_http_op *http;

    if (now != pool->started_at) {
        pool->started_at = now;
        pool->started = 0;
    }
    while (pool->started < STARTS && (http = TAILQ_FIRST(&pool->line)) != NULL) {
        TAILQ_REMOVE(&pool->line, http, line);
        http->is_in_line = false;
        pool->started += strncmp(http->url, "https:", 6) == 0 ? TLS_COST : 1;
        curl_multi_add_handle(pool->multi, http->easy);
    }
    if (!TAILQ_EMPTY(&pool->line))
        uv_timer_start(&pool->starter, pool_starter_fired, 1, 0);
}

static void pool_starter_fired(uv_timer_t *timer)
{
    pool_start_some(timer->data);
}

void bl_http_pool_start(struct bl_http_pool *pool, struct bl_http_op *http)
{
    TAILQ_INSERT_TAIL(&pool->line, http, line);
    http->is_in_line = true;
    pool_start_some(pool);
}

void bl_http_pool_stop(struct bl_http_pool *pool, struct bl_http_op *http)
{
    if (http->is_in_line)
        TAILQ_REMOVE(&pool->line, http, line);
    else
        curl_multi_remove_handle(pool->multi, http->easy);
    http->is_in_line = false;
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

/* True when this turn has had its share: a socket that is ready will be so in the next, too. */
static bool pool_turn_is_over(struct bl_http_pool *pool)
{
    uint64_t turn = uv_now(bl_loop_uv(pool->loop)), now = uv_hrtime();

    if (turn != pool->turn) {
        pool->turn = turn;
        pool->began = now;
    }
    return now - pool->began > SLICE_NS;
}

static void pool_socket_ready(uv_poll_t *poll, int status, int events)
{
    struct pool_socket *socket = poll->data;
    struct bl_http_pool *pool = socket->pool;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;

    if (status == 0 && pool_turn_is_over(pool))
        return;
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
    TAILQ_INIT(&pool->line);
    pool->multi = curl_multi_init();
    if (pool->multi == NULL || uv_timer_init(bl_loop_uv(loop), &pool->timer) != 0)
        BL_BUG("libcurl has no multi handle");
    uv_timer_init(bl_loop_uv(loop), &pool->starter);
    pool->timer.data = pool->starter.data = pool;
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

static void pool_starter_closed(uv_handle_t *handle)
{
    struct bl_http_pool *pool = handle->data;

    bl_free(pool->known);
    bl_free(pool);
}

static void pool_timer_closed(uv_handle_t *handle)
{
    struct bl_http_pool *pool = handle->data;

    uv_close((uv_handle_t *)&pool->starter, pool_starter_closed);
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
