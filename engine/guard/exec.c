/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec.c: the class of a command, and how it is found behind its wrappers and in shell texts.
 */
#include "base/prefix.h"

#include "guard/exec.h"

#include "guard/exec_names.h"
#include "guard/exec_shapes.h"

#define SHELL_DEPTH 4 /* texts inside of texts that are read */

/*
 * Programs that run another one: options that take a value (letters), and arguments before the
 * program.
 */
struct wrapper {
    const char *name, *values;
    unsigned skip;
};

static const struct wrapper wrappers[] = {
    {"sudo", "ugpChrtTDRU", 0}, {"doas", "uC", 0},    {"env", "uCS", 0},
    {"nice", "n", 0},           {"ionice", "cnp", 0}, {"nohup", "", 0},
    {"setsid", "", 0},          {"stdbuf", "ioe", 0}, {"time", "fo", 0},
    {"timeout", "ks", 1},       {"setpriv", "", 0},   {"xargs", "adEIiLlnPs", 0},
    {"chroot", "", 1},          {"flock", "wE", 1},
};

struct words {
    const char *const *list;
    size_t count;
    const char *input; /* of the command; NULL: none */
    bool is_text;      /* they stood in a text for a shell */
    bool is_rough;     /* cut without regard to quotes: no argument is whole */
};

static const char *command_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/*
 * A shape that begins at any of the words: after sudo, xargs, find -exec, docker exec, or
 * anywhere in a shell text.
 */
static const char *command_shape_inside(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        const struct bl_shape *shape = bl_shape_find(words->list + i, words->count - i);
        const char *why = shape != NULL ? shape->why : NULL;
        if (why == NULL && !words->is_rough)
            why =
                bl_shape_psql(words->list + i, words->count - i, words->input, words->is_text);
        if (why != NULL)
            return why;
    }
    return NULL;
}

/* Cuts a shell text into words, everything that is not a word taken as a border. */
static size_t command_split(char *text, const char **list, size_t room)
{
    size_t count = 0;
    char *rest = text, *word;

    while ((word = strsep(&rest, " \t\r\n;|&(){}<>`'\"$\\")) != NULL && count < room) {
        if (*word != '\0')
            list[count++] = word;
    }
    return count;
}

/* Redirects output into a file that is not only appended to. */
static bool command_overwrites(const char *text)
{
    for (const char *at = strchr(text, '>'); at != NULL; at = strchr(at, '>')) {
        bool appends = at[1] == '>';
        at += 1 + appends;
        at += strspn(at, "| \t");
        if (!appends && *at != '&' && strncmp(at, "/dev/null", 9) != 0)
            return true;
    }
    return false;
}

/* The character behind a quote or backslash as a shell takes it; moves *at behind it. */
static bool command_unquote(const char **at, char *quote, char *out)
{
    char c = *(*at)++;

    if (*quote == '\0' && (c == '\'' || c == '"')) {
        *quote = c;
        return false;
    }
    if (c == *quote && c != '\0') {
        *quote = '\0';
        return false;
    }
    if (c == '\\' && *quote != '\'' && **at != '\0')
        c = *(*at)++;
    *out = c;
    return true;
}

/* Cuts a shell text into the words that a shell makes of it; operators are words too. */
static size_t command_tokens(const char *text, char *room, const char **list)
{
    static const char blanks[] = " \t\r", operators[] = ";|&(){}<>`\n";
    size_t count = 0;

    while (*text != '\0') {
        char quote = '\0';
        if (strchr(blanks, *text) != NULL) {
            text++;
            continue;
        }
        list[count++] = room;
        if (strchr(operators, *text) != NULL) {
            *room++ = *text++;
        } else {
            while (*text != '\0' && (quote != '\0' || (strchr(blanks, *text) == NULL &&
                                                       strchr(operators, *text) == NULL)))
                room += command_unquote(&text, &quote, room);
        }
        *room++ = '\0';
    }
    return count;
}

static const char *command_shape_shells(const struct words *words, int depth);

/*
 * A shape anywhere in a text for a shell: once by its words as the shell reads them, and once
 * cut at everything that is no letter, for what stands in quotes and is run all the same.
 */
static const char *command_shape_text(const char *text, int depth)
{
    size_t len = strlen(text);
    const char **list = bl_alloc((len + 1) * sizeof(*list));
    char *copy = bl_strdup(text), *room = bl_alloc(2 * len + 2);
    struct words rough = {.list = list, .is_text = true, .is_rough = true};
    struct words exact = {.list = list, .is_text = true};
    const char *why;

    rough.count = command_split(copy, list, len);
    why = command_shape_inside(&rough);
    if (why == NULL) {
        exact.count = command_tokens(text, room, list);
        why = command_shape_inside(&exact);
        if (why == NULL && depth < SHELL_DEPTH)
            why = command_shape_shells(&exact, depth + 1);
    }
    if (why == NULL && command_overwrites(text))
        why = "overwrites a file";
    bl_free(list);
    bl_free(copy);
    bl_free(room);
    return why;
}

static const struct wrapper *command_wrapper(const char *word)
{
    for (size_t i = 0; i < BL_COUNT(wrappers); i++) {
        if (strcmp(wrappers[i].name, command_base(word)) == 0)
            return &wrappers[i];
    }
    return NULL;
}

/* The place of the program that a wrapper runs, or of the wrapper itself when it runs none. */
static size_t command_unwrap(const struct words *words)
{
    size_t at = 0;
    const struct wrapper *wrapper;

    while ((wrapper = command_wrapper(words->list[at])) != NULL) {
        size_t next = at + 1, skip = wrapper->skip;
        for (; next < words->count; next++) {
            const char *word = words->list[next];
            if (word[0] == '-' && word[1] != '\0')
                next += word[1] != '-' && word[2] == '\0' && strchr(wrapper->values, word[1]);
            else if (strchr(word, '=') == NULL && skip-- == 0)
                break;
        }
        if (next >= words->count)
            return at;
        at = next;
    }
    return at;
}

static bool command_is_shell(const char *word)
{
    static const char *const shells[] = {"sh", "bash", "dash", "zsh",     "ksh",   "ash",
                                         "su", "ssh",  "eval", "runuser", "watch", "script"};

    for (size_t i = 0; i < BL_COUNT(shells); i++) {
        if (strcmp(shells[i], command_base(word)) == 0)
            return true;
    }
    return false;
}

/* env -S TEXT cuts the text into words itself. */
static const char *command_shape_env(const struct words *words, size_t at, int depth)
{
    const char *word = words->list[at];

    if (at == 0 || strcmp(command_base(words->list[at - 1]), "env") != 0)
        return NULL;
    if (strncmp(word, "-S", 2) == 0)
        word += 2;
    else if (strncmp(word, "--split-string", 14) == 0)
        word += word[14] == '=' ? 15 : 14;
    else
        return NULL;
    if (*word == '\0' && at + 1 < words->count)
        word = words->list[at + 1];
    return command_shape_text(word, depth);
}

/* A shape in any word that a shell will read as text: sh -c TEXT, su -c TEXT, ssh host TEXT. */
static const char *command_shape_shells(const struct words *words, int depth)
{
    const char *why = NULL;
    bool is_shell = false;

    for (size_t i = 0; why == NULL && i < words->count; i++) {
        why = is_shell ? command_shape_text(words->list[i], depth)
                       : command_shape_env(words, i, depth);
        is_shell = is_shell || command_is_shell(words->list[i]);
    }
    return why;
}

/* What the environment says about the program. */
static void command_list(const struct bl_value *listed, struct bl_command *out)
{
    const struct bl_value *entry = bl_map_get(listed, out->program);
    const char *class = bl_map_text(entry, "class", "destroy");

    snprintf(out->target, sizeof(out->target), "%s", bl_map_text(entry, "target", ""));
    if (out->target[0] == '\0')
        snprintf(out->target, sizeof(out->target), "exec.%s", out->program);
    out->class = BL_CLASS_DESTROY;
    out->why = "is a program that the environment's exec table does not list";
    if (bl_value_type(entry) != BL_MAP)
        return;
    out->why = "has the class that the environment's exec table gives it";
    if (strcmp(class, "change") == 0 || strcmp(class, "observe") == 0)
        out->class = BL_CLASS_CHANGE;
}

void bl_command_classify(const struct bl_value *argv, bool shell, const char *input,
                         const struct bl_value *listed, struct bl_command *out)
{
    size_t count = bl_value_count(argv);
    const char **list = bl_alloc((count + 1) * sizeof(*list));
    struct words words = {.list = list, .count = count, .input = input};
    char *text = NULL; /* for a shell that reads nothing else */
    const char *why;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < count; i++)
        list[i] = bl_value_as_text(bl_list_get(argv, i));
    if (count == 0)
        list[words.count++] = "";
    snprintf(out->program, sizeof(out->program), "%s",
             shell ? "sh" : command_base(list[command_unwrap(&words)]));
    command_list(listed, out);
    if (shell)
        text = bl_exec_without_names(list[0]);
    why = shell ? command_shape_text(text, 0) : command_shape_inside(&words);
    if (why == NULL && !shell)
        why = command_shape_shells(&words, 0);
    if (why == NULL && input != NULL && command_is_shell(out->program))
        why = command_shape_text(input, 0);
    if (why != NULL) {
        out->class = BL_CLASS_DESTROY;
        out->why = why;
    }
    bl_free(text);
    bl_free(list);
}
