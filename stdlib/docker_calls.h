/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_calls.h: the starts of the operations that are one request to the engine. */
#ifndef BL_DOCKER_CALLS_H
#define BL_DOCKER_CALLS_H

#include "docker_engine.h"

void bl_docker_version_start(struct bl_op *op, const struct bl_call *call);
void bl_docker_list_start(struct bl_op *op, const struct bl_call *call);
void bl_docker_inspect_start(struct bl_op *op, const struct bl_call *call);
void bl_docker_stats_start(struct bl_op *op, const struct bl_call *call);
/* start, stop, restart and kill: by the operation's name. */
void bl_docker_control_start(struct bl_op *op, const struct bl_call *call);
/* docker_ask.c: bl_operation.ask of what changes one container. */
struct bl_call *bl_docker_question(struct bl_connection *connection, const struct bl_call *call,
                                   struct bl_inspection *inspection,
                                   const struct bl_value *answer);
/* docker_doubt.c: notes how a container was, for the bl_operation.resolve of what changes it.
 */
void bl_docker_before(struct bl_inspection *inspection, const struct bl_value *container);
struct bl_call *bl_docker_resolve(struct bl_connection *connection, const struct bl_call *call,
                                  const struct bl_value *intent, const struct bl_value *answer,
                                  struct bl_resolution *resolution);
struct bl_call *bl_docker_exec_resolve(struct bl_connection *connection,
                                       const struct bl_call *call,
                                       const struct bl_value *intent,
                                       const struct bl_value *answer,
                                       struct bl_resolution *resolution);

#endif
