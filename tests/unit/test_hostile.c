/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_hostile.c: the badly behaved peers do what they promise, so that other tests can rely on
 * them. */
#include "base/prefix.h"

#include "support/certificate.h"
#include "support/hostile.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Bytes read until the end or until nothing comes for `millis`; -1 after a reset. */
static ssize_t drain(int fd, int millis)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    char bytes[65536];
    ssize_t sum = 0, got;

    while (poll(&poller, 1, millis) > 0) {
        got = recv(fd, bytes, sizeof(bytes), 0);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        sum += got;
    }
    return sum;
}

static void test_hostile__lines_come_before_the_bad_part(void **state)
{
    const struct hostile_line lines[] = {{NULL, "hello\n", 6}, {"GO", "went\n", 5}};
    struct hostile *peer = hostile_start(&(struct hostile_spec){
        .kind = HOSTILE_CLOSE, .lines = lines, .line_count = 2, .head = "end", .head_len = 3});
    int fd = dial(hostile_port(peer));

    (void)state;
    assert_int_equal(drain(fd, 100), 6);
    assert_int_equal(send(fd, "xGOx", 4, 0), 4);
    assert_int_equal(drain(fd, 2000), 8);
    close(fd);
    assert_true(hostile_wait_idle(peer, 2000));
    assert_int_equal(hostile_count(peer).accepted, 1);
    assert_int_equal(hostile_count(peer).received, 4);
    hostile_stop(peer);
}

static void test_hostile__kinds_differ(void **state)
{
    struct hostile *flood =
        hostile_start(&(struct hostile_spec){.kind = HOSTILE_FLOOD, .limit = 1 << 20});
    struct hostile *silent = hostile_start(&(struct hostile_spec){.kind = HOSTILE_SILENT});
    struct hostile *garbage = hostile_start(&(struct hostile_spec){.kind = HOSTILE_GARBAGE});
    struct hostile *reset = hostile_start(&(struct hostile_spec){.kind = HOSTILE_RESET});
    int fd;

    (void)state;
    fd = dial(hostile_port(flood));
    assert_int_equal(drain(fd, 2000), 1 << 20);
    close(fd);
    fd = dial(hostile_port(silent));
    assert_int_equal(drain(fd, 50), 0);
    assert_int_equal(hostile_count(silent).open, 1);
    close(fd);
    assert_true(hostile_wait_idle(silent, 2000));
    fd = dial(hostile_port(garbage));
    assert_int_equal(drain(fd, 100), 4096);
    close(fd);
    fd = dial(hostile_port(reset));
    assert_int_equal(drain(fd, 2000), -1);
    close(fd);
    hostile_stop(flood);
    hostile_stop(silent);
    hostile_stop(garbage);
    hostile_stop(reset);
}

static void test_hostile__a_byte_a_second(void **state)
{
    struct hostile *peer = hostile_start(&(struct hostile_spec){
        .kind = HOSTILE_SLOW, .head = "12345", .head_len = 5, .filler = "ab", .filler_len = 2});
    int fd = dial(hostile_port(peer));

    (void)state;
    assert_int_equal(drain(fd, 500), 5);
    assert_int_equal(drain(fd, 800), 1);
    close(fd);
    assert_true(hostile_wait_idle(peer, 2000));
    hostile_stop(peer);
}

static void test_hostile__nobody_listens_on_a_closed_port(void **state)
{
    (void)state;
    assert_int_equal(dial(hostile_closed_port()), -1);
    assert_int_equal(errno, ECONNREFUSED);
}

static void test_certificate__files_are_written(void **state)
{
    char folder[] = "/tmp/belay-test-XXXXXX", path[64];
    static const char *const names[] = {"ca.pem", "ca.key", "late.pem", "late.key"};

    (void)state;
    assert_non_null(mkdtemp(folder));
    certificate_authority(folder, "ca");
    certificate_server(folder, "ca", "late", "127.0.0.1", -1);
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile__lines_come_before_the_bad_part),
        cmocka_unit_test(test_hostile__kinds_differ),
        cmocka_unit_test(test_hostile__a_byte_a_second),
        cmocka_unit_test(test_hostile__nobody_listens_on_a_closed_port),
        cmocka_unit_test(test_certificate__files_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
