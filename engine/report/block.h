/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* block.h: inside the terminal reporter: a step with the lines that stand beneath it. */
#ifndef BL_BLOCK_H
#define BL_BLOCK_H

#include "report/paper.h"

/* A line of a step: a check in columns, or a mark and text. */
struct block_item {
    enum paper_mark mark;
    char *name;  /* of a check; NULL: text */
    char *value; /* a check's value with its unit */
    char *text;  /* a check's limit; else the whole text */
    /* Of a failed call: its message, and what is left to say when the step's own error repeats
     * it (NULL: nothing). */
    char *error, *brief;
};

struct block {
    char *path;
    char *title;
    char *why;
    int depth;
    bool is_open;          /* its title stands on the paper: lines go there at once */
    enum paper_mark worst; /* of its checks: pass, warn or fail */
    struct block_item *items;
    size_t count;
    struct block_item
        held; /* a failed call of an open step, not written yet; text NULL: none */
};

void block_release(struct block *block);
/* A new line at the end; with a name, the line of the same check is used again. */
struct block_item *block_add(struct block *block, const char *name);
void block_item_release(struct block_item *item);

/* Writes one line by itself. `at` is the column of its mark. */
void block_write_item(struct paper *paper, const struct block_item *item, int at);
/* Writes the title as something that goes on, and what is beneath so far; then it is open. */
void block_open(struct paper *paper, struct block *block);
/* Writes the title with its mark and, unless it was open, the lines beneath. `word` stands
 * behind the title ("skipped"), may be "". */
void block_close(struct paper *paper, struct block *block, enum paper_mark mark,
                 const char *word, int64_t millis);
/* Adds the line of a failed call; that of an open step is held back until the next line. Takes
 * the item's texts. */
void block_add_failure(struct paper *paper, struct block *block,
                       const struct block_item *take_item);
/* The step failed with this message: calls that said the same say less. */
void block_settle(struct block *block, const char *message);
/* Writes what was held back. */
void block_write_held(struct paper *paper, struct block *block);
/* The column of the marks beneath a step's title. */
int block_indent(const struct block *block);

#endif
