/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp: queues, exchanges and messages of an AMQP 0-9-1 broker such as RabbitMQ. */
#include "base/prefix.h"

#include "amqp_work.h"

#include "base/text.h"

/* The state of a connection: the broker, or why its settings cannot be used. */
struct amqp_state {
    struct bl_amqp_broker *broker;
    struct bl_error problem;
};

static const struct {
    const char *name;
    bl_amqp_work *work;
} amqp_works[] = {
    {"queue", bl_amqp_queue},     {"queues", bl_amqp_queues}, {"exchange", bl_amqp_exchange},
    {"ping", bl_amqp_ping},       {"purge", bl_amqp_purge},   {"peek", bl_amqp_peek},
    {"publish", bl_amqp_publish},
};

static char *amqp_dup_setting(const struct bl_value *settings, const char *name,
                              const char *fallback)
{
    const struct bl_value *value = bl_map_get(settings, name);

    return bl_strdup(value == NULL ? fallback : bl_value_reveal(value, NULL));
}

/* Reads url and the settings that go before what it says. */
static struct bl_amqp_settings *amqp_parse_settings(const struct bl_value *from,
                                                    struct bl_error *err)
{
    struct bl_amqp_settings *settings = bl_alloc(sizeof(*settings));
    char *url = amqp_dup_setting(from, "url", "");
    struct amqp_connection_info info;

    if (amqp_parse_url(url, &info) != AMQP_STATUS_OK) {
        bl_fail(
            err, BL_E_ARG,
            "setting 'url' must look like amqp://HOST:PORT/VHOST (amqps:// with TLS; a vhost "
            "of / is written %%2F or left out)");
        bl_free(url);
        bl_free(settings);
        return NULL;
    }
    settings->host = bl_strdup(info.host);
    settings->port = info.port;
    settings->vhost = bl_strdup(*info.vhost != '\0' ? info.vhost : "/"); /* HOST:PORT/ */
    settings->user = amqp_dup_setting(from, "user", info.user);
    settings->password = amqp_dup_setting(from, "password", info.password);
    settings->ca_file = amqp_dup_setting(from, "ca_file", NULL);
    settings->has_tls = info.ssl;
    settings->heartbeat = (int)bl_map_int(from, "heartbeat", 0) / 1000;
    bl_free(url);
    return settings;
}

static void amqp_open(struct bl_connection *connection)
{
    struct amqp_state *state = bl_alloc(sizeof(*state));
    struct bl_amqp_settings *settings =
        amqp_parse_settings(connection->settings, &state->problem);

    if (settings != NULL)
        state->broker =
            bl_amqp_broker_open(connection->loop, settings,
                                (size_t)bl_map_int(connection->settings, "connections", 4));
    connection->state = state;
}

static void amqp_close(struct bl_connection *connection)
{
    struct amqp_state *state = connection->state;

    if (state->broker != NULL)
        bl_amqp_broker_close(state->broker);
    bl_free(state);
}

/* AMQP writes names and keys with one byte for their length. */
static const char *amqp_find_too_long(const struct bl_call *call)
{
    const struct bl_value *queues = bl_call_value(call, "queues");
    size_t len;

    for (const struct bl_arg *arg = call->operation->args; arg != NULL && arg->name; arg++) {
        if (arg->type != BL_T_STRING || strcmp(arg->name, "body") == 0)
            continue;
        bl_value_as_bytes(bl_call_value(call, arg->name), &len);
        if (len > 255)
            return arg->name;
    }
    for (size_t i = 0; i < bl_value_count(queues); i++) {
        bl_value_as_bytes(bl_list_get(queues, i), &len);
        if (len > 255)
            return "queues";
    }
    return NULL;
}

static void amqp_start(struct bl_op *op, const struct bl_call *call)
{
    struct amqp_state *state = bl_op_state(op);
    const char *too_long = amqp_find_too_long(call);

    if (too_long != NULL) {
        bl_op_fail(op, BL_E_ARG, "argument '%s' may have at most 255 bytes", too_long);
        return;
    }
    if (state->broker == NULL) {
        bl_op_fail(op, state->problem.code, "%s: %s", call->target, state->problem.message);
        return;
    }
    for (size_t i = 0; i < BL_COUNT(amqp_works); i++) {
        if (strcmp(amqp_works[i].name, call->operation->name) == 0)
            bl_amqp_broker_serve(state->broker, op, amqp_works[i].work);
    }
}

static void amqp_release(struct bl_op *op)
{
    struct bl_amqp_job *job = ((struct bl_amqp_op *)op)->job;

    if (job != NULL)
        bl_amqp_job_cancel(job);
}

static void name_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    const char *queue = bl_call_text(call, "queue");

    snprintf(inspection->summary, sizeof(inspection->summary), "%.60s: %s %.140s",
             inspection->target, call->operation->name,
             *queue != '\0' ? queue : bl_call_text(call, "exchange"));
}

static void peek_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    snprintf(inspection->summary, sizeof(inspection->summary),
             "%.60s: peek at %lld of queue %.90s (gets and requeues them)", inspection->target,
             (long long)bl_call_int(call, "count"), bl_call_text(call, "queue"));
}

static void publish_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    size_t len = 0;
    const char *body = bl_value_as_bytes(bl_call_value(call, "body"), &len);

    snprintf(inspection->summary, sizeof(inspection->summary),
             "%.60s: publish %zu bytes to exchange '%.60s' with key '%.60s'",
             inspection->target, len, bl_call_text(call, "exchange"),
             bl_call_text(call, "key"));
    bl_buf_printf(&inspection->detail, "%s\n", inspection->summary);
    bl_text_clean(&inspection->detail, body, len < 16384 ? len : 16384, true);
}

static struct bl_value *queue_nominal(const struct bl_call *call)
{
    struct bl_value *answer = bl_map_new();

    (void)call;
    bl_map_set(answer, "messages", bl_value_int(0));
    return answer;
}

static struct bl_value *peek_nominal(const struct bl_call *call)
{
    (void)call;
    return bl_list_new();
}

#define OPTIONAL (BL_ARG_OPTION | BL_ARG_OPTIONAL)
#define TEXT_OPTION(option, what)                                                              \
    {                                                                                          \
        .name = (option), .type = BL_T_STRING, .text = (what), .flags = OPTIONAL               \
    }

static const struct bl_arg queue_args[] = {
    {.name = "queue", .type = BL_T_STRING, .text = "the queue's name"},
    {0},
};
static const struct bl_arg queues_args[] = {
    {.name = "queues", .type = BL_T_STRINGS, .text = "names of queues"},
    {0},
};
static const struct bl_arg exchange_args[] = {
    {.name = "exchange", .type = BL_T_STRING, .text = "the exchange's name"},
    {0},
};
static const struct bl_arg peek_args[] = {
    {.name = "queue", .type = BL_T_STRING, .text = "the queue's name"},
    {.name = "count",
     .type = BL_T_INTEGER,
     .text = "how many messages at most",
     .flags = OPTIONAL,
     .fallback = "10",
     .min = 1,
     .max = 100},
    {.name = "body",
     .type = BL_T_BYTES,
     .text = "how much of each body to keep",
     .flags = OPTIONAL,
     .fallback = "4KB",
     .min = 1,
     .max = 1 << 20},
    {0},
};
static const struct bl_arg publish_args[] = {
    {.name = "exchange",
     .type = BL_T_STRING,
     .text = "the exchange; \"\" is the default one, whose keys are names of queues"},
    {.name = "key", .type = BL_T_STRING, .text = "the routing key"},
    {.name = "body", .type = BL_T_STRING, .flags = BL_ARG_DATA, .text = "the message"},
    {.name = "mandatory",
     .type = BL_T_BOOLEAN,
     .text = "a message that no queue takes is an error",
     .flags = OPTIONAL,
     .fallback = "true"},
    {.name = "persistent",
     .type = BL_T_BOOLEAN,
     .text = "it survives a restart of the broker in a durable queue",
     .flags = OPTIONAL,
     .fallback = "true"},
    {.name = "priority",
     .type = BL_T_INTEGER,
     .text = "for queues with priorities",
     .flags = OPTIONAL,
     .max = 255},
    {.name = "headers",
     .type = BL_T_MAP,
     .text = "strings, numbers and booleans by name",
     .flags = OPTIONAL},
    TEXT_OPTION("content_type", "such as application/json"),
    TEXT_OPTION("content_encoding", "such as gzip"),
    TEXT_OPTION("correlation_id", "which request it answers"),
    TEXT_OPTION("reply_to", "where to answer to"),
    TEXT_OPTION("expiration", "milliseconds until it is dropped, as a string"),
    TEXT_OPTION("message_id", "an id of the message"),
    TEXT_OPTION("type", "a name for this kind of message"),
    TEXT_OPTION("app_id", "which program sends it"),
    {0},
};

static const struct bl_arg amqp_settings[] = {
    {.name = "url",
     .type = BL_T_STRING,
     .text = "amqp://HOST:PORT/VHOST, or amqps:// for TLS",
     .flags = BL_ARG_SECRET},
    {.name = "user",
     .type = BL_T_STRING,
     .text = "who logs in; before what the url says",
     .flags = BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "password",
     .type = BL_T_STRING,
     .text = "the password; before what the url says",
     .flags = BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "ca_file",
     .type = BL_T_PATH,
     .text = "authorities to trust with TLS; without it the system's",
     .flags = BL_ARG_OPTIONAL},
    {.name = "heartbeat",
     .type = BL_T_DURATION,
     .text = "how often an idle connection shows that it lives; 0: never",
     .flags = BL_ARG_OPTIONAL,
     .fallback = "0",
     .max = 600000},
    {.name = "connections",
     .type = BL_T_INTEGER,
     .text = "how many connections at most, each with a thread of its own",
     .flags = BL_ARG_OPTIONAL,
     .fallback = "4",
     .min = 1,
     .max = 8},
    {0},
};

static const char *const queue_outcomes[] = {"empty", "some", "not there", NULL};
static const char *const there_outcomes[] = {"there", "not there", NULL};
static const char *const publish_outcomes[] = {"confirmed", "unroutable", "timeout", NULL};

static const struct bl_operation amqp_operations[] = {
    {
        .name = "ping",
        .text = "Logs in and asks the broker for an answer.",
        .result = "table: product, version, cluster_name",
        .class = BL_CLASS_OBSERVE,
        .example = "use.broker:ping().version",
        .size = sizeof(struct bl_amqp_op),
        .start = amqp_start,
        .release = amqp_release,
    },
    {
        .name = "queue",
        .text = "Counts what is in a queue, without touching it.",
        .args = queue_args,
        .result =
            "table: messages (ready to be delivered), consumers; nil when there is no such "
            "queue",
        .class = BL_CLASS_OBSERVE,
        .outcomes = queue_outcomes,
        .example = "use.broker:queue(\"orders\").messages",
        .size = sizeof(struct bl_amqp_op),
        .inspect = name_inspect,
        .start = amqp_start,
        .release = amqp_release,
    },
    {
        .name = "queues",
        .text = "Counts what is in several queues.",
        .args = queues_args,
        .result = "table by name, each as in queue; a queue that does not exist is missing",
        .class = BL_CLASS_OBSERVE,
        .outcomes = there_outcomes,
        .example = "use.broker:queues({ \"orders\", \"alerts\" }).orders.consumers",
        .size = sizeof(struct bl_amqp_op),
        .start = amqp_start,
        .release = amqp_release,
    },
    {
        .name = "exchange",
        .text = "Asks whether there is an exchange.",
        .args = exchange_args,
        .result = "boolean",
        .class = BL_CLASS_OBSERVE,
        .outcomes = there_outcomes,
        .example = "use.broker:exchange(\"amq.topic\")",
        .size = sizeof(struct bl_amqp_op),
        .inspect = name_inspect,
        .start = amqp_start,
        .release = amqp_release,
        .nominal = bl_nominal_true,
    },
    {
        .name = "peek",
        .text = "Looks at the first messages of a queue: takes them and gives them back, which "
                "marks them as redelivered.",
        .args = peek_args,
        .result =
            "list of tables: body (its beginning), bytes (of the whole body), exchange, key, "
            "redelivered, persistent, headers, and the properties that were set",
        .class = BL_CLASS_CHANGE,
        .outcomes = queue_outcomes,
        .example = "use.broker:peek(\"orders\", { count = 1 })[1].body",
        .size = sizeof(struct bl_amqp_op),
        .inspect = peek_inspect,
        .ask = bl_amqp_ask,
        .resolve = bl_amqp_peek_resolve,
        .start = amqp_start,
        .release = amqp_release,
        .nominal = peek_nominal,
    },
    {
        .name = "publish",
        .text = "Publishes a message and waits until the broker has confirmed it.",
        .args = publish_args,
        .result = "true",
        .class = BL_CLASS_CHANGE,
        .outcomes = publish_outcomes,
        .example = "use.broker:publish(\"\", \"orders\", \"{}\", { content_type = "
                   "\"application/json\" })",
        .size = sizeof(struct bl_amqp_op),
        .inspect = publish_inspect,
        .resolve = bl_amqp_publish_resolve,
        .start = amqp_start,
        .release = amqp_release,
        .nominal = bl_nominal_true,
    },
    {
        .name = "purge",
        .text = "Throws away all messages of a queue that are ready to be delivered.",
        .args = queue_args,
        .result = "table: messages (how many there were)",
        .class = BL_CLASS_DESTROY,
        .idempotent = true,
        .example = "use.broker:purge(\"orders\").messages",
        .size = sizeof(struct bl_amqp_op),
        .inspect = name_inspect,
        .ask = bl_amqp_ask,
        .resolve = bl_amqp_purge_resolve,
        .start = amqp_start,
        .release = amqp_release,
        .nominal = queue_nominal,
    },
    {0},
};

const struct bl_module bl_module_amqp = {
    .name = "amqp",
    .text = "Queues, exchanges and messages of an AMQP 0-9-1 broker such as RabbitMQ.",
    .operations = amqp_operations,
    .settings = amqp_settings,
    .open = amqp_open,
    .close = amqp_close,
};
