/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* environment.h: what an environment file says, checked: connections, policy, state folder,
 * parameters. */
#ifndef BL_ENVIRONMENT_H
#define BL_ENVIRONMENT_H

#include "base/error.h"
#include "base/module.h"

/*
 * The checked map of an environment file:
 *   name         "production"
 *   state        folder of its runs; absent: a private one
 *   policy       {change = "confirm"|"free"|"refuse", destroy = {typed, approvals}|"refuse"}
 *   params       values for parameters of procedures, by name
 *   exec         {PROGRAM = {class, target}}: what programs are
 *   connections  {"redis.cache" = settings}: settings checked against the module's table,
 * defaults filled in
 */

/*
 * Checks what environment({...}) was given. The result is a new map as above. BL_E_ARG names
 * the entry, e.g. "postgres.main: setting 'prot' is unknown: did you mean 'port'?".
 */
enum bl_code bl_environment_check(const char *name, const struct bl_value *given,
                                  struct bl_value **environment,
                                  struct bl_error *err) BL_MUST_USE;

/* The settings of "redis.cache"; NULL when the environment does not name it. */
const struct bl_value *bl_environment_connection(const struct bl_value *environment,
                                                 const char *target);
/*
 * What the environment vouches for, as a list of lines for people: SQL objects that count as
 * harmless, programs that are less than destroy. Whoever reads a run has to know.
 */
struct bl_value *bl_environment_trusted(const struct bl_value *environment);
/* What a call of the module to that target is given: the connection's settings, or the entry of
 * a module without connections ("exec": its programs). NULL when there is none. */
const struct bl_value *bl_environment_settings(const struct bl_value *environment,
                                               const struct bl_module *module,
                                               const char *target);

#endif
