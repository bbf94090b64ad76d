/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* tcp_dial.c: a TCP connection for one operation. */
#include "base/prefix.h"

#include "tcp_dial.h"

struct tcp_dial {
    uv_tcp_t socket;
    uv_connect_t connect;
    struct bl_tcp_op *tcp; /* NULL once the operation has let go */
    char room[16384];
};

struct dial_write {
    uv_write_t request;
    char *data;
};

static void dial_next(struct bl_tcp_op *tcp, int status);

static void dial_closed(uv_handle_t *handle)
{
    bl_free(handle->data);
}

void bl_tcp_close(struct bl_tcp_op *tcp)
{
    if (tcp->dial == NULL)
        return;
    tcp->dial->tcp = NULL;
    uv_close((uv_handle_t *)&tcp->dial->socket, dial_closed);
    tcp->dial = NULL;
}

static void dial_done(uv_connect_t *connect, int status)
{
    struct tcp_dial *dial = connect->data;
    struct bl_tcp_op *tcp = dial->tcp;

    if (tcp == NULL || bl_op_is_settled(&tcp->base))
        return;
    if (status != 0) {
        bl_tcp_close(tcp);
        dial_next(tcp, status);
        return;
    }
    tcp->seconds = (double)(uv_hrtime() - tcp->began) / 1e9;
    tcp->connected(tcp);
}

static enum bl_code dial_code(int status)
{
    switch (status) {
    case UV_ECONNREFUSED:
        return BL_E_REFUSED;
    case UV_ETIMEDOUT:
        return BL_E_TIMEOUT;
    case UV_ECONNRESET:
    case UV_EPIPE:
        return BL_E_CLOSED;
    case UV_EACCES:
    case UV_EPERM:
        return BL_E_DENIED;
    default:
        return BL_E_IO;
    }
}

/* Tries the next address; status is what became of the one before. */
static void dial_next(struct bl_tcp_op *tcp, int status)
{
    struct tcp_dial *dial;
    const struct sockaddr_storage *to;
    char text[64];

    if (tcp->tried >= tcp->addresses.count) {
        bl_op_fail(&tcp->base, dial_code(status),
                   "%s: cannot connect to %s (%s): is the service running?",
                   tcp->base.call->target, tcp->address, uv_strerror(status));
        return;
    }
    to = &tcp->addresses.list[tcp->tried++];
    bl_address_text(to, text, sizeof(text));
    snprintf(tcp->address, sizeof(tcp->address),
             to->ss_family == AF_INET6 ? "[%s]:%lld" : "%s:%lld", text,
             (long long)bl_call_int(tcp->base.call, "port"));
    bl_op_stage(&tcp->base, "connecting to %s", tcp->address);
    dial = bl_alloc(sizeof(*dial));
    dial->tcp = tcp;
    dial->socket.data = dial;
    dial->connect.data = dial;
    uv_tcp_init(bl_op_loop(&tcp->base), &dial->socket);
    tcp->dial = dial;
    status =
        uv_tcp_connect(&dial->connect, &dial->socket, (const struct sockaddr *)to, dial_done);
    if (status != 0) {
        bl_tcp_close(tcp);
        dial_next(tcp, status);
    }
}

static void dial_resolved(struct bl_op *op, const struct bl_addresses *addresses)
{
    struct bl_tcp_op *tcp = (struct bl_tcp_op *)op;

    tcp->addresses = *addresses;
    dial_next(tcp, UV_EINVAL);
}

void bl_tcp_dial(struct bl_tcp_op *tcp)
{
    const struct bl_call *call = tcp->base.call;

    tcp->began = uv_hrtime();
    bl_resolve(&tcp->base, bl_call_text(call, "host"), (int)bl_call_int(call, "port"),
               dial_resolved);
}

static void dial_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct tcp_dial *dial = handle->data;

    (void)size;
    *buf = uv_buf_init(dial->room, sizeof(dial->room));
}

static void dial_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct tcp_dial *dial = stream->data;
    struct bl_tcp_op *tcp = dial->tcp;

    if (got == 0 || tcp == NULL || bl_op_is_settled(&tcp->base))
        return;
    if (got < 0) {
        uv_read_stop(stream);
        if (got == UV_EOF)
            tcp->read(tcp, NULL, 0);
        else
            bl_op_fail(&tcp->base, dial_code((int)got), "%s: %s: %s after %zu bytes",
                       tcp->base.call->target, tcp->address, uv_strerror((int)got),
                       tcp->received);
        return;
    }
    tcp->received += (size_t)got;
    tcp->read(tcp, buf->base, (size_t)got);
}

void bl_tcp_read(struct bl_tcp_op *tcp)
{
    uv_read_start((uv_stream_t *)&tcp->dial->socket, dial_room, dial_read);
}

static void dial_written(uv_write_t *request, int status)
{
    struct dial_write *write = request->data;

    (void)status; /* a broken socket shows in reading */
    bl_free(write->data);
    bl_free(write);
}

void bl_tcp_write(struct bl_tcp_op *tcp, const void *data, size_t len)
{
    struct dial_write *write = bl_alloc(sizeof(*write));
    uv_buf_t buf;

    write->data = bl_strndup(data, len);
    write->request.data = write;
    buf = uv_buf_init(write->data, (unsigned)len);
    if (uv_write(&write->request, (uv_stream_t *)&tcp->dial->socket, &buf, 1, dial_written) !=
        0)
        dial_written(&write->request, 0);
}
