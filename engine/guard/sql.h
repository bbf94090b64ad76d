/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql.h: what one SQL statement does, read from its text by PostgreSQL's own parser. */
#ifndef BL_SQL_H
#define BL_SQL_H

#include "base/call.h"

#define BL_SQL_MAX 32768 /* bytes of one statement; larger data belongs into parameters */

/* What the text shows. Names are believed, the server's catalogue is not asked: a view, a
 * user's own overload of a harmless function or a search_path that hides pg_catalog is not
 * seen here. */
struct bl_sql {
    enum bl_class class;
    bool is_alone; /* the server wants it outside of a transaction block (VACUUM …) */
    char kind[40]; /* the parser's name of the statement: "SelectStmt"; "" when unparsed */
    char why[160]; /* what raised the class: "calls pg_terminate_backend"; "" for observes */
    char refused[240]; /* not "": refused everywhere, and why: a mistake in the text with its
                          place, several statements, transaction control, session state */
};

/*
 * Reads one statement. Observe is what consists of known parts only: SELECT, VALUES, TABLE,
 * SHOW, EXPLAIN (with ANALYZE only of an observe) without INTO, locking clauses and writing
 * CTEs, with functions, operators and types from fixed lists of harmless built-ins. Destroy is
 * what loses data or service (DROP, TRUNCATE, DELETE and UPDATE of all rows, ending backends,
 * programs run on the server). Everything else is a change. Never fails: what cannot be parsed
 * is refused. sql ends in a NUL behind its len bytes. May be called from any thread.
 */
void bl_sql_read(const char *sql, size_t len, struct bl_sql *result);

/* The text on one line, comments and runs of blanks outside of quotes squeezed, control
 * characters shown, cut to size with "…". */
void bl_sql_line(const char *sql, char *out, size_t size);

#endif
