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

/* A function is called, as it stands there or by a cast, an operator or an order. */
static bool is_call(const struct bl_tree *node)
{
    const struct bl_tree *constant = bl_tree_get(bl_tree_get(node, "arg"), "A_Const");

    if (bl_tree_is(node->key, "TypeCast")) /* a string is read by the type itself */
        return bl_tree_get(constant, "sval") == NULL && bl_tree_get(constant, "isnull") == NULL;
    return bl_tree_is(node->key, "FuncCall") || bl_tree_is(node->key, "A_Expr") ||
           bl_tree_is(node->key, "CaseExpr") || bl_tree_is(node->key, "MinMaxExpr");
}

static bool has_constant_call(const struct bl_tree *tree)
{
    BL_TREE_EACH(tree, child)
    {
        if (is_call(child) && !bl_sql_has_column(child))
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
