/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* open.h: the gates of a run that nobody has answered yet, as its journal says. */
#ifndef BL_GATE_OPEN_H
#define BL_GATE_OPEN_H

#include "journal/journal.h"

/*
 * Reads a run's file: *open is a list of maps {gate, hash, seq, at, prev, data}, data being
 * what gate_opened says; the hash of each is that of what it says. BL_E_PARSE: it is not.
 */
enum bl_code bl_gates_open(const char *path, struct bl_value **open,
                           struct bl_error *err) BL_MUST_USE;
/* The gate of such a map as an event, for bl_event_hash. Borrows from it. */
void bl_gate_event(const struct bl_value *gate, struct bl_event *event);
/* What became of the note `id`: a copy of its event `approval`, or NULL when the run has not
 * taken it (yet). */
enum bl_code bl_note_find(const char *path, const char *id, struct bl_value **found,
                          struct bl_error *err) BL_MUST_USE;

#endif
