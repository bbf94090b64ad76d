/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* engine.c: a private Docker Engine for a test. */
#include "base/prefix.h"

#include "support/engine.h"

#include "base/json.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUSYBOX "/bin/busybox"

static int engine_connect(const struct test_engine *engine)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 30};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", engine->socket);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool engine_send(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t done = send(fd, data, len, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        data += done;
        len -= (size_t)done;
    }
    return true;
}

int test_engine_call(const struct test_engine *engine, const char *method, const char *path,
                     const struct bl_buf *body, struct bl_buf *answer)
{
    int fd = engine_connect(engine), status = 0;
    struct bl_buf head, all;
    const char *end;
    char bytes[8192];
    ssize_t got;

    if (fd < 0)
        return 0;
    bl_buf_init(&head, 0);
    bl_buf_init(&all, 0);
    bl_buf_printf(&head, "%s %s HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n", method,
                  path);
    if (body != NULL)
        bl_buf_printf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                      *bl_buf_text(body) == '{' ? "application/json" : "application/x-tar",
                      body->len);
    bl_buf_text_add(&head, "\r\n");
    if (engine_send(fd, head.data, head.len) &&
        (body == NULL || engine_send(fd, body->data, body->len))) {
        while ((got = recv(fd, bytes, sizeof(bytes), 0)) > 0)
            bl_buf_add(&all, bytes, (size_t)got);
    }
    close(fd);
    if (sscanf(bl_buf_text(&all), "HTTP/1.%*d %3d", &status) != 1)
        status = 0;
    end = strstr(bl_buf_text(&all), "\r\n\r\n");
    if (answer != NULL && end != NULL)
        bl_buf_add(answer, end + 4, all.len - (size_t)(end + 4 - all.data));
    bl_buf_release(&head);
    bl_buf_release(&all);
    return status;
}

/* A root file system of busybox alone becomes the image. */
static void engine_make_image(struct test_engine *engine)
{
    static const char script[] =
        "mkdir -p root/bin root/tmp && cp " BUSYBOX " root/bin/busybox && "
        "for name in sh cat sleep echo env head yes seq printf wc true false id; do "
        "ln -s busybox root/bin/$name; done && tar -C root -cf image.tar .";
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct bl_buf tar;
    char bytes[65536];
    size_t got;
    FILE *file;

    test_server_run(&engine->server, argv, NULL);
    file = fopen(test_server_path(&engine->server, "image.tar"), "re");
    bl_buf_init(&tar, 0);
    while (file != NULL && (got = fread(bytes, 1, sizeof(bytes), file)) > 0)
        bl_buf_add(&tar, bytes, got);
    if (file != NULL)
        fclose(file);
    if (test_engine_call(engine, "POST", "/images/create?fromSrc=-&repo=belay-test&tag=1", &tar,
                         NULL) != 200)
        BL_BUG("test: the engine does not take an image");
    bl_buf_release(&tar);
}

static bool engine_is_possible(char *why, size_t size)
{
    const char *missing = NULL;

    if (geteuid() != 0)
        missing = "only root can start a Docker Engine";
    else if (access("/usr/sbin/dockerd", X_OK) != 0 && access("/usr/bin/dockerd", X_OK) != 0)
        missing = "dockerd is not installed";
    else if (access(BUSYBOX, X_OK) != 0)
        missing = BUSYBOX " is not installed";
    snprintf(why, size, "%s", missing != NULL ? missing : "");
    return missing == NULL;
}

/* A process that has ended waits as a zombie for its keeper. */
static bool engine_has_ended(const struct test_engine *engine)
{
    char path[60], text[200] = "";
    const char *state;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)engine->server.pid);
    file = fopen(path, "re");
    if (file == NULL)
        return true;
    state = fgets(text, sizeof(text), file) == NULL ? NULL : strrchr(text, ')');
    fclose(file);
    return state == NULL || strncmp(state, ") Z", 3) == 0;
}

bool test_engine_start(struct test_engine *engine, char *why, size_t size)
{
    char folder[5][120];
    static const char *const names[] = {"data", "exec", "dockerd.pid", "docker.sock"};
    bool is_up = false;

    if (!engine_is_possible(why, size))
        return false;
    test_server_open(&engine->server, "engine", "root");
    for (size_t i = 0; i < BL_COUNT(names); i++)
        snprintf(folder[i], sizeof(folder[0]), "%s/%s", engine->server.folder, names[i]);
    snprintf(engine->socket, sizeof(engine->socket), "%s", folder[3]);
    snprintf(folder[4], sizeof(folder[0]), "unix://%s/docker.sock", engine->server.folder);
    /* its own mounts, so that none is left when it has ended */
    const char *const argv[] = {"unshare",
                                "-m",
                                "dockerd",
                                "--data-root",
                                folder[0],
                                "--exec-root",
                                folder[1],
                                "--pidfile",
                                folder[2],
                                "-H",
                                folder[4],
                                "--oom-score-adjust=0",
                                "--iptables=false",
                                "--ip6tables=false",
                                "--bridge=none",
                                "--ip-forward=false",
                                NULL};
    test_server_spawn(&engine->server, argv, NULL, SIGTERM);
    for (int i = 0; i < 750 && !is_up && !engine_has_ended(engine); i++) {
        usleep(20000);
        is_up = test_engine_call(engine, "GET", "/_ping", NULL, NULL) == 200;
    }
    if (!is_up) {
        char *log = test_server_log(&engine->server);
        size_t len = strlen(log);
        snprintf(why, size, "dockerd does not start here: %s",
                 log + (len > 300 ? len - 300 : 0));
        bl_free(log);
        test_server_stop(&engine->server);
        return false;
    }
    engine_make_image(engine);
    return true;
}

void test_engine_stop(struct test_engine *engine)
{
    test_server_stop(&engine->server);
}

void test_engine_run(const struct test_engine *engine, const char *name, const char *script,
                     const char *more)
{
    struct bl_buf body, answer;
    char path[120];
    int status;

    bl_buf_init(&body, 0);
    bl_buf_init(&answer, 0);
    bl_buf_text_add(&body,
                    "{\"Image\":\"" TEST_IMAGE "\",\"StopTimeout\":0,\"Cmd\":[\"sh\",\"-c\",");
    bl_json_write_text(&body, script, strlen(script));
    bl_buf_printf(&body, "]%s}", more);
    snprintf(path, sizeof(path), "/containers/create?name=%s", name);
    status = test_engine_call(engine, "POST", path, &body, &answer);
    if (status != 201)
        BL_BUG("test: container %s: %d %s", name, status, bl_buf_text(&answer));
    snprintf(path, sizeof(path), "/containers/%s/start", name);
    bl_buf_reset(&answer);
    status = test_engine_call(engine, "POST", path, NULL, &answer);
    if (status != 204)
        BL_BUG("test: start of %s: %d %s", name, status, bl_buf_text(&answer));
    bl_buf_release(&body);
    bl_buf_release(&answer);
}
