/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker: the containers of a Docker Engine: look, read logs, start, stop, run commands inside.
 */
#include "base/prefix.h"

#include "docker_calls.h"
#include "docker_exec.h"
#include "docker_logs.h"
#include "docker_shape.h"

#include "base/json.h"
#include "http_url.h"

/* "docker stop redis (grace 10 s)" */
static void container_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    const char *name = bl_call_text(call, "name"), *signal = bl_call_text(call, "signal");
    struct bl_buf line;

    bl_buf_init(&line, sizeof(inspection->summary) - 1);
    bl_buf_printf(&line, "docker %s", call->operation->name);
    if (*name != '\0')
        bl_buf_printf(&line, " %s", name);
    if (*signal != '\0')
        bl_buf_printf(&line, " (signal %s)", signal);
    if (bl_map_get(call->args, "grace") != NULL)
        bl_buf_printf(&line, " (grace %g s)", (double)bl_call_int(call, "grace") / 1000);
    snprintf(inspection->summary, sizeof(inspection->summary), "%s", bl_buf_text(&line));
    bl_buf_printf(&inspection->detail, "%s\nengine: %s\n", inspection->summary,
                  bl_docker_socket(call));
    bl_buf_release(&line);
}

static void exec_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    const struct bl_value *argv = bl_call_value(call, "argv"),
                          *env = bl_call_value(call, "env");
    struct bl_buf line;

    bl_buf_init(&line, 4096);
    bl_buf_printf(&line, "docker exec %s:", bl_call_text(call, "name"));
    for (size_t i = 0; i < bl_value_count(argv); i++) {
        const char *word = bl_value_as_text(bl_list_get(argv, i));
        bl_buf_char(&line, ' ');
        if (*word != '\0' && word[strcspn(word, " \t\n\"'\\$")] == '\0')
            bl_buf_text_add(&line, word);
        else
            bl_json_write_text(&line, word, strlen(word));
    }
    snprintf(inspection->summary, sizeof(inspection->summary), "%s", bl_buf_text(&line));
    bl_buf_printf(&inspection->detail, "%s\nengine: %s\n", bl_buf_text(&line),
                  bl_docker_socket(call));
    for (size_t i = 0; i < bl_value_count(env); i++) {
        const struct bl_value *value = bl_map_at(env, i);
        bl_buf_printf(&inspection->detail, "%s=", bl_map_key(env, i));
        if (bl_value_type(value) == BL_SECRET)
            bl_buf_printf(&inspection->detail, "<secret:%s>", bl_value_secret_name(value));
        else
            bl_http_scalar(&inspection->detail, value);
        bl_buf_char(&inspection->detail, '\n');
    }
    bl_buf_release(&line);
}

static struct bl_value *control_nominal(const struct bl_call *call)
{
    struct bl_value *answer = bl_map_new();

    (void)call;
    bl_map_set(answer, "changed", bl_value_bool(true));
    return answer;
}

/* The engine's JSON of a container in good health, as it would be shaped. */
static struct bl_value *nominal_json(const struct bl_call *call)
{
    const char *name = bl_call_text(call, "name");
    struct bl_value *json = NULL;
    struct bl_buf text;

    bl_buf_init(&text, 0);
    bl_buf_printf(&text,
                  "{\"Id\":\"0123456789ab\",\"Name\":\"/%s\",\"Names\":[\"/%s\"],"
                  "\"Status\":\"Up 2 hours (healthy)\",\"Config\":{},\"HostConfig\":{}",
                  name, name);
    if (strcmp(call->operation->name, "list") == 0)
        bl_buf_text_add(&text, ",\"State\":\"running\"}");
    else
        bl_buf_text_add(&text, ",\"State\":{\"Status\":\"running\",\"Running\":true,"
                               "\"Health\":{\"Status\":\"healthy\"}}}");
    if (bl_json_parse(bl_buf_text(&text), text.len, false, &json, NULL) != BL_OK)
        json = bl_map_new();
    bl_buf_release(&text);
    return json;
}

static struct bl_value *list_nominal(const struct bl_call *call)
{
    struct bl_value *list = bl_list_new(), *shaped;

    bl_list_add(list, nominal_json(call));
    shaped = bl_docker_shape_list(list);
    bl_value_unref(list);
    return shaped;
}

static struct bl_value *inspect_nominal(const struct bl_call *call)
{
    struct bl_value *json = nominal_json(call), *shaped = bl_docker_shape_container(json);

    bl_value_unref(json);
    return shaped;
}

static struct bl_value *stats_nominal(const struct bl_call *call)
{
    (void)call;
    return bl_docker_shape_stats(NULL);
}

static struct bl_value *version_nominal(const struct bl_call *call)
{
    (void)call;
    return bl_docker_shape_version(NULL, "");
}

static struct bl_value *logs_nominal(const struct bl_call *call)
{
    struct bl_docker_search search = {0};
    struct bl_value *answer;

    bl_docker_search_init(&search, 0, 0, 0);
    answer = bl_docker_search_answer(&search, bl_call_bool(call, "count"));
    bl_map_set(answer, "bytes", bl_value_int(0));
    bl_docker_search_release(&search);
    return answer;
}

#define NAME_ARG                                                                               \
    {                                                                                          \
        .name = "name", .type = BL_T_STRING, .text = "the container's name or id"              \
    }
#define GRACE_ARG                                                                              \
    {                                                                                          \
        .name = "grace", .type = BL_T_DURATION,                                                \
        .text = "time to end by itself before it is killed", .flags = BL_ARG_OPTION,           \
        .fallback = "10s", .max = 3600000                                                      \
    }

static const struct bl_arg name_args[] = {NAME_ARG, {0}};
static const struct bl_arg grace_args[] = {NAME_ARG, GRACE_ARG, {0}};
static const struct bl_arg kill_args[] = {
    NAME_ARG,
    {.name = "signal",
     .type = BL_T_STRING,
     .text = "the signal's name or number",
     .flags = BL_ARG_OPTION,
     .fallback = "KILL"},
    {0},
};
static const struct bl_arg list_args[] = {
    {.name = "all",
     .type = BL_T_BOOLEAN,
     .text = "also those that do not run",
     .flags = BL_ARG_OPTION,
     .fallback = "false"},
    {.name = "name",
     .type = BL_T_STRING,
     .text = "only those with this in their name",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {.name = "label",
     .type = BL_T_STRING,
     .text = "only those with this label, \"key\" or \"key=value\"",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {0},
};
static const struct bl_arg logs_args[] = {
    NAME_ARG,
    {.name = "since",
     .type = BL_T_DURATION,
     .text = "how far back; left out, the last `tail` lines",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {.name = "tail",
     .type = BL_T_INTEGER,
     .text = "lines to look at, counted from the end (1000 when since is left out, too)",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL,
     .min = 1,
     .max = 10000000},
    {.name = "stderr",
     .type = BL_T_BOOLEAN,
     .text = "whether stderr is looked at, too",
     .flags = BL_ARG_OPTION,
     .fallback = "true"},
    {.name = "match",
     .type = BL_T_STRING,
     .text = "a PCRE2 pattern: only lines in which it is found",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {.name = "count",
     .type = BL_T_BOOLEAN,
     .text = "only the counts, no lines",
     .flags = BL_ARG_OPTION,
     .fallback = "false"},
    {.name = "first",
     .type = BL_T_INTEGER,
     .text = "keeps so many lines of the beginning",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL,
     .min = 1,
     .max = 100000},
    {.name = "last",
     .type = BL_T_INTEGER,
     .text = "keeps so many lines of the end (100 when first is left out, too)",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL,
     .min = 1,
     .max = 100000},
    {0},
};
static const struct bl_arg exec_args[] = {
    NAME_ARG,
    {.name = "argv", .type = BL_T_COMMAND, .text = "the program and its arguments; no shell"},
    {.name = "env",
     .type = BL_T_MAP,
     .text = "environment variables",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "stdin",
     .type = BL_T_STRING,
     .text = "what the program reads",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL | BL_ARG_SECRET | BL_ARG_DATA},
    {.name = "user",
     .type = BL_T_STRING,
     .text = "user (and group) inside the container",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {0},
};
static const struct bl_arg docker_settings[] = {
    {.name = "socket",
     .type = BL_T_PATH,
     .text = "the engine's unix socket",
     .fallback = "/var/run/docker.sock"},
    {.name = "connections",
     .type = BL_T_INTEGER,
     .text = "sockets at most; requests beyond wait in line",
     .fallback = "8",
     .min = 1,
     .max = 100},
    {.name = "timeout",
     .type = BL_T_DURATION,
     .text = "default time of its operations",
     .flags = BL_ARG_OPTIONAL,
     .min = 1,
     .max = INT64_C(86400000)},
    {0},
};

static const char *const look_outcomes[] = {"there", "not there", "refused", "timeout", NULL};
static const char *const act_outcomes[] = {"changed", "was so already", "not there",
                                           "refused", "timeout",        NULL};
static const char *const exec_outcomes[] = {"status 0",    "another status", "not there",
                                            "not running", "timeout",        NULL};

#define LOOK                                                                                   \
    .class = BL_CLASS_OBSERVE, .idempotent = true, .outcomes = look_outcomes,                  \
    .size = sizeof(struct bl_docker_op), .inspect = container_inspect,                         \
    .release = bl_http_release
#define ACT                                                                                    \
    .result = "table: changed (false when it was so already)", .outcomes = act_outcomes,       \
    .size = sizeof(struct bl_docker_op), .inspect = container_inspect,                         \
    .ask = bl_docker_question, .resolve = bl_docker_resolve, .start = bl_docker_control_start, \
    .release = bl_http_release, .nominal = control_nominal

static const struct bl_operation docker_operations[] = {
    {
        .name = "version",
        .text = "Asks the engine who it is.",
        .result = "table: version, api, api_oldest, api_spoken, os, arch, kernel",
        LOOK,
        .start = bl_docker_version_start,
        .nominal = version_nominal,
        .example = "use.engine:version().version",
    },
    {
        .name = "list",
        .text = "Lists containers, those that run unless all is set.",
        .args = list_args,
        .result = "list of tables: id, name, image, state (\"running\", \"exited\" …), status, "
                  "health (\"healthy\", \"unhealthy\", \"starting\"; nil without a health "
                  "check), created (seconds since 1970 UTC), ports (list), labels",
        LOOK,
        .start = bl_docker_list_start,
        .nominal = list_nominal,
        .example = "#use.engine:list({ all = true })",
    },
    {
        .name = "inspect",
        .text = "Looks at one container. Values of its environment variables stay opaque.",
        .args = name_args,
        .result = "nil when there is none; else a table: id, name, image, image_id, state, "
                  "running, health (nil without a health check), health_failures, exit_code, "
                  "oom_killed, error, pid, restart_count, restart_policy, created, started and "
                  "finished (seconds since 1970 UTC), memory_limit (bytes, 0 none), network, "
                  "mounts (list of {type, source, destination, writable}), env, labels",
        LOOK,
        .start = bl_docker_inspect_start,
        .nominal = inspect_nominal,
        .example = "use.engine:inspect(\"redis\").running",
    },
    {
        .name = "stats",
        .text = "Measures one running container for about a second.",
        .args = name_args,
        .result = "table: cpu (percent of one core), memory and memory_limit (bytes), "
                  "memory_percent, pids, received and sent (bytes)",
        LOOK,
        .start = bl_docker_stats_start,
        .nominal = stats_nominal,
        .example = "use.engine:stats(\"redis\").memory_percent",
    },
    {
        .name = "logs",
        .text = "Searches a container's log as it streams in; only what is kept comes back.",
        .args = logs_args,
        .result =
            "table: lines (list; not with count), matched, seen (lines), bytes, truncated",
        .class = BL_CLASS_OBSERVE,
        .idempotent = true,
        .timeout_ms = 60000,
        .outcomes = look_outcomes,
        .size = sizeof(struct bl_docker_logs),
        .inspect = container_inspect,
        .start = bl_docker_logs_start,
        .release = bl_docker_logs_release,
        .nominal = logs_nominal,
        .example = "use.engine:logs(\"redis\", { since = \"10m\", match = \"ERROR\" }).matched",
    },
    {
        .name = "start",
        .text = "Starts a container.",
        .args = name_args,
        .class = BL_CLASS_CHANGE,
        .idempotent = true,
        ACT,
        .example = "use.engine:start(\"redis\").changed",
    },
    {
        .name = "restart",
        .text = "Stops a container and starts it again.",
        .args = grace_args,
        .class = BL_CLASS_CHANGE,
        ACT,
        .example = "use.engine:restart(\"redis\", { grace = \"30s\" })",
    },
    {
        .name = "stop",
        .text = "Stops a container: it is asked to end, and killed after the grace period.",
        .args = grace_args,
        .class = BL_CLASS_DESTROY,
        .idempotent = true,
        ACT,
        .example = "use.engine:stop(\"redis\", { grace = \"30s\" }).changed",
    },
    {
        .name = "kill",
        .text = "Sends a signal to a container's first process.",
        .args = kill_args,
        .class = BL_CLASS_DESTROY,
        ACT,
        .example = "use.engine:kill(\"redis\", { signal = \"TERM\" })",
    },
    {
        .name = "exec",
        .text = "Runs a command inside a running container. At a timeout the command goes on: "
                "the engine cannot end it.",
        .args = exec_args,
        .result = "table: status, stdout, stderr, truncated (true when more than keep came)",
        .class = BL_CLASS_CHANGE,
        .outcomes = exec_outcomes,
        .size = sizeof(struct bl_docker_exec),
        .inspect = exec_inspect,
        .ask = bl_docker_question,
        .resolve = bl_docker_exec_resolve,
        .start = bl_docker_exec_start,
        .release = bl_docker_exec_release,
        .nominal = bl_docker_exec_nominal,
        .example = "use.engine:exec(\"redis\", { \"redis-cli\", \"ping\" }).stdout",
    },
    {0},
};

const struct bl_module bl_module_docker = {
    .name = "docker",
    .text = "The containers of a Docker Engine.",
    .operations = docker_operations,
    .settings = docker_settings,
    .open = bl_docker_open,
    .close = bl_docker_close,
};
