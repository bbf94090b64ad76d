/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* peers.c: any bytes as what PostgreSQL and Redis answer: no crash, and no more than the bound.
 */
#include "base/prefix.h"

#include "postgres_value.h"
#include "redis_private.h"

#define PEERS_MAX 2000 /* what a reply may have */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The stream in pieces of a size that the input chooses. */
static void peers_redis(const char *text, size_t len, size_t step)
{
    struct bl_value *reply = NULL;
    struct redis_sink sink;
    struct bl_error err;
    bool is_good = true;

    bl_redis_sink_init(&sink);
    bl_redis_sink_start(&sink, PEERS_MAX);
    for (size_t at = 0; at < len && is_good; at += step) {
        size_t piece = len - at < step ? len - at : step;
        is_good = bl_redis_sink_feed(&sink, text + at, piece, &err) &&
                  bl_redis_sink_next(&sink, &reply, &err);
        if (reply == NULL)
            continue;
        if (bl_value_type(reply) == BL_BYTES && strlen(bl_value_as_text(reply)) > PEERS_MAX)
            BL_BUG("a reply above its bound");
        bl_value_unref(bl_redis_pairs(reply, true));
        bl_value_unref(bl_redis_slowlog(reply));
        bl_value_unref(bl_redis_role(reply));
        bl_value_unref(reply);
        reply = NULL;
        bl_redis_sink_start(&sink, PEERS_MAX);
    }
    bl_redis_sink_release(&sink);
}

static void peers_postgres(const char *text, size_t len)
{
    static const uint32_t types[] = {16,   17,   20,   26,   701,  1000, 1007, 1009,
                                     1016, 1022, 1082, 1114, 1184, 1185, 1231, 1700};
    struct bl_value *value;

    for (size_t i = 0; i < BL_COUNT(types); i++)
        bl_value_unref(bl_postgres_value(types[i], text, len));
    value = bl_value_bytes(text, len);
    bl_value_unref(bl_postgres_json(value));
    bl_value_unref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = size > 0 ? size - 1 : 0;
    char *text = bl_strndup(size > 0 ? (const char *)data + 1 : "", len);

    if (size > 0) {
        /* libpq's and INFO's texts end at their first NUL */
        peers_redis((const char *)data + 1, len, data[0] % 61 + 1);
        peers_postgres(text, strlen(text));
        bl_value_unref(bl_redis_info(text, strlen(text)));
        bl_value_unref(bl_redis_clients(text));
    }
    bl_free(text);
    return 0;
}
