/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_gate_open.c: which gates of a run stand open, as its journal says. */
#include "base/prefix.h"

#include "gate/open.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>

static struct bl_clock open_clock;

static struct bl_journal *open_journal(const char *folder, struct bl_state *state)
{
    struct bl_value *info = bl_map_new();
    struct bl_journal_options options = {.state = state, .clock = &open_clock, .info = info};
    struct bl_journal *journal = NULL;
    struct bl_error err = {0};

    if (bl_state_open(folder, true, state, &err) != BL_OK ||
        bl_journal_create(&options, &journal, &err) != BL_OK)
        fail_msg("%s", err.message);
    bl_value_unref(info);
    return journal;
}

static void open_add(struct bl_journal *journal, const char *kind, int gate, const char *step)
{
    struct bl_value *data = bl_map_new();

    if (gate > 0)
        bl_map_set(data, "gate", bl_value_int(gate));
    bl_map_set(data, "step", bl_value_text(step));
    bl_journal_append(journal, kind, data);
}

/* The numbers of the gates that stand open, as text. */
static const char *open_numbers(struct bl_journal *journal)
{
    static char text[80];
    struct bl_value *open = NULL;
    struct bl_error err = {0};
    size_t len = 0;

    if (bl_journal_flush(journal, &err) != BL_OK ||
        bl_gates_open(bl_journal_path(journal), &open, &err) != BL_OK)
        fail_msg("%s", err.message);
    text[0] = '\0';
    for (size_t i = 0; i < bl_value_count(open); i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%lld ",
                                (long long)bl_map_int(bl_list_get(open, i), "gate", 0));
    bl_value_unref(open);
    return text;
}

static void test_open__a_step_that_begins_again_has_asked_nothing(void **state)
{
    struct bl_state folder;
    struct bl_journal *journal = open_journal(*state, &folder);
    struct bl_error err = {0};

    open_add(journal, "gate_opened", 1, "Flush");
    open_add(journal, "gate_opened", 2, "Flush / Look");
    open_add(journal, "gate_opened", 3, "Flush it all");
    open_add(journal, "gate_opened", 4, "");
    assert_string_equal(open_numbers(journal), "1 2 3 4 ");
    open_add(journal, "gate_answered", 4, "");
    assert_string_equal(open_numbers(journal), "1 2 3 ");
    open_add(journal, "step_again", 0, "Flush");
    assert_string_equal(open_numbers(journal), "3 ");
    open_add(journal, "gate_opened", 5, "Flush");
    assert_string_equal(open_numbers(journal), "3 5 ");
    open_add(journal, "step_again", 0, "Flush / Look");
    assert_string_equal(open_numbers(journal), "3 5 ");
    if (bl_journal_close(journal, &err) != BL_OK)
        fail_msg("%s", err.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open__a_step_that_begins_again_has_asked_nothing,
                                        scratch_setup, scratch_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
