/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* junit.c: JUnit XML for CI: a step is a test case, a failing check is its failure. */
#include "base/clock.h"
#include "base/measure.h"
#include "base/text.h"
#include "report/report.h"

struct junit_check {
    char *name;
    char *text;
    bool is_failed;
};

struct junit_case {
    char *step;         /* its path; "" for what stands outside of steps */
    const char *status; /* one of junit_statuses; NULL: it did not end */
    char *error;
    char *code;
    int64_t millis;
    struct junit_check *checks;
    size_t check_count;
};

struct junit {
    struct bl_reporter base;
    struct junit_case *cases;
    size_t case_count;
    struct bl_value *info; /* of run_started */
    int64_t started, millis;
    int64_t exit; /* -1: the run did not end */
    char *error;  /* why the run ended; NULL: nothing is wrong, or a step says it */
};

static struct bl_reporter *junit_open(const struct bl_report_options *options)
{
    struct junit *junit = bl_alloc(sizeof(*junit));

    (void)options;
    junit->exit = -1;
    return &junit->base;
}

static struct junit_case *junit_find(struct junit *junit, const char *step)
{
    struct junit_case *made;

    for (size_t i = junit->case_count; i > 0; i--) {
        if (strcmp(junit->cases[i - 1].step, step) == 0)
            return &junit->cases[i - 1];
    }
    junit->cases =
        bl_realloc(junit->cases, (junit->case_count + 1) * sizeof(struct junit_case));
    made = &junit->cases[junit->case_count++];
    memset(made, 0, sizeof(*made));
    made->step = bl_strdup(step);
    return made;
}

/* The same check made again in a step replaces its result. */
static struct junit_check *junit_find_check(struct junit_case *found, const char *name)
{
    struct junit_check *made;

    for (size_t i = 0; i < found->check_count; i++) {
        if (strcmp(found->checks[i].name, name) == 0)
            return &found->checks[i];
    }
    found->checks =
        bl_realloc(found->checks, (found->check_count + 1) * sizeof(struct junit_check));
    made = &found->checks[found->check_count++];
    memset(made, 0, sizeof(*made));
    made->name = bl_strdup(name);
    return made;
}

static void junit_add_check(struct junit *junit, const struct bl_value *data)
{
    struct junit_case *found = junit_find(junit, bl_map_text(data, "step", ""));
    struct junit_check *check = junit_find_check(found, bl_map_text(data, "name", ""));
    bool is_assumed = bl_map_get(data, "assumed") != NULL;
    const char *verdict = is_assumed ? "assumed" : bl_map_text(data, "verdict", "pass");
    struct bl_buf text;

    bl_buf_init(&text, 0);
    bl_buf_printf(&text, "%s: %s: ", verdict, check->name);
    bl_measure_format(&text, bl_map_get(data, "value"), bl_map_text(data, "unit", NULL));
    bl_buf_printf(&text, " (%s)", bl_map_text(data, "limit", ""));
    if (is_assumed)
        bl_buf_printf(&text, ", follows planned #%lld",
                      (long long)bl_map_int(data, "assumed", 0));
    bl_free(check->text);
    check->text = bl_buf_take(&text, NULL);
    check->is_failed = strcmp(verdict, "fail") == 0;
}

static void junit_end_step(struct junit *junit, const struct bl_value *data)
{
    static const char *const statuses[] = {"failed",   "skipped",   "refused", "waiting",
                                           "rejected", "cancelled", "assumed", "ok"};
    struct junit_case *found = junit_find(junit, bl_map_text(data, "step", ""));
    const struct bl_value *error = bl_map_get(data, "error");
    const char *status = bl_map_text(data, "status", "ok");

    found->status = "failed"; /* what is not known is not well */
    for (size_t i = 0; i < BL_COUNT(statuses); i++) {
        if (strcmp(statuses[i], status) == 0)
            found->status = statuses[i];
    }
    bl_free(found->error);
    bl_free(found->code);
    found->error = bl_strdup(bl_map_text(error, "message", NULL));
    found->code = bl_strdup(bl_map_text(error, "code", NULL));
    found->millis = bl_map_int(data, "millis", 0);
}

static void junit_event(struct bl_reporter *reporter, const struct bl_event *event)
{
    struct junit *junit = (struct junit *)reporter;

    if (strcmp(event->kind, "run_started") == 0) {
        junit->info = bl_value_ref(event->data);
        junit->started = event->at;
    } else if (strcmp(event->kind, "step_started") == 0) {
        junit_find(junit, bl_map_text(event->data, "step", ""));
    } else if (strcmp(event->kind, "step_ended") == 0) {
        junit_end_step(junit, event->data);
    } else if (strcmp(event->kind, "check") == 0) {
        junit_add_check(junit, event->data);
    } else if (strcmp(event->kind, "run_ended") == 0) {
        junit->exit = bl_map_int(event->data, "exit", 0);
        junit->millis = bl_map_int(event->data, "millis", 0);
        bl_free(junit->error);
        junit->error =
            bl_strdup(bl_map_text(bl_map_get(event->data, "error"), "message", NULL));
    }
}

/* XML 1.0 has no way to say most control characters: they become readable text. */
static void junit_text(struct bl_buf *out, const char *text)
{
    struct bl_buf clean;

    bl_buf_init(&clean, 0);
    bl_text_clean(&clean, text, strlen(text), true);
    for (size_t i = 0; i < clean.len; i++) {
        char c = clean.data[i];
        if (c == '&')
            bl_buf_text_add(out, "&amp;");
        else if (c == '<')
            bl_buf_text_add(out, "&lt;");
        else if (c == '>')
            bl_buf_text_add(out, "&gt;");
        else if (c == '"')
            bl_buf_text_add(out, "&quot;");
        else if (c == '\n')
            bl_buf_text_add(out, "&#10;");
        else
            bl_buf_char(out, c);
    }
    bl_buf_release(&clean);
}

static void junit_attribute(struct bl_buf *out, const char *name, const char *text)
{
    bl_buf_printf(out, " %s=\"", name);
    junit_text(out, text);
    bl_buf_char(out, '"');
}

static void junit_seconds(struct bl_buf *out, int64_t millis)
{
    bl_buf_printf(out, " time=\"%lld.%03lld\"", (long long)(millis / 1000),
                  (long long)(millis % 1000));
}

static size_t junit_count_failed(const struct junit_case *found)
{
    size_t count = 0;

    for (size_t i = 0; i < found->check_count; i++)
        count += found->checks[i].is_failed;
    return count;
}

enum junit_result { JUNIT_PASSED, JUNIT_SKIPPED, JUNIT_FAILED, JUNIT_ERROR };

static enum junit_result junit_result(const struct junit_case *found)
{
    const char *status = found->status;

    if (status == NULL && found->step[0] == '\0')
        status = "ok"; /* what stands outside of steps has no end */
    if (status == NULL || strcmp(status, "waiting") == 0 || strcmp(status, "refused") == 0 ||
        strcmp(status, "rejected") == 0 || strcmp(status, "cancelled") == 0)
        return JUNIT_ERROR;
    if (strcmp(status, "failed") == 0 || junit_count_failed(found) > 0)
        return JUNIT_FAILED;
    return strcmp(status, "skipped") == 0 || strcmp(status, "assumed") == 0 ? JUNIT_SKIPPED
                                                                            : JUNIT_PASSED;
}

/* <failure> or <error>: the error's message, else the failing checks. */
static void junit_write_failure(struct bl_buf *out, const struct junit_case *found,
                                const char *tag)
{
    const char *status = found->status == NULL ? "did not end" : found->status;
    const char *first = NULL;

    for (size_t i = 0; i < found->check_count && first == NULL; i++)
        first = found->checks[i].is_failed ? found->checks[i].text : NULL;
    bl_buf_printf(out, "      <%s", tag);
    junit_attribute(out, "type", found->code != NULL ? found->code : first ? "check" : status);
    junit_attribute(out, "message",
                    found->error != NULL ? found->error
                    : first != NULL      ? first
                                         : status);
    bl_buf_char(out, '>');
    if (found->error != NULL) {
        junit_text(out, found->error);
        bl_buf_char(out, '\n');
    }
    for (size_t i = 0; i < found->check_count; i++) {
        if (!found->checks[i].is_failed)
            continue;
        junit_text(out, found->checks[i].text);
        bl_buf_char(out, '\n');
    }
    bl_buf_printf(out, "</%s>\n", tag);
}

static void junit_write_case(struct bl_buf *out, const struct junit_case *found,
                             const char *procedure)
{
    enum junit_result result = junit_result(found);

    bl_buf_text_add(out, "    <testcase");
    junit_attribute(out, "classname", procedure);
    junit_attribute(out, "name", found->step[0] == '\0' ? "(outside of steps)" : found->step);
    junit_seconds(out, found->millis);
    bl_buf_text_add(out, ">\n");
    if (result == JUNIT_SKIPPED) {
        bl_buf_text_add(out, "      <skipped");
        junit_attribute(out, "message", found->status);
        bl_buf_text_add(out, "/>\n");
    } else if (result != JUNIT_PASSED) {
        junit_write_failure(out, found, result == JUNIT_FAILED ? "failure" : "error");
    }
    if (found->check_count > 0) {
        bl_buf_text_add(out, "      <system-out>");
        for (size_t i = 0; i < found->check_count; i++) {
            junit_text(out, found->checks[i].text);
            bl_buf_char(out, '\n');
        }
        bl_buf_text_add(out, "</system-out>\n");
    }
    bl_buf_text_add(out, "    </testcase>\n");
}

static void junit_write_properties(struct bl_buf *out, const struct bl_value *info)
{
    static const char *const names[] = {"run",  "environment", "world",
                                        "user", "host",        "version"};

    bl_buf_text_add(out, "    <properties>\n");
    for (size_t i = 0; i < BL_COUNT(names); i++) {
        const char *text = bl_map_text(info, names[i], NULL);
        if (text == NULL)
            continue;
        bl_buf_printf(out, "      <property name=\"%s\"", names[i]);
        junit_attribute(out, "value", text);
        bl_buf_text_add(out, "/>\n");
    }
    bl_buf_text_add(out, "    </properties>\n");
}

/* What no step tells: the run did not end, or ended badly outside of them. */
static const char *junit_find_trouble(const struct junit *junit, const size_t *counts)
{
    if (junit->exit < 0)
        return "the run did not end";
    if (junit->exit > 0 && counts[JUNIT_FAILED] + counts[JUNIT_ERROR] == 0)
        return junit->error != NULL ? junit->error : bl_exit_text((int)junit->exit);
    return NULL;
}

static void junit_write_suite(const struct junit *junit, struct bl_buf *out,
                              const char *procedure, const char *trouble)
{
    struct junit_case whole = {
        .step = bl_strdup("(the run)"), .status = "refused", .error = bl_strdup(trouble)};

    junit_write_properties(out, junit->info);
    for (size_t i = 0; i < junit->case_count; i++)
        junit_write_case(out, &junit->cases[i], procedure);
    if (trouble != NULL)
        junit_write_case(out, &whole, procedure);
    bl_free(whole.step);
    bl_free(whole.error);
}

static void junit_write(const struct junit *junit, struct bl_buf *out)
{
    const char *procedure = bl_map_text(junit->info, "procedure", "belay"), *trouble;
    size_t counts[JUNIT_ERROR + 1] = {0};
    char time[BL_TIME_TEXT];

    for (size_t i = 0; i < junit->case_count; i++)
        counts[junit_result(&junit->cases[i])]++;
    trouble = junit_find_trouble(junit, counts);
    bl_time_format(junit->started, time);
    bl_buf_text_add(out,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite");
    junit_attribute(out, "name", procedure);
    bl_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
                  junit->case_count + (trouble != NULL), counts[JUNIT_FAILED],
                  counts[JUNIT_ERROR] + (trouble != NULL), counts[JUNIT_SKIPPED]);
    junit_seconds(out, junit->millis);
    bl_buf_printf(out, " timestamp=\"%.19s\">\n", time);
    junit_write_suite(junit, out, procedure, trouble);
    bl_buf_text_add(out, "  </testsuite>\n</testsuites>\n");
}

static void junit_case_release(struct junit_case *found)
{
    for (size_t i = 0; i < found->check_count; i++) {
        bl_free(found->checks[i].name);
        bl_free(found->checks[i].text);
    }
    bl_free(found->checks);
    bl_free(found->step);
    bl_free(found->error);
    bl_free(found->code);
}

static void junit_close(struct bl_reporter *reporter)
{
    struct junit *junit = (struct junit *)reporter;
    struct bl_buf out;

    bl_buf_init(&out, 0);
    junit_write(junit, &out);
    bl_reporter_write(reporter, &out);
    bl_buf_release(&out);
    for (size_t i = 0; i < junit->case_count; i++)
        junit_case_release(&junit->cases[i]);
    bl_free(junit->cases);
    bl_value_unref(junit->info);
    bl_free(junit->error);
    bl_free(junit);
}

const struct bl_reporter_type bl_reporter_junit = {
    .name = "junit",
    .text = "JUnit XML, written at the end.",
    .open = junit_open,
    .event = junit_event,
    .close = junit_close,
};
