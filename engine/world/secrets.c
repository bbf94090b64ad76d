/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* secrets.c: the secrets of a run. */
#include "base/prefix.h"

#include "world/secrets.h"

#include "base/text.h"
#include "gate/prompt.h"
#include "world/secret_command.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 65536

struct bl_secrets {
    struct bl_redactor *redactor;
    bool may_prompt;
    struct bl_value *short_names; /* a map: true once it was warned about */
};

struct bl_secrets *bl_secrets_new(bool may_prompt)
{
    struct bl_secrets *secrets = bl_alloc(sizeof(*secrets));

    secrets->redactor = bl_redactor_new();
    secrets->may_prompt = may_prompt;
    secrets->short_names = bl_map_new();
    return secrets;
}

void bl_secrets_free(struct bl_secrets *secrets)
{
    if (secrets == NULL)
        return;
    bl_redactor_free(secrets->redactor);
    bl_value_unref(secrets->short_names);
    bl_free(secrets);
}

struct bl_redactor *bl_secrets_redactor(struct bl_secrets *secrets)
{
    return secrets->redactor;
}

struct bl_value *bl_secrets_take_warning(struct bl_secrets *secrets)
{
    for (size_t i = 0; i < bl_value_count(secrets->short_names); i++) {
        const char *name = bl_map_key(secrets->short_names, i);
        struct bl_value *text;
        if (bl_value_is_true(bl_map_at(secrets->short_names, i)))
            continue;
        text = bl_value_textf("the secret %s has less than %d characters: it is not masked",
                              name, BL_REDACT_LEAST);
        bl_map_set(secrets->short_names, name, bl_value_bool(true));
        return text;
    }
    return NULL;
}

/* A URL with a secret in it is often repeated in part: its password, and what follows its host.
 */
static void secrets_add_url(struct bl_secrets *secrets, const char *name, const char *url)
{
    const char *host = strstr(url, "://"), *path, *at, *colon;

    if (host == NULL)
        return;
    host += 3;
    path = host + strcspn(host, "/?#");
    at = memchr(host, '@', (size_t)(path - host));
    colon = at == NULL ? NULL : memchr(host, ':', (size_t)(at - host));
    if (colon != NULL)
        bl_redactor_add(secrets->redactor, name, colon + 1, (size_t)(at - colon - 1));
    if (strlen(path) >= 8)
        bl_redactor_add(secrets->redactor, name, path, strlen(path));
}

/* Whether it is long enough to be masked. */
static bool secrets_add(struct bl_secrets *secrets, const struct bl_value *secret)
{
    size_t len;
    const char *data = bl_value_reveal(secret, &len);

    secrets_add_url(secrets, bl_value_secret_name(secret), data);
    return len == 0 ||
           bl_redactor_add(secrets->redactor, bl_value_secret_name(secret), data, len);
}

static const struct bl_value *secrets_child(const struct bl_value *tree, size_t i)
{
    return bl_value_type(tree) == BL_MAP ? bl_map_at(tree, i) : bl_list_get(tree, i);
}

void bl_secrets_learn(struct bl_secrets *secrets, const struct bl_value *tree)
{
    if (bl_value_type(tree) == BL_SECRET)
        secrets_add(secrets, tree);
    for (size_t i = 0; i < bl_value_count(tree); i++)
        bl_secrets_learn(secrets, secrets_child(tree, i));
}

static enum bl_code secret_read(const char *path, int fd, struct bl_buf *value,
                                struct bl_error *err)
{
    struct stat status;
    char part[4096];
    ssize_t got = fstat(fd, &status);

    if (got != 0)
        return bl_fail(err, BL_E_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return bl_fail(err, BL_E_ARG, "%s is not a plain file", path);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return bl_fail(err, BL_E_DENIED,
                       "%s belongs to another user (%u): give it to this one or root", path,
                       (unsigned)status.st_uid);
    if ((status.st_mode & 077) != 0)
        return bl_fail(err, BL_E_DENIED,
                       "%s may be used by group or others (mode %04o): chmod 600 it", path,
                       (unsigned)status.st_mode & 07777);
    while ((got = read(fd, part, sizeof(part))) > 0)
        bl_buf_add(value, part, (size_t)got);
    explicit_bzero(part, sizeof(part));
    return got == 0 ? BL_OK : bl_fail(err, BL_E_IO, "%s: %s", path, strerror(errno));
}

static enum bl_code secret_from_file(const char *path, struct bl_buf *value,
                                     struct bl_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    enum bl_code code;

    if (fd < 0)
        return bl_fail(err,
                       errno == ENOENT   ? BL_E_NOT_FOUND
                       : errno == EACCES ? BL_E_DENIED
                                         : BL_E_IO,
                       "%s: %s", path, strerror(errno));
    code = secret_read(path, fd, value, err);
    close(fd);
    return code;
}

static enum bl_code secret_from(const struct bl_secrets *secrets, const struct bl_value *source,
                                struct bl_buf *value, struct bl_error *err)
{
    const char *path = bl_map_text(source, "file", NULL);
    const char *question = bl_map_text(source, "prompt", NULL);

    if (path != NULL)
        return secret_from_file(path, value, err);
    if (question == NULL)
        return secret_command(bl_map_get(source, "command"), value, err);
    if (!secrets->may_prompt)
        return bl_fail(err, BL_E_WAITING,
                       "a person must enter it, and nobody is there: run it in a terminal");
    return bl_prompt_secret(question, value, err);
}

/* Without the line ends behind it; a value has no NUL, since most places end there. */
static enum bl_code secret_trim(struct bl_buf *value, struct bl_error *err)
{
    while (value->len > 0 && strchr("\r\n", value->data[value->len - 1]) != NULL)
        value->len--;
    if (value->len == 0)
        return bl_fail(err, BL_E_ARG, "it is empty");
    if (value->truncated)
        return bl_fail(err, BL_E_TOO_LARGE, "it has more than %d bytes", SECRET_MAX);
    if (memchr(value->data, '\0', value->len) != NULL)
        return bl_fail(err, BL_E_ARG, "it holds a NUL byte: encode it as text");
    return BL_OK;
}

static enum bl_code secret_fetch(const struct bl_secrets *secrets,
                                 const struct bl_value *secret, struct bl_error *err)
{
    struct bl_error why;
    struct bl_buf value;
    enum bl_code code;

    bl_buf_init(&value, SECRET_MAX);
    code = secret_from(secrets, bl_value_secret_source(secret), &value, &why);
    if (code == BL_OK)
        code = secret_trim(&value, &why);
    if (code == BL_OK)
        bl_value_secret_fill(secret, bl_buf_text(&value), value.len);
    else
        bl_fail(err, code, "the secret %s: %s", bl_value_secret_name(secret), why.message);
    if (value.cap > 0)
        explicit_bzero(value.data, value.cap);
    bl_buf_release(&value);
    return code;
}

enum bl_code bl_secrets_need(struct bl_secrets *secrets, const struct bl_value *tree,
                             struct bl_error *err)
{
    const char *name = bl_value_secret_name(tree);
    enum bl_code code = BL_OK;

    if (bl_value_secret_source(tree) != NULL)
        code = secret_fetch(secrets, tree, err);
    if (code == BL_OK && bl_value_type(tree) == BL_SECRET && !secrets_add(secrets, tree) &&
        bl_map_get(secrets->short_names, name) == NULL)
        bl_map_set(secrets->short_names, name, bl_value_bool(false));
    for (size_t i = 0; code == BL_OK && i < bl_value_count(tree); i++)
        code = bl_secrets_need(secrets, secrets_child(tree, i), err);
    return code;
}

static enum bl_code secrets_keep(void *arg, const struct bl_value *tree, struct bl_error *err)
{
    return bl_secrets_need(arg, tree, err);
}

void bl_secrets_keep(struct bl_secrets *secrets, struct bl_loop *loop)
{
    struct bl_loop_keeper keeper = {secrets_keep, secrets, secrets->redactor};

    bl_loop_keep_secrets(loop, &keeper);
}

static enum bl_code secret_check_command(const struct bl_value *command, struct bl_error *err)
{
    for (size_t i = 0; i < bl_value_count(command); i++) {
        if (bl_value_type(bl_list_get(command, i)) != BL_BYTES)
            return bl_fail(err, BL_E_ARG, "command: each word is a string");
    }
    if (bl_value_type(command) != BL_LIST || bl_value_count(command) == 0)
        return bl_fail(err, BL_E_ARG,
                       "command is a list, such as { \"pass\", \"show\", "
                       "\"redis\" }");
    return BL_OK;
}

static void secret_set_name(const struct bl_value *source, char name[80])
{
    const char *file = bl_map_text(source, "file", NULL);
    const struct bl_value *command = bl_map_get(source, "command");
    size_t count = bl_value_count(command);
    const char *fallback = file != NULL ? strrchr(file, '/') + 1
                           : count > 0  ? bl_value_as_text(bl_list_get(command, count - 1))
                                        : bl_map_text(source, "prompt", "");

    snprintf(name, 80, "%s", bl_map_text(source, "name", fallback));
    for (char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '<' || *c == '>')
            *c = '?';
    }
}

enum bl_code bl_secret_check(const struct bl_value *source, char name[80], struct bl_error *err)
{
    const char *file = bl_map_text(source, "file", NULL);
    const struct bl_value *command = bl_map_get(source, "command");
    bool is_named = bl_map_text(source, "name", NULL) != NULL;
    int kinds =
        (file != NULL) + (bl_map_text(source, "prompt", NULL) != NULL) + (command != NULL);

    if (kinds != 1 || bl_value_count(source) != (size_t)kinds + is_named)
        return bl_fail(err, BL_E_ARG,
                       "give it a name, or one of { file = \"/…\" }, { command = { … } } and "
                       "{ prompt = \"…\" }, with name = \"…\" if wanted");
    if (file != NULL && *file != '/')
        return bl_fail(err, BL_E_ARG,
                       "file is a path from the root, such as "
                       "\"/etc/belay/redis\"");
    if (command != NULL && secret_check_command(command, err) != BL_OK)
        return err->code;
    secret_set_name(source, name);
    return BL_OK;
}

void bl_secret_describe(const struct bl_value *secret, struct bl_buf *out)
{
    const struct bl_value *source = bl_value_secret_source(secret);
    const struct bl_value *command = bl_map_get(source, "command");

    if (bl_map_text(source, "file", NULL) != NULL)
        bl_buf_printf(out, "file %s", bl_map_text(source, "file", ""));
    else if (command == NULL)
        bl_buf_text_add(out, "asked for when a run needs it");
    else
        bl_buf_text_add(out, "command:");
    for (size_t i = 0; i < bl_value_count(command); i++)
        bl_buf_printf(out, " %s", bl_value_as_text(bl_list_get(command, i)));
}
