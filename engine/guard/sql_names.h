/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql_names.h: the names of PostgreSQL that the guard knows by heart. */
#ifndef BL_SQL_NAMES_H
#define BL_SQL_NAMES_H

#include "base/call.h"

enum bl_sql_effect {
    BL_SQL_UNKNOWN, /* not in a list: a change, unless a catalogue knows it as harmless */
    BL_SQL_HARMLESS,
    BL_SQL_CHANGES, /* whatever its volatility says */
    BL_SQL_SESSION, /* leaves something in the session: refused everywhere */
    BL_SQL_DESTROYS,
};

/* The lists of functions, for the reference page: words separated by blanks. Ends with {0}. */
struct bl_sql_list {
    enum bl_sql_effect effect;
    const char *what, *words;
};
extern const struct bl_sql_list bl_sql_lists[];

/* Built-in functions by the last part of their name. */
enum bl_sql_effect bl_sql_function(const char *name);
/* Whether the operator, the type or the parser's node has this name among the harmless ones. */
bool bl_sql_is_operator(const char *name);
bool bl_sql_is_type(const char *name);
bool bl_sql_is_node(const char *name);

/* What a kind of statement does before anyone looks inside. */
struct bl_sql_statement {
    const char *name;
    enum bl_class class;
    bool is_alone;
    const char *refused; /* NULL, or why */
};
extern const struct bl_sql_statement bl_sql_statements[]; /* ends with {0} */
/* NULL for an unknown kind: a change. */
const struct bl_sql_statement *bl_sql_statement(const char *name);

#endif
