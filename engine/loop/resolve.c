/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* resolve.c: host names to addresses without blocking the loop. */
#include "loop/resolve.h"

struct resolve {
    uv_getaddrinfo_t request;
    struct bl_op *op;
    char *host;
    void (*done)(struct bl_op *op, const struct bl_addresses *addresses);
};

void bl_address_text(const struct sockaddr_storage *address, char *out, size_t size)
{
    out[0] = '\0';
    uv_ip_name((const struct sockaddr *)address, out, size);
}

static void resolve_done(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct resolve *resolve = request->data;
    struct bl_addresses addresses = {0};

    for (struct addrinfo *at = found; at != NULL && addresses.count < BL_ADDRESS_MAX;
         at = at->ai_next)
        memcpy(&addresses.list[addresses.count++], at->ai_addr, at->ai_addrlen);
    if (status != 0 || addresses.count == 0)
        bl_op_fail(resolve->op, BL_E_RESOLVE,
                   "%s: no address for host '%s' (%s): check the name in the environment",
                   resolve->op->call->target, resolve->host,
                   status != 0 ? uv_strerror(status) : "no address");
    else if (!bl_op_is_settled(resolve->op))
        resolve->done(resolve->op, &addresses);
    uv_freeaddrinfo(found);
    bl_op_unref(resolve->op);
    bl_free(resolve->host);
    bl_free(resolve);
}

void bl_resolve(struct bl_op *op, const char *host, int port,
                void (*done)(struct bl_op *op, const struct bl_addresses *addresses))
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct bl_addresses literal = {.count = 1};
    struct resolve *resolve;
    char service[16];
    int status;

    if (uv_ip4_addr(host, port, (struct sockaddr_in *)&literal.list[0]) == 0 ||
        uv_ip6_addr(host, port, (struct sockaddr_in6 *)&literal.list[0]) == 0) {
        done(op, &literal);
        return;
    }
    resolve = bl_alloc(sizeof(*resolve));
    *resolve = (struct resolve){.op = bl_op_ref(op), .host = bl_strdup(host), .done = done};
    resolve->request.data = resolve;
    snprintf(service, sizeof(service), "%d", port);
    bl_op_stage(op, "looking up %s", host);
    status =
        uv_getaddrinfo(bl_op_loop(op), &resolve->request, resolve_done, host, service, &hints);
    if (status != 0)
        resolve_done(&resolve->request, status, NULL);
}
