/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* catalogue.h: what a PostgreSQL server's own catalogue says about the names of a statement,
 * and what the statement therefore does. */
#ifndef BL_CATALOGUE_H
#define BL_CATALOGUE_H

#include "guard/sql.h"

/*
 * What one connection has learned. Built-in functions are believed to be what the server labels
 * them; every object of a user that a name of the statement may reach (a function, an operator,
 * a cast, what a view, a policy, the check of a domain or an index calls, a foreign table)
 * makes it a change, unless the environment trusts it. Source: the PostgreSQL 15 manual, 10.2
 * and 10.3 (which candidates a call has), 38.7 (volatility).
 */
struct bl_catalogue;

/*
 * trusted: the environment's list, "schema.name" of functions, operators and foreign tables, or
 * "extension NAME" (borrowed; may be NULL). The functions of pg_stat_statements that only read
 * are trusted always.
 */
struct bl_catalogue *bl_catalogue_new(const struct bl_value *trusted);
void bl_catalogue_free(struct bl_catalogue *catalogue);
/* Something was changed: what was learned counts no more. */
void bl_catalogue_forget(struct bl_catalogue *catalogue);

/*
 * Judges a statement. True: *sql is final. False: the server has to be asked first; *question
 * (a new list of names) belongs to bl_catalogue_lookup, whose $1 is bl_catalogue_question of
 * it, and whose rows to bl_catalogue_learn; then judge again. It ends: a view is expanded once.
 */
bool bl_catalogue_judge(struct bl_catalogue *catalogue, const char *text, size_t len,
                        struct bl_sql *sql, struct bl_value **question);
struct bl_value *bl_catalogue_question(const struct bl_value *names);
/* rows as the postgres module gives them: a list of maps by column. */
void bl_catalogue_learn(struct bl_catalogue *catalogue, const struct bl_value *names,
                        const struct bl_value *rows);

/* The search_path that everything was resolved with; NULL before the first answer. */
const char *bl_catalogue_path(const struct bl_catalogue *catalogue);
/* The role when it is a superuser and nobody has been told yet, else NULL. */
const char *bl_catalogue_superuser(struct bl_catalogue *catalogue);

extern const char bl_catalogue_lookup[];

#endif
