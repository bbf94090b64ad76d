/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql_count.h: the question how many rows a statement would touch. */
#ifndef BL_SQL_COUNT_H
#define BL_SQL_COUNT_H

#include "base/value.h"

struct bl_sql_count {
    struct bl_buf sql; /* the question */
    struct bl_value
        *params;     /* those of the statement's parameters that it needs, numbered anew */
    char table[100]; /* what is counted, for people */
};

/*
 * Makes a SELECT that counts the rows which a DELETE, UPDATE, TRUNCATE, DROP TABLE or a SELECT
 * with effects would touch, from the statement's own text and its parameters. False: this
 * statement's rows cannot be counted that way. Release in both cases.
 */
bool bl_sql_count(struct bl_sql_count *count, const char *sql, const struct bl_value *params);
void bl_sql_count_release(struct bl_sql_count *count);

#endif
