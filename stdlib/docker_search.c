/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_search.c: counts and keeps lines of a log, within bounds. */
#include "base/prefix.h"

#include "docker_logs.h"

void bl_docker_search_init(struct bl_docker_search *search, size_t first, size_t last,
                           size_t keep)
{
    search->first = first;
    search->last = last;
    search->keep = keep;
    search->ring = bl_alloc((last + 1) * sizeof(void *));
    search->head = bl_list_new();
    for (int i = 0; i < 2; i++)
        bl_buf_init(&search->part[i], BL_DOCKER_LINE_MAX);
}

static size_t search_size(const struct bl_value *line)
{
    size_t len;

    bl_value_as_bytes(line, &len);
    return len;
}

/* Forgets the oldest of the last lines. */
static void search_drop(struct bl_docker_search *search)
{
    size_t oldest = (search->ring_at + search->last - search->ring_count) % search->last;

    search->kept -= search_size(search->ring[oldest]);
    bl_value_unref(search->ring[oldest]);
    search->ring[oldest] = NULL;
    search->ring_count--;
}

static void search_keep(struct bl_docker_search *search, const char *line, size_t len)
{
    if (bl_value_count(search->head) < search->first) {
        if (search->kept + len > search->keep) {
            search->is_cut = true;
            search->first = bl_value_count(search->head); /* no holes */
            return;
        }
        bl_list_add(search->head, bl_value_bytes(line, len));
        search->kept += len;
        return;
    }
    if (search->last == 0)
        return;
    if (search->ring_count == search->last)
        search_drop(search);
    while (search->ring_count > 0 && search->kept + len > search->keep) {
        search->is_cut = true;
        search_drop(search);
    }
    if (search->kept + len > search->keep) {
        search->is_cut = true;
        return;
    }
    search->ring[search->ring_at] = bl_value_bytes(line, len);
    search->ring_at = (search->ring_at + 1) % search->last;
    search->ring_count++;
    search->kept += len;
}

static void search_line(struct bl_docker_search *search, const char *line, size_t len)
{
    bool found = true;

    if (len > 0 && line[len - 1] == '\r')
        len--;
    search->seen++;
    if (search->pattern != NULL &&
        bl_pattern_search(search->pattern, line, len, &found, &search->err) != BL_OK)
        return;
    if (!found)
        return;
    search->matched++;
    search_keep(search, line, len);
}

void bl_docker_search_feed(struct bl_docker_search *search, int stream, const char *data,
                           size_t len)
{
    struct bl_buf *part = &search->part[stream == 2];

    while (len > 0 && search->err.code == BL_OK) {
        const char *end = memchr(data, '\n', len);
        size_t size = end != NULL ? (size_t)(end - data) : len;
        if (end != NULL && part->len == 0 && size <= BL_DOCKER_LINE_MAX) {
            search_line(search, data, size); /* the common case needs no copy */
        } else {
            bl_buf_add(part, data, size);
            search->is_cut = search->is_cut || part->truncated;
            if (end != NULL) {
                search_line(search, bl_buf_text(part), part->len);
                bl_buf_reset(part);
            }
        }
        if (end != NULL)
            size++;
        data += size;
        len -= size;
    }
}

void bl_docker_search_end(struct bl_docker_search *search)
{
    for (int i = 0; i < 2; i++) {
        if (search->part[i].len > 0 && search->err.code == BL_OK)
            search_line(search, bl_buf_text(&search->part[i]), search->part[i].len);
        bl_buf_reset(&search->part[i]);
    }
}

struct bl_value *bl_docker_search_answer(struct bl_docker_search *search, bool only_count)
{
    struct bl_value *answer = bl_map_new(), *lines = search->head;

    while (search->ring_count > 0) {
        size_t oldest = (search->ring_at + search->last - search->ring_count) % search->last;
        bl_list_add(lines, search->ring[oldest]);
        search->ring[oldest] = NULL;
        search->ring_count--;
    }
    if (!only_count) {
        bl_map_set(answer, "lines", lines);
        search->head = NULL;
    }
    bl_map_set(answer, "matched", bl_value_int(search->matched));
    bl_map_set(answer, "seen", bl_value_int(search->seen));
    bl_map_set(answer, "truncated", bl_value_bool(search->is_cut));
    return answer;
}

void bl_docker_search_release(struct bl_docker_search *search)
{
    for (size_t i = 0; search->ring != NULL && i < search->last; i++)
        bl_value_unref(search->ring[i]);
    bl_free(search->ring);
    bl_value_unref(search->head);
    bl_buf_release(&search->part[0]);
    bl_buf_release(&search->part[1]);
    bl_pattern_free(search->pattern);
    memset(search, 0, sizeof(*search));
}
