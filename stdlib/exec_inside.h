/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exec_inside.h: what the engine and the program inside a command's sandbox write for each
 * other. */
#ifndef BL_EXEC_INSIDE_H
#define BL_EXEC_INSIDE_H

#include "base/prefix.h"

/*
 * The program inside is the first process of the sandbox's PID namespace, so the command can
 * neither end nor stop it. It checks that it is in a sandbox at all, adds what bubblewrap
 * cannot (Landlock, limits), starts the command, watches how many processes and how much memory
 * there are, and ends with the command: then the kernel ends whatever is left. Both sides share
 * one file without a name: the report, the order behind it, and then the texts of the order,
 * each with its NUL: the program's path, its arguments, its environment, the folders that it
 * may write to.
 */
#define BL_INSIDE_MAGIC 0x62656c61u

enum bl_inside_stage {
    BL_INSIDE_NOTHING, /* it never ran: bubblewrap ended before */
    BL_INSIDE_UNSAFE,  /* something is not as it must be: what says it, value is errno or 0 */
    BL_INSIDE_SEALED,  /* the sandbox stands, the command was being started */
    BL_INSIDE_FAILED,  /* execve said no: value is errno */
    BL_INSIDE_ENDED,   /* the command ended: value is waitpid's status */
    BL_INSIDE_CROWDED, /* ended with everything else: too many processes */
    BL_INSIDE_FAT,     /* likewise: too much memory */
};

struct bl_inside_report {
    int32_t stage, value;
    char what[120];
};

struct bl_inside_order {
    uint32_t magic;
    uint32_t arguments, variables, writable; /* how many texts of each */
    uint32_t size;                           /* bytes of all texts */
    uint32_t seconds;                        /* of processor time, for each process */
};

#define BL_INSIDE_PROCESSES 128            /* at once, the program inside among them */
#define BL_INSIDE_MEMORY (1024LL << 20)    /* resident bytes of all processes */
#define BL_INSIDE_ADDRESSES (4096LL << 20) /* address space of one process */
#define BL_INSIDE_FILE (64LL << 20)        /* of one file */

/* The program itself, as the build made it. */
extern const unsigned char bl_inside_image[];
extern const size_t bl_inside_image_size;

#endif
