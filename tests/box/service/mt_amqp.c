/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* mt_amqp.c: `mt_amqp URL publish EXCHANGE KEY COUNT` sends messages to the broker; `mt_amqp
 * URL depth QUEUE` prints how many messages and consumers a queue has this very moment. */
#include "base/prefix.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool amqp_ready(amqp_connection_state_t connection,
                       const struct amqp_connection_info *info)
{
    struct timeval limit = {.tv_sec = 5};
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);

    if (!socket ||
        amqp_socket_open_noblock(socket, info->host, info->port, &limit) != AMQP_STATUS_OK) {
        return false;
    }
    amqp_set_rpc_timeout(connection, &limit);
    if (amqp_login(connection, "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN,
                   info->user, info->password)
            .reply_type != AMQP_RESPONSE_NORMAL) {
        return false;
    }
    amqp_channel_open(connection, 1);
    return amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL;
}

static bool publish(amqp_connection_state_t connection, char **words)
{
    unsigned long count = strtoul(words[2], NULL, 10);
    char text[128];

    for (unsigned long i = 0; i < count; i++) {
        snprintf(text, sizeof text,
                 "{\"symbol\":\"BTCUSDC\",\"side\":\"BUY\",\"close_price\":60000,\"n\":%lu}",
                 i);
        if (amqp_basic_publish(connection, 1, amqp_cstring_bytes(words[0]),
                               amqp_cstring_bytes(words[1]), 0, 0, NULL,
                               amqp_cstring_bytes(text)) != AMQP_STATUS_OK) {
            return false;
        }
    }
    /* The close is answered after everything before it was taken. */
    return amqp_channel_close(connection, 1, AMQP_REPLY_SUCCESS).reply_type ==
           AMQP_RESPONSE_NORMAL;
}

static bool depth(amqp_connection_state_t connection, const char *queue)
{
    amqp_queue_declare_ok_t *found = amqp_queue_declare(
        connection, 1, amqp_cstring_bytes(queue), 1, 0, 0, 0, amqp_empty_table);

    if (found) {
        printf("%u %u\n", found->message_count, found->consumer_count);
    }
    return found != NULL;
}

int main(int argc, char **argv)
{
    struct amqp_connection_info info;
    amqp_connection_state_t connection;
    bool publishing = argc == 6 && strcmp(argv[2], "publish") == 0;
    bool done;

    if (!publishing && (argc != 4 || strcmp(argv[2], "depth") != 0)) {
        fprintf(stderr,
                "mt_amqp: usage: mt_amqp URL publish EXCHANGE KEY COUNT | depth QUEUE\n");
        return 2;
    }
    amqp_default_connection_info(&info);
    if (amqp_parse_url(argv[1], &info) != AMQP_STATUS_OK) {
        fprintf(stderr, "mt_amqp: the URL is not one of AMQP\n");
        return 2;
    }
    connection = amqp_new_connection();
    done = amqp_ready(connection, &info) &&
           (publishing ? publish(connection, argv + 3) : depth(connection, argv[3]));
    amqp_destroy_connection(connection);
    if (!done) {
        fprintf(stderr, "mt_amqp: the broker does not answer or refuses\n");
    }
    return done ? 0 : 1;
}
