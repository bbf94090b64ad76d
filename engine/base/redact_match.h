/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redact_match.h: inside this folder: whether a secret's value begins at a place of a text, in
 * one of the forms that text takes. */
#ifndef BL_REDACT_MATCH_H
#define BL_REDACT_MATCH_H

#include "base/prefix.h"

enum redact_form {
    REDACT_PLAIN,
    REDACT_ESCAPED, /* with backslashes */
    REDACT_PERCENT,
    REDACT_BASE64, /* and two more: behind one and behind two other bytes */
    REDACT_FORMS = REDACT_BASE64 + 3
};

enum redact_found { REDACT_NO, REDACT_YES, REDACT_MORE };

struct redact_secret {
    char *name, *data;
    size_t len;
};

/* The rest of a text from some place on. */
struct redact_place {
    const char *data;
    size_t len;
    bool is_last; /* nothing follows; else REDACT_MORE is an answer: the rest may come */
};

/* Whether the place begins with the secret in that form; *used: how many bytes it takes. */
enum redact_found redact_match(enum redact_form form, const struct redact_secret *secret,
                               const struct redact_place *place, size_t *used);
/* Whether a text that begins with this byte can be one. */
bool redact_may_start(enum redact_form form, const char *secret, unsigned char byte);
/* The same of its second byte, where the first is neither '%' nor a backslash; secret has two
 * bytes at least. */
bool redact_may_follow(enum redact_form form, const char *secret, unsigned char byte);

#endif
