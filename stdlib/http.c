/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http: requests to the endpoints that an environment names. A status of 4xx or 5xx is an
 * answer. */
#include "base/prefix.h"

#include "http_answer.h"
#include "http_request.h"
#include "http_url.h"

#include "base/json.h"
#include "base/text.h"

/* A header as a person may see it. */
static void detail_headers(struct bl_buf *out, const struct bl_value *headers)
{
    for (size_t i = 0; i < bl_value_count(headers); i++) {
        const struct bl_value *value = bl_map_at(headers, i);
        bl_buf_printf(out, "%s: ", bl_map_key(headers, i));
        if (bl_value_type(value) == BL_SECRET)
            bl_buf_printf(out, "<secret:%s>", bl_value_secret_name(value));
        else
            bl_http_scalar(out, value);
        bl_buf_char(out, '\n');
    }
}

static void detail_body(struct bl_buf *out, const struct bl_call *call)
{
    const struct bl_value *json = bl_call_value(call, "json");
    const struct bl_value *given = bl_call_value(call, "body");
    size_t len;
    const char *body = bl_value_as_bytes(given, &len);

    if (bl_http_call_class(call) == BL_CLASS_OBSERVE)
        return; /* json is no body there */
    if (json != NULL)
        bl_json_write(out, json, BL_JSON_PRETTY);
    else if (bl_value_type(given) == BL_SECRET)
        bl_buf_printf(out, "<secret:%s>\n", bl_value_secret_name(given));
    else if (len > 0)
        bl_text_clean(out, body, len, true);
}

static void request_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    const char *method = bl_http_call_method(call);
    char *shown = bl_http_call_shown(call);

    inspection->class = bl_http_call_class(call);
    inspection->is_idempotent = bl_http_call_is_idempotent(call);
    if (!bl_http_method_is_good(method))
        snprintf(inspection->refused, sizeof(inspection->refused),
                 "method '%.40s' is not one that can be sent: write GET, POST, …", method);
    snprintf(inspection->summary, sizeof(inspection->summary), "%s %s", method, shown);
    bl_buf_printf(&inspection->detail, "%s %s\n", method, shown);
    detail_headers(&inspection->detail, bl_map_get(call->settings, "headers"));
    detail_headers(&inspection->detail, bl_call_value(call, "headers"));
    detail_body(&inspection->detail, call);
    bl_free(shown);
}

static struct bl_value *request_nominal(const struct bl_call *call)
{
    char *shown = bl_http_call_shown(call);
    struct bl_value *answer = bl_http_nominal(shown);

    bl_free(shown);
    return answer;
}

static void http_open(struct bl_connection *connection)
{
    connection->state = bl_http_pool_new(
        connection->loop, (int)bl_map_int(connection->settings, "connections", 64));
}

static void http_close(struct bl_connection *connection)
{
    bl_http_pool_close(connection->state);
}

#define PATH_ARG                                                                               \
    {                                                                                          \
        .name = "path", .type = BL_T_STRING,                                                   \
        .text = "what follows the connection's url, from '/' on; \"\" is the url itself",      \
        .flags = BL_ARG_OPTIONAL, .fallback = ""                                               \
    }
#define QUERY_ARG                                                                              \
    {                                                                                          \
        .name = "query", .type = BL_T_MAP,                                                     \
        .text = "fields of the query string; a list repeats its field",                        \
        .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL                                               \
    }
#define HEADERS_ARG                                                                            \
    {                                                                                          \
        .name = "headers", .type = BL_T_MAP,                                                   \
        .text = "headers of this request, stronger than the connection's",                     \
        .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL | BL_ARG_SECRET                               \
    }

static const struct bl_arg read_args[] = {
    PATH_ARG,
    QUERY_ARG,
    HEADERS_ARG,
    {.name = "json",
     .type = BL_T_BOOLEAN,
     .text = "true: the answer must be JSON; false: it is not read as JSON; left out: it is "
             "when its content type says so",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {0},
};

#define WRITE_ARGS                                                                             \
    {.name = "body",                                                                           \
     .type = BL_T_STRING,                                                                      \
     .text = "the body as it is sent",                                                         \
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL | BL_ARG_DATA | BL_ARG_SECRET},                  \
        {.name = "json",                                                                       \
         .type = BL_T_ANY,                                                                     \
         .text = "a value sent as JSON, instead of body",                                      \
         .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL | BL_ARG_SECRET},                            \
    {                                                                                          \
        .name = "parse", .type = BL_T_BOOLEAN,                                                 \
        .text = "true: the answer must be JSON; false: it is not read as JSON; left out: it "  \
                "is when its content type says so",                                            \
        .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL                                               \
    }

static const struct bl_arg write_args[] = {PATH_ARG, QUERY_ARG, HEADERS_ARG, WRITE_ARGS, {0}};

static const struct bl_arg request_args[] = {
    {.name = "method", .type = BL_T_STRING, .text = "the method in capitals"},
    PATH_ARG,
    QUERY_ARG,
    HEADERS_ARG,
    WRITE_ARGS,
    {0},
};

static const struct bl_arg http_settings[] = {
    {.name = "url",
     .type = BL_T_STRING,
     .text = "where requests go; paths are added to it",
     .flags = BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "user",
     .type = BL_T_STRING,
     .text = "name for basic authentication",
     .flags = BL_ARG_OPTIONAL},
    {.name = "password",
     .type = BL_T_STRING,
     .text = "password for basic authentication",
     .flags = BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "headers",
     .type = BL_T_MAP,
     .text = "headers of every request",
     .flags = BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "idempotency",
     .type = BL_T_STRING,
     .text = "header in which the server takes a key by which it knows a request that is sent "
             "again, such as \"Idempotency-Key\": every change gets one",
     .flags = BL_ARG_OPTIONAL},
    {.name = "socket",
     .type = BL_T_PATH,
     .text = "a unix socket to connect to instead of the url's host",
     .flags = BL_ARG_OPTIONAL},
    {.name = "ca_file",
     .type = BL_T_PATH,
     .text = "PEM file of the authorities to trust, instead of the system's",
     .flags = BL_ARG_OPTIONAL},
    {.name = "verify",
     .type = BL_T_BOOLEAN,
     .text = "whether the server's certificate is checked",
     .fallback = "true"},
    {.name = "proxy",
     .type = BL_T_STRING,
     .text = "URL of an HTTP proxy; the process's environment is not asked",
     .flags = BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "connections",
     .type = BL_T_INTEGER,
     .text = "sockets at most; requests beyond wait in line",
     .fallback = "64",
     .min = 1,
     .max = 1000},
    {.name = "timeout",
     .type = BL_T_DURATION,
     .text = "default time of its requests",
     .flags = BL_ARG_OPTIONAL,
     .min = 1,
     .max = INT64_C(86400000)},
    {0},
};

static const char *const request_outcomes[] = {
    "2xx", "4xx", "5xx", "refused", "timeout", "a body that is not what was promised", NULL};

#define READ_RESULT                                                                            \
    "table: status, headers (lower-case names), body (string), json (when read), bytes, "      \
    "timings {resolve, connect, tls, first_byte, total} in seconds (first_byte and total "     \
    "from the start), url"
#define WRITE_RESULT                                                                           \
    READ_RESULT ", truncated (true when the body was cut at keep), json_error (when the body " \
                "was not the JSON it promised)"

#define REQUEST                                                                                \
    .outcomes = request_outcomes, .size = sizeof(struct bl_http_op),                           \
    .inspect = request_inspect, .resolve = bl_http_resolve, .start = bl_http_call_start,       \
    .release = bl_http_release, .nominal = request_nominal

static const struct bl_operation http_operations[] = {
    {
        .name = "get",
        .text = "Asks with GET. Redirects are followed to the same origin only, at most 5; any "
                "other is the answer.",
        .args = read_args,
        .result = READ_RESULT,
        .class = BL_CLASS_OBSERVE,
        .idempotent = true,
        .example = "use.api:get(\"/health\").status",
        REQUEST,
    },
    {
        .name = "head",
        .text = "Asks with HEAD: status and headers without a body.",
        .args = read_args,
        .result = READ_RESULT,
        .class = BL_CLASS_OBSERVE,
        .idempotent = true,
        .example = "use.api:head(\"/health\").headers[\"content-length\"]",
        REQUEST,
    },
    {
        .name = "options",
        .text = "Asks with OPTIONS what a path accepts.",
        .args = read_args,
        .result = READ_RESULT,
        .class = BL_CLASS_OBSERVE,
        .idempotent = true,
        .example = "use.api:options(\"/orders\").headers.allow",
        REQUEST,
    },
    {
        .name = "post",
        .text = "Sends with POST. Never repeated, never redirected.",
        .args = write_args,
        .result = WRITE_RESULT,
        .class = BL_CLASS_CHANGE,
        .example = "use.api:post(\"/reload\", { json = { cache = true } }).status",
        REQUEST,
    },
    {
        .name = "put",
        .text = "Sends with PUT. Never redirected.",
        .args = write_args,
        .result = WRITE_RESULT,
        .class = BL_CLASS_CHANGE,
        .idempotent = true,
        .example = "use.api:put(\"/limits/cache\", { json = { bytes = 1048576 } }).status",
        REQUEST,
    },
    {
        .name = "patch",
        .text = "Sends with PATCH. Never repeated, never redirected.",
        .args = write_args,
        .result = WRITE_RESULT,
        .class = BL_CLASS_CHANGE,
        .example = "use.api:patch(\"/limits\", { json = { rate = 10 } }).status",
        REQUEST,
    },
    {
        .name = "delete",
        .text = "Sends with DELETE. Never redirected.",
        .args = write_args,
        .result = WRITE_RESULT,
        .class = BL_CLASS_DESTROY,
        .idempotent = true,
        .example = "use.api:delete(\"/sessions/42\").status",
        REQUEST,
    },
    {
        .name = "request",
        .text = "Sends any method but CONNECT and TRACE: GET, HEAD and OPTIONS observe, DELETE "
                "destroys, every other changes.",
        .args = request_args,
        .result = WRITE_RESULT,
        .class = BL_CLASS_CHANGE,
        .example = "use.api:request(\"PURGE\", \"/images\").status",
        REQUEST,
    },
    {0},
};

const struct bl_module bl_module_http = {
    .name = "http",
    .text = "Requests to the endpoints that an environment names. A status of 4xx or 5xx is an "
            "answer, not an error.",
    .operations = http_operations,
    .settings = http_settings,
    .open = http_open,
    .close = http_close,
};
