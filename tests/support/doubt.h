/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* doubt.h: changes that are cut off at a chosen moment, and what is found out about them
 * afterwards, through the engine's own way out and its journal. */
#ifndef BL_TEST_DOUBT_H
#define BL_TEST_DOUBT_H

#include "base/json.h"
#include "world/world.h"

#include <sys/types.h>

/* When the process of a change is killed (SIGKILL). */
enum doubt_phase {
    DOUBT_INTENT,   /* its intent is on disk, nothing is sent */
    DOUBT_STAGE,    /* the operation says that it is at `stage` */
    DOUBT_PREPARED, /* `prepared` is on disk, the rest is not sent */
    DOUBT_SENT,     /* it may be real at any moment */
    DOUBT_SETTLED,  /* answered, but the outcome is on no disk */
    DOUBT_NEVER,    /* not at all: its end must be good */
    DOUBT_UNKNOWN,  /* not at all: its outcome must be unknown */
    DOUBT_FULL,     /* not at all: after the intent the disk takes nothing more */
};

struct doubt_change {
    const char *module, *operation; /* "postgres", "execute" */
    const char *settings;           /* of the connection, as JSON; NULL: no connection */
    const char *args;               /* a JSON list */
    const char *stage;              /* of DOUBT_STAGE: a part of it */
    const char *id; /* it is sent again as the change of this id; NULL: it is a new one */
    pid_t cut;      /* of UNKNOWN: who carries its connection is killed, later_ms after SENT */
    uint64_t later_ms; /* after STAGE or SENT has come: killed then, or when it settles */
};

/*
 * Performs the change in a process of its own, with a journal in `folder`, until the phase; or
 * to its end. Fails the test when the process ends in another way. Gives what the journal says
 * of it: the data of the intent with its `mark`, as a resume would read it; and as `answer`
 * what it was answered, at its end.
 */
struct bl_value *doubt_perform(const char *folder, const struct doubt_change *change,
                               enum doubt_phase phase);
/* The intent that a change would have whose module asks nothing before: without sending it. */
struct bl_value *doubt_intend(const struct doubt_change *change);
/*
 * Asks what became of it within so many milliseconds; the journal's intent as above. The
 * resolution is released by the caller.
 */
void doubt_find_out(const struct doubt_change *change, const struct bl_value *intent,
                    int64_t patience_ms, struct bl_resolution *resolution);
/* Both, and checks the finding and a part of how. The folder is a test's own. */
void doubt_check(const char *folder, const struct doubt_change *change, enum doubt_phase phase,
                 enum bl_finding finding, const char *how);

#endif
