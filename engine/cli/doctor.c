/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* doctor.c: `belay doctor`: is everything here that a run needs? */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/clock.h"
#include "base/exit.h"
#include "base/text.h"
#include "exec_probe.h"
#include "journal/state.h"
#include "run/project.h"
#include "world/secrets.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <uv.h>

struct doctor {
    int ill;
};

static void doctor_print(const char *mark, const char *format, va_list args)
{
    char line[700];
    struct bl_buf clean;

    vsnprintf(line, sizeof(line), format, args);
    bl_buf_init(&clean, 0);
    bl_buf_printf(&clean, "%-5s ", mark);
    bl_text_clean(&clean, line, strlen(line), false);
    bl_command_fold(stdout, bl_buf_text(&clean), 6);
    bl_buf_release(&clean);
}

static void doctor_say(struct doctor *doctor, bool is_well, const char *format, ...)
    BL_PRINTF(3, 4);

static void doctor_say(struct doctor *doctor, bool is_well, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    doctor_print(is_well ? "ok" : "ILL", format, args);
    va_end(args);
    doctor->ill += !is_well;
}

/* What not everybody needs, and no illness. */
static void doctor_note(const char *format, ...) BL_PRINTF(1, 2);

static void doctor_note(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    doctor_print("note", format, args);
    va_end(args);
}

/* Every secret that an environment names must have a value. */
static void doctor_secrets(struct doctor *doctor, const struct bl_value *value)
{
    size_t len;
    struct bl_buf from;

    if (bl_value_secret_source(value) != NULL) {
        bl_buf_init(&from, 0);
        bl_secret_describe(value, &from);
        doctor_say(doctor, true, "secret %s: %s (not fetched)", bl_value_secret_name(value),
                   bl_buf_text(&from));
        bl_buf_release(&from);
    } else if (bl_value_type(value) == BL_SECRET) {
        bl_value_reveal(value, &len);
        if (len > 0)
            doctor_say(doctor, true, "secret %s is set", bl_value_secret_name(value));
        else
            doctor_say(doctor, false,
                       "secret %s is not set: export %s, or give it as a credential",
                       bl_value_secret_name(value), bl_value_secret_name(value));
    }
    for (size_t i = 0; i < bl_value_count(value); i++)
        doctor_secrets(doctor, bl_value_type(value) == BL_MAP ? bl_map_at(value, i)
                                                              : bl_list_get(value, i));
}

static void doctor_state(struct doctor *doctor, const struct bl_value *environment)
{
    struct bl_state state;
    struct bl_error err;
    struct statvfs disk;
    char room[40];

    if (bl_state_open(bl_map_text(environment, "state", NULL), true, &state, &err) != BL_OK) {
        doctor_say(doctor, false, "%s", err.message);
        return;
    }
    doctor_say(doctor, true, "state folder %s%s", state.path,
               state.is_default ? " (your own: the environment names none)" : "");
    if (statvfs(state.path, &disk) == 0) {
        int64_t available = (int64_t)(disk.f_bavail * disk.f_frsize);
        bl_format_bytes(room, sizeof(room), available);
        doctor_say(doctor, available > INT64_C(64) * 1048576, "room for journals: %s", room);
    }
}

static void doctor_project(struct doctor *doctor, const struct bl_given *given)
{
    struct bl_value *environment = NULL;
    struct bl_project project;
    struct bl_error err;

    if (bl_project_open(&project, bl_given_text(given, "project"), NULL, NULL, &err) != BL_OK) {
        doctor_say(doctor, false, "%s", err.message);
        return;
    }
    doctor_say(doctor, true, "project %s", project.root);
    for (size_t i = 0; i < bl_value_count(bl_project_files(&project)); i++) {
        const char *path = bl_value_as_text(bl_list_get(bl_project_files(&project), i));
        if (bl_runtime_load(project.runtime, path, &err) != BL_OK)
            doctor_say(doctor, false, "%s", err.message);
    }
    if (bl_project_environment(&project, bl_given_text(given, "env"), &environment, &err) !=
        BL_OK) {
        doctor_say(doctor, false, "%s", err.message);
    } else {
        doctor_say(doctor, true, "environment %s", bl_map_text(environment, "name", ""));
        doctor_secrets(doctor, environment);
        doctor_state(doctor, environment);
    }
    bl_value_unref(environment);
    bl_project_close(&project);
}

/* Whether commands that only read can run. */
static void doctor_sandbox(struct doctor *doctor)
{
    char counted[BL_PROBE_TEXT];
    struct bl_error err;
    const char *why = err.message;

    if (bl_sandbox_probe(counted, &err) == BL_OK) {
        doctor_say(doctor, true, "commands with reads = true run in a sandbox: %s", counted);
        return;
    }
    why += strncmp(why, "refused: ", 9) == 0 ? 9 : 0;
    doctor_note("commands with reads = true are refused here: %s", why);
}

static void doctor_machine(struct doctor *doctor)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct bl_clock clock;
    struct bl_error err;
    char now[BL_TIME_TEXT];

    doctor_say(doctor, true, "belay %s, libuv %s, SQLite %s", BL_VERSION, uv_version_string(),
               sqlite3_libversion());
    doctor_say(doctor, true, "%s",
               tty >= 0 ? "a terminal to answer gates on"
                        : "no terminal: gates stay unanswered (exit 3)");
    if (tty >= 0)
        close(tty);
    if (bl_clock_init(&clock, &err) != BL_OK) {
        doctor_say(doctor, false, "%s", err.message);
        return;
    }
    bl_time_format(bl_clock_now(&clock), now);
    doctor_say(doctor, true, "clock %s%s", now,
               clock.offset_ms != 0 ? " (set by BELAY_CLOCK)" : "");
    doctor_sandbox(doctor);
}

static int doctor_run(const struct bl_given *given)
{
    struct doctor doctor = {0};

    doctor_machine(&doctor);
    doctor_project(&doctor, given);
    return bl_command_end(doctor.ill > 0 ? BL_EXIT_FAILED : BL_EXIT_OK);
}

const struct bl_command bl_command_doctor = {
    .name = "doctor",
    .words = "",
    .summary = "checks that all is here that a run needs",
    .text = "Looks at the machine, the project, its environment, secrets and state folder, and "
            "says what\n"
            "is missing and what to do. Runs a program that does nothing in the sandbox of "
            "reads = true.\n"
            "Talks to no server. Exit 1 when something is ill; what a note says is none.\n",
    .run = doctor_run,
};
