/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_shape.h: what the engine's JSON becomes for an author: few names, plain units, no
 * secrets. */
#ifndef BL_DOCKER_SHAPE_H
#define BL_DOCKER_SHAPE_H

#include "base/value.h"

/* Each gives a new value. Values of environment variables are never taken over. */
struct bl_value *bl_docker_shape_list(const struct bl_value *json);
struct bl_value *bl_docker_shape_container(const struct bl_value *json);
struct bl_value *bl_docker_shape_stats(const struct bl_value *json);
struct bl_value *bl_docker_shape_version(const struct bl_value *json, const char *spoken);

#endif
