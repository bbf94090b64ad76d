/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* private.h: what run.c and taken.c share: everything about one run. */
#ifndef BL_RUN_PRIVATE_H
#define BL_RUN_PRIVATE_H

#include "journal/lease.h"
#include "run/project.h"
#include "run/run.h"
#include "run/session.h"

struct run {
    const struct bl_run_options *options;
    struct bl_clock clock;
    struct bl_project project;
    struct bl_value
        *loaded; /* list of file_loaded events that happened before there was a journal */
    struct bl_value *environment;
    const char *id; /* of the procedure */
    const struct bl_value *procedure;
    struct bl_value *now; /* what run_info says of this process */
    struct bl_value *params,
        *given; /* all values; the names of those that were set for this run */
    struct bl_secrets *secrets;
    struct bl_state state;
    struct bl_lease *lease;
    struct bl_journal *journal;
    struct bl_session *session;
    int64_t started;
    /* Of a run that is taken up again. */
    char taken[BL_RUN_TEXT];  /* its id */
    char path[PATH_MAX];      /* its file */
    struct bl_value *info;    /* what its run_started says */
    struct bl_value *files;   /* map from the name of a file to the SHA-256 it had */
    struct bl_value *changed; /* list of {name, sha256}: files that are not what they were */
    struct bl_value *texts;   /* map from SHA-256 to text: what is to be kept */
};

/* A file was loaded: `context` is the run. */
void run_loaded(void *context, enum bl_origin origin, const char *name, const char *text,
                size_t size);
/* taken.c: finds the run that is to be taken up again, reads what it was, and opens the project
 * with its own text where that is wanted. run->project is open before and after. */
enum bl_code run_take(struct run *run, struct bl_error *err) BL_MUST_USE;
/* Takes the lease; who lives is asked to stop only after a typed word. */
enum bl_code run_take_lease(struct run *run, struct bl_error *err) BL_MUST_USE;
/* Opens its journal again. */
enum bl_code run_reopen(struct run *run, struct bl_journal_options *options,
                        struct bl_error *err) BL_MUST_USE;
/* Tells whoever shows the run what it has said before. */
void run_tell_past(const struct run *run);
/* What `run_resumed` says. The caller's. */
struct bl_value *run_resumed(const struct run *run, const struct bl_value *now);

#endif
