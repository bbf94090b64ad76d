/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* main.c: mt_service ROLE plays one MasterTrade service; what it needs comes from the
 * environment. */
#include "base/prefix.h"

#include "mt.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mt_role *const main_roles[] = {
    &mt_role_market, &mt_role_data,     &mt_role_strategy, &mt_role_alerts,
    &mt_role_risk,   &mt_role_executor, &mt_role_ui,       &mt_role_grafana,
};

static const struct mt_role *main_role(const char *command)
{
    for (size_t i = 0; i < sizeof main_roles / sizeof main_roles[0]; i++) {
        if (strcmp(main_roles[i]->command, command) == 0) {
            return main_roles[i];
        }
    }
    return NULL;
}

/* Signals are waited for in one place (http.c), so every thread blocks them. */
static void main_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int main_serve(struct mt_service *service, uint16_t port)
{
    int code = 1;

    service->meter = mt_meter_new(service->role->name);
    if (service->role->database) {
        service->store = mt_store_new(service);
    }
    if (!service->role->start || service->role->start(service) == 0) {
        if (service->role->exchanges) {
            service->broker = mt_broker_new(service);
        }
        code = mt_http_run(service, port, getenv("MT_ACCESS_LOG"));
        if (service->role->stop) {
            service->role->stop();
        }
    }
    mt_broker_free(service->broker);
    mt_store_free(service->store);
    mt_meter_free(service->meter);
    return code;
}

int main(int argc, char **argv)
{
    struct mt_service service = {0};
    unsigned long port;
    int code;

    service.role = argc == 2 ? main_role(argv[1]) : NULL;
    if (!service.role) {
        fprintf(stderr,
                "mt_service: name one role: market data strategy alerts risk executor ui "
                "grafana\n");
        return 2;
    }
    port = strtoul(mt_env(&service, "MT_PORT", NULL), NULL, 10);
    service.clock_offset = strtol(mt_env(&service, "MT_CLOCK_OFFSET", "0"), NULL, 10);
    if (port == 0 || port > 65535) {
        mt_log(&service, "error", "MT_PORT is not a port", NULL);
        return 2;
    }
    main_signals();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    code = main_serve(&service, (uint16_t)port);
    curl_global_cleanup();
    return code;
}
