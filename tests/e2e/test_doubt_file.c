/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_doubt_file.c: what became of a change to a file whose process was killed. */
#include "base/prefix.h"

#include "support/doubt.h"
#include "support/op.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LARGE 3000000 /* bytes: more than one write, and a while on any disk */

static const char *in_folder(const char *folder, const char *name)
{
    static char path[200];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static struct doubt_change change(const char *operation, const char *args)
{
    return (struct doubt_change){.module = "file", .operation = operation, .args = args};
}

static void find(const struct doubt_change *it, const struct bl_value *intent,
                 enum bl_finding finding, const char *how)
{
    struct bl_resolution resolution;

    doubt_find_out(it, intent, 5000, &resolution);
    if (resolution.finding != finding || strstr(resolution.how, how) == NULL)
        fail_msg("%s %.60s: %s: %s", it->operation, it->args,
                 bl_finding_name(resolution.finding), resolution.how);
    bl_resolution_release(&resolution);
}

static void test_doubt__append(void **state)
{
    const char *path = in_folder(*state, "log");
    struct doubt_change append;
    struct bl_value *intent;
    char args[300];

    snprintf(args, sizeof(args), "[\"%s\", \"line two\\n\"]", path);
    append = change("append", args);
    doubt_check(*state, &append, DOUBT_INTENT, BL_FOUND_NOT_DONE, "there is no such file");
    scratch_write(path, "line one\n");
    doubt_check(*state, &append, DOUBT_INTENT, BL_FOUND_NOT_DONE, "nothing was added");
    doubt_check(*state, &append, DOUBT_SETTLED, BL_FOUND_DONE, "it was added");
    intent = doubt_intend(&append);
    scratch_write(path, "line one\nline two\nof somebody else\nline two\n");
    find(&append, intent, BL_FOUND_DONE, "among what was added");
    scratch_write(path, "line one\nline two\nof somebody else\n");
    find(&append, intent, BL_FOUND_NOT_DONE, "not among");
    scratch_write(path, "line one\nline two\nlin");
    find(&append, intent, BL_FOUND_NOTHING, "only a part");
    scratch_write(path, "line");
    find(&append, intent, BL_FOUND_NOTHING, "replaced or cut");
    bl_value_unref(intent);
}

/* Cut off anywhere in the middle: what is said is what is there. */
static void test_doubt__append_in_the_middle(void **state)
{
    const char *path = in_folder(*state, "large");
    struct doubt_change append;
    struct bl_buf args;
    int seen[4] = {0};

    bl_buf_init(&args, 0);
    bl_buf_printf(&args, "[\"%s\", \"", path);
    for (int i = 0; i < LARGE; i++)
        bl_buf_char(&args, (char)('a' + i % 23));
    bl_buf_text_add(&args, "\"]");
    append = change("append", bl_buf_text(&args));
    append.stage = "working on";
    for (uint64_t i = 0; i < 24; i++) {
        struct bl_resolution resolution;
        struct bl_value *intent;
        struct stat info;
        off_t size;

        unlink(path);
        append.later_ms = i % 12;
        intent = doubt_perform(*state, &append, i == 23 ? DOUBT_SETTLED : DOUBT_STAGE);
        doubt_find_out(&append, intent, 5000, &resolution);
        size = stat(path, &info) == 0 ? info.st_size : 0;
        if ((resolution.finding == BL_FOUND_DONE) != (size == LARGE) ||
            (resolution.finding == BL_FOUND_NOT_DONE) != (size == 0))
            fail_msg("%lld bytes: %s", (long long)size, resolution.how);
        seen[resolution.finding]++;
        bl_resolution_release(&resolution);
        bl_value_unref(intent);
    }
    print_message("done %d, not done %d, in part %d\n", seen[BL_FOUND_DONE],
                  seen[BL_FOUND_NOT_DONE], seen[BL_FOUND_NOTHING]);
    assert_true(seen[BL_FOUND_DONE] > 0);
    bl_buf_release(&args);
}

static void run_change(const char *operation, const char *args)
{
    struct bl_outcome outcome;
    struct test_run run;

    test_run_open(&run, "file", NULL);
    outcome = test_op(&run, operation, args);
    assert_int_equal(outcome.status, BL_ANSWERED);
    bl_outcome_release(&outcome);
    test_run_close(&run);
}

static void test_doubt__write_and_remove(void **state)
{
    const char *path = in_folder(*state, "file");
    struct doubt_change write, away;
    struct bl_value *intent;
    char args[300], name[220];

    snprintf(args, sizeof(args), "[\"%s\", \"new\"]", path);
    snprintf(name, sizeof(name), "[\"%s\"]", path);
    write = change("write", args);
    away = change("remove", name);
    doubt_check(*state, &write, DOUBT_INTENT, BL_FOUND_NOT_DONE, "does not hold");
    doubt_check(*state, &write, DOUBT_SETTLED, BL_FOUND_DONE, "holds what was to be");
    scratch_write(path, "old");
    intent = doubt_intend(&write);
    find(&write, intent, BL_FOUND_NOT_DONE, "does not hold");
    run_change("write", args);
    find(&write, intent, BL_FOUND_DONE, "holds what was to be");
    bl_value_unref(intent);

    intent = doubt_intend(&away);
    find(&away, intent, BL_FOUND_NOT_DONE, "there as before");
    run_change("write", args);
    find(&away, intent, BL_FOUND_NOTHING, "another file of that name");
    run_change("remove", name);
    find(&away, intent, BL_FOUND_DONE, "not there");
    bl_value_unref(intent);
}

/* Taken up in another folder, and on another host. */
static void test_doubt__elsewhere(void **state)
{
    struct doubt_change append = change("append", "[\"here\", \"line\\n\"]");
    struct bl_value *intent, *before = bl_map_new();
    char *folder = getcwd(NULL, 0);

    assert_int_equal(chdir(*state), 0);
    intent = doubt_perform(*state, &append, DOUBT_SETTLED);
    assert_int_equal(chdir("/"), 0);
    find(&append, intent, BL_FOUND_DONE, "it was added");
    bl_map_set(before, "host", bl_value_text("db3.example"));
    bl_map_set(before, "path", bl_value_text("/here"));
    bl_map_set(intent, "before", before);
    find(&append, intent, BL_FOUND_NOTHING, "on the host db3.example");
    assert_int_equal(chdir(folder), 0);
    bl_value_unref(intent);
    free(folder);
}

/* Nobody can be asked about a command. */
static void test_doubt__a_command(void **state)
{
    struct doubt_change command = {
        .module = "exec", .operation = "run", .args = "[[\"true\"]]"};
    struct bl_value *intent = doubt_intend(&command);

    (void)state;
    find(&command, intent, BL_FOUND_NOTHING, "its system cannot tell");
    bl_value_unref(intent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_doubt__append, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__append_in_the_middle, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__write_and_remove, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_doubt__elsewhere, scratch_setup, scratch_teardown),
        cmocka_unit_test(test_doubt__a_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
