/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* banned.h: calls that are easy to use wrongly; a use of one does not compile. */
#ifndef BL_BANNED_H
#define BL_BANNED_H

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gets atoi atol atof   \
    gmtime localtime asctime ctime

#endif
