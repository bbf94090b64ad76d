/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* file_doubt.c: what became of a change to a file: by what is in it now. */
#include "base/prefix.h"

#include "file_job.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

/* What others have added to a file since is looked through so far for what was to be added. */
#define DOUBT_ADDED INT64_C(4194304)

static struct bl_value *doubt_host(void)
{
    char host[256] = "";

    (void)gethostname(host, sizeof(host) - 1);
    return bl_value_text(host);
}

/* Whoever takes the run up may stand in another folder. */
static struct bl_value *doubt_place(const char *path)
{
    char folder[PATH_MAX];

    if (path[0] == '/' || getcwd(folder, sizeof(folder)) == NULL)
        return bl_value_text(path);
    return bl_value_textf("%s/%s", folder, path);
}

void bl_file_before(struct bl_inspection *inspection, const char *path, const struct stat *info)
{
    struct bl_value *before = bl_map_new();

    bl_map_set(before, "host", doubt_host());
    bl_map_set(before, "path", doubt_place(path));
    bl_map_set(before, "there", bl_value_bool(info != NULL));
    if (info != NULL) {
        bl_map_set(before, "size", bl_value_int(info->st_size));
        bl_map_set(before, "inode", bl_value_int((int64_t)info->st_ino));
        bl_map_set(before, "device", bl_value_int((int64_t)info->st_dev));
    }
    bl_value_unref(inspection->before);
    inspection->before = before;
}

static void doubt_say(struct bl_file_job *job, enum bl_finding finding, const char *how)
{
    job->answer = bl_map_new();
    bl_map_set(job->answer, "finding", bl_value_int(finding));
    bl_map_set(job->answer, "how", bl_value_text(how));
}

static bool doubt_is_same(const struct bl_value *before, const struct stat *info)
{
    return bl_map_int(before, "inode", -1) == (int64_t)info->st_ino &&
           bl_map_int(before, "device", -1) == (int64_t)info->st_dev;
}

/* Bytes of the file from an offset on, at most so many. Freed by bl_free; NULL: err is filled.
 */
static char *doubt_read(struct bl_file_job *job, int64_t from, size_t most, size_t *len)
{
    struct stat info;
    int fd = bl_file_open(job, "read", &info);
    char *bytes;
    ssize_t got = 1;

    if (fd < 0)
        return NULL;
    bytes = bl_alloc(most + 1);
    *len = 0;
    while (*len < most && got > 0) {
        got = pread(fd, bytes + *len, most - *len, (off_t)from + (off_t)*len);
        if (got < 0)
            bl_file_fail(job, "read", errno);
        *len += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    if (got >= 0)
        return bytes;
    bl_free(bytes);
    return NULL;
}

/* A file is written whole or not at all: it is the new one or it is not. */
static void doubt_write(struct bl_file_job *job)
{
    size_t len, there = 0;
    const char *content = bl_value_as_bytes(bl_call_value(job->call, "content"), &len);
    struct stat info;
    char *bytes;

    if (stat(job->path, &info) != 0 || info.st_size != (off_t)len) {
        doubt_say(job, BL_FOUND_NOT_DONE, "the file does not hold what was to be written");
        return;
    }
    bytes = doubt_read(job, 0, len + 1, &there);
    if (bytes == NULL)
        return;
    if (there == len && memcmp(bytes, content, len) == 0)
        doubt_say(job, BL_FOUND_DONE, "the file holds what was to be written (same SHA-256)");
    else
        doubt_say(job, BL_FOUND_NOT_DONE, "the file does not hold what was to be written");
    bl_free(bytes);
}

/* Whether the bytes end with the beginning of the content: it was cut off in the middle. */
static bool doubt_is_torn(const char *bytes, size_t there, const char *content, size_t len)
{
    for (size_t part = there < len ? there : len - 1; part > 0; part--) {
        if (memcmp(bytes + there - part, content, part) == 0)
            return true;
    }
    return false;
}

static void doubt_added(struct bl_file_job *job, const char *bytes, size_t there)
{
    size_t len;
    const char *content = bl_value_as_bytes(bl_call_value(job->call, "content"), &len);

    if (there == 0)
        doubt_say(job, BL_FOUND_NOT_DONE, "nothing was added to the file");
    else if (there >= len && memcmp(bytes, content, len) == 0)
        doubt_say(job, BL_FOUND_DONE, "it was added to the file");
    else if (memmem(bytes, there, content, len) != NULL)
        doubt_say(job, BL_FOUND_DONE, "it is among what was added to the file since");
    else if ((int64_t)there >= DOUBT_ADDED)
        doubt_say(job, BL_FOUND_NOTHING, "too much was added to the file since to look for it");
    else if (doubt_is_torn(bytes, there, content, len))
        doubt_say(job, BL_FOUND_NOTHING, "only a part of it may have been added to the file");
    else
        doubt_say(job, BL_FOUND_NOT_DONE, "it is not among what was added to the file since");
}

static void doubt_append(struct bl_file_job *job, const struct bl_value *before)
{
    int64_t from = bl_map_int(before, "size", 0);
    size_t len, there = 0;
    struct stat info;
    char *bytes;

    (void)bl_value_as_bytes(bl_call_value(job->call, "content"), &len);
    if (stat(job->path, &info) != 0) {
        if (bl_map_bool(before, "there", false))
            doubt_say(job, BL_FOUND_NOTHING, "the file is gone");
        else
            doubt_say(job, BL_FOUND_NOT_DONE, "there is no such file");
    } else if (len == 0) {
        doubt_say(job, BL_FOUND_DONE, "the file is there, and nothing was to be added");
    } else if (info.st_size < from ||
               (bl_map_bool(before, "there", false) && !doubt_is_same(before, &info))) {
        doubt_say(job, BL_FOUND_NOTHING, "the file was replaced or cut since");
    } else {
        bytes = doubt_read(job, from, (size_t)DOUBT_ADDED + len, &there);
        if (bytes != NULL)
            doubt_added(job, bytes, there);
        bl_free(bytes);
    }
}

static void doubt_remove(struct bl_file_job *job, const struct bl_value *before)
{
    struct stat info;

    if (lstat(job->path, &info) != 0)
        doubt_say(job, BL_FOUND_DONE, "the file is not there");
    else if (doubt_is_same(before, &info))
        doubt_say(job, BL_FOUND_NOT_DONE, "the file is there as before");
    else
        doubt_say(job, BL_FOUND_NOTHING, "there is another file of that name since");
}

void bl_file_doubt(struct bl_file_job *job)
{
    const struct bl_value *before = bl_call_value(job->call, "before");
    const char *name = bl_call_text(job->call, "operation");

    if (strcmp(name, "write") == 0)
        doubt_write(job);
    else if (strcmp(name, "append") == 0)
        doubt_append(job, before);
    else
        doubt_remove(job, before);
}

struct bl_call *bl_file_resolve(struct bl_connection *connection, const struct bl_call *call,
                                const struct bl_value *intent, const struct bl_value *answer,
                                struct bl_resolution *resolution)
{
    const struct bl_value *before = bl_map_get(intent, "before");
    struct bl_value *args, *host = doubt_host();

    (void)connection;
    if (bl_map_get(before, "path") == NULL) {
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "it is not known how the file was before");
    } else if (!bl_value_is_equal(bl_map_get(before, "host"), host)) {
        bl_resolution_set(resolution, BL_FOUND_NOTHING,
                          "it was done on the host %.80s, and this is another one",
                          bl_map_text(before, "host", ""));
    } else if (resolution->asking == NULL) {
        resolution->asking = host;
        args = bl_map_new();
        bl_map_set(args, "operation", bl_value_text(call->operation->name));
        bl_map_set(args, "path", bl_value_ref(bl_map_get(before, "path")));
        bl_map_set(args, "before", bl_value_ref(before));
        if (bl_call_value(call, "content") != NULL)
            bl_map_set(args, "content", bl_value_ref(bl_call_value(call, "content")));
        return bl_call_question(call, &bl_file_doubt_operation, args);
    } else {
        bl_resolution_set(resolution, (enum bl_finding)bl_map_int(answer, "finding", 0), "%s",
                          bl_map_text(answer, "how", ""));
        if (resolution->finding == BL_FOUND_DONE)
            resolution->value = bl_value_bool(strcmp(call->operation->name, "remove") != 0 ||
                                              bl_map_bool(before, "there", false));
    }
    bl_value_unref(host);
    return NULL;
}
