/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* guard_exec.c: any bytes as a command and as a text for a shell: nothing that the environment
 * says or a shell's spelling hides lowers what is known to destroy. */
#include "base/prefix.h"

#include "guard/exec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a list of strings, split at newlines. */
static struct bl_value *exec_split(const char *data, size_t size)
{
    struct bl_value *list = bl_list_new();
    size_t from = 0;

    for (size_t at = 0; at <= size; at++) {
        if (at == size || data[at] == '\n') {
            bl_list_add(list, bl_value_bytes(data + from, at - from));
            from = at + 1;
        }
    }
    return list;
}

/* As an environment that lists the program with that class. */
static enum bl_class exec_listed(const struct bl_value *words, bool shell, const char *text,
                                 const char *program, const char *class)
{
    struct bl_value *listed = bl_map_new(), *entry = bl_map_new();
    struct bl_command command;

    bl_map_set(entry, "class", bl_value_text(class));
    bl_map_set(listed, program, entry);
    bl_command_classify(words, shell, text, listed, &command);
    bl_value_unref(listed);
    return command.class;
}

static void exec_check(const struct bl_value *words, bool shell, const char *text)
{
    struct bl_command command;

    bl_command_classify(words, shell, text, NULL, &command);
    if (command.class != BL_CLASS_DESTROY)
        BL_BUG("a command that nobody listed is of class %d", (int)command.class);
    if (command.why == NULL || command.target[0] == '\0')
        BL_BUG("a class without a reason or a target");
    if (exec_listed(words, shell, text, command.program, "observe") == BL_CLASS_OBSERVE)
        BL_BUG("a listed command is an observe");
    if (exec_listed(words, shell, text, command.program, "destroy") != BL_CLASS_DESTROY)
        BL_BUG("a command that is listed as destroy is none");
}

/* The words behind something that runs them are what they are alone, or worse. */
static void exec_check_wrapped(const char *data, size_t size, const struct bl_value *words)
{
    struct bl_value *wrapped = bl_list_new(), *entry = bl_map_new(), *listed = bl_map_new();
    struct bl_command alone, behind;

    bl_list_add(wrapped, bl_value_text("/bin/sh"));
    bl_list_add(wrapped, bl_value_text("-c"));
    bl_list_add(wrapped, bl_value_bytes(data, size));
    bl_map_set(entry, "class", bl_value_text("change"));
    bl_map_set(listed, "sh", bl_value_ref(entry));
    bl_command_classify(words, true, NULL, NULL, &alone);
    bl_map_set(listed, alone.program, entry);
    bl_command_classify(words, true, NULL, listed, &alone);
    bl_command_classify(wrapped, false, NULL, listed, &behind);
    if (behind.class < alone.class)
        BL_BUG("sh -c makes class %d of class %d: %.100s", (int)behind.class, (int)alone.class,
               data);
    bl_value_unref(listed);
    bl_value_unref(wrapped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = bl_strndup((const char *)data, size); /* up to its first NUL */
    struct bl_value *words = exec_split((const char *)data, size);
    struct bl_value *whole = bl_list_new();

    bl_list_add(whole, bl_value_text(text));
    exec_check(words, false, NULL);
    exec_check(words, false, text);
    exec_check(whole, true, NULL);
    exec_check_wrapped(text, strlen(text), whole);
    bl_value_unref(whole);
    bl_value_unref(words);
    bl_free(text);
    return 0;
}
