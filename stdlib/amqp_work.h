/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_work.h: what each operation says to the broker, on a worker's thread. */
#ifndef BL_AMQP_WORK_H
#define BL_AMQP_WORK_H

#include "amqp_broker.h"

bl_amqp_work bl_amqp_queue, bl_amqp_queues, bl_amqp_exchange, bl_amqp_ping, bl_amqp_purge;
bl_amqp_work bl_amqp_peek, bl_amqp_publish; /* amqp_message.c */

/* amqp_ask.c: bl_operation.ask of what changes one queue. */
struct bl_call *bl_amqp_ask(struct bl_connection *connection, const struct bl_call *call,
                            struct bl_inspection *inspection, const struct bl_value *answer);

/* amqp_doubt.c: bl_operation.resolve of the changes. */
struct bl_call *bl_amqp_publish_resolve(struct bl_connection *connection,
                                        const struct bl_call *call,
                                        const struct bl_value *intent,
                                        const struct bl_value *answer,
                                        struct bl_resolution *resolution);
struct bl_call *bl_amqp_peek_resolve(struct bl_connection *connection,
                                     const struct bl_call *call, const struct bl_value *intent,
                                     const struct bl_value *answer,
                                     struct bl_resolution *resolution);
struct bl_call *bl_amqp_purge_resolve(struct bl_connection *connection,
                                      const struct bl_call *call, const struct bl_value *intent,
                                      const struct bl_value *answer,
                                      struct bl_resolution *resolution);

/* The bytes of an argument, borrowed. */
amqp_bytes_t bl_amqp_bytes(const struct bl_value *text);

#endif
