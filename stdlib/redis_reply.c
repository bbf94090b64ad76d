/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_reply.c: from Redis's protocol to values, by hiredis's parser, bounded in bytes. */
#include "base/prefix.h"

#include "redis_private.h"

#include "base/text.h"

#define REPLY_ITEM 16     /* what an item costs besides its bytes */
#define REPLY_SLACK 65536 /* protocol around a reply of `max` bytes */

/* Puts an item where it belongs and counts it; NULL ends the parsing. */
static void *reply_put(const redisReadTask *task, struct bl_value *value, size_t bytes)
{
    struct redis_sink *sink = task->privdata;

    sink->bytes += (int64_t)bytes + REPLY_ITEM;
    if (sink->bytes > sink->max) {
        sink->is_too_large = true;
        bl_value_unref(value);
        return NULL;
    }
    if (task->parent != NULL)
        bl_list_add(task->parent->obj, value);
    return value;
}

static void *reply_string(const redisReadTask *task, char *data, size_t len)
{
    struct redis_sink *sink = task->privdata;

    if (task->parent == NULL)
        sink->is_error = task->type == REDIS_REPLY_ERROR;
    return reply_put(task, bl_value_bytes(data, len), len);
}

static void *reply_array(const redisReadTask *task, int count)
{
    struct redis_sink *sink = task->privdata;

    /* more than fits: said before it has come */
    if (count < 0 || sink->bytes + (int64_t)count * REPLY_ITEM > sink->max) {
        sink->is_too_large = true;
        return NULL;
    }
    return reply_put(task, bl_list_new(), 0);
}

static void *reply_integer(const redisReadTask *task, long long number)
{
    return reply_put(task, bl_value_int(number), 0);
}

static void *reply_nil(const redisReadTask *task)
{
    return reply_put(task, bl_value_nil(), 0);
}

static void reply_free(void *value)
{
    bl_value_unref(value);
}

static redisReplyObjectFunctions reply_functions = {
    reply_string, reply_array, reply_integer, reply_nil, reply_free,
};

void bl_redis_sink_init(struct redis_sink *sink)
{
    *sink = (struct redis_sink){.reader = redisReaderCreateWithFunctions(&reply_functions)};
    if (sink->reader == NULL)
        BL_BUG("hiredis has no memory");
    sink->reader->privdata = sink;
}

void bl_redis_sink_release(struct redis_sink *sink)
{
    if (sink->reader != NULL)
        redisReaderFree(sink->reader);
    sink->reader = NULL;
}

void bl_redis_sink_start(struct redis_sink *sink, int64_t max)
{
    sink->bytes = 0;
    sink->max = max;
    sink->is_error = false;
}

size_t bl_redis_sink_rest(const struct redis_sink *sink)
{
    return sink->reader->len - sink->reader->pos;
}

static bool reply_too_large(const struct redis_sink *sink, struct bl_error *err)
{
    char size[32];

    bl_format_bytes(size, sizeof(size), sink->max);
    bl_fail(err, BL_E_TOO_LARGE,
            "the reply is larger than %s: ask for less (scan, a range), or raise keep", size);
    return false;
}

bool bl_redis_sink_feed(struct redis_sink *sink, const char *data, size_t len,
                        struct bl_error *err)
{
    if ((int64_t)(bl_redis_sink_rest(sink) + len) > sink->max + REPLY_SLACK)
        return reply_too_large(sink, err);
    if (redisReaderFeed(sink->reader, data, len) != REDIS_OK) {
        bl_fail(err, BL_E_PROTOCOL, "%s", sink->reader->errstr);
        return false;
    }
    return true;
}

/* A string that says it is longer than what may come is not waited for. hiredis has taken the
 * "$" and stands at the digits. */
static bool reply_is_announced_too_large(const struct redis_sink *sink)
{
    const redisReader *reader = sink->reader;
    size_t rest = bl_redis_sink_rest(sink), i = 0;
    const char *at = reader->buf + reader->pos;
    int64_t length = 0;

    if (reader->ridx < 0 || reader->rstack[reader->ridx].type != REDIS_REPLY_STRING)
        return false;
    for (; i < rest && at[i] >= '0' && at[i] <= '9' && length <= sink->max; i++)
        length = 10 * length + (at[i] - '0');
    return length > sink->max;
}

/* What is waited for is a line that no server writes: a number that is none, control characters
 * in a status. Such a peer is told apart from a slow one at once. */
static bool reply_is_nonsense(const struct redis_sink *sink)
{
    const redisReader *reader = sink->reader;
    const char *at = reader->buf + reader->pos;
    size_t rest = bl_redis_sink_rest(sink);
    int type = reader->ridx < 0 ? -1 : reader->rstack[reader->ridx].type;
    bool is_text = type == REDIS_REPLY_STATUS || type == REDIS_REPLY_ERROR;

    for (size_t i = 0; type > 0 && i < rest && at[i] != '\r'; i++) {
        bool is_digit = at[i] == '-' || (at[i] >= '0' && at[i] <= '9');
        if (is_text ? (unsigned char)at[i] < 0x20 : !is_digit || i > 20)
            return true;
    }
    return false;
}

static bool reply_not_redis(const struct redis_sink *sink, struct bl_error *err)
{
    const char *why = sink->reader->errstr;
    struct bl_buf text;

    bl_buf_init(&text, 150);
    bl_text_clean(&text, why, strlen(why), false);
    bl_fail(err, BL_E_PROTOCOL, "the server does not speak Redis's protocol%s%s",
            text.len > 0 ? ": " : "", bl_buf_text(&text));
    bl_buf_release(&text);
    return false;
}

bool bl_redis_sink_next(struct redis_sink *sink, struct bl_value **reply, struct bl_error *err)
{
    void *found = NULL;

    *reply = NULL;
    if (redisReaderGetReply(sink->reader, &found) != REDIS_OK)
        return sink->is_too_large ? reply_too_large(sink, err) : reply_not_redis(sink, err);
    if (found == NULL && reply_is_announced_too_large(sink))
        return reply_too_large(sink, err);
    if (found == NULL && reply_is_nonsense(sink))
        return reply_not_redis(sink, err);
    *reply = found;
    return true;
}

/* Error replies by their beginning; the first that fits counts. */
static const struct {
    const char *text;
    enum bl_code code;
    const char *advice;
} reply_errors[] = {
    {"NOAUTH", BL_E_AUTH, "the environment gives no password"},
    {"WRONGPASS", BL_E_AUTH, "check user and password in the environment"},
    {"ERR invalid password", BL_E_AUTH, "check the password in the environment"},
    {"ERR AUTH", BL_E_AUTH, "the server wants no password: leave it out in the environment"},
    {"ERR Client sent AUTH", BL_E_AUTH, "the server wants no password"},
    {"NOPERM", BL_E_DENIED, "the user may not do this: see ACL LIST"},
    {"DENIED", BL_E_DENIED, "the server is in protected mode"},
    {"LOADING", BL_E_BUSY, "it is loading its data: try again in a moment"},
    {"BUSY", BL_E_BUSY, "a script is running"},
    {"MASTERDOWN", BL_E_BUSY, "the replica has no master"},
    {"CLUSTERDOWN", BL_E_BUSY, "the cluster is not whole"},
    {"TRYAGAIN", BL_E_BUSY, "try again in a moment"},
    {"ERR max number of clients", BL_E_BUSY, "the server takes no more connections"},
    {"OOM", BL_E_FULL, "memory is at maxmemory: see info(\"memory\")"},
    {"MOVED", BL_E_UNSUPPORTED, "clusters are not followed: connect to the node that is named"},
    {"ASK", BL_E_UNSUPPORTED, "clusters are not followed"},
    {"READONLY", BL_E_SERVER, "this is a replica: connect to its master"},
    {"MISCONF", BL_E_SERVER, "the server cannot save its data: see its log"},
    {"", BL_E_SERVER, ""},
};

const char *bl_redis_operation(const struct bl_call *call)
{
    const char *about = bl_call_text(call, "about");

    return *about != '\0' ? about : call->operation->name;
}

void bl_redis_error(const struct bl_call *call, const char *text, struct bl_error *err)
{
    struct bl_buf clean;
    size_t i = 0;

    while (strncmp(text, reply_errors[i].text, strlen(reply_errors[i].text)) != 0)
        i++;
    bl_buf_init(&clean, 300);
    bl_text_clean(&clean, text, strlen(text), false);
    bl_fail(err, reply_errors[i].code, "%s %s: %s%s%s", call->target, bl_redis_operation(call),
            bl_buf_text(&clean), *reply_errors[i].advice != '\0' ? ": " : "",
            reply_errors[i].advice);
    bl_error_cause(err, "%.*s", (int)strcspn(bl_buf_text(&clean), " "), bl_buf_text(&clean));
    bl_buf_release(&clean);
}
