/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_client.c: HTTP requests on the loop by libcurl's multi-socket interface. */
#include "base/prefix.h"

#include "http_client.h"
#include "http_pool.h"
#include "http_url.h"

#include "base/text.h"

#include <ctype.h>

#define ADDRESS_LIFE_MS 30000 /* how long a looked-up name is believed */

void bl_http_header(struct bl_http_op *http, const char *name, const char *value)
{
    struct bl_buf line;

    bl_buf_init(&line, 0);
    /* libcurl sends a header without a value only when it ends in ";" instead of ":" */
    bl_buf_printf(&line, *value != '\0' ? "%s: %s" : "%s;", name, value);
    http->headers = curl_slist_append(http->headers, bl_buf_text(&line));
    bl_buf_release(&line);
}

static void client_forget_answer(struct bl_http_op *http)
{
    bl_value_unref(http->answer_headers);
    http->answer_headers = NULL;
    bl_buf_release(&http->text);
    http->status = 0;
    http->bytes = 0;
    http->was_cut = false;
    http->header_bytes = http->header_lines = 0;
    http->error[0] = '\0';
}

/* The transfer is over or not wanted any more: takes the handle from libcurl. */
static void client_drop_handle(struct bl_http_op *http)
{
    if (http->easy == NULL)
        return;
    bl_http_pool_stop(http->pool, http);
    curl_easy_cleanup(http->easy);
    http->easy = NULL;
    http->is_paused = false;
}

void bl_http_reset(struct bl_http_op *http)
{
    client_drop_handle(http);
    client_forget_answer(http);
    curl_slist_free_all(http->headers);
    curl_slist_free_all(http->addresses);
    bl_buf_release(&http->body);
    bl_free(http->url);
    bl_free(http->shown);
    http->headers = http->addresses = NULL;
    http->url = http->shown = NULL;
    http->has_body = false;
    http->sink = NULL;
    http->keep = 0;
}

void bl_http_release(struct bl_op *op)
{
    struct bl_http_op *http = (struct bl_http_op *)op;

    bl_http_reset(http);
    bl_http_pool_unref(http->pool);
    http->pool = NULL;
}

static bool client_too_large(struct bl_http_op *http, const char *what, size_t bound)
{
    char size[32];

    bl_format_bytes(size, sizeof(size), (int64_t)bound);
    bl_op_lost(&http->base, BL_E_TOO_LARGE, "%s: %s %s: %s larger than %s: ask for less%s",
               http->base.call->target, http->method, http->shown, what, size,
               bound != BL_HTTP_HEADERS_MAX ? ", or raise `keep`" : "");
    return false;
}

/* At most once a turn: an answer may come in very many small pieces. */
static void client_say_progress(struct bl_http_op *http)
{
    uint64_t now = uv_now(bl_op_loop(&http->base));

    if (http->staged == now)
        return;
    http->staged = now;
    bl_op_stage(&http->base, "reading the answer of %s %s (%lld bytes so far)", http->method,
                http->shown, (long long)http->bytes);
}

static size_t client_on_body(char *data, size_t size, size_t count, void *user)
{
    struct bl_http_op *http = user;
    size_t len = size * count;

    if (bl_op_is_settled(&http->base))
        return CURL_WRITEFUNC_ERROR;
    http->bytes += (int64_t)len;
    client_say_progress(http);
    if (http->sink != NULL)
        return http->sink(http, data, len) ? len : CURL_WRITEFUNC_ERROR;
    if (bl_buf_add(&http->text, data, len))
        return len;
    if (http->may_cut)
        http->was_cut = true;
    else
        client_too_large(http, "the answer is", http->text.max);
    return CURL_WRITEFUNC_ERROR;
}

/* Puts one header line into the answer; repeated names are joined. */
static void client_add_header(struct bl_http_op *http, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len), *end = line + len;
    char *name;
    const char *before;
    struct bl_value *value;

    if (colon == NULL)
        return;
    name = bl_strndup(line, (size_t)(colon - line));
    for (char *c = name; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    for (colon++; colon < end && isspace((unsigned char)*colon); colon++)
        ;
    while (end > colon && isspace((unsigned char)end[-1]))
        end--;
    before = bl_map_text(http->answer_headers, name, NULL);
    value = before == NULL ? bl_value_bytes(colon, (size_t)(end - colon))
                           : bl_value_textf("%s, %.*s", before, (int)(end - colon), colon);
    bl_map_set(http->answer_headers, name, value);
    bl_free(name);
}

/* "HTTP/1.1 200 OK" */
static int client_status(const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    int status = 0;

    for (space = space != NULL ? space + 1 : line + len;
         space < line + len && isdigit((unsigned char)*space) && status < 1000; space++)
        status = status * 10 + (*space - '0');
    return status;
}

static size_t client_on_header(char *line, size_t size, size_t count, void *user)
{
    struct bl_http_op *http = user;
    size_t len = size * count;

    if (bl_op_is_settled(&http->base))
        return CURL_WRITEFUNC_ERROR;
    http->header_bytes += len;
    if (http->header_bytes > BL_HTTP_HEADERS_MAX || ++http->header_lines > BL_HTTP_LINES_MAX) {
        client_too_large(http, "the headers of the answer are", BL_HTTP_HEADERS_MAX);
        return CURL_WRITEFUNC_ERROR;
    }
    if (len > 5 && strncmp(line, "HTTP/", 5) == 0) { /* also after an interim answer */
        bl_value_unref(http->answer_headers);
        http->answer_headers = bl_map_new();
        http->status = client_status(line, len);
        bl_op_stage(&http->base, "reading the answer of %s %s", http->method, http->shown);
    } else if (http->answer_headers != NULL) {
        client_add_header(http, line, len);
    }
    return len;
}

/* The socket is connected, and the request leaves after this. */
static int client_on_connected(void *user, char *ip, char *local_ip, int port, int local_port)
{
    struct bl_http_op *http = user;

    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (bl_op_is_settled(&http->base))
        return CURL_PREREQFUNC_ABORT;
    if (http->is_change)
        bl_op_sent(&http->base);
    bl_op_stage(&http->base, "waiting for the answer of %s %s", http->method, http->shown);
    return CURL_PREREQFUNC_OK;
}

static void client_set_body(struct bl_http_op *http)
{
    CURL *easy = http->easy;

    if (strcmp(http->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (http->has_body || strcmp(http->method, "POST") == 0 ||
        strcmp(http->method, "PUT") == 0 || strcmp(http->method, "PATCH") == 0) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)http->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, bl_buf_text(&http->body));
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http->method);
}

static void client_set_server(struct bl_http_op *http)
{
    const struct bl_http_server *server = &http->server;
    CURL *easy = http->easy;

    /* Nothing comes from the process's environment: a proxy is what the connection names. */
    curl_easy_setopt(easy, CURLOPT_PROXY, server->proxy != NULL ? server->proxy : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (server->socket != NULL)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, server->socket);
    if (server->user != NULL || server->password != NULL) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, server->user != NULL ? server->user : "");
        curl_easy_setopt(easy, CURLOPT_PASSWORD,
                         server->password != NULL ? server->password : "");
    }
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, server->is_unverified ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, server->is_unverified ? 0L : 2L);
    if (server->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, server->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    } else if (curl_version_info(CURLVERSION_NOW)->capath != NULL) {
        /* The folder is read one authority at a time; the one big file takes 20 ms and more. */
        curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    }
    curl_easy_setopt(easy, CURLOPT_RESOLVE, http->addresses);
}

static void client_begin(struct bl_http_op *http)
{
    CURL *easy = curl_easy_init();

    if (easy == NULL)
        BL_BUG("libcurl has no handle");
    http->easy = easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, http);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error);
    curl_easy_setopt(easy, CURLOPT_URL, http->url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "belay/" BL_VERSION);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, http->is_safe ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, client_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, client_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, client_on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, http);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
    client_set_server(http);
    client_set_body(http);
    bl_op_stage(&http->base, "connecting for %s %s", http->method, http->shown);
    bl_http_pool_start(http->pool, http);
}

static void client_resolved(struct bl_op *op, const struct bl_addresses *addresses)
{
    struct bl_http_op *http = (struct bl_http_op *)op;
    struct bl_http_origin origin;
    struct bl_buf line;
    char text[64];

    http->resolved = bl_clock_steady();
    if (!bl_http_origin_parse(http->server.proxy != NULL ? http->server.proxy : http->url,
                              &origin))
        return;
    bl_buf_init(&line, 0);
    bl_buf_printf(&line, "%s:%d:", origin.host, origin.port);
    for (int i = 0; i < addresses->count; i++) {
        bool is_v6 = addresses->list[i].ss_family == AF_INET6;
        bl_address_text(&addresses->list[i], text, sizeof(text));
        bl_buf_printf(&line, is_v6 ? "%s[%s]" : "%s%s", i > 0 ? "," : "", text);
    }
    bl_http_pool_remember(http->pool, bl_buf_text(&line));
    curl_slist_free_all(http->addresses);
    http->addresses = curl_slist_append(NULL, bl_buf_text(&line));
    bl_buf_release(&line);
    client_begin(http);
}

/* Looks the name up on the thread pool; libcurl's own resolver would leave threads behind. */
static void client_resolve(struct bl_http_op *http)
{
    const char *proxy = http->server.proxy, *known;
    struct bl_http_origin origin;

    if (!bl_http_origin_parse(proxy != NULL ? proxy : http->url, &origin)) {
        bl_op_fail(&http->base, BL_E_ARG,
                   "%s: setting '%s' is not an http or https URL: correct it in the "
                   "environment",
                   http->base.call->target, proxy != NULL ? "proxy" : "url");
        return;
    }
    if (http->server.socket != NULL || origin.is_address) {
        client_begin(http);
        return;
    }
    known = bl_http_pool_recall(http->pool, origin.host, origin.port, ADDRESS_LIFE_MS);
    if (known != NULL) {
        curl_slist_free_all(http->addresses);
        http->addresses = curl_slist_append(NULL, known);
        client_begin(http);
        return;
    }
    bl_resolve(&http->base, origin.host, origin.port, client_resolved);
}

void bl_http_send(struct bl_http_op *http)
{
    if (bl_op_is_settled(&http->base))
        return;
    client_drop_handle(http);
    client_forget_answer(http);
    if (http->pool == NULL)
        http->pool = bl_http_pool_ref(bl_op_state(&http->base));
    if (http->pool == NULL || bl_http_pool_is_closed(http->pool)) {
        bl_op_fail(&http->base, BL_E_CANCELLED, "%s: the connection is closed",
                   http->base.call->target);
        return;
    }
    bl_buf_init(&http->text, http->keep > 0 ? http->keep : (size_t)http->base.call->keep);
    http->began = http->resolved = bl_clock_steady();
    client_resolve(http);
}

/* Follows a redirect of a safe request to the same origin; any other is an answer. */
static bool client_follow(struct bl_http_op *http, const char *location)
{
    char *shown;

    if (!http->is_safe || location == NULL || http->status < 301 || http->status > 308 ||
        http->status == 304 || !bl_http_origin_is_same(http->url, location))
        return false;
    if (++http->redirects > BL_HTTP_REDIRECTS) {
        bl_op_fail(&http->base, BL_E_PROTOCOL, "%s: %s %s: more than %d redirects",
                   http->base.call->target, http->method, http->shown, BL_HTTP_REDIRECTS);
        return true;
    }
    shown = bl_http_shown(http->base.call, location);
    bl_free(http->url);
    bl_free(http->shown);
    http->url = bl_strdup(location);
    http->shown = shown;
    return true;
}

static void client_measure(struct bl_http_op *http)
{
    static const CURLINFO infos[] = {CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T,
                                     CURLINFO_APPCONNECT_TIME_T, CURLINFO_STARTTRANSFER_TIME_T,
                                     CURLINFO_TOTAL_TIME_T};
    int64_t resolving = (http->resolved - http->began) * 1000;
    curl_off_t at[BL_COUNT(infos)] = {0};

    for (size_t i = 0; i < BL_COUNT(infos); i++)
        curl_easy_getinfo(http->easy, infos[i], &at[i]);
    http->micros[0] = resolving + at[0];
    http->micros[1] = at[1] > at[0] ? at[1] - at[0] : 0;
    http->micros[2] = at[2] > at[1] ? at[2] - at[1] : 0;
    http->micros[3] = resolving + at[3];
    http->micros[4] = resolving + at[4];
}

void bl_http_finished(CURL *easy, CURLcode code)
{
    struct bl_http_op *http = NULL;
    const char *location = NULL;
    long status = 0, os_error = 0;
    char *target;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&http);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
    client_measure(http);
    http->status = (int)status;
    target = bl_strdup(location);
    client_drop_handle(http);
    if (bl_op_is_settled(&http->base)) {
        bl_free(target);
        return;
    }
    if (code != CURLE_OK && !http->was_cut)
        bl_http_fail(http, code, os_error);
    else if (client_follow(http, target))
        bl_http_send(http);
    else
        http->done(http);
    bl_free(target);
}

void bl_http_pause(struct bl_http_op *http)
{
    http->is_paused = true;
    curl_easy_pause(http->easy, CURLPAUSE_RECV);
}

void bl_http_resume(struct bl_http_op *http)
{
    if (http->easy == NULL || !http->is_paused)
        return;
    http->is_paused = false;
    curl_easy_pause(http->easy, CURLPAUSE_CONT);
}

struct bl_value *bl_http_timings(const struct bl_http_op *http)
{
    static const char *const names[] = {"resolve", "connect", "tls", "first_byte", "total"};
    struct bl_value *timings = bl_map_new();

    for (size_t i = 0; i < BL_COUNT(names); i++)
        bl_map_set(timings, names[i], bl_value_float((double)http->micros[i] / 1e6));
    return timings;
}
