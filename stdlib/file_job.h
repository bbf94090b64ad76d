/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* file_job.h: the blocking half of the file module: each operation is one job on the thread
 * pool. */
#ifndef BL_FILE_JOB_H
#define BL_FILE_JOB_H

#include "module.h"

#include <stdatomic.h>
#include <sys/stat.h>

#define BL_FILE_BLOCK 131072 /* bytes between two looks at `cancelled` */

struct bl_file_job;

/* What an operation does, on a thread of the pool. */
typedef void bl_file_work(struct bl_file_job *job);

struct bl_file_job {
    int refs;
    bl_file_work *work;
    const struct bl_call *call; /* read only; it lives as long as the job */
    const char *path;
    atomic_bool cancelled;   /* nobody waits any more: stop soon, change nothing more */
    struct bl_value *answer; /* set by the job when err.code is BL_OK; may be NULL: nil */
    struct bl_error err;
};

bl_file_work bl_file_stat, bl_file_list, bl_file_newest, bl_file_disk; /* file_tree.c */
bl_file_work bl_file_read, bl_file_sha256, bl_file_gzip;               /* file_read.c */
bl_file_work bl_file_doubt;                                            /* file_doubt.c */
bl_file_work bl_file_write, bl_file_append, bl_file_remove;            /* file_write.c */

/* Fills the job's error from errno: "file: cannot read /x: No such file …". */
void bl_file_fail(struct bl_file_job *job, const char *doing, int number);
/* Opens a regular file without blocking on pipes and devices; -1 with the error filled. */
int bl_file_open(struct bl_file_job *job, const char *doing, struct stat *info);
/* size, mtime, kind of a file as a table. */
struct bl_value *bl_file_entry(const char *name, const struct stat *info);
/* "file", "folder", "link", "other" */
const char *bl_file_kind(mode_t mode);

/* file_doubt.c: notes how and where a file was (NULL: it was not there), for
 * bl_operation.resolve. */
void bl_file_before(struct bl_inspection *inspection, const char *path,
                    const struct stat *info);
struct bl_call *bl_file_resolve(struct bl_connection *connection, const struct bl_call *call,
                                const struct bl_value *intent, const struct bl_value *answer,
                                struct bl_resolution *resolution);
/* Not in the module's table: only the engine asks it. */
extern const struct bl_operation bl_file_doubt_operation;

#endif
