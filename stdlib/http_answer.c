/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_answer.c: what an HTTP answer becomes for an author. */
#include "base/prefix.h"

#include "http_answer.h"

#include "base/json.h"

#include <strings.h>

#define PARSE_AT_ONCE 32768 /* bytes of JSON read on the loop's thread */

/* A text on its way through the thread pool. */
struct parse_job {
    char *text;
    size_t len;
    struct bl_value *value;
    struct bl_error err;
    enum bl_code code;
    void (*then)(struct bl_http_op *http, const struct bl_value *json,
                 const struct bl_error *err);
};

bool bl_http_type_is_json(const char *content_type)
{
    size_t len = strcspn(content_type, "; \t");

    if (len == strlen("application/json") &&
        strncasecmp(content_type, "application/json", len) == 0)
        return true;
    return len > 5 && strncasecmp(content_type + len - 5, "+json", 5) == 0;
}

static struct bl_value *answer_table(struct bl_http_op *http)
{
    struct bl_value *answer = bl_map_new();

    bl_map_set(answer, "status", bl_value_int(http->status));
    bl_map_set(answer, "headers",
               http->answer_headers != NULL ? bl_value_ref(http->answer_headers)
                                            : bl_map_new());
    bl_map_set(answer, "body", bl_value_bytes(bl_buf_text(&http->text), http->text.len));
    bl_map_set(answer, "bytes", bl_value_int(http->bytes));
    bl_map_set(answer, "timings", bl_http_timings(http));
    bl_map_set(answer, "url", bl_value_text(http->shown));
    if (http->was_cut)
        bl_map_set(answer, "truncated", bl_value_bool(true));
    return answer;
}

static void parse_run(void *data)
{
    struct parse_job *job = data;

    job->code = bl_json_parse(job->text, job->len, false, &job->value, &job->err);
}

static void parse_free(void *data)
{
    struct parse_job *job = data;

    bl_value_unref(job->value);
    bl_free(job->text);
    bl_free(job);
}

static void parse_done(struct bl_op *op, void *data)
{
    struct parse_job *job = data;

    job->then((struct bl_http_op *)op, job->code == BL_OK ? job->value : NULL, &job->err);
}

void bl_http_json(struct bl_http_op *http,
                  void (*then)(struct bl_http_op *http, const struct bl_value *json,
                               const struct bl_error *err))
{
    struct parse_job *job = bl_alloc(sizeof(*job));

    job->then = then;
    job->len = http->text.len;
    job->text = bl_strndup(bl_buf_text(&http->text), job->len);
    if (job->len > PARSE_AT_ONCE) {
        bl_op_stage(&http->base, "reading the JSON of %s %s", http->method, http->shown);
        bl_work_start(&http->base, job, parse_run, parse_done, parse_free);
        return;
    }
    parse_run(job);
    parse_done(&http->base, job);
    parse_free(job);
}

static void answer_parsed(struct bl_http_op *http, const struct bl_value *json,
                          const struct bl_error *err)
{
    struct bl_op *op = &http->base;
    struct bl_value *answer;

    if (json == NULL && op->class == BL_CLASS_OBSERVE) {
        bl_op_fail(op, BL_E_PARSE,
                   "%s: %s %s: the answer (status %d) is not the JSON it should be: %.200s",
                   op->call->target, http->method, http->shown, http->status, err->message);
        return;
    }
    answer = answer_table(http);
    if (json != NULL)
        bl_map_set(answer, "json", bl_value_ref(json));
    else
        bl_map_set(answer, "json_error", bl_value_text(err->message));
    bl_op_answer(op, answer);
}

void bl_http_answer(struct bl_http_op *http, enum bl_http_json json)
{
    const char *type = bl_map_text(http->answer_headers, "content-type", "");
    bool is_wanted =
        json == BL_HTTP_JSON_MUST ||
        (json == BL_HTTP_JSON_AUTO && bl_http_type_is_json(type) && http->text.len > 0);

    if (is_wanted && strcmp(http->method, "HEAD") != 0)
        bl_http_json(http, answer_parsed);
    else
        bl_op_answer(&http->base, answer_table(http));
}

struct bl_value *bl_http_nominal(const char *url)
{
    static const char *const names[] = {"resolve", "connect", "tls", "first_byte", "total"};
    struct bl_value *answer = bl_map_new(), *timings = bl_map_new();

    for (size_t i = 0; i < BL_COUNT(names); i++)
        bl_map_set(timings, names[i], bl_value_float(0));
    bl_map_set(answer, "status", bl_value_int(200));
    bl_map_set(answer, "headers", bl_map_new());
    bl_map_set(answer, "body", bl_value_text(""));
    bl_map_set(answer, "json", bl_map_new());
    bl_map_set(answer, "bytes", bl_value_int(0));
    bl_map_set(answer, "timings", timings);
    bl_map_set(answer, "url", bl_value_text(url));
    return answer;
}
