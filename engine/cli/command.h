/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* command.h: the verbs of the command line: one table entry each, from which parsing, help and
 * completion are made. */
#ifndef BL_COMMAND_H
#define BL_COMMAND_H

#include "base/error.h"
#include "base/value.h"

struct bl_option {
    const char *name;  /* "set" for --set */
    const char *value; /* what its value is called in help: "NAME=VALUE"; NULL: a flag */
    const char *text;  /* one line */
    bool is_repeated;  /* may be given more than once: its values are a list */
    const char *const *choices; /* NULL-terminated, or NULL */
};

/* What was given: options by name (text, list, or true), and the words that are no options. */
struct bl_given {
    const struct bl_command *command;
    const struct bl_value *options;
    int count;
    char **words;
};

struct bl_command {
    const char *name;
    const char *words;   /* "PROC", "[PATH]"; "" for none */
    int least, most;     /* how many words */
    const char *summary; /* one line, for the list of verbs */
    const char *text;    /* a paragraph or two, with an example, for `belay help VERB` */
    const struct bl_option *options;          /* ends with {0}; may be NULL */
    int (*run)(const struct bl_given *given); /* gives the exit code */
    bool is_hidden;
};

/* Every verb, NULL-terminated, in the order of the help. */
extern const struct bl_command *const bl_commands[];
/* Options that every verb knows: project, env, format, color, help. Ends with {0}. */
extern const struct bl_option bl_common_options[];

/* Parses the command line and runs a verb. */
int bl_command_main(int argc, char **argv);
/* Writes the help of one verb, or of the program (NULL). */
void bl_command_help(const struct bl_command *command, FILE *out);

const char *bl_given_text(const struct bl_given *given,
                          const char *name); /* NULL when not given */
bool bl_given_flag(const struct bl_given *given, const char *name);
const struct bl_value *bl_given_list(const struct bl_given *given,
                                     const char *name); /* NULL or a list */

/* Prints "belay: MESSAGE" to stderr, cleaned, and gives the exit code of the error. */
int bl_command_fail(const struct bl_error *err);
/* Prints lines, already clean; on a terminal broken between words, the next ones indented. */
void bl_command_fold(FILE *out, const char *text, int indent);
/* Prints outside text to stdout, cleaned, as one line. */
void bl_command_print(const char *text);
/* Both at once, for what ended with an error and not with a result: exit 1 is then no check or
 * step that failed. Gives `status`. */
int bl_command_end_error(const struct bl_error *err, int status);
/* Prints "belay: exit N: MEANING" to stderr when N is not 0, and gives N. */
int bl_command_end(int status);
/* True when a person can answer: stdin or stderr is a terminal and CI is not set. */
bool bl_command_is_attended(void);

#endif
