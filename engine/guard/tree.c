/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* tree.c: a parse tree as libpg_query writes it, ready to be walked. */
#include "guard/tree.h"

#define TREE_DEPTH 1000

struct reader {
    char *at;
    struct bl_tree *nodes;
    size_t used, size;
    struct bl_tree *open[TREE_DEPTH];
    int depth;
};

/* A node needs one of these characters before or behind it. */
static size_t tree_bound(const char *json)
{
    size_t count = 2;

    for (; *json != '\0'; json++)
        count += *json == ',' || *json == '{' || *json == '[';
    return count;
}

static void read_blanks(struct reader *reader)
{
    while (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\t')
        reader->at++;
}

static int hex_digit(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
           : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                          : 0;
}

/* What stands behind a backslash; libpg_query writes \u for control characters only. */
static char read_escape(char **from)
{
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    const char *name;
    char escape = **from;

    if (escape == '\0')
        return '\\';
    (*from)++;
    name = strchr(names, escape);
    if (name != NULL)
        return values[name - names];
    if (escape == 'u' && strlen(*from) >= 4) {
        escape = (char)(hex_digit((*from)[2]) * 16 + hex_digit((*from)[3]));
        *from += 4;
    }
    return escape;
}

/* The string that begins behind the quote at `at`, decoded in place. */
static const char *read_text(struct reader *reader)
{
    char *begin = reader->at + 1;
    char *from = begin + strcspn(begin, "\"\\"), *to = from;

    while (*from != '"' && *from != '\0') {
        if (*from == '\\') {
            from++;
            *to++ = read_escape(&from);
        } else {
            *to++ = *from++;
        }
    }
    reader->at = *from == '"' ? from + 1 : from;
    *to = '\0';
    return begin;
}

static struct bl_tree *add_node(struct reader *reader, const char *key)
{
    struct bl_tree *node = &reader->nodes[reader->used++], *parent;

    node->key = key;
    node->text = "";
    if (reader->depth == 0)
        return node;
    parent = reader->open[reader->depth - 1];
    parent->count++;
    if (parent->last != NULL)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    return node;
}

/* One value; what it holds is read by the calls that follow. False: not what is expected. */
static bool read_value(struct reader *reader, const char *key)
{
    struct bl_tree *node;

    read_blanks(reader);
    if (reader->used == reader->size || reader->depth == TREE_DEPTH)
        return false;
    node = add_node(reader, key);
    if (*reader->at == '"') {
        node->kind = BL_TREE_TEXT;
        node->text = read_text(reader);
    } else if (*reader->at == '{' || *reader->at == '[') {
        node->kind = *reader->at++ == '{' ? BL_TREE_MAP : BL_TREE_LIST;
        reader->open[reader->depth++] = node;
    } else {
        node->kind = *reader->at == 't' ? BL_TREE_TRUE : BL_TREE_OTHER;
        reader->at += strcspn(reader->at, ",]} \n\t");
    }
    return true;
}

/* The next member of what is open, or its end. */
static bool read_member(struct reader *reader)
{
    const char *key = "";

    read_blanks(reader);
    if (*reader->at == ',') {
        reader->at++;
        read_blanks(reader);
    }
    if (*reader->at == '}' || *reader->at == ']') {
        reader->at++;
        reader->depth--;
        return true;
    }
    if (reader->open[reader->depth - 1]->kind == BL_TREE_MAP) {
        if (*reader->at != '"')
            return false;
        key = read_text(reader);
        read_blanks(reader);
        if (*reader->at++ != ':')
            return false;
    }
    return *reader->at != '\0' && read_value(reader, key);
}

struct bl_tree *bl_tree_parse(char *json)
{
    struct reader reader = {.at = json, .size = tree_bound(json)};
    bool is_fine;

    reader.nodes = bl_alloc(reader.size * sizeof(*reader.nodes));
    is_fine = read_value(&reader, "");
    while (is_fine && reader.depth > 0)
        is_fine = read_member(&reader);
    if (is_fine)
        return reader.nodes;
    bl_free(reader.nodes);
    return NULL;
}

const struct bl_tree *bl_tree_get(const struct bl_tree *node, const char *key)
{
    BL_TREE_EACH(node, child)
    {
        if (bl_tree_is(child->key, key))
            return child;
    }
    return NULL;
}

const struct bl_tree *bl_tree_at(const struct bl_tree *node, size_t index)
{
    BL_TREE_EACH(node, child)
    {
        if (index-- == 0)
            return child;
    }
    return NULL;
}

size_t bl_tree_count(const struct bl_tree *node)
{
    return node != NULL ? node->count : 0;
}

const char *bl_tree_text(const struct bl_tree *node, const char *key)
{
    const struct bl_tree *child = bl_tree_get(node, key);

    return child != NULL ? child->text : "";
}

bool bl_tree_is_true(const struct bl_tree *node, const char *key)
{
    const struct bl_tree *child = bl_tree_get(node, key);

    return child != NULL && child->kind == BL_TREE_TRUE;
}
