/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* state.c: what the systems hold: how often each change has happened, and whether all is as it
 * should be. */
#include "base/prefix.h"

#include "fault.h"

#include <amqp_framing.h>
#include <unistd.h>

#define SETTLE_TIMES 2 /* in a row: what was sent last may not have begun */

static int state_number(struct fault_lane *lane, const char *sql)
{
    PGresult *result = PQexec(fault_db(lane), sql);
    int number;

    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        BL_BUG("fault: %s: %s", sql, PQerrorMessage(lane->db));
    number = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return number;
}

/* A reply that is a number, or a text that is one. */
static int state_redis(struct fault_lane *lane, const char *command)
{
    redisReply *reply = redisCommand(fault_cache(lane), command);
    int number;

    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        BL_BUG("fault: Redis: %s", command);
    number = reply->type == REDIS_REPLY_STRING ? (int)strtol(reply->str, NULL, 10)
                                               : (int)reply->integer;
    freeReplyObject(reply);
    return number;
}

/* How often a line stands in a file that holds nothing else; -1: something else is in it. */
static int state_lines(struct fault_lane *lane, const char *file, const char *line)
{
    FILE *in = fopen(fault_lane_path(lane, file), "rbe");
    char text[200];
    int lines = 0;

    if (in == NULL)
        return 0;
    while (lines >= 0 && fgets(text, sizeof(text), in) != NULL)
        lines = strcmp(text, line) == 0 ? lines + 1 : -1;
    fclose(in);
    return lines;
}

static int happened_booked(struct fault_lane *lane)
{
    int others = state_number(lane, "select count(*) from booked where what <> 'order 7'");

    return others > 0 ? -1 : state_number(lane, "select count(*) from booked");
}

static int happened_counted(struct fault_lane *lane)
{
    return state_redis(lane, "GET orders");
}

static int happened_announced(struct fault_lane *lane)
{
    amqp_queue_declare_ok_t *queue = amqp_queue_declare(
        fault_broker(lane), 1, amqp_cstring_bytes(lane->queue), 1, 1, 0, 0, amqp_empty_table);

    if (queue == NULL)
        BL_BUG("fault: RabbitMQ does not know %s", lane->queue);
    return (int)queue->message_count;
}

static int happened_audited(struct fault_lane *lane)
{
    return state_lines(lane, "files/audit", "order 7\n");
}

static int happened_marked(struct fault_lane *lane)
{
    return state_lines(lane, "files/container", "marked\n");
}

static int happened_fed(struct fault_lane *lane)
{
    return state_redis(lane, "LLEN feed");
}

static int happened_told(struct fault_lane *lane)
{
    return fault_shop_count(lane->shop, "/orders");
}

static int happened_raised(struct fault_lane *lane)
{
    return state_number(lane, "select orders from totals");
}

static int happened_signed(struct fault_lane *lane)
{
    return state_lines(lane, "files/desk", "signed\n");
}

static int happened_paid(struct fault_lane *lane)
{
    return state_lines(lane, "files/receipt", "paid\n");
}

static int happened_indexed(struct fault_lane *lane)
{
    return state_number(lane, "select count(*) from pg_index where indisvalid and "
                              "indrelid = 'booked'::regclass");
}

static int happened_rung(struct fault_lane *lane)
{
    return fault_shop_count(lane->shop, "/bell");
}

const struct fault_change fault_changes[FAULT_CHANGES] = {
    {"Book the order", "insert into booked", happened_booked},
    {"Count the order", "INCR orders", happened_counted},
    {"Announce the order", "publish 17 bytes", happened_announced},
    {"Write the audit line", "files/audit", happened_audited},
    {"Mark the container", "marked", happened_marked},
    {"Push it to the feed", "LPUSH feed", happened_fed},
    {"Tell the shop", "/orders", happened_told},
    {"Raise the total", "update totals", happened_raised},
    {"Sign at the desk", "files/desk", happened_signed},
    {"Write the receipt", "files/receipt", happened_paid},
    {"Index the bookings", "booked_what", happened_indexed},
    {"Ring the bell", "/bell", happened_rung},
};

/* Whether that command runs; one that was made and never started does not. */
static bool settle_runs(struct fault_lane *lane, const char *id, int len)
{
    struct bl_buf answer;
    char path[100];
    bool runs;

    bl_buf_init(&answer, 0);
    snprintf(path, sizeof(path), "/exec/%.*s/json", len, id);
    test_engine_call(lane->engine, "GET", path, NULL, &answer);
    runs = strstr(bl_buf_text(&answer), "\"Running\":true") != NULL;
    bl_buf_release(&answer);
    return runs;
}

/* Whether no command runs in the lane's container, beside its own script. */
static bool settle_docker(struct fault_lane *lane)
{
    struct bl_buf answer;
    char path[80];
    const char *id;
    bool is_quiet = true;

    if (lane->engine == NULL)
        return true;
    bl_buf_init(&answer, 0);
    snprintf(path, sizeof(path), "/containers/%s/json", lane->container);
    test_engine_call(lane->engine, "GET", path, NULL, &answer);
    id = strstr(bl_buf_text(&answer), "\"ExecIDs\":[");
    while (id != NULL && (id = strchr(id, '"')) != NULL &&
           strspn(id + 1, "0123456789abcdef") < 64)
        id++;
    for (; id != NULL && strspn(id + 1, "0123456789abcdef") == 64;
         id += id[66] == ',' ? 67 : 66)
        is_quiet = is_quiet && !settle_runs(lane, id + 1, 64);
    bl_buf_release(&answer);
    return is_quiet;
}

/* Says which sessions are still there. */
static void settle_give_up(struct fault_lane *lane)
{
    PGresult *result =
        PQexec(fault_db(lane), "select format('%s %s %s/%s: %s', pid, state, wait_event_type, "
                               "wait_event, query) from pg_stat_activity where backend_type = "
                               "'client backend' and pid <> pg_backend_pid()");

    for (int i = 0; i < PQntuples(result); i++)
        printf("  session %s\n", PQgetvalue(result, i, 0));
    fflush(stdout);
    BL_BUG("fault: the servers of lane %d do not come to rest", lane->number);
}

void fault_settle(struct fault_lane *lane, bool is_alive)
{
    static const char there[] =
        "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and "
        "backend_type = 'client backend'";
    static const char busy[] =
        "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and "
        "backend_type = 'client backend' and state <> 'idle'";

    for (int i = 0, quiet = 0; i < 500; i++) {
        quiet = state_number(lane, is_alive ? busy : there) == 0 && settle_docker(lane)
                    ? quiet + 1
                    : 0;
        if (quiet == SETTLE_TIMES)
            return;
        usleep(5000);
    }
    settle_give_up(lane);
}

/* Where a word stands last in a text; NULL: nowhere. */
static const char *named_last(const char *text, const char *word)
{
    const char *last = NULL;

    while ((text = strstr(text, word)) != NULL)
        last = text++;
    return last;
}

const struct fault_change *fault_named(const char *text)
{
    const struct fault_change *change = NULL;
    const char *last = NULL;

    for (int i = 0; i < FAULT_CHANGES; i++) {
        const char *step = named_last(text, fault_changes[i].step);
        const char *named = named_last(text, fault_changes[i].named);
        if (step != NULL && (last == NULL || step > last)) {
            last = step;
            change = &fault_changes[i];
        }
        if (named != NULL && (last == NULL || named > last)) {
            last = named;
            change = &fault_changes[i];
        }
    }
    return change;
}

const char *fault_answer(struct fault_lane *lane, const char *question)
{
    const struct fault_change *change = fault_named(question);
    int times;

    if (change == NULL)
        return NULL;
    fault_settle(lane, true);
    times = change->happened(lane);
    return times == 1 ? "done" : times == 0 ? "redo" : NULL;
}

static void compare_one(struct bl_buf *out, const char *what, const char *where, int is,
                        int want)
{
    if (is != want)
        bl_buf_printf(out, "  %s: %d times by %s, not %d\n", what, is, where, want);
}

static void compare_logs(struct fault_lane *lane, int times, struct bl_buf *out)
{
    int same, all;

    compare_one(out, "Book the order", "PostgreSQL's log",
                fault_sent_postgres(lane, "insert into booked"), times);
    compare_one(out, "Raise the total", "PostgreSQL's log",
                fault_sent_postgres(lane, "update totals"), times);
    if (lane->victim != &lane->postgres)
        compare_one(out, "a statement", "PostgreSQL's refusals", fault_errors_postgres(lane),
                    0);
    compare_one(out, "Count the order", "Redis's log", fault_sent_redis(lane, "INCR"), times);
    compare_one(out, "Push it to the feed", "Redis's log", fault_sent_redis(lane, "LPUSH"),
                times);
    fault_take_messages(lane, "order 7 is booked", &same, &all);
    compare_one(out, "Announce the order", "its messages", same, times);
    compare_one(out, "messages of all kinds", "the queue", all, times);
    if (lane->engine != NULL)
        compare_one(out, "Mark the container", "the Docker Engine's events",
                    fault_sent_docker(lane), times);
}

void fault_compare(struct fault_lane *lane, int times, struct bl_buf *differences)
{
    for (int i = 0; i < FAULT_CHANGES; i++)
        compare_one(differences, fault_changes[i].step, "what the system holds",
                    fault_changes[i].happened(lane), times);
    compare_one(differences, "keys", "Redis", state_redis(lane, "DBSIZE"), times * 2);
    compare_logs(lane, times, differences);
}
