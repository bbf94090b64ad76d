/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* late_pq.c: libpq, loaded when its first function is called. */
#include "base/prefix.h"

#include "late.h"
#include "late_pq.h"

static struct bl_pq pq_functions;
static pthread_once_t pq_once = PTHREAD_ONCE_INIT;

#define PQ_NAME(name) #name,
static const char *const pq_names[] = {BL_PQ_FUNCTIONS(PQ_NAME)};

static void pq_load(void)
{
    bl_late_load("libpq.so.5", "libpq5", pq_names, BL_COUNT(pq_names), &pq_functions);
}

const struct bl_pq *bl_pq(void)
{
    pthread_once(&pq_once, pq_load);
    return &pq_functions;
}
