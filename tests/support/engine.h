/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* engine.h: a private Docker Engine for a test, with one small image and containers of it. */
#ifndef BL_TEST_ENGINE_H
#define BL_TEST_ENGINE_H

#include "base/buf.h"
#include "support/servers.h"

#define TEST_IMAGE "belay-test:1" /* busybox alone */

struct test_engine {
    struct test_server server;
    char socket[120];
};

/*
 * Starts a dockerd with everything it has in one folder, without touching the machine's network
 * rules. False when this machine cannot: why says what is missing, and the test is skipped.
 */
bool test_engine_start(struct test_engine *engine, char *why, size_t size);
void test_engine_stop(struct test_engine *engine);

/* One blocking request; its status. answer gets the body; NULL: not wanted. */
int test_engine_call(const struct test_engine *engine, const char *method, const char *path,
                     const struct bl_buf *body, struct bl_buf *answer);
/* Creates and starts a container that runs a shell script; more: further JSON fields of its
 * creation, from a comma on. */
void test_engine_run(const struct test_engine *engine, const char *name, const char *script,
                     const char *more);

#endif
