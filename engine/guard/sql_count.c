/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sql_count.c: the question how many rows a statement would touch. */
#include "base/prefix.h"

#include "guard/sql_count.h"

#include <ctype.h>

enum count_kind { COUNT_END, COUNT_WORD, COUNT_NAME, COUNT_PARAM, COUNT_OTHER };

/* One piece of the text; blanks and comments lie between them. */
struct count_token {
    enum count_kind kind;
    const char *at;
    size_t len;
};

struct count_piece {
    const char *at, *end;
};

static const char *skip_blanks(const char *at)
{
    const char *before;

    do {
        int depth = 0;
        before = at;
        at += strspn(at, " \t\r\n\f\v");
        if (strncmp(at, "--", 2) == 0)
            at += strcspn(at, "\n");
        if (strncmp(at, "/*", 2) != 0)
            continue;
        do { /* they nest */
            depth += strncmp(at, "/*", 2) == 0 ? 1 : strncmp(at, "*/", 2) == 0 ? -1 : 0;
            at += (strncmp(at, "/*", 2) == 0 || strncmp(at, "*/", 2) == 0) ? 2 : 1;
        } while (depth > 0 && *at != '\0');
    } while (at != before);
    return at;
}

/* Behind the quote that ends it; with escapes a backslash hides the next character. */
static const char *skip_quoted(const char *at, char quote, bool has_escapes)
{
    while (*at != '\0' && *at != quote)
        at += has_escapes && *at == '\\' && at[1] != '\0' ? 2 : 1;
    return *at == '\0' ? at : at + 1;
}

/* $tag$ … $tag$; NULL when it is none. */
static const char *skip_dollars(const char *at)
{
    size_t tag = 1;
    char mark[64];
    const char *end;

    while (isalnum((unsigned char)at[tag]) || at[tag] == '_')
        tag++;
    if (at[tag] != '$' || isdigit((unsigned char)at[1]) || tag + 2 > sizeof(mark))
        return NULL;
    snprintf(mark, sizeof(mark), "%.*s", (int)tag + 1, at);
    end = strstr(at + tag + 1, mark);
    return end != NULL ? end + tag + 1 : at + strlen(at);
}

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (byte & 0x80) != 0;
}

/* Strings, quoted names and what stands between dollars; len 0: none of them begins here. */
static struct count_token quoted_token(const char *at)
{
    struct count_token token = {COUNT_OTHER, at, 0};
    const char *end;

    if ((*at == 'e' || *at == 'E') && at[1] == '\'') {
        token.len = (size_t)(skip_quoted(at + 2, '\'', true) - at);
    } else if (*at == '\'' || *at == '"') {
        token.kind = *at == '"' ? COUNT_NAME : COUNT_OTHER;
        token.len = (size_t)(skip_quoted(at + 1, *at, false) - at);
    } else if (*at == '$' && (end = skip_dollars(at)) != NULL) {
        token.len = (size_t)(end - at);
    }
    return token;
}

static struct count_token next_token(const char *at)
{
    struct count_token token = quoted_token(skip_blanks(at));

    at = token.at;
    if (token.len > 0)
        return token;
    token.len = 1;
    if (*at == '\0') {
        token.kind = COUNT_END;
        token.len = 0;
    } else if (*at == '$' && isdigit((unsigned char)at[1])) {
        token.kind = COUNT_PARAM;
        token.len = 1 + strspn(at + 1, "0123456789");
    } else if (is_name_byte(*at) && !isdigit((unsigned char)*at)) {
        token.kind = COUNT_WORD;
        while (is_name_byte(at[token.len]))
            token.len++;
    }
    return token;
}

static bool is_word(const struct count_token *token, const char *word)
{
    return token->kind == COUNT_WORD && strlen(word) == token->len &&
           strncasecmp(token->at, word, token->len) == 0;
}

/* Up to the first of the words outside of parentheses, or the end; the words end in NULL. */
static struct count_piece cut_piece(const char *from, const char *const words[])
{
    struct count_piece piece = {from, from};
    int depth = 0;

    for (struct count_token token = next_token(from); token.kind != COUNT_END;
         token = next_token(token.at + token.len)) {
        depth += *token.at == '(' || *token.at == '['   ? 1
                 : *token.at == ')' || *token.at == ']' ? -1
                                                        : 0;
        if (*token.at == ';')
            break;
        for (int i = 0; depth == 0 && words[i] != NULL; i++) {
            if (is_word(&token, words[i]))
                return piece;
        }
        piece.end = token.at + token.len;
    }
    return piece;
}

/* The piece behind a word that stands at `at`; an empty one when it does not stand there. */
static struct count_piece cut_clause(const char **at, const char *word,
                                     const char *const until[])
{
    struct count_token token = next_token(*at);
    struct count_piece piece = {token.at, token.at};

    if (!is_word(&token, word))
        return piece;
    piece = cut_piece(token.at + token.len, until);
    *at = piece.end;
    return piece;
}

struct count_writer {
    struct bl_buf *out;
    const struct bl_value *given;
    struct bl_value *params;
    int numbers[101];
};

/* Adds a parameter under its new number. */
static void add_param(struct bl_buf *out, const char *at, struct count_writer *writer)
{
    size_t number = strtoul(at + 1, NULL, 10);
    const struct bl_value *value = bl_list_get(writer->given, number - 1);

    if (number > 100 || value == NULL) {
        bl_buf_text_add(out, "$0"); /* what the server refuses */
        return;
    }
    if (writer->numbers[number] == 0) {
        bl_list_add(writer->params, bl_value_ref(value));
        writer->numbers[number] = (int)bl_value_count(writer->params);
    }
    bl_buf_printf(out, "$%d", writer->numbers[number]);
}

/* The name by which the table of an UPDATE or DELETE is known: its alias, else its own. */
static struct count_token last_name(const struct count_piece *table)
{
    struct count_token name = {COUNT_END, table->at, 0};

    for (struct count_token token = next_token(table->at);
         token.kind != COUNT_END && token.at < table->end;
         token = next_token(token.at + token.len)) {
        if (token.kind == COUNT_WORD || token.kind == COUNT_NAME)
            name = token;
    }
    return name;
}

/* Copies a piece, its parameters numbered anew, comments and blanks made one blank. */
static void write_piece(struct count_writer *writer, const char *before,
                        const struct count_piece *piece)
{
    const char *at = piece->at;

    bl_buf_printf(writer->out, "%s ", before);
    for (struct count_token token = next_token(at);
         token.kind != COUNT_END && token.at < piece->end; token = next_token(at)) {
        if (token.at > at)
            bl_buf_char(writer->out, ' ');
        if (token.kind == COUNT_PARAM)
            add_param(writer->out, token.at, writer);
        else
            bl_buf_add(writer->out, token.at, token.len);
        at = token.at + token.len;
    }
}

/* table [, others] [WHERE condition]: a row that matches several times is one row. */
static void write_rows(struct count_writer *writer, const struct count_piece *table,
                       const struct count_piece *others, const struct count_piece *where)
{
    struct count_token name = last_name(table);
    bool is_joined = others->at < others->end;

    if (is_joined)
        bl_buf_printf(writer->out,
                      "SELECT count(*) FROM (SELECT DISTINCT %.*s.tableoid, "
                      "%.*s.ctid",
                      (int)name.len, name.at, (int)name.len, name.at);
    else
        bl_buf_text_add(writer->out, "SELECT count(*)");
    write_piece(writer, " FROM", table);
    if (is_joined)
        write_piece(writer, ",", others);
    if (where->at < where->end)
        write_piece(writer, " WHERE", where);
    if (is_joined)
        bl_buf_text_add(writer->out, ") AS touched");
}

static bool count_delete(struct count_writer *writer, const char *at, struct count_piece *table)
{
    static const char *const after_from[] = {"using", "where", "returning", NULL};
    static const char *const after_using[] = {"where", "returning", NULL};
    static const char *const after_where[] = {"returning", NULL};
    struct count_piece others, where;

    *table = cut_clause(&at, "from", after_from);
    others = cut_clause(&at, "using", after_using);
    where = cut_clause(&at, "where", after_where);
    write_rows(writer, table, &others, &where);
    return table->at < table->end;
}

static bool count_update(struct count_writer *writer, const char *at, struct count_piece *table)
{
    static const char *const after_table[] = {"set", NULL};
    static const char *const after_set[] = {"from", "where", "returning", NULL};
    static const char *const after_from[] = {"where", "returning", NULL};
    static const char *const after_where[] = {"returning", NULL};
    struct count_piece others, where;

    *table = cut_piece(at, after_table);
    at = table->end;
    (void)cut_clause(&at, "set", after_set);
    others = cut_clause(&at, "from", after_from);
    where = cut_clause(&at, "where", after_where);
    write_rows(writer, table, &others, &where);
    return table->at < table->end;
}

/* TRUNCATE [TABLE] a, b …, DROP TABLE [IF EXISTS] a, b …: everything in them. */
static bool count_tables(struct count_writer *writer, const char *at, struct count_piece *table)
{
    static const char *const after[] = {"restart", "continue", "cascade", "restrict", NULL};
    static const char *const before[] = {"table", "if", "exists", NULL};
    struct count_token token = next_token(at);
    const char *begin;

    for (int i = 0; before[i] != NULL; i++) {
        if (is_word(&token, before[i]))
            token = next_token(token.at + token.len);
    }
    *table = cut_piece(token.at, after);
    begin = table->at;
    bl_buf_text_add(writer->out, "SELECT");
    for (token = next_token(begin); token.at < table->end;
         token = next_token(token.at + token.len)) {
        bool is_last = token.at + token.len == table->end;
        struct count_piece one = {begin, is_last ? table->end : token.at};
        if (*token.at != ',' && !is_last)
            continue;
        write_piece(writer,
                    begin == table->at ? " (SELECT count(*) FROM" : " + (SELECT count(*) FROM",
                    &one);
        bl_buf_char(writer->out, ')');
        begin = token.at + token.len;
    }
    return table->at < table->end;
}

/* SELECT f(x) FROM …: once for each row. */
static bool count_select(struct count_writer *writer, const char *at, struct count_piece *table)
{
    static const char *const after_list[] = {"from",      "into",   "union",
                                             "intersect", "except", NULL};
    static const char *const after_from[] = {"group",     "having", "window", "union",
                                             "intersect", "except", "order",  "limit",
                                             "offset",    "fetch",  "for",    NULL};
    struct count_token next;

    at = cut_piece(at, after_list).end;
    *table = cut_clause(&at, "from", after_from);
    next = next_token(at);
    write_piece(writer, "SELECT count(*) FROM", table);
    return table->at < table->end &&
           (next.kind == COUNT_END || *next.at == ';' || is_word(&next, "order"));
}

bool bl_sql_count(struct bl_sql_count *count, const char *sql, const struct bl_value *params)
{
    struct count_token verb = next_token(sql), object = next_token(verb.at + verb.len);
    struct count_writer writer = {&count->sql, params, bl_list_new(), {0}};
    const char *rest = verb.at + verb.len;
    struct count_piece piece = {rest, rest};
    bool done = false;

    bl_buf_init(&count->sql, 0);
    count->params = writer.params;
    if (is_word(&verb, "delete"))
        done = count_delete(&writer, rest, &piece);
    else if (is_word(&verb, "update"))
        done = count_update(&writer, rest, &piece);
    else if (is_word(&verb, "truncate") ||
             (is_word(&verb, "drop") && is_word(&object, "table")))
        done = count_tables(&writer, rest, &piece);
    else if (is_word(&verb, "select"))
        done = count_select(&writer, rest, &piece);
    while (piece.at < piece.end && isspace((unsigned char)*piece.at))
        piece.at++;
    snprintf(count->table, sizeof(count->table), "%.*s", (int)(piece.end - piece.at), piece.at);
    return done;
}

void bl_sql_count_release(struct bl_sql_count *count)
{
    bl_buf_release(&count->sql);
    bl_value_unref(count->params);
}
