/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* report.c: opening reporters, and writing that never fails a run. */
#include "report/report.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

const struct bl_reporter_type *const bl_reporter_types[] = {
    &bl_reporter_text, &bl_reporter_json, &bl_reporter_junit, NULL};

const struct bl_reporter_type *bl_reporter_find(const char *name)
{
    for (size_t i = 0; bl_reporter_types[i] != NULL; i++) {
        if (strcmp(bl_reporter_types[i]->name, name) == 0)
            return bl_reporter_types[i];
    }
    return NULL;
}

struct bl_reporter *bl_reporter_open(const struct bl_reporter_type *type,
                                     const struct bl_report_options *options)
{
    struct sigaction now;
    struct bl_reporter *reporter;

    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        (void)signal(SIGPIPE, SIG_IGN);
    reporter = type->open(options);
    reporter->type = type;
    reporter->fd = options->fd;
    return reporter;
}

void bl_reporter_event(void *reporter, const struct bl_event *event)
{
    struct bl_reporter *self = reporter;

    self->type->event(self, event);
}

void bl_reporter_past(struct bl_reporter *reporter, const struct bl_event *event)
{
    reporter->is_past = true;
    bl_reporter_event(reporter, event);
    reporter->is_past = false;
}

void bl_reporter_waiting(struct bl_reporter *reporter, const char *text, int64_t elapsed_ms)
{
    if (reporter->type->waiting != NULL)
        reporter->type->waiting(reporter, text, elapsed_ms);
}

void bl_reporter_close(struct bl_reporter *reporter)
{
    if (reporter != NULL)
        reporter->type->close(reporter);
}

/* A descriptor that somebody made non-blocking: waits until it takes bytes again. */
static bool reporter_wait(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};

    return poll(&wait, 1, 10000) > 0 || errno == EINTR;
}

void bl_reporter_write(struct bl_reporter *reporter, struct bl_buf *text)
{
    size_t done = 0;

    while (!reporter->is_past && !reporter->is_broken && done < text->len) {
        ssize_t sent = write(reporter->fd, text->data + done, text->len - done);

        if (sent > 0)
            done += (size_t)sent;
        else if (sent < 0 && errno == EAGAIN)
            reporter->is_broken = !reporter_wait(reporter->fd);
        else if (sent == 0 || errno != EINTR)
            reporter->is_broken = true;
        if (reporter->is_broken && errno != EPIPE && reporter->fd != STDERR_FILENO)
            fprintf(stderr, "belay: the report ends here, it cannot be written: %s\n",
                    strerror(errno));
    }
    bl_buf_reset(text);
}
