/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* shop.c: a small HTTP server that writes down every order it is sent. */
#include "base/prefix.h"

#include "fault.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>

struct fault_shop {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    int orders, bells;
};

static int *shop_counter(struct fault_shop *shop, const char *path)
{
    if (strcmp(path, "/orders") == 0)
        return &shop->orders;
    return strcmp(path, "/bell") == 0 ? &shop->bells : NULL;
}

static enum MHD_Result shop_say(struct MHD_Connection *connection, unsigned status,
                                const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    MHD_add_response_header(response, "Content-Type", "application/json");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* A request has come when its body has: only then it counts. */
static enum MHD_Result shop_answer(void *arg, struct MHD_Connection *connection,
                                   const char *path, const char *method, const char *version,
                                   const char *body, size_t *size, void **state)
{
    static char begun;
    struct fault_shop *shop = arg;
    int *counter = shop_counter(shop, path), count;
    char text[40];

    (void)version;
    (void)body;
    if (*state == NULL) {
        *state = &begun;
        return MHD_YES;
    }
    if (*size > 0) {
        *size = 0;
        return MHD_YES;
    }
    if (counter == NULL)
        return shop_say(connection, 404, "{}");
    pthread_mutex_lock(&shop->lock);
    *counter += strcmp(method, "POST") == 0;
    count = *counter;
    pthread_mutex_unlock(&shop->lock);
    snprintf(text, sizeof(text), "{\"count\":%d}", count);
    return shop_say(connection, 200, text);
}

struct fault_shop *fault_shop_start(void)
{
    struct fault_shop *shop = bl_alloc(sizeof(*shop));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    pthread_mutex_init(&shop->lock, NULL);
    shop->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, shop_answer,
                                    shop, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_END);
    if (shop->daemon == NULL)
        BL_BUG("fault: the shop does not start");
    fault_shop_reset(shop);
    return shop;
}

void fault_shop_stop(struct fault_shop *shop)
{
    MHD_stop_daemon(shop->daemon);
    pthread_mutex_destroy(&shop->lock);
    bl_free(shop);
}

int fault_shop_port(const struct fault_shop *shop)
{
    return MHD_get_daemon_info(shop->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

int fault_shop_count(struct fault_shop *shop, const char *path)
{
    int count;

    pthread_mutex_lock(&shop->lock);
    count = *shop_counter(shop, path);
    pthread_mutex_unlock(&shop->lock);
    return count;
}

void fault_shop_reset(struct fault_shop *shop)
{
    pthread_mutex_lock(&shop->lock);
    shop->orders = 0;
    shop->bells = 0;
    pthread_mutex_unlock(&shop->lock);
}
