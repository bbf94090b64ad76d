/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* hostile.c: the badly behaved peers: one process for each, and one for each connection. */
#include "base/prefix.h"

#include "support/hostile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shared by the test, the peer and its connections. */
struct counters {
    _Atomic int64_t accepted, open, received, sent;
};

struct hostile {
    pid_t pid;
    int port;
    char *path;
    struct counters *counters;
};

/* One connection inside its own process. */
struct talk {
    const struct hostile_spec *spec;
    struct counters *counters;
    SSL *ssl; /* NULL in plain text */
    int fd;
    char seen[8192]; /* the last bytes received and not yet matched */
    size_t seen_len;
};

static void talk_end(struct talk *talk)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (talk->ssl != NULL && talk->spec->kind != HOSTILE_RESET)
        SSL_shutdown(talk->ssl);
    if (talk->spec->kind == HOSTILE_RESET)
        setsockopt(talk->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(talk->fd);
    talk->counters->open--;
    _exit(0);
}

/* Reads what is there (waits at most millis, -1: for ever). Ends the process at end of file. */
static void talk_read(struct talk *talk, int millis)
{
    struct pollfd poller = {.fd = talk->fd, .events = POLLIN};
    bool buffered = talk->ssl != NULL && SSL_pending(talk->ssl) > 0;
    char bytes[2048];
    ssize_t got;

    if (!buffered && poll(&poller, 1, millis) <= 0)
        return;
    got = talk->ssl != NULL ? SSL_read(talk->ssl, bytes, sizeof(bytes))
                            : recv(talk->fd, bytes, sizeof(bytes), 0);
    if (got <= 0)
        talk_end(talk);
    talk->counters->received += got;
    if (talk->seen_len + (size_t)got > sizeof(talk->seen)) {
        size_t kept = sizeof(talk->seen) / 2;
        memmove(talk->seen, talk->seen + talk->seen_len - kept, kept);
        talk->seen_len = kept;
    }
    memcpy(talk->seen + talk->seen_len, bytes, (size_t)got);
    talk->seen_len += (size_t)got;
}

/* Sends all of it, reading meanwhile whatever the other side says. */
static void talk_send(struct talk *talk, const void *data, size_t len)
{
    const char *bytes = data;

    while (len > 0) {
        struct pollfd poller = {.fd = talk->fd, .events = POLLIN | POLLOUT};
        ssize_t done;

        if (poll(&poller, 1, -1) < 0 && errno != EINTR)
            talk_end(talk);
        if (poller.revents & (POLLIN | POLLHUP | POLLERR))
            talk_read(talk, 0);
        if (!(poller.revents & POLLOUT))
            continue;
        done = talk->ssl != NULL ? SSL_write(talk->ssl, bytes, (int)len)
                                 : send(talk->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done < 0 && talk->ssl == NULL && errno == EAGAIN)
            continue;
        if (done <= 0)
            talk_end(talk);
        talk->counters->sent += done;
        bytes += done;
        len -= (size_t)done;
    }
}

static void talk_line(struct talk *talk, const struct hostile_line *line)
{
    size_t wanted = line->expect == NULL ? 0 : strlen(line->expect);
    const char *found = NULL;

    while (line->expect != NULL && found == NULL) {
        if (talk->seen_len > 0)
            found = memmem(talk->seen, talk->seen_len, line->expect, wanted);
        if (found == NULL)
            talk_read(talk, -1);
    }
    if (line->expect != NULL)
        talk->seen_len = 0;
    talk_send(talk, line->answer, line->len);
}

static void talk_handshake(struct talk *talk)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL || SSL_CTX_use_certificate_chain_file(context, talk->spec->cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, talk->spec->key, SSL_FILETYPE_PEM) != 1)
        BL_BUG("test: no certificate in %s, %s", talk->spec->cert, talk->spec->key);
    talk->ssl = SSL_new(context);
    SSL_set_fd(talk->ssl, talk->fd);
    if (SSL_accept(talk->ssl) != 1)
        talk_end(talk);
}

static void talk_garbage(struct talk *talk)
{
    char bytes[4096];
    uint32_t state = 2463534242U;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes[i] = (char)(state >> 24);
    }
    talk_send(talk, bytes, sizeof(bytes));
}

static void talk_slowly(struct talk *talk, const char *filler, size_t len)
{
    for (size_t i = 0;; i = (i + 1) % len) {
        struct timespec until, now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        until = now;
        until.tv_sec++;
        while (now.tv_sec < until.tv_sec ||
               (now.tv_sec == until.tv_sec && now.tv_nsec < until.tv_nsec)) {
            talk_read(talk, 50);
            clock_gettime(CLOCK_MONOTONIC, &now);
        }
        talk_send(talk, filler + i, 1);
    }
}

static void talk_flood(struct talk *talk, const char *filler, size_t len)
{
    int64_t left = talk->spec->limit > 0 ? talk->spec->limit : INT64_C(1) << 30;
    size_t copies = len < 65536 ? 65536 / len : 1;
    char *block = bl_alloc(copies * len);

    for (size_t i = 0; i < copies; i++)
        memcpy(block + i * len, filler, len);
    while (left > 0) {
        talk_send(talk, block, copies * len);
        left -= (int64_t)(copies * len);
    }
}

/* The bad part, up to where the connection is left alone or closed. */
static void talk_misbehave(struct talk *talk)
{
    const struct hostile_spec *spec = talk->spec;
    const char *filler = spec->filler != NULL ? spec->filler : "x";
    size_t filler_len = spec->filler != NULL ? spec->filler_len : 1;

    talk_send(talk, spec->head, spec->head_len);
    switch (spec->kind) {
    case HOSTILE_GARBAGE:
        talk_garbage(talk);
        break;
    case HOSTILE_SLOW:
        talk_slowly(talk, filler, filler_len);
        break;
    case HOSTILE_FLOOD:
        talk_flood(talk, filler, filler_len);
        break;
    case HOSTILE_RESET: /* it discards what the other side has not read yet */
        usleep(spec->head_len > 0 ? 100000 : 0);
        break;
    default:
        break;
    }
}

static void talk_run(struct talk *talk)
{
    const struct hostile_spec *spec = talk->spec;

    for (size_t i = 0; i <= spec->line_count; i++) {
        if (spec->cert != NULL && i == spec->plain_lines)
            talk_handshake(talk);
        if (i < spec->line_count)
            talk_line(talk, &spec->lines[i]);
    }
    talk_misbehave(talk);
    while (spec->kind == HOSTILE_SILENT || spec->kind == HOSTILE_GARBAGE)
        talk_read(talk, -1);
    talk_end(talk);
}

/* Every process of a peer ends with the one that made it. */
static void peer_prepare(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
}

/* The test's own connections must end when the test ends them. Pipes stay: libuv goes on using
 * some after a fork. */
static void peer_close_sockets(int keep)
{
    struct stat status;

    for (int fd = 3; fd < 256; fd++) {
        if (fd != keep && fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode))
            close(fd);
    }
}

static _Noreturn void peer_run(int listener, const struct hostile_spec *spec,
                               struct counters *counters)
{
    pid_t self = getpid();

    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    peer_close_sockets(listener);
    for (;;) {
        struct talk talk = {.spec = spec, .counters = counters};

        talk.fd = accept(listener, NULL, NULL);
        if (talk.fd < 0)
            continue;
        counters->open++; /* first, so that whoever sees it accepted sees it open */
        counters->accepted++;
        if (fork() == 0) {
            peer_prepare(self);
            close(listener);
            talk_run(&talk);
        }
        close(talk.fd);
    }
}

static int listen_tcp(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 256) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        BL_BUG("test: cannot listen on 127.0.0.1: %s", strerror(errno));
    *port = ntohs(address.sin_port);
    return fd;
}

static int listen_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, 256) != 0)
        BL_BUG("test: cannot listen on %s: %s", path, strerror(errno));
    return fd;
}

struct hostile *hostile_start(const struct hostile_spec *spec)
{
    struct hostile *hostile = bl_alloc(sizeof(*hostile));
    pid_t parent = getpid();
    int listener;

    hostile->counters = mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (hostile->counters == MAP_FAILED)
        BL_BUG("test: no shared memory");
    hostile->path = bl_strdup(spec->path);
    listener = spec->path != NULL ? listen_unix(spec->path) : listen_tcp(&hostile->port);
    hostile->pid = fork();
    if (hostile->pid < 0)
        BL_BUG("test: cannot fork: %s", strerror(errno));
    if (hostile->pid == 0) {
        setpgid(0, 0);
        peer_prepare(parent);
        peer_run(listener, spec, hostile->counters);
    }
    setpgid(hostile->pid, hostile->pid);
    close(listener);
    return hostile;
}

int hostile_port(const struct hostile *hostile)
{
    return hostile->port;
}

struct hostile_count hostile_count(const struct hostile *hostile)
{
    struct counters *now = hostile->counters;

    return (struct hostile_count){now->accepted, now->open, now->received, now->sent};
}

bool hostile_wait_idle(const struct hostile *hostile, int millis)
{
    struct counters *now = hostile->counters;

    for (int waited = 0; waited < millis; waited += 5) {
        if (now->accepted > 0 && now->open == 0)
            return true;
        usleep(5000);
    }
    return false;
}

void hostile_stop(struct hostile *hostile)
{
    kill(-hostile->pid, SIGKILL);
    while (waitpid(hostile->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    munmap(hostile->counters, sizeof(struct counters));
    if (hostile->path != NULL)
        unlink(hostile->path);
    bl_free(hostile->path);
    bl_free(hostile);
}

int hostile_closed_port(void)
{
    int port = 0;

    close(listen_tcp(&port));
    return port;
}

static int count_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;

    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count - 2; /* . and .. */
}

int hostile_fd_count(void)
{
    return count_entries("/proc/self/fd") - 1; /* the folder's own */
}

int hostile_thread_count(void)
{
    return count_entries("/proc/self/task");
}

int64_t hostile_rss(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long long pages = 0;

    if (file == NULL || fscanf(file, "%*d %lld", &pages) != 1)
        BL_BUG("test: no /proc/self/statm");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}
