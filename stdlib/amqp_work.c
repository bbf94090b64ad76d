/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_work.c: questions about queues and exchanges, and emptying a queue. */
#include "base/prefix.h"

#include "amqp_work.h"

#include <amqp_framing.h>

amqp_bytes_t bl_amqp_bytes(const struct bl_value *text)
{
    size_t len;
    const char *data = bl_value_as_bytes(text, &len);

    return (amqp_bytes_t){.len = len, .bytes = (void *)(uintptr_t)data};
}

/*
 * Asks for a queue without making it. NULL with err empty: it is not there (404 is an answer,
 * and costs the channel).
 */
static struct bl_value *work_ask_queue(struct bl_amqp_job *job, struct bl_amqp_link *link,
                                       const struct bl_value *name)
{
    amqp_queue_declare_ok_t *found;
    struct bl_value *answer;
    char doing[200];
    int server_code;

    if (bl_amqp_link_channel(link, &job->err) != BL_OK)
        return NULL;
    snprintf(doing, sizeof(doing), "cannot ask for queue '%.120s'", bl_value_as_text(name));
    found = amqp_queue_declare(link->state, BL_AMQP_CHANNEL, bl_amqp_bytes(name), 1, 0, 0, 0,
                               amqp_empty_table);
    if (bl_amqp_link_check(link, doing, amqp_get_rpc_reply(link->state), &server_code,
                           &job->err) != BL_OK) {
        if (server_code == AMQP_NOT_FOUND)
            job->err = (struct bl_error){0};
        return NULL;
    }
    answer = bl_map_new();
    bl_map_set(answer, "messages", bl_value_int(found->message_count));
    bl_map_set(answer, "consumers", bl_value_int(found->consumer_count));
    amqp_maybe_release_buffers(link->state);
    return answer;
}

void bl_amqp_queue(struct bl_amqp_job *job, struct bl_amqp_link *link)
{
    job->answer = work_ask_queue(job, link, bl_call_value(job->call, "queue"));
}

void bl_amqp_queues(struct bl_amqp_job *job, struct bl_amqp_link *link)
{
    const struct bl_value *names = bl_call_value(job->call, "queues");

    job->answer = bl_map_new();
    for (size_t i = 0; i < bl_value_count(names) && job->err.code == BL_OK; i++) {
        const struct bl_value *name = bl_list_get(names, i);
        struct bl_value *found = work_ask_queue(job, link, name);
        if (found != NULL)
            bl_map_set(job->answer, bl_value_as_text(name), found);
    }
}

void bl_amqp_exchange(struct bl_amqp_job *job, struct bl_amqp_link *link)
{
    const struct bl_value *name = bl_call_value(job->call, "exchange");
    char doing[200];
    int server_code;

    snprintf(doing, sizeof(doing), "cannot ask for exchange '%.120s'", bl_value_as_text(name));
    amqp_exchange_declare(link->state, BL_AMQP_CHANNEL, bl_amqp_bytes(name),
                          amqp_cstring_bytes("direct"), 1, 0, 0, 0, amqp_empty_table);
    if (bl_amqp_link_check(link, doing, amqp_get_rpc_reply(link->state), &server_code,
                           &job->err) == BL_OK) {
        job->answer = bl_value_bool(true);
    } else if (server_code == AMQP_NOT_FOUND) {
        job->err = (struct bl_error){0};
        job->answer = bl_value_bool(false);
    }
}

/* A text among the properties that the broker sent when it greeted us. */
static struct bl_value *work_property(const amqp_table_t *properties, const char *name)
{
    for (int i = 0; properties != NULL && i < properties->num_entries; i++) {
        const amqp_table_entry_t *entry = &properties->entries[i];
        if (entry->key.len == strlen(name) &&
            memcmp(entry->key.bytes, name, entry->key.len) == 0 &&
            entry->value.kind == AMQP_FIELD_KIND_UTF8 && entry->value.value.bytes.len < 200)
            return bl_value_bytes(entry->value.value.bytes.bytes, entry->value.value.bytes.len);
    }
    return bl_value_nil();
}

void bl_amqp_ping(struct bl_amqp_job *job, struct bl_amqp_link *link)
{
    static const char *const names[] = {"product", "version", "cluster_name"};
    const amqp_table_t *properties = amqp_get_server_properties(link->state);
    amqp_rpc_reply_t reply =
        amqp_channel_close(link->state, BL_AMQP_CHANNEL, AMQP_REPLY_SUCCESS);

    link->has_channel = link->has_confirms = false;
    if (bl_amqp_link_check(link, "no answer to a ping", reply, NULL, &job->err) != BL_OK)
        return;
    job->answer = bl_map_new();
    for (size_t i = 0; i < BL_COUNT(names); i++)
        bl_map_set(job->answer, names[i], work_property(properties, names[i]));
}

void bl_amqp_purge(struct bl_amqp_job *job, struct bl_amqp_link *link)
{
    const struct bl_value *name = bl_call_value(job->call, "queue");
    amqp_queue_purge_ok_t *done =
        amqp_queue_purge(link->state, BL_AMQP_CHANNEL, bl_amqp_bytes(name));
    char doing[200];

    snprintf(doing, sizeof(doing), "cannot purge queue '%.120s'", bl_value_as_text(name));
    if (bl_amqp_link_check(link, doing, amqp_get_rpc_reply(link->state), NULL, &job->err) !=
        BL_OK)
        return;
    job->answer = bl_map_new();
    bl_map_set(job->answer, "messages", bl_value_int(done->message_count));
}
