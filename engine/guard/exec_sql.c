/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_sql.c: what a psql command does, by the statements that it is given. */
#include "base/prefix.h"

#include "guard/exec_shapes.h"
#include "guard/sql.h"

#include <pg_query.h>

#define PSQL_VALUES "cdfFhLopPRTUv"   /* short options with a value */
#define PSQL_SEPARATORS ";|&(){}<>\n" /* words of a shell that end a command */

static const char *const unread = "runs SQL that the guard cannot read";

/* What the options of psql say about its statements. */
struct psql {
    const char *input;
    bool is_piped, has_statement;
    const char *why; /* it destroys; NULL: not that we know */
};

/* A statement that only groups others, or only changes psql's own session. */
static bool psql_is_frame(const struct bl_sql *sql)
{
    return strcmp(sql->kind, "TransactionStmt") == 0 ||
           strcmp(sql->kind, "VariableSetStmt") == 0;
}

static const char *psql_statement(const char *text, size_t len)
{
    char *copy = bl_strndup(text, len);
    struct bl_sql sql;
    const char *why = NULL;

    bl_sql_read(copy, len, &sql, NULL);
    if (sql.refused[0] != '\0' && !psql_is_frame(&sql))
        why = unread;
    else if (sql.class == BL_CLASS_DESTROY)
        why = "gives psql a statement that destroys";
    bl_free(copy);
    return why;
}

/* Every statement of a text, cut by PostgreSQL's own parser. */
static const char *psql_statements(const char *text)
{
    PgQuerySplitResult split;
    const char *why = NULL;

    if (strlen(text) > BL_SQL_MAX)
        return unread;
    split = pg_query_split_with_parser(text);
    if (split.error != NULL)
        why = unread;
    for (int i = 0; why == NULL && i < split.n_stmts; i++) {
        const char *at = text + split.stmts[i]->stmt_location;
        size_t len = (size_t)split.stmts[i]->stmt_len;
        why = psql_statement(at, len > 0 ? len : strlen(at));
    }
    pg_query_free_split_result(split);
    return why;
}

/* Commands of psql itself: only those that list something are known to be harmless. */
static const char *psql_backslash(const char *text)
{
    static const char *const harmless[] = {"\\d",      "\\l",    "\\x", "\\conninfo",
                                           "\\timing", "\\pset", "\\q", "\\echo"};

    for (size_t i = 0; i < BL_COUNT(harmless); i++) {
        if (strncmp(text, harmless[i], strlen(harmless[i])) == 0 && strchr(text, '|') == NULL &&
            strchr(text, '`') == NULL && strchr(text + 1, '\\') == NULL)
            return NULL;
    }
    return unread;
}

/* One text of -c, or a whole input, in which lines may be commands of psql. */
static void psql_read(struct psql *psql, const char *text)
{
    psql->has_statement = true;
    text += strspn(text, " \t\r\n");
    if (psql->why != NULL)
        return;
    if (*text == '\\')
        psql->why = strchr(text, '\n') == NULL ? psql_backslash(text) : unread;
    else if (strstr(text, "\n\\") != NULL)
        psql->why = unread;
    else
        psql->why = psql_statements(text);
}

static void psql_input(struct psql *psql)
{
    psql->has_statement = true;
    if (psql->is_piped)
        psql->why = unread;
    else if (psql->input != NULL)
        psql_read(psql, psql->input);
}

static void psql_option(struct psql *psql, char option, const char *value)
{
    if (option == 'c')
        psql_read(psql, value);
    else if (option == 'f' && strcmp(value, "-") == 0)
        psql_input(psql);
    else if (option == 'f')
        psql->why = "runs a file of SQL, which the guard does not read";
    psql->has_statement = psql->has_statement || option == 'l';
}

/* A bundle of short options: -Atc TEXT. Gives how many words it took. */
static size_t psql_short(struct psql *psql, const char *word, const char *next)
{
    for (const char *at = word + 1; *at != '\0'; at++) {
        if (strchr(PSQL_VALUES, *at) == NULL) {
            psql_option(psql, *at, "");
            continue;
        }
        psql_option(psql, *at, at[1] != '\0' ? at + 1 : next != NULL ? next : "");
        return at[1] != '\0' ? 1 : 2;
    }
    return 1;
}

static size_t psql_long(struct psql *psql, const char *word, const char *next)
{
    const char *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    char option = '\0';

    if (len > 3 && strncmp(word, "--command", len) == 0)
        option = 'c';
    else if (len > 3 && strncmp(word, "--file", len) == 0)
        option = 'f';
    else if (strcmp(word, "--list") == 0)
        option = 'l';
    if (option == '\0')
        return 1;
    psql_option(psql, option, equals != NULL ? equals + 1 : next != NULL ? next : "");
    return equals != NULL || option == 'l' ? 1 : 2;
}

const char *bl_shape_psql(const char *const *words, size_t count, const char *input,
                          bool is_piped)
{
    const char *slash = strrchr(words[0], '/');
    struct psql psql = {.input = input, .is_piped = is_piped};

    if (strcmp(slash == NULL ? words[0] : slash + 1, "psql") != 0)
        return NULL;
    for (size_t i = 1; i < count && psql.why == NULL;) {
        const char *next = i + 1 < count ? words[i + 1] : NULL;
        if (words[i][0] != '\0' && strchr(PSQL_SEPARATORS, words[i][0]) != NULL)
            break;
        if (strncmp(words[i], "--", 2) == 0)
            i += psql_long(&psql, words[i], next);
        else if (words[i][0] == '-')
            i += psql_short(&psql, words[i], next);
        else
            i++;
    }
    if (!psql.has_statement && psql.why == NULL)
        psql_input(&psql);
    return psql.why;
}
