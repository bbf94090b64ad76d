/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* texts.c: the text of every file that a run loaded, under its hash. */
#include "journal/writer.h"

void bl_journal_keep(struct bl_journal *journal, const char *sha256, const char *text,
                     size_t len)
{
    struct journal_text *kept;
    struct bl_buf masked;
    bool is_plain;

    bl_buf_init(&masked, 0);
    bl_redact_text(journal->redactor, &masked, text, len);
    is_plain = masked.len == len && memcmp(bl_buf_text(&masked), text, len) == 0;
    bl_buf_release(&masked);
    if (!is_plain) /* a secret's value stands in it: that never gets into a journal */
        return;
    journal->texts =
        bl_realloc(journal->texts, (journal->text_count + 1) * sizeof(*journal->texts));
    kept = &journal->texts[journal->text_count++];
    snprintf(kept->sha256, sizeof(kept->sha256), "%s", sha256);
    kept->text = bl_alloc(len + 1);
    memcpy(kept->text, text, len);
    kept->len = len;
}

void journal_texts_release(struct bl_journal *journal)
{
    for (size_t i = 0; i < journal->text_count; i++)
        bl_free(journal->texts[i].text);
    bl_free(journal->texts);
    journal->texts = NULL;
    journal->text_count = 0;
}

/* Adds the text that a row holds, when it is what its hash says. */
static enum bl_code texts_check(sqlite3_stmt *statement, const char *path, const char *sha256,
                                struct bl_buf *out, struct bl_error *err)
{
    const void *text = sqlite3_column_blob(statement, 0);
    size_t len = (size_t)sqlite3_column_bytes(statement, 0);
    char hash[BL_HASH_TEXT];

    bl_hash_hex(text == NULL ? "" : text, len, hash);
    if (strcmp(hash, sha256) != 0)
        return bl_fail(err, BL_E_PARSE,
                       "the text %.12s in %s was altered: `belay verify` says more", sha256,
                       path);
    bl_buf_add(out, text == NULL ? "" : text, len);
    return BL_OK;
}

enum bl_code bl_journal_kept(const char *path, const char *sha256, struct bl_buf *out,
                             struct bl_error *err)
{
    sqlite3_stmt *statement = NULL;
    sqlite3 *db;
    enum bl_code code = store_open_reader(path, &db, err);
    bool is_there;

    if (code != BL_OK)
        return code;
    is_there = sqlite3_prepare_v2(db, "SELECT text FROM texts WHERE sha256 = ?1", -1,
                                  &statement, NULL) == SQLITE_OK &&
               sqlite3_bind_text(statement, 1, sha256, -1, SQLITE_STATIC) == SQLITE_OK &&
               sqlite3_step(statement) == SQLITE_ROW;
    code = is_there ? texts_check(statement, path, sha256, out, err)
                    : bl_fail(err, BL_E_NOT_FOUND,
                              "%s does not keep the text %.12s: an older version wrote it, or "
                              "a secret stands in that text",
                              path, sha256);
    sqlite3_finalize(statement);
    sqlite3_close_v2(db);
    return code;
}
