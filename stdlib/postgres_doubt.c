/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_doubt.c: what became of a change whose outcome nobody has heard: its transaction is
 * looked up in the cluster that it was made in. */
#include "base/prefix.h"

#include "postgres_private.h"

/* Which cluster, and whether its history is the same: a restored or promoted copy numbers its
 * transactions anew. The identifier may be kept from us; then the server has to be the same
 * process still. All names are written out, so that nobody's search_path gets in between. */
#define DOUBT_CLUSTER                                                                          \
    "CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', "           \
    "'EXECUTE') THEN pg_catalog.\"substring\"(pg_catalog.query_to_xml('SELECT "                \
    "system_identifier FROM pg_catalog.pg_control_system()', false, true, "                    \
    "'')::pg_catalog.text, '>([0-9]+)<') END AS system, "                                      \
    "EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time())::pg_catalog.text AS started, "  \
    "CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.\"left\"("                   \
    "pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8) END AS timeline"

const char bl_postgres_mark[] =
    "SELECT " DOUBT_CLUSTER ", pg_catalog.pg_current_xact_id()::pg_catalog.text AS xid";

/* A session of the change is known by its application_name, or by the comment that a statement
 * without a transaction begins with. To ask about a number that the cluster has not reached is
 * an error. */
static const char doubt_question[] =
    "SELECT " DOUBT_CLUSTER ", "
    "EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity AS a WHERE a.pid "
    "OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() AND (a.application_name "
    "OPERATOR(pg_catalog.=) $2::pg_catalog.text OR (a.state OPERATOR(pg_catalog.=) 'active' "
    "AND pg_catalog.starts_with(a.query, pg_catalog.concat('/* ', $2::pg_catalog.text, "
    "' */'))))) AS running, "
    "CASE WHEN $1::pg_catalog.text IS NULL THEN NULL "
    "WHEN $1::pg_catalog.text::pg_catalog.xid8 OPERATOR(pg_catalog.>=) "
    "pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) THEN 'not reached' "
    "ELSE pg_catalog.pg_xact_status($1::pg_catalog.text::pg_catalog.xid8) END AS status";

struct bl_value *bl_postgres_mark_read(const PGresult *result)
{
    struct bl_value *mark = bl_map_new();

    for (int i = 0; i < PQnfields(result); i++) {
        if (!PQgetisnull(result, 0, i))
            bl_map_set(mark, PQfname(result, i), bl_value_text(PQgetvalue(result, 0, i)));
    }
    return mark;
}

/* A rollback takes back what a statement writes, not what functions do elsewhere. */
static bool doubt_is_transactional(const struct bl_call *call)
{
    static const char *const kinds[] = {"CallStmt", "DoStmt", "CopyStmt"};
    struct bl_sql sql;
    size_t len;
    const char *text = bl_value_as_bytes(bl_call_value(call, "sql"), &len);

    bl_sql_read(text, len, &sql, NULL);
    for (size_t i = 0; i < BL_COUNT(kinds); i++) {
        if (strcmp(sql.kind, kinds[i]) == 0)
            return false;
    }
    return !sql.is_open && strncmp(sql.why, "calls ", 6) != 0;
}

static bool doubt_is_alone(const struct bl_call *call)
{
    struct bl_sql sql;
    size_t len;
    const char *text = bl_value_as_bytes(bl_call_value(call, "sql"), &len);

    bl_sql_read(text, len, &sql, NULL);
    return sql.is_alone;
}

static void doubt_not_committed(const struct bl_call *call, const char *what,
                                struct bl_resolution *resolution)
{
    if (doubt_is_transactional(call))
        bl_resolution_set(resolution, BL_FOUND_NOT_DONE, "%s", what);
    else
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "%s, but what it calls may have done what no rollback takes back",
                          what);
}

/* COMMIT never left before its mark was kept: without a mark it only has to be over. */
static void doubt_unmarked(const struct bl_call *call, const struct bl_value *answer,
                           struct bl_resolution *resolution)
{
    bool is_running = bl_map_bool(answer, "running", false);

    if (is_running)
        bl_resolution_set(resolution, BL_FOUND_PENDING,
                          "the server still works on it (pg_stat_activity)");
    else if (doubt_is_alone(call))
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "no session works on it any more, and it runs outside of a "
                          "transaction: the server keeps no trace of how it ended");
    else
        doubt_not_committed(call, "it never came to COMMIT, and no session works on it",
                            resolution);
}

static bool doubt_is_same_cluster(const struct bl_value *mark, const struct bl_value *answer,
                                  struct bl_resolution *resolution)
{
    const char *was = bl_map_text(mark, "system", ""), *is = bl_map_text(answer, "system", "");
    const char *from = bl_map_text(mark, "timeline", ""),
               *to = bl_map_text(answer, "timeline", "");

    if (*was == '\0' || *is == '\0') {
        was = bl_map_text(mark, "started", "-");
        is = bl_map_text(answer, "started", "");
    }
    if (strcmp(was, is) != 0)
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "another cluster answers than the one it was sent to (it was %.40s, "
                          "this is %.40s)",
                          was, is);
    else if (*to == '\0')
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "a standby answers, which may lag behind");
    else if (strcmp(from, to) != 0)
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "the cluster was restored or failed over since (timeline %.8s, now "
                          "%.8s)",
                          from, to);
    else
        return true;
    return false;
}

static void doubt_marked(const struct bl_call *call, const struct bl_value *mark,
                         const struct bl_value *answer, struct bl_resolution *resolution)
{
    const char *status = bl_map_text(answer, "status", "");
    const char *xid = bl_map_text(mark, "xid", "");
    char what[80];

    if (bl_map_bool(answer, "running", false)) /* the newest of all is not reached either */
        status = "in progress";

    if (strcmp(status, "committed") == 0) {
        bl_resolution_set(resolution, BL_FOUND_DONE, "transaction %s was committed", xid);
        resolution->value = bl_value_ref(bl_map_get(mark, "answer"));
    } else if (strcmp(status, "aborted") == 0) {
        snprintf(what, sizeof(what), "transaction %s was rolled back", xid);
        doubt_not_committed(call, what, resolution);
    } else if (*status != '\0') {
        bl_resolution_set(resolution, BL_FOUND_PENDING, "transaction %s is %s", xid, status);
    } else {
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "transaction %s is so old that the server has forgotten it", xid);
    }
}

struct bl_call *bl_postgres_resolve(struct bl_connection *connection,
                                    const struct bl_call *call, const struct bl_value *intent,
                                    const struct bl_value *answer,
                                    struct bl_resolution *resolution)
{
    const struct bl_value *mark = bl_map_get(intent, "mark"), *xid = bl_map_get(mark, "xid"),
                          *id = bl_map_get(intent, "id");
    struct bl_value *args, *params;

    (void)connection;
    if (id == NULL) {
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "the server was not told by which name to find it again");
    } else if (resolution->asking == NULL) {
        resolution->asking = bl_value_bool(true);
        params = bl_list_new();
        bl_list_add(params, xid != NULL ? bl_value_ref(xid) : bl_value_nil());
        bl_list_add(params, bl_value_ref(id));
        args = bl_map_new();
        bl_map_set(args, "sql", bl_value_text(doubt_question));
        bl_map_set(args, "params", params);
        return bl_call_question(call, bl_operation_find(call->module, "one"), args);
    } else if (xid == NULL) {
        doubt_unmarked(call, answer, resolution);
    } else if (doubt_is_same_cluster(mark, answer, resolution)) {
        doubt_marked(call, mark, answer, resolution);
    }
    return NULL;
}
