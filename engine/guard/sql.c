/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql.c: what one SQL statement does, read from its text by PostgreSQL's own parser. */
#include "base/prefix.h"

#include "guard/sql.h"

#include "base/text.h"
#include "guard/sql_names.h"
#include "guard/sql_note.h"

#include <ctype.h>
#include <pg_query.h>

/* A walk over the raw parse tree. Objects with one capitalised key are nodes, lower-case keys
 * are fields. */
struct walk {
    struct bl_sql *result;
    const char *sql;
    struct bl_value *names; /* NULL: nobody asks */
    struct bl_value *rows;  /* names of functions in FROM: their rows may be scalars */
    bool is_planned_only;   /* below EXPLAIN without ANALYZE: nothing of it runs */
};

static void walk_tree(struct walk *walk, const struct bl_tree *tree);

/* Raises the class, and keeps the first reason for the highest one. */
static void walk_raise(struct walk *walk, enum bl_class class, const char *format, ...)
    BL_PRINTF(3, 4);
static void walk_raise(struct walk *walk, enum bl_class class, const char *format, ...)
{
    struct bl_sql *result = walk->result;
    va_list args;

    if (result->class > class ||
        (result->class == class && result->why[0] != '\0' && !result->is_open))
        return;
    result->class = class;
    result->is_open = false;
    va_start(args, format);
    vsnprintf(result->why, sizeof(result->why), format, args);
    va_end(args);
}

/* A name that nobody knows by heart: a change, unless the server's catalogue says more. */
static void walk_unknown(struct walk *walk, const char *what, const char *name)
{
    struct bl_sql *result = walk->result;

    if (result->class != BL_CLASS_OBSERVE)
        return;
    result->class = BL_CLASS_CHANGE;
    result->is_open = true;
    snprintf(result->why, sizeof(result->why), "%s %s, which is not known to be harmless", what,
             name);
}

static void walk_refuse(struct walk *walk, const char *format, ...) BL_PRINTF(2, 3);
static void walk_refuse(struct walk *walk, const char *format, ...)
{
    struct bl_sql *result = walk->result;
    va_list args;

    if (result->refused[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(result->refused, sizeof(result->refused), format, args);
    va_end(args);
}

static void walk_temporary(struct walk *walk)
{
    walk_refuse(walk,
                "temporary objects live in a session, and no session outlives a statement "
                "here: use WITH");
}

/* A name of one part, or of two with pg_catalog in front: its last part; else "". `whole` gets
 * all of it for messages. */
static const char *walk_name(struct walk *walk, const struct bl_tree *names, char *whole,
                             size_t size)
{
    const char *last = "", *first = "";
    size_t used = 0;

    whole[0] = '\0';
    BL_TREE_EACH(names, part)
    {
        bool is_first = part == names->first;
        last = bl_tree_text(bl_tree_get(part, "String"), "sval");
        first = is_first ? last : first;
        if (used < size)
            used +=
                (size_t)snprintf(whole + used, size - used, "%s%s", is_first ? "" : ".", last);
    }
    if (bl_tree_count(names) > 1 && strncmp(first, "pg_temp", 7) == 0)
        walk_temporary(walk);
    if (bl_tree_count(names) == 1 ||
        (bl_tree_count(names) == 2 && strcmp(first, "pg_catalog") == 0))
        return last;
    return "";
}

/* What a function of this name is known to do. */
static void walk_effect(struct walk *walk, enum bl_sql_effect effect, const char *whole,
                        bool is_lock)
{
    if (effect == BL_SQL_SESSION)
        walk_refuse(walk,
                    "%s leaves something in the session, and no session outlives a statement "
                    "here%s",
                    whole, is_lock ? ": use pg_advisory_xact_lock" : "");
    else if (effect == BL_SQL_DESTROYS)
        walk_raise(walk, BL_CLASS_DESTROY, "calls %s", whole);
    else if (effect == BL_SQL_CHANGES)
        walk_raise(walk, BL_CLASS_CHANGE, "calls %s", whole);
    else if (effect == BL_SQL_UNKNOWN)
        walk_unknown(walk, "calls", whole);
}

static void walk_function(struct walk *walk, const struct bl_tree *call)
{
    const struct bl_tree *names = bl_tree_get(call, "funcname");
    int args = (int)bl_tree_count(bl_tree_get(call, "args"));
    char whole[120], places[BL_SQL_PLACES + 1];
    const char *name = walk_name(walk, names, whole, sizeof(whole));
    enum bl_sql_effect effect = bl_sql_function(name);

    bl_sql_places(bl_tree_get(call, "args"), places);
    /* VARIADIC spreads one argument, WITHIN GROUP adds some */
    if (bl_tree_is_true(call, "func_variadic") || bl_tree_get(call, "agg_order") != NULL) {
        args = -1;
        snprintf(places, sizeof(places), "*");
    }
    bl_sql_note_parts(walk->names, effect == BL_SQL_UNKNOWN ? "u" : "f", names, args, places);
    walk_effect(walk, effect, whole, strncmp(name, "pg_", 3) == 0);
}

static void walk_operator(struct walk *walk, const struct bl_tree *names, const char *places)
{
    char whole[120];

    bl_sql_note_parts(walk->names, "o", names, -1, places);
    if (!bl_sql_is_operator(walk_name(walk, names, whole, sizeof(whole))))
        walk_unknown(walk, "uses operator", whole);
}

static void walk_type(struct walk *walk, const struct bl_tree *type)
{
    const struct bl_tree *names = bl_tree_get(type, "names");
    char whole[120];

    bl_sql_note_parts(walk->names, "t", names, -1, "-");
    if (!bl_sql_is_type(walk_name(walk, names, whole, sizeof(whole))))
        walk_unknown(walk, "uses type", whole);
}

/* TABLESAMPLE: its method is a function, and the two of PostgreSQL only read. */
static void walk_sample(struct walk *walk, const struct bl_tree *sample)
{
    const struct bl_tree *names = bl_tree_get(sample, "method");
    char whole[120];
    const char *name = walk_name(walk, names, whole, sizeof(whole));

    bl_sql_note_parts(walk->names, "f", names, 1, "l");
    if (strcmp(name, "system") != 0 && strcmp(name, "bernoulli") != 0)
        walk_raise(walk, BL_CLASS_CHANGE, "samples by %s", whole);
}

/* row.name: a function of the row is called when it has no such column. (anything).name, and
 * the row of a function in FROM: whatever it is, a function of it. */
static void walk_column(struct walk *walk, const struct bl_tree *fields, const char *kind)
{
    bool is_scalar = *kind == 's';

    BL_TREE_EACH(fields, part)
    {
        const char *name = bl_tree_text(bl_tree_get(part, "String"), "sval");
        enum bl_sql_effect effect = bl_sql_function(name);
        bl_sql_note(walk->names, &(struct bl_sql_name){kind, "", name, 1}, "l");
        if (is_scalar && effect != BL_SQL_UNKNOWN)
            walk_effect(walk, effect, name, strncmp(name, "pg_", 3) == 0);
    }
}

static void walk_reference(struct walk *walk, const struct bl_tree *fields)
{
    const char *row = bl_tree_text(bl_tree_get(bl_tree_at(fields, 0), "String"), "sval");
    struct bl_tree rest = *fields;

    if (fields->first == NULL)
        return;
    rest.first = fields->first->next;
    walk_column(
        walk, &rest,
        bl_map_get(walk->rows, row) != NULL || bl_map_get(walk->rows, "*") != NULL ? "s" : "a");
}

static void walk_rows(struct walk *walk, const char *verb, const struct bl_tree *statement)
{
    const struct bl_tree *where = bl_tree_get(statement, "whereClause");
    const char *table = bl_tree_text(bl_tree_get(statement, "relation"), "relname");

    if (where == NULL)
        walk_raise(walk, BL_CLASS_DESTROY, "%s %s without WHERE", verb, table);
    else if (!bl_sql_has_column(where))
        walk_raise(walk, BL_CLASS_DESTROY, "%s %s with a WHERE that names no column", verb,
                   table);
    else
        walk_raise(walk, BL_CLASS_CHANGE, "%s %s", verb, table);
}

static void walk_explain(struct walk *walk, const struct bl_tree *statement)
{
    const struct bl_tree *options = bl_tree_get(statement, "options");
    const struct bl_tree *query = bl_tree_get(statement, "query");
    bool before = walk->is_planned_only;

    walk->is_planned_only = true;
    BL_TREE_EACH(options, option)
    {
        /* (ANALYZE off) is rare enough to be taken for ANALYZE */
        if (strcmp(bl_tree_text(bl_tree_get(option, "DefElem"), "defname"), "analyze") == 0)
            walk->is_planned_only = before;
    }
    walk_tree(walk, query);
    walk->is_planned_only = before;
}

static void walk_copy(struct walk *walk, const struct bl_tree *statement)
{
    if (bl_tree_is_true(statement, "is_program"))
        walk_raise(walk, BL_CLASS_DESTROY, "runs a program on the server");
    else if (*bl_tree_text(statement, "filename") == '\0')
        walk_refuse(walk, "COPY from or to the client is not supported: select the rows, or "
                          "run psql by exec");
    else
        walk_raise(walk, BL_CLASS_CHANGE, "copies to or from a file of the server");
}

/* Statements that the server runs only outside of a transaction block. */
static bool is_alone(const char *name, const struct bl_tree *statement)
{
    const struct bl_tree *params = bl_tree_get(statement, "params");
    const char *kind = bl_tree_text(statement, "kind");

    if (bl_tree_is_true(statement, "concurrent") || bl_tree_is_true(statement, "is_vacuumcmd"))
        return true;
    if (strcmp(name, "ReindexStmt") != 0)
        return false;
    BL_TREE_EACH(params, param)
    {
        if (strcmp(bl_tree_text(bl_tree_get(param, "DefElem"), "defname"), "concurrently") == 0)
            return true;
    }
    return bl_tree_is(kind, "REINDEX_OBJECT_DATABASE") ||
           bl_tree_is(kind, "REINDEX_OBJECT_SCHEMA") ||
           bl_tree_is(kind, "REINDEX_OBJECT_SYSTEM");
}

static void walk_command(struct walk *walk, const struct bl_tree *command)
{
    const char *kind = bl_tree_text(command, "subtype");

    if (bl_tree_is(kind, "AT_DropColumn"))
        walk_raise(walk, BL_CLASS_DESTROY, "drops column %s", bl_tree_text(command, "name"));
    if (bl_tree_is_true(bl_tree_get(bl_tree_get(command, "def"), "PartitionCmd"), "concurrent"))
        walk->result->is_alone = true;
}

static void walk_statement(struct walk *walk, const char *name, const struct bl_tree *statement)
{
    const struct bl_sql_statement *known = bl_sql_statement(name);
    const char *verb = walk->sql + strspn(walk->sql, " \t\r\n;(");

    if (known != NULL && known->refused != NULL)
        walk_refuse(walk, "'%.*s' is refused: %s", (int)strcspn(verb, " \t\r\n;("), verb,
                    known->refused);
    if (is_alone(name, statement) || (known != NULL && known->is_alone))
        walk->result->is_alone = true;
    if (bl_tree_is(name, "DeleteStmt"))
        walk_rows(walk, "deletes from", statement);
    else if (bl_tree_is(name, "UpdateStmt"))
        walk_rows(walk, "updates", statement);
    else if (bl_tree_is(name, "CopyStmt"))
        walk_copy(walk, statement);
    else if (known == NULL || known->class != BL_CLASS_OBSERVE)
        walk_raise(walk, known != NULL ? known->class : BL_CLASS_CHANGE, "is a %.*s statement",
                   (int)strcspn(verb, " \t\r\n;("), verb);
}

static void walk_expression(struct walk *walk, const struct bl_tree *expression)
{
    const struct bl_tree *left = bl_tree_get(expression, "lexpr");
    const struct bl_tree *right = bl_tree_get(expression, "rexpr");
    char places[3] = "";

    if (left != NULL)
        places[0] = bl_sql_is_literal(left) ? 'l' : '-';
    places[strlen(places)] = bl_sql_is_literal(right) ? 'l' : '-';
    walk_operator(walk, bl_tree_get(expression, "name"), places);
}

/* Operators that are looked up by their names without being written out. */
static void walk_implied(struct walk *walk, const char *name, const struct bl_tree *node)
{
    static const char *const between[] = {"<", ">", "<=", ">="};
    const char *operator=
        bl_tree_text(bl_tree_get(bl_tree_at(bl_tree_get(node, "name"), 0), "String"), "sval");

    if ((bl_tree_is(name, "CaseExpr") && bl_tree_get(node, "arg") != NULL) ||
        strcmp(bl_tree_text(node, "subLinkType"), "ANY_SUBLINK") == 0 ||
        (bl_tree_is(name, "JoinExpr") &&
         (bl_tree_get(node, "usingClause") != NULL || bl_tree_is_true(node, "isNatural"))))
        bl_sql_note(walk->names, &(struct bl_sql_name){"o", "", "=", -1},
                    BL_SQL_PLACES_IMPLIED);
    for (size_t i = 0; strstr(operator, "BETWEEN") != NULL && i < BL_COUNT(between); i++)
        bl_sql_note(walk->names, &(struct bl_sql_name){"o", "", between[i], -1},
                    BL_SQL_PLACES_IMPLIED);
}

static bool is_modification(const char *name)
{
    return bl_tree_is(name, "InsertStmt") || bl_tree_is(name, "UpdateStmt") ||
           bl_tree_is(name, "DeleteStmt") || bl_tree_is(name, "MergeStmt");
}

static void walk_relation(struct walk *walk, const char *kind, const struct bl_tree *relation)
{
    bl_sql_note(walk->names,
                &(struct bl_sql_name){kind, bl_tree_text(relation, "schemaname"),
                                      bl_tree_text(relation, "relname"), -1},
                "-");
}

/* What a node names, and what is known by that name. */
static void walk_named(struct walk *walk, const char *name, const struct bl_tree *node)
{
    if (bl_tree_is(name, "FuncCall"))
        walk_function(walk, node);
    else if (bl_tree_is(name, "A_Expr"))
        walk_expression(walk, node);
    else if (bl_tree_is(name, "TypeName"))
        walk_type(walk, node);
    else if (bl_tree_is(name, "AlterTableCmd"))
        walk_command(walk, node);
    else if (bl_tree_is(name, "RangeTableSample"))
        walk_sample(walk, node);
    else if (bl_tree_is(name, "RangeVar"))
        walk_relation(walk, "r", node);
    else if (bl_tree_is(name, "ColumnRef"))
        walk_reference(walk, bl_tree_get(node, "fields"));
    else if (bl_tree_is(name, "A_Indirection"))
        walk_column(walk, bl_tree_get(node, "indirection"), "s");
    else if (is_modification(name))
        walk_relation(walk, "m", bl_tree_get(node, "relation"));
}

static void walk_node(struct walk *walk, const char *name, const struct bl_tree *node)
{
    size_t len = strlen(name);

    if (len > 4 && memcmp(name + len - 4, "Stmt", 4) == 0 &&
        !(walk->is_planned_only && is_modification(name)))
        walk_statement(walk, name, node);
    else if (!bl_sql_is_node(name) && !walk->is_planned_only)
        walk_raise(walk, BL_CLASS_CHANGE, "holds a %s, which is not known to be harmless",
                   name);
    if (bl_tree_is(name, "ExplainStmt")) {
        walk_explain(walk, node);
        return;
    }
    walk_named(walk, name, node);
    walk_implied(walk, name, node);
    walk_tree(walk, node);
}

/* CREATE TEMP TABLE x, SELECT INTO TEMP x, CREATE TABLE pg_temp.x */
static bool is_temporary(const struct bl_tree *field)
{
    return (bl_tree_is(field->key, "relpersistence") && bl_tree_is(field->text, "t")) ||
           (bl_tree_is(field->key, "schemaname") && strncmp(field->text, "pg_temp", 7) == 0);
}

static void walk_field(struct walk *walk, const struct bl_tree *field)
{
    const char *name = field->key;

    if (bl_tree_is(name, "intoClause"))
        walk_raise(walk, BL_CLASS_CHANGE, "SELECT INTO makes a table");
    else if (bl_tree_is(name, "lockingClause"))
        walk_raise(walk, BL_CLASS_CHANGE, "locks rows");
    else if (bl_tree_is(name, "typeName"))
        walk_type(walk, field);
    else if (bl_tree_is(name, "operName") || bl_tree_is(name, "useOp"))
        walk_operator(walk, field, BL_SQL_PLACES_IMPLIED);
    else if (is_temporary(field))
        walk_temporary(walk);
    walk_tree(walk, field);
}

static void walk_tree(struct walk *walk, const struct bl_tree *tree)
{
    BL_TREE_EACH(tree, child)
    {
        if (isupper((unsigned char)child->key[0]))
            walk_node(walk, child->key, child);
        else if (child->first != NULL || child->kind == BL_TREE_TEXT)
            walk_field(walk, child);
    }
}

static void read_tree(struct bl_sql *result, const char *sql, char *json,
                      struct bl_value *names)
{
    struct walk walk = {.result = result, .sql = sql, .names = names};
    struct bl_tree *root = bl_tree_parse(json);
    const struct bl_tree *statements = bl_tree_get(root, "stmts");
    const struct bl_tree *statement = bl_tree_get(bl_tree_at(statements, 0), "stmt");
    size_t count = bl_tree_count(statements);

    if (root == NULL) {
        walk_refuse(&walk, "the SQL is nested too deeply to be checked: simplify it");
    } else if (count != 1) {
        walk_refuse(&walk,
                    count == 0 ? "there is no statement in the SQL"
                               : "the SQL holds %zu statements: send each by a call of its own",
                    count);
    } else {
        snprintf(result->kind, sizeof(result->kind), "%s",
                 bl_tree_at(statement, 0) != NULL ? bl_tree_at(statement, 0)->key : "");
        walk.rows = bl_map_new();
        bl_sql_find_rows(walk.rows, statement);
        walk_tree(&walk, statement);
        bl_value_unref(walk.rows);
    }
    bl_free(root);
}

/* Where the parser stopped, in lines and columns of the author's text. */
static void read_error(struct bl_sql *result, const char *sql, const PgQueryError *error)
{
    struct walk walk = {.result = result};
    int line = 1, column = 1, left = error->cursorpos - 1; /* counts characters */
    struct bl_buf clean;

    for (; left > 0 && *sql != '\0'; sql++) {
        bool is_last = ((unsigned char)sql[1] & 0xc0) != 0x80; /* byte of its character */
        column = *sql == '\n' ? 1 : column + is_last;
        line += *sql == '\n';
        left -= is_last;
    }
    bl_buf_init(&clean, 150);
    bl_text_clean(&clean, error->message, strlen(error->message), false);
    walk_refuse(&walk, "%s (line %d, column %d of the SQL)", bl_buf_text(&clean), line, column);
    bl_buf_release(&clean);
}

void bl_sql_read(const char *sql, size_t len, struct bl_sql *result, struct bl_value *names)
{
    struct walk walk = {.result = result};
    PgQueryParseResult parsed;

    *result = (struct bl_sql){.class = BL_CLASS_OBSERVE};
    if (len > BL_SQL_MAX) {
        walk_refuse(&walk, "the SQL has %zu bytes, more than %d: put data into parameters", len,
                    BL_SQL_MAX);
    } else if (strlen(sql) != len || !bl_utf8_is_valid(sql, len)) {
        walk_refuse(&walk, "the SQL is not text: a NUL byte or no UTF-8");
    } else {
        parsed = pg_query_parse(sql);
        if (parsed.error != NULL)
            read_error(result, sql, parsed.error);
        else
            read_tree(result, sql, parsed.parse_tree, names);
        pg_query_free_parse_result(parsed);
    }
    if (bl_value_count(names) > BL_SQL_NAMES_MAX)
        walk_refuse(&walk, "the SQL names more than %d things: split it", BL_SQL_NAMES_MAX);
    if (result->refused[0] != '\0' && result->class == BL_CLASS_OBSERVE)
        result->class = BL_CLASS_CHANGE;
}
