/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_text.h: the words around a command: quoting, its environment, its program, its output.
 */
#ifndef BL_EXEC_TEXT_H
#define BL_EXEC_TEXT_H

#include "base/call.h"

/* Adds argv as one would type it into a shell: each word quoted where it must be. */
void bl_exec_quote(struct bl_buf *out, const struct bl_value *argv);

/* argv for execve, with sh -c in front for a shell text: borrowed words in a list that is freed
 * by bl_free. */
char **bl_exec_argv(const struct bl_value *argv, bool shell);

/*
 * The whole environment of a command, NULL-terminated: PATH, HOME, LANG and TZ of this process,
 * TERM=dumb, and what env says (strings, secrets, integers). BL_E_ARG when a name or value
 * cannot be one. Freed by bl_exec_free_environment.
 */
enum bl_code bl_exec_environment(const struct bl_value *env, char ***environment,
                                 struct bl_error *err) BL_MUST_USE;
void bl_exec_free_environment(char **environment);
/* A variable in it; NULL when it is not there. */
const char *bl_exec_variable(char *const *environment, const char *name);

/* The file of a program: itself when it holds a slash, else the first executable file of that
 * name in a list of folders (relative ones do not count). NULL when there is none; freed by
 * bl_free. */
char *bl_exec_find(const char *program, const char *folders);

/* A line that a command printed goes into messages only without the secrets it was given. */
void bl_exec_hide_secrets(const struct bl_call *call, struct bl_buf *line);

/* The length without the blanks and line ends behind it. */
size_t bl_exec_trim(const char *data, size_t len);

/* What a command printed: the first and the last bytes of it, all of them counted. */
struct bl_capture {
    struct bl_buf head; /* the first half of the room */
    char *tail;         /* a ring of the other half, made when the head is full */
    size_t room;        /* of the ring */
    int64_t total;
};
void bl_capture_init(struct bl_capture *capture, size_t room);
void bl_capture_release(struct bl_capture *capture);
void bl_capture_add(struct bl_capture *capture, const char *data, size_t len);
bool bl_capture_is_truncated(const struct bl_capture *capture);
/* Everything that was kept, with a line in the middle that says how much is left out. */
struct bl_value *bl_capture_value(const struct bl_capture *capture);
/* Adds the last line that is not empty, made safe for a message; false when there is none. */
bool bl_capture_last_line(const struct bl_capture *capture, struct bl_buf *out);

#endif
