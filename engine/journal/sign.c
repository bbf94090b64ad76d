/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sign.c: signatures with the SSH keys that people have, by ssh-keygen. */
#include "journal/sign.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIGN_MILLIS 20000
#define VERIFY_MILLIS 10000
#define SIGN_FILES 4 /* 0 to 2, and 3: the signature */
#define SIGN_SAID 16384
#define SIGN_WORDS 16

extern char **environ;

/* ssh-keygen with files that have no name: nothing is left when this process is killed. */
struct sign_tool {
    const char *words[SIGN_WORDS];
    char time[40]; /* "-Overify-time=20260301025900", in local time as ssh-keygen wants it */
    int files[SIGN_FILES]; /* stdin, stdout, stderr, the signature */
    pid_t pid;
};

static int sign_file(const void *data, size_t len)
{
    int made = memfd_create("belay-signature", MFD_CLOEXEC), fd;

    if (made < 0)
        return -1;
    fd = fcntl(made, F_DUPFD_CLOEXEC, 10); /* out of the way of those that the child gets */
    close(made);
    if (fd >= 0 && (write(fd, data, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The environment of this process, in which a passphrase cannot be asked for. */
static char **sign_environment(void)
{
    static const char *const mine[] = {"SSH_ASKPASS=/bin/false", "SSH_ASKPASS_REQUIRE=force",
                                       "LC_ALL=C"};
    size_t count = 0, used = 0;
    char **made;

    while (environ[count] != NULL)
        count++;
    made = bl_alloc((count + BL_COUNT(mine) + 1) * sizeof(*made));
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "SSH_ASKPASS", 11) != 0 && strncmp(environ[i], "LC_", 3) != 0)
            made[used++] = environ[i];
    }
    for (size_t i = 0; i < BL_COUNT(mine); i++)
        made[used++] = (char *)(uintptr_t)mine[i];
    return made;
}

/* Starts it in a session of its own: it has no terminal, and Ctrl-C does not reach it. */
static int sign_spawn(struct sign_tool *tool)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char **environment = sign_environment();
    sigset_t none, all;
    int number;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    for (int i = SIGN_FILES - 1; i >= 0; i--)
        posix_spawn_file_actions_adddup2(&actions, tool->files[i], i);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSID);
    number = posix_spawnp(&tool->pid, tool->words[0], &actions, &attributes,
                          (char *const *)(uintptr_t)tool->words, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    bl_free(environment);
    return number;
}

/* Its status; -1 when its time was over and it was ended. */
static int sign_wait(const struct sign_tool *tool, int64_t millis)
{
    int64_t deadline = bl_clock_steady() + millis;
    useconds_t pause = 500;
    int status = -1;

    while (waitpid(tool->pid, &status, WNOHANG) == 0) {
        if (bl_clock_steady() >= deadline) {
            kill(-tool->pid, SIGKILL);
            while (waitpid(tool->pid, &status, 0) < 0 && errno == EINTR)
                continue;
            return -1;
        }
        usleep(pause);
        pause = pause < 20000 ? pause * 2 : pause;
    }
    return status;
}

static void sign_read(int fd, struct bl_buf *out)
{
    if (lseek(fd, 0, SEEK_SET) == 0 && bl_fd_read(fd, out, NULL) != BL_OK)
        out->truncated = true;
}

/* The last line that is said, for people. */
static void sign_add_reason(const struct bl_buf *said, struct bl_buf *out)
{
    const char *text = bl_buf_text(said);
    size_t end = said->len, start;

    while (end > 0 && strchr("\r\n ", text[end - 1]) != NULL)
        end--;
    for (start = end; start > 0 && text[start - 1] != '\n';)
        start--;
    bl_text_clean(out, text + start, end - start, false);
    if (end == start)
        bl_buf_text_add(out, "ssh-keygen does not say why");
}

/* Runs ssh-keygen. BL_E_EXIT: it said no, and `said` holds why. */
static enum bl_code sign_run(struct sign_tool *tool, int64_t millis, struct bl_buf *out,
                             struct bl_buf *said, struct bl_error *err)
{
    int number, status;

    tool->files[1] = sign_file("", 0);
    tool->files[2] = sign_file("", 0);
    number = tool->files[1] < 0 || tool->files[2] < 0 ? errno : sign_spawn(tool);
    status = number == 0 ? sign_wait(tool, millis) : -1;
    if (number == 0) {
        sign_read(tool->files[1], out);
        sign_read(tool->files[2], said);
    }
    for (int i = 1; i <= 2; i++) {
        if (tool->files[i] >= 0)
            close(tool->files[i]);
    }
    if (number == ENOENT)
        return bl_fail(err, BL_E_NOT_FOUND,
                       "there is no ssh-keygen, which makes and checks signatures: install "
                       "openssh-client");
    if (number != 0)
        return bl_fail(err, BL_E_IO, "cannot run ssh-keygen: %s", strerror(number));
    if (status == -1)
        return bl_fail(err, BL_E_TIMEOUT, "ssh-keygen did not end within %lld seconds",
                       (long long)millis / 1000);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? BL_OK
               : bl_fail(err, BL_E_EXIT, "ssh-keygen says no");
}

static void sign_path(const char *given, const char *folder, char out[PATH_MAX])
{
    const char *home = getenv("HOME");

    if (strncmp(given, "~/", 2) == 0 && home != NULL)
        snprintf(out, PATH_MAX, "%s/%s", home, given + 2);
    else if (*given == '/' || *given == '\0' || folder == NULL)
        snprintf(out, PATH_MAX, "%s", given);
    else
        snprintf(out, PATH_MAX, "%s/%s", folder, given);
}

static void sign_set_time(struct sign_tool *tool, int64_t at)
{
    time_t seconds = at > 0 ? (time_t)(at / 1000) : time(NULL);
    struct tm local;

    if (localtime_r(&seconds, &local) == NULL ||
        strftime(tool->time, sizeof(tool->time), "-Overify-time=%Y%m%d%H%M%S", &local) == 0)
        snprintf(tool->time, sizeof(tool->time), "-q");
}

static enum bl_code sign_refused(const char *key, const struct bl_buf *said,
                                 struct bl_error *err)
{
    struct bl_buf why;

    bl_buf_init(&why, 200);
    sign_add_reason(said, &why);
    bl_fail(err, BL_E_AUTH,
            "cannot sign with %s: %s: load the key with `ssh-add`, or name another in the "
            "environment's `signing`",
            key, bl_buf_text(&why));
    bl_buf_release(&why);
    return BL_E_AUTH;
}

enum bl_code bl_sign(const char *key, const struct bl_signed *what, struct bl_buf *signature,
                     struct bl_error *err)
{
    char path[PATH_MAX];
    struct sign_tool tool = {
        .words = {"ssh-keygen", "-q", "-Y", "sign", "-f", path, "-n", what->namespace}};
    struct bl_buf said;
    enum bl_code code;

    sign_path(key, NULL, path);
    if (access(path, R_OK) != 0)
        return bl_fail(err, BL_E_NOT_FOUND,
                       "cannot sign with %s: %s: make one with `ssh-keygen -t ed25519`, or "
                       "name another in the environment's `signing`",
                       path, strerror(errno));
    tool.files[0] = tool.files[3] = sign_file(what->data, what->len);
    if (tool.files[0] < 0)
        return bl_fail(err, BL_E_IO, "cannot sign: %s", strerror(errno));
    bl_buf_init(&said, SIGN_SAID);
    code = sign_run(&tool, SIGN_MILLIS, signature, &said, err);
    if (code == BL_E_EXIT)
        code = sign_refused(path, &said, err);
    bl_buf_release(&said);
    close(tool.files[0]);
    return code;
}

/* The first principal that the key of the signature is listed for. */
static enum bl_code sign_principal(const char *allowed, struct sign_tool *tool,
                                   struct bl_signer *who, struct bl_error *err)
{
    const char *const words[] = {"ssh-keygen", "-Y", "find-principals", tool->time, "-s",
                                 "/dev/fd/3",  "-f", allowed,           NULL};
    struct bl_buf out, said;
    enum bl_code code;
    size_t len;

    memcpy(tool->words, words, sizeof(words));
    bl_buf_init(&out, SIGN_SAID);
    bl_buf_init(&said, SIGN_SAID);
    code = sign_run(tool, VERIFY_MILLIS, &out, &said, err);
    len = strcspn(bl_buf_text(&out), ",\r\n");
    if (code == BL_OK && (len == 0 || len >= sizeof(who->name)))
        code = BL_E_EXIT;
    if (code == BL_OK)
        snprintf(who->name, sizeof(who->name), "%.*s", (int)len, bl_buf_text(&out));
    if (code == BL_E_EXIT)
        bl_fail(err, code = BL_E_AUTH,
                "the signature is of no key that %s lists, or it is damaged", allowed);
    bl_buf_release(&said);
    bl_buf_release(&out);
    return code;
}

/* Good "belay" signature for rosa@example.org with ED25519 key SHA256:… */
static bool sign_read_key(const char *text, char key[128])
{
    const char *with = strstr(text, " with "), *hash = strstr(text, " key SHA256:");

    if (strncmp(text, "Good \"", 6) != 0 || with == NULL || hash == NULL || hash < with)
        return false;
    while (strstr(with + 1, " with ") != NULL && strstr(with + 1, " with ") < hash)
        with = strstr(with + 1, " with ");
    snprintf(key, 128, "%.*s %.*s", (int)(hash - with - 6), with + 6,
             (int)strcspn(hash + 5, "\r\n "), hash + 5);
    return true;
}

static enum bl_code sign_check(const char *allowed, const char *namespace,
                               struct sign_tool *tool, struct bl_signer *who,
                               struct bl_error *err)
{
    const char *const words[] = {"ssh-keygen", "-Y",      "verify", tool->time, "-s",
                                 "/dev/fd/3",  "-f",      allowed,  "-n",       namespace,
                                 "-I",         who->name, NULL};
    struct bl_buf out, said, why;
    enum bl_code code;

    memcpy(tool->words, words, sizeof(words));
    bl_buf_init(&out, SIGN_SAID);
    bl_buf_init(&said, SIGN_SAID);
    bl_buf_init(&why, 200);
    code = sign_run(tool, VERIFY_MILLIS, &out, &said, err);
    if (code == BL_OK && !sign_read_key(bl_buf_text(&out), who->key))
        code = BL_E_EXIT;
    if (code == BL_E_EXIT) {
        sign_add_reason(said.len > 0 ? &said : &out, &why);
        bl_fail(err, code = BL_E_AUTH, "the signature of %s does not hold: %s", who->name,
                bl_buf_text(&why));
    }
    bl_buf_release(&why);
    bl_buf_release(&said);
    bl_buf_release(&out);
    return code;
}

enum bl_code bl_sign_verify(const char *allowed, const struct bl_signed *what,
                            const char *signature, struct bl_signer *who, struct bl_error *err)
{
    struct sign_tool tool = {.files = {-1, -1, -1, -1}};
    enum bl_code code;

    memset(who, 0, sizeof(*who));
    if (access(allowed, R_OK) != 0)
        return bl_fail(err, BL_E_NOT_FOUND,
                       "cannot check signatures: %s: %s: list the people and their keys there, "
                       "one \"NAME KEY\" a line",
                       allowed, strerror(errno));
    sign_set_time(&tool, what->at);
    tool.files[0] = sign_file(what->data, what->len);
    tool.files[3] = sign_file(signature, strlen(signature));
    if (tool.files[0] < 0 || tool.files[3] < 0)
        code = bl_fail(err, BL_E_IO, "cannot check a signature: %s", strerror(errno));
    else
        code = sign_principal(allowed, &tool, who, err);
    if (code == BL_OK && lseek(tool.files[3], 0, SEEK_SET) == 0 &&
        lseek(tool.files[0], 0, SEEK_SET) == 0)
        code = sign_check(allowed, what->namespace, &tool, who, err);
    for (int i = 0; i < SIGN_FILES; i += 3) {
        if (tool.files[i] >= 0)
            close(tool.files[i]);
    }
    return code;
}

/* The bytes of the armour (RFC 7468 lines) around `signature`; freed by bl_free. */
static unsigned char *sign_unarmour(const char *signature, size_t *len)
{
    const char *start = strchr(signature, '\n'), *end = strstr(signature, "\n-----END");
    unsigned char *text, *bytes;
    size_t count = 0;
    int got;

    if (start == NULL || end == NULL || end < start)
        return NULL;
    text = bl_alloc((size_t)(end - start) + 1);
    bytes = bl_alloc((size_t)(end - start) + 1);
    for (; start < end; start++) {
        if (strchr("\r\n", *start) == NULL)
            text[count++] = (unsigned char)*start;
    }
    got = EVP_DecodeBlock(bytes, text, (int)count);
    bl_free(text);
    *len = got > 0 ? (size_t)got : 0;
    return bytes;
}

/* A number of SSH: four bytes, the highest first. */
static size_t sign_number(const unsigned char *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* "SSHSIG", a version, and the public key with its length in front. */
void bl_sign_fingerprint(const char *signature, char key[BL_SIGN_KEY])
{
    unsigned char digest[32], text[48];
    size_t len = 0, size;
    unsigned char *bytes = sign_unarmour(signature, &len);

    key[0] = '\0';
    if (len > 14 && memcmp(bytes, "SSHSIG", 6) == 0 && (size = sign_number(bytes + 10)) > 0 &&
        size <= len - 14 &&
        EVP_Digest(bytes + 14, size, digest, NULL, EVP_sha256(), NULL) == 1) {
        EVP_EncodeBlock(text, digest, sizeof(digest));
        snprintf(key, BL_SIGN_KEY, "SHA256:%.43s", (const char *)text); /* without the '=' */
    }
    bl_free(bytes);
}

void bl_signing_read(const struct bl_value *environment, const char *project,
                     struct bl_signing *signing)
{
    const struct bl_value *given = bl_map_get(environment, "signing");

    memset(signing, 0, sizeof(*signing));
    sign_path(bl_map_text(given, "key", ""), project, signing->key);
    sign_path(bl_map_text(given, "allowed", "allowed_signers"), project, signing->allowed);
    signing->is_required = bl_map_bool(given, "required", false);
}
