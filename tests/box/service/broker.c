/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* broker.c: one thread that owns the connection to RabbitMQ: it declares, consumes, publishes
 * and connects again. */
#include "base/prefix.h"

#include "mt.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BROKER_CHANNEL = 1, BROKER_HEARTBEAT = 20 };

struct mt_broker {
    struct mt_service *service;
    pthread_t thread;
    atomic_bool stop;
    atomic_bool connected;
    amqp_connection_state_t connection;
    bool consuming;
    time_t ticked;
};

static volatile sig_atomic_t broker_paused;

void mt_broker_pause(int paused)
{
    broker_paused = paused;
}

bool mt_broker_connected(struct mt_broker *broker)
{
    return broker && atomic_load(&broker->connected);
}

/* Whether the last call of the library that waits for the server's answer went well. */
static bool broker_well(struct mt_broker *broker)
{
    return amqp_get_rpc_reply(broker->connection).reply_type == AMQP_RESPONSE_NORMAL;
}

static void broker_close(struct mt_broker *broker)
{
    if (broker->connection) {
        amqp_destroy_connection(broker->connection);
        broker->connection = NULL;
    }
    broker->consuming = false;
    atomic_store(&broker->connected, false);
}

static bool broker_login(struct mt_broker *broker, const struct amqp_connection_info *info)
{
    struct timeval limit = {.tv_sec = 5};
    amqp_socket_t *socket = amqp_tcp_socket_new(broker->connection);
    amqp_rpc_reply_t reply;

    if (!socket ||
        amqp_socket_open_noblock(socket, info->host, info->port, &limit) != AMQP_STATUS_OK) {
        return false;
    }
    amqp_set_rpc_timeout(broker->connection, &limit);
    reply = amqp_login(broker->connection, "/", 0, AMQP_DEFAULT_FRAME_SIZE, BROKER_HEARTBEAT,
                       AMQP_SASL_METHOD_PLAIN, info->user, info->password);
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
        return false;
    }
    amqp_channel_open(broker->connection, BROKER_CHANNEL);
    return broker_well(broker);
}

static bool broker_exchanges(struct mt_broker *broker)
{
    for (const char *const *entry = broker->service->role->exchanges; *entry; entry++) {
        char name[96];
        const char *type = strchr(*entry, ' ') + 1;

        snprintf(name, sizeof name, "%.*s", (int)strcspn(*entry, " "), *entry);
        amqp_exchange_declare(broker->connection, BROKER_CHANNEL, amqp_cstring_bytes(name),
                              amqp_cstring_bytes(type), 0, 1, 0, 0, amqp_empty_table);
        if (!broker_well(broker)) {
            return false;
        }
    }
    return true;
}

static bool broker_bind(struct mt_broker *broker, const struct mt_queue *queue)
{
    const char *key = queue->keys;

    while (*key) {
        size_t len = strcspn(key, " ");
        amqp_bytes_t bytes = {len, (void *)(uintptr_t)key};

        amqp_queue_bind(broker->connection, BROKER_CHANNEL, amqp_cstring_bytes(queue->queue),
                        amqp_cstring_bytes(queue->exchange), bytes, amqp_empty_table);
        if (!broker_well(broker)) {
            return false;
        }
        key += len + (key[len] == ' ');
    }
    return true;
}

static bool broker_queue(struct mt_broker *broker, const struct mt_queue *queue)
{
    amqp_table_entry_t entries[2];
    amqp_table_t arguments = {0, entries};

    if (queue->ttl) {
        entries[arguments.num_entries].key = amqp_cstring_bytes("x-message-ttl");
        entries[arguments.num_entries].value.kind = AMQP_FIELD_KIND_I64;
        entries[arguments.num_entries++].value.value.i64 = queue->ttl;
    }
    if (queue->max_length) {
        entries[arguments.num_entries].key = amqp_cstring_bytes("x-max-length");
        entries[arguments.num_entries].value.kind = AMQP_FIELD_KIND_I64;
        entries[arguments.num_entries++].value.value.i64 = queue->max_length;
    }
    amqp_queue_declare(broker->connection, BROKER_CHANNEL, amqp_cstring_bytes(queue->queue), 0,
                       1, 0, 0, arguments);
    return broker_well(broker) && broker_bind(broker, queue);
}

/* Starts or cancels the consumers of all queues; a consumer's tag is its queue's name. */
static bool broker_consume(struct mt_broker *broker, bool on)
{
    for (const struct mt_queue *queue = broker->service->role->queues; queue && queue->queue;
         queue++) {
        amqp_bytes_t name = amqp_cstring_bytes(queue->queue);

        if (on) {
            amqp_basic_qos(broker->connection, BROKER_CHANNEL, 0, queue->prefetch, 0);
            amqp_basic_consume(broker->connection, BROKER_CHANNEL, name, name, 0, 0, 0,
                               amqp_empty_table);
        } else {
            amqp_basic_cancel(broker->connection, BROKER_CHANNEL, name);
        }
        if (!broker_well(broker)) {
            return false;
        }
    }
    broker->consuming = on;
    mt_log(broker->service, on ? "info" : "warning",
           on ? "Consumers started" : "Consumers stopped", NULL);
    return true;
}

static bool broker_open(struct mt_broker *broker)
{
    char *url = strdup(mt_env(broker->service, "RABBITMQ_URL", NULL));
    struct amqp_connection_info info;
    bool open = false;

    amqp_default_connection_info(&info);
    broker->connection = amqp_new_connection();
    if (url && broker->connection && amqp_parse_url(url, &info) == AMQP_STATUS_OK) {
        open = broker_login(broker, &info) && broker_exchanges(broker);
    }
    for (const struct mt_queue *queue = broker->service->role->queues;
         open && queue && queue->queue; queue++) {
        open = broker_queue(broker, queue);
    }
    free(url);
    if (!open) {
        broker_close(broker);
    }
    atomic_store(&broker->connected, open);
    return open;
}

/* Waits up to 0.2 s for a message, hands it to the role and acknowledges it. */
static bool broker_receive(struct mt_broker *broker)
{
    struct timeval limit = {.tv_usec = 200000};
    struct mt_service *service = broker->service;
    amqp_envelope_t envelope;
    amqp_rpc_reply_t reply;
    char queue[96];

    amqp_maybe_release_buffers(broker->connection);
    reply = amqp_consume_message(broker->connection, &envelope, &limit, 0);
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        return reply.library_error == AMQP_STATUS_TIMEOUT;
    }
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
        return false;
    }
    snprintf(queue, sizeof queue, "%.*s", (int)envelope.consumer_tag.len,
             (const char *)envelope.consumer_tag.bytes);
    mt_meter_add(service->meter, "rabbitmq_messages_total", 1);
    if (service->role->message) {
        service->role->message(service, queue, envelope.message.body.bytes,
                               envelope.message.body.len);
    }
    amqp_basic_ack(broker->connection, BROKER_CHANNEL, envelope.delivery_tag, 0);
    amqp_destroy_envelope(&envelope);
    return true;
}

void mt_broker_publish(struct mt_broker *broker, const char *exchange, const char *key,
                       json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_CONTENT_TYPE_FLAG};

    json_decref(message);
    if (text && broker && broker->connection) {
        properties.content_type = amqp_cstring_bytes("application/json");
        amqp_basic_publish(broker->connection, BROKER_CHANNEL, amqp_cstring_bytes(exchange),
                           amqp_cstring_bytes(key), 0, 0, &properties,
                           amqp_cstring_bytes(text));
    }
    free(text);
}

/* One turn; false when the connection is lost. */
static bool broker_turn(struct mt_broker *broker)
{
    const struct mt_role *role = broker->service->role;

    if (role->queues && broker->consuming == (broker_paused != 0) &&
        !broker_consume(broker, !broker_paused)) {
        return false;
    }
    if (!broker_receive(broker)) {
        return false;
    }
    if (role->tick && time(NULL) != broker->ticked) {
        broker->ticked = time(NULL);
        role->tick(broker->service);
    }
    return true;
}

static void *broker_main(void *data)
{
    struct mt_broker *broker = data;

    while (!atomic_load(&broker->stop)) {
        if (!broker->connection && !broker_open(broker)) {
            for (int i = 0; i < 5 && !atomic_load(&broker->stop); i++) {
                usleep(100000);
            }
            continue;
        }
        if (!broker_turn(broker)) {
            mt_log(broker->service, "warning", "Connection to RabbitMQ lost", NULL);
            broker_close(broker);
        }
    }
    broker_close(broker);
    return NULL;
}

struct mt_broker *mt_broker_new(struct mt_service *service)
{
    struct mt_broker *broker = calloc(1, sizeof *broker);

    if (!broker) {
        abort();
    }
    broker->service = service;
    if (pthread_create(&broker->thread, NULL, broker_main, broker) != 0) {
        abort();
    }
    return broker;
}

void mt_broker_free(struct mt_broker *broker)
{
    if (broker) {
        atomic_store(&broker->stop, true);
        pthread_join(broker->thread, NULL);
        free(broker);
    }
}
