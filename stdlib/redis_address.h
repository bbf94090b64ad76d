/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_address.h: where a Redis server is and who signs in, from a connection's settings. */
#ifndef BL_REDIS_ADDRESS_H
#define BL_REDIS_ADDRESS_H

#include "base/error.h"
#include "base/value.h"

struct redis_address {
    char *host;
    int port;
    int database;
    char *user;     /* NULL: the default user */
    char *password; /* NULL: none */
};

/* Reads url, and user and password, which win over those in the url. The message of a failure
 * holds no part of the url, since that may be a secret. */
enum bl_code bl_redis_address_read(struct redis_address *address,
                                   const struct bl_value *settings,
                                   struct bl_error *err) BL_MUST_USE;
void bl_redis_address_release(struct redis_address *address);

#endif
