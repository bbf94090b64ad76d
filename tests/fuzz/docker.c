/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker.c: fuzzes what an engine may send: framed logs in any pieces, and its JSON. */
#include "base/prefix.h"

#include "base/json.h"
#include "docker_logs.h"
#include "docker_shape.h"

#define KEEP 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_take(void *user, int stream, const char *data, size_t len)
{
    bl_docker_search_feed(user, stream, data, len);
}

/* The first byte says how the log is cut into pieces and what is kept. */
static void fuzz_log(const char *text, size_t len)
{
    struct bl_docker_search search = {0};
    struct bl_docker_frames frames = {.is_raw = text[0] & 1};
    size_t step = 1 + ((unsigned char)text[0] >> 4);
    struct bl_value *answer;

    bl_docker_search_init(&search, text[0] >> 1 & 1, (size_t)(text[0] >> 2 & 3), KEEP);
    for (size_t at = 1; at < len; at += step) {
        if (bl_docker_frames_feed(&frames, text + at, at + step < len ? step : len - at,
                                  fuzz_take, &search) != BL_OK)
            break;
    }
    bl_docker_search_end(&search);
    answer = bl_docker_search_answer(&search, false);
    if (bl_map_int(answer, "matched", 0) > bl_map_int(answer, "seen", 0) ||
        bl_value_count(bl_map_get(answer, "lines")) > 4)
        abort();
    bl_value_unref(answer);
    bl_docker_search_release(&search);
}

static void fuzz_json(const char *text, size_t len)
{
    struct bl_value *json = NULL;

    if (bl_json_parse(text, len, false, &json, NULL) != BL_OK)
        return;
    bl_value_unref(bl_docker_shape_list(json));
    bl_value_unref(bl_docker_shape_container(json));
    bl_value_unref(bl_docker_shape_stats(json));
    bl_value_unref(bl_docker_shape_version(json, "1.41"));
    bl_value_unref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    fuzz_log((const char *)data, size);
    fuzz_json((const char *)data, size);
    return 0;
}
