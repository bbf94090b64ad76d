/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_servers.c: the servers that other tests start are real, and are gone afterwards. */
#include "base/prefix.h"

#include "support/servers.h"

#include <setjmp.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Gone: nobody listens, the process is not there, the folder neither. */
static void assert_gone(struct test_server *server, pid_t pid)
{
    assert_false(test_server_listens(server));
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(access(server->folder, F_OK), -1);
}

static void test_servers__stop_leaves_nothing(void **state)
{
    struct test_server postgres, redis;
    pid_t pids[2];

    (void)state;
    test_postgres_start(&postgres);
    test_redis_start(&redis, "maxmemory 64mb\n");
    pids[0] = postgres.pid;
    pids[1] = redis.pid;
    assert_true(test_server_listens(&postgres));
    assert_true(test_server_listens(&redis));
    test_server_stop(&postgres);
    assert_gone(&postgres, pids[0]);
    assert_true(test_server_listens(&redis));
    test_server_stop(&redis);
    assert_gone(&redis, pids[1]);
    test_server_stop(&redis); /* harmless */
}

/* A test that is killed cannot tidy up: the keeper does. */
static void test_servers__killed_test_leaves_nothing(void **state)
{
    struct test_server redis = {0};
    int told[2];
    pid_t child;

    (void)state;
    assert_int_equal(pipe(told), 0);
    child = fork();
    if (child == 0) {
        test_redis_start(&redis, NULL);
        if (write(told[1], &redis, sizeof(redis)) < 0)
            _exit(1);
        pause();
    }
    assert_int_equal(read(told[0], &redis, sizeof(redis)), sizeof(redis));
    assert_true(test_server_listens(&redis));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 500 && access(redis.folder, F_OK) == 0; i++)
        usleep(10000);
    assert_gone(&redis, redis.pid);
    close(told[0]);
    close(told[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers__stop_leaves_nothing),
        cmocka_unit_test(test_servers__killed_test_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
