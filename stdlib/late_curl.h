/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* late_curl.h: libcurl, loaded when its first function is called: with what it pulls in it
 * would take half of the time in which `belay list` starts. */
#ifndef BL_LATE_CURL_H
#define BL_LATE_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/* Every function that is used; a name here has its line below. */
#define BL_CURL_FUNCTIONS(X)                                                                   \
    X(curl_easy_cleanup)                                                                       \
    X(curl_easy_escape)                                                                        \
    X(curl_easy_getinfo)                                                                       \
    X(curl_easy_init)                                                                          \
    X(curl_easy_pause)                                                                         \
    X(curl_easy_setopt)                                                                        \
    X(curl_easy_strerror)                                                                      \
    X(curl_free)                                                                               \
    X(curl_global_cleanup)                                                                     \
    X(curl_global_init)                                                                        \
    X(curl_multi_add_handle)                                                                   \
    X(curl_multi_assign)                                                                       \
    X(curl_multi_cleanup)                                                                      \
    X(curl_multi_info_read)                                                                    \
    X(curl_multi_init)                                                                         \
    X(curl_multi_remove_handle)                                                                \
    X(curl_multi_setopt)                                                                       \
    X(curl_multi_socket_action)                                                                \
    X(curl_slist_append)                                                                       \
    X(curl_slist_free_all)                                                                     \
    X(curl_url)                                                                                \
    X(curl_url_cleanup)                                                                        \
    X(curl_url_get)                                                                            \
    X(curl_url_set)                                                                            \
    X(curl_version_info)

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
#define BL_CURL_MEMBER(name) __typeof__(name) *name;
struct bl_curl {
    BL_CURL_FUNCTIONS(BL_CURL_MEMBER)
};
#undef BL_CURL_MEMBER

/* The library's functions. Loads it the first time, from any thread; where it is not there
 * the program ends with a line that says what to install. */
const struct bl_curl *bl_curl(void);

#define curl_easy_cleanup bl_curl()->curl_easy_cleanup
#define curl_easy_escape bl_curl()->curl_easy_escape
#define curl_easy_getinfo bl_curl()->curl_easy_getinfo
#define curl_easy_init bl_curl()->curl_easy_init
#define curl_easy_pause bl_curl()->curl_easy_pause
#define curl_easy_setopt bl_curl()->curl_easy_setopt
#define curl_easy_strerror bl_curl()->curl_easy_strerror
#define curl_free bl_curl()->curl_free
#define curl_global_cleanup bl_curl()->curl_global_cleanup
#define curl_global_init bl_curl()->curl_global_init
#define curl_multi_add_handle bl_curl()->curl_multi_add_handle
#define curl_multi_assign bl_curl()->curl_multi_assign
#define curl_multi_cleanup bl_curl()->curl_multi_cleanup
#define curl_multi_info_read bl_curl()->curl_multi_info_read
#define curl_multi_init bl_curl()->curl_multi_init
#define curl_multi_remove_handle bl_curl()->curl_multi_remove_handle
#define curl_multi_setopt bl_curl()->curl_multi_setopt
#define curl_multi_socket_action bl_curl()->curl_multi_socket_action
#define curl_slist_append bl_curl()->curl_slist_append
#define curl_slist_free_all bl_curl()->curl_slist_free_all
#define curl_url bl_curl()->curl_url
#define curl_url_cleanup bl_curl()->curl_url_cleanup
#define curl_url_get bl_curl()->curl_url_get
#define curl_url_set bl_curl()->curl_url_set
#define curl_version_info bl_curl()->curl_version_info

#endif
