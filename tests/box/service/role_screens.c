/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* role_screens.c: what people look at: the monitoring page and Grafana with its four
 * dashboards. */
#include "base/prefix.h"

#include "mt.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

static void ui_page(struct mt_service *service, struct mt_request *request,
                    struct mt_reply *reply)
{
    (void)service;
    (void)request;
    mt_reply_text(
        reply, 200, "text/html; charset=utf-8",
        strdup("<!DOCTYPE html><html lang=\"en\"><head><title>MasterTrade</title></head>"
               "<body><h1>MasterTrade monitoring</h1></body></html>\n"));
}

static const struct mt_route ui_routes[] = {{"GET", "/", ui_page}, {0}};

const struct mt_role mt_role_ui = {
    .name = "monitoring_ui", .command = "ui", .routes = ui_routes};

struct screens_dashboard {
    const char *uid;
    const char *title;
    const char *panels[10];
};

static const struct screens_dashboard screens_dashboards[] = {
    {"mastertrade-system-health",
     "MasterTrade - System Health",
     {"Services up", "HTTP requests", "HTTP latency", "Database sessions", "Queue depth",
      "Redis memory", "CPU", "Memory", "Disk"}},
    {"mastertrade-data-sources",
     "MasterTrade - Data Sources",
     {"Collector health", "Collection rate", "Errors", "Latency", "Circuit breakers",
      "Rate limits"}},
    {"mastertrade-trading",
     "MasterTrade - Trading Performance",
     {"Portfolio Value", "Active Positions", "Total P&L (USD)", "Portfolio Value Over Time",
      "P&L by Symbol", "Signal Generation Rate", "Order Activity", "Goal Progress",
      "Position P&L Details"}},
    {"mastertrade-ml-models",
     "MasterTrade - ML Models",
     {"Accuracy", "Drift", "Predictions", "Training", "Features", "Latency", "Errors",
      "Versions"}},
};

static void grafana_health(struct mt_service *service, struct mt_request *request,
                           struct mt_reply *reply)
{
    (void)service;
    (void)request;
    mt_reply_json(
        reply, 200,
        json_pack("{s:s, s:s, s:s}", "commit", "box", "database", "ok", "version", "10.2.0"));
}

static bool grafana_login(const struct mt_service *service, const struct mt_request *request)
{
    char *password = NULL;
    char *user = MHD_basic_auth_get_username_password(request->connection, &password);
    bool right = user && password &&
                 strcmp(user, mt_env(service, "GF_SECURITY_ADMIN_USER", NULL)) == 0 &&
                 strcmp(password, mt_env(service, "GF_SECURITY_ADMIN_PASSWORD", NULL)) == 0;

    MHD_free(user);
    MHD_free(password);
    return right;
}

static json_t *grafana_panels(const struct screens_dashboard *dashboard)
{
    json_t *panels = json_array();

    for (int i = 0; i < 10 && dashboard->panels[i]; i++) {
        json_array_append_new(panels, json_pack("{s:i, s:s, s:s}", "id", i + 1, "title",
                                                dashboard->panels[i], "type", "timeseries"));
    }
    return panels;
}

static void grafana_dashboard(struct mt_service *service, struct mt_request *request,
                              struct mt_reply *reply)
{
    if (!grafana_login(service, request)) {
        reply->ask_login = true;
        mt_reply_json(reply, 401, json_pack("{s:s}", "message", "Unauthorized"));
        return;
    }
    for (size_t i = 0; i < sizeof screens_dashboards / sizeof screens_dashboards[0]; i++) {
        const struct screens_dashboard *dashboard = &screens_dashboards[i];

        if (strcmp(dashboard->uid, request->part) == 0) {
            mt_reply_json(reply, 200,
                          json_pack("{s:{s:s, s:s}, s:{s:s, s:s, s:o}}", "meta", "folderTitle",
                                    "MasterTrade", "type", "db", "dashboard", "uid",
                                    dashboard->uid, "title", dashboard->title, "panels",
                                    grafana_panels(dashboard)));
            return;
        }
    }
    mt_reply_json(reply, 404, json_pack("{s:s}", "message", "Dashboard not found"));
}

static const struct mt_route grafana_routes[] = {
    {"GET", "/api/health", grafana_health},
    {"GET", "/api/dashboards/uid/*", grafana_dashboard},
    {0},
};

const struct mt_role mt_role_grafana = {
    .name = "grafana",
    .command = "grafana",
    .routes = grafana_routes,
};
