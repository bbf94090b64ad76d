/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_message.c: messages: a look at the first of a queue, and publishing one for certain. */
#include "base/prefix.h"

#include "amqp_work.h"

#include <amqp_framing.h>

#define MESSAGE_DEPTH 8
#define MESSAGE_MAX INT64_C(268435456) /* of a body; a broker that sends more is cut off */

static struct bl_value *message_text(amqp_bytes_t text)
{
    return bl_value_bytes(text.bytes, text.len);
}

static struct bl_value *message_table(const amqp_table_t *table, int depth);

/* A field of a header table; what has no counterpart is nil. */
static struct bl_value *message_field(const amqp_field_value_t *field, int depth)
{
    struct bl_value *list;

    switch (field->kind) {
    case AMQP_FIELD_KIND_BOOLEAN:
        return bl_value_bool(field->value.boolean);
    case AMQP_FIELD_KIND_I8:
        return bl_value_int(field->value.i8);
    case AMQP_FIELD_KIND_U8:
        return bl_value_int(field->value.u8);
    case AMQP_FIELD_KIND_I16:
        return bl_value_int(field->value.i16);
    case AMQP_FIELD_KIND_U16:
        return bl_value_int(field->value.u16);
    case AMQP_FIELD_KIND_I32:
        return bl_value_int(field->value.i32);
    case AMQP_FIELD_KIND_U32:
        return bl_value_int(field->value.u32);
    case AMQP_FIELD_KIND_I64:
        return bl_value_int(field->value.i64);
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_TIMESTAMP:
        return bl_value_int((int64_t)field->value.u64);
    case AMQP_FIELD_KIND_F32:
        return bl_value_float((double)field->value.f32);
    case AMQP_FIELD_KIND_F64:
        return bl_value_float(field->value.f64);
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES:
        return message_text(field->value.bytes);
    case AMQP_FIELD_KIND_TABLE:
        return message_table(&field->value.table, depth + 1);
    case AMQP_FIELD_KIND_ARRAY:
        list = bl_list_new();
        for (int i = 0; i < field->value.array.num_entries && depth < MESSAGE_DEPTH; i++)
            bl_list_add(list, message_field(&field->value.array.entries[i], depth + 1));
        return list;
    default:
        return bl_value_nil();
    }
}

static struct bl_value *message_table(const amqp_table_t *table, int depth)
{
    struct bl_value *map = bl_map_new();

    for (int i = 0; i < table->num_entries && depth < MESSAGE_DEPTH; i++) {
        amqp_bytes_t key = table->entries[i].key;
        char *name = bl_strndup(key.bytes, key.len);
        bl_map_set(map, name, message_field(&table->entries[i].value, depth));
        bl_free(name);
    }
    return map;
}

/* The properties of the header that are plain texts: their flag and their place. */
static const struct {
    const char *name;
    amqp_flags_t flag;
    size_t offset;
} texts[] = {
    {"content_type", AMQP_BASIC_CONTENT_TYPE_FLAG,
     offsetof(amqp_basic_properties_t, content_type)},
    {"content_encoding", AMQP_BASIC_CONTENT_ENCODING_FLAG,
     offsetof(amqp_basic_properties_t, content_encoding)},
    {"correlation_id", AMQP_BASIC_CORRELATION_ID_FLAG,
     offsetof(amqp_basic_properties_t, correlation_id)},
    {"reply_to", AMQP_BASIC_REPLY_TO_FLAG, offsetof(amqp_basic_properties_t, reply_to)},
    {"expiration", AMQP_BASIC_EXPIRATION_FLAG, offsetof(amqp_basic_properties_t, expiration)},
    {"message_id", AMQP_BASIC_MESSAGE_ID_FLAG, offsetof(amqp_basic_properties_t, message_id)},
    {"type", AMQP_BASIC_TYPE_FLAG, offsetof(amqp_basic_properties_t, type)},
    {"app_id", AMQP_BASIC_APP_ID_FLAG, offsetof(amqp_basic_properties_t, app_id)},
};

static void message_properties(struct bl_value *message, const amqp_basic_properties_t *from)
{
    for (size_t i = 0; i < BL_COUNT(texts); i++) {
        const void *place = (const char *)from + texts[i].offset;
        if (from->_flags & texts[i].flag)
            bl_map_set(message, texts[i].name, message_text(*(const amqp_bytes_t *)place));
    }
    if (from->_flags & AMQP_BASIC_HEADERS_FLAG)
        bl_map_set(message, "headers", message_table(&from->headers, 0));
    if (from->_flags & AMQP_BASIC_PRIORITY_FLAG)
        bl_map_set(message, "priority", bl_value_int(from->priority));
    if (from->_flags & AMQP_BASIC_TIMESTAMP_FLAG)
        bl_map_set(message, "timestamp", bl_value_int((int64_t)from->timestamp));
    bl_map_set(message, "persistent",
               bl_value_bool((from->_flags & AMQP_BASIC_DELIVERY_MODE_FLAG) &&
                             from->delivery_mode == 2));
}

/* Reads header and body of a delivered message; of the body only the beginning stays. */
static enum bl_code message_read(struct bl_amqp_link *link, const char *doing, size_t keep,
                                 struct bl_value *message, struct bl_error *err)
{
    amqp_frame_t frame;
    struct bl_buf body;
    int64_t size, got = 0;
    enum bl_code code = bl_amqp_link_frame(link, doing, &frame, err);

    if (code != BL_OK)
        return code;
    if (frame.frame_type != AMQP_FRAME_HEADER)
        return bl_amqp_link_status(link, doing, AMQP_STATUS_BAD_AMQP_DATA, err);
    size = (int64_t)frame.payload.properties.body_size;
    if (size < 0 || size > MESSAGE_MAX) {
        link->is_broken = true;
        return bl_fail(err, BL_E_TOO_LARGE, "%s: %s: a message is larger than %lld bytes",
                       link->target, doing, (long long)MESSAGE_MAX);
    }
    message_properties(message, frame.payload.properties.decoded);
    bl_buf_init(&body, keep);
    while (code == BL_OK && got < size) {
        amqp_maybe_release_buffers(link->state);
        code = bl_amqp_link_frame(link, doing, &frame, err);
        if (code == BL_OK && frame.frame_type != AMQP_FRAME_BODY)
            code = bl_amqp_link_status(link, doing, AMQP_STATUS_BAD_AMQP_DATA, err);
        if (code != BL_OK)
            break;
        got += (int64_t)frame.payload.body_fragment.len;
        bl_buf_add(&body, frame.payload.body_fragment.bytes, frame.payload.body_fragment.len);
    }
    bl_map_set(message, "bytes", bl_value_int(size));
    bl_map_set(message, "body", bl_value_take_buf(&body));
    bl_buf_release(&body);
    return code;
}

/* Takes one message out for the moment. False: the queue is empty, or err is filled. */
static bool peek_one(struct bl_amqp_job *job, struct bl_amqp_link *link, const char *doing,
                     uint64_t *tag)
{
    amqp_bytes_t queue = bl_amqp_bytes(bl_call_value(job->call, "queue"));
    amqp_rpc_reply_t reply = amqp_basic_get(link->state, BL_AMQP_CHANNEL, queue, 0);
    const amqp_basic_get_ok_t *got;
    struct bl_value *message;

    if (bl_amqp_link_check(link, doing, reply, NULL, &job->err) != BL_OK ||
        reply.reply.id != AMQP_BASIC_GET_OK_METHOD)
        return false;
    got = reply.reply.decoded;
    *tag = got->delivery_tag;
    message = bl_map_new();
    bl_map_set(message, "exchange", message_text(got->exchange));
    bl_map_set(message, "key", message_text(got->routing_key));
    bl_map_set(message, "redelivered", bl_value_bool(got->redelivered));
    (void)!message_read(link, doing, (size_t)bl_call_int(job->call, "body"), message,
                        &job->err);
    bl_list_add(job->answer, message);
    amqp_maybe_release_buffers(link->state);
    return job->err.code == BL_OK;
}

/* Gives back what was taken: the closed channel is the broker's word that it is back. */
static void peek_give_back(struct bl_amqp_job *job, struct bl_amqp_link *link,
                           const char *doing, uint64_t tag)
{
    amqp_rpc_reply_t reply;
    struct bl_error err;

    if (link->is_broken || !link->has_channel)
        return; /* the broker takes them back by itself when the connection ends */
    if (tag > 0)
        amqp_basic_nack(link->state, BL_AMQP_CHANNEL, tag, 1, 1);
    reply = amqp_channel_close(link->state, BL_AMQP_CHANNEL, AMQP_REPLY_SUCCESS);
    link->has_channel = link->has_confirms = false;
    if (bl_amqp_link_check(link, doing, reply, NULL, &err) != BL_OK && job->err.code == BL_OK)
        job->err = err;
}

void bl_amqp_peek(struct bl_amqp_job *job, struct bl_amqp_link *link)
{
    int64_t count = bl_call_int(job->call, "count");
    uint64_t tag = 0;
    char doing[200];

    snprintf(doing, sizeof(doing), "cannot peek into queue '%.120s'",
             bl_call_text(job->call, "queue"));
    job->answer = bl_list_new();
    while (count-- > 0 && peek_one(job, link, doing, &tag))
        continue;
    peek_give_back(job, link, doing, tag);
    if (job->err.code == BL_OK && (int64_t)bl_value_size(job->answer) > job->call->keep)
        bl_fail(&job->err, BL_E_TOO_LARGE,
                "%s: the messages take more than %lld bytes: ask for fewer, for less of each "
                "body, or raise keep (they are back in the queue)",
                link->target, (long long)job->call->keep);
}

/* Header entries from a map of plain values; NULL with err filled when one is not plain. */
static amqp_table_entry_t *publish_headers(const struct bl_value *headers, struct bl_error *err)
{
    size_t count = bl_value_count(headers);
    amqp_table_entry_t *entries = bl_alloc((count + 1) * sizeof(*entries));

    for (size_t i = 0; i < count; i++) {
        const struct bl_value *value = bl_map_at(headers, i);
        amqp_field_value_t *field = &entries[i].value;
        entries[i].key = amqp_cstring_bytes(bl_map_key(headers, i));
        switch (bl_value_type(value)) {
        case BL_BYTES:
            field->kind = AMQP_FIELD_KIND_UTF8;
            field->value.bytes = bl_amqp_bytes(value);
            break;
        case BL_INT:
            field->kind = AMQP_FIELD_KIND_I64;
            field->value.i64 = bl_value_as_int(value);
            break;
        case BL_FLOAT:
            field->kind = AMQP_FIELD_KIND_F64;
            field->value.f64 = bl_value_as_float(value);
            break;
        case BL_BOOL:
            field->kind = AMQP_FIELD_KIND_BOOLEAN;
            field->value.boolean = bl_value_is_true(value);
            break;
        default:
            bl_fail(err, BL_E_ARG,
                    "option 'headers': '%.60s' must be a string, number or boolean, not a %s",
                    bl_map_key(headers, i), bl_type_name(bl_value_type(value)));
            bl_free(entries);
            return NULL;
        }
    }
    return entries;
}

static void publish_properties(const struct bl_call *call, amqp_basic_properties_t *out)
{
    for (size_t i = 0; i < BL_COUNT(texts); i++) {
        const struct bl_value *text = bl_call_value(call, texts[i].name);
        void *place = (char *)out + texts[i].offset;
        if (text == NULL)
            continue;
        *(amqp_bytes_t *)place = bl_amqp_bytes(text);
        out->_flags |= texts[i].flag;
    }
    if (call->id != NULL && bl_call_value(call, "message_id") == NULL) {
        out->_flags |= AMQP_BASIC_MESSAGE_ID_FLAG; /* so that consumers can tell it twice */
        out->message_id = amqp_cstring_bytes(call->id);
    }
    if (bl_call_value(call, "priority") != NULL) {
        out->_flags |= AMQP_BASIC_PRIORITY_FLAG;
        out->priority = (uint8_t)bl_call_int(call, "priority");
    }
    out->_flags |= AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
    out->delivery_mode = bl_call_bool(call, "persistent") ? 2 : 1;
}

/*
 * Waits until the broker has confirmed. An unroutable message is confirmed as well: it comes
 * back before.
 */
static void publish_await(struct bl_amqp_job *job, struct bl_amqp_link *link, const char *doing)
{
    bool came_back = false;
    amqp_frame_t frame;

    for (;;) {
        amqp_maybe_release_buffers(link->state);
        if (bl_amqp_link_frame(link, doing, &frame, &job->err) != BL_OK)
            return;
        if (frame.frame_type != AMQP_FRAME_METHOD)
            continue; /* the message that came back */
        came_back = came_back || frame.payload.method.id == AMQP_BASIC_RETURN_METHOD;
        if (frame.payload.method.id == AMQP_BASIC_ACK_METHOD ||
            frame.payload.method.id == AMQP_BASIC_NACK_METHOD)
            break;
    }
    if (frame.payload.method.id == AMQP_BASIC_NACK_METHOD)
        bl_fail(&job->err, BL_E_SERVER,
                "%s: %s: the broker did not take it (nack): check its alarms and the queue's "
                "limits",
                link->target, doing);
    else if (came_back)
        bl_fail(&job->err, BL_E_NOT_FOUND,
                "%s: %s: no queue takes it (unroutable): check the bindings of the exchange",
                link->target, doing);
    else
        job->answer = bl_value_bool(true);
}

void bl_amqp_publish(struct bl_amqp_job *job, struct bl_amqp_link *link)
{
    const struct bl_call *call = job->call;
    const struct bl_value *headers = bl_call_value(call, "headers");
    amqp_basic_properties_t properties = {0};
    char doing[240];
    int status;

    snprintf(doing, sizeof(doing), "cannot publish to exchange '%.90s' with key '%.90s'",
             bl_call_text(call, "exchange"), bl_call_text(call, "key"));
    properties.headers.entries = publish_headers(headers, &job->err);
    if (properties.headers.entries == NULL)
        return;
    properties.headers.num_entries = (int)bl_value_count(headers);
    publish_properties(call, &properties);
    if (!link->has_confirms) {
        amqp_confirm_select(link->state, BL_AMQP_CHANNEL);
        link->has_confirms = bl_amqp_link_check(link, doing, amqp_get_rpc_reply(link->state),
                                                NULL, &job->err) == BL_OK;
    }
    if (link->has_confirms) {
        status = amqp_basic_publish(
            link->state, BL_AMQP_CHANNEL, bl_amqp_bytes(bl_call_value(call, "exchange")),
            bl_amqp_bytes(bl_call_value(call, "key")), bl_call_bool(call, "mandatory"), 0,
            &properties, bl_amqp_bytes(bl_call_value(call, "body")));
        if (bl_amqp_link_status(link, doing, status, &job->err) == BL_OK)
            publish_await(job, link, doing);
    }
    bl_free(properties.headers.entries);
}
