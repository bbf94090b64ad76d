/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* read.c: finding, listing and reading runs. */
#include "journal/index.h"
#include "journal/store.h"

#include <dirent.h>

enum bl_code bl_journal_read(const char *path, bl_journal_read_fn *fn, void *arg,
                             struct bl_error *err)
{
    sqlite3_stmt *statement = NULL;
    struct bl_error inner;
    struct store_row row;
    struct bl_value *data;
    bool more = true;
    sqlite3 *db;
    enum bl_code code = store_open_reader(path, &db, err);
    int rc;

    if (code != BL_OK)
        return code;
    rc = sqlite3_prepare_v2(db, STORE_ROWS " ORDER BY seq", -1, &statement, NULL);
    while (rc == SQLITE_OK && code == BL_OK && more &&
           (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        store_row_read(statement, &row);
        code = store_row_parse(&row, &data, &inner);
        if (code == BL_OK) {
            more = fn(arg, &row.event);
            bl_value_unref(data);
        } else {
            bl_fail(err, code,
                    "%s is damaged: %s: keep a copy of it; `belay verify` says how far it is "
                    "sound",
                    path, inner.message);
        }
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        code = store_fail(err, db, rc, path);
    sqlite3_finalize(statement);
    sqlite3_close_v2(db);
    return code;
}

enum bl_code bl_journal_list(const struct bl_state *state, struct bl_value **runs,
                             struct bl_error *err)
{
    struct index *index;
    enum bl_code code;

    if (!state->is_there) {
        *runs = bl_list_new();
        return BL_OK;
    }
    code = index_open(state, true, &index, err);
    if (code != BL_OK)
        return code;
    code = index_list(index, runs, err);
    index_close(index);
    return code;
}

static bool read_fits(const char *id, const char *wanted)
{
    size_t len = strlen(id), part = strlen(wanted);

    return part > 0 && part <= len &&
           (strncmp(id, wanted, part) == 0 || strcmp(id + len - part, wanted) == 0);
}

/* Looks through the files. Gives how many fit; id and other are two of them. */
static int read_find(const struct bl_state *state, const char *wanted, char id[BL_RUN_TEXT],
                     char other[BL_RUN_TEXT])
{
    char path[PATH_MAX], name[BL_RUN_TEXT];
    struct dirent *entry;
    int found = 0;
    DIR *folder;

    snprintf(path, sizeof(path), "%s/runs", state->path);
    folder = opendir(path);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len < 7 || len - 6 >= sizeof(name) ||
            strcmp(entry->d_name + len - 6, ".belay") != 0)
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)(len - 6), entry->d_name);
        if (!read_fits(name, wanted))
            continue;
        memcpy(found++ == 0 ? id : other, name, BL_RUN_TEXT);
        if (strcmp(name, wanted) == 0) {
            memcpy(id, name, BL_RUN_TEXT);
            found = 1;
            break;
        }
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

static enum bl_code read_find_last(const struct bl_state *state, char id[BL_RUN_TEXT],
                                   struct bl_error *err)
{
    struct bl_value *runs = NULL;
    enum bl_code code = bl_journal_list(state, &runs, err);

    if (code != BL_OK)
        return code;
    if (bl_value_count(runs) > 0)
        snprintf(id, BL_RUN_TEXT, "%s", bl_map_text(bl_list_get(runs, 0), "run", ""));
    else
        code = bl_fail(err, BL_E_NOT_FOUND,
                       "there is no run in %s yet: `belay run PROCEDURE` makes one%s",
                       state->path, bl_state_hint(state));
    bl_value_unref(runs);
    return code;
}

enum bl_code bl_journal_find(const struct bl_state *state, const char *wanted,
                             char id[BL_RUN_TEXT], struct bl_error *err)
{
    char other[BL_RUN_TEXT];
    int found;

    if (strcmp(wanted, "last") == 0)
        return read_find_last(state, id, err);
    found = read_find(state, wanted, id, other);
    if (found == 0)
        return bl_fail(err, BL_E_NOT_FOUND,
                       "there is no run '%s' in %s: `belay runs` lists those that are there%s",
                       wanted, state->path, bl_state_hint(state));
    if (found > 1)
        return bl_fail(err, BL_E_ARG,
                       "'%s' fits %d runs (%s, %s …): write more of the one that you mean",
                       wanted, found, id, other);
    return BL_OK;
}
