/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* tcp_certificate.h: looks at the certificate of a TLS server: one handshake, nothing sent. */
#ifndef BL_TCP_CERTIFICATE_H
#define BL_TCP_CERTIFICATE_H

#include "tcp_dial.h"

#include <openssl/ssl.h>

struct bl_certificate_op {
    struct bl_tcp_op tcp;
    SSL_CTX *context;
    SSL *ssl;
};

void bl_certificate_start(struct bl_op *op, const struct bl_call *call);
void bl_certificate_release(struct bl_op *op);
struct bl_value *bl_certificate_nominal(const struct bl_call *call);

#endif
