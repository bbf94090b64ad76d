/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* event.h: one thing that happened in a run: what the journal keeps and reporters read. */
#ifndef BL_EVENT_H
#define BL_EVENT_H

#include "base/hash.h"
#include "base/value.h"

struct bl_event {
    int64_t seq;                 /* from 1, without holes */
    int64_t at;                  /* the run's clock, milliseconds since 1970 UTC */
    const char *kind;            /* one of docs/reference/events.md, e.g. "step_started" */
    const struct bl_value *data; /* a map */
    char prev[BL_HASH_TEXT];     /* the hash of the event before; 64 zeros for the first */
    char hash[BL_HASH_TEXT];     /* SHA-256 of prev, seq, at, kind and the canonical data */
};

#endif
