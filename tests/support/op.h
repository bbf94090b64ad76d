/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* op.h: runs operations of a module from a C test, without Lua: by name, with arguments as
 * JSON. */
#ifndef BL_TEST_OP_H
#define BL_TEST_OP_H

#include "base/json.h"
#include "loop/op.h"

struct test_run {
    struct bl_clock clock;
    struct bl_loop *loop;
    struct bl_connection *connection;
};

/*
 * A loop with one connection of the module (settings as a JSON object, checked against the
 * module's table; NULL: no connection). Ends the test with a message when the settings are
 * wrong.
 */
void test_run_open(struct test_run *run, const char *module, const char *settings);
/*
 * Makes what libuv and its thread pool keep for the whole process, so that descriptors and
 * threads can be counted before and after a test.
 */
void test_warm_up(void);
/* Closes everything; fails when a handle or operation is left. */
void test_run_close(struct test_run *run);

/* Runs one operation to its outcome; args as a JSON list, e.g. "[\"select 1\", {\"timeout\":
 * \"1s\"}]". */
struct bl_outcome test_op(struct test_run *run, const char *operation, const char *args);
/* Starts one without waiting; *outcome gets it later (status and value are owned by the
 * caller). */
struct bl_op *test_op_start(struct test_run *run, const char *operation, const char *args,
                            struct bl_outcome *outcome, bool *is_done);
/* Turns the loop until *is_done. */
void test_op_wait(struct test_run *run, const bool *is_done);
/* The outcome's value as canonical JSON, "code: message" when it failed. Freed by bl_free. */
char *test_outcome_text(const struct bl_outcome *outcome);

#endif
