/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* docker_frames.h: takes apart the stream in which the engine mixes stdout and stderr. */
#ifndef BL_DOCKER_FRAMES_H
#define BL_DOCKER_FRAMES_H

#include "base/error.h"

/* A zeroed one is at the start of a stream. */
struct bl_docker_frames {
    bool is_raw; /* a terminal's stream has no frames: all is stdout */
    unsigned char head[8];
    size_t head_len;
    size_t left; /* bytes of the frame under way */
    int stream;  /* 1 stdout, 2 stderr, of the frame under way */
};

/*
 * Takes the next bytes and gives what is inside of frames to `take`, piece by piece (stream 1
 * or 2). BL_E_PROTOCOL when it is no such stream.
 */
enum bl_code
bl_docker_frames_feed(struct bl_docker_frames *frames, const char *data, size_t len,
                      void (*take)(void *user, int stream, const char *data, size_t len),
                      void *user) BL_MUST_USE;
/* True when the stream ended between two frames. */
bool bl_docker_frames_is_whole(const struct bl_docker_frames *frames);

#endif
