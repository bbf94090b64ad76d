/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* block.c: a step with the lines that stand beneath it, checks in columns. */
#include "report/block.h"

#include "base/text.h"

#define BLOCK_LONG_MS 1000 /* a step that took longer says so */

/* Widths of the columns of checks: name and value. */
struct block_columns {
    int name, value;
};

void block_item_release(struct block_item *item)
{
    bl_free(item->name);
    bl_free(item->value);
    bl_free(item->text);
    bl_free(item->error);
    bl_free(item->brief);
}

void block_release(struct block *block)
{
    for (size_t i = 0; i < block->count; i++)
        block_item_release(&block->items[i]);
    bl_free(block->items);
    bl_free(block->path);
    bl_free(block->title);
    bl_free(block->why);
    block_item_release(&block->held);
}

struct block_item *block_add(struct block *block, const char *name)
{
    struct block_item *item = NULL;

    for (size_t i = 0; name != NULL && i < block->count; i++) {
        if (block->items[i].name != NULL && strcmp(block->items[i].name, name) == 0)
            item = &block->items[i];
    }
    if (item == NULL) {
        block->items = bl_realloc(block->items, (block->count + 1) * sizeof(*block->items));
        item = &block->items[block->count++];
    } else {
        block_item_release(item);
    }
    memset(item, 0, sizeof(*item));
    item->name = bl_strdup(name);
    return item;
}

int block_indent(const struct block *block)
{
    return 2 * block->depth + 2;
}

static int block_measure(const struct paper *paper, const char *text)
{
    struct bl_buf clean;
    int columns;

    bl_buf_init(&clean, 0);
    paper_clean(paper, &clean, text);
    columns = paper_columns(bl_buf_text(&clean));
    bl_buf_release(&clean);
    return columns;
}

/* Long names and values get lines of their own rather than make the columns wide. */
static int block_widen(const struct paper *paper, int column, const char *text, int most)
{
    int columns = block_measure(paper, text);

    return columns > column && columns <= most ? columns : column;
}

static void block_fit(const struct paper *paper, const struct block_item *item, int at,
                      struct block_columns *columns)
{
    int room = paper->width - at - 2;

    columns->name = block_widen(paper, columns->name, item->name, room * 45 / 100);
    columns->value = block_widen(paper, columns->value, item->value, room * 25 / 100);
}

static void block_write_check(struct paper *paper, const struct block_item *item, int at,
                              const struct block_columns *columns)
{
    int start = at + 2, value_at = start + columns->name + 2;
    int limit_at = value_at + columns->value + 2;
    int value_width = block_measure(paper, item->value);
    bool is_calm = item->mark == MARK_PASS || item->mark == MARK_ASSUMED;
    enum paper_style strong = is_calm ? PAPER_PLAIN : paper_mark_style(item->mark);
    int column =
        paper_wrap(paper, is_calm ? PAPER_PLAIN : PAPER_BOLD, item->name, start, start + 2);

    if (column > start + columns->name || column + 2 > value_at) {
        paper_line(paper);
        column = 0;
    }
    if (value_width <= columns->value) {
        paper_spaces(paper, value_at + columns->value - value_width - column);
        paper_add(paper, strong, item->value);
        column = value_at + columns->value;
    } else {
        paper_spaces(paper, value_at - column);
        column = paper_wrap(paper, strong, item->value, value_at, start + 2);
    }
    if (*item->text == '\0')
        return;
    if (value_width > columns->value ||
        limit_at + block_measure(paper, item->text) > paper->width) {
        paper_line(paper);
        paper_spaces(paper, start + 2);
        paper_wrap(paper, is_calm ? PAPER_DIM : strong, item->text, start + 2, start + 2);
        return;
    }
    paper_spaces(paper, limit_at - column);
    paper_add(paper, is_calm ? PAPER_DIM : strong, item->text);
}

static void block_write(struct paper *paper, const struct block_item *item, int at,
                        const struct block_columns *columns)
{
    enum paper_style style = item->mark == MARK_FAIL ? PAPER_BAD : PAPER_PLAIN;

    paper_spaces(paper, at);
    paper_mark(paper, item->mark);
    paper_spaces(paper, 1);
    if (item->name != NULL)
        block_write_check(paper, item, at, columns);
    else
        paper_wrap(paper, item->mark == MARK_INFO ? PAPER_DIM : style, item->text, at + 2,
                   at + 4);
    paper_line(paper);
}

void block_write_item(struct paper *paper, const struct block_item *item, int at)
{
    struct block_columns columns = {24, 10};

    if (item->name != NULL)
        block_fit(paper, item, at, &columns);
    block_write(paper, item, at, &columns);
}

/* Questions that failed come last, so that checks stand together. */
static void block_write_items(struct paper *paper, const struct block *block)
{
    struct block_columns columns = {0, 0};
    int at = block_indent(block);

    for (size_t i = 0; i < block->count; i++) {
        if (block->items[i].name != NULL)
            block_fit(paper, &block->items[i], at, &columns);
    }
    for (int late = 0; late < 2; late++) {
        for (size_t i = 0; i < block->count; i++) {
            const struct block_item *item = &block->items[i];
            bool is_late = item->error != NULL && item->mark == MARK_INFO;
            if (is_late == (late == 1))
                block_write(paper, item, at, &columns);
        }
    }
}

static void block_write_title(struct paper *paper, const struct block *block,
                              enum paper_mark mark, const char *word, int64_t millis)
{
    int start = 2 * block->depth + 2, column, length;
    enum paper_style style = mark == MARK_FAIL ? PAPER_BAD : PAPER_BOLD;
    char time[40] = "";

    if (millis >= BLOCK_LONG_MS)
        bl_format_duration(time, sizeof(time), millis);
    paper_spaces(paper, start - 2);
    paper_mark(paper, mark);
    paper_spaces(paper, 1);
    column = paper_wrap(paper, style, block->title, start, start);
    if (*word != '\0') {
        paper_spaces(paper, 2);
        column = paper_wrap(paper, paper_mark_style(mark), word, column + 2, start);
    }
    length = (int)strlen(time);
    if (length > 0) {
        if (column + 2 + length > paper->width) {
            paper_line(paper);
            column = 0;
        }
        paper_spaces(paper, paper->width - column - length);
        paper_add(paper, PAPER_DIM, time);
    }
    paper_line(paper);
}

void block_open(struct paper *paper, struct block *block)
{
    if (block->is_open)
        return;
    block_write_title(paper, block, MARK_OPEN, "", 0);
    block_write_items(paper, block);
    block->is_open = true;
}

void block_write_held(struct paper *paper, struct block *block)
{
    if (block->held.text != NULL)
        block_write_item(paper, &block->held, block_indent(block));
    block_item_release(&block->held);
    memset(&block->held, 0, sizeof(block->held));
}

void block_add_failure(struct paper *paper, struct block *block,
                       const struct block_item *take_item)
{
    if (block->is_open) {
        block_write_held(paper, block);
        block->held = *take_item;
    } else {
        *block_add(block, NULL) = *take_item;
    }
}

/* True when nothing is left of the item. */
static bool block_settle_item(struct block_item *item, const char *message)
{
    if (item->error == NULL || strstr(message, item->error) == NULL)
        return false;
    bl_free(item->text);
    item->text = item->brief;
    item->brief = NULL;
    return item->text == NULL;
}

void block_settle(struct block *block, const char *message)
{
    size_t kept = 0;

    block_settle_item(&block->held, message);
    for (size_t i = 0; i < block->count; i++) {
        if (block_settle_item(&block->items[i], message))
            block_item_release(&block->items[i]);
        else
            block->items[kept++] = block->items[i];
    }
    block->count = kept;
}

void block_close(struct paper *paper, struct block *block, enum paper_mark mark,
                 const char *word, int64_t millis)
{
    block_write_held(paper, block);
    block_write_title(paper, block, mark, word, millis);
    if (!block->is_open)
        block_write_items(paper, block);
}
