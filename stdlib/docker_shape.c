/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_shape.c: what the engine's JSON becomes for an author. */
#include "base/prefix.h"

#include "docker_shape.h"

#include "base/clock.h"

#define SHORT_ID 12

static void shape_text(struct bl_value *out, const char *name, const struct bl_value *from,
                       const char *key)
{
    bl_map_set(out, name, bl_value_text(bl_map_text(from, key, "")));
}

static void shape_id(struct bl_value *out, const struct bl_value *from)
{
    const char *id = bl_map_text(from, "Id", "");

    bl_map_set(out, "id", bl_value_bytes(id, strnlen(id, SHORT_ID)));
}

/* A time of the engine in seconds; nothing for its zero time (year 1). */
static void shape_time(struct bl_value *out, const char *name, const struct bl_value *from,
                       const char *key)
{
    int64_t millis;

    if (bl_time_parse(bl_map_text(from, key, ""), &millis, NULL) == BL_OK && millis > 0)
        bl_map_set(out, name, bl_value_float((double)millis / 1000));
}

static const char *shape_name(const char *name)
{
    return *name == '/' ? name + 1 : name;
}

/* "0.0.0.0:8000 -> 80/tcp" */
static struct bl_value *shape_port(const struct bl_value *port)
{
    long long inside = bl_map_int(port, "PrivatePort", 0),
              outside = bl_map_int(port, "PublicPort", 0);
    const char *type = bl_map_text(port, "Type", "tcp");

    if (outside == 0)
        return bl_value_textf("%lld/%s", inside, type);
    return bl_value_textf("%s:%lld -> %lld/%s", bl_map_text(port, "IP", ""), outside, inside,
                          type);
}

/* The list says health only inside of "Up 2 hours (healthy)". */
static void shape_health_word(struct bl_value *out, const char *status)
{
    static const char *const words[] = {"unhealthy", "healthy", "health: starting"};

    for (size_t i = 0; i < 3; i++) {
        if (strstr(status, words[i]) != NULL) {
            bl_map_set(out, "health", bl_value_text(i == 2 ? "starting" : words[i]));
            return;
        }
    }
}

static struct bl_value *shape_item(const struct bl_value *item)
{
    const struct bl_value *ports = bl_map_get(item, "Ports");
    const char *name = bl_value_as_text(bl_list_get(bl_map_get(item, "Names"), 0));
    struct bl_value *out = bl_map_new(), *list = bl_list_new();

    shape_id(out, item);
    bl_map_set(out, "name", bl_value_text(shape_name(name)));
    shape_text(out, "image", item, "Image");
    shape_text(out, "state", item, "State");
    shape_text(out, "status", item, "Status");
    shape_health_word(out, bl_map_text(item, "Status", ""));
    bl_map_set(out, "created", bl_value_int(bl_map_int(item, "Created", 0)));
    for (size_t i = 0; i < bl_value_count(ports); i++)
        bl_list_add(list, shape_port(bl_list_get(ports, i)));
    bl_map_set(out, "ports", list);
    if (bl_value_type(bl_map_get(item, "Labels")) == BL_MAP)
        bl_map_set(out, "labels", bl_value_ref(bl_map_get(item, "Labels")));
    return out;
}

struct bl_value *bl_docker_shape_list(const struct bl_value *json)
{
    struct bl_value *out = bl_list_new();

    for (size_t i = 0; i < bl_value_count(json); i++)
        bl_list_add(out, shape_item(bl_list_get(json, i)));
    return out;
}

/* Names of environment variables; what they hold stays in the engine. */
static struct bl_value *shape_environment(const struct bl_value *list)
{
    struct bl_value *out = bl_map_new();

    for (size_t i = 0; i < bl_value_count(list); i++) {
        const char *text = bl_value_as_text(bl_list_get(list, i));
        char *name = bl_strndup(text, strcspn(text, "="));
        bl_map_set(out, name, bl_value_text("<opaque>"));
        bl_free(name);
    }
    return out;
}

static struct bl_value *shape_mounts(const struct bl_value *list)
{
    struct bl_value *out = bl_list_new();

    for (size_t i = 0; i < bl_value_count(list); i++) {
        const struct bl_value *from = bl_list_get(list, i);
        struct bl_value *mount = bl_map_new();
        shape_text(mount, "type", from, "Type");
        shape_text(mount, "source", from, "Source");
        shape_text(mount, "destination", from, "Destination");
        bl_map_set(mount, "writable", bl_value_bool(bl_map_bool(from, "RW", false)));
        bl_list_add(out, mount);
    }
    return out;
}

static void shape_state(struct bl_value *out, const struct bl_value *state)
{
    const struct bl_value *health = bl_map_get(state, "Health");

    shape_text(out, "state", state, "Status");
    bl_map_set(out, "running", bl_value_bool(bl_map_bool(state, "Running", false)));
    bl_map_set(out, "oom_killed", bl_value_bool(bl_map_bool(state, "OOMKilled", false)));
    bl_map_set(out, "exit_code", bl_value_int(bl_map_int(state, "ExitCode", 0)));
    bl_map_set(out, "pid", bl_value_int(bl_map_int(state, "Pid", 0)));
    shape_text(out, "error", state, "Error");
    shape_time(out, "started", state, "StartedAt");
    if (!bl_map_bool(state, "Running", false))
        shape_time(out, "finished", state, "FinishedAt");
    if (health == NULL || strcmp(bl_map_text(health, "Status", "none"), "none") == 0)
        return; /* the image names no health check */
    shape_text(out, "health", health, "Status");
    bl_map_set(out, "health_failures", bl_value_int(bl_map_int(health, "FailingStreak", 0)));
}

struct bl_value *bl_docker_shape_container(const struct bl_value *json)
{
    const struct bl_value *config = bl_map_get(json, "Config"),
                          *host = bl_map_get(json, "HostConfig");
    struct bl_value *out = bl_map_new();

    shape_id(out, json);
    bl_map_set(out, "name", bl_value_text(shape_name(bl_map_text(json, "Name", ""))));
    shape_text(out, "image", config, "Image");
    shape_text(out, "image_id", json, "Image");
    shape_time(out, "created", json, "Created");
    bl_map_set(out, "restart_count", bl_value_int(bl_map_int(json, "RestartCount", 0)));
    shape_state(out, bl_map_get(json, "State"));
    bl_map_set(out, "env", shape_environment(bl_map_get(config, "Env")));
    bl_map_set(out, "mounts", shape_mounts(bl_map_get(json, "Mounts")));
    bl_map_set(out, "memory_limit", bl_value_int(bl_map_int(host, "Memory", 0)));
    shape_text(out, "network", host, "NetworkMode");
    shape_text(out, "restart_policy", bl_map_get(host, "RestartPolicy"), "Name");
    if (bl_value_type(bl_map_get(config, "Labels")) == BL_MAP)
        bl_map_set(out, "labels", bl_value_ref(bl_map_get(config, "Labels")));
    return out;
}

static double shape_cpu(const struct bl_value *json)
{
    const struct bl_value *now = bl_map_get(json, "cpu_stats"),
                          *before = bl_map_get(json, "precpu_stats");
    double used = (double)(bl_map_int(bl_map_get(now, "cpu_usage"), "total_usage", 0) -
                           bl_map_int(bl_map_get(before, "cpu_usage"), "total_usage", 0)),
           passed = (double)(bl_map_int(now, "system_cpu_usage", 0) -
                             bl_map_int(before, "system_cpu_usage", 0));
    int64_t cores = bl_map_int(now, "online_cpus", 0);

    if (cores == 0)
        cores =
            (int64_t)bl_value_count(bl_map_get(bl_map_get(now, "cpu_usage"), "percpu_usage"));
    return used > 0 && passed > 0 ? used / passed * (double)cores * 100 : 0;
}

/* Sums one field over the networks. */
static int64_t shape_traffic(const struct bl_value *networks, const char *key)
{
    int64_t sum = 0;

    for (size_t i = 0; i < bl_value_count(networks); i++)
        sum += bl_map_int(bl_map_at(networks, i), key, 0);
    return sum;
}

struct bl_value *bl_docker_shape_stats(const struct bl_value *json)
{
    const struct bl_value *memory = bl_map_get(json, "memory_stats"),
                          *detail = bl_map_get(memory, "stats"),
                          *networks = bl_map_get(json, "networks");
    int64_t used = bl_map_int(memory, "usage", 0), limit = bl_map_int(memory, "limit", 0);
    /* what `docker stats` leaves out: pages that can go at any time (cgroup v2, else v1) */
    int64_t cache = bl_map_int(detail, "inactive_file", 0);
    struct bl_value *out = bl_map_new();

    cache = bl_map_int(detail, "total_inactive_file", cache);
    if (cache < used)
        used -= cache;
    bl_map_set(out, "cpu", bl_value_float(shape_cpu(json)));
    bl_map_set(out, "memory", bl_value_int(used));
    bl_map_set(out, "memory_limit", bl_value_int(limit));
    bl_map_set(out, "memory_percent",
               bl_value_float(limit > 0 ? (double)used / (double)limit * 100 : 0));
    bl_map_set(out, "pids",
               bl_value_int(bl_map_int(bl_map_get(json, "pids_stats"), "current", 0)));
    bl_map_set(out, "received", bl_value_int(shape_traffic(networks, "rx_bytes")));
    bl_map_set(out, "sent", bl_value_int(shape_traffic(networks, "tx_bytes")));
    return out;
}

struct bl_value *bl_docker_shape_version(const struct bl_value *json, const char *spoken)
{
    struct bl_value *out = bl_map_new();

    shape_text(out, "version", json, "Version");
    shape_text(out, "api", json, "ApiVersion");
    shape_text(out, "api_oldest", json, "MinAPIVersion");
    bl_map_set(out, "api_spoken", bl_value_text(spoken));
    shape_text(out, "os", json, "Os");
    shape_text(out, "arch", json, "Arch");
    shape_text(out, "kernel", json, "KernelVersion");
    return out;
}
