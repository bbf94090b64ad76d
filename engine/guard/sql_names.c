/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql_names.c: the names of PostgreSQL that the guard knows by heart. */
#include "base/prefix.h"

#include "guard/sql_names.h"

#include <pthread.h>

/* Aggregates and window functions. */
static const char names_aggregates[] =
    " count sum avg min max array_agg string_agg json_agg jsonb_agg json_object_agg "
    "jsonb_object_agg bool_and bool_or every bit_and bit_or bit_xor stddev stddev_pop "
    "stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_avgx regr_avgy "
    "regr_count regr_intercept regr_r2 regr_slope percentile_cont percentile_disc mode rank "
    "dense_rank percent_rank cume_dist row_number ntile lag lead first_value last_value "
    "nth_value ";

static const char names_text[] =
    " length char_length character_length octet_length bit_length lower upper initcap btrim "
    "ltrim rtrim trim substring substr left right position strpos replace split_part concat "
    "concat_ws format lpad rpad repeat reverse translate overlay ascii chr md5 sha224 sha256 "
    "sha384 sha512 encode decode convert_from convert_to quote_literal quote_ident "
    "quote_nullable regexp_replace regexp_match regexp_matches regexp_count regexp_instr "
    "regexp_like regexp_substr regexp_split_to_array regexp_split_to_table starts_with "
    "string_to_array string_to_table array_to_string to_hex to_char to_number to_date "
    "to_timestamp like_escape similar_to_escape normalize is_normalized to_ascii text textlen "
    "uuid_in gen_random_uuid ";

static const char names_time[] =
    " now clock_timestamp statement_timestamp transaction_timestamp timeofday date_trunc "
    "date_part date_bin extract age make_date make_time make_timestamp make_timestamptz "
    "make_interval justify_days justify_hours justify_interval isfinite timezone overlaps "
    "pg_sleep pg_sleep_for pg_sleep_until ";

static const char names_math[] =
    " abs ceil ceiling floor round trunc sqrt cbrt power pow exp ln log log10 mod div sign pi "
    "degrees radians sin cos tan cot asin acos atan atan2 sinh cosh tanh gcd lcm factorial "
    "width_bucket random scale min_scale trim_scale int4 int8 int2 float8 float4 numeric ";

static const char names_sets[] =
    " generate_series generate_subscripts unnest array_length array_lower array_upper "
    "array_ndims array_dims array_position array_positions array_append array_prepend "
    "array_cat array_remove array_replace cardinality array_fill json_build_object "
    "jsonb_build_object json_build_array jsonb_build_array to_json to_jsonb row_to_json "
    "array_to_json json_object jsonb_object json_extract_path jsonb_extract_path "
    "json_extract_path_text jsonb_extract_path_text json_array_length jsonb_array_length "
    "json_array_elements jsonb_array_elements json_array_elements_text "
    "jsonb_array_elements_text json_each jsonb_each json_each_text jsonb_each_text "
    "json_object_keys jsonb_object_keys json_typeof jsonb_typeof json_strip_nulls "
    "jsonb_strip_nulls jsonb_pretty jsonb_set jsonb_insert jsonb_path_query "
    "jsonb_path_query_array jsonb_path_query_first jsonb_path_exists jsonb_path_match "
    "num_nulls num_nonnulls lower_inc upper_inc isempty ";

static const char names_server[] =
    " pg_database_size pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size "
    "pg_tablespace_size pg_size_pretty pg_size_bytes pg_column_size current_setting "
    "current_database current_catalog current_schema current_schemas current_query version "
    "pg_postmaster_start_time pg_conf_load_time pg_is_in_recovery pg_last_wal_receive_lsn "
    "pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_is_wal_replay_paused "
    "pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_wal_lsn_diff "
    "pg_walfile_name pg_walfile_name_offset txid_current_if_assigned "
    "pg_current_xact_id_if_assigned pg_current_snapshot pg_xact_status txid_status "
    "pg_backend_pid inet_server_addr inet_server_port inet_client_addr inet_client_port "
    "pg_blocking_pids pg_safe_snapshot_blocking_pids pg_lock_status "
    "obj_description col_description shobj_description format_type pg_get_indexdef "
    "pg_get_constraintdef pg_get_viewdef pg_get_expr pg_get_triggerdef pg_get_functiondef "
    "pg_get_userbyid pg_get_serial_sequence pg_table_is_visible pg_type_is_visible "
    "pg_function_is_visible to_regclass to_regtype to_regproc to_regnamespace to_regrole "
    "has_table_privilege has_column_privilege has_database_privilege has_schema_privilege "
    "has_function_privilege has_sequence_privilege pg_has_role pg_encoding_to_char "
    "getdatabaseencoding pg_client_encoding pg_typeof pg_collation_for pg_tablespace_location "
    "pg_relation_filenode pg_relation_filepath pg_index_column_has_property "
    "pg_indexam_has_property pg_sequence_last_value pg_control_checkpoint pg_control_system "
    "pg_show_all_settings pg_cursor pg_prepared_xact pg_trigger_depth pg_jit_available "
    "row_security_active pg_notification_queue_usage age mxid_age pg_partition_tree "
    "pg_partition_ancestors pg_ls_waldir pg_ls_logdir pg_ls_tmpdir pg_ls_archive_statusdir "
    "pg_ls_replslotdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_stat_file "
    "pg_current_logfile "
    "pg_control_init pg_control_recovery pg_get_backend_memory_contexts "
    "pg_get_shmem_allocations pg_hba_file_rules pg_ident_file_mappings "
    "pg_show_all_file_settings pg_show_replication_origin_status "
    "pg_replication_origin_progress pg_get_wal_replay_pause_state "
    "pg_get_wal_resource_managers pg_last_committed_xact pg_xact_commit_timestamp "
    "pg_get_multixact_members pg_collation_actual_version "
    "pg_database_collation_actual_version ";

/* What stays in the session after the statement: nothing that the next one may rely on. */
static const char names_session[] =
    " set_config pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock "
    "pg_try_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_shared "
    "pg_advisory_unlock_all setseed ";

/* Labelled stable or immutable, and yet they write, or run SQL that nobody has looked at. */
static const char names_change[] =
    " txid_current pg_current_xact_id table_to_xml table_to_xml_and_xmlschema query_to_xml "
    "query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml schema_to_xml_and_xmlschema "
    "schema_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema "
    "pg_get_partition_constraintdef satisfies_hash_partition pg_input_is_valid "
    "pg_input_error_info cursor_to_xml cursor_to_xmlschema ts_stat "
    "ts_rewrite fmgr_c_validator fmgr_sql_validator fmgr_internal_validator ";

/* Data or service is lost, or a program runs, whatever the arguments. */
static const char names_destroy[] =
    " pg_terminate_backend pg_promote pg_drop_replication_slot lo_unlink pg_file_unlink "
    "pg_file_write pg_file_rename pg_replication_origin_drop ";

const struct bl_sql_list bl_sql_lists[] = {
    {BL_SQL_SESSION, "leave something in the session", names_session},
    {BL_SQL_DESTROYS, "lose data or service, or run a program", names_destroy},
    {BL_SQL_CHANGES, "write or run SQL although they are labelled harmless", names_change},
    {BL_SQL_HARMLESS, "aggregates and window functions", names_aggregates},
    {BL_SQL_HARMLESS, "text", names_text},
    {BL_SQL_HARMLESS, "time", names_time},
    {BL_SQL_HARMLESS, "numbers", names_math},
    {BL_SQL_HARMLESS, "sets, arrays, JSON", names_sets},
    {BL_SQL_HARMLESS, "the server", names_server},
    {0},
};

static const char names_operators[] =
    " = <> != < > <= >= + - * / % ^ | & # ~ << >> || |/ ||/ @ ~~ !~~ ~~* !~~* ~* !~ !~* -> ->> "
    "#> #>> #- @> <@ ? ?| ?& @? @@ && ^@ -|- &< &> <<= >>= ";

/* The parser's own words for what is made of these. */
static const char *const names_between[] = {"BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC",
                                            "NOT BETWEEN SYMMETRIC"};

static const char names_types[] =
    " bool boolean int2 int4 int8 smallint integer int bigint float4 float8 real numeric "
    "decimal "
    "money text varchar bpchar char name bytea date time timetz timestamp timestamptz interval "
    "json jsonb jsonpath uuid inet cidr macaddr oid xid xid8 tid pg_lsn regclass regtype "
    "regproc "
    "regprocedure regnamespace regrole regoper bit varbit int4range int8range numrange tsrange "
    "tstzrange daterange ";

static const char names_nodes[] =
    " SelectStmt VariableShowStmt ExplainStmt ResTarget ColumnRef A_Star String Integer Float "
    "Boolean BitString A_Const A_Expr BoolExpr NullTest BooleanTest FuncCall TypeCast TypeName "
    "RangeVar RangeSubselect RangeFunction JoinExpr SubLink CaseExpr CaseWhen CoalesceExpr "
    "MinMaxExpr SQLValueFunction A_ArrayExpr A_Indices A_Indirection ParamRef List SortBy "
    "WindowDef CommonTableExpr RowExpr CollateClause GroupingSet GroupingFunc DefElem "
    "NamedArgExpr ColumnDef RangeTableSample ";

/* What a word is; the lists share one table. */
enum names_kind { NAMES_FUNCTION, NAMES_OPERATOR, NAMES_TYPE, NAMES_NODE };

struct names_word {
    const char *at; /* in its list; NULL: free */
    uint16_t len;
    uint8_t kind, effect;
};

#define NAMES_SLOTS 4096 /* a power of two, several times the number of words */
static struct names_word names_table[NAMES_SLOTS];
static pthread_once_t names_once = PTHREAD_ONCE_INIT;

/* FNV-1a, over a word and what it is. */
static struct names_word *names_slot(const char *word, size_t len, enum names_kind kind)
{
    uint32_t hash = 2166136261u + kind;
    struct names_word *slot;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)word[i]) * 16777619u;
    for (;; hash++) {
        slot = &names_table[hash % NAMES_SLOTS];
        if (slot->at == NULL ||
            (slot->kind == kind && slot->len == len && memcmp(slot->at, word, len) == 0))
            return slot;
    }
}

/* Words separated by blanks; the first list that has a word decides. */
static void names_add(const char *words, enum names_kind kind, enum bl_sql_effect effect)
{
    for (const char *at = words + 1; *at != '\0'; at += strcspn(at, " ") + 1) {
        size_t len = strcspn(at, " ");
        struct names_word *slot = names_slot(at, len, kind);
        if (slot->at == NULL)
            *slot = (struct names_word){at, (uint16_t)len, (uint8_t)kind, (uint8_t)effect};
    }
}

static void names_build(void)
{
    for (const struct bl_sql_list *list = bl_sql_lists; list->words != NULL; list++)
        names_add(list->words, NAMES_FUNCTION, list->effect);
    names_add(names_operators, NAMES_OPERATOR, BL_SQL_HARMLESS);
    names_add(names_types, NAMES_TYPE, BL_SQL_HARMLESS);
    names_add(names_nodes, NAMES_NODE, BL_SQL_HARMLESS);
}

static enum bl_sql_effect names_find(const char *name, enum names_kind kind)
{
    const struct names_word *slot;

    pthread_once(&names_once, names_build);
    slot = names_slot(name, strlen(name), kind);
    return slot->at != NULL ? (enum bl_sql_effect)slot->effect : BL_SQL_UNKNOWN;
}

enum bl_sql_effect bl_sql_function(const char *name)
{
    /* set functions behind the statistics views: all of them only read */
    if (strncmp(name, "pg_stat_get_", 12) == 0)
        return BL_SQL_HARMLESS;
    return names_find(name, NAMES_FUNCTION);
}

bool bl_sql_is_operator(const char *name)
{
    for (unsigned i = 0; i < BL_COUNT(names_between); i++) {
        if (strcmp(name, names_between[i]) == 0)
            return true;
    }
    return names_find(name, NAMES_OPERATOR) != BL_SQL_UNKNOWN;
}

bool bl_sql_is_type(const char *name)
{
    return names_find(name, NAMES_TYPE) != BL_SQL_UNKNOWN;
}

bool bl_sql_is_node(const char *name)
{
    return names_find(name, NAMES_NODE) != BL_SQL_UNKNOWN;
}

#define SESSION_REASON                                                                         \
    "it changes the session, and no session outlives a statement here: write each statement "  \
    "so that it stands alone"
#define CONTROL_REASON                                                                         \
    "transactions are opened and ended by the engine, one for each statement: leave it out"

const struct bl_sql_statement bl_sql_statements[] = {
    {"SelectStmt", BL_CLASS_OBSERVE, false, NULL},
    {"VariableShowStmt", BL_CLASS_OBSERVE, false, NULL},
    {"ExplainStmt", BL_CLASS_OBSERVE, false, NULL},
    {"TransactionStmt", BL_CLASS_CHANGE, false, CONTROL_REASON},
    {"VariableSetStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"ConstraintsSetStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"PrepareStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"ExecuteStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"DeallocateStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"ListenStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"UnlistenStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"DiscardStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"DeclareCursorStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"FetchStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"ClosePortalStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"LoadStmt", BL_CLASS_CHANGE, false, SESSION_REASON},
    {"TruncateStmt", BL_CLASS_DESTROY, false, NULL},
    {"DropStmt", BL_CLASS_DESTROY, false, NULL},
    {"DropdbStmt", BL_CLASS_DESTROY, true, NULL},
    {"DropRoleStmt", BL_CLASS_DESTROY, false, NULL},
    {"DropOwnedStmt", BL_CLASS_DESTROY, false, NULL},
    {"DropTableSpaceStmt", BL_CLASS_DESTROY, true, NULL},
    {"DropSubscriptionStmt", BL_CLASS_DESTROY, true, NULL},
    {"DropUserMappingStmt", BL_CLASS_DESTROY, false, NULL},
    {"CreatedbStmt", BL_CLASS_CHANGE, true, NULL},
    {"CreateTableSpaceStmt", BL_CLASS_CHANGE, true, NULL},
    {"CreateSubscriptionStmt", BL_CLASS_CHANGE, true, NULL},
    {"AlterSubscriptionStmt", BL_CLASS_CHANGE, true, NULL},
    {"AlterSystemStmt", BL_CLASS_CHANGE, true, NULL},
    {"AlterDatabaseStmt", BL_CLASS_CHANGE, true, NULL},
    {"ClusterStmt", BL_CLASS_CHANGE, true, NULL},
    {"CallStmt", BL_CLASS_CHANGE, true, NULL},
    {"DoStmt", BL_CLASS_CHANGE, true, NULL},
    {0},
};

const struct bl_sql_statement *bl_sql_statement(const char *name)
{
    for (unsigned i = 0; bl_sql_statements[i].name != NULL; i++) {
        if (strcmp(bl_sql_statements[i].name, name) == 0)
            return &bl_sql_statements[i];
    }
    return NULL;
}
