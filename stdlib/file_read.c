/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* file_read.c: what is inside of files: a bounded part, a digest, whether an archive is whole.
 */
#include "base/prefix.h"

#include "file_job.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

int bl_file_open(struct bl_file_job *job, const char *doing, struct stat *info)
{
    int fd = open(job->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        bl_file_fail(job, doing, errno);
        return -1;
    }
    if (fstat(fd, info) == 0 && S_ISREG(info->st_mode))
        return fd;
    bl_fail(&job->err, BL_E_UNSUPPORTED, "file: cannot %s %.300s: it is %s, not a file", doing,
            job->path, S_ISDIR(info->st_mode) ? "a folder" : "a device or pipe");
    close(fd);
    return -1;
}

/* Reads the next block; 0 at the end or when cancelled, -1 with the error filled. */
static ssize_t read_block(struct bl_file_job *job, const char *doing, int fd, void *block,
                          size_t size)
{
    ssize_t got = 0;

    if (atomic_load(&job->cancelled))
        return 0;
    do
        got = read(fd, block, size);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        bl_file_fail(job, doing, errno);
    return got;
}

/* Drops what stands before the first line's beginning. */
static void read_align(struct bl_buf *text)
{
    const char *end = memchr(text->data, '\n', text->len);
    size_t cut = end == NULL ? 1 : (size_t)(end - text->data) + 1;

    memmove(text->data, text->data + cut, text->len - cut + 1);
    text->len -= cut;
}

/* Where reading starts; with tail one byte earlier, so that a line's beginning is seen. */
static off_t read_start(const struct bl_call *call, const struct stat *info, bool *aligned)
{
    int64_t tail = bl_call_int(call, "tail"), size = info->st_size;

    *aligned = tail == 0 || tail >= size;
    if (tail == 0)
        return (off_t)bl_call_int(call, "offset");
    return *aligned ? 0 : (off_t)(size - tail - 1);
}

/* Reads up to so many bytes. */
static void read_into(struct bl_file_job *job, int fd, size_t wanted, struct bl_buf *text)
{
    char *block = bl_alloc(BL_FILE_BLOCK);
    ssize_t got = 1;

    while (text->len < wanted && got > 0) {
        size_t left = wanted - text->len;
        got = read_block(job, "read", fd, block, left < BL_FILE_BLOCK ? left : BL_FILE_BLOCK);
        if (got > 0)
            bl_buf_add(text, block, (size_t)got);
    }
    bl_free(block);
}

static void read_all(struct bl_file_job *job, int fd, off_t start, bool aligned)
{
    size_t length = (size_t)bl_call_int(job->call, "length");
    size_t room = (size_t)job->call->keep + (aligned ? 1 : 2);
    struct bl_buf text;

    bl_buf_init(&text, room);
    if (lseek(fd, start, SEEK_SET) < 0)
        bl_file_fail(job, "read", errno);
    else
        read_into(job, fd, length > 0 && length < room ? length : room, &text);
    if (!aligned && text.len > 0)
        read_align(&text);
    if (job->err.code == BL_OK && text.len > (size_t)job->call->keep)
        bl_fail(
            &job->err, BL_E_TOO_LARGE,
            "file: %.300s has more than %lld bytes to read: use tail, offset and length, or "
            "raise keep",
            job->path, (long long)job->call->keep);
    if (job->err.code == BL_OK)
        job->answer = bl_value_take_buf(&text);
    bl_buf_release(&text);
}

void bl_file_read(struct bl_file_job *job)
{
    struct stat info;
    bool aligned;
    off_t start;
    int fd = bl_file_open(job, "read", &info);

    if (fd < 0)
        return;
    start = read_start(job->call, &info, &aligned);
    read_all(job, fd, start, aligned);
    close(fd);
}

void bl_file_sha256(struct bl_file_job *job)
{
    struct stat info;
    int fd = bl_file_open(job, "read", &info);
    char text[BL_HASH_TEXT], *block;
    struct bl_hash *hash;
    ssize_t got;

    if (fd < 0)
        return;
    block = bl_alloc(BL_FILE_BLOCK);
    hash = bl_hash_new();
    while ((got = read_block(job, "read", fd, block, BL_FILE_BLOCK)) > 0)
        bl_hash_add(hash, block, (size_t)got);
    bl_hash_end(hash, text);
    bl_free(block);
    close(fd);
    if (job->err.code == BL_OK)
        job->answer = bl_value_text(text);
}

/* A test of one gzip file, which may be several members one after the other. */
struct gzip_test {
    z_stream stream;
    unsigned char *in, *out;
    int64_t bytes; /* uncompressed */
    bool is_open;  /* in the middle of a member */
    bool has_member;
    const char *why; /* what is wrong; NULL: nothing so far */
};

/* Takes one block of the file. */
static void gzip_feed(struct gzip_test *test, size_t len)
{
    int status;

    test->stream.next_in = test->in;
    test->stream.avail_in = (uInt)len;
    while (test->stream.avail_in > 0 && test->why == NULL) {
        if (!test->is_open && test->has_member && *test->stream.next_in == 0) {
            test->stream.next_in++; /* zeros after the last member, as tapes leave them */
            test->stream.avail_in--;
            continue;
        }
        test->is_open = true;
        test->stream.next_out = test->out;
        test->stream.avail_out = BL_FILE_BLOCK;
        status = inflate(&test->stream, Z_NO_FLUSH);
        test->bytes += BL_FILE_BLOCK - test->stream.avail_out;
        if (status == Z_STREAM_END) {
            test->is_open = false;
            test->has_member = true;
            inflateReset(&test->stream);
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            test->why = test->stream.msg != NULL ? test->stream.msg : "damaged data";
        }
    }
}

static void gzip_run(struct bl_file_job *job, int fd, struct gzip_test *test)
{
    ssize_t got;

    if (inflateInit2(&test->stream, 15 + 16) != Z_OK) {
        bl_fail(&job->err, BL_E_INTERNAL, "file: zlib cannot be set up");
        return;
    }
    while (test->why == NULL &&
           (got = read_block(job, "read", fd, test->in, BL_FILE_BLOCK)) > 0)
        gzip_feed(test, (size_t)got);
    if (test->why == NULL && test->is_open)
        test->why = "the file is cut off";
    if (test->why == NULL && !test->has_member)
        test->why = "the file is empty";
}

void bl_file_gzip(struct bl_file_job *job)
{
    struct stat info;
    int fd = bl_file_open(job, "read", &info);
    struct gzip_test test = {0};

    if (fd < 0)
        return;
    test.in = bl_alloc(BL_FILE_BLOCK);
    test.out = bl_alloc(BL_FILE_BLOCK);
    gzip_run(job, fd, &test);
    if (job->err.code == BL_OK) {
        job->answer = bl_map_new();
        bl_map_set(job->answer, "ok", bl_value_bool(test.why == NULL));
        bl_map_set(job->answer, "bytes", bl_value_int(test.bytes));
        bl_map_set(job->answer, "compressed_bytes", bl_value_int(info.st_size));
        if (test.why != NULL)
            bl_map_set(job->answer, "why", bl_value_text(test.why));
    }
    inflateEnd(&test.stream);
    bl_free(test.in);
    bl_free(test.out);
    close(fd);
}
