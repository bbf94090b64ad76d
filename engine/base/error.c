/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* error.c: what went wrong: a code for programs and one line for people. */
#include "base/error.h"

static const char *const code_names[BL_CODES] = {
    [BL_OK] = "ok",
    [BL_E_ARG] = "arg",
    [BL_E_PARSE] = "parse",
    [BL_E_IO] = "io",
    [BL_E_RESOLVE] = "resolve",
    [BL_E_REFUSED] = "refused",
    [BL_E_CLOSED] = "closed",
    [BL_E_TLS] = "tls",
    [BL_E_AUTH] = "auth",
    [BL_E_PROTOCOL] = "protocol",
    [BL_E_SERVER] = "server",
    [BL_E_TIMEOUT] = "timeout",
    [BL_E_TOO_LARGE] = "too_large",
    [BL_E_LIMIT] = "limit",
    [BL_E_CANCELLED] = "cancelled",
    [BL_E_NOT_FOUND] = "not_found",
    [BL_E_EXISTS] = "exists",
    [BL_E_DENIED] = "denied",
    [BL_E_EXIT] = "exit",
    [BL_E_UNSUPPORTED] = "unsupported",
    [BL_E_FULL] = "full",
    [BL_E_BUSY] = "busy",
    [BL_E_GUARD] = "guard",
    [BL_E_REJECTED] = "rejected",
    [BL_E_WAITING] = "waiting",
    [BL_E_DOUBT] = "doubt",
    [BL_E_FAILED] = "failed",
    [BL_E_INTERNAL] = "internal",
};

static const char *const code_texts[BL_CODES] = {
    [BL_OK] = "all is well",
    [BL_E_ARG] = "wrong use: an argument, a parameter, a setting",
    [BL_E_PARSE] = "text that is not what its format promises",
    [BL_E_IO] = "the operating system said no",
    [BL_E_RESOLVE] = "a host name without an address",
    [BL_E_REFUSED] = "nobody listens there",
    [BL_E_CLOSED] = "the peer closed or reset in the middle",
    [BL_E_TLS] = "certificate or handshake",
    [BL_E_AUTH] = "the server does not accept who we are",
    [BL_E_PROTOCOL] = "the peer does not speak what it should",
    [BL_E_SERVER] = "the server understood and answered with an error",
    [BL_E_TIMEOUT] = "not within its time",
    [BL_E_TOO_LARGE] = "more bytes, rows or items than the bound",
    [BL_E_LIMIT] = "instructions, memory, match steps",
    [BL_E_CANCELLED] = "the operator, a parent step or a lost race",
    [BL_E_NOT_FOUND] = "a file, connection, procedure that is not there",
    [BL_E_EXISTS] = "something is there already",
    [BL_E_DENIED] = "permissions",
    [BL_E_EXIT] = "a command ended with another status than was asked for",
    [BL_E_UNSUPPORTED] = "this server, machine or build cannot do it",
    [BL_E_FULL] = "no space left",
    [BL_E_BUSY] = "somebody else holds it",
    [BL_E_GUARD] = "refused by guard, `may` or policy",
    [BL_E_REJECTED] = "a person said no",
    [BL_E_WAITING] = "a gate nobody answered",
    [BL_E_DOUBT] = "a change whose outcome nobody knows",
    [BL_E_FAILED] = "fail() of a procedure",
    [BL_E_INTERNAL] = "our own mistake",
};

const char *bl_code_text(enum bl_code code)
{
    return (unsigned)code < BL_CODES ? code_texts[code] : "our own mistake";
}

const char *bl_code_name(enum bl_code code)
{
    return (unsigned)code < BL_CODES ? code_names[code] : "internal";
}

enum bl_code bl_code_find(const char *name)
{
    for (unsigned code = 0; code < BL_CODES; code++) {
        if (strcmp(code_names[code], name) == 0)
            return (enum bl_code)code;
    }
    return BL_E_INTERNAL;
}

static bool code_is_retryable(enum bl_code code)
{
    return code == BL_E_RESOLVE || code == BL_E_REFUSED || code == BL_E_CLOSED ||
           code == BL_E_TIMEOUT || code == BL_E_BUSY;
}

enum bl_code bl_failv(struct bl_error *err, enum bl_code code, const char *format, va_list args)
{
    if (err == NULL)
        return code;
    err->code = code;
    err->retryable = code_is_retryable(code);
    err->cause[0] = '\0';
    vsnprintf(err->message, sizeof(err->message), format, args);
    for (char *c = err->message; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
    }
    return code;
}

enum bl_code bl_fail(struct bl_error *err, enum bl_code code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bl_failv(err, code, format, args);
    va_end(args);
    return code;
}

void bl_error_cause(struct bl_error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(err->cause, sizeof(err->cause), format, args);
    va_end(args);
}
