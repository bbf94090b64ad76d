/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql_columns.c: whether an expression depends on a column at all. */
#include "base/prefix.h"

#include "guard/sql.h"
#include "guard/sql_note.h"

#include <pg_query.h>

bool bl_sql_has_column(json_t *tree)
{
    const char *key;
    json_t *child;
    size_t index;

    if (json_is_array(tree)) {
        json_array_foreach (tree, index, child) {
            if (bl_sql_has_column(child))
                return true;
        }
    }
    json_object_foreach (tree, key, child) {
        if (strcmp(key, "ColumnRef") == 0 || strcmp(key, "CurrentOfExpr") == 0 ||
            bl_sql_has_column(child))
            return true;
    }
    return false;
}

static bool has_constant_call(json_t *tree)
{
    const char *key;
    json_t *child;
    size_t index;

    if (json_is_array(tree)) {
        json_array_foreach (tree, index, child) {
            if (has_constant_call(child))
                return true;
        }
    }
    json_object_foreach (tree, key, child) {
        if ((strcmp(key, "FuncCall") == 0 || strcmp(key, "A_Expr") == 0) &&
            !bl_sql_has_column(child))
            return true;
        if (has_constant_call(child))
            return true;
    }
    return false;
}

bool bl_sql_has_constant_call(const char *sql)
{
    PgQueryParseResult parsed = pg_query_parse(sql);
    json_error_t problem;
    json_t *root = parsed.error == NULL ? json_loads(parsed.parse_tree, 0, &problem) : NULL;
    bool found = root == NULL || has_constant_call(root); /* what cannot be read may hold one */

    json_decref(root);
    pg_query_free_parse_result(parsed);
    return found;
}
