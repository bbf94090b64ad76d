/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* command.c: parsing, help and the small things that every verb needs. */
#include "base/prefix.h"

#include "cli/command.h"

#include "base/exit.h"
#include "base/text.h"

#include <getopt.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OPTIONS_MAX 32

static const char *const format_choices[] = {"text", "json", "junit", NULL};
static const char *const color_choices[] = {"auto", "always", "never", NULL};

const struct bl_option bl_common_options[] = {
    {"project", "DIR",
     "the project (default: BELAY_PROJECT, else the nearest belay.lua upwards)", false, NULL},
    {"env", "NAME", "the environment (default: what belay.lua says)", false, NULL},
    {"format", "FORMAT", "how to write the result: text, json or junit", false, format_choices},
    {"color", "WHEN", "auto, always or never; NO_COLOR and CLICOLOR_FORCE count too", false,
     color_choices},
    {"help", NULL, "shows this help", false, NULL},
    {0},
};

/* The options of a verb: its own, then the common ones. */
static size_t command_options(const struct bl_command *command,
                              const struct bl_option *list[OPTIONS_MAX])
{
    size_t count = 0;

    for (const struct bl_option *at = command->options; at != NULL && at->name != NULL; at++)
        list[count++] = at;
    for (const struct bl_option *at = bl_common_options; at->name != NULL; at++)
        list[count++] = at;
    return count;
}

#define HELP_WIDTH 79
#define HELP_INDENT 25

/* Columns that a text of ASCII and "…" takes. */
static int command_columns(const char *text, size_t len)
{
    int columns = 0;

    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

struct command_page {
    FILE *out;
    int indent, width;
};

/* Prints words from column `at` on, broken so that lines fit; the next ones are indented.
 * Gives the column behind them. */
static int command_wrap(const struct command_page *page, const char *text, size_t len, int at)
{
    int indent = page->indent;
    FILE *out = page->out;
    bool is_fresh = at == 0 || at == indent; /* no word stands before it */

    for (size_t i = 0; i < len;) {
        size_t word = strcspn(text + i, " \n");
        int columns;
        word = word < len - i ? word : len - i;
        columns = command_columns(text + i, word);
        if (!is_fresh && at > indent && at + 1 + columns > page->width) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (!is_fresh) {
            fputc(' ', out);
            at++;
        }
        is_fresh = false;
        fwrite(text + i, 1, word, out);
        at += columns;
        i += word;
        i += i < len;
    }
    return at;
}

/* The columns of a terminal; 0 where there is none, or one that does not say. */
static int command_width(FILE *out)
{
    struct winsize size;

    if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col >= 40 ? size.ws_col : 0;
}

void bl_command_fold(FILE *out, const char *text, int indent)
{
    struct command_page page = {out, indent, command_width(out)};

    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (page.width == 0 || command_columns(text, len) <= page.width)
            fwrite(text, 1, len, out);
        else
            command_wrap(&page, text, len, 0);
        fputc('\n', out);
        text += len + (text[len] == '\n');
    }
}

/* Prints paragraphs that fit a terminal; indented lines (examples) stay as they are. */
static void command_help_text(FILE *out, const char *text)
{
    struct command_page page = {out, 0, HELP_WIDTH};
    int at = 0;

    for (size_t len; *text != '\0'; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        if (len > 0 && *text != ' ') {
            at = command_wrap(&page, text, len, at);
            continue;
        }
        fprintf(out, "%s%.*s\n", at > 0 ? "\n" : "", (int)len, text);
        at = 0;
    }
    fputs(at > 0 ? "\n" : "", out);
}

static void command_help_line(FILE *out, const char *left, const char *text)
{
    struct command_page page = {out, HELP_INDENT, HELP_WIDTH};
    int columns = fprintf(out, "  %-22s ", left);

    if (columns > HELP_INDENT)
        fprintf(out, "\n%*s", HELP_INDENT, "");
    command_wrap(&page, text, strlen(text), HELP_INDENT);
    fputc('\n', out);
}

static void command_help_option(const struct bl_option *option, FILE *out)
{
    char left[60];

    snprintf(left, sizeof(left), "--%s%s%s", option->name, option->value != NULL ? " " : "",
             option->value != NULL ? option->value : "");
    command_help_line(out, left, option->text);
}

static void command_help_all(FILE *out)
{
    fputs("belay: runbooks as code: run them step by step, rehearse them, keep the proof\n\n"
          "usage: belay VERB [WORDS] [OPTIONS]\n\n",
          out);
    for (size_t i = 0; bl_commands[i] != NULL; i++) {
        char left[60];
        if (bl_commands[i]->is_hidden)
            continue;
        snprintf(left, sizeof(left), "%s %s", bl_commands[i]->name, bl_commands[i]->words);
        command_help_line(out, left, bl_commands[i]->summary);
    }
    command_help_text(out,
                      "\n`belay help VERB` says more about one. Exit codes: 0 well, 1 a check "
                      "or step failed, 2 usage or invalid runbook, 3 waiting at a gate, 4 a "
                      "person said no, 5 refused, 6 timed out, 7 in doubt, 130 and 143 "
                      "signals.\n");
}

void bl_command_help(const struct bl_command *command, FILE *out)
{
    const struct bl_option *list[OPTIONS_MAX];
    size_t count;

    if (command == NULL) {
        command_help_all(out);
        return;
    }
    count = command_options(command, list);
    fprintf(out, "belay %s: %s\n\nusage: belay %s%s%s [OPTIONS]\n\n", command->name,
            command->summary, command->name, *command->words != '\0' ? " " : "",
            command->words);
    command_help_text(out, command->text);
    fputc('\n', out);
    for (size_t i = 0; i < count; i++)
        command_help_option(list[i], out);
}

int bl_command_fail(const struct bl_error *err)
{
    struct bl_buf clean;

    bl_buf_init(&clean, 0);
    bl_buf_text_add(&clean, "belay: ");
    bl_text_clean(&clean, err->message, strlen(err->message), false);
    bl_command_fold(stderr, bl_buf_text(&clean), 7);
    bl_buf_release(&clean);
    return bl_exit_of(err->code);
}

void bl_command_print(const char *text)
{
    struct bl_buf clean;

    bl_buf_init(&clean, 0);
    bl_text_clean(&clean, text, strlen(text), false);
    fputs(bl_buf_text(&clean), stdout);
    bl_buf_release(&clean);
}

int bl_command_end_error(const struct bl_error *err, int status)
{
    bl_command_fail(err);
    if (status != BL_EXIT_FAILED)
        return bl_command_end(status);
    fputs("belay: exit 1: failed: the line above says why\n", stderr);
    return status;
}

int bl_command_end(int status)
{
    if (status != 0)
        fprintf(stderr, "belay: exit %d: %s\n", status, bl_exit_text(status));
    return status;
}

static int command_usage(const char *format, ...) BL_PRINTF(1, 2);

static int command_usage(const char *format, ...)
{
    struct bl_error err;
    va_list args;

    va_start(args, format);
    bl_failv(&err, BL_E_ARG, format, args);
    va_end(args);
    return bl_command_end(bl_command_fail(&err));
}

static const struct bl_command *command_find(const char *name)
{
    for (size_t i = 0; bl_commands[i] != NULL; i++) {
        if (strcmp(bl_commands[i]->name, name) == 0)
            return bl_commands[i];
    }
    return NULL;
}

static int command_unknown(const char *name)
{
    const char *names[64], *near;
    size_t count = 0;

    for (size_t i = 0; bl_commands[i] != NULL; i++)
        names[count++] = bl_commands[i]->name;
    names[count] = NULL;
    near = bl_suggest(name, names);
    if (near != NULL)
        return command_usage("no verb '%s': did you mean '%s'?", name, near);
    return command_usage("no verb '%s': `belay help` lists them", name);
}

/* Keeps one option that was given; false when its value is none of its choices. */
static bool command_keep(const struct bl_option *option, const char *value,
                         struct bl_value *options)
{
    bool fits = option->choices == NULL;

    for (size_t i = 0; !fits && option->choices[i] != NULL; i++)
        fits = strcmp(option->choices[i], value) == 0;
    if (option->value == NULL) {
        bl_map_set(options, option->name, bl_value_bool(true));
    } else if (!option->is_repeated) {
        bl_map_set(options, option->name, bl_value_text(value));
    } else {
        struct bl_value *list = bl_list_new();
        const struct bl_value *before = bl_map_get(options, option->name);
        for (size_t i = 0; i < bl_value_count(before); i++)
            bl_list_add(list, bl_value_ref(bl_list_get(before, i)));
        bl_list_add(list, bl_value_text(value));
        bl_map_set(options, option->name, list);
    }
    return fits;
}

static int command_unknown_option(const struct bl_command *command, const char *word)
{
    const struct bl_option *list[OPTIONS_MAX];
    size_t count = command_options(command, list);
    const char *names[OPTIONS_MAX + 1] = {NULL}, *near;
    char name[80];

    for (size_t i = 0; i < count; i++)
        names[i] = list[i]->name;
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
    near = bl_suggest(name + strspn(name, "-"), names);
    if (near != NULL)
        return command_usage("%s: unknown option %s: did you mean '--%s'?", command->name, word,
                             near);
    return command_usage("%s: unknown option %s: `belay help %s` lists them", command->name,
                         word, command->name);
}

/* getopt_long takes beginnings of names as well; a word that was cut short is rather a mistake.
 */
static bool command_is_whole(const struct bl_option *option, char **argv)
{
    const char *word = argv[optind - 1];
    size_t len = strlen(option->name);

    if (option->value != NULL && word == optarg)
        word = argv[optind - 2];
    return strncmp(word + 2, option->name, len) == 0 &&
           (word[2 + len] == '\0' || word[2 + len] == '=');
}

/* Reads the options of a verb; gives 0, or the exit code of a mistake. */
static int command_parse(const struct bl_command *command, int argc, char **argv,
                         struct bl_value *options)
{
    const struct bl_option *list[OPTIONS_MAX];
    size_t count = command_options(command, list);
    struct option longs[OPTIONS_MAX + 1] = {0};
    int index, found;

    for (size_t i = 0; i < count; i++)
        longs[i] = (struct option){
            list[i]->name, list[i]->value != NULL ? required_argument : no_argument, NULL, 0};
    opterr = 0;
    optind = 1;
    while ((found = getopt_long(argc, argv, ":h", longs, &index)) != -1) {
        if (found == 'h')
            bl_map_set(options, "help", bl_value_bool(true));
        else if (found == ':')
            return command_usage("%s: option %s needs a value", command->name,
                                 argv[optind - 1]);
        else if (found == '?' || !command_is_whole(list[index], argv))
            return command_unknown_option(command, argv[optind - 1]);
        else if (!command_keep(list[index], optarg, options))
            return command_usage("%s: --%s cannot be '%s': %s", command->name,
                                 list[index]->name, optarg, list[index]->text);
    }
    return 0;
}

static int command_run(const struct bl_command *command, int argc, char **argv)
{
    struct bl_value *options = bl_map_new();
    struct bl_given given = {.command = command, .options = options};
    int status = command_parse(command, argc, argv, options);

    given.words = argv + optind;
    given.count = argc - optind;
    if (status == 0 && bl_given_flag(&given, "help"))
        bl_command_help(command, stdout);
    else if (status == 0 && (given.count < command->least || given.count > command->most))
        status = command_usage("%s: usage: belay %s %s: `belay help %s` says more",
                               command->name, command->name, command->words, command->name);
    else if (status == 0)
        status = command->run(&given);
    bl_value_unref(options);
    return status;
}

int bl_command_main(int argc, char **argv)
{
    const struct bl_command *command;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk, not the end */
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        bl_command_help(NULL, argc < 2 ? stderr : stdout);
        return argc < 2 ? BL_EXIT_USAGE : BL_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("belay " BL_VERSION);
        return BL_EXIT_OK;
    }
    command = command_find(argv[1]);
    if (command == NULL)
        return command_unknown(argv[1]);
    return command_run(command, argc - 1, argv + 1);
}

const char *bl_given_text(const struct bl_given *given, const char *name)
{
    return bl_map_text(given->options, name, NULL);
}

bool bl_given_flag(const struct bl_given *given, const char *name)
{
    return bl_map_bool(given->options, name, false);
}

const struct bl_value *bl_given_list(const struct bl_given *given, const char *name)
{
    return bl_map_get(given->options, name);
}

bool bl_command_is_attended(void)
{
    const char *ci = getenv("CI");

    return (ci == NULL || *ci == '\0' || strcmp(ci, "false") == 0) &&
           (isatty(STDIN_FILENO) || isatty(STDERR_FILENO));
}
