/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis.c: what a Redis command does: by the fixed tables, and by what its server says of it.
 */
#include "base/prefix.h"

#include "guard/redis.h"

#include <ctype.h>

#define REDIS_STEP 10000 /* items that one command may ask for by a number */
#define REDIS_WORD 40

/* The command under judgement. */
struct redis_words {
    const struct bl_value *argv;
    char name[REDIS_WORD];
    char sub[REDIS_WORD];           /* of a container; "" none */
    char both[2 * REDIS_WORD];      /* "CONFIG|GET", else the name */
    const struct bl_redis_set *set; /* NULL: in no table */
};

static const struct bl_redis_set helps = {BL_REDIS_HARMLESS, "", "shows the server's own help"};

/* One word in capitals; false when it cannot be a word of a command. */
static bool redis_word(const struct bl_value *argv, size_t index, char *out, size_t size)
{
    size_t len;
    const char *text = bl_value_as_bytes(bl_list_get(argv, index), &len);

    out[0] = '\0';
    if (len == 0 || len >= size)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_.", text[i]) == NULL)
            break;
        out[i] = (char)toupper((unsigned char)text[i]);
        out[i + 1] = '\0';
    }
    return strlen(out) == len;
}

bool bl_redis_name(const struct bl_value *argv, char *out, size_t size)
{
    return redis_word(argv, 0, out, size);
}

static bool redis_is(const struct bl_value *argv, size_t index, const char *word)
{
    char found[REDIS_WORD];

    return redis_word(argv, index, found, sizeof(found)) && strcmp(found, word) == 0;
}

/* A number among the arguments beyond what one step may ask for, of either sign. */
static bool redis_is_beyond(const struct bl_value *argv, size_t index)
{
    long long number = strtoll(bl_value_as_text(bl_list_get(argv, index)), NULL, 10);

    return number > REDIS_STEP || number < -REDIS_STEP;
}

static void redis_refuse(struct bl_redis_class *result, const char *name, const char *why)
{
    result->class = result->class > BL_CLASS_CHANGE ? result->class : BL_CLASS_CHANGE;
    snprintf(result->refused, sizeof(result->refused), "%s is refused: %s", name, why);
}

static void redis_say(struct bl_redis_class *result, enum bl_class class, const char *format,
                      ...) BL_PRINTF(3, 4);
static void redis_say(struct bl_redis_class *result, enum bl_class class, const char *format,
                      ...)
{
    va_list args;

    result->class = class;
    va_start(args, format);
    vsnprintf(result->why, sizeof(result->why), format, args);
    va_end(args);
}

/* What an argument makes of a command that is harmless without it. */
static void redis_heed_arguments(const struct redis_words *words, struct bl_redis_class *result)
{
    static const char scans[] = " SCAN HSCAN SSCAN ZSCAN ";
    static const char samples[] = " SRANDMEMBER HRANDFIELD ZRANDMEMBER ";
    const struct bl_value *argv = words->argv;
    char name[REDIS_WORD + 2];

    snprintf(name, sizeof(name), " %s ", words->name);
    if (strcmp(words->both, "ACL|LOG") == 0 && redis_is(argv, 2, "RESET"))
        redis_say(result, BL_CLASS_CHANGE, "forgets what was denied");
    if (strstr(samples, name) != NULL && redis_is_beyond(argv, 2))
        redis_refuse(result, words->name, "a sample of more than 10000 fills the memory");
    for (size_t i = 1; i < bl_value_count(argv) && !redis_is(argv, i, "STREAMS"); i++) {
        if (strstr(scans, name) != NULL && redis_is(argv, i, "COUNT") &&
            redis_is_beyond(argv, i + 1))
            redis_refuse(result, words->name,
                         "a step of more than 10000 keys stops the server: take smaller steps");
        if (strncmp(words->name, "XREAD", 5) == 0 && redis_is(argv, i, "BLOCK"))
            redis_refuse(result, words->name,
                         "with BLOCK it holds the connection: look again with wait_until");
    }
}

/* Class and reason by the tables alone. */
static void redis_heed_name(const struct redis_words *words, struct bl_redis_class *result)
{
    const struct bl_redis_set *set = words->set;

    result->is_open = set == NULL;
    if (set == NULL)
        redis_say(result, BL_CLASS_CHANGE, "it is in no table, and no server was asked");
    else if (set->kind == BL_REDIS_READS || set->kind == BL_REDIS_HARMLESS)
        redis_say(result, BL_CLASS_OBSERVE, "%s (by its name: no server was asked)", set->why);
    else
        redis_say(result, set->kind == BL_REDIS_DESTROYS ? BL_CLASS_DESTROY : BL_CLASS_CHANGE,
                  "%s", set->why);
    if (set != NULL && set->kind == BL_REDIS_REFUSED)
        redis_refuse(result, words->both, set->why);
    redis_heed_arguments(words, result);
}

static void redis_find_set(struct redis_words *words)
{
    bool is_container = bl_redis_is_container(words->name);

    snprintf(words->both, sizeof(words->both), "%s%s%s", words->name,
             is_container && words->sub[0] != '\0' ? "|" : "", is_container ? words->sub : "");
    words->set =
        is_container && strcmp(words->sub, "HELP") == 0 ? &helps : bl_redis_set_of(words->both);
}

/* The flags that count: those of the subcommand where the server has them. NULL: there is no
 * such subcommand. */
static const char *redis_flags(const struct redis_words *words, const struct bl_value *known)
{
    if (words->sub[0] == '\0' || !bl_redis_is_container(words->name))
        return bl_map_text(known, "flags", "");
    return bl_map_text(bl_map_get(known, "subs"), words->sub, NULL);
}

/* A name that the tables know as harmless, or do not know, and the server's flags for it. */
static void redis_heed_flags(const struct redis_words *words, const char *flags,
                             struct bl_redis_class *result)
{
    bool writes = strstr(flags, " write ") != NULL || strstr(flags, " may_replicate ") != NULL;
    bool reads = strstr(flags, " readonly ") != NULL && !writes;

    if (words->set != NULL && words->set->kind == BL_REDIS_HARMLESS && !writes)
        redis_say(result, BL_CLASS_OBSERVE, "%s", words->set->why);
    else if (reads)
        redis_say(result, BL_CLASS_OBSERVE, "the server flags it as read-only");
    else
        redis_say(result, BL_CLASS_CHANGE,
                  writes ? "the server flags it as writing"
                         : "the server does not flag it as read-only");
    if (reads && words->set == NULL && strstr(flags, " blocking ") != NULL)
        redis_refuse(result, words->name, "the server flags it as blocking");
    redis_heed_arguments(words, result);
}

/* The server says that the name is that of another command. */
static void redis_heed_rename(const struct redis_words *words, const char *real,
                              struct bl_redis_class *result)
{
    struct redis_words meant = *words;
    struct bl_redis_class found = {.class = BL_CLASS_CHANGE};

    snprintf(meant.name, sizeof(meant.name), "%s", real);
    redis_find_set(&meant);
    redis_heed_name(&meant, &found);
    if (result->refused[0] == '\0')
        snprintf(result->refused, sizeof(result->refused), "%s", found.refused);
    if (found.class < BL_CLASS_CHANGE)
        found.class = BL_CLASS_CHANGE;
    redis_say(result, found.class > result->class ? found.class : result->class,
              "the server has renamed its commands: this is its %s", meant.both);
}

/* A name that the server knows as we do: its flags decide. */
static void redis_heed_known(const struct redis_words *words, const struct bl_value *known,
                             struct bl_redis_class *result)
{
    const char *flags = redis_flags(words, known);

    if (flags != NULL)
        redis_heed_flags(words, flags, result);
    else if (bl_map_get(known, "subs") != NULL)
        redis_say(result, BL_CLASS_CHANGE, "the server has no such subcommand");
    else if (words->set != NULL)
        redis_say(result, result->class, "%s (by its name: an old server has no flags for it)",
                  words->set->why);
    else
        redis_say(result, BL_CLASS_CHANGE,
                  "it is in no table, and an old server has no flags for it");
}

/* Classes that the tables give for reasons of their own are not lowered by flags. */
static void redis_heed_server(const struct redis_words *words, const struct bl_value *known,
                              struct bl_redis_class *result)
{
    const char *real = bl_map_text(known, "name", "");
    enum bl_class least = result->class > BL_CLASS_CHANGE ? result->class : BL_CLASS_CHANGE;
    bool may_observe = words->set == NULL || words->set->kind == BL_REDIS_READS ||
                       words->set->kind == BL_REDIS_HARMLESS;

    if (bl_value_type(known) == BL_BYTES) {
        redis_say(result, result->class, "%s (by its name: the server does not say: %.30s)",
                  words->set != NULL ? words->set->why : "it is in no table",
                  bl_value_as_text(known));
        return;
    }
    result->is_open = false;
    if (bl_value_type(known) == BL_NIL)
        redis_say(result, least, "the server has no command of this name");
    else if (strcmp(real, words->name) != 0)
        redis_heed_rename(words, real, result);
    else if (strstr(bl_map_text(known, "flags", ""), " module ") != NULL)
        redis_say(result, least, "it is a module's command: what it does is not known");
    else if (may_observe)
        redis_heed_known(words, known, result);
}

void bl_redis_classify(const struct bl_value *argv, const struct bl_value *known,
                       struct bl_redis_class *result)
{
    struct redis_words words = {.argv = argv};

    *result = (struct bl_redis_class){.class = BL_CLASS_CHANGE};
    if (!redis_word(argv, 0, words.name, sizeof(words.name))) {
        redis_refuse(result, "the command", "its first word is not the name of a command");
        return;
    }
    if (!redis_word(argv, 1, words.sub, sizeof(words.sub)))
        words.sub[0] = '\0';
    redis_find_set(&words);
    redis_heed_name(&words, result);
    if (known != NULL)
        redis_heed_server(&words, known, result);
}

/* " readonly fast " */
static struct bl_value *learn_flags(const struct bl_value *info)
{
    const struct bl_value *flags = bl_list_get(info, 2);
    struct bl_value *text;
    struct bl_buf out;

    bl_buf_init(&out, 4096);
    bl_buf_char(&out, ' ');
    for (size_t i = 0; i < bl_value_count(flags); i++) {
        bl_buf_text_add(&out, bl_value_as_text(bl_list_get(flags, i)));
        bl_buf_char(&out, ' ');
    }
    text = bl_value_text(bl_buf_text(&out));
    bl_buf_release(&out);
    return text;
}

static void learn_upper(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s", name);
    for (size_t i = 0; out[i] != '\0'; i++)
        out[i] = (char)toupper((unsigned char)out[i]);
}

struct bl_value *bl_redis_learn(const struct bl_value *reply)
{
    const struct bl_value *info = bl_list_get(reply, 0), *subs = bl_list_get(info, 9);
    struct bl_value *known, *flags;
    char name[2 * REDIS_WORD];

    if (bl_value_count(reply) != 1)
        return NULL;
    if (bl_value_type(info) == BL_NIL)
        return bl_value_nil();
    if (bl_value_count(info) < 3 || *bl_value_as_text(bl_list_get(info, 0)) == '\0')
        return NULL;
    known = bl_map_new();
    learn_upper(name, sizeof(name), bl_value_as_text(bl_list_get(info, 0)));
    bl_map_set(known, "name", bl_value_text(name));
    bl_map_set(known, "flags", learn_flags(info));
    if (subs == NULL)
        return known; /* Redis before 7 */
    flags = bl_map_new();
    for (size_t i = 0; i < bl_value_count(subs); i++) {
        const struct bl_value *sub = bl_list_get(subs, i);
        const char *bar = strchr(bl_value_as_text(bl_list_get(sub, 0)), '|');
        if (bar == NULL)
            continue;
        learn_upper(name, sizeof(name), bar + 1);
        bl_map_set(flags, name, learn_flags(sub));
    }
    bl_map_set(known, "subs", flags);
    return known;
}

static bool redis_is_within(const struct bl_value *argv, size_t index)
{
    long long number = strtoll(bl_value_as_text(bl_list_get(argv, index)), NULL, 10);

    return index < bl_value_count(argv) && number >= 0 && number <= REDIS_STEP;
}

/* Whether its own words bound what it gives: LIMIT, COUNT or two indexes close together. */
static bool redis_is_short(const struct bl_value *argv)
{
    long long first = strtoll(bl_value_as_text(bl_list_get(argv, 2)), NULL, 10);
    long long last = strtoll(bl_value_as_text(bl_list_get(argv, 3)), NULL, 10);

    for (size_t i = 2; i < bl_value_count(argv); i++) {
        if ((redis_is(argv, i, "LIMIT") && redis_is_within(argv, i + 2)) ||
            (redis_is(argv, i, "COUNT") && redis_is_within(argv, i + 1)))
            return true;
    }
    return (redis_is(argv, 0, "LRANGE") || redis_is(argv, 0, "ZRANGE")) &&
           bl_value_count(argv) == 4 && (first < 0) == (last < 0) && last - first < REDIS_STEP;
}

const char *bl_redis_counter(const struct bl_value *argv)
{
    static const char *const counters[][2] = {
        {" HGETALL HKEYS HVALS ", "HLEN"},
        {" SMEMBERS ", "SCARD"},
        {" LRANGE ", "LLEN"},
        {" ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ",
         "ZCARD"},
        {" XRANGE XREVRANGE ", "XLEN"},
    };
    char name[REDIS_WORD], word[REDIS_WORD + 2];

    if (!redis_word(argv, 0, name, sizeof(name)) || bl_value_count(argv) < 2 ||
        redis_is_short(argv))
        return NULL;
    snprintf(word, sizeof(word), " %s ", name);
    for (size_t i = 0; i < BL_COUNT(counters); i++) {
        if (strstr(counters[i][0], word) != NULL)
            return counters[i][1];
    }
    return NULL;
}
