/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* regex: PCRE2 patterns over text, with a bound on the steps. Pure functions. */
#include "base/prefix.h"

#include "module.h"
#include "module_pattern.h"

/* One call: the compiled pattern and the text it works on. */
struct regex {
    struct bl_pattern *pattern;
    const char *text;
    size_t len;
};

static enum bl_code regex_open(struct regex *regex, const struct bl_value *args,
                               struct bl_error *err)
{
    size_t len;
    const char *pattern = bl_value_as_bytes(bl_map_get(args, "pattern"), &len);

    if (strlen(pattern) != len)
        return bl_fail(err, BL_E_ARG, "the pattern holds a NUL byte: write \\x00");
    regex->text = bl_value_as_bytes(bl_map_get(args, "text"), &regex->len);
    regex->pattern = bl_pattern_new(pattern, err);
    return regex->pattern != NULL ? BL_OK : err->code;
}

static struct bl_value *regex_part(const struct regex *regex, const struct bl_match *match,
                                   size_t number)
{
    const size_t *bounds = match->bounds + 2 * number;

    if (number >= match->count || bounds[0] == SIZE_MAX || bounds[0] > bounds[1])
        return bl_value_nil();
    return bl_value_bytes(regex->text + bounds[0], bounds[1] - bounds[0]);
}

struct regex_names {
    const struct regex *regex;
    const struct bl_match *match;
    struct bl_value *names;
};

static void regex_name(void *context, const char *name, unsigned number)
{
    struct regex_names *names = context;
    struct bl_value *part = regex_part(names->regex, names->match, number);

    if (bl_value_type(part) != BL_NIL)
        bl_map_set(names->names, name, part);
}

/* {text, start, stop, groups, names} */
static struct bl_value *regex_result(const struct regex *regex, const struct bl_match *match)
{
    struct bl_value *result = bl_map_new(), *groups = bl_list_new();
    struct regex_names names = {regex, match, bl_map_new()};

    for (size_t i = 1; i < match->count; i++)
        bl_list_add(groups, regex_part(regex, match, i));
    bl_pattern_each_name(regex->pattern, regex_name, &names);
    bl_map_set(result, "text", regex_part(regex, match, 0));
    bl_map_set(result, "start", bl_value_int((int64_t)match->bounds[0] + 1));
    bl_map_set(result, "stop", bl_value_int((int64_t)match->bounds[1]));
    bl_map_set(result, "groups", groups);
    bl_map_set(result, "names", names.names);
    return result;
}

static struct bl_value *match_call(const struct bl_value *args, struct bl_error *err)
{
    struct regex regex;
    struct bl_match match;
    struct bl_value *result = NULL;

    if (regex_open(&regex, args, err) != BL_OK)
        return NULL;
    if (bl_pattern_find(regex.pattern, regex.text, regex.len, 0, &match, err) == BL_OK)
        result = match.count > 0 ? regex_result(&regex, &match) : bl_value_nil();
    bl_pattern_free(regex.pattern);
    return result;
}

static struct bl_value *test_call(const struct bl_value *args, struct bl_error *err)
{
    struct regex regex;
    struct bl_value *result = NULL;
    bool found;

    if (regex_open(&regex, args, err) != BL_OK)
        return NULL;
    if (bl_pattern_search(regex.pattern, regex.text, regex.len, &found, err) == BL_OK)
        result = bl_value_bool(found);
    bl_pattern_free(regex.pattern);
    return result;
}

/* Where to look on after a match: behind it, and one character further when it was empty. */
static size_t regex_next(const struct regex *regex, const struct bl_match *match)
{
    size_t next = match->bounds[1];

    if (match->bounds[1] > match->bounds[0])
        return next;
    for (next++; next < regex->len && ((unsigned char)regex->text[next] & 0xc0) == 0x80; next++)
        ;
    return next;
}

/* Calls fn for up to `limit` matches, one behind the other. */
static enum bl_code regex_each(const struct regex *regex, int64_t limit,
                               void (*fn)(void *context, const struct regex *regex,
                                          const struct bl_match *match),
                               void *context, struct bl_error *err)
{
    struct bl_match match;
    size_t from = 0;

    for (int64_t count = 0; count < limit && from <= regex->len; count++) {
        if (bl_pattern_find(regex->pattern, regex->text, regex->len, from, &match, err) !=
            BL_OK)
            return err->code;
        if (match.count == 0)
            break;
        from = regex_next(regex, &match);
        fn(context, regex, &match);
    }
    return BL_OK;
}

static void find_one(void *context, const struct regex *regex, const struct bl_match *match)
{
    bl_list_add(context, regex_result(regex, match));
}

static struct bl_value *find_all_call(const struct bl_value *args, struct bl_error *err)
{
    struct bl_value *list;
    struct regex regex;

    if (regex_open(&regex, args, err) != BL_OK)
        return NULL;
    list = bl_list_new();
    if (regex_each(&regex, bl_map_int(args, "limit", 0), find_one, list, err) != BL_OK) {
        bl_value_unref(list);
        list = NULL;
    }
    bl_pattern_free(regex.pattern);
    return list;
}

/* The text that is being made by replace or split. */
struct regex_edit {
    struct bl_buf out;
    struct bl_value *pieces; /* of split; NULL: replace */
    const char *with;
    size_t done;
};

/* Adds the replacement: $0 to $9 are groups, $$ is a dollar. */
static void replace_add(struct regex_edit *edit, const struct regex *regex,
                        const struct bl_match *match)
{
    for (const char *c = edit->with; *c != '\0'; c++) {
        size_t number = (size_t)(c[0] == '$' && c[1] >= '0' && c[1] <= '9' ? c[1] - '0' : 10);
        if (number < 10) {
            if (number < match->count && match->bounds[2 * number] != SIZE_MAX)
                bl_buf_add(&edit->out, regex->text + match->bounds[2 * number],
                           match->bounds[2 * number + 1] - match->bounds[2 * number]);
            c++;
        } else {
            bl_buf_char(&edit->out, *c);
            c += c[0] == '$' && c[1] == '$';
        }
    }
}

static void edit_one(void *context, const struct regex *regex, const struct bl_match *match)
{
    struct regex_edit *edit = context;
    size_t start = match->bounds[0] > edit->done ? match->bounds[0] : edit->done;

    if (edit->pieces != NULL) {
        bl_list_add(edit->pieces, bl_value_bytes(regex->text + edit->done, start - edit->done));
    } else {
        bl_buf_add(&edit->out, regex->text + edit->done, start - edit->done);
        replace_add(edit, regex, match);
    }
    edit->done = match->bounds[1];
}

static struct bl_value *replace_call(const struct bl_value *args, struct bl_error *err)
{
    struct regex_edit edit = {.with = bl_map_text(args, "with", "")};
    struct bl_value *result = NULL;
    struct regex regex;

    if (regex_open(&regex, args, err) != BL_OK)
        return NULL;
    bl_buf_init(&edit.out, 0);
    if (regex_each(&regex, bl_map_int(args, "limit", 0), edit_one, &edit, err) == BL_OK) {
        bl_buf_add(&edit.out, regex.text + edit.done, regex.len - edit.done);
        result = bl_value_take_buf(&edit.out);
    }
    bl_buf_release(&edit.out);
    bl_pattern_free(regex.pattern);
    return result;
}

static struct bl_value *split_call(const struct bl_value *args, struct bl_error *err)
{
    struct regex_edit edit = {.pieces = NULL};
    struct regex regex;

    if (regex_open(&regex, args, err) != BL_OK)
        return NULL;
    edit.pieces = bl_list_new();
    if (regex_each(&regex, bl_map_int(args, "limit", 0), edit_one, &edit, err) == BL_OK) {
        bl_list_add(edit.pieces, bl_value_bytes(regex.text + edit.done, regex.len - edit.done));
    } else {
        bl_value_unref(edit.pieces);
        edit.pieces = NULL;
    }
    bl_pattern_free(regex.pattern);
    return edit.pieces;
}

static struct bl_value *escape_call(const struct bl_value *args, struct bl_error *err)
{
    struct bl_buf out;
    size_t len;
    const char *text = bl_value_as_bytes(bl_map_get(args, "text"), &len);

    (void)err;
    bl_buf_init(&out, 0);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\0' && strchr("\\^$.[]|()?*+{}#-", text[i]) != NULL)
            bl_buf_char(&out, '\\');
        bl_buf_char(&out, text[i]);
    }
    return bl_value_take_buf(&out);
}

#define REGEX_PATTERN                                                                          \
    {                                                                                          \
        .name = "pattern", .type = BL_T_STRING, .flags = BL_ARG_DATA,                          \
        .text = "a PCRE2 pattern, UTF-8"                                                       \
    }
#define REGEX_TEXT                                                                             \
    {                                                                                          \
        .name = "text", .type = BL_T_STRING, .flags = BL_ARG_DATA,                             \
        .text = "the text to search; any bytes"                                                \
    }
#define REGEX_LIMIT(what)                                                                      \
    {                                                                                          \
        .name = "limit", .type = BL_T_INTEGER, .text = what, .flags = BL_ARG_OPTION,           \
        .fallback = "10000", .min = 1, .max = 1000000                                          \
    }

static const struct bl_arg match_args[] = {REGEX_PATTERN, REGEX_TEXT, {0}};
static const struct bl_arg find_all_args[] = {
    REGEX_PATTERN, REGEX_TEXT, REGEX_LIMIT("matches at most"), {0}};
static const struct bl_arg replace_args[] = {
    REGEX_PATTERN,
    REGEX_TEXT,
    {.name = "with",
     .type = BL_T_STRING,
     .text = "the new text; $0 to $9 are groups, $$ a dollar"},
    REGEX_LIMIT("replacements at most"),
    {0},
};
static const struct bl_arg split_args[] = {
    REGEX_PATTERN, REGEX_TEXT, REGEX_LIMIT("cuts at most"), {0}};
static const struct bl_arg escape_args[] = {{.name = "text",
                                             .type = BL_T_STRING,
                                             .flags = BL_ARG_DATA,
                                             .text = "text that is to be found as it is"},
                                            {0}};

#define MATCH_RESULT                                                                           \
    "table: text, start, stop (positions from 1), groups (list), names (by name); nil when "   \
    "it is not "                                                                               \
    "found"

static const struct bl_function regex_functions[] = {
    {
        .name = "match",
        .text = "Finds the first place where a pattern matches. Too many steps are an error of "
                "code limit, "
                "never \"not found\".",
        .args = match_args,
        .result = MATCH_RESULT,
        .example = "regex.match(\"(\\\\d+) errors\", \"12 errors\").groups[1]",
        .call = match_call,
    },
    {
        .name = "test",
        .text = "Says whether a pattern matches anywhere.",
        .args = match_args,
        .result = "boolean",
        .example = "regex.test(\"^mastertrade_\", \"mastertrade_redis\")",
        .call = test_call,
    },
    {
        .name = "find_all",
        .text = "Finds every place where a pattern matches, one behind the other.",
        .args = find_all_args,
        .result = "list of tables as match gives them",
        .example = "#regex.find_all(\"\\\\w+\", \"one two\")",
        .call = find_all_call,
    },
    {
        .name = "replace",
        .text = "Replaces what a pattern matches.",
        .args = replace_args,
        .result = "string",
        .example = "regex.replace(\"(\\\\w+)@\\\\w+\", \"ops@host\", \"$1\")",
        .call = replace_call,
    },
    {
        .name = "split",
        .text = "Cuts a text where a pattern matches.",
        .args = split_args,
        .result = "list of strings",
        .example = "regex.split(\"\\\\s*,\\\\s*\", \"a, b ,c\")",
        .call = split_call,
    },
    {
        .name = "escape",
        .text = "Writes text so that a pattern finds it as it is.",
        .args = escape_args,
        .result = "string",
        .example = "regex.escape(\"1.5\")",
        .call = escape_call,
    },
    {0},
};

const struct bl_module bl_module_regex = {
    .name = "regex",
    .text = "PCRE2 patterns over text.",
    .functions = regex_functions,
};
