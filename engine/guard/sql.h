/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql.h: what one SQL statement does, read from its text by PostgreSQL's own parser. */
#ifndef BL_SQL_H
#define BL_SQL_H

#include "base/call.h"

#define BL_SQL_MAX 32768 /* bytes of one statement; larger data belongs into parameters */

/* What the text shows. What a view, an overload of a harmless function or a column of a user's
 * own type hides is only seen in the server's catalogue (guard/catalogue.h). */
struct bl_sql {
    enum bl_class class;
    bool is_alone; /* the server wants it outside of a transaction block (VACUUM …) */
    bool is_open;  /* a change only because of names that stand in no list of harmless ones: a
                      catalogue may know better */
    char kind[40]; /* the parser's name of the statement: "SelectStmt"; "" when unparsed */
    char why[160]; /* what raised the class: "calls pg_terminate_backend"; "" for observes */
    char refused[240]; /* not "": refused everywhere, and why: a mistake in the text with its
                          place, several statements, transaction control, session state */
};

/*
 * What a statement names, each once: a map whose keys are JSON lists [kind, schema or null,
 * name, arguments]. Kinds: "r" relation, "f" function, "u" a function that stands in no list of
 * harmless ones, "a" a column that may be a function of its row, "s" one that may be a
 * function of any value, "m" a relation that an explained statement writes to, "o" operator,
 * "t" type. The values say for each use which arguments are literals: words of "l" and "-", or
 * "*".
 */
#define BL_SQL_NAMES_MAX 2000 /* a statement that names more is refused */

/*
 * Reads one statement. Observe is what consists of known parts only: SELECT, VALUES, TABLE,
 * SHOW, EXPLAIN (with ANALYZE only of an observe) without INTO, locking clauses and writing
 * CTEs, with functions, operators and types from fixed lists of harmless built-ins. Destroy is
 * what loses data or service (DROP, TRUNCATE, DELETE and UPDATE of all rows, ending backends,
 * programs run on the server). Everything else is a change. Never fails: what cannot be parsed
 * is refused. sql ends in a NUL behind its len bytes. names gets what it names (may be NULL).
 * May be called from any thread.
 */
void bl_sql_read(const char *sql, size_t len, struct bl_sql *result, struct bl_value *names);
/*
 * Whether an expression of a table (an index, a constraint), given as a whole statement, calls
 * something that depends on no column: the planner runs such calls of functions that call
 * themselves immutable.
 */
bool bl_sql_has_constant_call(const char *sql);

/* The text on one line, comments and runs of blanks outside of quotes squeezed, control
 * characters shown, cut to size with "…". */
void bl_sql_line(const char *sql, char *out, size_t size);

#endif
