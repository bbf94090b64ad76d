/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* file: files, folders and disks of this machine. */
#include "base/prefix.h"

#include "file_job.h"

#include "base/text.h"

struct file_op {
    struct bl_op base;       /* first: the engine's part */
    struct bl_file_job *job; /* while it runs for us */
};

/* The operation and the pool hold it, each once; both let go on the loop's thread. */
static void file_free(void *data)
{
    struct bl_file_job *job = data;

    if (--job->refs > 0)
        return;
    bl_value_unref(job->answer);
    bl_free(job);
}

static void file_done(struct bl_op *op, void *data)
{
    struct bl_file_job *job = data;

    ((struct file_op *)op)->job = NULL;
    job->refs--; /* the pool's is left */
    if (job->err.code != BL_OK) {
        bl_op_fail_error(op, &job->err);
        return;
    }
    bl_op_answer(op, job->answer != NULL ? job->answer : bl_value_nil());
    job->answer = NULL;
}

static void file_release(struct bl_op *op)
{
    struct bl_file_job *job = ((struct file_op *)op)->job;

    if (job == NULL)
        return;
    atomic_store(&job->cancelled, true); /* it ends at its next block */
    file_free(job);
}

static const struct {
    const char *name;
    bl_file_work *work;
} file_works[] = {
    {"stat", bl_file_stat},     {"list", bl_file_list},   {"newest", bl_file_newest},
    {"disk", bl_file_disk},     {"read", bl_file_read},   {"sha256", bl_file_sha256},
    {"gzip", bl_file_gzip},     {"write", bl_file_write}, {"append", bl_file_append},
    {"remove", bl_file_remove}, {"doubt", bl_file_doubt},
};

static void file_run(void *data)
{
    struct bl_file_job *job = data;

    job->work(job);
}

static void file_start(struct bl_op *op, const struct bl_call *call)
{
    struct bl_file_job *job = bl_alloc(sizeof(*job));

    job->refs = 2;
    job->call = call;
    job->path = bl_call_text(call, "path");
    for (size_t i = 0; i < BL_COUNT(file_works); i++) {
        if (strcmp(file_works[i].name, call->operation->name) == 0)
            job->work = file_works[i].work;
    }
    ((struct file_op *)op)->job = job;
    bl_op_stage(op, "working on %.80s", job->path);
    if (op->class != BL_CLASS_OBSERVE)
        bl_op_sent(op);
    bl_work_start(op, job, file_run, file_done, file_free);
}

static void file_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    snprintf(inspection->summary, sizeof(inspection->summary), "%s %s", call->operation->name,
             bl_call_text(call, "path"));
}

/* How a change meets what is there: "replaces 3.2 KiB". */
static void change_inspect(const struct bl_call *call, struct bl_inspection *inspection)
{
    const char *path = bl_call_text(call, "path"), *name = call->operation->name, *content;
    char size[40], there[80] = "";
    bool removes = strcmp(name, "remove") == 0;
    struct stat info;
    bool is_there = lstat(path, &info) == 0;
    size_t len = 0;

    content = bl_value_as_bytes(bl_call_value(call, "content"), &len);
    bl_file_before(inspection, path, is_there ? &info : NULL);
    if (is_there && strcmp(name, "append") != 0) {
        inspection->class = BL_CLASS_DESTROY;
        bl_format_bytes(size, sizeof(size), info.st_size);
        snprintf(there, sizeof(there), removes ? " (%s)" : ", replaces %s", size);
        snprintf(inspection->affects, sizeof(inspection->affects), "1 file of %s", size);
    } else if (removes) {
        snprintf(inspection->affects, sizeof(inspection->affects), "nothing: it is not there");
    }
    bl_format_bytes(size, sizeof(size), (int64_t)len);
    if (removes)
        snprintf(inspection->summary, sizeof(inspection->summary), "remove %.150s%s", path,
                 there);
    else
        snprintf(inspection->summary, sizeof(inspection->summary), "%.8s %.120s: %.39s%.60s",
                 name, path, size, there);
    bl_buf_printf(&inspection->detail, "%s %s%s\n", name, path, there);
    if (len > 0)
        bl_text_clean(&inspection->detail, content, len < 16384 ? len : 16384, true);
}

#define OPTIONAL (BL_ARG_OPTION | BL_ARG_OPTIONAL)
#define LONG_MS INT64_C(600000) /* for files of many gigabytes */

static const struct bl_arg path_args[] = {
    {.name = "path", .type = BL_T_PATH, .text = "the file"},
    {0},
};
static const struct bl_arg disk_args[] = {
    {.name = "path", .type = BL_T_PATH, .text = "any file or folder on the disk"},
    {0},
};
static const struct bl_arg list_args[] = {
    {.name = "path", .type = BL_T_PATH, .text = "the folder"},
    {.name = "glob",
     .type = BL_T_STRING,
     .text = "which names: * ? [a-z] as in a shell; without it all",
     .flags = OPTIONAL},
    {.name = "recursive",
     .type = BL_T_BOOLEAN,
     .text = "also what is in the folders inside; links are not followed",
     .flags = OPTIONAL,
     .fallback = "false"},
    {.name = "limit",
     .type = BL_T_INTEGER,
     .text = "more entries than this are an error",
     .flags = OPTIONAL,
     .fallback = "1000",
     .min = 1,
     .max = 100000},
    {0},
};
static const struct bl_arg newest_args[] = {
    {.name = "path", .type = BL_T_PATH, .text = "the folder"},
    {.name = "glob",
     .type = BL_T_STRING,
     .text = "which names: * ? [a-z] as in a shell; without it all",
     .flags = OPTIONAL},
    {.name = "recursive",
     .type = BL_T_BOOLEAN,
     .text = "also what is in the folders inside; links are not followed",
     .flags = OPTIONAL,
     .fallback = "false"},
    {0},
};
static const struct bl_arg read_args[] = {
    {.name = "path", .type = BL_T_PATH, .text = "the file"},
    {.name = "tail",
     .type = BL_T_BYTES,
     .text = "only the last so many bytes, from the beginning of a line on",
     .flags = OPTIONAL},
    {.name = "offset",
     .type = BL_T_BYTES,
     .text = "where to begin; not together with tail",
     .flags = OPTIONAL},
    {.name = "length",
     .type = BL_T_BYTES,
     .text = "how many bytes at most; without it up to the end",
     .flags = OPTIONAL},
    {0},
};
static const struct bl_arg content_args[] = {
    {.name = "path", .type = BL_T_PATH, .text = "the file"},
    {.name = "content",
     .type = BL_T_STRING,
     .flags = BL_ARG_DATA,
     .text = "the bytes to write"},
    {0},
};

static const char *const there_outcomes[] = {"there", "not there", NULL};
static const char *const list_outcomes[] = {"empty", "some", "no such folder", NULL};
static const char *const read_outcomes[] = {"read", "no such file", "too large", NULL};
static const char *const gzip_outcomes[] = {"whole", "damaged", "no such file", NULL};
static const char *const write_outcomes[] = {"done", "denied", "disk full", NULL};

const struct bl_operation bl_file_doubt_operation = {
    .name = "doubt",
    .class = BL_CLASS_OBSERVE,
    .size = sizeof(struct file_op),
    .start = file_start,
    .release = file_release,
};

static const struct bl_operation file_operations[] = {
    {
        .name = "stat",
        .text = "Looks at a file or folder; links are followed.",
        .args = path_args,
        .result = "table: name, kind (file, folder, other), size (bytes), mtime (seconds since "
                  "1970 UTC), mode (\"0644\"), uid, gid; nil when it is not there",
        .class = BL_CLASS_OBSERVE,
        .outcomes = there_outcomes,
        .example = "file.stat(\"/etc/hostname\").size",
        .size = sizeof(struct file_op),
        .inspect = file_inspect,
        .start = file_start,
        .release = file_release,
    },
    {
        .name = "list",
        .text = "Lists what is in a folder, sorted by name.",
        .args = list_args,
        .result =
            "list of tables: name (from the folder on), kind (file, folder, link, other), "
            "size, mtime",
        .class = BL_CLASS_OBSERVE,
        .outcomes = list_outcomes,
        .example = "#file.list(\"/etc\", { glob = \"*.conf\" })",
        .size = sizeof(struct file_op),
        .inspect = file_inspect,
        .start = file_start,
        .release = file_release,
    },
    {
        .name = "newest",
        .text = "Finds the file that was changed last in a folder.",
        .args = newest_args,
        .result = "table as in list; nil when there is no such file",
        .class = BL_CLASS_OBSERVE,
        .outcomes = there_outcomes,
        .example = "file.newest(\"/etc\", { glob = \"*.conf\" }).mtime",
        .size = sizeof(struct file_op),
        .inspect = file_inspect,
        .start = file_start,
        .release = file_release,
    },
    {
        .name = "read",
        .text = "Reads a file, or a part of it. More than keep bytes are an error.",
        .args = read_args,
        .result = "string",
        .class = BL_CLASS_OBSERVE,
        .outcomes = read_outcomes,
        .example = "file.read(\"/etc/hostname\", { tail = \"4KB\" })",
        .size = sizeof(struct file_op),
        .inspect = file_inspect,
        .start = file_start,
        .release = file_release,
    },
    {
        .name = "disk",
        .text = "Measures the disk (filesystem) that a path is on.",
        .args = disk_args,
        .result = "table: total, free, available (bytes; available to ordinary users), "
                  "used_percent (as df says it)",
        .class = BL_CLASS_OBSERVE,
        .example = "file.disk(\"/\").used_percent",
        .size = sizeof(struct file_op),
        .inspect = file_inspect,
        .start = file_start,
        .release = file_release,
    },
    {
        .name = "sha256",
        .text = "Computes the SHA-256 digest of a file of any size.",
        .args = path_args,
        .result = "string of 64 hex digits",
        .class = BL_CLASS_OBSERVE,
        .timeout_ms = LONG_MS,
        .example = "file.sha256(\"/etc/hostname\")",
        .size = sizeof(struct file_op),
        .inspect = file_inspect,
        .start = file_start,
        .release = file_release,
    },
    {
        .name = "gzip",
        .text = "Tests whether a gzip file is whole, by unpacking it to nowhere.",
        .args = path_args,
        .result = "table: ok, bytes (unpacked), compressed_bytes, why (what is wrong with it)",
        .class = BL_CLASS_OBSERVE,
        .timeout_ms = LONG_MS,
        .outcomes = gzip_outcomes,
        .example = "file.gzip(\"/usr/share/doc/gzip/changelog.gz\").ok",
        .size = sizeof(struct file_op),
        .inspect = file_inspect,
        .start = file_start,
        .release = file_release,
    },
    {
        .name = "write",
        .text = "Writes a file, whole or not at all. A file that is replaced keeps its mode.",
        .args = content_args,
        .result = "true",
        .class = BL_CLASS_CHANGE,
        .idempotent = true,
        .outcomes = write_outcomes,
        .example = "file.write(\"/srv/notes/today\", \"all well\\n\")",
        .size = sizeof(struct file_op),
        .inspect = change_inspect,
        .resolve = bl_file_resolve,
        .start = file_start,
        .release = file_release,
        .nominal = bl_nominal_true,
    },
    {
        .name = "append",
        .text = "Adds to the end of a file, which is made when it is not there.",
        .args = content_args,
        .result = "true",
        .class = BL_CLASS_CHANGE,
        .outcomes = write_outcomes,
        .example = "file.append(\"/srv/notes/today\", \"still well\\n\")",
        .size = sizeof(struct file_op),
        .inspect = change_inspect,
        .resolve = bl_file_resolve,
        .start = file_start,
        .release = file_release,
        .nominal = bl_nominal_true,
    },
    {
        .name = "remove",
        .text = "Removes a file, never a folder.",
        .args = path_args,
        .result = "true; false when it was not there",
        .class = BL_CLASS_DESTROY,
        .idempotent = true,
        .outcomes = write_outcomes,
        .example = "file.remove(\"/srv/notes/today\")",
        .size = sizeof(struct file_op),
        .inspect = change_inspect,
        .resolve = bl_file_resolve,
        .start = file_start,
        .release = file_release,
        .nominal = bl_nominal_true,
    },
    {0},
};

const struct bl_module bl_module_file = {
    .name = "file",
    .text =
        "Files, folders and disks of this machine. Paths are from the folder that belay was "
        "started in.",
    .operations = file_operations,
};
