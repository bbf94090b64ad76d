/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* reference_guard.c: the page about the guard, made from its tables: one part a kind of
 * operation. */
#include "base/prefix.h"

#include "cli/reference.h"

#include "base/module.h"
#include "exec_inside.h"
#include "guard/exec_shapes.h"
#include "guard/redis.h"
#include "guard/sql_names.h"

/* A cell of a table: alternatives, which | splits in the guard's own table. */
static void guard_cell(struct bl_buf *out, const char *text)
{
    for (size_t len; text != NULL && *text != '\0'; text += len + (text[len] == '|')) {
        len = strcspn(text, "|");
        bl_buf_printf(out, "`%.*s` ", (int)len, text);
    }
    bl_buf_text_add(out, "| ");
}

static void guard_sandbox(struct bl_buf *out)
{
    bl_buf_printf(
        out,
        "## Commands that only read\n\n"
        "What a command with `reads = true` has, as root too: the files of this machine, "
        "read-only, also its working folder;\n`/tmp`, `/var/tmp`, `/run` and `/dev/shm` empty "
        "and its own; its own processes and no others; three descriptors. It has\nno network, "
        "no socket, no capability, no way to another user. At most %d processes, %lld MiB of "
        "memory in all, %lld MiB a\nfile, the call's time of processor time for each. With its "
        "end everything that it started ends.\n\nWhat it can still do: read a FIFO that it "
        "was not given by name (by name is refused), and take processor time.\nWhere "
        "bubblewrap, namespaces or Landlock are missing it is refused (exit 5), never run "
        "without them.\n\n",
        BL_INSIDE_PROCESSES, BL_INSIDE_MEMORY >> 20, BL_INSIDE_FILE >> 20);
}

static void guard_commands(struct bl_buf *out)
{
    bl_buf_text_add(
        out,
        "## Commands\n\n"
        "With `reads = true` a command is an observe: it runs in a sandbox in which it can "
        "change nothing, or not at all.\nEvery other command has the class that the "
        "environment's `exec` table gives its program, `change` or `destroy`,\nand `destroy` "
        "when the table does not list it. The shapes below are `destroy` whatever the table "
        "says: also behind\n`sudo`, `env`, `xargs` and the like, inside of `sh -c` and of "
        "texts for a shell, and with options joined (`-rf`) or cut\nshort (`--cle`). A `*` "
        "stands for anything. So is a command that overwrites a file by `>`.\n\n"
        "The arguments of `which`, `type`, `man`, `echo` and `command -v` are no calls in a "
        "text "
        "for a shell without pipes,\nsubstitutions, variables, braces and files that output "
        "goes to: nobody there can take up what they print.\n\n"
        "`psql` is read by the guard of SQL: `-c`, `-f -` and standard input. It is `destroy` "
        "when a statement is, when a\nstatement cannot be read, and when the SQL comes from a "
        "file or a pipe.\n\n"
        "| programs | with one of these words | with one of these options | it … | example |\n"
        "| --- | --- | --- | --- | --- |\n");
    for (const struct bl_shape *shape = bl_shapes; shape->program != NULL; shape++) {
        bl_buf_text_add(out, "| ");
        guard_cell(out, shape->program);
        guard_cell(out, shape->words);
        guard_cell(out, shape->options);
        bl_buf_printf(out, "%s | `%s` |\n", shape->why, shape->example);
    }
    bl_buf_char(out, '\n');
}

/* The classes in the modules' own tables. */
static void guard_operations(struct bl_buf *out)
{
    bl_buf_text_add(
        out,
        "## Operations\n\n"
        "What an operation is before anyone has looked at its arguments. SQL, Redis commands "
        "and "
        "programs are judged by what\nthey say (below), `http.request` by its method: `GET`, "
        "`HEAD` and `OPTIONS` observe, `DELETE` destroys, the rest\nchanges; redirects stay on "
        "the same origin. An AMQP queue is looked at by a passive declare; `peek` marks "
        "messages\n"
        "and is a change. Environment values of containers come back opaque. To write over a "
        "file "
        "destroys what was in it.\n\n"
        "| module | observe | change | destroy |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; bl_modules[i] != NULL; i++) {
        const struct bl_operation *operations = bl_modules[i]->operations;
        if (operations == NULL)
            continue;
        bl_buf_printf(out, "| `%s` |", bl_modules[i]->name);
        for (int class = BL_CLASS_OBSERVE; class <= (int)BL_CLASS_DESTROY; class ++) {
            for (const struct bl_operation *at = operations; at->name != NULL; at++) {
                if ((int)at->class == class)
                    bl_buf_printf(out, " `%s`", at->name);
            }
            bl_buf_text_add(out, " |");
        }
        bl_buf_char(out, '\n');
    }
    bl_buf_char(out, '\n');
}

static void guard_sql_functions(struct bl_buf *out)
{
    static const char *const effects[] = {[BL_SQL_UNKNOWN] = "",
                                          [BL_SQL_HARMLESS] = "observe",
                                          [BL_SQL_CHANGES] = "change",
                                          [BL_SQL_SESSION] = "refused",
                                          [BL_SQL_DESTROYS] = "destroy"};

    bl_buf_text_add(out, "| class | functions that concern … | names |\n| --- | --- | --- |\n");
    for (const struct bl_sql_list *list = bl_sql_lists; list->words != NULL; list++) {
        bl_buf_printf(out, "| %s | %s | ", effects[list->effect], list->what);
        for (const char *at = list->words + 1; *at != '\0'; at += strcspn(at, " ") + 1)
            bl_buf_printf(out, "`%.*s` ", (int)strcspn(at, " "), at);
        bl_buf_text_add(out, "|\n");
    }
    bl_buf_char(out, '\n');
}

static void guard_sql_statements(struct bl_buf *out)
{
    static const char *const classes[] = {"observe", "change", "destroy"};

    bl_buf_text_add(out,
                    "| class | statements, as PostgreSQL's parser names them |\n| --- | --- "
                    "|\n");
    for (int kind = 0; kind <= 3; kind++) {
        bl_buf_printf(out, "| %s | ", kind < 3 ? classes[kind] : "refused");
        for (const struct bl_sql_statement *at = bl_sql_statements; at->name != NULL; at++) {
            if ((at->refused != NULL ? 3 : (int)at->class) == kind)
                bl_buf_printf(out, "`%.*s` ", (int)strlen(at->name) - 4, at->name);
        }
        bl_buf_printf(out, "%s|\n", kind == 1 ? "and all others " : "");
    }
    bl_buf_char(out, '\n');
}

static void guard_sql(struct bl_buf *out)
{
    bl_buf_text_add(out, "## SQL\n"
                         "\n"
                         "A statement is read by PostgreSQL 15's own parser, and what it names "
                         "is looked up in the server's catalogue. It is an\n"
                         "observe when it consists of known parts and everything that its "
                         "names may reach is harmless: each overload of a\n"
                         "function or operator on the search path that may be meant, casts and "
                         "orders of the types in it, and what views, row\n"
                         "policies, checks of domains, partition keys and index expressions "
                         "behind its tables call. Objects of PostgreSQL itself\n"
                         "are what they are labelled, minus the lists below; what a user made "
                         "is a change until the environment trusts it:\n"
                         "`trusted = { \"public.f\", \"extension citext\" }` in the "
                         "connection, which every run prints. The functions of\n"
                         "`pg_stat_statements` that read are trusted always. Foreign tables "
                         "are changes, `EXPLAIN` is what its functions are, with\n"
                         "defaults, rules and policies of a table that it would change, and "
                         "every observe runs in a READ ONLY transaction with\n"
                         "time limits, which is rolled back. `DELETE` and `UPDATE` without a "
                         "WHERE that names a column destroy.\n"
                         "\n"
                         "A statement sees the search path as names of schemas, `pg_temp` "
                         "last, and `standard_conforming_strings` on. In a session\n"
                         "in which another client of a pooler has left temporary views or the "
                         "like, questions fail.\n"
                         "\n"
                         "The catalogue is asked as PostgreSQL 14 and later have it.\n\n"
                         "Without an environment only the text is known: a table may be a "
                         "view, a function that stands in no list is a change.\n"
                         "\n");
    guard_sql_statements(out);
    guard_sql_functions(out);
}

static void guard_redis(struct bl_buf *out)
{
    static const char *const kinds[] = {[BL_REDIS_READS] = "observe, where the server agrees",
                                        [BL_REDIS_HARMLESS] = "observe",
                                        [BL_REDIS_CHANGES] = "change",
                                        [BL_REDIS_DESTROYS] = "destroy",
                                        [BL_REDIS_REFUSED] = "refused"};
    const struct bl_redis_set *set;

    bl_buf_text_add(
        out,
        "## Redis\n\n"
        "The server itself is asked once what a command is (`COMMAND INFO`, by subcommand from "
        "Redis 7 on). What it flags as\nread-only is an observe, unless it stands below as "
        "something else; so are the harmless commands below that carry no\nflag. What has "
        "another name on the server is judged by what it is there, a module's command is a "
        "change, and so is\nwhat stands in no table and carries no flag. Before a change, "
        "`ACL DRYRUN` asks whether the user may (Redis 7): what\nthe server would refuse is "
        "refused before anything is sent. Without an environment, or for a user who may not "
        "ask,\nnames alone count, and the reason says so.\n\n"
        "Refused are also `BLOCK` of `XREAD` and `XREADGROUP`, steps of a scan and samples "
        "above 10,000; a list, hash, set or\nstream of more than 100,000 items is not read as "
        "a whole.\n\n"
        "| class | names | why |\n| --- | --- | --- |\n");
    for (size_t i = 0; (set = bl_redis_set_at(i)) != NULL; i++) {
        bl_buf_printf(out, "| %s | ", kinds[set->kind]);
        for (const char *at = set->names + 1; *at != '\0'; at += strcspn(at, " ") + 1) {
            size_t len = strcspn(at, " "), name = strcspn(at, "| ");
            bl_buf_printf(out, "`%.*s%s%.*s` ", (int)name, at, name < len ? " " : "",
                          name < len ? (int)(len - name - 1) : 0, at + name + (name < len));
        }
        bl_buf_printf(out, "| %s |\n", set->why);
    }
    bl_buf_char(out, '\n');
}

static void (*const parts[])(struct bl_buf *out) = {guard_operations, guard_sql, guard_redis,
                                                    guard_commands, guard_sandbox};

void bl_reference_guard(struct bl_buf *out)
{
    bl_buf_text_add(out, "# What the guard knows\n\nWritten from the tables in "
                         "`engine/guard/`. Every operation is one of three classes: `observe` "
                         "changes nothing,\n`change` can be taken back, `destroy` loses data "
                         "or service. What cannot be classified is not an observe.\n\n");
    for (size_t i = 0; i < BL_COUNT(parts); i++)
        parts[i](out);
}
