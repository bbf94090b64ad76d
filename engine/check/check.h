/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* check.h: finds what is wrong with a project before anything runs; asks and changes nothing.
 */
#ifndef BL_CHECK_H
#define BL_CHECK_H

#include "base/error.h"
#include "base/value.h"

struct bl_check_options {
    const char *project;     /* as bl_project_open takes it */
    const char *only;        /* a file or folder of the project, from its root or from here */
    const char *environment; /* the one that counts; NULL: all of them */
};

/*
 * Checks every file of a project: that it loads (syntax, words, fields, parameters), that every
 * environment is well-formed and names the connections that procedures use, that procedures
 * that are called exist, that rows are covered once, and, by walking through each body with
 * answers that stand for any, that names exist and arguments are what the modules' tables want.
 * A branch that the walk does not take is not looked into.
 *
 * *files: how many files were looked into; a path without any is BL_E_NOT_FOUND. *findings
 * becomes a list of maps {file, line, severity = "error"|"warning"|"note", rule, message}. A
 * note (rule "walk") says where a step could not be walked on, because what follows depends on
 * real answers. An error: there is no such project, path or environment.
 */
enum bl_code bl_check_project(const struct bl_check_options *options,
                              struct bl_value **findings, size_t *files,
                              struct bl_error *err) BL_MUST_USE;

#endif
