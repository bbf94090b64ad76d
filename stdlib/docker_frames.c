/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_frames.c: takes apart the stream in which the engine mixes stdout and stderr. */
#include "base/prefix.h"

#include "docker_frames.h"

/* A head is: stream (0 stdin, 1 stdout, 2 stderr, 3 an error of the engine), three zeros, and
 * the length, big end first. */
static bool frames_read_head(struct bl_docker_frames *frames)
{
    const unsigned char *head = frames->head;

    if (head[0] > 3 || head[1] != 0 || head[2] != 0 || head[3] != 0)
        return false;
    frames->stream = head[0] >= 2 ? 2 : 1;
    frames->left =
        (size_t)head[4] << 24 | (size_t)head[5] << 16 | (size_t)head[6] << 8 | (size_t)head[7];
    frames->head_len = 0;
    return true;
}

enum bl_code
bl_docker_frames_feed(struct bl_docker_frames *frames, const char *data, size_t len,
                      void (*take)(void *user, int stream, const char *data, size_t len),
                      void *user)
{
    if (frames->is_raw) {
        take(user, 1, data, len);
        return BL_OK;
    }
    while (len > 0) {
        if (frames->left == 0) {
            frames->head[frames->head_len++] = (unsigned char)*data++;
            len--;
            if (frames->head_len == sizeof(frames->head) && !frames_read_head(frames))
                return BL_E_PROTOCOL;
            continue;
        }
        size_t part = len < frames->left ? len : frames->left;
        take(user, frames->stream, data, part);
        data += part;
        len -= part;
        frames->left -= part;
    }
    return BL_OK;
}

bool bl_docker_frames_is_whole(const struct bl_docker_frames *frames)
{
    return frames->left == 0 && frames->head_len == 0;
}
