/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis: questions to a Redis server and named changes, each one command. */
#include "base/prefix.h"

#include "base/json.h"
#include "base/text.h"
#include "redis_private.h"

static void pool_open(struct bl_connection *connection)
{
    connection->state = bl_redis_pool_new(connection);
}

static void pool_close(struct bl_connection *connection)
{
    bl_redis_pool_close(connection->state);
}

/* As one would type it into redis-cli: words without blanks bare, others as JSON strings. */
static void command_describe(const struct bl_value *argv, struct bl_buf *out)
{
    size_t len;

    for (size_t i = 0; i < bl_value_count(argv); i++) {
        const char *text = bl_value_as_bytes(bl_list_get(argv, i), &len);
        bool is_plain = len > 0 && strpbrk(text, " \t\r\n\"'\\") == NULL;
        if (i > 0)
            bl_buf_char(out, ' ');
        if (is_plain)
            bl_text_clean(out, text, len, false);
        else
            bl_json_write(out, bl_list_get(argv, i), BL_JSON_PLAIN);
    }
}

/* "" or what is wrong with the words of a command. */
static void command_problem(const struct bl_value *argv, char *out, size_t size)
{
    out[0] = '\0';
    if (bl_value_count(argv) == 0)
        snprintf(out, size, "the command has no words");
    for (size_t i = 0; i < bl_value_count(argv); i++) {
        if (bl_value_type(bl_list_get(argv, i)) != BL_BYTES) {
            snprintf(out, size, "word %zu of the command must be a string or a number", i + 1);
            return;
        }
    }
}

/* What the guard says about an operation's command, by what is known so far. */
static void command_classify(const struct redis_pool *pool, const struct bl_call *call,
                             const struct bl_value *argv, struct bl_redis_class *class)
{
    char problem[120];

    bl_redis_judge(pool, call, argv, class);
    command_problem(argv, problem, sizeof(problem));
    if (problem[0] != '\0')
        snprintf(class->refused, sizeof(class->refused), "%s", problem);
}

static void command_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    struct bl_value *argv = bl_redis_argv(call);
    struct bl_redis_class class;

    command_classify(NULL, call, argv, &class);
    inspection->class = class.class;
    command_describe(argv, &inspection->detail);
    snprintf(inspection->summary, sizeof(inspection->summary), "%s",
             bl_buf_text(&inspection->detail));
    snprintf(inspection->reason, sizeof(inspection->reason), "%s", class.why);
    snprintf(inspection->refused, sizeof(inspection->refused), "%s", class.refused);
    inspection->is_idempotent = bl_redis_is_repeatable(argv);
    bl_value_unref(argv);
}

static void command_start(struct bl_op *base, const struct bl_call *call)
{
    struct redis_op *op = (struct redis_op *)base;
    struct bl_redis_class class;

    op->shape = bl_redis_shape(call->operation->name);
    op->argv = bl_redis_argv(call);
    command_classify(bl_op_state(base), call, op->argv, &class);
    if (class.refused[0] != '\0')
        bl_op_fail(base, BL_E_GUARD, "%s %s: %s", call->target, call->operation->name,
                   class.refused);
    else if (class.is_open && base->class == BL_CLASS_OBSERVE)
        bl_op_fail(base, BL_E_CLOSED,
                   "%s %s: the connection ended before the command was sent: ask again",
                   call->target, call->operation->name);
    else if (class.class > base->class)
        bl_op_refuse(base, "%s %s: this is a %s: %s", call->target, call->operation->name,
                     bl_class_name(class.class), class.why);
    else
        bl_redis_pool_enter(bl_op_state(base), op);
}

void bl_redis_release(struct bl_op *base)
{
    struct redis_op *op = (struct redis_op *)base;

    bl_redis_pool_leave(op);
    bl_value_unref(op->argv);
    bl_value_unref(op->found);
    op->argv = NULL;
    op->found = NULL;
}

static struct bl_value *count_nominal(const struct bl_call *call)
{
    return bl_value_int((int64_t)bl_value_count(bl_call_value(call, "keys")));
}

static struct bl_value *command_nominal(const struct bl_call *call)
{
    (void)call;
    return bl_value_text("OK");
}

static const struct bl_arg settings[] = {
    {.name = "url",
     .type = BL_T_STRING,
     .text = "redis://[[user]:password@]host[:port][/db]",
     .flags = BL_ARG_SECRET},
    {.name = "user",
     .type = BL_T_STRING,
     .text = "who signs in, when not in the url",
     .flags = BL_ARG_OPTIONAL},
    {.name = "password",
     .type = BL_T_STRING,
     .text = "password, when not in the url",
     .flags = BL_ARG_OPTIONAL | BL_ARG_SECRET},
    {.name = "connections",
     .type = BL_T_INTEGER,
     .text = "sockets at the same time at most",
     .fallback = "4",
     .min = 1,
     .max = 64},
    {.name = "connect_timeout",
     .type = BL_T_DURATION,
     .text = "time to connect and sign in",
     .fallback = "5s",
     .min = 1,
     .max = INT64_C(600000)},
    {.name = "timeout",
     .type = BL_T_DURATION,
     .text = "default time for an operation",
     .flags = BL_ARG_OPTIONAL,
     .min = 1,
     .max = INT64_C(86400000)},
    {0},
};

static const struct bl_arg key_args[] = {
    {.name = "key", .type = BL_T_STRING, .flags = BL_ARG_DATA, .text = "the key"},
    {0},
};
static const struct bl_arg keys_args[] = {
    {.name = "keys", .type = BL_T_COMMAND, .text = "one key, or a list of keys"},
    {0},
};
static const struct bl_arg info_args[] = {
    {.name = "section",
     .type = BL_T_STRING,
     .text = "\"memory\", \"clients\", \"keyspace\" …; all that INFO gives by default without",
     .flags = BL_ARG_OPTIONAL},
    {0},
};
static const struct bl_arg range_args[] = {
    {.name = "key", .type = BL_T_STRING, .flags = BL_ARG_DATA, .text = "the list"},
    {.name = "first",
     .type = BL_T_INTEGER,
     .text = "index of the first item, from 0; negative from the end",
     .fallback = "0"},
    {.name = "last", .type = BL_T_INTEGER, .text = "index of the last item", .fallback = "99"},
    {0},
};
static const struct bl_arg config_get_args[] = {
    {.name = "pattern", .type = BL_T_STRING, .text = "a setting, or a pattern with *"},
    {0},
};
static const struct bl_arg slowlog_args[] = {
    {.name = "count",
     .type = BL_T_INTEGER,
     .text = "entries at most, newest first",
     .fallback = "10",
     .min = 1,
     .max = 1000},
    {0},
};
static const struct bl_arg scan_args[] = {
    {.name = "pattern", .type = BL_T_STRING, .text = "glob that keys must match"},
    {.name = "limit",
     .type = BL_T_INTEGER,
     .text = "keys at most",
     .flags = BL_ARG_OPTION,
     .fallback = "1000",
     .min = 1,
     .max = 10000},
    {.name = "type",
     .type = BL_T_STRING,
     .text = "only keys of this type: \"string\", \"list\", \"hash\" …",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {0},
};
static const struct bl_arg argv_args[] = {
    {.name = "argv",
     .type = BL_T_LIST,
     .text = "the command and its arguments: strings and numbers"},
    {0},
};
static const struct bl_arg set_args[] = {
    {.name = "key", .type = BL_T_STRING, .flags = BL_ARG_DATA, .text = "the key"},
    {.name = "value", .type = BL_T_ANY, .text = "a string or a number"},
    {.name = "ttl",
     .type = BL_T_DURATION,
     .text = "how long it stays; for ever without",
     .flags = BL_ARG_OPTION | BL_ARG_OPTIONAL},
    {0},
};
static const struct bl_arg expire_args[] = {
    {.name = "key", .type = BL_T_STRING, .flags = BL_ARG_DATA, .text = "the key"},
    {.name = "after", .type = BL_T_DURATION, .text = "when it goes, from now"},
    {0},
};
static const struct bl_arg config_set_args[] = {
    {.name = "name", .type = BL_T_STRING, .text = "the setting"},
    {.name = "value", .type = BL_T_ANY, .text = "a string or a number"},
    {0},
};

static const char *const outcomes[] = {"answer", "error", "timeout", NULL};

/* What every operation here has in common, and those that only read. */
#define REDIS_COMMON                                                                           \
    .outcomes = outcomes, .size = sizeof(struct redis_op), .inspect = command_inspect,         \
    .ask = bl_redis_ask, .resolve = bl_redis_resolve, .start = command_start,                  \
    .release = bl_redis_release

#define REDIS_READS REDIS_COMMON, .class = BL_CLASS_OBSERVE

static const struct bl_operation operations[] = {
    {
        .name = "ping",
        .text = "Asks whether the server answers.",
        .result = "true",
        .example = "use.cache:ping()",
        REDIS_READS,
    },
    {
        .name = "info",
        .text = "What the server says about itself. Sizes are bytes, times seconds.",
        .args = info_args,
        .result = "table by INFO's names: integers, floats, strings; db0, cmdstat_get … tables",
        .example = "use.cache:info(\"memory\").used_memory",
        REDIS_READS,
    },
    {
        .name = "get",
        .text = "The value of a key.",
        .args = key_args,
        .result = "string, or nil without the key",
        .example = "use.cache:get(\"session:7\")",
        REDIS_READS,
    },
    {
        .name = "mget",
        .text = "The values of several keys at once.",
        .args = keys_args,
        .result = "table by key; keys without a value are absent",
        .example = "use.cache:mget({ \"price:BTC\", \"price:ETH\" })",
        REDIS_READS,
    },
    {
        .name = "ttl",
        .text = "How long a key still lives.",
        .args = key_args,
        .result = "seconds; -1 for ever, -2 without the key",
        .example = "use.cache:ttl(\"session:7\")",
        REDIS_READS,
    },
    {
        .name = "type",
        .text = "The type of a key's value.",
        .args = key_args,
        .result = "\"string\", \"list\", \"set\", \"zset\", \"hash\", \"stream\" or \"none\"",
        .example = "use.cache:type(\"session:7\")",
        REDIS_READS,
    },
    {
        .name = "exists",
        .text = "Whether a key is there.",
        .args = key_args,
        .result = "boolean",
        .example = "use.cache:exists(\"session:7\")",
        REDIS_READS,
    },
    {
        .name = "hgetall",
        .text = "All fields of a hash.",
        .args = key_args,
        .result = "table by field; empty without the key",
        .example = "use.cache:hgetall(\"strategy:7\")",
        REDIS_READS,
    },
    {
        .name = "llen",
        .text = "How many items a list has.",
        .args = key_args,
        .result = "integer; 0 without the key",
        .example = "use.cache:llen(\"jobs\")",
        REDIS_READS,
    },
    {
        .name = "lrange",
        .text = "A part of a list.",
        .args = range_args,
        .result = "list of strings",
        .example = "use.cache:lrange(\"jobs\", 0, 9)",
        REDIS_READS,
    },
    {
        .name = "dbsize",
        .text = "How many keys the database holds.",
        .result = "integer",
        .example = "use.cache:dbsize()",
        REDIS_READS,
    },
    {
        .name = "lastsave",
        .text = "When the data was last saved to disk.",
        .result = "seconds since 1970 UTC",
        .example = "use.cache:lastsave()",
        REDIS_READS,
    },
    {
        .name = "role",
        .text = "Whether the server is a master or a replica, and of whom.",
        .result = "table: role; master: offset, replicas; slave: master_host, master_port, "
                  "state, offset",
        .example = "use.cache:role().role",
        REDIS_READS,
    },
    {
        .name = "config_get",
        .text = "Settings of the server. Passwords among them read \"<hidden>\".",
        .args = config_get_args,
        .result = "table by name: integers, floats, strings",
        .example = "use.cache:config_get(\"maxmemory\").maxmemory",
        REDIS_READS,
    },
    {
        .name = "client_list",
        .text = "Who is connected.",
        .result = "list of tables: id, addr, name, age, idle, cmd …",
        .example = "#use.cache:client_list()",
        REDIS_READS,
    },
    {
        .name = "slowlog",
        .text = "The slowest commands of late.",
        .args = slowlog_args,
        .result = "list of tables: id, time, microseconds, command, client, client_name",
        .example = "use.cache:slowlog(10)",
        REDIS_READS,
    },
    {
        .name = "memory_usage",
        .text = "Bytes that a key takes.",
        .args = key_args,
        .result = "integer, or nil without the key",
        .example = "use.cache:memory_usage(\"session:7\")",
        REDIS_READS,
    },
    {
        .name = "scan",
        .text = "Finds keys without stopping the server, in small steps, up to a limit.",
        .args = scan_args,
        .result = "table: keys (sorted list), complete (false: there are more)",
        .example = "use.cache:scan(\"session:*\", { limit = 100 }).keys",
        REDIS_READS,
    },
    {
        .name = "read",
        .text = "Sends any command that only reads; others are refused.",
        .args = argv_args,
        .result = "the reply: string, integer, list or nil",
        .example = "use.cache:read({ \"ZCARD\", \"ranking\" })",
        REDIS_READS,
    },
    {
        .name = "command",
        .text = "Sends any command; the guard knows what it does by its name. What it does not "
                "know is a change.",
        .args = argv_args,
        .result = "the reply: string, integer, list or nil",
        .class = BL_CLASS_CHANGE,
        .example = "use.cache:command({ \"LTRIM\", \"jobs\", 0, 99 })",
        REDIS_COMMON,
        .nominal = command_nominal,
    },
    {
        .name = "set",
        .text = "Sets the value of a key.",
        .args = set_args,
        .result = "true",
        .class = BL_CLASS_CHANGE,
        .idempotent = true,
        .example = "use.cache:set(\"maintenance\", \"on\", { ttl = \"10m\" })",
        REDIS_COMMON,
        .nominal = bl_nominal_true,
    },
    {
        .name = "del",
        .text = "Removes keys.",
        .args = keys_args,
        .result = "how many were there",
        .class = BL_CLASS_CHANGE,
        .idempotent = true,
        .example = "use.cache:del(\"maintenance\")",
        REDIS_COMMON,
        .nominal = count_nominal,
    },
    {
        .name = "unlink",
        .text = "Removes keys; the server frees large ones in the background.",
        .args = keys_args,
        .result = "how many were there",
        .class = BL_CLASS_CHANGE,
        .idempotent = true,
        .example = "use.cache:unlink({ \"report:1\", \"report:2\" })",
        REDIS_COMMON,
        .nominal = count_nominal,
    },
    {
        .name = "expire",
        .text = "Lets a key go after some time.",
        .args = expire_args,
        .result = "whether the key is there",
        .class = BL_CLASS_CHANGE,
        .idempotent = true,
        .example = "use.cache:expire(\"session:7\", \"5m\")",
        REDIS_COMMON,
        .nominal = bl_nominal_true,
    },
    {
        .name = "config_set",
        .text = "Changes a setting of the running server; its file stays as it is.",
        .args = config_set_args,
        .result = "true",
        .class = BL_CLASS_CHANGE,
        .idempotent = true,
        .example = "use.cache:config_set(\"maxmemory\", \"2gb\")",
        REDIS_COMMON,
        .nominal = bl_nominal_true,
    },
    {
        .name = "bgsave",
        .text = "Starts saving the data to disk; lastsave says when it is done.",
        .result = "true",
        .class = BL_CLASS_CHANGE,
        .idempotent = true,
        .example = "use.cache:bgsave()",
        REDIS_COMMON,
        .nominal = bl_nominal_true,
    },
    {
        .name = "flushdb",
        .text = "Removes all keys of the database.",
        .result = "true",
        .class = BL_CLASS_DESTROY,
        .idempotent = true,
        .example = "use.cache:flushdb()",
        REDIS_COMMON,
        .nominal = bl_nominal_true,
    },
    {0},
};

const struct bl_module bl_module_redis = {
    .name = "redis",
    .text = "Redis: what the server knows about itself, its keys, and named changes.",
    .operations = operations,
    .settings = settings,
    .open = pool_open,
    .close = pool_close,
};
