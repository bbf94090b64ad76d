/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* postgres_error.c: what libpq and the server say, in one line with a code. */
#include "base/prefix.h"

#include "postgres_private.h"

#include "base/text.h"

/* SQLSTATEs by their beginning; the first that fits counts. */
static const struct {
    const char *state;
    enum bl_code code;
    bool is_retryable;
    const char *advice;
} error_states[] = {
    {"25006", BL_E_GUARD, false, "it would change data inside of a question"},
    {"42501", BL_E_DENIED, false, "ask for the privilege, or connect as another user"},
    {"42P01", BL_E_SERVER, false, "check the name and the search_path"},
    {"55P03", BL_E_BUSY, true, "another session holds the lock: see pg_locks"},
    {"57014", BL_E_TIMEOUT, true, "raise timeout, or make the statement cheaper"},
    {"57P", BL_E_CLOSED, true, "the server ends its sessions"},
    {"40001", BL_E_SERVER, true, "another transaction was faster: try again"},
    {"40P01", BL_E_SERVER, true, "a deadlock: try again"},
    {"53300", BL_E_BUSY, true, "the server takes no more connections"},
    {"53100", BL_E_FULL, false, "the server's disk is full"},
    {"28", BL_E_AUTH, false, "check user and password in the environment"},
    {"", BL_E_SERVER, false, ""},
};

/* Where in the author's SQL the server stopped; "" when it does not say. */
static void error_place(const struct postgres_op *op, const PGresult *result, char *out,
                        size_t size)
{
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    const char *sql = bl_call_text(op->base.call, "sql");
    long left = position != NULL ? strtol(position, NULL, 10) : 0;
    int line = 1, column = 1;

    out[0] = '\0';
    if (left <= 0 || *op->at != STEP_STATEMENT)
        return;
    left -= (long)strlen(op->prefix);
    for (left--; left > 0 && *sql != '\0'; sql++) {
        bool is_last = ((unsigned char)sql[1] & 0xc0) != 0x80; /* byte of its character */
        column = *sql == '\n' ? 1 : column + is_last;
        line += *sql == '\n';
        left -= is_last;
    }
    snprintf(out, size, " at line %d, column %d of the SQL", line, column);
}

static void error_part(struct bl_buf *out, const char *before, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    bl_buf_text_add(out, before);
    bl_text_clean(out, text, strcspn(text, "\n"), false);
}

void bl_postgres_error(struct postgres_op *op, const PGresult *result, struct bl_error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char place[60];
    struct bl_buf text;
    size_t i = 0;

    state = state != NULL ? state : "";
    message = message != NULL ? message : PQresultErrorMessage(result);
    while (strncmp(state, error_states[i].state, strlen(error_states[i].state)) != 0)
        i++;
    error_place(op, result, place, sizeof(place));
    bl_buf_init(&text, 400);
    error_part(&text, "", message);
    bl_buf_text_add(&text, place);
    error_part(&text, " (", PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    if (PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) != NULL)
        bl_buf_char(&text, ')');
    error_part(&text, "; hint: ", PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
    error_part(&text, ": ", error_states[i].advice);
    bl_fail(err, error_states[i].code, "%s %s: %s", op->base.call->target,
            op->base.call->operation->name, bl_buf_text(&text));
    err->retryable = error_states[i].is_retryable;
    bl_error_cause(err, "SQLSTATE %s", state);
    bl_buf_release(&text);
}

/* libpq has no codes for connections that could not be made, only its messages (untranslated
 * here: the process sets no locale for messages). */
static const struct {
    const char *text;
    enum bl_code code;
    const char *advice;
} error_connects[] = {
    {"Connection refused", BL_E_REFUSED, "is the server running, and is the port right?"},
    {"No such file or directory", BL_E_REFUSED,
     "is the server running, and is this its socket?"},
    {"certificate", BL_E_TLS, "check ca_file and the host name in the environment"},
    {"SSL error", BL_E_TLS, "check sslmode and ca_file in the environment"},
    {"does not support SSL", BL_E_TLS, "check sslmode in the environment"},
    {"SSL negotiation", BL_E_PROTOCOL, "is this a PostgreSQL server?"},
    {"password", BL_E_AUTH, "check user and password in the environment"},
    {"pg_hba.conf", BL_E_AUTH, "the server does not let this user in from here"},
    {"role \"", BL_E_AUTH, "check the user in the environment"},
    {"database \"", BL_E_NOT_FOUND, "check dbname in the environment"},
    {"too many clients", BL_E_BUSY, "the server takes no more connections"},
    {"remaining connection slots", BL_E_BUSY, "the server takes no more connections"},
    {"too many connections", BL_E_BUSY, "the server takes no more connections"},
    {"is starting up", BL_E_BUSY, "try again in a moment"},
    {"not yet accepting connections", BL_E_BUSY, "try again in a moment"},
    {"is in recovery mode", BL_E_BUSY, "the server has crashed: try again in a moment"},
    {"is shutting down", BL_E_CLOSED, "the server is being stopped"},
    {"expected authentication request", BL_E_PROTOCOL, "is this a PostgreSQL server?"},
    {"invalid", BL_E_PROTOCOL, "is this a PostgreSQL server?"},
    {"lost synchronization", BL_E_PROTOCOL, "is this a PostgreSQL server?"},
    {"closed the connection", BL_E_CLOSED, "see the server's log"},
    {"reset by peer", BL_E_CLOSED, "see the server's log"},
    {"timed out", BL_E_TIMEOUT, "is the host reachable?"},
    {"No route", BL_E_IO, "is the host reachable?"},
    {"unreachable", BL_E_IO, "is the host reachable?"},
    {"FATAL", BL_E_SERVER, "see the server's log"},
    {"", BL_E_IO, "check the connection in the environment"},
};

void bl_postgres_connect_error(struct postgres_op *op, const PGconn *pg, struct bl_error *err)
{
    const char *message = PQerrorMessage(pg), *end;
    struct bl_buf text;
    size_t i = 0;

    while (strstr(message, error_connects[i].text) == NULL)
        i++;
    /* several addresses give several lines: the last is enough */
    end = message + strlen(message);
    while (end > message && end[-1] == '\n')
        end--;
    bl_buf_init(&text, 300);
    while (message < end && memchr(message, '\n', (size_t)(end - message)) != NULL &&
           strncmp(message, "connection to", 13) == 0 &&
           strstr(message + 1, "\nconnection to") != NULL)
        message = strstr(message + 1, "\nconnection to") + 1;
    bl_text_clean(&text, message, strcspn(message, "\n"), false);
    bl_fail(err, error_connects[i].code, "%s %s: %s: %s", op->base.call->target,
            op->base.call->operation->name, text.len > 0 ? bl_buf_text(&text) : "no connection",
            error_connects[i].advice);
    bl_buf_release(&text);
}
