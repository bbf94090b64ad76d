/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* http_doubt.c: which requests may be sent again when nobody knows whether the server acted on
 * them: those that HTTP calls idempotent, and those that bear a key the server knows. */
#include "base/prefix.h"

#include "http_request.h"

#include <strings.h>

const char *bl_http_call_key(const struct bl_call *call)
{
    const char *header = bl_call_setting(call, "idempotency", NULL);
    const struct bl_value *headers = bl_call_value(call, "headers");

    for (size_t i = 0; header != NULL && i < bl_value_count(headers); i++) {
        if (strcasecmp(bl_map_key(headers, i), header) == 0)
            return NULL; /* the author's own */
    }
    return bl_http_call_class(call) == BL_CLASS_OBSERVE ? NULL : header;
}

bool bl_http_call_is_idempotent(const struct bl_call *call)
{
    const char *method = bl_http_call_method(call);

    if (strcmp(method, "DELETE") == 0)
        return true;
    return bl_http_call_class(call) == BL_CLASS_OBSERVE ||
           (strcmp(method, "PUT") == 0 && bl_http_call_class(call) == BL_CLASS_CHANGE);
}

struct bl_call *bl_http_resolve(struct bl_connection *connection, const struct bl_call *call,
                                const struct bl_value *intent, const struct bl_value *answer,
                                struct bl_resolution *resolution)
{
    const char *method = bl_http_call_method(call);
    const char *header = bl_call_setting(call, "idempotency", NULL);

    (void)connection;
    (void)answer;
    if (bl_http_call_is_idempotent(call)) {
        bl_resolution_set(resolution, BL_FOUND_NOT_DONE,
                          "%.20s is idempotent: to send it again changes nothing more", method);
    } else if (header != NULL && bl_map_get(intent, "id") != NULL) {
        bl_resolution_set(resolution, BL_FOUND_NOT_DONE,
                          "the endpoint knows it by its %.60s: sent again with the same one it "
                          "is one request",
                          header);
        resolution->same_id = true;
    } else {
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "HTTP cannot be asked what became of a %.20s, and the environment "
                          "names no header with which it may be sent again (idempotency)",
                          method);
    }
    return NULL;
}
