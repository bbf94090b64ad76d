/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* validate.c: `belay validate [PATH]`: what is wrong with a project, before anything runs. */
#include "base/prefix.h"

#include "cli/commands.h"

#include "base/exit.h"
#include "base/json.h"
#include "base/text.h"
#include "check/check.h"

static const char *validate_field(const struct bl_value *finding, const char *name)
{
    return bl_map_text(finding, name, "");
}

static bool validate_is(const struct bl_value *finding, const char *severity)
{
    return strcmp(validate_field(finding, "severity"), severity) == 0;
}

static size_t validate_count(const struct bl_value *findings, const char *severity)
{
    size_t count = 0;

    for (size_t i = 0; i < bl_value_count(findings); i++)
        count += validate_is(bl_list_get(findings, i), severity);
    return count;
}

/* For people: the sum, and where the walk could not go on. */
static void validate_sum(const struct bl_value *findings, size_t files)
{
    size_t errors = validate_count(findings, "error"),
           warnings = validate_count(findings, "warning");
    struct bl_buf notes;

    bl_buf_init(&notes, 0);
    for (size_t i = 0; i < bl_value_count(findings); i++) {
        const struct bl_value *finding = bl_list_get(findings, i);
        if (validate_is(finding, "note"))
            bl_buf_printf(&notes,
                          "belay: %s:%lld: not looked into from here to the step's end: it "
                          "depends on real answers\n",
                          validate_field(finding, "file"),
                          (long long)bl_map_int(finding, "line", 1));
    }
    bl_command_fold(stderr, bl_buf_text(&notes), 7);
    bl_buf_release(&notes);
    fprintf(stderr, "belay: %zu file%s: %zu error%s, %zu warning%s\n", files,
            files == 1 ? "" : "s", errors, errors == 1 ? "" : "s", warnings,
            warnings == 1 ? "" : "s");
}

static void validate_text(const struct bl_value *findings)
{
    struct bl_buf line;

    bl_buf_init(&line, 0);
    for (size_t i = 0; i < bl_value_count(findings); i++) {
        const struct bl_value *finding = bl_list_get(findings, i);
        const char *message = validate_field(finding, "message");
        if (validate_is(finding, "note"))
            continue;
        bl_buf_reset(&line);
        bl_buf_printf(&line, "%s:%lld: %s: ", validate_field(finding, "file"),
                      (long long)bl_map_int(finding, "line", 1),
                      validate_field(finding, "severity"));
        bl_text_clean(&line, message, strlen(message), false);
        bl_buf_printf(&line, " [%s]", validate_field(finding, "rule"));
        bl_command_fold(stdout, bl_buf_text(&line), 4);
    }
    bl_buf_release(&line);
}

static void validate_json(const struct bl_value *findings)
{
    struct bl_buf line;

    bl_buf_init(&line, 0);
    for (size_t i = 0; i < bl_value_count(findings); i++) {
        bl_buf_reset(&line);
        bl_json_write(&line, bl_list_get(findings, i), BL_JSON_PLAIN);
        puts(bl_buf_text(&line));
    }
    bl_buf_release(&line);
}

/* Text for an XML attribute: control characters are shown, the five special ones escaped. */
static void validate_xml_text(struct bl_buf *out, const char *text)
{
    struct bl_buf clean;

    bl_buf_init(&clean, 0);
    bl_text_clean(&clean, text, strlen(text), false);
    for (const char *c = bl_buf_text(&clean); *c != '\0'; c++) {
        if (strchr("<>&\"'", *c) != NULL)
            bl_buf_printf(out, "&#%d;", *c);
        else
            bl_buf_char(out, *c);
    }
    bl_buf_release(&clean);
}

static void validate_junit(const struct bl_value *findings)
{
    struct bl_buf out;
    size_t errors = validate_count(findings, "error");

    bl_buf_init(&out, 0);
    bl_buf_printf(
        &out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"belay validate\" "
        "tests=\"%zu\" failures=\"%zu\">\n",
        errors + validate_count(findings, "warning") + (errors == 0), errors);
    if (errors == 0)
        bl_buf_text_add(&out, "  <testcase classname=\"project\" name=\"loads\"/>\n");
    for (size_t i = 0; i < bl_value_count(findings); i++) {
        const struct bl_value *finding = bl_list_get(findings, i);
        bool is_error = validate_is(finding, "error");
        if (validate_is(finding, "note"))
            continue;
        bl_buf_text_add(&out, "  <testcase classname=\"");
        validate_xml_text(&out, validate_field(finding, "file"));
        bl_buf_printf(&out, "\" name=\"%s:%lld\">", validate_field(finding, "rule"),
                      (long long)bl_map_int(finding, "line", 1));
        bl_buf_text_add(&out, is_error ? "<failure message=\"" : "<system-out>");
        validate_xml_text(&out, validate_field(finding, "message"));
        bl_buf_text_add(&out, is_error ? "\"/></testcase>\n" : "</system-out></testcase>\n");
    }
    bl_buf_text_add(&out, "</testsuite>\n");
    fputs(bl_buf_text(&out), stdout);
    bl_buf_release(&out);
}

static int validate_run(const struct bl_given *given)
{
    const char *format = bl_given_text(given, "format");
    struct bl_value *findings = NULL;
    struct bl_check_options options = {.project = bl_given_text(given, "project"),
                                       .only = given->count > 0 ? given->words[0] : NULL,
                                       .environment = bl_given_text(given, "env")};
    struct bl_error err;
    size_t errors, files;

    if (bl_check_project(&options, &findings, &files, &err) != BL_OK) {
        bl_value_unref(findings);
        return bl_command_end_error(&err, BL_EXIT_USAGE);
    }
    errors = validate_count(findings, "error");
    if (format != NULL && strcmp(format, "json") == 0)
        validate_json(findings);
    else if (format != NULL && strcmp(format, "junit") == 0)
        validate_junit(findings);
    else
        validate_text(findings);
    validate_sum(findings, files);
    bl_value_unref(findings);
    return bl_command_end(errors > 0 ? BL_EXIT_USAGE : BL_EXIT_OK);
}

const struct bl_command bl_command_validate = {
    .name = "validate",
    .words = "[PATH]",
    .most = 1,
    .summary = "finds what is wrong with the project before anything runs",
    .text = "Loads every file, or those below PATH, and checks words, names, parameters, "
            "connections,\n"
            "covers, and the arguments of operations. Bodies are walked through with answers "
            "that stand\n"
            "for any: nothing is asked and nothing is changed; a branch that this walk does "
            "not take is\n"
            "not looked into. PATH is a file or folder, from the project or from here; with "
            "--env only\n"
            "that environment counts. Exit 2 when there is an error. For CI: --format json or "
            "junit.\n",
    .run = validate_run,
};
