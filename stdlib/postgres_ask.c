/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_ask.c: what the server is asked about a statement before it may be sent: what the
 * names in it are, and how many rows a change would touch. */
#include "base/prefix.h"

#include "guard/sql_count.h"
#include "module_ask.h"
#include "postgres_private.h"

static void lookup_start(struct bl_op *base, const struct bl_call *call)
{
    struct postgres_op *op = (struct postgres_op *)base;
    struct bl_error err;

    op->is_lookup = true;
    op->want = WANT_ROWS;
    op->max_rows = 100000;
    if (bl_postgres_params_init(&op->params, bl_call_value(call, "params"), &err) != BL_OK)
        bl_op_fail_error(base, &err);
    else
        bl_postgres_pool_enter(bl_op_state(base), op);
}

/* Not in the module's table: only the engine asks it. */
static const struct bl_operation lookup = {
    .name = "catalogue",
    .class = BL_CLASS_OBSERVE,
    .size = sizeof(struct postgres_op),
    .start = lookup_start,
    .release = bl_postgres_op_release,
};

static struct bl_call *ask_call(const struct bl_call *about,
                                const struct bl_operation *operation, const char *sql,
                                struct bl_value *take_params)
{
    struct bl_value *args = bl_map_new();

    bl_map_set(args, "sql", bl_value_text(sql));
    bl_map_set(args, "params", take_params);
    bl_map_set(args, "rows", bl_value_int(1));
    return bl_call_question(about, operation, args);
}

static struct bl_call *ask_names(const struct bl_call *about, struct bl_inspection *inspection,
                                 struct bl_value *take_names)
{
    struct bl_value *params = bl_list_new();
    struct bl_call *call;

    bl_list_add(params, bl_catalogue_question(take_names));
    bl_value_unref(inspection->asking);
    inspection->asking = take_names;
    call = ask_call(about, &lookup, bl_catalogue_lookup, params);
    call->keep = (int64_t)8 * BL_KEEP; /* definitions of views are long */
    return call;
}

static struct bl_call *ask_count(const struct bl_call *about, struct bl_inspection *inspection,
                                 const struct bl_sql_count *count)
{
    const struct bl_operation *value = bl_operation_find(about->module, "value");
    struct bl_call *call =
        ask_call(about, value, bl_buf_text(&count->sql), bl_value_ref(count->params));

    bl_value_unref(inspection->asking);
    inspection->asking = bl_value_text(count->table);
    return bl_ask_briefly(call);
}

/* How many rows: a question of its own, which has to be harmless itself. */
static struct bl_call *ask_affected(struct bl_catalogue *catalogue, const struct bl_call *call,
                                    struct bl_inspection *inspection)
{
    struct bl_value *names = NULL;
    struct bl_call *question = NULL;
    struct bl_sql_count count;
    struct bl_sql sql;

    if (!bl_sql_count(&count, bl_call_text(call, "sql"), bl_call_value(call, "params"))) {
        snprintf(inspection->affects, sizeof(inspection->affects), "%s",
                 inspection->class == BL_CLASS_DESTROY ? "unknown" : "");
    } else if (!bl_catalogue_judge(catalogue, bl_buf_text(&count.sql), count.sql.len, &sql,
                                   &names)) {
        question = ask_names(call, inspection, names);
    } else if (sql.class != BL_CLASS_OBSERVE) {
        snprintf(inspection->affects, sizeof(inspection->affects),
                 "unknown: to count its rows %.120s", sql.why);
    } else {
        question = ask_count(call, inspection, &count);
    }
    bl_sql_count_release(&count);
    return question;
}

/* What the question before has brought. True: it was the last one. */
static bool ask_hear(struct bl_catalogue *catalogue, struct bl_inspection *inspection,
                     const struct bl_value *answer)
{
    const char *superuser;

    if (bl_value_type(inspection->asking) == BL_BYTES) {
        if (answer == NULL)
            snprintf(inspection->affects, sizeof(inspection->affects), "unknown rows of %s",
                     bl_value_as_text(inspection->asking));
        else
            snprintf(inspection->affects, sizeof(inspection->affects), "%lld %s of %s",
                     (long long)bl_value_as_int(answer),
                     bl_value_as_int(answer) == 1 ? "row" : "rows",
                     bl_value_as_text(inspection->asking));
        return true;
    }
    if (bl_value_type(inspection->asking) != BL_LIST)
        return false;
    if (answer == NULL) { /* nothing can be counted where nothing can be looked up */
        snprintf(inspection->affects, sizeof(inspection->affects), "unknown");
        return true;
    }
    bl_catalogue_learn(catalogue, inspection->asking, answer);
    superuser = bl_catalogue_superuser(catalogue);
    if (superuser != NULL)
        snprintf(inspection->notice, sizeof(inspection->notice),
                 "%.60s signs in as the superuser %.60s: a role that can only read "
                 "(pg_read_all_data, pg_monitor) makes a dry run safer still",
                 inspection->target, superuser);
    return false;
}

struct bl_call *bl_postgres_ask(struct bl_connection *connection, const struct bl_call *call,
                                struct bl_inspection *inspection, const struct bl_value *answer)
{
    struct bl_catalogue *catalogue = bl_postgres_pool_catalogue(connection->state);
    const char *text = bl_call_text(call, "sql");
    struct bl_value *names = NULL;
    struct bl_sql sql;

    if (ask_hear(catalogue, inspection, answer))
        return NULL;
    if (!bl_catalogue_judge(catalogue, text, strlen(text), &sql, &names))
        return ask_names(call, inspection, names);
    bl_postgres_inspect_sql(call, &sql, inspection);
    return sql.class == BL_CLASS_OBSERVE ? NULL : ask_affected(catalogue, call, inspection);
}
