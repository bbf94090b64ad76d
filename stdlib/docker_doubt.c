/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_doubt.c: what became of a change to a container: by what the engine has noted since,
 * and by how the container is compared with how it was. */
#include "base/prefix.h"

#include "docker_calls.h"

#include "base/clock.h"
#include "base/json.h"

/* The engine is listened to for so long: a request that is still on its way shows. */
#define DOUBT_LISTEN_MS 1000
/* It keeps the latest 256 events of all containers: later than this they may be lost. */
#define DOUBT_EVENTS_MS 60000

static int64_t doubt_now(void)
{
    static const struct bl_clock clock = {0}; /* the engine's, whatever the run's is */

    return bl_clock_now(&clock);
}

void bl_docker_before(struct bl_inspection *inspection, const struct bl_value *container)
{
    static const char *const keys[] = {"id", "running", "started", "restart_count"};
    struct bl_value *before = bl_map_new();

    for (size_t i = 0; i < BL_COUNT(keys); i++) {
        const struct bl_value *value = bl_map_get(container, keys[i]);
        if (value != NULL)
            bl_map_set(before, keys[i], bl_value_ref(value));
    }
    bl_map_set(before, "asked", bl_value_int(doubt_now()));
    bl_value_unref(inspection->before);
    inspection->before = before;
}

/* How often each kind of event came: {kill = 1, die = 1}. One JSON object a line. */
static struct bl_value *events_count(const char *text, size_t len)
{
    struct bl_value *counts = bl_map_new();

    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t part = end != NULL ? (size_t)(end - text) : len;
        struct bl_value *event = NULL;
        if (bl_json_parse(text, part, false, &event, NULL) == BL_OK) {
            const char *action = bl_map_text(event, "Action", "?");
            bl_map_set(counts, action, bl_value_int(bl_map_int(counts, action, 0) + 1));
        }
        bl_value_unref(event);
        part += end != NULL;
        text += part;
        len -= part;
    }
    return counts;
}

static void events_done(struct bl_http_op *http)
{
    if (http->status != 200)
        bl_docker_fail((struct bl_docker_op *)http, http->status, bl_buf_text(&http->text),
                       http->text.len);
    else
        bl_op_answer(&http->base, events_count(bl_buf_text(&http->text), http->text.len));
}

static void events_ask(struct bl_docker_op *docker)
{
    const struct bl_call *call = docker->http.base.call;
    struct bl_buf filters, path;
    char *escaped;

    bl_op_stage(&docker->http.base, "listening what the engine does");
    bl_buf_init(&filters, 0);
    bl_buf_init(&path, 0);
    bl_buf_printf(&filters,
                  "{\"type\":[\"container\"],\"container\":[\"%s\"],\"event\":[\"kill\","
                  "\"die\",\"stop\",\"start\",\"restart\"]}",
                  bl_call_text(call, "id"));
    escaped = curl_easy_escape(NULL, bl_buf_text(&filters), (int)filters.len);
    bl_buf_printf(&path, "/events?since=%lld.%03d&until=%lld.%03d&filters=%s",
                  (long long)(bl_call_int(call, "since") / 1000),
                  (int)(bl_call_int(call, "since") % 1000),
                  (long long)((doubt_now() + DOUBT_LISTEN_MS) / 1000),
                  (int)((doubt_now() + DOUBT_LISTEN_MS) % 1000), escaped);
    bl_docker_send(docker, "GET", bl_buf_text(&path), events_done);
    curl_free(escaped);
    bl_buf_release(&filters);
    bl_buf_release(&path);
}

static void events_start(struct bl_op *op, const struct bl_call *call)
{
    if (!bl_docker_name_is_good(bl_call_text(call, "id")))
        bl_op_fail(op, BL_E_ARG, "%s: no id of a container", call->target);
    else
        bl_docker_begin((struct bl_docker_op *)op, events_ask);
}

static void command_read(struct bl_docker_op *docker, const struct bl_value *json)
{
    bl_op_answer(&docker->http.base, bl_value_ref(json));
}

static void command_ask(struct bl_docker_op *docker)
{
    char path[140];

    snprintf(path, sizeof(path), "/exec/%.100s/json",
             bl_call_text(docker->http.base.call, "id"));
    docker->may_miss = true;
    bl_docker_ask(docker, "GET", path, command_read);
}

static void command_start(struct bl_op *op, const struct bl_call *call)
{
    if (!bl_docker_name_is_good(bl_call_text(call, "id")))
        bl_op_fail(op, BL_E_ARG, "%s: no id of a command", call->target);
    else
        bl_docker_begin((struct bl_docker_op *)op, command_ask);
}

/* Not in the module's table: only the engine asks them. */
static const struct bl_operation events = {
    .name = "events",
    .class = BL_CLASS_OBSERVE,
    .size = sizeof(struct bl_docker_op),
    .start = events_start,
    .release = bl_http_release,
};
static const struct bl_operation command = {
    .name = "command",
    .class = BL_CLASS_OBSERVE,
    .size = sizeof(struct bl_docker_op),
    .start = command_start,
    .release = bl_http_release,
};

/* What is known when all questions are answered. */
struct doubt {
    const struct bl_value *before, *events, *now;
    bool was_running, is_running, is_same_start;
    struct bl_resolution *resolution;
};

static bool doubt_had(const struct doubt *doubt, const char *event)
{
    return bl_map_int(doubt->events, event, 0) > 0;
}

static void doubt_restart(const struct doubt *doubt)
{
    if (doubt->is_running && !doubt->is_same_start &&
        bl_map_int(doubt->now, "restart_count", 0) !=
            bl_map_int(doubt->before, "restart_count", 0))
        bl_resolution_set(doubt->resolution, BL_FOUND_NOTHING,
                          "the container ended by itself since, and its restart policy "
                          "started it again");
    else if (doubt->is_running && !doubt->is_same_start)
        bl_resolution_set(doubt->resolution, BL_FOUND_DONE,
                          "the container was started again since");
    else if (doubt_had(doubt, "kill") || doubt_had(doubt, "die") ||
             doubt->is_running != doubt->was_running)
        bl_resolution_set(doubt->resolution, BL_FOUND_PENDING,
                          "the container is being stopped, or does not run again yet");
    else
        bl_resolution_set(doubt->resolution, BL_FOUND_NOT_DONE,
                          "the engine was not asked to: the container is as it was");
}

static void doubt_start(const struct doubt *doubt)
{
    if (doubt->is_running)
        bl_resolution_set(doubt->resolution, BL_FOUND_DONE, "the container runs");
    else if (doubt_had(doubt, "start"))
        bl_resolution_set(doubt->resolution, BL_FOUND_DONE,
                          "the container was started, and has ended since");
    else
        bl_resolution_set(doubt->resolution, BL_FOUND_NOT_DONE, "the container does not run");
}

static void doubt_stop(const struct doubt *doubt)
{
    if (!doubt->is_running)
        bl_resolution_set(doubt->resolution, BL_FOUND_DONE, "the container does not run");
    else if (!doubt->is_same_start)
        bl_resolution_set(doubt->resolution, BL_FOUND_NOTHING,
                          "the container was started again since");
    else if (doubt_had(doubt, "kill"))
        bl_resolution_set(doubt->resolution, BL_FOUND_PENDING,
                          "the container is being stopped");
    else
        bl_resolution_set(doubt->resolution, BL_FOUND_NOT_DONE,
                          "the engine was not asked to: the container runs as before");
}

static void doubt_kill(const struct doubt *doubt)
{
    int64_t since = doubt_now() - bl_map_int(doubt->before, "asked", 0);

    if (doubt_had(doubt, "kill"))
        bl_resolution_set(doubt->resolution, BL_FOUND_DONE, "the signal was sent");
    else if (!doubt->is_running && doubt->was_running)
        bl_resolution_set(doubt->resolution, BL_FOUND_DONE, "the container does not run");
    else if (since > DOUBT_EVENTS_MS)
        bl_resolution_set(doubt->resolution, BL_FOUND_NOTHING,
                          "the engine keeps only its latest events, and this is long ago");
    else
        bl_resolution_set(doubt->resolution, BL_FOUND_NOT_DONE, "no signal was sent");
}

/* Another container of that name, or none, tells nothing. */
static void doubt_compare(const struct bl_call *call, struct doubt *doubt)
{
    const char *name = call->operation->name, *id = bl_map_text(doubt->now, "id", "");

    if (strcmp(id, bl_map_text(doubt->before, "id", "-")) != 0) {
        bl_resolution_set(doubt->resolution, BL_FOUND_NOTHING,
                          *id == '\0' ? "the container is gone"
                                      : "another container has its name since");
        return;
    }
    doubt->was_running = bl_map_bool(doubt->before, "running", false);
    doubt->is_running = bl_map_bool(doubt->now, "running", false);
    doubt->is_same_start = bl_value_is_equal(bl_map_get(doubt->before, "started"),
                                             bl_map_get(doubt->now, "started"));
    if (strcmp(name, "restart") == 0)
        doubt_restart(doubt);
    else if (strcmp(name, "start") == 0)
        doubt_start(doubt);
    else if (strcmp(name, "stop") == 0)
        doubt_stop(doubt);
    else
        doubt_kill(doubt);
    if (doubt->resolution->finding == BL_FOUND_DONE) {
        doubt->resolution->value = bl_map_new();
        bl_map_set(doubt->resolution->value, "changed", bl_value_bool(true));
    }
}

struct bl_call *bl_docker_resolve(struct bl_connection *connection, const struct bl_call *call,
                                  const struct bl_value *intent, const struct bl_value *answer,
                                  struct bl_resolution *resolution)
{
    struct doubt doubt = {.before = bl_map_get(intent, "before"), .resolution = resolution};
    struct bl_value *args = bl_map_new();

    (void)connection;
    if (bl_map_get(doubt.before, "id") == NULL) {
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "it is not known how the container was before");
    } else if (answer == NULL && resolution->asking == NULL) {
        resolution->asking = bl_value_bool(true);
        bl_map_set(args, "id", bl_value_ref(bl_map_get(doubt.before, "id")));
        bl_map_set(args, "since", bl_value_ref(bl_map_get(doubt.before, "asked")));
        return bl_call_question(call, &events, args);
    } else if (bl_value_type(resolution->asking) == BL_BOOL) {
        bl_value_unref(resolution->asking);
        resolution->asking = bl_value_ref(answer); /* the events */
        bl_map_set(args, "name", bl_value_ref(bl_call_value(call, "name")));
        return bl_call_question(call, bl_operation_find(call->module, "inspect"), args);
    } else {
        doubt.events = resolution->asking;
        doubt.now = answer;
        doubt_compare(call, &doubt);
    }
    bl_value_unref(args);
    return NULL;
}

/* The command's output went to whoever was killed: only its status is left. */
static void doubt_command(const struct bl_value *json, struct bl_resolution *resolution)
{
    const struct bl_value *status = bl_map_get(json, "ExitCode");

    if (bl_value_type(json) != BL_MAP) {
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "the engine has forgotten the command: its container has ended, or "
                          "it was over some minutes ago");
    } else if (bl_map_bool(json, "Running", false)) {
        bl_resolution_set(resolution, BL_FOUND_PENDING, "the command still runs");
    } else if (bl_value_type(status) == BL_INT) {
        bl_resolution_set(resolution, BL_FOUND_DONE, "the command ended with status %lld",
                          (long long)bl_value_as_int(status));
        resolution->value = bl_map_new();
        bl_map_set(resolution->value, "status", bl_value_ref(status));
        bl_map_set(resolution->value, "stdout", bl_value_text(""));
        bl_map_set(resolution->value, "stderr", bl_value_text(""));
        bl_map_set(resolution->value, "truncated", bl_value_bool(true));
    } else {
        bl_resolution_set(resolution, BL_FOUND_NOT_DONE,
                          "the command was created, but never started");
    }
}

struct bl_call *bl_docker_exec_resolve(struct bl_connection *connection,
                                       const struct bl_call *call,
                                       const struct bl_value *intent,
                                       const struct bl_value *answer,
                                       struct bl_resolution *resolution)
{
    const struct bl_value *id = bl_map_get(bl_map_get(intent, "mark"), "exec");
    struct bl_value *args;

    (void)connection;
    if (id == NULL) {
        bl_resolution_set(resolution, BL_FOUND_NOT_DONE,
                          "it never came to starting the command");
    } else if (resolution->asking == NULL) {
        resolution->asking = bl_value_bool(true);
        args = bl_map_new();
        bl_map_set(args, "id", bl_value_ref(id));
        return bl_call_question(call, &command, args);
    } else {
        doubt_command(answer, resolution);
    }
    return NULL;
}
