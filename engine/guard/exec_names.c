/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_names.c: names of programs in a shell text that are only looked up or printed. */
#include "base/prefix.h"

#include "guard/exec_names.h"

static const char blanks[] = " \t\r", borders[] = ";|&\n";

static bool names_is_one(const char *word, size_t len, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strlen(*list) == len && strncmp(*list, word, len) == 0)
            return true;
    }
    return false;
}

/* What stands behind a > loses the output or gives it to the same reader. */
static bool names_is_harmless(const char *target)
{
    static const char *const places[] = {"/dev/null", "&1", "&2", NULL};

    target += strspn(target, blanks);
    return names_is_one(
        target, strcspn(target + (*target == '&'), " \t\r;|&\n>") + (*target == '&'), places);
}

/* Nothing in the text gets hold of what another command prints or was called with. */
static bool names_are_free(const char *text)
{
    static const char *const words[] = {"alias",  "hash",   "history", "fc",
                                        "enable", "coproc", "PATH"};

    if (strpbrk(text, "$`\\<(){}#") != NULL)
        return false;
    for (size_t i = 0; i < BL_COUNT(words); i++) {
        if (strstr(text, words[i]) != NULL)
            return false;
    }
    while ((text = strpbrk(text, "|>")) != NULL) {
        if (*text == '|' ? text[1] != '|' : !names_is_harmless(text + 1))
            return false;
        text += *text == '|' ? 2 : 1;
    }
    return true;
}

/* The end of a simple command: the next border outside of quotes. */
static char *names_end(char *at)
{
    char quote = '\0';

    for (; *at != '\0' && (quote != '\0' || strchr(borders, *at) == NULL); at++) {
        if (*at == quote)
            quote = '\0';
        else if (quote == '\0' && (*at == '\'' || *at == '"'))
            quote = *at;
    }
    return at;
}

/* The next word before the end, *len bytes of it; NULL: there is none. */
static char *names_word(char *at, const char *end, size_t *len)
{
    at += strspn(at, blanks);
    if (at >= end)
        return NULL;
    *len = strcspn(at, blanks);
    if (*len > (size_t)(end - at))
        *len = (size_t)(end - at);
    return at;
}

static bool names_is_plain(const char *word, size_t len)
{
    return strspn(word,
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,=-") >=
           len;
}

/* man runs what its options and variables name: it counts only with bare names of pages. */
static bool names_are_pages(char *at, const char *end)
{
    size_t len = 0;

    while ((at = names_word(at, end, &len)) != NULL) {
        if (*at == '-' || !names_is_plain(at, len))
            return false;
        at += len;
    }
    return true;
}

/* Where the arguments of a command begin that only looks up or prints names; else NULL. */
static char *names_arguments(char *at, const char *end)
{
    static const char *const before[] = {"if", "then",  "else", "elif", "while",
                                         "do", "until", "!",    NULL};
    static const char *const programs[] = {"which", "type", "echo", NULL};
    static const char *const man[] = {"man", NULL}, *const command[] = {"command", NULL};
    static const char *const only[] = {"-v", "-V", NULL};
    size_t len = 0;
    char *word = names_word(at, end, &len);

    while (word != NULL && names_is_one(word, len, before))
        word = names_word(word + len, end, &len);
    if (word == NULL)
        return NULL;
    at = word + len;
    if (names_is_one(word, len, programs))
        return at;
    if (names_is_one(word, len, man))
        return names_are_pages(at, end) ? at : NULL;
    if (!names_is_one(word, len, command))
        return NULL;
    word = names_word(at, end, &len);
    return word != NULL && names_is_one(word, len, only) ? word + len : NULL;
}

char *bl_exec_without_names(const char *text)
{
    char *copy = bl_strdup(text), *at = copy;
    size_t len = 0;

    if (!names_are_free(text))
        return copy;
    while (*at != '\0') {
        char *end = names_end(at), *word = names_arguments(at, end);
        while (word != NULL && (word = names_word(word, end, &len)) != NULL &&
               memchr(word, '>', len) == NULL) {
            if (names_is_plain(word, len))
                memset(word, ' ', len);
            word += len;
        }
        at = end + strspn(end, borders);
    }
    return copy;
}
