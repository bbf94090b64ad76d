/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql_columns.c: whether an expression depends on a column at all. */
#include "base/prefix.h"

#include "guard/sql.h"
#include "guard/sql_note.h"

#include <pg_query.h>

bool bl_sql_has_column(const struct bl_tree *tree)
{
    BL_TREE_EACH(tree, child)
    {
        if (bl_tree_is(child->key, "ColumnRef") || bl_tree_is(child->key, "CurrentOfExpr") ||
            bl_sql_has_column(child))
            return true;
    }
    return false;
}

static bool has_constant_call(const struct bl_tree *tree)
{
    BL_TREE_EACH(tree, child)
    {
        if ((bl_tree_is(child->key, "FuncCall") || bl_tree_is(child->key, "A_Expr")) &&
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
    struct bl_tree *root = parsed.error == NULL ? bl_tree_parse(parsed.parse_tree) : NULL;
    bool found = root == NULL || has_constant_call(root); /* what cannot be read may hold one */

    bl_free(root);
    pg_query_free_parse_result(parsed);
    return found;
}
