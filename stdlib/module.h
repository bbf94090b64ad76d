/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* module.h: what every module of the standard library includes. */
#ifndef BL_STDLIB_MODULE_H
#define BL_STDLIB_MODULE_H

#include "base/module.h"
#include "loop/op.h"
#include "loop/resolve.h"
#include "loop/work.h"

#endif
