/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* error.h: what went wrong: a code for programs and one line for people. */
#ifndef BL_ERROR_H
#define BL_ERROR_H

#include "base/prefix.h"

/* Each code has a stable name (bl_code_name) that Lua and reports show;
 * docs/reference/errors.md lists them. */
enum bl_code {
    BL_OK = 0,
    BL_E_ARG,         /* wrong use: an argument, a parameter, a setting */
    BL_E_PARSE,       /* text that is not what its format promises */
    BL_E_IO,          /* the operating system said no */
    BL_E_RESOLVE,     /* a host name without an address */
    BL_E_REFUSED,     /* nobody listens there */
    BL_E_CLOSED,      /* the peer closed or reset in the middle */
    BL_E_TLS,         /* certificate or handshake */
    BL_E_AUTH,        /* the server does not accept who we are */
    BL_E_PROTOCOL,    /* the peer does not speak what it should */
    BL_E_SERVER,      /* the server understood and answered with an error */
    BL_E_TIMEOUT,     /* not within its time */
    BL_E_TOO_LARGE,   /* more bytes, rows or items than the bound */
    BL_E_LIMIT,       /* instructions, memory, match steps */
    BL_E_CANCELLED,   /* the operator, a parent step or a lost race */
    BL_E_NOT_FOUND,   /* a file, connection, procedure that is not there */
    BL_E_EXISTS,      /* something is there already */
    BL_E_DENIED,      /* permissions */
    BL_E_EXIT,        /* a command ended with another status than was asked for */
    BL_E_UNSUPPORTED, /* this server, machine or build cannot do it */
    BL_E_FULL,        /* no space left */
    BL_E_BUSY,        /* somebody else holds it */
    BL_E_GUARD,       /* refused by guard, `may` or policy */
    BL_E_REJECTED,    /* a person said no */
    BL_E_WAITING,     /* a gate nobody answered */
    BL_E_DOUBT,       /* a change whose outcome nobody knows */
    BL_E_FAILED,      /* fail() of a procedure */
    BL_E_INTERNAL,    /* our own mistake */
    BL_CODES
};

struct bl_error {
    enum bl_code code;
    bool retryable;    /* the same again may work later: refused, timeout, closed … */
    char message[512]; /* one line, no secret: what, where, why, what to do next */
    char cause[128]; /* the library's or server's own code, e.g. "SQLSTATE 42P01"; "" when none
                      */
};

/* The stable name, e.g. "timeout". */
const char *bl_code_name(enum bl_code code);
/* What it means, for the reference: "not within its time". */
const char *bl_code_text(enum bl_code code);
/* The code of a name; BL_E_INTERNAL for an unknown one. */
enum bl_code bl_code_find(const char *name);

/* Fills err (NULL is allowed) and returns code, so that `return bl_fail(err, …)` ends a
 * function. */
enum bl_code bl_fail(struct bl_error *err, enum bl_code code, const char *format, ...)
    BL_PRINTF(3, 4);
enum bl_code bl_failv(struct bl_error *err, enum bl_code code, const char *format,
                      va_list args);
/* Sets the cause of a filled error. */
void bl_error_cause(struct bl_error *err, const char *format, ...) BL_PRINTF(2, 3);

#endif
