/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql_note.c: the names of a statement, as a catalogue is asked about them. */
#include "base/prefix.h"

#include "guard/sql_note.h"

#include "base/json.h"

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t count = strcspn(at, " ");
        if (count == len && strncmp(at, word, len) == 0)
            return true;
        at += count;
    }
    return false;
}

void bl_sql_note(struct bl_value *names, const struct bl_sql_name *name, const char *places)
{
    const char *before;
    struct bl_buf key;

    if (names == NULL || *name->name == '\0')
        return;
    bl_buf_init(&key, 0);
    bl_buf_printf(&key, "[\"%s\",", name->kind);
    if (*name->schema == '\0')
        bl_buf_text_add(&key, "null");
    else
        bl_json_write_text(&key, name->schema, strlen(name->schema));
    bl_buf_char(&key, ',');
    bl_json_write_text(&key, name->name, strlen(name->name));
    bl_buf_printf(&key, ",%d]", name->args);
    before = bl_map_text(names, bl_buf_text(&key), NULL);
    if (before == NULL)
        bl_map_set(names, bl_buf_text(&key), bl_value_text(places));
    else if (!has_word(before, places))
        bl_map_set(names, bl_buf_text(&key), bl_value_textf("%s %s", before, places));
    bl_buf_release(&key);
}

static const char *note_text(const struct bl_tree *part)
{
    return bl_tree_text(part, "sval");
}

void bl_sql_note_parts(struct bl_value *names, const char *kind, const struct bl_tree *parts,
                       int args, const char *places)
{
    size_t count = bl_tree_count(parts);
    const struct bl_tree *last = bl_tree_get(bl_tree_at(parts, count - 1), "String");
    const struct bl_tree *first = bl_tree_get(bl_tree_at(parts, count - 2), "String");

    if (count > 0)
        bl_sql_note(names,
                    &(struct bl_sql_name){kind, count > 1 ? note_text(first) : "",
                                          note_text(last), args},
                    places);
}

bool bl_sql_is_literal(const struct bl_tree *node)
{
    const struct bl_tree *constant = bl_tree_get(node, "A_Const");
    const struct bl_tree *collated = bl_tree_get(node, "CollateClause");
    const struct bl_tree *cast = bl_tree_get(node, "TypeCast");
    const struct bl_tree *type = bl_tree_get(bl_tree_get(cast, "typeName"), "names");
    const struct bl_tree *last = bl_tree_at(type, bl_tree_count(type) - 1);

    if (collated != NULL)
        return bl_sql_is_literal(bl_tree_get(collated, "arg"));
    if (cast != NULL)
        return strcmp(note_text(bl_tree_get(last, "String")), "unknown") == 0;
    return bl_tree_get(node, "ParamRef") != NULL || bl_tree_get(node, "List") != NULL ||
           bl_tree_get(node, "RowExpr") != NULL || bl_tree_get(constant, "sval") != NULL ||
           bl_tree_get(constant, "isnull") != NULL;
}

void bl_sql_places(const struct bl_tree *args, char places[BL_SQL_PLACES + 1])
{
    size_t index = 0;

    memset(places, 0, BL_SQL_PLACES + 1);
    BL_TREE_EACH(args, arg)
    {
        if (bl_tree_get(arg, "NamedArgExpr") != NULL || index == BL_SQL_PLACES) {
            snprintf(places, BL_SQL_PLACES, "*");
            return;
        }
        places[index++] = bl_sql_is_literal(arg) ? 'l' : '-';
    }
    if (places[0] == '\0')
        places[0] = 'l'; /* what is left out may be of any type */
}

static void note_row(struct bl_value *rows, const struct bl_tree *function)
{
    const char *alias = bl_tree_text(bl_tree_get(function, "alias"), "aliasname");
    const struct bl_tree *item =
        bl_tree_get(bl_tree_at(bl_tree_get(function, "functions"), 0), "List");
    const struct bl_tree *call =
        bl_tree_get(bl_tree_at(bl_tree_get(item, "items"), 0), "FuncCall");
    const struct bl_tree *names = bl_tree_get(call, "funcname");
    const char *name =
        note_text(bl_tree_get(bl_tree_at(names, bl_tree_count(names) - 1), "String"));

    if (*alias == '\0')
        alias = *name != '\0' ? name : "*";
    bl_map_set(rows, alias, bl_value_bool(true));
}

void bl_sql_find_rows(struct bl_value *rows, const struct bl_tree *tree)
{
    BL_TREE_EACH(tree, child)
    {
        if (bl_tree_is(child->key, "RangeFunction"))
            note_row(rows, child);
        bl_sql_find_rows(rows, child);
    }
}
