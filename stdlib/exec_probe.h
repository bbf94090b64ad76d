/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_probe.h: finds out whether commands that only read can run on this machine. */
#ifndef BL_EXEC_PROBE_H
#define BL_EXEC_PROBE_H

#include "base/error.h"

#define BL_PROBE_TEXT 400

/*
 * Runs a program that does nothing in the sandbox of reads = true, and waits for it. Says who
 * counts the processes of such commands here. The error is the one that they would end with.
 */
enum bl_code bl_sandbox_probe(char counted[BL_PROBE_TEXT], struct bl_error *err) BL_MUST_USE;

#endif
