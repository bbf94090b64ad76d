/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* catalogue.c: what a PostgreSQL server's own catalogue says about the names of a statement,
 * and what the statement therefore does. */
#include "base/prefix.h"

#include "guard/catalogue.h"

#include "base/clock.h"

#define CATALOGUE_FRESH_MS 60000 /* so long is believed what was learned */
#define CATALOGUE_VERDICTS 256   /* statements whose verdict is kept */
#define CATALOGUE_TEXTS 200      /* the statement, its views, their views */
#define CATALOGUE_SERVER ""      /* the key of what concerns every statement */

struct bl_catalogue {
    const struct bl_value *trusted;
    struct bl_value *facts;    /* name -> list of findings, each a row of the lookup */
    struct bl_value *verdicts; /* statement -> struct bl_sql as bytes */
    int64_t learned;           /* steady milliseconds; 0: nothing yet */
    char *path, *superuser;
    bool is_told;
};

/* One statement with everything that it reaches. */
struct judgement {
    struct bl_catalogue *catalogue;
    struct bl_sql *sql;
    struct bl_value *names;  /* of all texts: name -> places of literals */
    struct bl_value *texts;  /* the texts that were read, behind their labels */
    struct bl_value *types;  /* oids of users' types that may occur */
    struct bl_value *asking; /* names that nothing is known about */
    bool is_wide;            /* values may become users' types without being asked to */
};

struct bl_catalogue *bl_catalogue_new(const struct bl_value *trusted)
{
    struct bl_catalogue *catalogue = bl_alloc(sizeof(*catalogue));

    catalogue->trusted = trusted;
    catalogue->facts = bl_map_new();
    catalogue->verdicts = bl_map_new();
    return catalogue;
}

void bl_catalogue_free(struct bl_catalogue *catalogue)
{
    if (catalogue == NULL)
        return;
    bl_value_unref(catalogue->facts);
    bl_value_unref(catalogue->verdicts);
    bl_free(catalogue->path);
    bl_free(catalogue->superuser);
    bl_free(catalogue);
}

void bl_catalogue_forget(struct bl_catalogue *catalogue)
{
    bl_value_unref(catalogue->facts);
    bl_value_unref(catalogue->verdicts);
    catalogue->facts = bl_map_new();
    catalogue->verdicts = bl_map_new();
    catalogue->learned = 0;
}

const char *bl_catalogue_path(const struct bl_catalogue *catalogue)
{
    return catalogue->path;
}

const char *bl_catalogue_superuser(struct bl_catalogue *catalogue)
{
    bool is_news = catalogue->superuser != NULL && !catalogue->is_told;

    catalogue->is_told = catalogue->superuser != NULL;
    return is_news ? catalogue->superuser : NULL;
}

struct bl_value *bl_catalogue_question(const struct bl_value *names)
{
    struct bl_value *text;
    struct bl_buf json;

    bl_buf_init(&json, 0);
    bl_buf_char(&json, '[');
    for (size_t i = 0; i < bl_value_count(names); i++)
        bl_buf_printf(&json, "%s%s", i > 0 ? "," : "", bl_value_as_text(bl_list_get(names, i)));
    bl_buf_char(&json, ']');
    text = bl_value_take_buf(&json);
    bl_buf_release(&json);
    return text;
}

void bl_catalogue_learn(struct bl_catalogue *catalogue, const struct bl_value *names,
                        const struct bl_value *rows)
{
    size_t count = bl_value_count(names);
    struct bl_value **facts = bl_alloc((count + 1) * sizeof(*facts));

    for (size_t i = 0; i <= count; i++)
        facts[i] = bl_list_new();
    for (size_t i = 0; i < bl_value_count(rows); i++) {
        const struct bl_value *row = bl_list_get(rows, i);
        const char *what = bl_map_text(row, "what", "");
        int64_t about = bl_map_int(row, "i", 0);
        if (strcmp(what, "path") == 0 && catalogue->path == NULL)
            catalogue->path = bl_strdup(bl_map_text(row, "text", ""));
        if (strcmp(what, "superuser") == 0 && catalogue->superuser == NULL)
            catalogue->superuser = bl_strdup(bl_map_text(row, "text", ""));
        if (about >= 0 && about <= (int64_t)count)
            bl_list_add(facts[about], bl_value_ref(row));
    }
    bl_map_set(catalogue->facts, CATALOGUE_SERVER, facts[0]);
    for (size_t i = 0; i < count; i++)
        bl_map_set(catalogue->facts, bl_value_as_text(bl_list_get(names, i)), facts[i + 1]);
    if (catalogue->learned == 0)
        catalogue->learned = bl_clock_steady();
    bl_free(facts);
}

/* The highest class with its first reason; what was only open is decided by now. */
static void judge_raise(struct judgement *judgement, enum bl_class class, const char *what,
                        const char *why)
{
    struct bl_sql *sql = judgement->sql;

    if (sql->class > class || (sql->class == class && class != BL_CLASS_OBSERVE))
        return;
    sql->class = class;
    snprintf(sql->why, sizeof(sql->why), "%s%s", what, why);
}

static void judge_text(struct judgement *judgement, const char *text, size_t len,
                       const char *label);

/* What the facts about a name say besides objects: more statements to read, types. */
static void judge_expand(struct judgement *judgement, const struct bl_value *facts)
{
    for (size_t i = 0; i < bl_value_count(facts); i++) {
        const struct bl_value *fact = bl_list_get(facts, i);
        const char *what = bl_map_text(fact, "what", ""), *text = bl_map_text(fact, "text", "");
        if (strcmp(what, "sql") == 0)
            judge_text(judgement, text, strlen(text), bl_map_text(fact, "name", ""));
        else if (strcmp(what, "type") == 0)
            bl_map_set(judgement->types, text, bl_value_bool(true));
        else if (strcmp(what, "wide") == 0)
            judgement->is_wide = true;
    }
}

static void judge_names(struct judgement *judgement, const struct bl_value *names)
{
    for (size_t i = 0; i < bl_value_count(names); i++) {
        const char *name = bl_map_key(names, i);
        const struct bl_value *facts = bl_map_get(judgement->catalogue->facts, name);
        const char *before = bl_map_text(judgement->names, name, NULL);
        if (facts == NULL)
            bl_map_set(judgement->asking, name, bl_value_bool(true));
        if (before == NULL)
            bl_map_set(judgement->names, name, bl_value_ref(bl_map_at(names, i)));
        else
            bl_map_set(judgement->names, name,
                       bl_value_textf("%s %s", before, bl_value_as_text(bl_map_at(names, i))));
        if (before == NULL)
            judge_expand(judgement, facts);
    }
}

/* Reads a text and everything behind it that is known; label "": the statement itself. */
static void judge_text(struct judgement *judgement, const char *text, size_t len,
                       const char *label)
{
    struct bl_value *names, *both = bl_value_textf("%s\n%s", label, text);
    bool is_known = bl_map_get(judgement->texts, bl_value_as_text(both)) != NULL;
    struct bl_sql sql;
    char what[160];

    if (!is_known)
        bl_map_set(judgement->texts, bl_value_as_text(both), bl_value_bool(true));
    bl_value_unref(both);
    if (is_known)
        return;
    if (bl_value_count(judgement->texts) > CATALOGUE_TEXTS) {
        judge_raise(judgement, BL_CLASS_CHANGE, "", "it reaches too many views to be checked");
        return;
    }
    names = bl_map_new();
    bl_sql_read(text, len, &sql, names);
    snprintf(what, sizeof(what), "%s%s", label, *label != '\0' ? ": " : "");
    if (*label == '\0')
        *judgement->sql = sql;
    if (*label == '\0' && sql.is_open)
        judgement->sql->class = BL_CLASS_OBSERVE;
    else if (sql.refused[0] != '\0')
        judge_raise(judgement, BL_CLASS_CHANGE, what, sql.refused);
    else if (!sql.is_open)
        judge_raise(judgement, sql.class, what, sql.why);
    judge_names(judgement, names);
    bl_value_unref(names);
}

/* Whether a candidate may be what a name means: each of its arguments that is of a user's own
 * type needs a value of that type, or a literal, which may become anything, or a default when
 * it is left out. places: for each
 * use of the name a word with "l" where a literal stands; "*": anywhere. needs: a word for each
 * argument. */
static bool is_possible(const struct judgement *judgement, const char *needs,
                        const char *places)
{
    char type[16];

    for (const char *use = places; *use != '\0'; use += strspn(use, " ")) {
        size_t count = strcspn(use, " "), at = 0;
        const char *need = needs;
        bool fits = true;
        for (; fits && *need != '\0'; at++) {
            size_t len = strcspn(need, " ");
            snprintf(type, sizeof(type), "%.*s", (int)len, need);
            fits = *need == '-' || *use == '*' || at >= count || use[at] == 'l' ||
                   bl_map_get(judgement->types, type) != NULL;
            need += len + (need[len] == ' ');
        }
        if (fits)
            return true;
        use += count;
    }
    return false;
}

static bool is_trusted(const struct bl_catalogue *catalogue, const struct bl_value *fact)
{
    const char *name = bl_map_text(fact, "name", "");
    const char *library = bl_map_text(fact, "library", "");
    const char *extension = bl_map_text(fact, "extension", NULL);
    const char *last = strrchr(name, '.') != NULL ? strrchr(name, '.') + 1 : name;

    if (strcmp(library, "$libdir/pg_stat_statements") == 0 && extension != NULL &&
        strcmp(extension, "pg_stat_statements") == 0 &&
        (strcmp(last, "pg_stat_statements") == 0 ||
         strcmp(last, "pg_stat_statements_info") == 0))
        return true;
    for (size_t i = 0; i < bl_value_count(catalogue->trusted); i++) {
        const char *entry = bl_value_as_text(bl_list_get(catalogue->trusted, i));
        if (strcmp(entry, name) == 0)
            return true;
        if (extension != NULL && strncmp(entry, "extension ", 10) == 0 &&
            strcmp(entry + 10, extension) == 0)
            return true;
    }
    return false;
}

static void judge_fact(struct judgement *judgement, const struct bl_value *fact,
                       const char *places, bool is_unknown)
{
    const char *what = bl_map_text(fact, "what", ""), *text = bl_map_text(fact, "text", "");
    const char *needs = bl_map_text(fact, "needs", "");

    if (strcmp(what, "builtin") == 0 && is_unknown)
        judge_raise(judgement, BL_CLASS_CHANGE, "calls ", text);
    else if (strcmp(what, "foreign") == 0 && !is_trusted(judgement->catalogue, fact))
        judge_raise(judgement, BL_CLASS_CHANGE, "asks another server by ", text);
    else if (strcmp(what, "fold") == 0 && bl_sql_has_constant_call(text))
        judge_raise(judgement, BL_CLASS_CHANGE, "the planner calls functions of ",
                    bl_map_text(fact, "name", ""));
    else if (strcmp(what, "object") == 0 && !is_trusted(judgement->catalogue, fact) &&
             (judgement->is_wide || is_possible(judgement, needs, places)))
        judge_raise(judgement, BL_CLASS_CHANGE, "may call a user's ", text);
}

static void judge_facts(struct judgement *judgement, const char *name, const char *places)
{
    const struct bl_value *facts = bl_map_get(judgement->catalogue->facts, name);

    for (size_t i = 0; i < bl_value_count(facts); i++)
        judge_fact(judgement, bl_list_get(facts, i), places,
                   strncmp(name, "[\"u\"", 4) == 0 || strncmp(name, "[\"s\"", 4) == 0);
}

static void judge_keep(const struct judgement *judgement, const char *text)
{
    struct bl_value *verdicts = judgement->catalogue->verdicts;

    if (bl_value_count(verdicts) < CATALOGUE_VERDICTS)
        bl_map_set(verdicts, text, bl_value_bytes(judgement->sql, sizeof(*judgement->sql)));
}

static struct bl_value *judge_asking(const struct judgement *judgement)
{
    struct bl_value *names = bl_list_new();

    for (size_t i = 0; i < bl_value_count(judgement->asking); i++)
        bl_list_add(names, bl_value_text(bl_map_key(judgement->asking, i)));
    return names;
}

/* Everything is known: what it comes to. */
static void judge_all(struct judgement *judgement)
{
    struct bl_sql *sql = judgement->sql;

    judge_facts(judgement, CATALOGUE_SERVER, "*");
    for (size_t i = 0; i < bl_value_count(judgement->names); i++)
        judge_facts(judgement, bl_map_key(judgement->names, i),
                    bl_value_as_text(bl_map_at(judgement->names, i)));
    sql->is_open = false;
    if (sql->class == BL_CLASS_OBSERVE)
        sql->why[0] = '\0';
}

bool bl_catalogue_judge(struct bl_catalogue *catalogue, const char *text, size_t len,
                        struct bl_sql *sql, struct bl_value **question)
{
    struct judgement judgement = {.catalogue = catalogue, .sql = sql};
    const struct bl_value *known, *server;
    bool is_final;

    if (catalogue->learned != 0 && bl_clock_steady() - catalogue->learned > CATALOGUE_FRESH_MS)
        bl_catalogue_forget(catalogue);
    known = strlen(text) == len ? bl_map_get(catalogue->verdicts, text) : NULL;
    if (known != NULL) {
        memcpy(sql, bl_value_as_bytes(known, &len), sizeof(*sql));
        return true;
    }
    judgement.names = bl_map_new();
    judgement.texts = bl_map_new();
    judgement.types = bl_map_new();
    judgement.asking = bl_map_new();
    judge_text(&judgement, text, len, "");
    server = bl_map_get(catalogue->facts, CATALOGUE_SERVER);
    judge_expand(&judgement, server);
    is_final = sql->refused[0] != '\0' || sql->class != BL_CLASS_OBSERVE ||
               (server != NULL && bl_value_count(judgement.asking) == 0);
    if (!is_final)
        *question = judge_asking(&judgement);
    else
        judge_all(&judgement);
    if (is_final)
        judge_keep(&judgement, text);
    bl_value_unref(judgement.names);
    bl_value_unref(judgement.texts);
    bl_value_unref(judgement.types);
    bl_value_unref(judgement.asking);
    return is_final;
}
