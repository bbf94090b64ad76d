/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* module_ask.h: what several modules ask about a change before it is made. */
#ifndef BL_MODULE_ASK_H
#define BL_MODULE_ASK_H

#include "module.h"

/* Bounds the time of a question whose answer is welcome, not needed; gives it back. */
struct bl_call *bl_ask_briefly(struct bl_call *question);

/* The one question about a change: an operation of its own module about the same thing. */
struct bl_ask {
    const char *operation; /* the observe that is asked: "queue" */
    const char *argument;  /* what the change and the observe both name it by */
    /* Writes what the answer says into inspection->affects. */
    void (*say)(const struct bl_call *call, struct bl_inspection *inspection,
                const struct bl_value *answer);
};

/* An ask of bl_operation with that one question; without an answer the reach is "unknown". */
struct bl_call *bl_ask_once(const struct bl_ask *ask, const struct bl_call *call,
                            struct bl_inspection *inspection, const struct bl_value *answer);

#endif
