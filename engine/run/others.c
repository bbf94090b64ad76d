/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* others.c: what somebody who starts a run should know about other runs. */
#include "base/prefix.h"

#include "run/others.h"

static void others_say(struct bl_journal *journal, const struct bl_buf *text)
{
    struct bl_value *notice = bl_map_new();

    bl_map_set(notice, "target", bl_value_text("runs"));
    bl_map_set(notice, "text", bl_value_text(bl_buf_text(text)));
    bl_journal_append(journal, "notice", notice);
}

static void others_add_step(struct bl_buf *text, const struct bl_value *run)
{
    const char *step = bl_map_text(run, "step", "");

    if (*step != '\0')
        bl_buf_printf(text, " at step \"%s\"", step);
}

static void others_name_live(struct bl_journal *journal, const struct bl_value *run)
{
    struct bl_buf text;

    bl_buf_init(&text, 400);
    bl_buf_printf(&text, "run %s of %s is live in %s since %.16s, by %s on %s",
                  bl_map_text(run, "run", ""), bl_map_text(run, "procedure", ""),
                  bl_map_text(run, "environment", ""), bl_map_text(run, "since", ""),
                  bl_map_text(run, "user", "somebody"),
                  bl_map_text(run, "host", "this machine"));
    others_add_step(&text, run);
    others_say(journal, &text);
    bl_buf_release(&text);
}

static const char *others_ending(const struct bl_value *run)
{
    static const struct {
        const char *outcome, *text;
    } endings[] = {
        {"waiting", "waits for an answer"},
        {"doubt", "stopped in doubt about a change"},
        {"cancelled", "was stopped"},
        {"timeout", "ran out of time"},
    };
    const char *outcome = bl_map_text(run, "outcome", "");

    for (size_t i = 0; i < BL_COUNT(endings); i++) {
        if (strcmp(endings[i].outcome, outcome) == 0)
            return endings[i].text;
    }
    return "was cut off";
}

static void others_name_stopped(struct bl_journal *journal, const struct bl_value *run)
{
    const char *id = bl_map_text(run, "run", "");
    struct bl_buf text;

    bl_buf_init(&text, 400);
    bl_buf_printf(&text, "run %s of it by %s %s", id, bl_map_text(run, "user", "somebody"),
                  others_ending(run));
    others_add_step(&text, run);
    bl_buf_printf(&text, ": belay resume %s", id);
    others_say(journal, &text);
    bl_buf_release(&text);
}

void bl_others_name(struct bl_journal *journal, const struct bl_state *state,
                    const char *procedure, const char *environment)
{
    struct bl_value *live = NULL, *stopped = NULL;

    if (bl_journal_live(state, environment, bl_journal_run(journal), &live) == BL_OK) {
        for (size_t i = 0; i < bl_value_count(live); i++)
            others_name_live(journal, bl_list_get(live, i));
    }
    if (bl_journal_stopped(state, procedure, environment, &stopped, NULL) == BL_OK) {
        for (size_t i = 0; i < bl_value_count(stopped); i++)
            others_name_stopped(journal, bl_list_get(stopped, i));
    }
    bl_value_unref(live);
    bl_value_unref(stopped);
}
