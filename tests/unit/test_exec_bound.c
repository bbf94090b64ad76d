/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_exec_bound.c: where the cgroup of a command is made, on trees that are made up. */
#include "base/prefix.h"

#include "exec_bound.h"
#include "support/op.h"

#include <errno.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char tree[] = "/tmp/belay-bound.XXXXXX"; /* plays /sys/fs/cgroup */

static void make_folder(const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", tree, name);
    if (mkdir(path, 0755) != 0)
        fail_msg("%s: %s", path, strerror(errno));
}

/* What a group shares out with those below it. */
static void share(const char *name, const char *controllers)
{
    char path[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s/cgroup.subtree_control", tree, name);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs(controllers, file);
    fclose(file);
}

/* Looks with a mount line whose root and type are given; expected NULL: nothing is found. */
static void assert_found(const char *own, const char *root, const char *type,
                         const char *expected)
{
    char mounts[PATH_MAX], folder[PATH_MAX], wanted[PATH_MAX];

    snprintf(mounts, sizeof(mounts),
             "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
             "30 23 0:26 %s %s rw,nosuid shared:4 - %s\n"
             "31 23 0:27 / /proc rw - proc proc rw\n",
             root, tree, type);
    if (!bl_bound_find(own, mounts, folder)) {
        if (expected != NULL)
            fail_msg("nothing found for %s", own);
        return;
    }
    if (expected == NULL)
        fail_msg("found %s for %s", folder, own);
    snprintf(wanted, sizeof(wanted), "%s%s", tree, expected);
    assert_string_equal(folder, wanted);
}

static void test_bound__v2_goes_up_to_where_processes_are_counted(void **state)
{
    static const char v2[] = "cgroup2 cgroup2 rw,nsdelegate";

    (void)state;
    assert_found("0::/system.slice/belay.service\n", "/", v2, "/system.slice");
    assert_found("0::/system.slice\n", "/", v2, "/system.slice");
    assert_found("0::/user.slice/session\n", "/", v2, NULL);
    assert_found("0::/\n", "/", v2, NULL);
    share("", "cpuset cpu pids\n");
    assert_found("0::/user.slice/session\n", "/", v2, "");
    assert_found("0::/\n", "/", v2, "");
    /* A part of the hierarchy is mounted: nothing above it is seen. */
    assert_found("0::/part/system.slice/belay.service\n", "/part", v2, "/system.slice");
    assert_found("0::/other/system.slice\n", "/part", v2, NULL);
    assert_found("0::/participant\n", "/part", v2, NULL);
    assert_found("0::/../outside\n", "/", v2, NULL);
    /* Words that only hold the name of the controller. */
    share("", "rapids pidsx\n");
    assert_found("0::/user.slice/session\n", "/", v2, NULL);
}

static void test_bound__v1_is_below_the_own_group(void **state)
{
    static const char own[] = "9:name=systemd:/\n8:cpu,pids:/system.slice\n4:memory:/x\n0::/\n";
    static const char systemd[] = "0::/\n1:name=pids:/\n";

    (void)state;
    assert_found(own, "/", "cgroup cgroup rw,cpu,pids", "/system.slice");
    assert_found("8:pids:/\n", "/", "cgroup cgroup rw,pids", "");
    assert_found("8:pids:/docker/abc\n", "/docker/abc", "cgroup cgroup rw,pids", "");
    /* The controller is v1's, so the groups of v2 cannot have it. */
    assert_found(own, "/", "cgroup2 cgroup2 rw", NULL);
    assert_found(own, "/", "cgroup cgroup rw,memory", NULL);
    assert_found(systemd, "/", "cgroup cgroup rw,name=pids", NULL);
    assert_found("", "/", "cgroup2 cgroup2 rw", NULL);
    assert_found("nothing that is known", "/", "cgroup2 cgroup2 rw", NULL);
}

static void test_bound__what_was_left_behind_is_removed(void **state)
{
    char name[64], path[PATH_MAX], alive[PATH_MAX], folder[PATH_MAX];
    pid_t gone = fork();

    (void)state;
    if (gone == 0)
        _exit(0);
    assert_int_equal(waitpid(gone, NULL, 0), gone);
    snprintf(folder, sizeof(folder), "%s/user.slice", tree);
    snprintf(name, sizeof(name), "user.slice/belay-%d-7", (int)getppid());
    snprintf(alive, sizeof(alive), "%s/%s", tree, name);
    make_folder(name);
    snprintf(name, sizeof(name), "user.slice/belay-%d-0", (int)gone);
    make_folder(name);
    make_folder("user.slice/belay-box-7");
    /* This is no cgroup, so none stands afterwards either. */
    assert_false(bl_bound_make(folder, path));
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof(path), "%s/%s", tree, name);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rmdir(alive), 0);
    snprintf(path, sizeof(path), "%s/user.slice/belay-box-7", tree);
    assert_int_equal(rmdir(path), 0);
    assert_false(bl_bound_make("/nowhere/at/all", path));
}

static int plant(void **state)
{
    (void)state;
    if (mkdtemp(tree) == NULL)
        return -1;
    make_folder("system.slice");
    make_folder("system.slice/belay.service");
    make_folder("user.slice");
    make_folder("user.slice/session");
    share("", "cpu memory\n");
    share("system.slice", "memory pids\n");
    share("system.slice/belay.service", "\n");
    share("user.slice", "");
    return 0;
}

static int fell(void **state)
{
    static const char *const names[] = {"system.slice/belay.service/cgroup.subtree_control",
                                        "system.slice/cgroup.subtree_control",
                                        "user.slice/cgroup.subtree_control",
                                        "cgroup.subtree_control",
                                        "system.slice/belay.service",
                                        "system.slice",
                                        "user.slice/session",
                                        "user.slice",
                                        ""};
    char path[PATH_MAX];
    int left = 0;

    (void)state;
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", tree, names[i]);
        left += remove(path) != 0;
    }
    return left == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound__v2_goes_up_to_where_processes_are_counted),
        cmocka_unit_test(test_bound__v1_is_below_the_own_group),
        cmocka_unit_test(test_bound__what_was_left_behind_is_removed),
    };

    return cmocka_run_group_tests(tests, plant, fell);
}
