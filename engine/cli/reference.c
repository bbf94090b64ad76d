/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* reference.c: documentation made from the tables of the modules, the words' comments and the
 * verbs. */
#include "base/prefix.h"

#include "cli/reference.h"

#include "base/module.h"
#include "cli/command.h"

static const char *reference_type(const struct bl_arg *arg)
{
    static const char *const types[] = {
        [BL_T_ANY] = "any",
        [BL_T_BOOLEAN] = "boolean",
        [BL_T_INTEGER] = "integer",
        [BL_T_NUMBER] = "number",
        [BL_T_STRING] = "string",
        [BL_T_DURATION] = "number|string",
        [BL_T_BYTES] = "integer|string",
        [BL_T_CHOICE] = "string",
        [BL_T_HOST] = "string",
        [BL_T_PORT] = "integer",
        [BL_T_PATH] = "string",
        [BL_T_LIST] = "any[]",
        [BL_T_STRINGS] = "string[]",
        [BL_T_MAP] = "table<string, any>",
        [BL_T_COMMAND] = "string|string[]",
    };

    return types[arg->type];
}

static bool reference_is_optional(const struct bl_arg *arg)
{
    return (arg->flags & (BL_ARG_OPTIONAL | BL_ARG_OPTION)) != 0 || arg->fallback != NULL;
}

static bool reference_has_options(const struct bl_arg *args)
{
    for (; args != NULL && args->name != NULL; args++) {
        if (args->flags & BL_ARG_OPTION)
            return true;
    }
    return false;
}

/* The text of an argument with its choices and default. */
static void reference_arg_text(struct bl_buf *out, const struct bl_arg *arg)
{
    bl_buf_text_add(out, arg->text != NULL ? arg->text : "");
    for (size_t i = 0; arg->choices != NULL && arg->choices[i] != NULL; i++)
        bl_buf_printf(out, "%s%s", i == 0 ? ": " : ", ", arg->choices[i]);
    if (arg->fallback != NULL)
        bl_buf_printf(out, " (default %s)", arg->fallback);
}

/* Adds the names of the options or of the positions, with commas between; gives how many. */
static size_t stub_names(struct bl_buf *out, const struct bl_arg *args, bool options)
{
    size_t count = 0;

    for (; args != NULL && args->name != NULL; args++) {
        if (((args->flags & BL_ARG_OPTION) != 0) == options)
            bl_buf_printf(out, "%s%s", count++ > 0 ? ", " : "", args->name);
    }
    return count;
}

static void stub_params(struct bl_buf *out, const struct bl_arg *args, bool has_options)
{
    for (const struct bl_arg *arg = args; arg != NULL && arg->name != NULL; arg++) {
        if (arg->flags & BL_ARG_OPTION)
            continue;
        bl_buf_printf(out, "--- @param %s%s %s  ", arg->name,
                      reference_is_optional(arg) ? "?" : "", reference_type(arg));
        reference_arg_text(out, arg);
        bl_buf_char(out, '\n');
    }
    if (!has_options)
        return;
    bl_buf_text_add(out, "--- @param options? table  ");
    stub_names(out, args, true);
    bl_buf_char(out, '\n');
}

/* @param lines, then the function itself: `owner` ends in a dot or colon. */
static void stub_function(struct bl_buf *out, const char *owner, const char *name,
                          const struct bl_arg *args, bool has_options)
{
    size_t count;

    stub_params(out, args, has_options);
    bl_buf_printf(out, "function %s%s(", owner, name);
    count = stub_names(out, args, false);
    if (has_options)
        bl_buf_printf(out, "%soptions", count > 0 ? ", " : "");
    bl_buf_text_add(out, ") end\n\n");
}

static void stub_module(struct bl_buf *out, const struct bl_module *module)
{
    char owner[80];

    bl_buf_printf(out, "--- %s\n--- @class %s\nlocal %s = {}\n\n", module->text, module->name,
                  module->name);
    snprintf(owner, sizeof(owner), "%s%c", module->name, module->settings != NULL ? ':' : '.');
    for (const struct bl_operation *at = module->operations; at != NULL && at->name != NULL;
         at++) {
        bl_buf_printf(out, "--- %s\n--- Class: %s. Gives: %s\n---\n", at->text,
                      bl_class_name(at->class), at->result != NULL ? at->result : "nothing");
        stub_function(out, owner, at->name, at->args, true);
    }
    snprintf(owner, sizeof(owner), "%s.", module->name);
    for (const struct bl_function *at = module->functions; at != NULL && at->name != NULL;
         at++) {
        bl_buf_printf(out, "--- %s\n--- Gives: %s\n---\n", at->text, at->result);
        stub_function(out, owner, at->name, at->args, reference_has_options(at->args));
    }
}

static void stub_word(struct bl_buf *out, const char *name, const char *params,
                      const char *comment)
{
    bl_buf_printf(out, "%sfunction %s(%s) end\n\n", comment, name, params);
}

void bl_reference_stubs(struct bl_buf *out)
{
    bl_buf_text_add(out,
                    "--- @meta\n-- Written by `belay init` from the tables of Belay " BL_VERSION
                    ": what an editor needs to know.\n\n");
    bl_reference_classes(out);
    bl_reference_each_word(stub_word, out);
    for (size_t i = 0; bl_modules[i] != NULL; i++)
        stub_module(out, bl_modules[i]);
}

static void page_args(struct bl_buf *out, const struct bl_arg *args, const char *title)
{
    if (args == NULL || args->name == NULL)
        return;
    bl_buf_printf(out, "| %s | type | meaning |\n| --- | --- | --- |\n", title);
    for (; args->name != NULL; args++) {
        bl_buf_printf(out, "| `%s`%s | ", args->name,
                      args->flags & BL_ARG_OPTION   ? " (option)"
                      : reference_is_optional(args) ? "?"
                                                    : "");
        for (const char *c = reference_type(args); *c != '\0'; c++)
            bl_buf_printf(out, *c == '|' ? "\\%c" : "%c", *c);
        bl_buf_text_add(out, " | ");
        reference_arg_text(out, args);
        bl_buf_text_add(out, " |\n");
    }
    bl_buf_char(out, '\n');
}

static void page_operation(struct bl_buf *out, const struct bl_operation *operation)
{
    bl_buf_printf(out, "### %s\n\n%s Class: %s%s.\n\n", operation->name, operation->text,
                  bl_class_name(operation->class),
                  operation->inspect != NULL ? " unless the call itself says otherwise" : "");
    page_args(out, operation->args, "argument");
    bl_buf_printf(out, "Gives: %s.\n\n",
                  operation->result != NULL ? operation->result : "nothing");
    if (operation->outcomes != NULL) {
        bl_buf_text_add(out, "Outcomes:");
        for (size_t i = 0; operation->outcomes[i] != NULL; i++)
            bl_buf_printf(out, "%s %s", i > 0 ? "," : "", operation->outcomes[i]);
        bl_buf_text_add(out, ".\n\n");
    }
    bl_buf_printf(out, "```lua\n%s\n```\n\n", operation->example);
}

void bl_reference_modules(struct bl_buf *out)
{
    bl_buf_text_add(
        out,
        "# Modules\n\nWritten from the tables in `stdlib/`. Every operation also takes the "
        "options `timeout` (a duration) and `keep`\n(bytes of the answer that may be kept, "
        "1 MiB unless said).\n\n");
    for (size_t i = 0; bl_modules[i] != NULL; i++) {
        const struct bl_module *module = bl_modules[i];
        bl_buf_printf(out, "## %s\n\n%s\n\n", module->name, module->text);
        page_args(out, module->settings, "setting");
        for (const struct bl_operation *at = module->operations; at != NULL && at->name != NULL;
             at++)
            page_operation(out, at);
        for (const struct bl_function *at = module->functions; at != NULL && at->name != NULL;
             at++) {
            bl_buf_printf(out, "### %s\n\n%s A pure function.\n\n", at->name, at->text);
            page_args(out, at->args, "argument");
            bl_buf_printf(out, "Gives: %s.\n\n```lua\n%s\n```\n\n", at->result, at->example);
        }
    }
}

static void page_word(struct bl_buf *out, const char *name, const char *params,
                      const char *comment)
{
    bool in_code = false;

    bl_buf_printf(out, "## %s(%s)\n\n", name, params);
    for (const char *line = comment; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        const char *text = line + 3;
        size_t rest = len > 3 ? len - 3 : 0;
        if (rest > 0 && *text == ' ') {
            text++;
            rest--;
        }
        if (rest > 0 && *text == '@' && !in_code) {
            bl_buf_text_add(out, "```\n");
            in_code = true;
        }
        bl_buf_add(out, text, rest);
        bl_buf_char(out, '\n');
        line += len + (line[len] == '\n');
    }
    bl_buf_text_add(out, in_code ? "```\n\n" : "\n");
}

/* A table of a field: "--- @field name? type  text". */
static void page_field(struct bl_buf *out, const char *line, size_t len)
{
    size_t name = strcspn(line, " "), type = name + 1, depth = 0, end;

    for (end = type; end < len; end++) {
        depth += strchr("({", line[end]) != NULL;
        depth -= strchr(")}", line[end]) != NULL;
        if (depth == 0 && end + 1 < len && line[end] == ' ' && line[end + 1] == ' ')
            break;
    }
    bl_buf_printf(out, "| `%.*s` | `", (int)name, line);
    for (size_t i = type; i < end; i++)
        bl_buf_printf(out, line[i] == '|' ? "\\%c" : "%c", line[i]);
    bl_buf_printf(out, "` | %.*s |\n", (int)(end + 2 < len ? len - end - 2 : 0),
                  end + 2 < len ? line + end + 2 : "");
}

/* The head of a class: "NAME  text". */
static void page_class(struct bl_buf *out, const char *line, size_t len)
{
    size_t name = strcspn(line, " \n");

    bl_buf_printf(out, "## %.*s\n\n", (int)name, line);
    if (name + 2 < len)
        bl_buf_printf(out, "It is %.*s.\n\n", (int)(len - name - 2), line + name + 2);
    bl_buf_text_add(out, "| field | type | meaning |\n| --- | --- | --- |\n");
}

/* What the tables hold that words take or give: check, param.Spec, procedure.Spec … */
static void page_classes(struct bl_buf *out)
{
    static const char class[] = "--- @class ", field[] = "--- @field ";
    struct bl_buf all;

    bl_buf_init(&all, 0);
    bl_reference_classes(&all);
    bl_buf_text_add(out, "# Their tables\n\n`?` behind a name: it may be left out.\n\n");
    for (const char *line = bl_buf_text(&all); *line != '\0';) {
        size_t len = strcspn(line, "\n");
        if (strncmp(line, class, sizeof(class) - 1) == 0)
            page_class(out, line + sizeof(class) - 1, len - sizeof(class) + 1);
        else if (strncmp(line, field, sizeof(field) - 1) == 0)
            page_field(out, line + sizeof(field) - 1, len - sizeof(field) + 1);
        else if (len == 0 && line[1] == '-')
            bl_buf_char(out, '\n');
        line += len + (line[len] == '\n');
    }
    bl_buf_release(&all);
}

void bl_reference_words(struct bl_buf *out)
{
    bl_buf_text_add(out, "# Words\n\nWritten from the comments in `lua/words/`.\n\n");
    bl_reference_each_word(page_word, out);
    page_classes(out);
}

static void page_options(struct bl_buf *out, const struct bl_option *option)
{
    for (; option != NULL && option->name != NULL; option++)
        bl_buf_printf(out, "| `--%s%s%s` | %s |\n", option->name,
                      option->value != NULL ? " " : "",
                      option->value != NULL ? option->value : "", option->text);
}

void bl_reference_verbs(struct bl_buf *out)
{
    bl_buf_text_add(out, "# Command line\n\nWritten from the tables in `engine/cli/`.\n\n");
    for (size_t i = 0; bl_commands[i] != NULL; i++) {
        const struct bl_command *command = bl_commands[i];
        if (command->is_hidden)
            continue;
        bl_buf_printf(out, "## belay %s%s%s\n\n", command->name,
                      *command->words != '\0' ? " " : "", command->words);
        bl_buf_printf(out, "```\n%s```\n\n", command->text);
        if (command->options != NULL) {
            bl_buf_text_add(out, "| option | meaning |\n| --- | --- |\n");
            page_options(out, command->options);
            bl_buf_char(out, '\n');
        }
    }
    bl_buf_text_add(out, "## Options of every verb\n\n| option | meaning |\n| --- | --- |\n");
    page_options(out, bl_common_options);
}

void bl_reference_errors(struct bl_buf *out)
{
    bl_buf_text_add(out, "# Errors\n\nWritten from the table in `engine/base/error.c`. An "
                         "operation that fails raises "
                         "an object with `code`, `message`,\n`module`, `operation`, `target`, "
                         "`step`, `retryable`, "
                         "`cause` and `where`. The codes do not change.\n\n| code | meaning | "
                         "worth trying again |\n"
                         "| --- | --- | --- |\n");
    for (unsigned code = 1; code < BL_CODES; code++) {
        struct bl_error err;
        bl_fail(&err, (enum bl_code)code, "-");
        bl_buf_printf(out, "| `%s` | %s | %s |\n", bl_code_name((enum bl_code)code),
                      bl_code_text((enum bl_code)code), err.retryable ? "yes" : "no");
    }
}
