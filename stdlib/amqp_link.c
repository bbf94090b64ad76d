/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_link.c: one connection to a broker. */
#include "base/prefix.h"

#include "amqp_link.h"

#include "base/clock.h"
#include "base/text.h"

#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINK_SLACK 200     /* milliseconds after the deadline: the loop's timeout comes first */
#define LINK_SLICE 100     /* milliseconds between two looks whether anybody still waits */
#define LINK_GOODBYE 300L  /* milliseconds for the broker to answer a close */
#define LINK_CONNECT 10000 /* milliseconds at most for a TCP and TLS connect */

static struct timeval link_remaining(const struct bl_amqp_link *link)
{
    int64_t millis = link->deadline + LINK_SLACK - bl_clock_steady();
    struct timeval span = {0};

    millis = millis < 1 ? 1 : millis;
    span.tv_sec = millis / 1000;
    span.tv_usec = (millis % 1000) * 1000;
    return span;
}

static enum bl_code link_code(int status)
{
    switch (status) {
    case AMQP_STATUS_TIMEOUT:
    case AMQP_STATUS_HEARTBEAT_TIMEOUT:
        return BL_E_TIMEOUT;
    case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
        return BL_E_RESOLVE;
    case AMQP_STATUS_CONNECTION_CLOSED:
    case AMQP_STATUS_SOCKET_ERROR:
    case AMQP_STATUS_SOCKET_CLOSED:
    case AMQP_STATUS_TCP_ERROR:
        return BL_E_CLOSED;
    case AMQP_STATUS_SSL_ERROR:
    case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
    case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
    case AMQP_STATUS_SSL_CONNECTION_FAILED:
        return BL_E_TLS;
    case AMQP_STATUS_TABLE_TOO_BIG:
        return BL_E_TOO_LARGE;
    default:
        return BL_E_PROTOCOL;
    }
}

static const char *link_advice(enum bl_code code)
{
    switch (code) {
    case BL_E_TLS:
        return "check ca_file, the certificate's name and the port";
    case BL_E_PROTOCOL:
        return "is that an AMQP 0-9-1 broker?";
    case BL_E_RESOLVE:
        return "check the host name";
    default:
        return "check that the broker is well";
    }
}

enum bl_code bl_amqp_link_status(struct bl_amqp_link *link, const char *doing, int status,
                                 struct bl_error *err)
{
    enum bl_code code;

    if (status == AMQP_STATUS_OK)
        return BL_OK;
    link->is_broken = true;
    code = link_code(status);
    return bl_fail(err, code, "%s: %s at %s:%d: %s: %s", link->target, doing,
                   link->settings->host, link->settings->port,
                   code == BL_E_CLOSED ? "the broker closed the connection"
                                       : amqp_error_string2(status),
                   link_advice(code));
}

static enum bl_code link_server_code(int number, bool is_login)
{
    switch (number) {
    case AMQP_ACCESS_REFUSED:
        return is_login ? BL_E_AUTH : BL_E_DENIED;
    case AMQP_NOT_FOUND:
    case AMQP_NOT_ALLOWED: /* on login: a vhost that is not there */
        return BL_E_NOT_FOUND;
    case AMQP_RESOURCE_LOCKED:
        return BL_E_BUSY;
    case AMQP_CONNECTION_FORCED:
        return BL_E_CLOSED;
    default:
        return BL_E_SERVER;
    }
}

/* The broker's words, made safe. */
static enum bl_code link_refuse(struct bl_amqp_link *link, const char *doing, int number,
                                amqp_bytes_t text, struct bl_error *err)
{
    enum bl_code code = link_server_code(number, !link->has_channel && link->is_broken);
    struct bl_buf said;

    bl_buf_init(&said, 300);
    bl_text_clean(&said, text.bytes, text.len < 200 ? text.len : 200, false);
    bl_fail(err, code, "%s: %s: the broker at %s:%d says %d %s", link->target, doing,
            link->settings->host, link->settings->port, number, bl_buf_text(&said));
    bl_error_cause(err, "AMQP %d", number);
    bl_buf_release(&said);
    return code;
}

/* Answers a channel.close or connection.close of the broker. */
static enum bl_code link_closed_by_server(struct bl_amqp_link *link, const char *doing,
                                          const amqp_method_t *method, int *server_code,
                                          struct bl_error *err)
{
    if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *close_frame = method->decoded;
        amqp_channel_close_ok_t ok = {0};
        enum bl_code code =
            link_refuse(link, doing, close_frame->reply_code, close_frame->reply_text, err);
        if (server_code != NULL)
            *server_code = close_frame->reply_code;
        link->has_channel = link->has_confirms = false;
        link->is_broken = amqp_send_method(link->state, BL_AMQP_CHANNEL,
                                           AMQP_CHANNEL_CLOSE_OK_METHOD, &ok) != AMQP_STATUS_OK;
        return code;
    }
    link->is_broken = true;
    if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *close_frame = method->decoded;
        amqp_connection_close_ok_t ok = {0};
        (void)amqp_send_method(link->state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
        return link_refuse(link, doing, close_frame->reply_code, close_frame->reply_text, err);
    }
    return bl_amqp_link_status(link, doing, AMQP_STATUS_WRONG_METHOD, err);
}

enum bl_code bl_amqp_link_check(struct bl_amqp_link *link, const char *doing,
                                amqp_rpc_reply_t reply, int *server_code, struct bl_error *err)
{
    if (server_code != NULL)
        *server_code = 0;
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return BL_OK;
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        return link_closed_by_server(link, doing, &reply.reply, server_code, err);
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return bl_amqp_link_status(link, doing, reply.library_error, err);
    default:
        return bl_amqp_link_status(link, doing, AMQP_STATUS_CONNECTION_CLOSED, err);
    }
}

enum bl_code bl_amqp_link_frame(struct bl_amqp_link *link, const char *doing,
                                amqp_frame_t *frame, struct bl_error *err)
{
    struct timeval span = link_remaining(link);
    enum bl_code code;

    code = bl_amqp_link_status(link, doing,
                               amqp_simple_wait_frame_noblock(link->state, frame, &span), err);
    if (code != BL_OK || frame->frame_type != AMQP_FRAME_METHOD)
        return code;
    if (frame->payload.method.id != AMQP_CHANNEL_CLOSE_METHOD &&
        frame->payload.method.id != AMQP_CONNECTION_CLOSE_METHOD)
        return BL_OK;
    return link_closed_by_server(link, doing, &frame->payload.method, NULL, err);
}

/* Waits until the connect is through; errno's number when it failed. */
static int link_await_connect(struct bl_amqp_link *link, int fd)
{
    int64_t end = bl_clock_steady() + LINK_CONNECT;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int number = ETIMEDOUT;
    socklen_t len = sizeof(number);

    if (end > link->deadline + LINK_SLACK)
        end = link->deadline + LINK_SLACK;
    while (bl_clock_steady() < end) {
        if (!link->on_fd(link->owner, fd))
            return ECANCELED;
        if (poll(&wait, 1, LINK_SLICE) > 0)
            return getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &len) == 0 ? number : errno;
    }
    return number;
}

static int link_connect_one(struct bl_amqp_link *link, const struct sockaddr_storage *address,
                            int *number)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                   : sizeof(struct sockaddr_in);

    *number = 0;
    if (fd < 0) {
        *number = errno;
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (const struct sockaddr *)address, len) != 0 && errno != EINPROGRESS)
        *number = errno;
    else
        *number = link_await_connect(link, fd);
    if (*number == 0)
        return fd;
    link->on_fd(link->owner, -1);
    close(fd);
    return -1;
}

/* Plain TCP: connects by itself, so that it can be stopped from outside at any time. */
static enum bl_code link_connect_tcp(struct bl_amqp_link *link,
                                     const struct bl_addresses *addresses, struct bl_error *err)
{
    int number = EADDRNOTAVAIL, fd = -1;
    amqp_socket_t *socket_object;
    enum bl_code code = BL_E_IO;

    for (int i = 0; i < addresses->count && fd < 0 && number != ECANCELED; i++)
        fd = link_connect_one(link, &addresses->list[i], &number);
    if (fd >= 0) {
        socket_object = amqp_tcp_socket_new(link->state);
        amqp_tcp_socket_set_sockfd(socket_object, fd);
        link->fd = fd;
        return BL_OK;
    }
    if (number == ECONNREFUSED)
        code = BL_E_REFUSED;
    else if (number == ETIMEDOUT)
        code = BL_E_TIMEOUT;
    else if (number == ECANCELED)
        code = BL_E_CANCELLED;
    return bl_fail(err, code,
                   "%s: cannot connect to %s:%d: %s: check that the broker runs and listens "
                   "there",
                   link->target, link->settings->host, link->settings->port, strerror(number));
}

/*
 * Whom to trust, and for which name. The check is OpenSSL's own: the library's knows no
 * addresses.
 */
static enum bl_code link_trust(struct bl_amqp_link *link, amqp_socket_t *socket_object,
                               struct bl_error *err)
{
    const struct bl_amqp_settings *settings = link->settings;
    SSL_CTX *context = amqp_ssl_socket_get_context(socket_object);
    X509_VERIFY_PARAM *wanted = SSL_CTX_get0_param(context);
    bool is_read = settings->ca_file != NULL
                       ? SSL_CTX_load_verify_file(context, settings->ca_file) == 1
                       : SSL_CTX_set_default_verify_paths(context) == 1;

    if (!is_read)
        return bl_fail(
            err, BL_E_TLS, "%s: cannot read the authorities of %.200s: check setting ca_file",
            link->target, settings->ca_file != NULL ? settings->ca_file : "this system");
    if (X509_VERIFY_PARAM_set1_ip_asc(wanted, settings->host) != 1 &&
        X509_VERIFY_PARAM_set1_host(wanted, settings->host, 0) != 1)
        BL_BUG("libssl cannot take a host name");
    amqp_ssl_socket_set_verify_peer(socket_object, 1);
    amqp_ssl_socket_set_verify_hostname(socket_object, 0);
    amqp_ssl_socket_set_ssl_versions(socket_object, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    return BL_OK;
}

static enum bl_code link_connect_tls(struct bl_amqp_link *link, struct bl_error *err)
{
    amqp_socket_t *socket_object = amqp_ssl_socket_new(link->state);
    struct timeval span = link_remaining(link);
    enum bl_code code = link_trust(link, socket_object, err);

    if (code != BL_OK)
        return code;
    if (span.tv_sec >= LINK_CONNECT / 1000)
        span = (struct timeval){.tv_sec = LINK_CONNECT / 1000};
    code = bl_amqp_link_status(link, "cannot connect",
                               amqp_socket_open_noblock(socket_object, link->settings->host,
                                                        link->settings->port, &span),
                               err);
    if (code != BL_OK)
        return code;
    link->fd = amqp_get_sockfd(link->state);
    if (!link->on_fd(link->owner, link->fd))
        return bl_fail(err, BL_E_CANCELLED, "%s: cancelled", link->target);
    return BL_OK;
}

static enum bl_code link_login(struct bl_amqp_link *link, struct bl_error *err)
{
    const struct bl_amqp_settings *settings = link->settings;
    amqp_table_entry_t name = {
        .key = amqp_cstring_bytes("connection_name"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("belay")}};
    amqp_table_t properties = {.num_entries = 1, .entries = &name};
    struct timeval span = link_remaining(link);
    enum bl_code code;

    amqp_set_handshake_timeout(link->state, &span);
    amqp_set_rpc_timeout(link->state, &span);
    code = bl_amqp_link_check(
        link, "cannot log in",
        amqp_login_with_properties(link->state, settings->vhost, 0, AMQP_DEFAULT_FRAME_SIZE,
                                   settings->heartbeat, &properties, AMQP_SASL_METHOD_PLAIN,
                                   settings->user, settings->password),
        NULL, err);
    amqp_maybe_release_buffers(link->state);
    return code;
}

enum bl_code bl_amqp_link_open(struct bl_amqp_link *link, const struct bl_addresses *addresses,
                               struct bl_error *err)
{
    enum bl_code code;

    link->is_broken = link->has_channel = link->has_confirms = false;
    link->state = amqp_new_connection();
    if (link->state == NULL)
        BL_BUG("librabbitmq has no memory for a connection");
    code = link->settings->has_tls ? link_connect_tls(link, err)
                                   : link_connect_tcp(link, addresses, err);
    if (code == BL_OK) {
        link->on_stage(link->owner, "logging in");
        code = link_login(link, err);
    }
    if (code != BL_OK) {
        link->is_broken = true;
        bl_amqp_link_close(link);
    }
    return code;
}

void bl_amqp_link_close(struct bl_amqp_link *link)
{
    struct timeval span = {.tv_usec = LINK_GOODBYE * 1000};

    if (link->state == NULL)
        return;
    if (!link->is_broken) {
        amqp_set_rpc_timeout(link->state, &span);
        (void)amqp_connection_close(link->state, AMQP_REPLY_SUCCESS);
    }
    link->on_fd(link->owner, -1);
    amqp_destroy_connection(link->state); /* closes the descriptor */
    link->state = NULL;
    link->fd = -1;
}

bool bl_amqp_link_is_alive(struct bl_amqp_link *link)
{
    struct timeval now = {0};
    amqp_frame_t frame;
    int status;

    if (link->state == NULL || link->is_broken)
        return false;
    /* Whatever an idle connection says besides a heartbeat is a goodbye. */
    status = amqp_simple_wait_frame_noblock(link->state, &frame, &now);
    amqp_maybe_release_buffers(link->state);
    link->is_broken = status != AMQP_STATUS_TIMEOUT;
    return !link->is_broken;
}

enum bl_code bl_amqp_link_channel(struct bl_amqp_link *link, struct bl_error *err)
{
    struct timeval span = link_remaining(link);
    enum bl_code code;

    amqp_set_rpc_timeout(link->state, &span);
    if (link->has_channel)
        return BL_OK;
    amqp_channel_open(link->state, BL_AMQP_CHANNEL);
    code = bl_amqp_link_check(link, "cannot open a channel", amqp_get_rpc_reply(link->state),
                              NULL, err);
    link->has_channel = code == BL_OK;
    return code;
}
