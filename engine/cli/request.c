/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* request.c: a gate as a file, for people who are elsewhere. */
#include "base/prefix.h"

#include "cli/request.h"

#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "gate/open.h"
#include "journal/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define REQUEST_MAX 4194304
#define REQUEST_KIND "gate"

static enum bl_code request_save(const char *path, const struct bl_value *request,
                                 struct bl_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct bl_buf text;
    bool is_written;

    if (fd < 0)
        return bl_fail(err, errno == EEXIST ? BL_E_EXISTS : BL_E_IO, "cannot make %s: %s", path,
                       strerror(errno));
    bl_buf_init(&text, REQUEST_MAX);
    bl_json_write(&text, request, BL_JSON_PRETTY);
    bl_buf_char(&text, '\n');
    is_written = !text.truncated &&
                 write(fd, bl_buf_text(&text), text.len) == (ssize_t)text.len && fsync(fd) == 0;
    bl_buf_release(&text);
    close(fd);
    if (is_written)
        return BL_OK;
    unlink(path);
    return bl_fail(err, BL_E_IO, "cannot write %s: %s", path, strerror(errno));
}

enum bl_code bl_request_write(const char *path, const char *run, const struct bl_value *gate,
                              struct bl_error *err)
{
    struct bl_value *request = bl_map_new();
    char text[200];
    enum bl_code code;

    if (bl_map_int(bl_map_get(gate, "data"), "approvals", 0) == 0) {
        bl_value_unref(request);
        return bl_fail(
            err, BL_E_ARG,
            "this gate wants no signature, so it cannot be answered by a file: answer "
            "it with `belay approve %s`",
            run);
    }
    for (size_t i = 0; i < bl_value_count(gate); i++)
        bl_map_set(request, bl_map_key(gate, i), bl_value_ref(bl_map_at(gate, i)));
    bl_map_set(request, "belay", bl_value_text(REQUEST_KIND));
    bl_map_set(request, "run", bl_value_text(run));
    code = request_save(path, request, err);
    bl_value_unref(request);
    if (code != BL_OK)
        return code;
    snprintf(text, sizeof(text),
             "%.80s: gate %lld of run %s: `belay approve --sign` shows and "
             "signs it anywhere",
             path, (long long)bl_map_int(gate, "gate", 0), run);
    bl_command_print(text);
    putchar('\n');
    return BL_OK;
}

static enum bl_code request_check(const char *path, const struct bl_value *request,
                                  struct bl_error *err)
{
    struct bl_event event;
    char hash[BL_HASH_TEXT];

    if (strcmp(bl_map_text(request, "belay", ""), REQUEST_KIND) != 0 ||
        bl_value_type(bl_map_get(request, "data")) != BL_MAP)
        return bl_fail(err, BL_E_PARSE, "%s is no gate that was exported", path);
    bl_gate_event(request, &event);
    bl_event_hash(&event, hash);
    if (strcmp(hash, event.hash) == 0 &&
        bl_map_int(event.data, "gate", 0) == bl_map_int(request, "gate", -1) &&
        strcmp(bl_map_text(bl_map_get(event.data, "facts"), "run", ""),
               bl_map_text(request, "run", "-")) == 0)
        return BL_OK;
    return bl_fail(err, BL_E_PARSE,
                   "%s was altered: its hash is not that of what it shows. Do not sign it; ask "
                   "for it again",
                   path);
}

enum bl_code bl_request_read(const char *path, struct bl_value **gate, struct bl_error *err)
{
    struct bl_buf text;
    struct bl_error why;
    enum bl_code code;

    *gate = NULL;
    bl_buf_init(&text, REQUEST_MAX);
    if (bl_path_read(path, &text, &why) != BL_OK ||
        bl_json_parse(bl_buf_text(&text), text.len, false, gate, &why) != BL_OK)
        code = bl_fail(err, why.code, "%s: %s", path, why.message);
    else
        code = request_check(path, *gate, err);
    bl_buf_release(&text);
    if (code != BL_OK) {
        bl_value_unref(*gate);
        *gate = NULL;
    }
    return code;
}

enum bl_code bl_request_write_signed(const char *path, const struct bl_value *gate,
                                     struct bl_error *err)
{
    char name[PATH_MAX];
    enum bl_code code;

    snprintf(name, sizeof(name), "%s.signed", path);
    code = request_save(name, gate, err);
    if (code == BL_OK) {
        bl_command_print(name);
        puts(": bring it back: `belay approve --import FILE` answers with it");
    }
    return code;
}

enum bl_code bl_gate_sign(const struct bl_value *gate, const char *key, struct bl_value *note,
                          struct bl_error *err)
{
    const char *hash = bl_map_text(gate, "hash", "");
    struct bl_signed what = {.namespace = BL_SIGN_APPROVAL, .data = hash, .len = strlen(hash)};
    struct bl_buf signature;
    enum bl_code code;

    bl_buf_init(&signature, 65536);
    code = bl_sign(key, &what, &signature, err);
    if (code == BL_OK)
        bl_map_set(note, "signature", bl_value_text(bl_buf_text(&signature)));
    bl_buf_release(&signature);
    return code;
}
