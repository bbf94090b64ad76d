/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* tcp: is somebody listening, what does it say first, and how long is its certificate good. */
#include "base/prefix.h"

#include "tcp_certificate.h"
#include "tcp_dial.h"

struct connect_op {
    struct bl_tcp_op tcp;
    struct bl_buf banner;
};

static void endpoint_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    snprintf(inspection->summary, sizeof(inspection->summary), "tcp %s %s:%lld",
             call->operation->name, bl_call_text(call, "host"),
             (long long)bl_call_int(call, "port"));
    bl_buf_printf(&inspection->detail, "%s\n", inspection->summary);
}

static void connect_answer(struct connect_op *connect)
{
    struct bl_value *answer = bl_map_new();

    bl_map_set(answer, "seconds", bl_value_float(connect->tcp.seconds));
    bl_map_set(answer, "address", bl_value_text(connect->tcp.address));
    if (bl_call_int(connect->tcp.base.call, "banner") > 0)
        bl_map_set(answer, "banner",
                   bl_value_bytes(bl_buf_text(&connect->banner), connect->banner.len));
    bl_op_answer(&connect->tcp.base, answer);
}

static void connect_read(struct bl_tcp_op *tcp, const char *data, size_t len)
{
    struct connect_op *connect = (struct connect_op *)tcp;

    bl_buf_add(&connect->banner, data, len);
    if (len == 0 || connect->banner.len == connect->banner.max ||
        memchr(data, '\n', len) != NULL)
        connect_answer(connect);
}

static void connect_connected(struct bl_tcp_op *tcp)
{
    struct connect_op *connect = (struct connect_op *)tcp;
    int64_t banner = bl_call_int(tcp->base.call, "banner");

    if (banner == 0) {
        connect_answer(connect);
        return;
    }
    bl_buf_init(&connect->banner, (size_t)banner);
    bl_op_stage(&tcp->base, "waiting for the first line of %s", tcp->address);
    bl_tcp_read(tcp);
}

static void connect_start(struct bl_op *op, const struct bl_call *call)
{
    struct bl_tcp_op *tcp = (struct bl_tcp_op *)op;

    (void)call;
    tcp->connected = connect_connected;
    tcp->read = connect_read;
    bl_tcp_dial(tcp);
}

static void connect_release(struct bl_op *op)
{
    bl_tcp_close((struct bl_tcp_op *)op);
    bl_buf_release(&((struct connect_op *)op)->banner);
}

static struct bl_value *connect_nominal(const struct bl_call *call)
{
    struct bl_value *answer = bl_map_new();

    bl_map_set(answer, "seconds", bl_value_float(0));
    bl_map_set(answer, "address",
               bl_value_textf("%s:%lld", bl_call_text(call, "host"),
                              (long long)bl_call_int(call, "port")));
    if (bl_call_int(call, "banner") > 0)
        bl_map_set(answer, "banner", bl_value_text(""));
    return answer;
}

#define ENDPOINT_ARGS                                                                          \
    {.name = "host", .type = BL_T_HOST, .text = "name or address"},                            \
    {                                                                                          \
        .name = "port", .type = BL_T_PORT, .text = "port"                                      \
    }

static const struct bl_arg connect_args[] = {
    ENDPOINT_ARGS,
    {.name = "banner",
     .type = BL_T_BYTES,
     .text = "reads the first line that the server says, at most so many bytes",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL,
     .min = 1,
     .max = 65536},
    {0},
};
static const struct bl_arg certificate_args[] = {
    ENDPOINT_ARGS,
    {.name = "name",
     .type = BL_T_HOST,
     .text = "the name that the certificate must be for, when it is not the host",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {.name = "ca_file",
     .type = BL_T_PATH,
     .text = "PEM file of the authorities to trust, instead of the system's",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {0},
};

static const char *const connect_outcomes[] = {"connected", "refused", "timeout", NULL};
static const char *const certificate_outcomes[] = {"trusted", "not trusted", "refused",
                                                   "no TLS",  "timeout",     NULL};

static const struct bl_operation tcp_operations[] = {
    {
        .name = "connect",
        .text = "Connects and closes again. Says how long looking up and connecting took.",
        .args = connect_args,
        .result = "table: seconds, address (that answered), banner (when asked for)",
        .class = BL_CLASS_OBSERVE,
        .idempotent = true,
        .timeout_ms = 10000,
        .outcomes = connect_outcomes,
        .size = sizeof(struct connect_op),
        .inspect = endpoint_inspect,
        .start = connect_start,
        .release = connect_release,
        .nominal = connect_nominal,
        .example = "tcp.connect(\"127.0.0.1\", 5432).seconds",
    },
    {
        .name = "certificate",
        .text = "Looks at a TLS server's certificate, also at one that is not to be trusted.",
        .args = certificate_args,
        .result = "table: subject, issuer, names (list), not_before and not_after (seconds "
                  "since 1970 UTC), days (until it ends), trusted (authority, dates and name "
                  "are good), problem (when not)",
        .class = BL_CLASS_OBSERVE,
        .idempotent = true,
        .timeout_ms = 10000,
        .outcomes = certificate_outcomes,
        .size = sizeof(struct bl_certificate_op),
        .inspect = endpoint_inspect,
        .start = bl_certificate_start,
        .release = bl_certificate_release,
        .nominal = bl_certificate_nominal,
        .example = "tcp.certificate(\"example.org\", 443).days",
    },
    {0},
};

const struct bl_module bl_module_tcp = {
    .name = "tcp",
    .text = "Is somebody listening, what does it say first, how long is its certificate good.",
    .operations = tcp_operations,
};
