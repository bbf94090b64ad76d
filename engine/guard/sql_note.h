/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql_note.h: inside this folder: the names of a statement, as a catalogue is asked about them.
 */
#ifndef BL_SQL_NOTE_H
#define BL_SQL_NOTE_H

#include "base/value.h"

#include "guard/tree.h"

#define BL_SQL_PLACES 100             /* arguments at most, PostgreSQL's own bound */
#define BL_SQL_PLACES_IMPLIED "-l l-" /* of an operator that is not written out */

struct bl_sql_name {
    const char *kind, *schema, *name; /* schema "": none was written */
    int args;                         /* -1: any number */
};

/*
 * Notes one name (sql.h says how) in names, which may be NULL. places: a letter for each
 * argument, "l" where a literal or a parameter stands, which may become any type; "*":
 * anything.
 */
void bl_sql_note(struct bl_value *names, const struct bl_sql_name *name, const char *places);
/* The same for a name of one or more parts, as the parser gives it. */
void bl_sql_note_parts(struct bl_value *names, const char *kind, const struct bl_tree *parts,
                       int args, const char *places);
/* A string, NULL, a parameter, or a list or row that may hold some. */
bool bl_sql_is_literal(const struct bl_tree *node);
/* Where literals stand among arguments; named ones may stand anywhere. */
void bl_sql_places(const struct bl_tree *args, char places[BL_SQL_PLACES + 1]);

/* Adds the names that rows of functions in FROM are known by; "*" when one has none. */
void bl_sql_find_rows(struct bl_value *rows, const struct bl_tree *tree);
/* A condition that names a column; without one it holds for all rows or none. */
bool bl_sql_has_column(const struct bl_tree *tree);

#endif
