/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* guard_sql.c: any bytes as SQL and as what a catalogue says of its names: what is called an
 * observe is of a kind that can be one, no fact lowers what the text shows, it ends, and the
 * question how many rows are affected only reads. */
#include "base/prefix.h"

#include "base/json.h"
#include "guard/catalogue.h"
#include "guard/sql_count.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SQL_ROUNDS 300 /* questions to a catalogue, each about names nobody knew */

/* The bytes behind the statement, one at a time, and zeros at the end. */
struct dice {
    const uint8_t *at, *end;
};

static unsigned dice_throw(struct dice *dice, unsigned sides)
{
    return dice->at < dice->end ? *dice->at++ % sides : 0;
}

static void sql_check(const char *text, size_t size)
{
    static const char *const observing[] = {"SelectStmt", "VariableShowStmt", "ExplainStmt"};
    struct bl_sql sql;
    char line[64];
    bool known = false;

    bl_sql_read(text, size, &sql, NULL);
    for (size_t i = 0; i < BL_COUNT(observing); i++)
        known = known || strcmp(sql.kind, observing[i]) == 0;
    if (sql.class == BL_CLASS_OBSERVE && sql.refused[0] == '\0' && !known)
        BL_BUG("'%s' is an observe of kind '%s'", text, sql.kind);
    if (sql.class == BL_CLASS_OBSERVE && sql.is_alone)
        BL_BUG("'%s' is an observe that wants to be alone", text);
    bl_sql_line(text, line, sizeof(line));
    if (strlen(line) >= sizeof(line) || strpbrk(line, "\n\r\033") != NULL)
        BL_BUG("the line of '%s' is not one", text);
}

/* One row of a catalogue about the i-th name. */
static struct bl_value *sql_fact(struct dice *dice, size_t i)
{
    static const char *const kinds[] = {"object",  "sql",  "type",      "wide", "builtin",
                                        "foreign", "fold", "superuser", "path", "nonsense"};
    static const char *const texts[] = {
        "select f(a) from v", "17000",    "function f",           "select 1 from w where g(b)",
        "delete from a",      "select (", "select lower('x') = a"};
    static const char *const needs[] = {"", "-", "17000", "17000 -", "17001 17000"};
    struct bl_value *fact = bl_map_new();

    bl_map_set(fact, "i", bl_value_int((int64_t)i));
    bl_map_set(fact, "what", bl_value_text(kinds[dice_throw(dice, BL_COUNT(kinds))]));
    bl_map_set(fact, "text", bl_value_text(texts[dice_throw(dice, BL_COUNT(texts))]));
    bl_map_set(fact, "needs", bl_value_text(needs[dice_throw(dice, BL_COUNT(needs))]));
    bl_map_set(fact, "name", bl_value_textf("public.n%u", dice_throw(dice, 9)));
    return fact;
}

static void sql_learn(struct bl_catalogue *catalogue, const struct bl_value *names,
                      struct dice *dice)
{
    struct bl_value *rows = bl_list_new(), *question = bl_catalogue_question(names);
    struct bl_value *list = NULL;
    size_t len;
    const char *json = bl_value_as_bytes(question, &len);

    if (bl_json_parse(json, len, false, &list, NULL) != BL_OK ||
        bl_value_count(list) != bl_value_count(names))
        BL_BUG("a question that is no JSON: %s", json);
    for (unsigned i = dice_throw(dice, 8); i > 0; i--)
        bl_list_add(rows,
                    sql_fact(dice, dice_throw(dice, (unsigned)bl_value_count(names) + 2)));
    bl_catalogue_learn(catalogue, names, rows);
    bl_value_unref(list);
    bl_value_unref(question);
    bl_value_unref(rows);
}

static void sql_check_catalogue(const char *text, size_t size, struct dice *dice)
{
    struct bl_catalogue *catalogue = bl_catalogue_new(NULL);
    struct bl_value *question = NULL;
    struct bl_sql alone, judged, again;
    int rounds = 0;

    bl_sql_read(text, size, &alone, NULL);
    while (!bl_catalogue_judge(catalogue, text, size, &judged, &question)) {
        if (++rounds > SQL_ROUNDS)
            BL_BUG("the catalogue is asked without end about '%s'", text);
        sql_learn(catalogue, question, dice);
        bl_value_unref(question);
        question = NULL;
    }
    if (judged.class < alone.class && !alone.is_open)
        BL_BUG("a catalogue makes class %d of class %d: '%s'", (int)judged.class,
               (int)alone.class, text);
    if (strcmp(judged.refused, alone.refused) != 0)
        BL_BUG("a catalogue changes a refusal of '%s'", text);
    if (!bl_catalogue_judge(catalogue, text, size, &again, &question) ||
        again.class != judged.class)
        BL_BUG("'%s' is judged in two ways", text);
    bl_catalogue_free(catalogue);
}

static void sql_check_count(const char *text)
{
    struct bl_value *params = bl_list_new();
    struct bl_sql_count count;
    struct bl_sql sql;

    bl_sql_read(text, strlen(text), &sql, NULL);
    if (sql.refused[0] != '\0') { /* nobody counts what is not sent */
        bl_value_unref(params);
        return;
    }
    for (int i = 0; i < 4; i++)
        bl_list_add(params, bl_value_int(i));
    if (bl_sql_count(&count, text, params)) {
        bl_sql_read(bl_buf_text(&count.sql), count.sql.len, &sql, NULL);
        if (strcmp(sql.kind, "SelectStmt") != 0 || sql.refused[0] != '\0')
            BL_BUG("'%s' is counted by '%s' (%s)", text, bl_buf_text(&count.sql), sql.refused);
    }
    bl_sql_count_release(&count);
    bl_value_unref(params);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\0', size);
    size_t len = end == NULL ? size : (size_t)(end - data);
    struct dice dice = {data + len, data + size};
    char *text = bl_strndup((const char *)data, size), *whole = bl_alloc(size + 1);

    if (size > 0)
        memcpy(whole, data, size);
    sql_check(whole, size); /* SQL ends in a NUL, and may have others before it */
    sql_check(text, strlen(text));
    sql_check_catalogue(text, strlen(text), &dice);
    sql_check_count(text);
    bl_sql_has_constant_call(text);
    bl_free(whole);
    bl_free(text);
    return 0;
}
