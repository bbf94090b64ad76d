/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_docker_hostile.c: the docker module against engines that behave badly. */
#include "base/prefix.h"

#include "support/hostile.h"
#include "support/op.h"
#include "support/scratch.h"

#include <dlfcn.h>
#include <poll.h>
#include <setjmp.h>
#include <sys/socket.h>

#include <cmocka.h>

#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
#define VERSION_ANSWER                                                                         \
    JSON_HEAD "45\r\n\r\n{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}     "

/* The well-behaved beginning: the versions, then any request. */
static const struct hostile_line asked[] = {
    {"GET /version", VERSION_ANSWER, sizeof(VERSION_ANSWER) - 1}, {"\r\n\r\n", "", 0}};

/* An answer of 8 MiB is held in a buffer that doubles; the sanitizer keeps what was freed. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MAX (100 << 20)
#else
#define MEMORY_MAX (24 << 20)
#endif

/* While true, libcurl looks at a connection only when the peer has ended it again: what
 * otherwise happens on a busy machine only. */
static bool is_late;

/* libcurl's calls come here too: a program's own name goes before the library's. */
__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *address,
                                                   socklen_t size)
{
    union {
        void *symbol;
        int (*call)(int fd, const struct sockaddr *address, socklen_t size);
    } real = {.symbol = dlsym(RTLD_NEXT, "connect")};
    struct pollfd ended = {.fd = fd};
    int status = real.call(fd, address, size);

    if (is_late)
        poll(&ended, 1, 10000);
    return status;
}

struct expected {
    const char *operation, *args;
    enum bl_status status;
    enum bl_code code;
    const char *part;
};

static struct hostile_spec after_version(enum hostile_kind kind, const char *head)
{
    return (struct hostile_spec){
        .kind = kind, .lines = asked, .line_count = 2, .head = head, .head_len = strlen(head)};
}

static void meet(const char *folder, struct hostile_spec *spec, const struct expected *expected)
{
    char path[120], settings[200];
    int fds = hostile_fd_count(), threads = hostile_thread_count();
    int64_t memory = hostile_rss();
    struct hostile *peer;
    struct test_run run;
    struct bl_outcome outcome;

    snprintf(path, sizeof(path), "%s/docker.sock", folder);
    snprintf(settings, sizeof(settings), "{\"socket\": \"%s\", \"timeout\": %s}", path,
             expected->code == BL_E_TIMEOUT ? "0.7" : "60");
    spec->path = path;
    peer = hostile_start(spec);
    test_run_open(&run, "docker", settings);
    outcome = test_op(&run, expected->operation, expected->args);
    if (outcome.status != expected->status || outcome.error.code != expected->code ||
        strstr(outcome.error.message, expected->part) == NULL)
        fail_msg("status %d, %s: %s", (int)outcome.status, bl_code_name(outcome.error.code),
                 outcome.error.message);
    bl_outcome_release(&outcome);
    assert_true(bl_loop_longest(run.loop) < 20000);
    test_run_close(&run);
    assert_int_equal(hostile_fd_count(), fds);
    assert_int_equal(hostile_thread_count(), threads);
    assert_true(hostile_rss() - memory < MEMORY_MAX);
    assert_true(hostile_wait_idle(peer, 10000));
    assert_int_equal(hostile_count(peer).accepted, 1);
    hostile_stop(peer);
}

static void test_hostile__never_answers(void **state)
{
    struct hostile_spec spec = {.kind = HOSTILE_SILENT};

    meet(*state, &spec,
         &(struct expected){"list", "[]", BL_FAILED, BL_E_TIMEOUT,
                            "while waiting for the answer of GET /version"});
    spec = (struct hostile_spec){.kind = HOSTILE_SILENT};
    meet(*state, &spec, /* nothing was sent yet that changes anything */
         &(struct expected){"stop", "[\"a\", {\"timeout\": 0.7}]", BL_FAILED, BL_E_TIMEOUT,
                            "/version"});
}

static void test_hostile__a_byte_a_second(void **state)
{
    struct hostile_spec spec = {.kind = HOSTILE_SLOW, .head = JSON_HEAD, .head_len = 70};

    spec.head_len = strlen(spec.head);
    meet(*state, &spec,
         &(struct expected){"list", "[]", BL_FAILED, BL_E_TIMEOUT, "timed out after 700 ms"});
}

static void test_hostile__a_gigabyte(void **state)
{
    struct hostile_spec spec = {.kind = HOSTILE_FLOOD};
    const char *head = "HTTP/1.1 200 OK\r\n\r\n";

    spec.head = head;
    spec.head_len = strlen(head);
    meet(*state, &spec,
         &(struct expected){"list", "[]", BL_FAILED, BL_E_TOO_LARGE, "larger than 8 MiB"});
}

static void test_hostile__malformed(void **state)
{
    struct hostile_spec spec = {.kind = HOSTILE_GARBAGE};

    meet(*state, &spec, &(struct expected){"list", "[]", BL_FAILED, BL_E_PROTOCOL, "not HTTP"});
    spec = after_version(HOSTILE_SILENT, "");
    spec.lines = NULL;
    spec.line_count = 0;
    spec.head = JSON_HEAD "5\r\n\r\nhello";
    spec.head_len = strlen(spec.head);
    meet(*state, &spec,
         &(struct expected){"list", "[]", BL_FAILED, BL_E_PARSE, "is this a Docker Engine?"});
    spec.head = JSON_HEAD "2\r\n\r\n{}";
    spec.head_len = strlen(spec.head);
    meet(*state, &spec,
         &(struct expected){"list", "[]", BL_FAILED, BL_E_UNSUPPORTED, "speaks interface"});
    spec.head = JSON_HEAD "45\r\n\r\n{\"ApiVersion\":\"1.99\",\"MinAPIVersion\":\"1.90\"}     ";
    spec.head_len = strlen(spec.head);
    meet(*state, &spec,
         &(struct expected){"list", "[]", BL_FAILED, BL_E_UNSUPPORTED, "1.90 to 1.99"});
}

static void test_hostile__closes_in_the_middle(void **state)
{
    struct hostile_spec spec = after_version(HOSTILE_CLOSE, JSON_HEAD "100\r\n\r\n{");

    spec.lines = &asked[1]; /* reads the request: a close before that is another case */
    spec.line_count = 1;
    meet(*state, &spec,
         &(struct expected){"list", "[]", BL_FAILED, BL_E_CLOSED, "in the middle"});
}

static void test_hostile__closes_at_once(void **state)
{
    struct hostile_spec spec = {.kind = HOSTILE_CLOSE};

    is_late = true;
    meet(*state, &spec,
         &(struct expected){"list", "[]", BL_FAILED, BL_E_CLOSED, "was closed at once"});
    meet(*state, &spec, /* nothing was sent that changes anything */
         &(struct expected){"stop", "[\"a\"]", BL_FAILED, BL_E_CLOSED, "was closed at once"});
    is_late = false;
}

/* A change goes over a fresh socket; a peer that plays each line anew for each connection sees
 * it first there. */
static void test_hostile__a_change_that_gets_no_answer_is_in_doubt(void **state)
{
    static const char wait[] = "/stop";
    const struct hostile_line lines[] = {
        {"GET /version", VERSION_ANSWER, sizeof(VERSION_ANSWER) - 1}, {wait, "", 0}};
    struct hostile_spec spec = {.kind = HOSTILE_CLOSE, .lines = lines, .line_count = 2};
    char path[120], settings[200];
    struct hostile *peer;
    struct test_run run;
    struct bl_outcome outcome;

    snprintf(path, sizeof(path), "%s/docker.sock", (const char *)*state);
    snprintf(settings, sizeof(settings), "{\"socket\": \"%s\"}", path);
    spec.path = path;
    peer = hostile_start(&spec);
    test_run_open(&run, "docker", settings);
    outcome = test_op(&run, "stop", "[\"a\", {\"timeout\": 0.5}]");
    assert_int_equal(outcome.status, BL_UNKNOWN);
    assert_int_equal(outcome.error.code, BL_E_TIMEOUT);
    test_run_close(&run);
    hostile_stop(peer);
}

static void test_hostile__nobody_listens(void **state)
{
    char settings[200];
    struct test_run run;
    struct bl_outcome outcome;

    snprintf(settings, sizeof(settings), "{\"socket\": \"%s/none.sock\"}",
             (const char *)*state);
    test_run_open(&run, "docker", settings);
    outcome = test_op(&run, "list", "[]");
    assert_int_equal(outcome.error.code, BL_E_REFUSED);
    assert_non_null(strstr(outcome.error.message, "none.sock"));
    assert_non_null(strstr(outcome.error.message, "is the service running?"));
    test_run_close(&run);
}

static void test_hostile__cancel_leaves_nothing(void **state)
{
    struct hostile_spec spec = {.kind = HOSTILE_SILENT};
    char path[120], settings[200];
    int fds = hostile_fd_count();
    struct hostile *peer;
    struct test_run run;
    struct bl_outcome outcome;
    bool is_done;

    snprintf(path, sizeof(path), "%s/docker.sock", (const char *)*state);
    snprintf(settings, sizeof(settings), "{\"socket\": \"%s\"}", path);
    spec.path = path;
    peer = hostile_start(&spec);
    test_run_open(&run, "docker", settings);
    for (int turns = 0; turns < 6; turns++) {
        struct bl_op *op = test_op_start(&run, "logs", "[\"a\"]", &outcome, &is_done);
        /* the last one has met the peer */
        for (int i = 0; i < turns || (turns == 5 && hostile_count(peer).accepted == 0); i++)
            bl_loop_turn(run.loop, false);
        bl_op_cancel(op, "a race was lost");
        test_op_wait(&run, &is_done);
        assert_int_equal(outcome.error.code, BL_E_CANCELLED);
    }
    test_run_close(&run);
    assert_int_equal(hostile_fd_count(), fds);
    assert_true(hostile_wait_idle(peer, 10000));
    hostile_stop(peer);
}

/* A stop takes its grace period and a margin, unless the author says how long. */
static void test_timeout__covers_the_grace_period(void **state)
{
    static const struct {
        const char *args;
        int64_t timeout;
    } cases[] = {{"[\"a\", {\"grace\": 60}]", 80000},
                 {"[\"a\", {\"grace\": 1}]", 30000},
                 {"[\"a\", {\"grace\": 60, \"timeout\": 5}]", 5000}};
    struct hostile_spec spec = {.kind = HOSTILE_SILENT};
    char path[120], settings[200];
    struct hostile *peer;
    struct test_run run;
    struct bl_outcome outcome;
    bool is_done;

    snprintf(path, sizeof(path), "%s/docker.sock", (const char *)*state);
    snprintf(settings, sizeof(settings), "{\"socket\": \"%s\"}", path);
    spec.path = path;
    peer = hostile_start(&spec);
    test_run_open(&run, "docker", settings);
    for (size_t i = 0; i < BL_COUNT(cases); i++) {
        struct bl_op *op = test_op_start(&run, "stop", cases[i].args, &outcome, &is_done);
        assert_in_range(op->call->timeout_ms, cases[i].timeout, cases[i].timeout + 100);
        assert_in_range(uv_timer_get_due_in(&op->deadline), cases[i].timeout - 500,
                        cases[i].timeout + 100);
        bl_op_cancel(op, "seen enough");
        test_op_wait(&run, &is_done);
    }
    test_run_close(&run);
    hostile_stop(peer);
}

static int prepare(void **state)
{
    (void)state;
    test_warm_up();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hostile__never_answers),
        TEST(test_hostile__a_byte_a_second),
        TEST(test_hostile__a_gigabyte),
        TEST(test_hostile__malformed),
        TEST(test_hostile__closes_in_the_middle),
        TEST(test_hostile__closes_at_once),
        TEST(test_hostile__a_change_that_gets_no_answer_is_in_doubt),
        TEST(test_hostile__nobody_listens),
        TEST(test_hostile__cancel_leaves_nothing),
        TEST(test_timeout__covers_the_grace_period),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
