/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sent.c: what the servers' own logs say of what they were sent. */
#include "base/prefix.h"

#include "fault.h"

#include <amqp_framing.h>

#define SENT_SESSIONS 200

/* A line is SESSION|LOG:  …; a change counts when its session has committed behind it. */
struct sent_log {
    const char *text;
    char open[SENT_SESSIONS][24]; /* sessions with the change in an open transaction */
    int sessions, committed;
};

static int sent_find(struct sent_log *log, const char *session, size_t len)
{
    for (int i = 0; i < log->sessions; i++)
        if (strlen(log->open[i]) == len && strncmp(log->open[i], session, len) == 0)
            return i;
    return -1;
}

static void sent_line(struct sent_log *log, const char *line)
{
    const char *bar = strchr(line, '|');
    size_t len = bar == NULL ? 0 : (size_t)(bar - line);
    int at;

    if (len == 0 || len >= sizeof(log->open[0]))
        return;
    at = sent_find(log, line, len);
    if (strstr(bar, log->text) != NULL && log->sessions < SENT_SESSIONS) {
        snprintf(log->open[log->sessions++], sizeof(log->open[0]), "%.*s", (int)len, line);
    } else if (at >= 0 && strcasestr(bar, ": commit") != NULL) {
        log->committed++;
        log->open[at][0] = '\0';
    }
}

int fault_sent_postgres(struct fault_lane *lane, const char *text)
{
    struct sent_log log = {.text = text};
    char *all = test_server_log(&lane->postgres), *rest = all, *line;

    while ((line = strsep(&rest, "\n")) != NULL)
        sent_line(&log, line);
    bl_free(all);
    return log.committed;
}

int fault_errors_postgres(struct fault_lane *lane)
{
    char *all = test_server_log(&lane->postgres);
    int errors = 0;

    for (char *rest = all, *line; (line = strsep(&rest, "\n")) != NULL;)
        errors += strstr(line, "|ERROR:") != NULL &&
                  strstr(line, "canceling statement due to user request") == NULL;
    bl_free(all);
    return errors;
}

/* Its statistics, which begin with the server. */
static int sent_statistics(struct fault_lane *lane, const char *command)
{
    redisReply *reply = redisCommand(fault_cache(lane), "INFO commandstats");
    char name[60];
    const char *found;
    int calls = 0;

    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        BL_BUG("fault: no statistics from Redis");
    snprintf(name, sizeof(name), "cmdstat_%s:calls=", command);
    found = strcasestr(reply->str, name);
    if (found != NULL)
        calls = (int)strtol(found + strlen(name), NULL, 10);
    freeReplyObject(reply);
    return calls;
}

/* The commands that wrote since the last FLUSHALL, in the order in which they were executed. */
static int sent_appended(struct fault_lane *lane, const char *command)
{
    FILE *file =
        fopen(test_server_path(&lane->redis, "appendonlydir/appendonly.aof.1.incr.aof"), "rbe");
    char line[200], wanted[40];
    int calls = 0;

    if (file == NULL)
        BL_BUG("fault: Redis keeps no append-only file");
    snprintf(wanted, sizeof(wanted), "%s\r\n", command);
    while (fgets(line, sizeof(line), file) != NULL)
        if (strcmp(line, "FLUSHALL\r\n") == 0)
            calls = 0;
        else if (strcmp(line, wanted) == 0)
            calls++;
    fclose(file);
    return calls;
}

int fault_sent_redis(struct fault_lane *lane, const char *command)
{
    int appended = sent_appended(lane, command);

    if (lane->victim == &lane->redis)
        return appended;
    return sent_statistics(lane, command) == appended ? appended : -1;
}

int fault_sent_docker(struct fault_lane *lane)
{
    struct timespec now;
    struct bl_buf answer;
    char path[160];
    int started = 0;

    clock_gettime(CLOCK_REALTIME, &now);
    bl_buf_init(&answer, 0);
    snprintf(path, sizeof(path), "/events?since=%s&until=%lld.%09ld", lane->since,
             (long long)now.tv_sec, now.tv_nsec);
    if (test_engine_call(lane->engine, "GET", path, NULL, &answer) != 200)
        BL_BUG("fault: no events from the Docker Engine");
    for (char *rest = answer.data, *line; (line = strsep(&rest, "\n")) != NULL;)
        started += strstr(line, "exec_start: ") != NULL && strstr(line, "\"Action\"") != NULL &&
                   strstr(line, lane->container) != NULL;
    bl_buf_release(&answer);
    return started;
}

void fault_take_messages(struct fault_lane *lane, const char *body, int *same, int *all)
{
    amqp_connection_state_t broker = fault_broker(lane);

    for (*same = *all = 0;; ++*all) {
        amqp_rpc_reply_t got = amqp_basic_get(broker, 1, amqp_cstring_bytes(lane->queue), 1);
        amqp_message_t message;

        if (got.reply_type != AMQP_RESPONSE_NORMAL || got.reply.id != AMQP_BASIC_GET_OK_METHOD)
            return;
        if (amqp_read_message(broker, 1, &message, 0).reply_type != AMQP_RESPONSE_NORMAL)
            BL_BUG("fault: a message cannot be read");
        *same += message.body.len == strlen(body) &&
                 memcmp(message.body.bytes, body, message.body.len) == 0;
        amqp_destroy_message(&message);
    }
}
