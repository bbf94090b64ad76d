/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_text.c: the words around a command: quoting, its environment, its program, its output.
 */
#include "base/prefix.h"

#include "exec_text.h"

#include "base/text.h"

#include <sys/stat.h>
#include <unistd.h>

#define CAPTURE_MARK 64 /* room for the line that says what is left out */

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "_-./:=,+@%";

void bl_exec_quote(struct bl_buf *out, const struct bl_value *argv)
{
    for (size_t i = 0; i < bl_value_count(argv); i++) {
        const char *word = bl_value_as_text(bl_list_get(argv, i));
        if (i > 0)
            bl_buf_char(out, ' ');
        if (*word != '\0' && word[strspn(word, plain)] == '\0') {
            bl_buf_text_add(out, word);
            continue;
        }
        bl_buf_char(out, '\'');
        for (; *word != '\0'; word++) {
            if (*word == '\'')
                bl_buf_text_add(out, "'\\''");
            else
                bl_buf_char(out, *word);
        }
        bl_buf_char(out, '\'');
    }
}

char **bl_exec_argv(const struct bl_value *argv, bool shell)
{
    static const char *const prefix[] = {"sh", "-c"};
    size_t count = bl_value_count(argv), at = 0;
    char **list = bl_alloc((count + 3) * sizeof(*list));

    while (shell && at < 2) {
        list[at] = (char *)(uintptr_t)prefix[at];
        at++;
    }
    for (size_t i = 0; i < count; i++)
        list[at++] = (char *)(uintptr_t)bl_value_as_text(bl_list_get(argv, i));
    return list;
}

static const char *const inherited[] = {"PATH", "HOME", "LANG", "TZ"};
static const char default_path[] =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static char *text_variable(const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *pair = bl_alloc(size);

    snprintf(pair, size, "%s=%s", name, value);
    return pair;
}

/* One value of env as text; NULL when it cannot be one. number: room for an integer. */
static const char *text_env_value(const struct bl_value *value, char number[24])
{
    size_t len;
    const char *text;

    switch (bl_value_type(value)) {
    case BL_INT:
        snprintf(number, 24, "%lld", (long long)bl_value_as_int(value));
        return number;
    case BL_BYTES:
    case BL_SECRET:
        text = bl_value_reveal(value, &len);
        return strlen(text) == len ? text : NULL;
    default:
        return NULL;
    }
}

static enum bl_code text_add_env(const struct bl_value *env, char **list, size_t *count,
                                 struct bl_error *err)
{
    char number[24];

    for (size_t i = 0; i < bl_value_count(env); i++) {
        const char *name = bl_map_key(env, i), *value;
        value = text_env_value(bl_map_at(env, i), number);
        if (*name == '\0' || strchr(name, '=') != NULL)
            return bl_fail(err, BL_E_ARG,
                           "option 'env': '%.60s' cannot be the name of a variable", name);
        if (value == NULL)
            return bl_fail(err, BL_E_ARG,
                           "option 'env': %.60s must be a string without NUL, a secret or an "
                           "integer",
                           name);
        list[(*count)++] = text_variable(name, value);
    }
    return BL_OK;
}

enum bl_code bl_exec_environment(const struct bl_value *env, char ***environment,
                                 struct bl_error *err)
{
    size_t count = 0;
    char **list = bl_alloc((bl_value_count(env) + BL_COUNT(inherited) + 2) * sizeof(*list));
    enum bl_code code;

    for (size_t i = 0; i < BL_COUNT(inherited); i++) {
        const char *value = getenv(inherited[i]);
        if (value == NULL && i == 0)
            value = default_path;
        if (value != NULL && bl_map_get(env, inherited[i]) == NULL)
            list[count++] = text_variable(inherited[i], value);
    }
    if (bl_map_get(env, "TERM") == NULL)
        list[count++] = bl_strdup("TERM=dumb");
    code = text_add_env(env, list, &count, err);
    if (code != BL_OK)
        bl_exec_free_environment(list);
    else
        *environment = list;
    return code;
}

void bl_exec_free_environment(char **environment)
{
    for (char **at = environment; at != NULL && *at != NULL; at++)
        bl_free(*at);
    bl_free(environment);
}

const char *bl_exec_variable(char *const *environment, const char *name)
{
    size_t len = strlen(name);

    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    }
    return NULL;
}

char *bl_exec_find(const char *program, const char *folders)
{
    if (strchr(program, '/') != NULL)
        return bl_strdup(program);
    while (*program != '\0' && *folders != '\0') {
        size_t len = strcspn(folders, ":"), size = len + strlen(program) + 2;
        char *path = bl_alloc(size);
        struct stat info;
        snprintf(path, size, "%.*s/%s", (int)len, folders, program);
        if (path[0] == '/' && access(path, X_OK) == 0 && stat(path, &info) == 0 &&
            S_ISREG(info.st_mode))
            return path;
        bl_free(path);
        folders += len + (folders[len] == ':');
    }
    return NULL;
}

void bl_capture_init(struct bl_capture *capture, size_t room)
{
    size_t kept = room > (size_t)2 * CAPTURE_MARK ? room - CAPTURE_MARK : (room < 2 ? 2 : room);

    bl_buf_init(&capture->head, kept - kept / 2);
    capture->room = kept / 2;
    capture->tail = NULL;
    capture->total = 0;
}

void bl_capture_release(struct bl_capture *capture)
{
    bl_buf_release(&capture->head);
    bl_free(capture->tail);
    capture->tail = NULL;
}

void bl_capture_add(struct bl_capture *capture, const char *data, size_t len)
{
    size_t free_head = capture->head.max - capture->head.len;
    size_t first = len < free_head ? len : free_head;
    int64_t place;

    if (first > 0)
        bl_buf_add(&capture->head, data, first);
    capture->total += (int64_t)first;
    data += first;
    len -= first;
    if (len == 0)
        return;
    if (capture->tail == NULL)
        capture->tail = bl_alloc(capture->room + 1);
    place = capture->total - (int64_t)capture->head.len;
    capture->total += (int64_t)len;
    if (len > capture->room) { /* only its end can stay */
        place += (int64_t)(len - capture->room);
        data += len - capture->room;
        len = capture->room;
    }
    while (len > 0) {
        size_t at = (size_t)(place % (int64_t)capture->room), part = capture->room - at;
        part = part < len ? part : len;
        memcpy(capture->tail + at, data, part);
        place += (int64_t)part;
        data += part;
        len -= part;
    }
}

bool bl_capture_is_truncated(const struct bl_capture *capture)
{
    return capture->total > (int64_t)(capture->head.len + capture->room);
}

/* Adds what is in the ring, oldest first. */
static void capture_add_tail(const struct bl_capture *capture, struct bl_buf *out)
{
    int64_t in_ring = capture->total - (int64_t)capture->head.len;
    size_t at;

    if (capture->tail == NULL)
        return;
    if (in_ring <= (int64_t)capture->room) {
        bl_buf_add(out, capture->tail, (size_t)in_ring);
        return;
    }
    at = (size_t)(in_ring % (int64_t)capture->room);
    bl_buf_add(out, capture->tail + at, capture->room - at);
    bl_buf_add(out, capture->tail, at);
}

struct bl_value *bl_capture_value(const struct bl_capture *capture)
{
    struct bl_buf out;

    bl_buf_init(&out, 0);
    bl_buf_add(&out, capture->head.data, capture->head.len);
    if (bl_capture_is_truncated(capture))
        bl_buf_printf(
            &out, "\n[%lld bytes left out]\n",
            (long long)(capture->total - (int64_t)(capture->head.len + capture->room)));
    capture_add_tail(capture, &out);
    return bl_value_take_buf(&out);
}

static bool text_holds(const struct bl_value *secret, const struct bl_buf *line)
{
    size_t len;
    const char *data = bl_value_reveal(secret, &len);

    return bl_value_type(secret) == BL_SECRET && len > 0 &&
           memmem(bl_buf_text(line), line->len, data, len) != NULL;
}

void bl_exec_hide_secrets(const struct bl_call *call, struct bl_buf *line)
{
    const struct bl_value *env = bl_call_value(call, "env");
    bool hides = text_holds(bl_call_value(call, "stdin"), line);

    for (size_t i = 0; i < bl_value_count(env); i++)
        hides = hides || text_holds(bl_map_at(env, i), line);
    if (!hides)
        return;
    bl_buf_reset(line);
    bl_buf_text_add(line, "(a line with a secret)");
}

size_t bl_exec_trim(const char *data, size_t len)
{
    static const char blanks[] = {' ', '\t', '\r', '\n'};

    while (len > 0 && memchr(blanks, data[len - 1], sizeof(blanks)) != NULL)
        len--;
    return len;
}

bool bl_capture_last_line(const struct bl_capture *capture, struct bl_buf *out)
{
    struct bl_buf all;
    size_t start, end;

    bl_buf_init(&all, 0);
    bl_buf_add(&all, capture->head.data, capture->head.len);
    if (bl_capture_is_truncated(capture))
        bl_buf_reset(&all);
    capture_add_tail(capture, &all);
    end = bl_exec_trim(all.data, all.len);
    start = end;
    while (start > 0 && all.data[start - 1] != '\n' && end - start < 200)
        start--;
    if (end > start)
        bl_text_clean(out, all.data + start, end - start, false);
    bl_buf_release(&all);
    return end > start;
}
