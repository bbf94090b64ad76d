/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* sign.h: signatures with the SSH keys that people have, by ssh-keygen: of heads, of approvals.
 */
#ifndef BL_SIGN_H
#define BL_SIGN_H

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

#include <limits.h>

#define BL_SIGN_HEAD "belay" /* the namespace of a run's head: its hash is signed */
#define BL_SIGN_APPROVAL                                                                       \
    "belay-approval" /* of an answer at a gate, so that neither is the other */

/* What is signed: bytes, and what they are signed as. */
struct bl_signed {
    const char *namespace;
    const void *data;
    size_t len;
    int64_t at; /* for a check: when it was signed, in ms since 1970; 0: it has to hold now */
};

/* Who signed. */
struct bl_signer {
    char name[256]; /* the principal in allowed_signers, e.g. "rosa@example.org" */
    char key[128]; /* "ED25519 SHA256:…": the fingerprint tells two keys of one person apart */
};

#define BL_SIGN_KEY 64 /* "SHA256:…" */
/* The fingerprint of the key that made a signature, as ssh-keygen shows it; "" when it is none.
 * It proves nothing. */
void bl_sign_fingerprint(const char *signature, char key[BL_SIGN_KEY]);

/*
 * Signs with the private half of `key`: the path of a private key, or of a public one whose
 * private half is in the agent or beside it. "~/" is the home. Adds the armoured signature to
 * `signature`. Nobody is asked for a passphrase: a key that needs one must be in the agent.
 * Takes milliseconds as a rule and 20 s at most (a key that wants to be touched): it waits, so
 * the loop's thread calls it only where nothing else goes on, other threads whenever they want.
 */
enum bl_code bl_sign(const char *key, const struct bl_signed *what, struct bl_buf *signature,
                     struct bl_error *err) BL_MUST_USE;
/*
 * Checks a signature against a file of allowed signers (ssh-keygen(1), ALLOWED SIGNERS) and
 * fills `who`. BL_E_AUTH: it is not of these bytes, not in this namespace, or of nobody who is
 * listed (now). BL_E_NOT_FOUND: there is no such file, or no ssh-keygen. Waits 10 s at most.
 */
enum bl_code bl_sign_verify(const char *allowed, const struct bl_signed *what,
                            const char *signature, struct bl_signer *who,
                            struct bl_error *err) BL_MUST_USE;

/* What an environment says about signing: `signing = { key, allowed, required }`. */
struct bl_signing {
    char key[PATH_MAX];     /* "": nothing is signed */
    char allowed[PATH_MAX]; /* the file of allowed signers: "allowed_signers" of the project */
    bool is_required;       /* a run that cannot sign does not begin */
};
/* Reads that of an environment that was checked; names are relative to the project's folder. */
void bl_signing_read(const struct bl_value *environment, const char *project,
                     struct bl_signing *signing);

#endif
