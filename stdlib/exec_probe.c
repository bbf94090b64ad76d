/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_probe.c: finds out whether commands that only read can run on this machine. */
#include "base/prefix.h"

#include "exec_probe.h"

#include "exec_sandbox.h"
#include "exec_text.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_MS 10000 /* for a program that does nothing */

/* Waits for the keeper's report, then ends the keeper. */
static bool probe_wait(const struct bl_keeper *keeper)
{
    struct pollfd polls = {.fd = keeper->socket, .events = POLLIN};
    struct bl_keeper_report report = {0};
    bool has_ended;

    while (poll(&polls, 1, PROBE_MS) < 0 && errno == EINTR)
        continue;
    has_ended = recv(keeper->socket, &report, sizeof(report), MSG_DONTWAIT) ==
                    (ssize_t)sizeof(report) &&
                report.kind == BL_KEEPER_EXITED;
    shutdown(keeper->socket, SHUT_WR);
    while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return has_ended;
}

static enum bl_code probe_judge(const struct bl_sandbox *sandbox,
                                const struct bl_keeper *keeper, struct bl_error *err)
{
    struct bl_capture printed;
    struct bl_buf said;
    char data[4096];
    int status = 0;
    ssize_t got;
    enum bl_code code;

    bl_capture_init(&printed, sizeof(data));
    bl_buf_init(&said, 300);
    got = read(keeper->err, data, sizeof(data));
    bl_capture_add(&printed, data, got > 0 ? (size_t)got : 0);
    if (!bl_capture_last_line(&printed, &said))
        bl_buf_text_add(&said, "bubblewrap printed nothing");
    code = bl_sandbox_status(sandbox, bl_buf_text(&said), &status, err);
    if (code == BL_OK && status != 0)
        code =
            bl_fail(err, BL_E_EXIT, "true ended with status %d in its sandbox: run it by hand",
                    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    bl_buf_release(&said);
    bl_capture_release(&printed);
    return code;
}

static enum bl_code probe_run(struct bl_sandbox *sandbox, struct bl_error *err)
{
    static char name[] = "true", path[] = "PATH=/usr/bin:/bin";
    static char *const argv[] = {name, NULL}, *const environment[] = {path, NULL};
    struct bl_keeper_command command = {.argv = argv, .environment = environment};
    struct bl_keeper keeper;
    char *program = bl_exec_find(name, path + strlen("PATH="));
    enum bl_code code;

    if (program == NULL)
        return bl_fail(err, BL_E_NOT_FOUND,
                       "no program 'true' in /usr/bin and /bin: install it");
    command.path = program;
    code = bl_sandbox_open(sandbox, &command, PROBE_MS, err);
    if (code == BL_OK)
        code = bl_keeper_start(&keeper, &command, err);
    bl_free(program);
    if (code != BL_OK)
        return code;
    if (probe_wait(&keeper))
        code = probe_judge(sandbox, &keeper, err);
    else
        code = bl_fail(err, BL_E_TIMEOUT, "true did not end in its sandbox within %d s",
                       PROBE_MS / 1000);
    close(keeper.out);
    close(keeper.err);
    close(keeper.socket);
    return code;
}

enum bl_code bl_sandbox_probe(char counted[BL_PROBE_TEXT], struct bl_error *err)
{
    struct bl_sandbox sandbox;
    enum bl_code code;

    bl_sandbox_init(&sandbox);
    code = probe_run(&sandbox, err);
    if (sandbox.cgroup != NULL)
        snprintf(counted, BL_PROBE_TEXT, "its processes are bounded by a cgroup in %.*s",
                 (int)(strrchr(sandbox.cgroup, '/') - sandbox.cgroup), sandbox.cgroup);
    else if (geteuid() == 0)
        snprintf(counted, BL_PROBE_TEXT,
                 "no cgroup can be made here, so its processes are only counted");
    else
        snprintf(counted, BL_PROBE_TEXT, "its processes are bounded by their limit");
    bl_sandbox_close(&sandbox);
    return code;
}
