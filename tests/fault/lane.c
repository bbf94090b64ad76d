/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* lane.c: a lane of the fault suite: its servers, its project, and the empty state. */
#include "base/prefix.h"

#include "fault.h"

#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One line for each statement with its session, from which commits are counted. */
#define LANE_POSTGRES "log_line_prefix = '%c|'\n"
/* What was answered is on the disk: a server that is killed keeps it. */
#define LANE_REDIS "appendonly yes\nappendfsync always\n"

const char *fault_lane_path(const struct fault_lane *lane, const char *file)
{
    static char paths[8][160];
    static unsigned next;
    char *path = paths[next++ % BL_COUNT(paths)];

    snprintf(path, sizeof(paths[0]), "%s/%s", lane->folder, file);
    return path;
}

/* --- connections --- */

PGconn *fault_db(struct fault_lane *lane)
{
    char info[200];

    if (lane->db != NULL && PQstatus(lane->db) == CONNECTION_OK)
        return lane->db;
    PQfinish(lane->db);
    snprintf(
        info, sizeof(info),
        "hostaddr=127.0.0.1 port=%d user=belay dbname=postgres connect_timeout=5 "
        "application_name=suite options='-c log_statement=none -c client_min_messages=warning' "
        "password=" TEST_POSTGRES_PASSWORD,
        lane->postgres.port);
    lane->db = PQconnectdb(info);
    if (PQstatus(lane->db) != CONNECTION_OK)
        BL_BUG("fault: PostgreSQL: %s", PQerrorMessage(lane->db));
    return lane->db;
}

static void lane_sql(struct fault_lane *lane, const char *sql)
{
    PGresult *result = PQexec(fault_db(lane), sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        BL_BUG("fault: %s: %s", sql, PQerrorMessage(lane->db));
    PQclear(result);
}

redisContext *fault_cache(struct fault_lane *lane)
{
    if (lane->cache != NULL && lane->cache->err == 0)
        return lane->cache;
    if (lane->cache != NULL)
        redisFree(lane->cache);
    lane->cache = redisConnect("127.0.0.1", lane->redis.port);
    if (lane->cache == NULL || lane->cache->err != 0)
        BL_BUG("fault: no connection to Redis");
    return lane->cache;
}

static void lane_redis(struct fault_lane *lane, const char *command)
{
    redisReply *reply = redisCommand(fault_cache(lane), command);

    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        BL_BUG("fault: Redis refuses %s", command);
    freeReplyObject(reply);
}

amqp_connection_state_t fault_broker(struct fault_lane *lane)
{
    struct timeval span = {.tv_sec = 10};
    amqp_socket_t *at;

    if (lane->broker != NULL)
        return lane->broker;
    lane->broker = amqp_new_connection();
    at = amqp_tcp_socket_new(lane->broker);
    amqp_set_rpc_timeout(lane->broker, &span);
    if (amqp_socket_open_noblock(at, "127.0.0.1", lane->rabbit->port, &span) != 0 ||
        amqp_login(lane->broker, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, TEST_RABBIT_USER,
                   TEST_RABBIT_PASSWORD)
                .reply_type != AMQP_RESPONSE_NORMAL ||
        amqp_channel_open(lane->broker, 1) == NULL)
        BL_BUG("fault: no connection to RabbitMQ");
    return lane->broker;
}

void fault_broker_drop(struct fault_lane *lane)
{
    if (lane->broker != NULL)
        amqp_destroy_connection(lane->broker);
    lane->broker = NULL;
}

/* --- the project --- */

static void lane_write(const struct fault_lane *lane, const char *file, const char *text)
{
    FILE *out = fopen(fault_lane_path(lane, file), "wbe");

    if (out == NULL || fputs(text, out) < 0 || fclose(out) != 0)
        BL_BUG("fault: cannot write %s/%s: %s", lane->folder, file, strerror(errno));
}

static void lane_copy(const struct fault_lane *lane, const char *file)
{
    char from[120], to[80], text[16384];
    FILE *in;

    snprintf(from, sizeof(from), "tests/fault/project/%s", file);
    snprintf(to, sizeof(to), "project/%s", file);
    in = fopen(from, "rbe");
    if (in == NULL)
        BL_BUG("fault: cannot read %s: the suite runs in the source folder", from);
    text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
    fclose(in);
    lane_write(lane, to, text);
}

static void lane_environment(const struct fault_lane *lane, const char *name,
                             const char *policy)
{
    struct bl_buf text;
    char file[60];

    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "environment({\n  state = \"%s/state\",\n  policy = { %s },\n",
                  lane->folder, policy);
    bl_buf_printf(
        &text,
        "  postgres = { main = { host = \"127.0.0.1\", port = %d, dbname = "
        "\"postgres\", user = \"belay\", password = secret(\"FAULT_PASSWORD\") } },\n",
        lane->postgres.port);
    bl_buf_printf(&text, "  redis = { cache = { url = \"redis://127.0.0.1:%d\" } },\n",
                  lane->redis.port);
    bl_buf_printf(&text,
                  "  amqp = { broker = { url = \"amqp://127.0.0.1:%d/\", user = "
                  "\"" TEST_RABBIT_USER "\", password = secret(\"FAULT_PASSWORD\") } },\n",
                  lane->rabbit->port);
    bl_buf_printf(&text, "  http = { shop = { url = \"http://127.0.0.1:%d\" } },\n",
                  fault_shop_port(lane->shop));
    if (lane->engine != NULL)
        bl_buf_printf(&text, "  docker = { engine = { socket = \"%s\" } },\n",
                      lane->engine->socket);
    bl_buf_printf(&text,
                  "  exec = { tee = { class = \"change\" } },\n"
                  "  params = { folder = \"%s/files\", queue = \"%s\", container = \"%s\" },\n"
                  "})\n",
                  lane->folder, lane->queue, lane->container);
    snprintf(file, sizeof(file), "project/environments/%s.lua", name);
    lane_write(lane, file, bl_buf_text(&text));
    bl_buf_release(&text);
}

static void lane_folder(struct fault_lane *lane, const char *name, mode_t mode)
{
    const char *path = fault_lane_path(lane, name);

    if (mkdir(path, 0700) != 0 || chmod(path, mode) != 0)
        BL_BUG("fault: cannot make %s: %s", path, strerror(errno));
}

static int lane_remove_one(const char *path, const struct stat *info, int type,
                           struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

void fault_remove(const char *folder)
{
    nftw(folder, lane_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void lane_container(struct fault_lane *lane)
{
    char more[200];

    snprintf(lane->container, sizeof(lane->container), "lane%d", lane->number);
    snprintf(more, sizeof(more),
             ",\"HostConfig\":{\"NetworkMode\":\"none\",\"Binds\":[\"%s/files:/fault\"]}",
             lane->folder);
    test_engine_run(lane->engine, lane->container, "while :; do sleep 1000; done", more);
}

void fault_lane_open(struct fault_lane *lane)
{
    if (mkdir(lane->folder, 0700) != 0)
        BL_BUG("fault: mkdir %s: %s", lane->folder, strerror(errno));
    snprintf(lane->queue, sizeof(lane->queue), "orders%d", lane->number);
    lane_folder(lane, "project", 0700);
    lane_folder(lane, "project/environments", 0700);
    lane_folder(lane, "files", 0777);
    test_postgres_start_with(&lane->postgres, LANE_POSTGRES, NULL, NULL);
    test_redis_start(&lane->redis, LANE_REDIS);
    lane->shop = fault_shop_start();
    if (lane->engine != NULL)
        lane_container(lane);
    lane_copy(lane, "belay.lua");
    lane_copy(lane, "order.lua");
    lane_environment(lane, "free", "change = \"free\"");
    lane_environment(lane, "asked", "change = \"confirm\"");
    lane_sql(lane, "create table booked (what text); create table totals (shop integer, "
                   "orders integer); insert into totals values (7, 0)");
    amqp_queue_declare(fault_broker(lane), 1, amqp_cstring_bytes(lane->queue), 0, 1, 0, 0,
                       amqp_empty_table);
    if (amqp_get_rpc_reply(lane->broker).reply_type != AMQP_RESPONSE_NORMAL)
        BL_BUG("fault: RabbitMQ refuses a queue");
}

void fault_lane_keep(const struct fault_lane *lane, long point)
{
    const char *folder = getenv("FAULT_KEEP");
    char to[300];
    pid_t pid;

    if (folder == NULL)
        return;
    snprintf(to, sizeof(to), "%s/%s-%ld", folder, lane->environment, point);
    pid = fork();
    if (pid == 0) {
        execlp("cp", "cp", "-r", lane->folder, to, NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

void fault_lane_close(struct fault_lane *lane)
{
    PQfinish(lane->db);
    if (lane->cache != NULL)
        redisFree(lane->cache);
    fault_broker_drop(lane);
    fault_shop_stop(lane->shop);
    test_server_stop(&lane->redis);
    test_server_stop(&lane->postgres);
    fault_remove(lane->folder);
}

void fault_lane_revive(struct fault_lane *lane)
{
    if (lane->victim == &lane->postgres) {
        test_postgres_revive(lane->victim);
        PQfinish(lane->db);
        lane->db = NULL;
    } else if (lane->victim == &lane->redis) {
        test_redis_revive(lane->victim);
        redisFree(lane->cache);
        lane->cache = NULL;
    } else if (lane->victim == lane->rabbit) {
        test_rabbit_revive(lane->victim);
        fault_broker_drop(lane);
    }
}

static const char *const lane_files[] = {"files/audit", "files/container", "files/desk",
                                         "files/receipt", NULL};

void fault_reset(struct fault_lane *lane)
{
    struct timespec now;

    fault_remove(fault_lane_path(lane, "state"));
    for (const char *const *file = lane_files; *file != NULL; file++)
        (void)unlink(fault_lane_path(lane, *file));
    lane_sql(lane, "drop index if exists booked_what");
    lane_sql(lane, "delete from booked; update totals set orders = 0");
    lane_redis(lane, "FLUSHALL");
    lane_redis(lane, "CONFIG RESETSTAT");
    amqp_queue_purge(fault_broker(lane), 1, amqp_cstring_bytes(lane->queue));
    if (amqp_get_rpc_reply(lane->broker).reply_type != AMQP_RESPONSE_NORMAL)
        BL_BUG("fault: RabbitMQ refuses a purge");
    fault_shop_reset(lane->shop);
    if (truncate(lane->postgres.log, 0) != 0)
        BL_BUG("fault: truncate %s: %s", lane->postgres.log, strerror(errno));
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(lane->since, sizeof(lane->since), "%lld.%09ld", (long long)now.tv_sec,
             now.tv_nsec);
}
