/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* servers.c: starts real servers for a test on free ports, and ends them whatever happens. */
#include "base/prefix.h"

#include "support/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERVER_STOP, SERVER_AGAIN }; /* what a keeper is told */

static void server_sleep(int millis)
{
    struct timespec span = {.tv_nsec = millis * 1000000L};

    nanosleep(&span, NULL);
}

int test_free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        BL_BUG("test: no free port: %s", strerror(errno));
    close(fd);
    return ntohs(at.sin_port);
}

bool test_server_listens(struct test_server *server)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)server->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;

    if (fd >= 0)
        close(fd);
    return is_there;
}

char *test_server_log(const struct test_server *server)
{
    FILE *file = fopen(server->log, "rb");
    size_t room = 1 << 20, got = 0;
    char *text = bl_alloc(room + 1);

    if (file != NULL) {
        got = fread(text, 1, room, file);
        fclose(file);
    }
    text[got] = '\0';
    return text;
}

static void server_give_up(const struct test_server *server, const char *what)
{
    char *log = test_server_log(server);
    size_t len = strlen(log);

    BL_BUG("test: %s %s; its log ends:\n%s", server->name, what,
           log + (len > 3000 ? len - 3000 : 0));
}

const char *test_server_path(const struct test_server *server, const char *file)
{
    static char paths[4][160];
    static unsigned next;
    char *path = paths[next++ % BL_COUNT(paths)];

    snprintf(path, sizeof(paths[0]), "%s/%s", server->folder, file);
    return path;
}

static const struct passwd *server_user(const struct test_server *server)
{
    const struct passwd *user = NULL;

    if (server->user != NULL)
        user = getpwnam(server->user);
    if (user == NULL)
        user = getpwnam("nobody");
    return user;
}

static void server_own(const struct test_server *server, const char *path)
{
    const struct passwd *user = server->user == NULL ? NULL : server_user(server);

    if (user != NULL && chown(path, user->pw_uid, user->pw_gid) != 0)
        BL_BUG("test: chown %s: %s", path, strerror(errno));
}

void test_server_open(struct test_server *server, const char *name, const char *user)
{
    FILE *log;

    *server =
        (struct test_server){.name = name, .user = geteuid() == 0 ? user : NULL, .hold = -1};
    snprintf(server->folder, sizeof(server->folder), "/tmp/belay-test-%s-XXXXXX", name);
    if (mkdtemp(server->folder) == NULL)
        BL_BUG("test: mkdtemp %s: %s", server->folder, strerror(errno));
    server_own(server, server->folder);
    snprintf(server->log, sizeof(server->log), "%s/log", server->folder);
    log = fopen(server->log, "wb");
    if (log != NULL)
        fclose(log);
    server_own(server, server->log);
    server->port = test_free_port();
}

void test_server_write(struct test_server *server, const char *file, const char *text)
{
    const char *path = test_server_path(server, file);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(text);

    if (fd < 0 || write(fd, text, len) != (ssize_t)len)
        BL_BUG("test: write %s: %s", path, strerror(errno));
    close(fd);
    server_own(server, path);
}

/* A keeper outlives what ends a test's processes; its server hears signals as usual. */
static void server_hear(void (*how)(int))
{
    signal(SIGTERM, how);
    signal(SIGINT, how);
    signal(SIGHUP, how);
}

/* In the child: becomes the server's user and the program. */
static _Noreturn void server_exec(const struct test_server *server, const char *const *argv,
                                  const char *const *environment)
{
    static char home[80], path[] = "PATH=/usr/bin:/bin:/usr/sbin:/sbin", lang[] = "LC_ALL=C";
    char *all[20] = {path, lang, home};
    const struct passwd *user = server->user == NULL ? NULL : server_user(server);
    int out = open(server->log, O_WRONLY | O_APPEND), in = open("/dev/null", O_RDONLY);

    snprintf(home, sizeof(home), "HOME=%s", server->folder);
    for (size_t i = 0; environment != NULL && environment[i] != NULL && i < 16; i++)
        all[3 + i] = (char *)(uintptr_t)environment[i];
    server_hear(SIG_DFL);
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    close_range(3, ~0U, 0);
    setsid();
    if (chdir(server->folder) == 0 &&
        (user == NULL ||
         (setgroups(0, NULL) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0)))
        execvpe(argv[0], (char *const *)(uintptr_t)argv, all);
    dprintf(2, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

void test_server_run(struct test_server *server, const char *const *argv,
                     const char *const *environment)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0)
        server_exec(server, argv, environment);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        server_give_up(server, "cannot be prepared");
}

static int server_remove_one(const char *path, const struct stat *info, int type,
                             struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

/* The keeper's end: the server gets a few seconds after its signal, then no more. */
static void server_end(pid_t pid, int stop_signal)
{
    kill(pid, stop_signal);
    for (int i = 0; i < 1000 && waitpid(pid, NULL, WNOHANG) == 0; i++) {
        if (i == 800)
            kill(-pid, SIGKILL);
        server_sleep(10);
    }
    kill(-pid, SIGKILL); /* children that outlived it in its session */
}

/* In the keeper: starts the server and says its pid. */
static pid_t server_begin(const struct test_server *server, const char *const *argv,
                          const char *const *environment)
{
    pid_t pid = fork();

    if (pid == 0)
        server_exec(server, argv, environment);
    if (write(4, &pid, sizeof(pid)) < 0)
        pid = -1;
    return pid;
}

/* In the keeper: the next order; the end of the pipe says stop. */
static char server_order(void)
{
    char byte = SERVER_STOP;

    while (read(3, &byte, 1) < 0 && errno == EINTR)
        continue;
    return byte;
}

/* The keeper: parent of the server, ends it when the pipe's other end is closed. */
static _Noreturn void server_keep(const struct test_server *server, const char *const *argv,
                                  const char *const *environment, const int pipes[3])
{
    int stop_signal = pipes[2];
    pid_t pid;

    dup2(pipes[0], 3);
    dup2(pipes[1], 4);
    close_range(5, ~0U, 0);
    setsid();
    signal(SIGPIPE, SIG_IGN);
    server_hear(SIG_IGN);
    pid = server_begin(server, argv, environment);
    while (server_order() == SERVER_AGAIN && pid > 0) {
        server_end(pid, SIGKILL);
        pid = server_begin(server, argv, environment);
    }
    if (pid > 0)
        server_end(pid, stop_signal);
    nftw(server->folder, server_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

static void server_hear_pid(struct test_server *server)
{
    if (read(server->tell, &server->pid, sizeof(server->pid)) != (ssize_t)sizeof(server->pid))
        server_give_up(server, "cannot be started");
}

void test_server_spawn(struct test_server *server, const char *const *argv,
                       const char *const *environment, int stop_signal)
{
    int hold[2], tell[2];

    signal(SIGPIPE, SIG_IGN);
    if (pipe2(hold, O_CLOEXEC) != 0 || pipe2(tell, O_CLOEXEC) != 0)
        BL_BUG("test: pipe: %s", strerror(errno));
    server->keeper = fork();
    if (server->keeper == 0) {
        int pipes[3] = {fcntl(hold[0], F_DUPFD_CLOEXEC, 10),
                        fcntl(tell[1], F_DUPFD_CLOEXEC, 10), stop_signal};
        server_keep(server, argv, environment, pipes);
    }
    close(hold[0]);
    close(tell[1]);
    server->hold = hold[1];
    server->tell = tell[0];
    if (server->keeper < 0)
        server_give_up(server, "cannot be started");
    server_hear_pid(server);
}

void test_server_revive(struct test_server *server)
{
    char again = SERVER_AGAIN;

    if (write(server->hold, &again, 1) != 1)
        server_give_up(server, "cannot be started again");
    server_hear_pid(server);
}

void test_server_await(struct test_server *server, bool (*is_ready)(struct test_server *server),
                       int seconds)
{
    for (int i = 0; i < seconds * 50; i++) {
        if (is_ready(server))
            return;
        server_sleep(20);
    }
    server_give_up(server, "is not ready in time");
}

void test_server_kill(struct test_server *server)
{
    kill(server->pid, SIGKILL);
    for (int i = 0; i < 500 && test_server_listens(server); i++)
        server_sleep(10);
}

void test_server_stop(struct test_server *server)
{
    if (server->keeper > 0) {
        /* a byte, since children of the test may hold the pipe as well */
        if (write(server->hold, (char[]){SERVER_STOP}, 1) != 1)
            fprintf(stderr, "test: the keeper of %s is gone\n", server->name);
        close(server->hold);
        close(server->tell);
        waitpid(server->keeper, NULL, 0);
    }
    server->keeper = 0;
    server->pid = 0;
    server->hold = -1;
}
