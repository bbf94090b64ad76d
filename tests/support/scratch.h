/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* scratch.h: a private folder for each test, gone when it ends, and files in it. */
#ifndef BL_TEST_SCRATCH_H
#define BL_TEST_SCRATCH_H

#include "base/prefix.h"

#include <sys/types.h>

/* For cmocka_unit_test_setup_teardown: *state is the folder's path. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* Removes a folder and everything in it; it must be below /tmp. */
void scratch_remove(const char *folder);
void scratch_write(const char *path, const char *text);
/* The bytes of a file, freed by bl_free; NULL when it cannot be read. */
char *scratch_read(const char *path, size_t *len);
bool scratch_file_has(const char *path, const char *text);
/* Waits for a child; its exit status, or 128 + signal. */
int scratch_wait(pid_t child);

#endif
