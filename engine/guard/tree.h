/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* tree.h: inside this folder: a parse tree as libpg_query writes it, ready to be walked. */
#ifndef BL_TREE_H
#define BL_TREE_H

#include "base/prefix.h"

enum bl_tree_kind { BL_TREE_OTHER, BL_TREE_TRUE, BL_TREE_TEXT, BL_TREE_LIST, BL_TREE_MAP };

/* One value of the JSON text; its strings lie in that text. */
struct bl_tree {
    const char *key;  /* inside a map, else "" */
    const char *text; /* of BL_TREE_TEXT, else "" */
    const struct bl_tree *first, *next;
    struct bl_tree *last;
    uint32_t count; /* children */
    uint8_t kind;
};

/*
 * Reads the JSON of a parse tree, which is changed in place and must outlive the nodes. Gives
 * the root of an array of nodes to be freed with bl_free, NULL when it is nested too deeply or
 * is not what libpg_query writes. A general JSON library takes ten times as long.
 */
struct bl_tree *bl_tree_parse(char *json);

/* Most names differ in their first character: a call of strcmp for each costs a fifth of a
 * walk. */
static inline bool bl_tree_is(const char *name, const char *wanted)
{
    return *name == *wanted && strcmp(name, wanted) == 0;
}

/* A child by its key; NULL when there is none (or no node). */
const struct bl_tree *bl_tree_get(const struct bl_tree *node, const char *key);
/* A child by its place, from 0. */
const struct bl_tree *bl_tree_at(const struct bl_tree *node, size_t index);
size_t bl_tree_count(const struct bl_tree *node);
/* The text of a child, "" when there is none. */
const char *bl_tree_text(const struct bl_tree *node, const char *key);
bool bl_tree_is_true(const struct bl_tree *node, const char *key);

/* for each child of a node, which may be NULL */
#define BL_TREE_EACH(node, child)                                                              \
    for (const struct bl_tree *child = (node) != NULL ? (node)->first : NULL; child != NULL;   \
         child = child->next)

#endif
