/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* secrets.h: the secrets of a run: fetched when they are needed, known to its redactor. */
#ifndef BL_SECRETS_H
#define BL_SECRETS_H

#include "base/error.h"
#include "base/redact.h"
#include "loop/loop.h"

/* Whether {file =}, {command =} or {prompt =} (with name =, if wanted) says where a secret is;
 * *name is what it is called then. */
enum bl_code bl_secret_check(const struct bl_value *source, char name[80],
                             struct bl_error *err) BL_MUST_USE;
/* For people: "file /etc/belay/redis", "command: pass show redis". */
void bl_secret_describe(const struct bl_value *secret, struct bl_buf *out);

struct bl_secrets;
struct bl_secrets *bl_secrets_new(bool may_prompt);
void bl_secrets_free(struct bl_secrets *secrets); /* NULL is allowed */
/* Masks the values that are there in a tree; fetches nothing. */
void bl_secrets_learn(struct bl_secrets *secrets, const struct bl_value *tree);
/*
 * Fetches what is still to be fetched in a tree, and masks it. A file belongs to this user or
 * root and nobody else may read it; a command has 30 seconds, its stdout without the line end
 * is the value and its stderr is shown; a prompt needs a terminal. Blocks meanwhile. The error
 * names the secret.
 */
enum bl_code bl_secrets_need(struct bl_secrets *secrets, const struct bl_value *tree,
                             struct bl_error *err) BL_MUST_USE;
/* From here on the operations of a loop get their secrets and say none; without a session. */
void bl_secrets_keep(struct bl_secrets *secrets, struct bl_loop *loop);
struct bl_redactor *bl_secrets_redactor(struct bl_secrets *secrets);
/* A warning about a needed value that is too short to be masked, once each; NULL: none. */
struct bl_value *bl_secrets_take_warning(struct bl_secrets *secrets);

#endif
