/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redis_ask.c: what the server is asked about a command before it may be sent: its flags,
 * whether the user may send it, and how much it would touch. */
#include "base/prefix.h"

#include "module_ask.h"
#include "redis_private.h"

#define ASK_ITEMS 100000 /* a collection with more is not read as a whole */
#define ASK_DRYRUN 65536 /* bytes of a command that are sent twice */

/* The note of what was asked for a call: a map with
 *   stage   the question that is under way
 *   known   what the server says of the command (bl_redis_learn), or why it does not, a text
 *   dryrun  true: the server was asked whether the user may
 *   silent  true: a question had no answer: no other one is asked */

static void question_start(struct bl_op *base, const struct bl_call *call)
{
    static const struct redis_shape plain = {.operation = "question"};
    struct redis_op *op = (struct redis_op *)base;

    op->shape = &plain;
    op->is_question = true;
    op->argv = bl_value_ref(bl_call_value(call, "argv"));
    bl_redis_pool_enter(bl_op_state(base), op);
}

/* Not in the module's table: only the engine asks it. */
static const struct bl_operation question = {
    .name = "question",
    .class = BL_CLASS_OBSERVE,
    .size = sizeof(struct redis_op),
    .start = question_start,
    .release = bl_redis_release,
};

static struct bl_call *ask_call(const struct bl_call *about, struct bl_value *take_argv)
{
    struct bl_value *args = bl_map_new();

    bl_map_set(args, "argv", take_argv);
    bl_map_set(args, "about", bl_value_text(about->operation->name));
    return bl_call_question(about, &question, args);
}

static struct bl_call *ask_words(const struct bl_call *about, const char *first,
                                 const char *second, const char *third)
{
    const char *const words[] = {first, second, third};
    struct bl_value *argv = bl_list_new();

    for (size_t i = 0; i < BL_COUNT(words) && words[i] != NULL; i++)
        bl_list_add(argv, bl_value_text(words[i]));
    return ask_call(about, argv);
}

static void ask_note(struct bl_inspection *inspection, const char *name,
                     struct bl_value *take_value)
{
    if (inspection->asking == NULL)
        inspection->asking = bl_map_new();
    bl_map_set(inspection->asking, name, take_value);
}

static struct bl_call *ask_stage(struct bl_inspection *inspection, const char *stage,
                                 struct bl_call *call)
{
    ask_note(inspection, "stage", bl_value_text(stage));
    return call;
}

/* `read` and the named questions take nothing else. */
static void judge_read(const struct bl_call *call, const struct bl_value *argv,
                       struct bl_redis_class *class)
{
    if (call->operation->class == BL_CLASS_OBSERVE && class->refused[0] == '\0' &&
        class->class != BL_CLASS_OBSERVE)
        snprintf(class->refused, sizeof(class->refused),
                 "'%.40s' is no command that only reads (%.110s): use command",
                 bl_value_as_text(bl_list_get(argv, 0)), class->why);
}

void bl_redis_judge(const struct redis_pool *pool, const struct bl_call *call,
                    const struct bl_value *argv, struct bl_redis_class *class)
{
    char name[64];
    const struct bl_value *known = NULL;

    if (pool != NULL && bl_redis_name(argv, name, sizeof(name))) {
        known = bl_map_get(pool->known, name);
        known = known != NULL ? known : bl_map_get(pool->known, "command");
    }
    bl_redis_classify(argv, known, class);
    if (!class->is_open) {
        judge_read(call, argv, class);
    } else if (call->operation->class == BL_CLASS_OBSERVE) {
        class->class = BL_CLASS_OBSERVE; /* the server is asked before it is sent */
        snprintf(class->why, sizeof(class->why),
                 "it is in no table: only a server can say whether it reads");
    }
}

static void hear_info(struct redis_pool *pool, struct bl_inspection *inspection,
                      const char *name, const struct bl_value *answer)
{
    const char *error = bl_map_text(answer, "error", NULL);
    struct bl_value *known = answer == NULL || error != NULL ? NULL : bl_redis_learn(answer);

    if (known == NULL && error != NULL) {
        known = bl_value_bytes(error, strcspn(error, " "));
        name = "command"; /* it will say so of all names, and note each time that it did */
    }
    if (known == NULL)
        known = bl_value_text("no answer");
    if (answer != NULL)
        bl_map_set(pool->known, name, bl_value_ref(known));
    ask_note(inspection, "known", known);
}

/* What the server would say to the command from this user. */
static void hear_dryrun(struct redis_pool *pool, struct bl_inspection *inspection,
                        const struct bl_value *answer)
{
    const char *error = bl_map_text(answer, "error", NULL);
    const char *said = error != NULL ? error : bl_value_as_text(answer);

    if (error != NULL &&
        (strncmp(error, "ERR ", 4) != 0 || strncasecmp(error, "ERR unknown", 11) == 0))
        bl_map_set(pool->known, "user",
                   bl_value_nil()); /* not before Redis 7, or not allowed */
    else if (*said != '\0' && strcmp(said, "OK") != 0)
        snprintf(inspection->refused, sizeof(inspection->refused),
                 "the server would refuse it to the user %.60s: %.120s",
                 bl_map_text(pool->known, "user", ""), said);
}

/* Keys of all databases, or of two: INFO keyspace. */
static void affects_keyspace(struct bl_inspection *inspection, const struct bl_value *argv,
                             const struct bl_value *info)
{
    long long keys = 0;
    bool is_swap = bl_value_count(argv) == 3 &&
                   strcasecmp(bl_value_as_text(bl_list_get(argv, 0)), "SWAPDB") == 0;
    size_t databases = 0;
    char name[40];

    for (size_t i = 0; i < bl_value_count(info); i++) {
        bool is_meant = !is_swap;
        for (size_t j = 1; is_swap && j < 3; j++) {
            snprintf(name, sizeof(name), "db%.30s", bl_value_as_text(bl_list_get(argv, j)));
            is_meant = is_meant || strcmp(name, bl_map_key(info, i)) == 0;
        }
        databases += is_meant;
        keys += is_meant ? (long long)bl_map_int(bl_map_at(info, i), "keys", 0) : 0;
    }
    snprintf(inspection->affects, sizeof(inspection->affects), "%lld %s in %zu %s", keys,
             keys == 1 ? "key" : "keys", databases, databases == 1 ? "database" : "databases");
}

/* What a line of INFO counts for a command. */
static const struct affects_line {
    const char *name, *sub, *section, *line, *what;
} affects_lines[] = {
    {"SHUTDOWN", NULL, "clients", "connected_clients", "connected clients, this one included"},
    {"SCRIPT", "FLUSH", "memory", "number_of_cached_scripts", "scripts"},
    {"FUNCTION", "FLUSH", "memory", "number_of_functions", "functions"},
    {"FLUSHALL", NULL, "keyspace", NULL, NULL},
    {"SWAPDB", NULL, "keyspace", NULL, NULL},
    {"REPLICAOF", NULL, "keyspace", NULL, NULL},
    {"SLAVEOF", NULL, "keyspace", NULL, NULL},
};

static const struct affects_line *affects_find(const struct bl_value *argv)
{
    const char *name = bl_value_as_text(bl_list_get(argv, 0));
    const char *sub = bl_value_as_text(bl_list_get(argv, 1));

    for (size_t i = 0; i < BL_COUNT(affects_lines); i++) {
        const struct affects_line *line = &affects_lines[i];
        if (strcasecmp(name, line->name) == 0 &&
            (line->sub == NULL || strcasecmp(sub, line->sub) == 0))
            return line;
    }
    return NULL;
}

static void hear_info_count(struct bl_inspection *inspection, const struct bl_value *argv,
                            const struct bl_value *answer)
{
    const struct affects_line *line = affects_find(argv);
    size_t len;
    const char *text = bl_value_as_bytes(answer, &len);
    struct bl_value *info = bl_redis_info(text, len);

    if (line->line == NULL)
        affects_keyspace(inspection, argv, info);
    else if (bl_map_get(info, line->line) != NULL)
        snprintf(inspection->affects, sizeof(inspection->affects), "%lld %s",
                 (long long)bl_map_int(info, line->line, 0), line->what);
    bl_value_unref(info);
}

static void hear_count(struct bl_inspection *inspection, const struct bl_value *argv,
                       const struct bl_value *answer)
{
    long long count = bl_value_as_int(answer);
    bool are_named = strcasecmp(bl_value_as_text(bl_list_get(argv, 0)), "FLUSHDB") != 0;

    snprintf(inspection->affects, sizeof(inspection->affects), "unknown");
    if (bl_value_type(answer) == BL_BYTES && affects_find(argv) != NULL)
        hear_info_count(inspection, argv, answer);
    else if (bl_value_type(answer) == BL_INT && are_named)
        snprintf(inspection->affects, sizeof(inspection->affects), "%lld of %zu keys", count,
                 (size_t)bl_map_int(inspection->asking, "keys", 0));
    else if (bl_value_type(answer) == BL_INT)
        snprintf(inspection->affects, sizeof(inspection->affects), "%lld %s", count,
                 count == 1 ? "key" : "keys");
}

/* What the question before has brought. */
static void ask_hear(struct redis_pool *pool, const struct bl_call *call,
                     struct bl_inspection *inspection, const struct bl_value *argv,
                     const struct bl_value *answer)
{
    const char *stage = bl_map_text(inspection->asking, "stage", "");
    char name[64];

    if (*stage != '\0' && answer == NULL)
        ask_note(inspection, "silent", bl_value_bool(true));
    if (strcmp(stage, "info") == 0 && bl_redis_name(argv, name, sizeof(name)))
        hear_info(pool, inspection, name, answer);
    else if (strcmp(stage, "whoami") == 0)
        bl_map_set(pool->known, "user",
                   bl_value_type(answer) == BL_BYTES ? bl_value_ref(answer) : bl_value_nil());
    else if (strcmp(stage, "dryrun") == 0)
        hear_dryrun(pool, inspection, answer);
    else if (strcmp(stage, "count") == 0)
        hear_count(inspection, argv, answer);
    else if (strcmp(stage, "size") == 0 && bl_value_as_int(answer) > ASK_ITEMS)
        bl_fail(&inspection->failure, BL_E_TOO_LARGE,
                "%s %s: %.80s has %lld items, more than %d at once: ask for a part (a range, "
                "HSCAN, SSCAN, ZSCAN)",
                call->target, call->operation->name, bl_value_as_text(bl_list_get(argv, 1)),
                (long long)bl_value_as_int(answer), ASK_ITEMS);
}

/* The user's rights: NULL when there is nothing (more) to ask. */
static struct bl_call *ask_rights(const struct redis_pool *pool, const struct bl_call *call,
                                  struct bl_inspection *inspection, const struct bl_value *argv)
{
    const char *stage = bl_map_text(inspection->asking, "stage", "");
    const struct bl_value *user = bl_map_get(pool->known, "user");
    struct bl_value *words;

    if (bl_map_bool(inspection->asking, "dryrun", false) || bl_value_size(argv) > ASK_DRYRUN)
        return NULL;
    if (user == NULL && strcmp(stage, "whoami") != 0)
        return ask_stage(inspection, "whoami", ask_words(call, "ACL", "WHOAMI", NULL));
    ask_note(inspection, "dryrun", bl_value_bool(true));
    if (bl_value_type(user) != BL_BYTES)
        return NULL;
    words = bl_list_new();
    bl_list_add(words, bl_value_text("ACL"));
    bl_list_add(words, bl_value_text("DRYRUN"));
    bl_list_add(words, bl_value_ref(user));
    for (size_t i = 0; i < bl_value_count(argv); i++)
        bl_list_add(words, bl_value_ref(bl_list_get(argv, i)));
    return ask_stage(inspection, "dryrun", ask_call(call, words));
}

/* EXISTS with each key once: the server counts one that is named twice as two. */
static struct bl_call *ask_exists(const struct bl_call *call, struct bl_inspection *inspection,
                                  const struct bl_value *argv)
{
    struct bl_value *words = bl_list_new();

    bl_list_add(words, bl_value_text("EXISTS"));
    for (size_t i = 1; i < bl_value_count(argv); i++) {
        bool is_first = true;
        for (size_t j = 1; j < i && i < 1000; j++)
            is_first =
                is_first && !bl_value_is_equal(bl_list_get(argv, i), bl_list_get(argv, j));
        if (is_first)
            bl_list_add(words, bl_value_ref(bl_list_get(argv, i)));
    }
    ask_note(inspection, "keys", bl_value_int((int64_t)bl_value_count(words) - 1));
    return ask_call(call, words);
}

/* How much a change would touch. NULL: nothing to ask; what is destroyed uncounted is unknown.
 */
static struct bl_call *ask_affected(const struct bl_call *call,
                                    struct bl_inspection *inspection,
                                    const struct bl_value *argv)
{
    const char *name = bl_value_as_text(bl_list_get(argv, 0));
    const struct affects_line *line = affects_find(argv);
    struct bl_call *count = NULL;

    if ((strcasecmp(name, "DEL") == 0 || strcasecmp(name, "UNLINK") == 0) &&
        bl_value_count(argv) > 1)
        count = ask_exists(call, inspection, argv);
    else if (strcasecmp(name, "FLUSHDB") == 0)
        count = ask_words(call, "DBSIZE", NULL, NULL);
    else if (line != NULL)
        count = ask_words(call, "INFO", line->section, NULL);
    else if (inspection->class == BL_CLASS_DESTROY)
        snprintf(inspection->affects, sizeof(inspection->affects), "unknown");
    return count != NULL ? ask_stage(inspection, "count", bl_ask_briefly(count)) : NULL;
}

/* Class and reason by what is known; a question fails where its command is not there. */
static void ask_judge(const struct bl_call *call, struct bl_inspection *inspection,
                      const struct bl_value *argv)
{
    const struct bl_value *known = bl_map_get(inspection->asking, "known");
    struct bl_redis_class class;

    bl_redis_classify(argv, known, &class);
    if (bl_value_type(known) == BL_NIL && class.refused[0] == '\0' &&
        call->operation->class == BL_CLASS_OBSERVE) {
        bl_fail(&inspection->failure, BL_E_UNSUPPORTED,
                "%s %s: the server has no command %s: it has another name there, or the server "
                "is too old",
                call->target, call->operation->name, bl_value_as_text(bl_list_get(argv, 0)));
        return;
    }
    judge_read(call, argv, &class);
    inspection->class = class.class;
    snprintf(inspection->reason, sizeof(inspection->reason), "%s", class.why);
    snprintf(inspection->refused, sizeof(inspection->refused), "%s", class.refused);
}

/* Takes over what the server has said before; false when it has not been asked. */
static bool ask_recall(const struct redis_pool *pool, struct bl_inspection *inspection,
                       const char *name)
{
    const struct bl_value *known = bl_map_get(pool->known, name);

    if (bl_map_get(inspection->asking, "known") != NULL)
        return true;
    if (known == NULL)
        known = bl_map_get(pool->known, "command");
    if (known != NULL)
        ask_note(inspection, "known", bl_value_ref(known));
    return known != NULL;
}

static struct bl_call *ask_next(const struct redis_pool *pool, const struct bl_call *call,
                                struct bl_inspection *inspection, const struct bl_value *argv)
{
    const char *stage = bl_map_text(inspection->asking, "stage", "");
    const char *counter = bl_redis_counter(argv);
    struct bl_call *next;
    char name[64];

    if (!bl_redis_name(argv, name, sizeof(name)))
        return NULL;
    if (!ask_recall(pool, inspection, name))
        return ask_stage(inspection, "info", ask_words(call, "COMMAND", "INFO", name));
    if (inspection->refused[0] == '\0')
        ask_judge(call, inspection, argv);
    if (inspection->refused[0] != '\0' || inspection->failure.code != BL_OK ||
        strcmp(stage, "size") == 0 || strcmp(stage, "count") == 0)
        return NULL;
    if (bl_map_bool(inspection->asking, "silent", false)) {
        snprintf(inspection->affects, sizeof(inspection->affects), "unknown");
        return NULL;
    }
    if (inspection->class != BL_CLASS_OBSERVE) {
        next = ask_rights(pool, call, inspection, argv);
        return next != NULL ? next : ask_affected(call, inspection, argv);
    }
    if (counter == NULL)
        return NULL;
    return ask_stage(inspection, "size",
                     ask_words(call, counter, bl_value_as_text(bl_list_get(argv, 1)), NULL));
}

struct bl_call *bl_redis_ask(struct bl_connection *connection, const struct bl_call *call,
                             struct bl_inspection *inspection, const struct bl_value *answer)
{
    struct redis_pool *pool = connection->state;
    struct bl_value *argv;
    struct bl_call *next;

    if (pool->problem.code != BL_OK)
        return NULL; /* start says it */
    argv = bl_redis_argv(call);
    ask_hear(pool, call, inspection, argv, answer);
    next = ask_next(pool, call, inspection, argv);
    bl_value_unref(argv);
    return next;
}
