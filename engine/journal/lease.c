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
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEASE_BYTES 4096
#define LEASE_MILLIS 10000 /* how long a holder may take to stop */

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

/* Adds "rosa on bastion since … (run …, process 17, at step "…")". */
static void lease_add_holder(const struct bl_state *state, const struct bl_value *holder,
                             struct bl_buf *out)
{
    const char *run = bl_map_text(holder, "run", NULL);
    struct bl_value *about = run != NULL ? live_describe(state, run) : NULL;
    struct bl_buf who;

    bl_buf_init(&who, 300);
    bl_buf_printf(&who, "%s on %s since %.16s (", bl_map_text(holder, "user", "somebody"),
                  bl_map_text(holder, "host", "this machine"),
                  bl_map_text(holder, "since", "a moment ago"));
    if (run != NULL)
        bl_buf_printf(&who, "run %s, ", run);
    bl_buf_printf(&who, "process %lld", (long long)bl_map_int(holder, "pid", 0));
    live_add_step(&who, about);
    bl_buf_char(&who, ')');
    bl_text_clean(out, bl_buf_text(&who), who.len, false);
    bl_buf_release(&who);
    bl_value_unref(about);
}

/* Says who holds it. `why_not`: why nobody took it over; NULL: nobody wanted to. */
static enum bl_code lease_busy(const struct bl_state *state, int fd,
                               const struct bl_lease_request *wanted, const char *why_not,
                               struct bl_error *err)
{
    struct bl_value *holder = lease_read(fd);
    const char *run = bl_map_text(holder, "run", NULL);
    struct bl_buf who;

    bl_buf_init(&who, 300);
    lease_add_holder(state, holder, &who);
    if (why_not != NULL)
        bl_fail(err, BL_E_BUSY, "%s still runs in %s: by %s: %s", wanted->procedure,
                wanted->environment, bl_buf_text(&who), why_not);
    else if (run != NULL)
        bl_fail(err, BL_E_BUSY,
                "%s is already running in %s: by %s: wait until it has ended, look at `belay "
                "log %s`, or stop it and go on from there with `belay resume %s --take-over`",
                wanted->procedure, wanted->environment, bl_buf_text(&who), run, run);
    else
        bl_fail(err, BL_E_BUSY, "%s is already running in %s: by %s: wait until it has ended",
                wanted->procedure, wanted->environment, bl_buf_text(&who));
    bl_buf_release(&who);
    bl_value_unref(holder);
    return BL_E_BUSY;
}

/* Does this process hold the lock of that file? Asks the kernel. */
static bool lease_is_of(int fd, pid_t pid)
{
    FILE *locks = fopen("/proc/locks", "re");
    char line[256], inode[40];
    struct stat info;
    bool found = false;

    if (locks == NULL || fstat(fd, &info) != 0)
        snprintf(inode, sizeof(inode), "none");
    else
        snprintf(inode, sizeof(inode), ":%llu ", (unsigned long long)info.st_ino);
    while (!found && locks != NULL && fgets(line, sizeof(line), locks) != NULL) {
        const char *write = strstr(line, " WRITE ");
        found = strstr(line, ": FLOCK ") != NULL && write != NULL &&
                strtol(write + 7, NULL, 10) == pid && strstr(write, inode) != NULL;
    }
    if (locks != NULL)
        fclose(locks);
    return found;
}

/* Asks the holder to stop and waits until it has. NULL when the lock is ours, else why not. */
static const char *lease_ask(int fd)
{
    struct bl_value *holder = lease_read(fd);
    pid_t pid = (pid_t)bl_map_int(holder, "pid", 0);
    const char *there = bl_map_text(holder, "host", "");
    int64_t deadline = bl_clock_steady() + LEASE_MILLIS;
    char host[256] = "";
    bool is_here;

    (void)gethostname(host, sizeof(host) - 1);
    is_here = strcmp(there, host) == 0;
    bl_value_unref(holder);
    if (!is_here)
        return "only on that machine it can be told to stop";
    if (pid <= 1 || !lease_is_of(fd, pid))
        return "that process cannot be seen from here: end the run where it was started";
    if (kill(pid, SIGTERM) != 0 && errno == EPERM)
        return "you may not stop that process: ask who runs it, or root";
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (bl_clock_steady() >= deadline)
            return "it was told to stop and does not: end that process with `kill -9`, then "
                   "the lease is free";
        usleep(20000);
    }
    return NULL;
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

enum bl_code bl_lease_take(const struct bl_state *state, const struct bl_lease_request *wanted,
                           const struct bl_clock *clock, struct bl_lease **lease,
                           struct bl_error *err)
{
    const char *why_not = NULL;
    char path[PATH_MAX];
    struct bl_lease *taken;
    int fd;

    lease_path(state, wanted->procedure, wanted->environment, path);
    fd = lease_open(path, state);
    if (fd < 0)
        return bl_fail(err,
                       errno == ENOSPC   ? BL_E_FULL
                       : errno == EACCES ? BL_E_DENIED
                                         : BL_E_IO,
                       "cannot open the lease %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 &&
        (!wanted->take_over || (why_not = lease_ask(fd)) != NULL)) {
        enum bl_code code = lease_busy(state, fd, wanted, why_not, err);
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
