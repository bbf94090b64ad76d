/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* lease.c: one live run for a procedure and environment, by a lock that the kernel holds. */
#include "journal/lease.h"

#include "base/json.h"
#include "base/text.h"
#include "journal/live.h"
#include "journal/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#define LEASE_BYTES 4096

struct bl_lease {
    int fd;
    struct bl_value *holder; /* what the file says */
};

/* The lease's file: what is no plain sign in a name becomes '_'. */
static void lease_path(const struct bl_state *state, const char *procedure,
                       const char *environment, char path[PATH_MAX])
{
    size_t at = (size_t)snprintf(path, PATH_MAX, "%s/leases/", state->path);

    snprintf(path + at, PATH_MAX - at, "%.90s@%.90s.lock", procedure, environment);
    for (; path[at] != '\0'; at++) {
        if (strchr("/ \t\n\\", path[at]) != NULL)
            path[at] = '_';
    }
}

static void lease_write(const struct bl_lease *lease)
{
    struct bl_buf text;

    bl_buf_init(&text, LEASE_BYTES - 1);
    bl_json_write(&text, lease->holder, BL_JSON_PLAIN);
    bl_buf_char(&text, '\n');
    if (ftruncate(lease->fd, 0) == 0 && pwrite(lease->fd, bl_buf_text(&text), text.len, 0) < 0)
        (void)!ftruncate(lease->fd, 0);
    bl_buf_release(&text);
}

static struct bl_value *lease_describe(const struct bl_clock *clock)
{
    struct bl_value *holder = bl_map_new();
    struct passwd *user = getpwuid(getuid());
    char host[256] = "", since[BL_TIME_TEXT];

    (void)gethostname(host, sizeof(host) - 1);
    bl_time_format(bl_clock_now(clock), since);
    bl_map_set(holder, "pid", bl_value_int(getpid()));
    bl_map_set(holder, "user",
               user != NULL ? bl_value_text(user->pw_name)
                            : bl_value_textf("uid %u", (unsigned)getuid()));
    bl_map_set(holder, "host", bl_value_text(host));
    bl_map_set(holder, "since", bl_value_text(since));
    return holder;
}

static struct bl_value *lease_read(int fd)
{
    char text[LEASE_BYTES];
    ssize_t len = pread(fd, text, sizeof(text), 0);
    struct bl_value *holder = NULL;

    if (len <= 0 || bl_json_parse(text, (size_t)len, false, &holder, NULL) != BL_OK)
        return NULL;
    return holder;
}

static enum bl_code lease_busy(const struct bl_state *state, int fd, const char *procedure,
                               const char *environment, struct bl_error *err)
{
    struct bl_value *holder = lease_read(fd), *about;
    const char *run = bl_map_text(holder, "run", NULL);
    struct bl_buf who, clean;
    enum bl_code code;

    bl_buf_init(&who, 0);
    bl_buf_init(&clean, 300);
    bl_buf_printf(&who, "%s on %s since %.16s (", bl_map_text(holder, "user", "somebody"),
                  bl_map_text(holder, "host", "this machine"),
                  bl_map_text(holder, "since", "a moment ago"));
    if (run != NULL)
        bl_buf_printf(&who, "run %s, ", run);
    bl_buf_printf(&who, "process %lld", (long long)bl_map_int(holder, "pid", 0));
    about = run != NULL ? live_describe(state, run) : NULL;
    live_add_step(&who, about);
    bl_value_unref(about);
    bl_buf_char(&who, ')');
    bl_text_clean(&clean, bl_buf_text(&who), who.len, false);
    code =
        bl_fail(err, BL_E_BUSY,
                "%s is already running in %s: by %s: wait until it has ended%s%s%s", procedure,
                environment, bl_buf_text(&clean), run != NULL ? ", or look at `belay log " : "",
                run != NULL ? run : "", run != NULL ? "`" : "");
    bl_buf_release(&clean);
    bl_buf_release(&who);
    bl_value_unref(holder);
    return code;
}

/* The file is there for good: who comes later takes the lock of the same one. */
static int lease_open(const char *path, const struct bl_state *state)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, state->file_mode);

    if (fd >= 0)
        store_own(fd, state);
    else if (errno == EEXIST)
        fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd;
}

enum bl_code bl_lease_take(const struct bl_state *state, const char *procedure,
                           const char *environment, const struct bl_clock *clock,
                           struct bl_lease **lease, struct bl_error *err)
{
    char path[PATH_MAX];
    struct bl_lease *taken;
    int fd;

    lease_path(state, procedure, environment, path);
    fd = lease_open(path, state);
    if (fd < 0)
        return bl_fail(err,
                       errno == ENOSPC   ? BL_E_FULL
                       : errno == EACCES ? BL_E_DENIED
                                         : BL_E_IO,
                       "cannot open the lease %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum bl_code code = lease_busy(state, fd, procedure, environment, err);
        close(fd);
        return code;
    }
    taken = bl_alloc(sizeof(*taken));
    taken->fd = fd;
    taken->holder = lease_describe(clock);
    lease_write(taken);
    *lease = taken;
    return BL_OK;
}

void bl_lease_set_run(struct bl_lease *lease, const char *run)
{
    bl_map_set(lease->holder, "run", bl_value_text(run));
    lease_write(lease);
}

void bl_lease_release(struct bl_lease *lease)
{
    if (lease == NULL)
        return;
    if (ftruncate(lease->fd, 0) != 0)
        lease_write(lease);
    close(lease->fd);
    bl_value_unref(lease->holder);
    bl_free(lease);
}
