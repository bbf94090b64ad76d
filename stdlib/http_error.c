/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_error.c: says in one line why a transfer ended, and what to do about it. */
#include "base/prefix.h"

#include "http_client.h"

#include <errno.h>

static enum bl_code error_code(CURLcode code, long os_error)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return BL_E_RESOLVE;
    case CURLE_COULDNT_CONNECT:
        if (os_error == EACCES || os_error == EPERM)
            return BL_E_DENIED;
        if (os_error == ETIMEDOUT)
            return BL_E_TIMEOUT;
        /* The peer took the connection and ended it before libcurl looked at it. */
        return os_error == 0 || os_error == ECONNRESET ? BL_E_CLOSED : BL_E_REFUSED;
    case CURLE_OUT_OF_MEMORY: /* what libcurl says of a header line above its own bound */
        return BL_E_TOO_LARGE;
    case CURLE_OPERATION_TIMEDOUT:
        return BL_E_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return BL_E_TLS;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return BL_E_CLOSED;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* also an answer that does not begin with HTTP/ */
    case CURLE_BAD_CONTENT_ENCODING:
        return BL_E_PROTOCOL;
    default:
        return BL_E_IO;
    }
}

static void error_connect(struct bl_http_op *http, enum bl_code code, long os_error)
{
    const char *target = http->base.call->target, *socket = http->server.socket;
    char why[80];

    if (os_error != 0)
        snprintf(why, sizeof(why), "%s", uv_strerror(uv_translate_sys_error((int)os_error)));
    else
        snprintf(why, sizeof(why), "the connection was closed at once");
    if (socket != NULL)
        bl_op_fail(&http->base, code, "%s: cannot connect to %s (%s): %s", target, socket, why,
                   code == BL_E_DENIED ? "may this user use the socket?"
                                       : "is the service running?");
    else
        bl_op_fail(&http->base, code, "%s: %s %s: cannot connect (%s): is the service running?",
                   target, http->method, http->shown, why);
}

/* libcurl's own words name hosts and files; a secret URL is not shown that way. */
static const char *error_words(const struct bl_http_op *http, CURLcode code)
{
    bool is_secret = bl_value_type(bl_map_get(http->base.call->settings, "url")) == BL_SECRET;

    return http->error[0] != '\0' && !is_secret ? http->error : curl_easy_strerror(code);
}

void bl_http_fail(struct bl_http_op *http, CURLcode code, long os_error)
{
    enum bl_code mapped = error_code(code, os_error);
    const char *target = http->base.call->target, *words = error_words(http, code);

    if (strstr(http->error, "Chunked") != NULL || strstr(http->error, "chunk") != NULL)
        mapped = BL_E_PROTOCOL; /* a wrong framing comes as "receive error" */
    if (code == CURLE_COULDNT_CONNECT) {
        error_connect(http, mapped, os_error);
    } else if (mapped == BL_E_TLS) {
        bl_op_lost(&http->base, mapped,
                   "%s: %s %s: TLS failed: %s: check the server's certificate, or `ca_file` of "
                   "the connection",
                   target, http->method, http->shown, words);
    } else if (mapped == BL_E_TOO_LARGE) {
        bl_op_lost(&http->base, mapped,
                   "%s: %s %s: a line of the answer's headers is larger than its bound", target,
                   http->method, http->shown);
    } else if (mapped == BL_E_PROTOCOL) {
        bl_op_lost(&http->base, mapped,
                   "%s: %s %s: the answer is not HTTP: %s: is another service on this port?",
                   target, http->method, http->shown, words);
    } else if (mapped == BL_E_CLOSED && http->status == 0) {
        bl_op_lost(&http->base, mapped,
                   "%s: %s %s: the server closed the connection before it answered", target,
                   http->method, http->shown);
    } else if (mapped == BL_E_CLOSED) {
        bl_op_lost(&http->base, mapped,
                   "%s: %s %s: the server closed the connection in the middle of its answer "
                   "(status %d, %lld bytes came)",
                   target, http->method, http->shown, http->status, (long long)http->bytes);
    } else {
        bl_op_lost(&http->base, mapped, "%s: %s %s: %s", target, http->method, http->shown,
                   words);
    }
}
