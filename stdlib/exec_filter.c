/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_filter.c: the system calls that a command in the sandbox may make. */
#include "base/prefix.h"

#include "exec_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Up to here a number without a name in libseccomp is a call that the kernel does not have. */
#define FILTER_NUMBERS 640

/* Refused as not permitted. */
static const char *const denied[] = {
    /* the network, and every daemon of this machine */
    "socket",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "socketcall",
    /* ways around this filter */
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "process_madvise",
    "kcmp",
    "userfaultfd",
    /* another view of the system */
    "unshare",
    "setns",
    "mount",
    "umount",
    "umount2",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "pivot_root",
    "chroot",
    "swapon",
    "swapoff",
    "open_by_handle_at",
    "name_to_handle_at",
    "fanotify_init",
    "fanotify_mark",
    /* the kernel and the machine */
    "bpf",
    "perf_event_open",
    "keyctl",
    "add_key",
    "request_key",
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "syslog",
    "acct",
    "quotactl",
    "quotactl_fd",
    "nfsservctl",
    "lookup_dcookie",
    "iopl",
    "ioperm",
    "settimeofday",
    "stime",
    "clock_settime",
    "clock_settime64",
    "clock_adjtime",
    "clock_adjtime64",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "vhangup",
    "_sysctl",
    "sysfs",
    "uselib",
    "modify_ldt",
    "vm86",
    "vm86old",
    "sync",
    "syncfs",
    /* what a file is besides its bytes; devices are shared with the host */
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "chown32",
    "fchown32",
    "lchown32",
    "utime",
    "utimes",
    "futimesat",
    "utimensat",
    "utimensat_time64",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "mknod",
    "mknodat",
};

/* Refused as not there: programs have another way for these. */
static const char *const absent[] = {
    "clone3",                       /* its flags cannot be looked at */
    "openat2",                      /* likewise */
    "memfd_create", "memfd_secret", /* memory that belongs to no process */
    "shmget",       "shmat",        "msgget", "semget", "ipc", /* likewise */
    "mq_open",
};

static int filter_name(scmp_filter_ctx filter, uint32_t error, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    return number < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), number, 0);
}

static int filter_names(scmp_filter_ctx filter)
{
    int bad = 0;

    for (size_t i = 0; i < BL_COUNT(denied); i++)
        bad |= filter_name(filter, EPERM, denied[i]);
    for (size_t i = 0; i < BL_COUNT(absent); i++)
        bad |= filter_name(filter, ENOSYS, absent[i]);
    for (int number = 0; number < FILTER_NUMBERS; number++) {
        char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), number);
        if (name == NULL)
            bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
        free(name);
    }
    return bad;
}

/* Refuses a call when the bits of one argument are these. */
static int filter_bits(scmp_filter_ctx filter, const char *name, unsigned argument,
                       uint64_t mask, uint64_t bits)
{
    struct scmp_arg_cmp when = SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, bits);
    int number = seccomp_syscall_resolve_name(name);

    return number < 0 ? 0
                      : seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), number, 1, &when);
}

/* Calls that are refused with some arguments only. */
static int filter_arguments(scmp_filter_ctx filter)
{
    static const uint64_t spaces[] = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
                                      CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
                                      CLONE_NEWNET};
    static const uint64_t controls[] = {TIOCSTI, TIOCLINUX, TIOCSETD, TIOCCONS};
    int bad = 0;

    for (size_t i = 0; i < BL_COUNT(spaces); i++)
        bad |= filter_bits(filter, "clone", 0, spaces[i], spaces[i]);
    for (size_t i = 0; i < BL_COUNT(controls); i++)
        bad |= filter_bits(filter, "ioctl", 1, UINT32_MAX, controls[i]);
    bad |= filter_bits(filter, "flock", 1, LOCK_EX, LOCK_EX);
    bad |= filter_bits(filter, "fcntl", 1, UINT32_MAX, F_SETLEASE);
    /* A pair of datagram sockets could be sent anywhere; one of streams has its peer for ever.
     */
    for (uint64_t type = 0; type < 16; type++) {
        if (type != SOCK_STREAM)
            bad |= filter_bits(filter, "socketpair", 1, 0xf, type);
    }
    return bad;
}

enum bl_code bl_exec_filter(int fd, struct bl_error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int bad = filter == NULL ? -ENOMEM : 0;

    if (bad == 0)
        bad = filter_names(filter);
    if (bad == 0)
        bad = filter_arguments(filter);
    if (bad == 0)
        bad = seccomp_export_bpf(filter, fd);
    if (filter != NULL)
        seccomp_release(filter);
    if (bad != 0)
        return bl_fail(err, BL_E_IO, "the filter of system calls cannot be made: %s",
                       strerror(bad < 0 ? -bad : EINVAL));
    return BL_OK;
}
