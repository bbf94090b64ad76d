/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* reference_guard.c: the page about the guard, made from its tables: one part a kind of
 * operation. */
#include "base/prefix.h"

#include "cli/reference.h"

#include "exec_inside.h"
#include "guard/exec_shapes.h"

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

static void (*const parts[])(struct bl_buf *out) = {guard_commands, guard_sandbox};

void bl_reference_guard(struct bl_buf *out)
{
    bl_buf_text_add(out, "# What the guard knows\n\nWritten from the tables in "
                         "`engine/guard/`. Every operation is one of three classes: `observe` "
                         "changes nothing,\n`change` can be taken back, `destroy` loses data "
                         "or service. What cannot be classified is not an observe.\n\n");
    for (size_t i = 0; i < BL_COUNT(parts); i++)
        parts[i](out);
}
