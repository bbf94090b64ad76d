/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* completion.c: `belay completion SHELL`: a script that completes verbs, options and
 * procedures. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"

static void completion_words(FILE *out, const struct bl_option *options)
{
    for (; options != NULL && options->name != NULL; options++)
        fprintf(out, " --%s", options->name);
}

static void completion_bash(FILE *out)
{
    fputs("# bash completion of belay: put it into /etc/bash_completion.d or source it.\n"
          "_belay() {\n"
          "  local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words\n"
          "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "    words=\"",
          out);
    for (size_t i = 0; bl_commands[i] != NULL; i++) {
        if (!bl_commands[i]->is_hidden)
            fprintf(out, "%s%s", i > 0 ? " " : "", bl_commands[i]->name);
    }
    fputs("\"\n  else\n    case $verb in\n", out);
    for (size_t i = 0; bl_commands[i] != NULL; i++) {
        bool wants_procedure = strstr(bl_commands[i]->words, "PROC") != NULL;
        if (bl_commands[i]->is_hidden)
            continue;
        fprintf(out, "    %s) words=\"%s", bl_commands[i]->name,
                wants_procedure ? "$(belay list --format json 2>/dev/null | sed -n "
                                  "'s/.*\\\"id\\\":\\\"\\([^\\\"]*\\)\\\".*/\\1/p')"
                                : "");
        completion_words(out, bl_commands[i]->options);
        completion_words(out, bl_common_options);
        fputs("\" ;;\n", out);
    }
    fputs("    esac\n  fi\n"
          "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "}\ncomplete -o default -F _belay belay\n",
          out);
}

static void completion_zsh(FILE *out)
{
    fputs(
        "#compdef belay\n# zsh completion of belay: put it into a folder of $fpath as _belay.\n"
        "autoload -U +X bashcompinit && bashcompinit\n",
        out);
    completion_bash(out);
}

static void completion_fish(FILE *out)
{
    fputs("# fish completion of belay: put it into ~/.config/fish/completions/belay.fish\n",
          out);
    for (size_t i = 0; bl_commands[i] != NULL; i++) {
        const struct bl_option *option = bl_commands[i]->options;
        if (bl_commands[i]->is_hidden)
            continue;
        fprintf(out, "complete -c belay -n __fish_use_subcommand -f -a %s -d '%s'\n",
                bl_commands[i]->name, bl_commands[i]->summary);
        for (; option != NULL && option->name != NULL; option++)
            fprintf(out, "complete -c belay -n '__fish_seen_subcommand_from %s' -l %s\n",
                    bl_commands[i]->name, option->name);
    }
}

static const struct {
    const char *shell;
    void (*write)(FILE *out);
} shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};

static int completion_run(const struct bl_given *given)
{
    struct bl_error err;

    for (size_t i = 0; i < BL_COUNT(shells); i++) {
        if (strcmp(shells[i].shell, given->words[0]) == 0) {
            shells[i].write(stdout);
            return 0;
        }
    }
    bl_fail(&err, BL_E_ARG, "completion: bash, zsh or fish, not '%s'", given->words[0]);
    return bl_command_end_error(&err, bl_exit_of(err.code));
}

const struct bl_command bl_command_completion = {
    .name = "completion",
    .words = "SHELL",
    .least = 1,
    .most = 1,
    .summary = "writes a completion script for bash, zsh or fish",
    .text = "Writes a script that completes verbs, options and the project's procedures.\n\n"
            "  belay completion bash > /etc/bash_completion.d/belay\n",
    .run = completion_run,
};
