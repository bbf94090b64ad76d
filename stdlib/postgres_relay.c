/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_relay.c: stands between libpq and its socket, so that libpq reads only what it is
 * given. */
#include "postgres_relay.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define RELAY_READ 16384  /* bytes in one piece */
#define RELAY_QUEUE 65536 /* bytes that wait to be written before reading stops */

/* One of the two directions' ends. */
struct relay_end {
    uv_pipe_t pipe; /* any stream socket */
    struct relay_end *other;
    struct postgres_relay *relay;
    bool is_paused;
};

struct postgres_relay {
    struct relay_end server, client;
    int64_t *count; /* NULL once the owner has let go */
    int open;       /* ends that libuv still holds */
};

struct relay_write {
    uv_write_t request;
    struct relay_end *from;
    char data[];
};

static void relay_resume(struct relay_end *end);

static void relay_closed(uv_handle_t *handle)
{
    struct relay_end *end = handle->data;

    if (--end->relay->open == 0)
        bl_free(end->relay);
}

static void relay_shut(uv_shutdown_t *request, int status)
{
    (void)status;
    bl_free(request);
}

/* One side has ended: the other one hears it after what was said before. */
static void relay_end(struct relay_end *end)
{
    uv_shutdown_t *request;

    uv_read_stop((uv_stream_t *)&end->pipe);
    if (uv_is_closing((uv_handle_t *)&end->other->pipe))
        return;
    request = bl_alloc(sizeof(*request));
    if (uv_shutdown(request, (uv_stream_t *)&end->other->pipe, relay_shut) != 0)
        bl_free(request);
}

static void relay_written(uv_write_t *request, int status)
{
    struct relay_write *write = BL_CONTAINER(request, struct relay_write, request);
    struct relay_end *from = write->from;

    bl_free(write);
    if (status == 0 && from->is_paused && !uv_is_closing((uv_handle_t *)&from->pipe))
        relay_resume(from);
    else if (status < 0 && status != UV_ECANCELED)
        relay_end(from->other);
}

static void relay_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    struct relay_write *write = bl_alloc(sizeof(*write) + RELAY_READ);

    (void)size;
    write->from = handle->data;
    *out = uv_buf_init(write->data, RELAY_READ);
}

static void relay_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *bytes)
{
    struct relay_end *end = stream->data, *other = end->other;
    struct relay_write *write =
        bytes->base == NULL ? NULL : BL_CONTAINER(bytes->base, struct relay_write, data);
    uv_buf_t piece;

    if (got <= 0) {
        bl_free(write);
        if (got < 0)
            relay_end(end);
        return;
    }
    if (end == &end->relay->server && end->relay->count != NULL)
        *end->relay->count += got;
    piece = uv_buf_init(write->data, (unsigned)got);
    if (uv_write(&write->request, (uv_stream_t *)&other->pipe, &piece, 1, relay_written) != 0) {
        bl_free(write);
        relay_end(end);
        return;
    }
    if (uv_stream_get_write_queue_size((uv_stream_t *)&other->pipe) > RELAY_QUEUE) {
        end->is_paused = true;
        uv_read_stop(stream);
    }
}

static void relay_resume(struct relay_end *end)
{
    end->is_paused = false;
    uv_read_start((uv_stream_t *)&end->pipe, relay_alloc, relay_read);
}

/* Takes the descriptor. */
static void relay_open(struct postgres_relay *relay, struct relay_end *end, uv_loop_t *uv,
                       int fd)
{
    uv_pipe_init(uv, &end->pipe, 0);
    end->pipe.data = end;
    end->relay = relay;
    end->other = end == &relay->server ? &relay->client : &relay->server;
    if (uv_pipe_open(&end->pipe, fd) != 0)
        BL_BUG("libuv cannot take a socket of libpq");
    relay->open++;
    relay_resume(end);
}

struct postgres_relay *bl_postgres_relay_new(uv_loop_t *uv, int sock, int64_t *count)
{
    struct postgres_relay *relay;
    int pair[2], server = fcntl(sock, F_DUPFD_CLOEXEC, 0);
    int room = 2 * RELAY_READ; /* what libpq finds at most in one turn of the loop */

    if (server < 0)
        return NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        close(server);
        return NULL;
    }
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    if (dup3(pair[1], sock, O_CLOEXEC) != sock) {
        close(server);
        close(pair[0]);
        close(pair[1]);
        return NULL;
    }
    close(pair[1]);
    relay = bl_alloc(sizeof(*relay));
    relay->count = count;
    relay_open(relay, &relay->server, uv, server);
    relay_open(relay, &relay->client, uv, pair[0]);
    return relay;
}

/* libpq's goodbye is in the pair when libpq is already gone. */
static void relay_goodbye(struct postgres_relay *relay)
{
    uv_os_fd_t client, server;
    char bytes[512];
    ssize_t got;

    if (uv_fileno((uv_handle_t *)&relay->client.pipe, &client) != 0 ||
        uv_fileno((uv_handle_t *)&relay->server.pipe, &server) != 0 ||
        uv_stream_get_write_queue_size((uv_stream_t *)&relay->server.pipe) > 0)
        return;
    got = recv(client, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got > 0)
        got = send(server, bytes, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void bl_postgres_relay_free(struct postgres_relay *relay)
{
    if (relay == NULL)
        return;
    relay_goodbye(relay);
    relay->count = NULL;
    uv_close((uv_handle_t *)&relay->client.pipe, relay_closed);
    uv_close((uv_handle_t *)&relay->server.pipe, relay_closed);
}
