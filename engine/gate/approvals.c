/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* approvals.c: approvals by other people: signatures over the hash of a gate, by keys that the
 * project lists, each person and each key once, never whoever runs it. */
#include "base/prefix.h"

#include "gate/private.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIGNERS_MAX 1048576
#define SIGNERS_SHOWN 400
#define SIGNERS_GAPS " \t\r\n"

/* A signature that is being checked on the pool. */
struct check {
    uv_work_t work;
    struct bl_gate *gate; /* NULL: it has gone away, the answer concerns nobody */
    struct check *next;
    char allowed[64]; /* the list as it was when the run began */
    char by[64];      /* the owner of the note */
    struct bl_value *data;
    enum bl_code code;
    struct bl_signer who;
    struct bl_error err;
};

struct approvals {
    char path[PATH_MAX];
    struct bl_buf text; /* the list as it was when the run began; empty: there is none */
    char hash[BL_HASH_TEXT];
    int fd;                 /* of that text, for ssh-keygen */
    struct bl_value *mine;  /* names of whoever runs this */
    struct bl_value *other; /* list of the others */
    struct check *checks;
};

/* The next word of a line, between gaps; an option's quoted gaps are part of it. */
static size_t signers_word(const char **at)
{
    const char *begin = *at + strspn(*at, " \t");
    bool is_quoted = false;
    size_t len = 0;

    while (begin[len] != '\0' && (is_quoted || strchr(SIGNERS_GAPS, begin[len]) == NULL)) {
        is_quoted ^= begin[len] == '"';
        len++;
    }
    *at = begin;
    return len;
}

static bool signers_line_has(const char *line, const char *key)
{
    size_t len;

    for (; (len = signers_word(&line)) > 0; line += len) {
        if (len == strlen(key) && strncmp(line, key, len) == 0)
            return true;
    }
    return false;
}

/* Calls fn for each line that lists somebody. */
static void signers_each(const struct approvals *approvals,
                         void (*fn)(struct bl_value *out, const char *line, const char *key),
                         struct bl_value *out, const char *key)
{
    const char *text = bl_buf_text(&approvals->text);

    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        char *line = bl_strndup(text, len);
        if (line[strspn(line, SIGNERS_GAPS)] != '\0' && line[strspn(line, " \t")] != '#')
            fn(out, line, key);
        bl_free(line);
        text += len + (text[len] == '\n');
    }
}

/* Adds the names of the line, "alice,alice@example.org", when it lists that key. */
static void signers_add(struct bl_value *names, const char *line, const char *key)
{
    size_t len = signers_word(&line);

    if (key != NULL && !signers_line_has(line + len, key))
        return;
    while (len > 0) {
        size_t part = 0;
        char *name;
        while (part < len && strchr(",\"", line[part]) == NULL)
            part++;
        name = bl_strndup(line, part);
        if (part > 0)
            bl_map_set(names, name, bl_value_bool(true));
        bl_free(name);
        part += part < len;
        line += part;
        len -= part;
    }
}

/* Whose key this is, by the list, is whoever runs it. */
static void signers_add_mine(struct approvals *approvals, const char *path)
{
    struct bl_buf text;
    const char *at;
    char *key;
    size_t len;

    bl_buf_init(&text, 16384);
    if (bl_path_read(path, &text, NULL) == BL_OK) {
        at = bl_buf_text(&text);
        at += signers_word(&at); /* "ssh-ed25519" */
        len = signers_word(&at);
        key = bl_strndup(at, len);
        if (len > 0)
            signers_each(approvals, signers_add, approvals->mine, key);
        bl_free(key);
    }
    bl_buf_release(&text);
}

static void signers_find_mine(struct approvals *approvals, const struct bl_signing *signing)
{
    static const char *const names[] = {"id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk",
                                        "id_ecdsa_sk"};
    const struct passwd *user = getpwuid(getuid());
    const char *sudo = getenv("SUDO_USER");
    char path[PATH_MAX + 8];

    signers_add_mine(approvals, signing->key);
    snprintf(path, sizeof(path), "%s.pub", signing->key);
    signers_add_mine(approvals, path);
    if (sudo != NULL && *sudo != '\0')
        bl_map_set(approvals->mine, sudo, bl_value_bool(true));
    if (user == NULL)
        return;
    bl_map_set(approvals->mine, user->pw_name, bl_value_bool(true));
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/.ssh/%s.pub", user->pw_dir, names[i]);
        signers_add_mine(approvals, path);
    }
}

/* A name of theirs, or one of theirs somewhere ("bob" is "bob@example.org" too). */
static bool signers_are_mine(const struct approvals *approvals, const char *name)
{
    for (size_t i = 0; i < bl_value_count(approvals->mine); i++) {
        const char *mine = bl_map_key(approvals->mine, i);
        size_t len = strlen(mine);
        if (strcasecmp(name, mine) == 0 ||
            (strncasecmp(name, mine, len) == 0 && name[len] == '@'))
            return true;
    }
    return false;
}

static void signers_find_others(struct approvals *approvals)
{
    struct bl_value *all = bl_map_new();

    signers_each(approvals, signers_add, all, NULL);
    approvals->other = bl_list_new();
    for (size_t i = 0; i < bl_value_count(all); i++) {
        if (!signers_are_mine(approvals, bl_map_key(all, i)))
            bl_list_add(approvals->other, bl_value_text(bl_map_key(all, i)));
    }
    bl_value_unref(all);
}

/* The list as it is now is the one that counts for this run, whatever becomes of the file. */
static void signers_keep(struct approvals *approvals)
{
    const struct bl_buf *text = &approvals->text;

    bl_hash_hex(bl_buf_text(text), text->len, approvals->hash);
    approvals->fd = memfd_create("belay-signers", MFD_CLOEXEC);
    if (approvals->fd >= 0 &&
        write(approvals->fd, bl_buf_text(text), text->len) != (ssize_t)text->len)
        (void)!ftruncate(approvals->fd, 0); /* nobody is listed */
}

struct approvals *approvals_new(const struct bl_signing *signing)
{
    struct approvals *approvals = bl_alloc(sizeof(*approvals));

    approvals->fd = -1;
    approvals->mine = bl_map_new();
    bl_buf_init(&approvals->text, SIGNERS_MAX);
    if (signing == NULL)
        return approvals;
    snprintf(approvals->path, sizeof(approvals->path), "%s", signing->allowed);
    if (bl_path_read(signing->allowed, &approvals->text, NULL) != BL_OK) {
        bl_buf_reset(&approvals->text);
        return approvals;
    }
    signers_keep(approvals);
    signers_find_mine(approvals, signing);
    signers_find_others(approvals);
    return approvals;
}

void approvals_free(struct approvals *approvals)
{
    for (struct check *at = approvals->checks; at != NULL; at = at->next)
        at->gate = NULL;
    if (approvals->fd >= 0)
        close(approvals->fd);
    bl_buf_release(&approvals->text);
    bl_value_unref(approvals->mine);
    bl_value_unref(approvals->other);
    bl_free(approvals);
}

enum bl_code bl_gate_can_approve(const struct bl_gate *gate, struct bl_error *err)
{
    const struct approvals *approvals = gate->approvals;

    if (bl_value_count(approvals->other) > 0 && approvals->fd >= 0)
        return BL_OK;
    return bl_fail(
        err, BL_E_GUARD,
        "policy asks for the approval of other people, and %s lists nobody else: add "
        "their keys (ssh-keygen(1), ALLOWED SIGNERS)",
        approvals->path[0] != '\0' ? approvals->path : "no file");
}

void approvals_describe(const struct bl_gate *gate, struct bl_value *facts)
{
    const struct approvals *approvals = gate->approvals;
    const struct passwd *user = getpwuid(getuid());
    struct bl_buf text;

    bl_buf_init(&text, SIGNERS_SHOWN);
    for (size_t i = 0; i < bl_value_count(approvals->other); i++)
        bl_buf_printf(&text, "%s%s", i > 0 ? ", " : "",
                      bl_value_as_text(bl_list_get(approvals->other, i)));
    bl_map_set(facts, "approvers", bl_value_text(bl_buf_text(&text)));
    bl_map_set(facts, "signers", bl_value_text(approvals->hash));
    bl_map_set(facts, "runner", bl_value_text(user != NULL ? user->pw_name : "?"));
    bl_journal_keep(gate->journal, approvals->hash, bl_buf_text(&approvals->text),
                    approvals->text.len);
    bl_buf_release(&text);
}

bool approvals_are_complete(const struct question *question)
{
    return bl_value_count(question->approved) >= (size_t)question->approvals;
}

void approvals_name(const struct question *question, struct bl_buf *text)
{
    for (size_t i = 0; i < bl_value_count(question->approved); i++)
        bl_buf_printf(text, "%s%s", i > 0 ? ", " : "",
                      bl_map_text(bl_list_get(question->approved, i), "by", ""));
}

void approvals_say(const struct question *question, struct bl_buf *text)
{
    size_t count = bl_value_count(question->approved);

    bl_buf_printf(text, "%zu of %d approval%s%s", count, question->approvals,
                  question->approvals == 1 ? "" : "s", count > 0 ? ": " : "");
    approvals_name(question, text);
}

/* Whether a good signature is one of somebody whose approval is still wanted. */
static enum bl_code approvals_judge(const struct bl_gate *gate, const struct question *question,
                                    const struct bl_signer *who, struct bl_error *err)
{
    if (signers_are_mine(gate->approvals, who->name))
        return bl_fail(err, BL_E_DENIED,
                       "%s runs this: only the approval of somebody else counts", who->name);
    for (size_t i = 0; i < bl_value_count(question->approved); i++) {
        const struct bl_value *before = bl_list_get(question->approved, i);
        if (strcasecmp(bl_map_text(before, "by", ""), who->name) == 0)
            return bl_fail(err, BL_E_EXISTS, "%s has approved it already", who->name);
        if (strcmp(bl_map_text(before, "key", ""), who->key) == 0)
            return bl_fail(err, BL_E_EXISTS, "that key has approved it already, as %s",
                           bl_map_text(before, "by", ""));
    }
    return BL_OK;
}

static void approvals_count(struct bl_gate *gate, const struct check *check,
                            const struct bl_note *note)
{
    struct note_fate fate = {.by = check->who.name, .key = check->who.key};
    struct bl_error err = {0};
    struct question *question = notes_find(gate, note, &err);
    struct bl_value *approval;
    struct bl_buf state;

    if (question != NULL && expiry_is_over(gate, question))
        bl_fail(&err, BL_E_TIMEOUT, "its time was over");
    else if (question != NULL)
        (void)!approvals_judge(gate, question, &check->who, &err);
    if (err.code != BL_OK) {
        fate.refused = err.message;
        notes_record(gate, note, &fate);
        return;
    }
    approval = bl_map_new();
    bl_map_set(approval, "by", bl_value_text(check->who.name));
    bl_map_set(approval, "key", bl_value_text(check->who.key));
    bl_list_add(question->approved, approval);
    bl_buf_init(&state, 0);
    approvals_say(question, &state);
    fate.state = bl_buf_text(&state);
    notes_record(gate, note, &fate);
    bl_buf_release(&state);
    gate_advance(gate, question);
}

static void check_unlink(struct check *check)
{
    struct check **at = &check->gate->approvals->checks;

    while (*at != check)
        at = &(*at)->next;
    *at = check->next;
}

static void check_run(uv_work_t *work)
{
    struct check *check = work->data;
    const char *hash = bl_map_text(check->data, "hash", "");
    struct bl_signed what = {.namespace = BL_SIGN_APPROVAL, .data = hash, .len = strlen(hash)};

    check->code =
        bl_sign_verify(check->allowed, &what, bl_map_text(check->data, "signature", ""),
                       &check->who, &check->err);
}

static void check_done(uv_work_t *work, int status)
{
    struct check *check = work->data;
    struct bl_note note = {.by = check->by, .data = check->data};

    (void)status;
    if (check->gate != NULL) {
        check_unlink(check);
        if (check->code != BL_OK)
            notes_record(check->gate, &note,
                         &(struct note_fate){.refused = check->err.message});
        else
            approvals_count(check->gate, check, &note);
    }
    bl_value_unref(check->data);
    bl_free(check);
}

void approvals_check(struct bl_gate *gate, const struct bl_note *note)
{
    struct check *check = bl_alloc(sizeof(*check));

    check->work.data = check;
    check->gate = gate;
    check->next = gate->approvals->checks;
    gate->approvals->checks = check;
    check->data = bl_value_ref(note->data);
    snprintf(check->by, sizeof(check->by), "%s", note->by);
    snprintf(check->allowed, sizeof(check->allowed), "/proc/%d/fd/%d", (int)getpid(),
             gate->approvals->fd);
    if (uv_queue_work(bl_loop_uv(gate->loop), &check->work, check_run, check_done) != 0)
        BL_BUG("a signature cannot be checked");
}
