/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* test_gate.c: what a line means as an answer, and a question on a terminal of its own. */
#include "base/prefix.h"

#include "gate/answer.h"
#include "gate/gate.h"
#include "support/scratch.h"

#include <setjmp.h>

#include <cmocka.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bl_value *test_question(const char *kind, const char *const *options)
{
    struct bl_value *question = bl_map_new(), *list = bl_list_new();

    bl_map_set(question, "kind", bl_value_text(kind));
    bl_map_set(question, "question", bl_value_text("What now?"));
    for (; options != NULL && *options != NULL; options++)
        bl_list_add(list, bl_value_text(*options));
    if (bl_value_count(list) > 0)
        bl_map_set(question, "options", bl_value_ref(list));
    bl_value_unref(list);
    return question;
}

static const char *const failed_options[] = {"retry", "skip", "abort", "abort and undo", NULL};
static const char *const choose_options[] = {"First", "Second", NULL};

/* What a line means, as "RESULT TEXT REASON"; "again" when it is no answer. */
static const char *test_read(const struct bl_value *question, const char *line, char out[200])
{
    struct bl_gate_request request = {.question = question};
    struct bl_gate_answer answer;
    struct bl_error err = {0};

    if (answer_read(&request, line, &answer, &err) != BL_OK)
        return "again";
    snprintf(out, 200, "%s [%s] [%s]%s", bl_gate_result_name(answer.result),
             answer.text != NULL ? answer.text : "-",
             answer.reason != NULL ? answer.reason : "-",
             answer_wants_reason(question, &answer) ? " why?" : "");
    return out;
}

static void test_gate__lines_mean_options(void **state)
{
    static const struct {
        const char *kind;
        const char *const *options;
        const char *line, *means;
    } all[] = {
        {"failed", failed_options, "1", "yes [retry] [-]"},
        {"failed", failed_options, "retry", "yes [retry] [-]"},
        {"failed", failed_options, "4", "yes [abort and undo] [-]"},
        {"failed", failed_options, "Abort And Undo", "yes [abort and undo] [-]"},
        {"failed", failed_options, "5", "again"},
        {"failed", failed_options, "0", "again"},
        {"failed", failed_options, "none of these", "again"},
        {"failed", failed_options, "y", "again"},
        {"failed", failed_options, "", "again"},
        {"failed", failed_options, "2", "yes [skip] [-] why?"},
        {"failed", failed_options, "skip", "yes [skip] [-] why?"},
        {"failed", failed_options, "skip:", "yes [skip] [] why?"},
        {"failed", failed_options, "skip: by hand", "yes [skip] [by hand]"},
        {"doubt", failed_options, "skip: by hand", "again"},
        {"doubt", failed_options, "skip", "yes [skip] [-]"},
        {"interrupt", failed_options, "5", "again"},
        {"choose", choose_options, "3", "yes [-] [-]"},
        {"choose", choose_options, "none of these", "yes [-] [-]"},
        {"choose", choose_options, "2", "yes [Second] [-]"},
        {"choose", choose_options, "2x", "again"},
        {"choose", choose_options, "99999999999999999999", "again"},
        {"confirm", NULL, "Y", "yes [-] [-]"},
        {"confirm", NULL, "no", "no [-] [-]"},
        {"confirm", NULL, "yes please", "again"},
        {"confirm", NULL, "", "again"},
    };
    char out[200];

    (void)state;
    for (size_t i = 0; i < BL_COUNT(all); i++) {
        struct bl_value *question = test_question(all[i].kind, all[i].options);
        const char *means = test_read(question, all[i].line, out);
        if (strcmp(means, all[i].means) != 0)
            fail_msg("%s: '%s' means %s, not %s", all[i].kind, all[i].line, means,
                     all[i].means);
        bl_value_unref(question);
    }
}

static void test_gate__typed_word_is_exact(void **state)
{
    struct bl_value *question = test_question("operation", NULL);
    char out[200];

    (void)state;
    bl_map_set(question, "typed", bl_value_text("redis.cache"));
    assert_string_equal(test_read(question, "redis.cache", out), "yes [-] [-]");
    assert_string_equal(test_read(question, "Redis.cache", out), "no [-] [-]");
    assert_string_equal(test_read(question, "yes", out), "no [-] [-]");
    assert_string_equal(test_read(question, "", out), "no [-] [-]");
    bl_value_unref(question);
}

/* The child: asks on its own terminal and writes what was answered to `out`. */
static void test_answered(void *owner, const struct bl_gate_answer *answer)
{
    dprintf(*(int *)owner, "%s [%s] [%s]\n", bl_gate_result_name(answer->result),
            answer->text != NULL ? answer->text : "-",
            answer->reason != NULL ? answer->reason : "-");
    *(int *)owner = -1;
}

static void test_ask(const char *folder, const char *kind, const char *const *options, int out)
{
    struct bl_gate_settings settings = {.is_attended = true};
    struct bl_journal_options journal_options = {0};
    struct bl_gate_request request = {.answered = test_answered, .owner = &out};
    struct bl_value *question = test_question(kind, options), *info = bl_map_new();
    struct bl_journal *journal;
    struct bl_clock clock;
    struct bl_state state;
    struct bl_error err;
    struct bl_loop *loop;
    struct bl_gate *gate;

    alarm(20);
    if (bl_clock_init(&clock, &err) != BL_OK || bl_state_open(folder, true, &state, &err))
        _exit(9);
    journal_options =
        (struct bl_journal_options){.state = &state, .clock = &clock, .info = info};
    if (bl_journal_create(&journal_options, &journal, &err) != BL_OK)
        _exit(8);
    loop = bl_loop_new(&clock);
    gate = bl_gate_new(loop, journal, &settings);
    request.question = question;
    bl_gate_ask(gate, &request);
    while (out >= 0) {
        if (bl_journal_flush(journal, &err) != BL_OK)
            _exit(7);
        bl_gate_turn(gate);
        bl_loop_turn(loop, true);
    }
    bl_gate_free(gate);
    if (bl_journal_close(journal, &err) != BL_OK)
        _exit(6);
    bl_loop_free(loop);
    bl_value_unref(question);
    bl_value_unref(info);
    _exit(0);
}

/* A prompt stands at the end: what is typed from now on is read. */
static bool test_is_asking(const char *text)
{
    size_t len = strlen(text);

    return len >= 2 && strcmp(text + len - 2, ": ") == 0;
}

/* Reads until the text is there and a prompt after it; false when it never comes. */
static bool test_see(int fd, const char *wanted)
{
    char text[8192];
    size_t len = 0;
    ssize_t got = 1;
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    text[0] = '\0';
    while (got > 0 && len < sizeof(text) - 1 &&
           (strstr(text, wanted) == NULL || !test_is_asking(text)) &&
           poll(&ready, 1, 10000) == 1) {
        got = read(fd, text + len, sizeof(text) - 1 - len);
        len += got > 0 ? (size_t)got : 0;
        text[len] = '\0';
    }
    if (strstr(text, wanted) == NULL)
        print_error("never seen: %s, but: %s\n", wanted, text);
    return strstr(text, wanted) != NULL;
}

/* The answer that lines typed one after the other give, each after the prompt before it. */
static void test_type(const char *kind, const char *const *options, const char *const *talk,
                      char answer[200])
{
    void *folder = NULL;
    int pipes[2], terminal, status;
    ssize_t got;
    pid_t child;

    assert_int_equal(scratch_setup(&folder), 0);
    assert_int_equal(pipe(pipes), 0);
    child = forkpty(&terminal, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (child == 0)
        test_ask(folder, kind, options, pipes[1]);
    close(pipes[1]);
    for (; *talk != NULL; talk += 2) {
        assert_true(test_see(terminal, talk[0]));
        assert_true(write(terminal, talk[1], strlen(talk[1])) > 0);
    }
    got = read(pipes[0], answer, 199);
    answer[got > 0 ? got : 0] = '\0';
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(pipes[0]);
    close(terminal);
    scratch_teardown(&folder);
}

static void test_gate__a_skip_asks_for_its_reason(void **state)
{
    static const char *const talk[] = {"choice (1-4): ",
                                       "5\n",
                                       "number of one of",
                                       "2\n",
                                       "Why skip it: ",
                                       "\n",
                                       "Please say why",
                                       "done by hand\n",
                                       NULL};
    static const char *const at_once[] = {"choice (1-4): ", "skip: no need\n", NULL};
    char answer[200];

    (void)state;
    test_type("failed", failed_options, talk, answer);
    assert_string_equal(answer, "yes [skip] [done by hand]\n");
    test_type("failed", failed_options, at_once, answer);
    assert_string_equal(answer, "yes [skip] [no need]\n");
}

static void test_gate__other_kinds_have_no_last_choice(void **state)
{
    static const char *const talk[] = {"choice (1-4): ", "4\n", NULL};
    static const char *const end[] = {"choice (1-3): ", "\004", NULL};
    char answer[200];

    (void)state;
    test_type("doubt", failed_options, talk, answer);
    assert_string_equal(answer, "yes [abort and undo] [-]\n");
    test_type("choose", choose_options, end, answer);
    assert_string_equal(answer, "unanswered [-] [-]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate__lines_mean_options),
        cmocka_unit_test(test_gate__typed_word_is_exact),
        cmocka_unit_test(test_gate__a_skip_asks_for_its_reason),
        cmocka_unit_test(test_gate__other_kinds_have_no_last_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
