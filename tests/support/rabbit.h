/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* rabbit.h: a real RabbitMQ for a test, and what a test needs from it beside the module. */
#ifndef BL_TEST_RABBIT_H
#define BL_TEST_RABBIT_H

#include "support/servers.h"

#define TEST_RABBIT_USER "belay"
#define TEST_RABBIT_PASSWORD "invented-for-tests"

/* RabbitMQ with that user on vhost "/"; config: more lines for rabbitmq.conf, may be NULL.
 * Takes about six seconds; test_server_stop ends it at once, its own epmd too. */
void test_rabbit_start(struct test_server *server, const char *config);
/* Starts it again after it was killed; durable queues keep their persistent messages. */
void test_rabbit_revive(struct test_server *server);
/* Declares a queue that is not durable; most: messages it takes before it refuses (0: any). */
void test_rabbit_declare(const struct test_server *server, const char *queue, int most);
/* Declares a fanout exchange, without bindings. */
void test_rabbit_exchange(const struct test_server *server, const char *exchange);

#endif
