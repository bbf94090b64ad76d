/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_request.c: turns a call of the http module into the request that is sent. */
#include "base/prefix.h"

#include "http_request.h"

#include "http_answer.h"
#include "http_url.h"

#include "base/json.h"

#include <strings.h>

/* The method of a call: the operation's own, or the argument of request(). */
const char *bl_http_call_method(const struct bl_call *call)
{
    static const struct {
        const char *operation, *method;
    } methods[] = {{"get", "GET"}, {"head", "HEAD"},   {"options", "OPTIONS"}, {"post", "POST"},
                   {"put", "PUT"}, {"patch", "PATCH"}, {"delete", "DELETE"}};

    for (size_t i = 0; i < BL_COUNT(methods); i++) {
        if (strcmp(call->operation->name, methods[i].operation) == 0)
            return methods[i].method;
    }
    return bl_call_text(call, "method");
}

bool bl_http_method_is_good(const char *method)
{
    size_t len = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

    return len > 0 && len <= 20 && method[len] == '\0' && strcmp(method, "CONNECT") != 0 &&
           strcmp(method, "TRACE") != 0;
}

/* Headers with which some frameworks let a request be another method than it says. */
static bool name_is_override(const char *name)
{
    return strcasecmp(name, "x-http-method-override") == 0 ||
           strcasecmp(name, "x-http-method") == 0 || strcasecmp(name, "x-method-override") == 0;
}

static bool map_has_override(const struct bl_value *headers)
{
    for (size_t i = 0; i < bl_value_count(headers); i++) {
        if (name_is_override(bl_map_key(headers, i)))
            return true;
    }
    return false;
}

enum bl_class bl_http_call_class(const struct bl_call *call)
{
    const char *method = bl_http_call_method(call);

    if (strcmp(method, "DELETE") == 0 || map_has_override(bl_call_value(call, "headers")) ||
        map_has_override(bl_map_get(call->settings, "headers")))
        return BL_CLASS_DESTROY;
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
        strcmp(method, "OPTIONS") == 0)
        return BL_CLASS_OBSERVE;
    return BL_CLASS_CHANGE;
}

/* The base URL; with a unix socket any host will do. NULL when the environment says neither. */
static const char *call_base(const struct bl_call *call)
{
    bool has_socket = bl_map_get(call->settings, "socket") != NULL;

    return bl_call_setting(call, "url", has_socket ? "http://localhost" : NULL);
}

static char *call_url(const struct bl_call *call, struct bl_error *err)
{
    const char *base = call_base(call);

    if (base == NULL) {
        bl_fail(err, BL_E_ARG, "%s: setting 'url' is missing: add it to the environment",
                call->target);
        return NULL;
    }
    return bl_http_url(call, base, bl_call_text(call, "path"), bl_call_value(call, "query"),
                       err);
}

char *bl_http_call_shown(const struct bl_call *call)
{
    struct bl_error err;
    char *url = call_url(call, &err), *shown;

    if (url == NULL)
        return bl_strdup(bl_call_text(call, "path"));
    shown = bl_http_shown(call, url);
    bl_free(url);
    return shown;
}

static bool header_is_good(const char *name, const char *value, size_t len)
{
    if (*name == '\0' || name[strcspn(name, ":\r\n \t")] != '\0')
        return false;
    return strlen(value) == len && strpbrk(value, "\r\n") == NULL;
}

/* Adds the headers of one map, those left out that `stronger` names too. */
static bool request_add_headers(struct bl_http_op *http, const struct bl_value *headers,
                                const struct bl_value *stronger)
{
    for (size_t i = 0; i < bl_value_count(headers); i++) {
        const char *name = bl_map_key(headers, i), *value;
        const struct bl_value *given = bl_map_at(headers, i);
        bool is_known = bl_value_type(given) == BL_SECRET, is_weaker = false;
        struct bl_buf text;
        size_t len;

        for (size_t n = 0; n < bl_value_count(stronger); n++)
            is_weaker = is_weaker || strcasecmp(bl_map_key(stronger, n), name) == 0;
        bl_buf_init(&text, BL_HTTP_HEADERS_MAX);
        is_known = is_known || bl_http_scalar(&text, given);
        value = bl_value_type(given) == BL_SECRET ? bl_value_reveal(given, &len)
                                                  : (len = text.len, bl_buf_text(&text));
        if (is_known && header_is_good(name, value, len) && !is_weaker)
            bl_http_header(http, name, value);
        else if (!is_weaker)
            bl_op_fail(&http->base, BL_E_ARG,
                       "%s: header '%.60s' must be a string or number without line breaks",
                       http->base.call->target, name);
        bl_buf_release(&text);
        if (bl_op_is_settled(&http->base))
            return false;
    }
    return true;
}

/* The id of a change, for a server that takes a repeated one for the same. */
static bool request_add_key(struct bl_http_op *http, const struct bl_call *call)
{
    const char *header = bl_http_call_key(call);

    if (header == NULL || call->id == NULL)
        return true;
    if (!header_is_good(header, call->id, strlen(call->id))) {
        bl_op_fail(&http->base, BL_E_ARG, "%s: setting 'idempotency' is no name of a header",
                   call->target);
        return false;
    }
    bl_http_header(http, header, call->id);
    return true;
}

static bool map_has_name(const struct bl_value *headers, const char *name)
{
    for (size_t i = 0; i < bl_value_count(headers); i++) {
        if (strcasecmp(bl_map_key(headers, i), name) == 0)
            return true;
    }
    return false;
}

/* The tree with its secrets as text: it is on its way to the server. */
static struct bl_value *request_reveal(const struct bl_value *value)
{
    enum bl_type type = bl_value_type(value);
    struct bl_value *copy;
    const char *data;
    size_t len;

    if (type == BL_SECRET) {
        data = bl_value_reveal(value, &len);
        return bl_value_bytes(data, len);
    }
    if (type != BL_MAP && type != BL_LIST)
        return bl_value_ref(value);
    copy = type == BL_MAP ? bl_map_new() : bl_list_new();
    for (size_t i = 0; i < bl_value_count(value); i++) {
        if (type == BL_MAP)
            bl_map_set(copy, bl_map_key(value, i), request_reveal(bl_map_at(value, i)));
        else
            bl_list_add(copy, request_reveal(bl_list_get(value, i)));
    }
    return copy;
}

static void request_add_json(struct bl_buf *out, const struct bl_value *json)
{
    struct bl_value *revealed = request_reveal(json);

    bl_json_write(out, revealed, BL_JSON_PLAIN);
    bl_value_unref(revealed);
}

static bool request_add_body(struct bl_http_op *http, const struct bl_call *call)
{
    const struct bl_value *json = bl_call_value(call, "json"),
                          *body = bl_call_value(call, "body");
    bool is_write = bl_arg_find(call->operation->args, "body") != NULL, has_type;
    size_t len;
    const char *text = bl_value_reveal(body, &len);

    bl_buf_init(&http->body, 0);
    if (!is_write)
        return true;
    if (json != NULL && body != NULL) {
        bl_op_fail(&http->base, BL_E_ARG, "%s: give either 'body' or 'json', not both",
                   call->target);
        return false;
    }
    http->has_body = json != NULL || body != NULL;
    has_type = map_has_name(bl_call_value(call, "headers"), "content-type") ||
               map_has_name(bl_map_get(call->settings, "headers"), "content-type");
    if (json != NULL)
        request_add_json(&http->body, json);
    else
        bl_buf_add(&http->body, text, len);
    if (json != NULL && !has_type)
        bl_http_header(http, "Content-Type", "application/json");
    else if (!has_type)
        http->headers = curl_slist_append(http->headers, "Content-Type:");
    return true;
}

static void request_done(struct bl_http_op *http)
{
    const struct bl_call *call = http->base.call;
    bool is_write = bl_arg_find(call->operation->args, "body") != NULL;
    const struct bl_value *wish = bl_call_value(call, is_write ? "parse" : "json");

    if (wish == NULL)
        bl_http_answer(http, BL_HTTP_JSON_AUTO);
    else
        bl_http_answer(http, bl_value_is_true(wish) ? BL_HTTP_JSON_MUST : BL_HTTP_JSON_NEVER);
}

void bl_http_call_start(struct bl_op *op, const struct bl_call *call)
{
    struct bl_http_op *http = (struct bl_http_op *)op;
    const struct bl_value *headers = bl_call_value(call, "headers");
    struct bl_error err;

    http->method = bl_http_call_method(call);
    http->url = call_url(call, &err);
    if (http->url == NULL) {
        bl_op_fail_error(op, &err);
        return;
    }
    http->shown = bl_http_shown(call, http->url);
    if (!bl_http_method_is_good(http->method)) {
        bl_op_fail(op, BL_E_ARG, "%s: method '%.40s' cannot be sent", call->target,
                   http->method);
        return;
    }
    http->server = (struct bl_http_server){
        .socket = bl_call_setting(call, "socket", NULL),
        .user = bl_call_setting(call, "user", NULL),
        .password = bl_call_setting(call, "password", NULL),
        .ca_file = bl_call_setting(call, "ca_file", NULL),
        .proxy = bl_call_setting(call, "proxy", NULL),
        .is_unverified = !bl_map_bool(call->settings, "verify", true),
    };
    http->is_safe = op->class == BL_CLASS_OBSERVE;
    http->is_change = http->may_cut = !http->is_safe;
    http->done = request_done;
    if (request_add_headers(http, bl_map_get(call->settings, "headers"), headers) &&
        request_add_headers(http, headers, NULL) && request_add_key(http, call) &&
        request_add_body(http, call)) {
        http->headers = curl_slist_append(http->headers, "Expect:");
        bl_http_send(http);
    }
}
