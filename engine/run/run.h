/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* run.h: one run of a procedure, from its file to its exit code. */
#ifndef BL_RUN_H
#define BL_RUN_H

#include "base/event.h"
#include "journal/journal.h"
#include "world/world.h"

struct bl_run_options {
    const char *project;                     /* NULL: found (project.h) */
    const char *procedure;                   /* "daily.morning" */
    const char *environment;                 /* NULL: the project's default */
    const struct bl_value *sets, *set_files; /* lists of "name=value" (params.h) */
    const struct bl_value *answers; /* map: question to answer, for dry runs; NULL: none */
    enum bl_world_kind world;
    /* A run that is taken up again ("k7m3"): procedure, environment and parameters are its own.
     */
    const char *resume;
    bool undo;        /* then: its completed steps are undone, the last first */
    bool old_source;  /* then: with the text of the files that the run kept */
    bool take_over;   /* a live holder of the lease is asked to stop */
    bool is_attended; /* a person may be asked */
    bool yes;         /* --yes */
    /* Told of every event once it is on disk. */
    bl_journal_fn *on_event;
    /* Told of the events of a run that is taken up again, before the first of the others. May
     * be NULL. */
    bl_journal_fn *on_past;
    /* Ten times a second while the run waits: for what, and since when in milliseconds. May be
     * NULL. */
    void (*on_waiting)(void *arg, const char *text, int64_t millis);
    /* The journal's path and whether its folder is the private default, before the first event.
     * May be NULL. */
    void (*on_start)(void *arg, const struct bl_journal *journal, bool is_default_state);
    void *arg;
};

/*
 * Runs it and gives the exit code (exit.h). Everything that happened is in the journal. err is
 * filled when the run could not begin, or when its journal took nothing more; otherwise
 * err->code is BL_OK.
 */
int bl_run(const struct bl_run_options *options, struct bl_error *err);

#endif
