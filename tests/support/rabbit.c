/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* rabbit.c: a real RabbitMQ for a test. */
#include "base/prefix.h"

#include "support/rabbit.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <signal.h>

/* Logs in and opens channel 1; NULL when that fails. */
static amqp_connection_state_t rabbit_connect(const struct test_server *server)
{
    amqp_connection_state_t state = amqp_new_connection();
    amqp_socket_t *socket_object = amqp_tcp_socket_new(state);
    struct timeval span = {.tv_sec = 5};

    amqp_set_handshake_timeout(state, &span);
    amqp_set_rpc_timeout(state, &span);
    if (amqp_socket_open_noblock(socket_object, "127.0.0.1", server->port, &span) == 0 &&
        amqp_login(state, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, TEST_RABBIT_USER,
                   TEST_RABBIT_PASSWORD)
                .reply_type == AMQP_RESPONSE_NORMAL &&
        amqp_channel_open(state, 1) != NULL)
        return state;
    amqp_destroy_connection(state);
    return NULL;
}

static bool rabbit_is_ready(struct test_server *server)
{
    amqp_connection_state_t state = test_server_listens(server) ? rabbit_connect(server) : NULL;

    if (state == NULL)
        return false;
    amqp_connection_close(state, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(state);
    return true;
}

static void rabbit_end(amqp_connection_state_t state, const char *what)
{
    if (state == NULL || amqp_get_rpc_reply(state).reply_type != AMQP_RESPONSE_NORMAL)
        BL_BUG("test: rabbit: cannot declare %s", what);
    amqp_connection_close(state, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(state);
}

void test_rabbit_declare(const struct test_server *server, const char *queue, int most)
{
    amqp_table_entry_t limits[] = {
        {.key = amqp_cstring_bytes("x-max-length"),
         .value = {.kind = AMQP_FIELD_KIND_I32, .value.i32 = most}},
        {.key = amqp_cstring_bytes("x-overflow"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8,
                   .value.bytes = amqp_cstring_bytes("reject-publish")}},
    };
    amqp_table_t arguments = {.num_entries = most > 0 ? 2 : 0, .entries = limits};
    amqp_connection_state_t state = rabbit_connect(server);

    if (state != NULL)
        amqp_queue_declare(state, 1, amqp_cstring_bytes(queue), 0, 0, 0, 0, arguments);
    rabbit_end(state, queue);
}

void test_rabbit_exchange(const struct test_server *server, const char *exchange)
{
    amqp_connection_state_t state = rabbit_connect(server);

    if (state != NULL)
        amqp_exchange_declare(state, 1, amqp_cstring_bytes(exchange),
                              amqp_cstring_bytes("fanout"), 0, 0, 0, 0, amqp_empty_table);
    rabbit_end(state, exchange);
}

void test_rabbit_start(struct test_server *server, const char *config)
{
    /* An epmd of its own, so that no daemon is left on the machine. */
    static const char *const argv[] = {
        "/bin/sh", "-c", "epmd -address 127.0.0.1 & exec /usr/lib/rabbitmq/bin/rabbitmq-server",
        NULL};
    char epmd[40], dist[40], text[2000];
    const char *environment[] = {epmd,
                                 dist,
                                 "RABBITMQ_NODENAME=belay@localhost",
                                 "RABBITMQ_CONFIG_FILE=./rabbitmq.conf",
                                 "RABBITMQ_CONF_ENV_FILE=./none",
                                 "RABBITMQ_ADVANCED_CONFIG_FILE=./none",
                                 "RABBITMQ_ENABLED_PLUGINS_FILE=./plugins",
                                 "RABBITMQ_MNESIA_BASE=./data",
                                 "RABBITMQ_LOG_BASE=./logs",
                                 "RABBITMQ_LOGS=-",
                                 "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 +sbwt none",
                                 NULL};

    test_server_open(server, "rabbit", "rabbitmq");
    snprintf(epmd, sizeof(epmd), "ERL_EPMD_PORT=%d", test_free_port());
    snprintf(dist, sizeof(dist), "RABBITMQ_DIST_PORT=%d", test_free_port());
    snprintf(
        text, sizeof(text),
        "listeners.tcp.1 = 127.0.0.1:%d\ndefault_user = " TEST_RABBIT_USER
        "\ndefault_pass = " TEST_RABBIT_PASSWORD
        "\ndisk_free_limit.absolute = 1MB\nvm_memory_high_watermark.absolute = 512MB\n%s\n",
        server->port, config == NULL ? "" : config);
    test_server_write(server, "rabbitmq.conf", text);
    test_server_write(server, "plugins", "[].\n");
    test_server_spawn(server, argv, environment, SIGKILL);
    test_server_await(server, rabbit_is_ready, 60);
}

void test_rabbit_revive(struct test_server *server)
{
    test_server_revive(server);
    test_server_await(server, rabbit_is_ready, 60);
}
