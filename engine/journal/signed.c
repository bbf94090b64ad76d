/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* signed.c: who signed a run, and whether its end is signed. */
#include "journal/sign.h"
#include "journal/store.h"

struct signed_check {
    const char *allowed;
    sqlite3 *db;
    sqlite3_stmt *find; /* the hash of an event */
    struct bl_verdict *verdict;
    struct bl_signer last;
    int64_t signatures, end, covered; /* covered: the last event that the last one signs */
    struct bl_value *names;           /* who signed: a map, so that each is named once */
};

static bool signed_stop(struct signed_check *check, int64_t seq, const char *format, ...)
    BL_PRINTF(3, 4);

static bool signed_stop(struct signed_check *check, int64_t seq, const char *format, ...)
{
    struct bl_verdict *verdict = check->verdict;
    va_list args;

    verdict->is_sound = false;
    verdict->altered = seq;
    va_start(args, format);
    vsnprintf(verdict->text, sizeof(verdict->text), format, args);
    va_end(args);
    return false;
}

/* Is this the hash that the event has? */
static bool signed_has(struct signed_check *check, int64_t seq, const char *hash)
{
    bool has;

    sqlite3_reset(check->find);
    sqlite3_bind_int64(check->find, 1, seq);
    has = sqlite3_step(check->find) == SQLITE_ROW &&
          strcmp((const char *)sqlite3_column_text(check->find, 0), hash) == 0;
    sqlite3_reset(check->find);
    return has;
}

static bool signed_event(struct signed_check *check, const struct bl_event *event,
                         struct bl_error *err)
{
    const char *hash = bl_map_text(event->data, "hash", "");
    int64_t seq = bl_map_int(event->data, "seq", 0);
    const struct bl_signed what = {
        .namespace = BL_SIGN_HEAD, .data = hash, .len = strlen(hash), .at = event->at};
    enum bl_code code;

    if (seq >= event->seq || !signed_has(check, seq, hash))
        return signed_stop(check, event->seq,
                           "event %lld signs another event %lld than the one that is there",
                           (long long)event->seq, (long long)seq);
    code = bl_sign_verify(check->allowed, &what, bl_map_text(event->data, "signature", ""),
                          &check->last, err);
    if (code == BL_E_AUTH)
        return signed_stop(check, event->seq, "the signature in event %lld is not good: %.300s",
                           (long long)event->seq, err->message);
    if (code != BL_OK)
        return false;
    check->signatures++;
    check->covered = seq;
    bl_map_set(check->names, check->last.name, bl_value_text(check->last.key));
    return true;
}

static bool signed_each(struct signed_check *check, struct bl_error *err)
{
    sqlite3_stmt *statement = NULL;
    struct bl_value *data;
    struct store_row row;
    bool good = sqlite3_prepare_v2(check->db, STORE_ROWS " WHERE kind = 'signed' ORDER BY seq",
                                   -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(check->db, "SELECT hash FROM events WHERE seq = ?1", -1,
                                   &check->find, NULL) == SQLITE_OK;

    while (good && sqlite3_step(statement) == SQLITE_ROW) {
        store_row_read(statement, &row);
        good = store_row_parse(&row, &data, err) == BL_OK;
        if (!good)
            break;
        good = signed_event(check, &row.event, err);
        check->end = row.event.seq;
        bl_value_unref(data);
    }
    sqlite3_finalize(statement);
    sqlite3_finalize(check->find);
    return good;
}

static void signed_conclude(struct signed_check *check)
{
    int64_t events = store_number(check->db, "SELECT max(seq) FROM events");
    struct bl_buf names;

    if (check->signatures == 0) {
        signed_stop(check, 1, "the run is not signed");
        return;
    }
    if (check->end != events || check->covered != check->end - 1) {
        signed_stop(check, check->covered + 1,
                    "its end is not signed: the last signature is by %.200s and covers the "
                    "events up to %lld of %lld",
                    check->last.name, (long long)check->covered, (long long)events);
        return;
    }
    bl_buf_init(&names, 250);
    for (size_t i = 0; i < bl_value_count(check->names); i++)
        bl_buf_printf(&names, "%s%s (%s)", i > 0 ? ", " : "", bl_map_key(check->names, i),
                      bl_value_as_text(bl_map_at(check->names, i)));
    check->verdict->is_sound = true;
    check->verdict->events = events;
    snprintf(check->verdict->text, sizeof(check->verdict->text),
             "%lld signature%s, the end too, by %s", (long long)check->signatures,
             check->signatures == 1 ? "" : "s", bl_buf_text(&names));
    bl_buf_release(&names);
}

enum bl_code bl_journal_verify_signed(const char *path, const char *allowed,
                                      struct bl_verdict *verdict, struct bl_error *err)
{
    struct signed_check check = {.allowed = allowed, .verdict = verdict, .names = bl_map_new()};
    struct bl_error why = {0};
    enum bl_code code = store_open_reader(path, &check.db, err);

    memset(verdict, 0, sizeof(*verdict));
    if (code == BL_OK && signed_each(&check, &why))
        signed_conclude(&check);
    else if (code == BL_OK && verdict->text[0] == '\0')
        code = bl_fail(err, why.code == BL_OK ? BL_E_PARSE : why.code, "%s",
                       why.code == BL_OK ? "the journal cannot be read" : why.message);
    sqlite3_close_v2(check.db);
    bl_value_unref(check.names);
    return code;
}
