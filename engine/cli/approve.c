/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* approve.c: `belay approve` and `belay reject`: a gate is answered from elsewhere. */
#include "base/prefix.h"

#include "cli/commands.h"
#include "cli/gates.h"
#include "cli/request.h"
#include "cli/state.h"

#include "base/exit.h"
#include "gate/prompt.h"
#include "gate/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

static int approve_width(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col : 80;
}

/* What is answered is seen before it is. */
static void approve_show(const struct bl_value *gate)
{
    struct bl_buf screen;

    bl_buf_init(&screen, 0);
    bl_gate_screen(&screen, approve_width(), (int)bl_map_int(gate, "gate", 0),
                   bl_map_get(gate, "data"), true);
    fputs(bl_buf_text(&screen), stdout);
    fflush(stdout);
    bl_buf_release(&screen);
}

/* The question that the person at this terminal is asked about the answer. */
static void approve_question(const struct bl_value *question, struct bl_buf *text)
{
    const char *typed = bl_map_text(question, "typed", NULL);

    if (typed != NULL)
        bl_buf_printf(text, "  Type %s to answer yes, anything else to leave it open", typed);
    else if (bl_map_get(question, "options") != NULL)
        bl_buf_text_add(text, "  Your choice, by its number (nothing to leave it open)");
    else if (bl_map_get(question, "input") != NULL)
        bl_buf_printf(text, "  Your answer (%s)", bl_map_text(question, "input", ""));
    else
        bl_buf_text_add(text, "  Answer yes? (yes, anything else to leave it open)");
}

/* The line typed here is the answer, but where yes or no is asked only "yes" is one. */
static enum bl_code approve_ask(const struct bl_value *question, struct bl_buf *answer,
                                struct bl_error *err)
{
    const char *typed = bl_map_text(question, "typed", NULL);
    struct bl_buf text;
    enum bl_code code;
    bool is_yes;

    bl_buf_init(&text, 0);
    approve_question(question, &text);
    code = bl_prompt_line(bl_buf_text(&text), answer, err);
    bl_buf_release(&text);
    if (code != BL_OK)
        return code;
    if (typed != NULL)
        is_yes = strcmp(bl_buf_text(answer), typed) == 0;
    else if (bl_map_get(question, "options") != NULL || bl_map_get(question, "input") != NULL)
        is_yes = true;
    else
        is_yes = strcasecmp(bl_buf_text(answer), "yes") == 0 ||
                 strcasecmp(bl_buf_text(answer), "y") == 0;
    return is_yes ? BL_OK
                  : bl_fail(err, BL_E_WAITING, "nothing was answered: the gate stays open");
}

/* Without a terminal, or with the answer on the command line. */
static enum bl_code approve_given(const struct bl_given *given, const struct bl_value *question,
                                  struct bl_buf *answer, struct bl_error *err)
{
    const char *typed = bl_map_text(question, "typed", NULL);
    const char *word = bl_given_text(given, "word"), *said = bl_given_text(given, "answer");

    if (typed != NULL && word == NULL)
        return bl_fail(
            err, BL_E_ARG,
            "this gate wants %s typed: give it as --word %s, or answer in a terminal", typed,
            typed);
    if (typed != NULL && strcmp(word, typed) != 0)
        return bl_fail(err, BL_E_DENIED, "--word is not what this gate wants typed: %s", typed);
    if (typed == NULL && word != NULL)
        return bl_fail(err, BL_E_ARG, "this gate wants no word typed: leave --word out");
    if (said == NULL &&
        (bl_map_get(question, "options") != NULL || bl_map_get(question, "input") != NULL))
        return bl_fail(err, BL_E_ARG,
                       "this gate wants more than a yes: say which with --answer, or answer in "
                       "a terminal");
    bl_buf_text_add(answer, word != NULL ? word : said != NULL ? said : "yes");
    return BL_OK;
}

static enum bl_code approve_answer(const struct bl_given *given, const struct bl_value *gate,
                                   struct bl_buf *answer, struct bl_error *err)
{
    const struct bl_value *question = bl_map_get(gate, "data");

    if (bl_given_text(given, "answer") != NULL || bl_given_text(given, "word") != NULL ||
        !bl_command_is_attended())
        return approve_given(given, question, answer, err);
    approve_show(gate);
    return approve_ask(question, answer, err);
}

/* The answer to a gate of a live run, signed where other people must approve. */
static enum bl_code approve_note(const struct bl_given *given, const struct bl_value *gate,
                                 struct bl_value *note, struct bl_error *err)
{
    const char *reason = bl_given_text(given, "reason"), *key = bl_given_text(given, "key");
    int64_t approvals = bl_map_int(bl_map_get(gate, "data"), "approvals", 0);
    struct bl_buf answer;
    enum bl_code code;

    if (approvals > 0 && key == NULL)
        return bl_fail(
            err, BL_E_ARG,
            "this gate asks for the approval of %lld other %s: sign yours with --key "
            "KEY, the path of your SSH key",
            (long long)approvals, approvals == 1 ? "person" : "people");
    if (approvals == 0 && key != NULL)
        return bl_fail(err, BL_E_ARG, "this gate wants no signature: leave --key out");
    bl_buf_init(&answer, BL_PROMPT_MAX);
    code = approve_answer(given, gate, &answer, err);
    if (code == BL_OK && key != NULL)
        code = bl_gate_sign(gate, key, note, err);
    else if (code == BL_OK)
        bl_map_set(note, "answer", bl_value_text(bl_buf_text(&answer)));
    if (code == BL_OK && reason != NULL)
        bl_map_set(note, "reason", bl_value_text(reason));
    bl_buf_release(&answer);
    return code;
}

static int approve_live(const struct bl_given *given)
{
    const char *file = bl_given_text(given, "export");
    struct bl_value *gate = NULL, *note = NULL;
    struct bl_error err = {0};
    struct bl_live live;
    enum bl_code code = bl_given_live(given, &live, &err);

    if (code == BL_OK)
        code = bl_given_gate(given, &live, &gate, &err);
    if (code == BL_OK && file != NULL) {
        code = bl_request_write(file, live.id, gate, &err);
    } else if (code == BL_OK) {
        note = bl_live_note(&live, "approve", gate);
        code = approve_note(given, gate, note, &err);
    }
    bl_value_unref(gate);
    if (code == BL_OK && note != NULL)
        return bl_live_send(&live, note);
    bl_value_unref(note);
    return code == BL_OK ? bl_command_end(BL_EXIT_OK) : bl_journal_refuse(&err);
}

/* What was exported elsewhere is shown and signed here: nothing of the run is needed. */
static int approve_sign(const struct bl_given *given, const char *file)
{
    struct bl_value *gate = NULL;
    struct bl_error err = {0};
    enum bl_code code = bl_request_read(file, &gate, &err);

    if (code == BL_OK)
        code = approve_note(given, gate, gate, &err);
    if (code == BL_OK)
        code = bl_request_write_signed(file, gate, &err);
    bl_value_unref(gate);
    return code == BL_OK ? bl_command_end(BL_EXIT_OK) : bl_journal_refuse(&err);
}

static int approve_import(const struct bl_given *given, const char *file)
{
    struct bl_value *gate = NULL, *note;
    struct bl_error err = {0};
    struct bl_live live;

    if (bl_request_read(file, &gate, &err) != BL_OK ||
        bl_live_find(given, bl_map_text(gate, "run", ""), &live, &err) != BL_OK) {
        bl_value_unref(gate);
        return bl_journal_refuse(&err);
    }
    note = bl_live_note(&live, "approve", gate);
    if (bl_map_get(gate, "signature") != NULL)
        bl_map_set(note, "signature", bl_value_ref(bl_map_get(gate, "signature")));
    if (bl_map_get(gate, "reason") != NULL)
        bl_map_set(note, "reason", bl_value_ref(bl_map_get(gate, "reason")));
    bl_value_unref(gate);
    return bl_live_send(&live, note);
}

static int approve_run(const struct bl_given *given)
{
    const char *sign = bl_given_text(given, "sign"), *import = bl_given_text(given, "import");
    struct bl_error err;

    if ((given->count == 0) == (sign == NULL && import == NULL) ||
        (sign != NULL) + (import != NULL) + (bl_given_text(given, "export") != NULL) > 1) {
        bl_fail(&err, BL_E_ARG,
                "name a run, or one file: approve RUN [GATE], approve --sign FILE, approve "
                "--import FILE");
        return bl_command_end(bl_command_fail(&err));
    }
    if (sign != NULL)
        return approve_sign(given, sign);
    if (import != NULL)
        return approve_import(given, import);
    return approve_live(given);
}

static int reject_run(const struct bl_given *given)
{
    const char *reason = bl_given_text(given, "reason");
    struct bl_value *gate = NULL, *note;
    struct bl_error err = {0};
    struct bl_live live;

    if (bl_given_live(given, &live, &err) != BL_OK ||
        bl_given_gate(given, &live, &gate, &err) != BL_OK)
        return bl_journal_refuse(&err);
    note = bl_live_note(&live, "reject", gate);
    bl_value_unref(gate);
    if (reason != NULL)
        bl_map_set(note, "reason", bl_value_text(reason));
    return bl_live_send(&live, note);
}

static const struct bl_option approve_options[] = {
    {"answer", "TEXT", "the answer: yes, the number of an option, what is asked for", false,
     NULL},
    {"word", "WORD", "the word that has to be typed, for where there is no terminal", false,
     NULL},
    {"reason", "TEXT", "why, for the journal; a step is not skipped without one", false, NULL},
    {"key", "PATH", "the SSH key that signs, where other people must approve", false, NULL},
    {"export", "FILE", "writes the gate to a file, to be signed on another machine", false,
     NULL},
    {"sign", "FILE", "shows and signs what was exported; writes FILE.signed", false, NULL},
    {"import", "FILE", "answers with what was signed there", false, NULL},
    {0},
};

const struct bl_command bl_command_approve = {
    .name = "approve",
    .words = "[RUN [GATE]]",
    .least = 0,
    .most = 2,
    .summary = "answers a gate of a live run from elsewhere",
    .text =
        "Answers the question that a live run waits with: from another terminal, or as another "
        "user\n"
        "when the environment names a state folder of a group. The gate is shown in full "
        "first, "
        "and asks\n"
        "as it does there. The run goes on by itself, and its journal says who answered. GATE "
        "is "
        "the\n"
        "number of the gate; it may be left out when one is open. Exit 5: the run refused "
        "it.\n\n"
        "  belay approve last\n"
        "  belay approve k7m3 2 --answer 1\n"
        "  belay approve k7m3 --word redis.cache\n",
    .options = approve_options,
    .run = approve_run,
};

static const struct bl_option reject_options[] = {
    {"reason", "TEXT", "why, for the journal", false, NULL},
    {0},
};

const struct bl_command bl_command_reject = {
    .name = "reject",
    .words = "RUN [GATE]",
    .least = 1,
    .most = 2,
    .summary = "says no to a gate of a live run from elsewhere",
    .text = "Answers the question that a live run waits with by no, as `belay approve` answers "
            "it by yes.\n\n"
            "  belay reject last --reason \"the market is open\"\n",
    .options = reject_options,
    .run = reject_run,
};
