/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_journal_texts.c: the files that a run loaded are kept in its journal, and proven. */
#include "base/prefix.h"

#include "journal/journal.h"
#include "journal/store.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct bl_clock texts_clock;

static void texts_state(const char *folder, struct bl_state *state)
{
    struct bl_error err = {0};

    if (bl_state_open(folder, true, state, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static struct bl_journal *texts_create(const struct bl_state *state)
{
    struct bl_value *info = bl_map_new();
    struct bl_journal_options options = {.state = state, .clock = &texts_clock, .info = info};
    struct bl_journal *journal = NULL;
    struct bl_error err = {0};

    if (bl_journal_create(&options, &journal, &err) != BL_OK)
        BL_BUG("%s", err.message);
    bl_value_unref(info);
    return journal;
}

static struct bl_journal *texts_open(const struct bl_state *state, const char *run)
{
    struct bl_journal_options options = {.state = state, .clock = &texts_clock};
    struct bl_journal *journal = NULL;
    struct bl_error err = {0};

    if (bl_journal_reopen(&options, run, &journal, &err) != BL_OK)
        fail_msg("%s", err.message);
    return journal;
}

static void texts_end(struct bl_journal *journal)
{
    struct bl_error err = {0};

    bl_journal_append(journal, "run_ended", bl_map_new());
    if (bl_journal_close(journal, &err) != BL_OK)
        fail_msg("%s", err.message);
}

static void texts_verdict(const struct bl_state *state, const char *id, bool is_sound,
                          int64_t events, const char *text)
{
    struct bl_verdict verdict;
    struct bl_error err = {0};

    if (bl_journal_verify(state, id, &verdict, &err) != BL_OK)
        fail_msg("%s", err.message);
    if (verdict.is_sound != is_sound || strstr(verdict.text, text) == NULL)
        fail_msg("%s", verdict.text);
    if (is_sound)
        assert_int_equal(verdict.events, events);
}

static void texts_flip(const char *path, off_t at)
{
    int fd;
    char byte;

    chmod(path, 0600);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte = (char)(byte ^ 4);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void test_keep__texts_are_there_and_proven(void **state)
{
    static const char text[] = "procedure({ title = \"Flush\" })\n";
    char id[BL_RUN_TEXT], path[PATH_MAX], hash[BL_HASH_TEXT], none[BL_HASH_TEXT];
    struct bl_journal *journal;
    struct bl_state folder;
    struct bl_buf out;
    char *data, *found;
    size_t size;

    texts_state(*state, &folder);
    bl_hash_hex(text, strlen(text), hash);
    bl_hash_hex("x", 1, none);
    journal = texts_create(&folder);
    snprintf(id, sizeof(id), "%s", bl_journal_run(journal));
    snprintf(path, sizeof(path), "%s", bl_journal_path(journal));
    bl_journal_keep(journal, hash, text, strlen(text));
    bl_journal_keep(journal, hash, text, strlen(text)); /* a second time is no harm */
    texts_end(journal);
    journal = texts_open(&folder, id);
    bl_journal_keep(journal, hash, text, strlen(text));
    bl_journal_keep(journal, none, "x", 1);
    texts_end(journal);
    bl_buf_init(&out, 0);
    assert_int_equal(bl_journal_kept(path, hash, &out, NULL), BL_OK);
    assert_string_equal(bl_buf_text(&out), text);
    bl_buf_reset(&out);
    assert_int_equal(bl_journal_kept(path, none, &out, NULL), BL_OK);
    assert_string_equal(bl_buf_text(&out), "x");
    bl_buf_reset(&out);
    assert_int_equal(bl_journal_kept(path, store_zeros, &out, NULL), BL_E_NOT_FOUND);
    texts_verdict(&folder, id, true, 3, "the index");
    data = scratch_read(path, &size);
    found = memmem(data, size, "\"Flush\"", 7);
    assert_non_null(found);
    texts_flip(path, found - data + 2);
    bl_free(data);
    texts_verdict(&folder, id, false, 0, "text of a loaded file was altered");
    assert_int_equal(bl_journal_kept(path, hash, &out, NULL), BL_E_PARSE);
    bl_buf_release(&out);
}

static void test_keep__text_with_a_secret_stays_out(void **state)
{
    static const char text[] = "-- the password is sesame-open-7\n";
    struct bl_value *info = bl_map_new();
    struct bl_redactor *redactor = bl_redactor_new();
    struct bl_state folder;
    struct bl_journal_options options = {
        .state = &folder, .clock = &texts_clock, .redactor = redactor, .info = info};
    struct bl_journal *journal = NULL;
    char path[PATH_MAX], hash[BL_HASH_TEXT];
    struct bl_error err = {0};
    struct bl_buf out;

    texts_state(*state, &folder);
    bl_redactor_add(redactor, "PGPASSWORD", "sesame-open-7", 13);
    bl_hash_hex(text, strlen(text), hash);
    assert_int_equal(bl_journal_create(&options, &journal, NULL), BL_OK);
    snprintf(path, sizeof(path), "%s", bl_journal_path(journal));
    bl_journal_keep(journal, hash, text, strlen(text));
    assert_int_equal(bl_journal_close(journal, NULL), BL_OK);
    assert_false(scratch_file_has(path, "sesame"));
    bl_buf_init(&out, 0);
    assert_int_equal(bl_journal_kept(path, hash, &out, &err), BL_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "a secret stands in that text"));
    bl_buf_release(&out);
    bl_redactor_free(redactor);
    bl_value_unref(info);
}

/* Takes the table of texts out, and the index, which knows the digest. */
static void texts_make_older(const struct bl_state *state, const char *path)
{
    char index[PATH_MAX];
    sqlite3 *db;

    chmod(path, 0600);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE texts; VACUUM", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    chmod(path, 0400);
    snprintf(index, sizeof(index), "%s/index.db", state->path);
    unlink(index);
}

static void test_keep__run_of_an_older_version(void **state)
{
    char id[BL_RUN_TEXT], path[PATH_MAX], hash[BL_HASH_TEXT];
    struct bl_journal *journal;
    struct bl_error err = {0};
    struct bl_state folder;
    struct bl_buf out;

    texts_state(*state, &folder);
    journal = texts_create(&folder);
    snprintf(id, sizeof(id), "%s", bl_journal_run(journal));
    snprintf(path, sizeof(path), "%s", bl_journal_path(journal));
    texts_end(journal);
    texts_make_older(&folder, path);
    texts_verdict(&folder, id, true, 2, "the index");
    bl_hash_hex("y", 1, hash);
    bl_buf_init(&out, 0);
    assert_int_equal(bl_journal_kept(path, hash, &out, &err), BL_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "older version"));
    journal = texts_open(&folder, id);
    bl_journal_keep(journal, hash, "y", 1);
    texts_end(journal);
    assert_int_equal(bl_journal_kept(path, hash, &out, NULL), BL_OK);
    assert_string_equal(bl_buf_text(&out), "y");
    bl_buf_release(&out);
    texts_verdict(&folder, id, true, 3, "the index");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEXTS(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
        TEXTS(test_keep__texts_are_there_and_proven),
        TEXTS(test_keep__text_with_a_secret_stays_out),
        TEXTS(test_keep__run_of_an_older_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
