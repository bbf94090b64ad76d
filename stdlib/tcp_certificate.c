/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* tcp_certificate.c: looks at the certificate of a TLS server. */
#include "base/prefix.h"

#include "tcp_certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#define HANDSHAKE_MAX 262144 /* bytes that a server may send until the handshake is done */
#define DAY 86400.0

static void certificate_fail_tls(struct bl_certificate_op *look, const char *why)
{
    bl_op_fail(&look->tcp.base, BL_E_TLS,
               "%s: %s: no TLS handshake: %s: does this port speak TLS?",
               look->tcp.base.call->target, look->tcp.address, why);
}

static struct bl_value *certificate_name(const X509_NAME *name)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len;
    struct bl_value *value;

    X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    len = BIO_get_mem_data(out, &text);
    value = bl_value_bytes(text, len > 0 ? (size_t)len : 0);
    BIO_free(out);
    return value;
}

static int64_t certificate_time(const ASN1_TIME *at)
{
    struct tm parts = {0};

    return ASN1_TIME_to_tm(at, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

static void certificate_add_name(struct bl_value *names, const GENERAL_NAME *name)
{
    char text[64];
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (name->type == GEN_DNS) {
        bl_list_add(names, bl_value_bytes(ASN1_STRING_get0_data(name->d.dNSName),
                                          (size_t)ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD && ASN1_STRING_length(name->d.iPAddress) == 4) {
        memcpy(&v4.sin_addr, ASN1_STRING_get0_data(name->d.iPAddress), 4);
        uv_ip4_name(&v4, text, sizeof(text));
        bl_list_add(names, bl_value_text(text));
    } else if (name->type == GEN_IPADD && ASN1_STRING_length(name->d.iPAddress) == 16) {
        memcpy(&v6.sin6_addr, ASN1_STRING_get0_data(name->d.iPAddress), 16);
        uv_ip6_name(&v6, text, sizeof(text));
        bl_list_add(names, bl_value_text(text));
    }
}

/* The host names and addresses it is good for. */
static struct bl_value *certificate_names(const X509 *certificate)
{
    GENERAL_NAMES *found = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    struct bl_value *names = bl_list_new();

    for (int i = 0; i < sk_GENERAL_NAME_num(found); i++)
        certificate_add_name(names, sk_GENERAL_NAME_value(found, i));
    GENERAL_NAMES_free(found);
    return names;
}

static void certificate_answer(struct bl_certificate_op *look, X509 *certificate)
{
    struct bl_op *op = &look->tcp.base;
    int64_t until = certificate_time(X509_get0_notAfter(certificate));
    double now = (double)bl_clock_now(bl_loop_clock(op->loop)) / 1000;
    long verdict = SSL_get_verify_result(look->ssl);
    struct bl_value *answer = bl_map_new();

    bl_map_set(answer, "subject", certificate_name(X509_get_subject_name(certificate)));
    bl_map_set(answer, "issuer", certificate_name(X509_get_issuer_name(certificate)));
    bl_map_set(answer, "names", certificate_names(certificate));
    bl_map_set(answer, "not_before",
               bl_value_int(certificate_time(X509_get0_notBefore(certificate))));
    bl_map_set(answer, "not_after", bl_value_int(until));
    bl_map_set(answer, "days", bl_value_float(((double)until - now) / DAY));
    bl_map_set(answer, "trusted", bl_value_bool(verdict == X509_V_OK));
    if (verdict != X509_V_OK)
        bl_map_set(answer, "problem", bl_value_text(X509_verify_cert_error_string(verdict)));
    bl_op_answer(op, answer);
}

/* Goes on with the handshake as far as the bytes that came allow. */
static void certificate_step(struct bl_certificate_op *look)
{
    int status = SSL_do_handshake(look->ssl), why = SSL_get_error(look->ssl, status);
    X509 *certificate;
    char *data = NULL;
    char text[160];
    long len = BIO_get_mem_data(SSL_get_wbio(look->ssl), &data);

    if (len > 0) {
        bl_tcp_write(&look->tcp, data, (size_t)len);
        (void)BIO_reset(SSL_get_wbio(look->ssl));
    }
    if (status != 1 && (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE))
        return;
    certificate = SSL_get0_peer_certificate(look->ssl);
    if (certificate != NULL) { /* also when the server wants one of us, and says no */
        certificate_answer(look, certificate);
        return;
    }
    ERR_error_string_n(ERR_get_error(), text, sizeof(text));
    certificate_fail_tls(look, text);
    ERR_clear_error();
}

static void certificate_read(struct bl_tcp_op *tcp, const char *data, size_t len)
{
    struct bl_certificate_op *look = (struct bl_certificate_op *)tcp;

    if (len == 0) {
        certificate_fail_tls(look, "the server closed the connection");
        return;
    }
    if (tcp->received > HANDSHAKE_MAX) {
        bl_op_fail(&tcp->base, BL_E_TOO_LARGE,
                   "%s: %s: the handshake is larger than 256 KiB: does this port speak TLS?",
                   tcp->base.call->target, tcp->address);
        return;
    }
    BIO_write(SSL_get_rbio(look->ssl), data, (int)len);
    certificate_step(look);
}

static bool certificate_trust(struct bl_certificate_op *look)
{
    const char *file = bl_call_text(look->tcp.base.call, "ca_file");

    if (*file == '\0') {
        /* the folder only: the one big file takes 20 ms and more to read */
        SSL_CTX_set_default_verify_dir(look->context);
        return true;
    }
    if (SSL_CTX_load_verify_file(look->context, file) == 1)
        return true;
    bl_op_fail(&look->tcp.base, BL_E_NOT_FOUND,
               "%s: no certificates in ca_file '%.200s': it must be a PEM file",
               look->tcp.base.call->target, file);
    ERR_clear_error();
    return false;
}

static void certificate_connected(struct bl_tcp_op *tcp)
{
    struct bl_certificate_op *look = (struct bl_certificate_op *)tcp;
    const char *host = bl_call_text(tcp->base.call, "host"),
               *name = bl_call_text(tcp->base.call, "name");

    name = *name != '\0' ? name : host;
    look->context = SSL_CTX_new(TLS_client_method());
    if (look->context == NULL)
        BL_BUG("OpenSSL has no context");
    if (!certificate_trust(look))
        return;
    SSL_CTX_set_verify(look->context, SSL_VERIFY_NONE, NULL); /* it is looked at, not used */
    look->ssl = SSL_new(look->context);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(look->ssl), name) != 1) {
        SSL_set1_host(look->ssl, name);
        SSL_set_tlsext_host_name(look->ssl, name);
    }
    SSL_set_bio(look->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(look->ssl);
    BIO_set_mem_eof_return(SSL_get_rbio(look->ssl), -1);
    bl_op_stage(&tcp->base, "waiting for the TLS handshake of %s", tcp->address);
    bl_tcp_read(tcp);
    certificate_step(look);
}

void bl_certificate_start(struct bl_op *op, const struct bl_call *call)
{
    struct bl_tcp_op *tcp = (struct bl_tcp_op *)op;

    (void)call;
    tcp->connected = certificate_connected;
    tcp->read = certificate_read;
    bl_tcp_dial(tcp);
}

void bl_certificate_release(struct bl_op *op)
{
    struct bl_certificate_op *look = (struct bl_certificate_op *)op;

    bl_tcp_close(&look->tcp);
    SSL_free(look->ssl);
    SSL_CTX_free(look->context);
    look->ssl = NULL;
    look->context = NULL;
}

struct bl_value *bl_certificate_nominal(const struct bl_call *call)
{
    struct bl_value *answer = bl_map_new(), *names = bl_list_new();
    time_t now = time(NULL);

    bl_list_add(names, bl_value_text(bl_call_text(call, "host")));
    bl_map_set(answer, "subject", bl_value_textf("CN=%s", bl_call_text(call, "host")));
    bl_map_set(answer, "issuer", bl_value_text(""));
    bl_map_set(answer, "names", names);
    bl_map_set(answer, "not_before", bl_value_int(now));
    bl_map_set(answer, "not_after", bl_value_int(now + 90 * (int64_t)DAY));
    bl_map_set(answer, "days", bl_value_float(90));
    bl_map_set(answer, "trusted", bl_value_bool(true));
    return answer;
}
