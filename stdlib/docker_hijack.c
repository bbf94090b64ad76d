/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_hijack.c: a socket of the engine as a plain stream in both directions. */
#include "base/prefix.h"

#include "docker_hijack.h"

#define HEAD_MAX 16384

struct hijack {
    struct bl_docker_hijack request;
    uv_pipe_t pipe;
    uv_connect_t connect;
    uv_write_t write, write_input;
    uv_shutdown_t shutdown;
    bool is_closed; /* the op has let go, or the stream is over */
    bool is_stream; /* the head of the answer is read, and it was a yes */
    int status;     /* of an answer that is a no */
    size_t wanted;  /* bytes of such an answer, with its head */
    struct bl_buf head, out;
    struct bl_buf input;
    char room[16384];
};

static void hijack_free(uv_handle_t *handle)
{
    struct hijack *hijack = handle->data;

    bl_buf_release(&hijack->head);
    bl_buf_release(&hijack->out);
    bl_buf_release(&hijack->input);
    bl_free(hijack);
}

void bl_docker_hijack_close(struct hijack *hijack)
{
    if (hijack == NULL)
        return;
    hijack->is_closed = true;
    uv_close((uv_handle_t *)&hijack->pipe, hijack_free);
}

static bool hijack_is_over(const struct hijack *hijack)
{
    return hijack->is_closed || bl_op_is_settled(hijack->request.op);
}

static void hijack_lost(struct hijack *hijack, const char *why)
{
    struct bl_op *op = hijack->request.op;

    uv_read_stop((uv_stream_t *)&hijack->pipe);
    bl_op_lost(op, BL_E_CLOSED, "%s %s: the engine's stream broke: %s", op->call->target,
               op->call->operation->name, why);
}

static void hijack_shut(uv_shutdown_t *request, int status)
{
    (void)request, (void)status; /* a broken socket shows in reading */
}

static void hijack_input_written(uv_write_t *request, int status)
{
    struct hijack *hijack = request->data;

    if (status == 0 && !hijack_is_over(hijack))
        uv_shutdown(&hijack->shutdown, (uv_stream_t *)&hijack->pipe, hijack_shut);
}

/* The engine listens now: what the program reads, then its end. */
static void hijack_send_input(struct hijack *hijack)
{
    uv_buf_t buf = uv_buf_init(hijack->input.data, (unsigned)hijack->input.len);

    if (hijack->input.len == 0)
        uv_shutdown(&hijack->shutdown, (uv_stream_t *)&hijack->pipe, hijack_shut);
    else
        uv_write(&hijack->write_input, (uv_stream_t *)&hijack->pipe, &buf, 1,
                 hijack_input_written);
}

/* Reads the head once it is all there; what follows it begins the stream. */
static void hijack_head(struct hijack *hijack)
{
    const char *text = bl_buf_text(&hijack->head), *end = strstr(text, "\r\n\r\n");
    struct bl_docker_hijack *request = &hijack->request;
    int status = 0;

    if (end == NULL) {
        if (hijack->head.truncated)
            hijack_lost(hijack, "its answer has no head");
        return;
    }
    if (strncmp(text, "HTTP/1.", 7) == 0 && text[8] == ' ')
        status = (int)strtol(text + 9, NULL, 10);
    if (status < 100 || status > 599) {
        hijack_lost(hijack, "its answer is not HTTP");
        return;
    }
    end += 4;
    if (status != 101 && status != 200) {
        const char *length = strcasestr(text, "\r\nContent-Length:");
        hijack->status = status; /* the rest of the answer says why */
        hijack->wanted = (size_t)(end - text);
        if (length != NULL && length < end)
            hijack->wanted += strtoul(length + 17, NULL, 10);
        return;
    }
    hijack->is_stream = true;
    bl_op_stage(request->op, "waiting for the command to end");
    hijack_send_input(hijack);
    if (end < text + hijack->head.len)
        request->take(request->op, end, (size_t)(text + hijack->head.len - end));
}

static void hijack_end(struct hijack *hijack)
{
    struct bl_docker_hijack *request = &hijack->request;
    const char *end = strstr(bl_buf_text(&hijack->head), "\r\n\r\n");

    if (hijack->is_stream)
        request->done(request->op);
    else if (hijack->status != 0)
        request->refused(request->op, hijack->status, end + 4, strlen(end + 4));
    else
        hijack_lost(hijack, "it was closed before an answer");
}

static void hijack_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct hijack *hijack = stream->data;

    if (got == 0 || hijack_is_over(hijack))
        return;
    if (got == UV_EOF) {
        uv_read_stop(stream);
        hijack_end(hijack);
    } else if (got < 0) {
        hijack_lost(hijack, uv_strerror((int)got));
    } else if (hijack->is_stream) {
        if (!hijack->request.take(hijack->request.op, buf->base, (size_t)got))
            uv_read_stop(stream);
    } else {
        bl_buf_add(&hijack->head, buf->base, (size_t)got);
        if (hijack->status == 0)
            hijack_head(hijack);
        if (hijack->status != 0 &&
            (hijack->head.len >= hijack->wanted || hijack->head.truncated))
            hijack_end(hijack);
    }
}

static void hijack_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct hijack *hijack = handle->data;

    (void)size;
    *buf = uv_buf_init(hijack->room, sizeof(hijack->room));
}

static void hijack_written(uv_write_t *request, int status)
{
    struct hijack *hijack = request->data;

    if (status != 0 && !hijack_is_over(hijack))
        hijack_lost(hijack, uv_strerror(status));
}

static void hijack_connected(uv_connect_t *connect, int status)
{
    struct hijack *hijack = connect->data;
    struct bl_op *op = hijack->request.op;
    uv_buf_t buf;

    if (hijack_is_over(hijack))
        return;
    if (status != 0) {
        bl_op_fail(op, BL_E_REFUSED, "%s: cannot connect to the engine (%s): is it running?",
                   op->call->target, uv_strerror(status));
        return;
    }
    if (op->class != BL_CLASS_OBSERVE)
        bl_op_sent(op);
    buf = uv_buf_init(hijack->out.data, (unsigned)hijack->out.len);
    uv_write(&hijack->write, (uv_stream_t *)&hijack->pipe, &buf, 1, hijack_written);
    uv_read_start((uv_stream_t *)&hijack->pipe, hijack_room, hijack_read);
}

struct hijack *bl_docker_hijack_open(const struct bl_docker_hijack *request, const char *socket)
{
    struct hijack *hijack = bl_alloc(sizeof(*hijack));

    hijack->request = *request;
    bl_buf_init(&hijack->head, HEAD_MAX);
    bl_buf_init(&hijack->out, 0);
    bl_buf_init(&hijack->input, 0);
    bl_buf_add(&hijack->input, request->input, request->input_len);
    bl_buf_printf(
        &hijack->out,
        "POST %s HTTP/1.1\r\nHost: docker\r\nUser-Agent: belay/" BL_VERSION
        "\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n%s",
        request->path, strlen(request->body), request->body);
    hijack->pipe.data = hijack->connect.data = hijack->write.data = hijack;
    hijack->write_input.data = hijack;
    uv_pipe_init(bl_op_loop(request->op), &hijack->pipe, 0);
    uv_pipe_connect(&hijack->connect, &hijack->pipe, socket, hijack_connected);
    return hijack;
}
