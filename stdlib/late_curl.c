/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* late_curl.c: libcurl, loaded when its first function is called. */
#include "base/prefix.h"

#include "late.h"
#include "late_curl.h"

static struct bl_curl curl_functions;
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

#define CURL_NAME(name) #name,
static const char *const curl_names[] = {BL_CURL_FUNCTIONS(CURL_NAME)};

static void curl_load(void)
{
    bl_late_load("libcurl.so.4", "libcurl4", curl_names, BL_COUNT(curl_names), &curl_functions);
}

const struct bl_curl *bl_curl(void)
{
    pthread_once(&curl_once, curl_load);
    return &curl_functions;
}
