/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_logs.h: a container's log, searched line by line as it streams in. */
#ifndef BL_DOCKER_LOGS_H
#define BL_DOCKER_LOGS_H

#include "docker_engine.h"
#include "docker_frames.h"
#include "module_pattern.h"

#define BL_DOCKER_LINE_MAX 65536 /* bytes kept of one line */

/* What is kept of a log: counts, and the first or last lines that match, within bounds. */
struct bl_docker_search {
    struct bl_pattern *pattern; /* NULL: every line matches */
    size_t first, last;         /* lines to keep of each end */
    size_t keep;                /* bytes to keep in all */
    struct bl_buf part[2];      /* the line under way of stdout and stderr */
    struct bl_value **ring;     /* the last lines; `last` places */
    size_t ring_at, ring_count;
    struct bl_value *head; /* the first lines */
    size_t kept;           /* bytes in head and ring */
    int64_t matched, seen;
    bool is_cut;         /* something that should be kept was not */
    struct bl_error err; /* code set: the search cannot go on */
};

void bl_docker_search_init(struct bl_docker_search *search, size_t first, size_t last,
                           size_t keep);
/* Takes text of a stream (1 or 2); a line ends at its newline. */
void bl_docker_search_feed(struct bl_docker_search *search, int stream, const char *data,
                           size_t len);
/* The end of the log: a last line without newline counts. */
void bl_docker_search_end(struct bl_docker_search *search);
/* {lines, matched, seen, truncated}; lines left out when only counts are wanted. */
struct bl_value *bl_docker_search_answer(struct bl_docker_search *search, bool only_count);
void bl_docker_search_release(struct bl_docker_search *search);

struct bl_docker_logs {
    struct bl_docker_op docker;
    struct bl_docker_search search;
    struct bl_docker_frames frames;
    struct bl_buf pending; /* came in and not yet searched */
    size_t pending_at;
    uint64_t turn, began; /* this turn of the loop: its time, and when we began in it (ns) */
    uv_timer_t pause;     /* lets the loop breathe between slices of a big log */
    bool has_pause;
};

void bl_docker_logs_start(struct bl_op *op, const struct bl_call *call);
void bl_docker_logs_release(struct bl_op *op);

#endif
