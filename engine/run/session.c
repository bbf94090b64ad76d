/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* session.c: loop, gate and world around a runtime, and the turning of it all. */
#include "base/prefix.h"

#include "run/session.h"

#include "journal/sign.h"
#include "run/head_signer.h"

#include <signal.h>

#define SIGNALS 3
#define WAITING_MS 100

struct bl_session {
    struct bl_session_settings settings;
    struct bl_loop *loop;
    struct bl_gate *gate;
    struct bl_world *world;
    uv_signal_t signals[SIGNALS];
    uv_timer_t ticker;
    int signal;
    bool may_ask;     /* Ctrl-C asks: from the end of a replay on */
    bool is_asking;   /* what Ctrl-C means */
    bool is_stopping; /* by a signal or a person: why says it */
    bool is_hurried, had_ended;
    struct bl_error why;
    struct bl_secrets *secrets, *own_secrets;
    struct bl_head_signer *signer; /* NULL: nothing is signed */
};

static void session_warn(struct bl_session *session)
{
    struct bl_value *text, *notice;

    while ((text = bl_secrets_take_warning(session->secrets)) != NULL) {
        notice = bl_map_new();
        bl_map_set(notice, "target", bl_value_text("secrets"));
        bl_map_set(notice, "text", text);
        bl_world_emit(session->world, "notice", notice);
    }
}

static enum bl_code session_need(void *arg, const struct bl_value *tree, struct bl_error *err)
{
    struct bl_session *session = arg;
    enum bl_code code = bl_secrets_need(session->secrets, tree, err);

    session_warn(session);
    return code;
}

/* From here on no operation says a secret. */
static void session_keep_secrets(struct bl_session *session)
{
    struct bl_loop_keeper keeper = {.need = session_need, .arg = session};

    session->secrets = session->settings.secrets;
    if (session->secrets == NULL)
        session->secrets = session->own_secrets = bl_secrets_new(session->settings.is_attended);
    keeper.redactor = bl_secrets_redactor(session->secrets);
    bl_secrets_learn(session->secrets, session->settings.environment);
    bl_loop_keep_secrets(session->loop, &keeper);
    session_warn(session);
}

/* The run stops at the next safe point. */
static void session_stop(struct bl_session *session)
{
    session->is_stopping = true;
    if (!bl_world_is_durable(session->world))
        bl_runtime_stop(session->settings.runtime, &session->why);
    bl_loop_wake(session->loop);
}

static void session_choose(void *owner, const struct bl_gate_answer *answer)
{
    struct bl_session *session = owner;
    const char *choice = answer->text;

    session->is_asking = false;
    bl_world_hold(session->world, false);
    if (session->is_stopping || (choice != NULL && strcmp(choice, "continue") == 0))
        return;
    if (answer->result != BL_GATE_YES) { /* nobody answered the question: as a second Ctrl-C */
        session->signal = SIGINT;
        bl_fail(&session->why, BL_E_CANCELLED, "stopped by Ctrl-C (SIGINT)");
    } else {
        bl_fail(&session->why, BL_E_REJECTED, "aborted at the terminal");
        if (strcmp(choice, "abort and undo") == 0)
            bl_runtime_want_undo(session->settings.runtime);
    }
    session_stop(session);
}

/* Ctrl-C, where somebody is there: nothing is sent while the question stands. */
static void session_ask(struct bl_session *session)
{
    static const char *const options[] = {"continue", "abort", "abort and undo"};
    struct bl_value *question = bl_map_new(), *list = bl_list_new();
    struct bl_gate_request request = {
        .question = question, .answered = session_choose, .owner = session};

    for (size_t i = 0; i < BL_COUNT(options); i++)
        bl_list_add(list, bl_value_text(options[i]));
    bl_map_set(question, "kind", bl_value_text("interrupt"));
    bl_map_set(question, "question", bl_value_text("Ctrl-C. What now?"));
    bl_map_set(question, "why",
               bl_value_text("Nothing new is sent until you answer; what was sent goes on. "
                             "Ctrl-C again stops the run."));
    bl_map_set(question, "options", list);
    session->is_asking = true;
    bl_world_hold(session->world, true);
    bl_gate_interrupt(session->gate, &request);
    bl_value_unref(question);
    bl_loop_wake(session->loop);
}

/* Ctrl-C asks, once; every other signal stops the run. One more does not wait for what was sent
 * then. */
static void session_signalled(uv_signal_t *handle, int number)
{
    struct bl_session *session = handle->data;

    if (number == SIGINT && session->may_ask && !session->is_stopping && !session->is_asking) {
        session_ask(session);
        return;
    }
    session->is_hurried = session->is_stopping;
    if (session->signal == 0)
        session->signal = number;
    bl_fail(&session->why, BL_E_CANCELLED, "stopped by %s",
            number == SIGINT    ? "Ctrl-C (SIGINT)"
            : number == SIGTERM ? "SIGTERM"
                                : "SIGHUP");
    session_stop(session);
    if (session->is_asking)
        bl_gate_withdraw(session->gate, session);
}

/* Somebody ended it by `belay abort`: a person's decision, as at the terminal. */
static void session_aborted(void *arg, const char *by, const char *reason)
{
    struct bl_session *session = arg;

    if (session->is_stopping)
        return;
    bl_fail(&session->why, BL_E_REJECTED, "aborted by %s%s%s", by, reason != NULL ? ": " : "",
            reason != NULL ? reason : "");
    session_stop(session);
    if (session->is_asking)
        bl_gate_withdraw(session->gate, session);
}

/* Under nohup a hang-up is nobody's wish to stop. */
static void session_watch(struct bl_session *session, uv_signal_t *handle, int number)
{
    struct sigaction before;

    uv_signal_init(bl_loop_uv(session->loop), handle);
    handle->data = session;
    if (number == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
        before.sa_handler == SIG_IGN)
        return;
    uv_signal_start(handle, session_signalled, number);
}

static void session_ticked(uv_timer_t *timer)
{
    struct bl_session *session = timer->data;
    const struct bl_op *op = bl_loop_oldest(session->loop);
    char text[240];

    if (op == NULL)
        return;
    snprintf(text, sizeof(text), "%s %s%s%s", op->call->target, op->call->operation->name,
             op->stage[0] != '\0' ? ": " : "", op->stage);
    session->settings.on_waiting(session->settings.arg, text, bl_clock_steady() - op->started);
}

/* A live run is signed when the environment names a key. */
static void session_start_signer(struct bl_session *session)
{
    const struct bl_session_settings *settings = &session->settings;
    struct bl_signing signing;

    if (settings->world != BL_WORLD_LIVE || settings->journal == NULL)
        return;
    bl_signing_read(settings->environment, settings->project, &signing);
    if (signing.key[0] != '\0')
        session->signer = bl_head_signer_new(session->loop, settings->journal, &signing);
}

enum bl_code bl_session_sign(struct bl_session *session, struct bl_error *err)
{
    return bl_head_signer_end(session->signer, err);
}

struct bl_session *bl_session_new(const struct bl_session_settings *settings)
{
    static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
    struct bl_session *session = bl_alloc(sizeof(*session));
    struct bl_gate_settings gate = {.is_attended = settings->is_attended,
                                    .yes = settings->yes,
                                    .on_abort = session_aborted,
                                    .arg = session,
                                    .environment =
                                        bl_map_text(settings->environment, "name", NULL)};
    struct bl_signing signing;
    struct bl_world_settings world = {.kind = settings->world,
                                      .journal = settings->journal,
                                      .environment = settings->environment,
                                      .on_event = settings->on_event,
                                      .on_event_arg = settings->arg};

    session->settings = *settings;
    session->loop = world.loop = bl_loop_new(settings->clock);
    if (settings->project != NULL) {
        bl_signing_read(settings->environment, settings->project, &signing);
        gate.signing = &signing;
    }
    if (settings->world == BL_WORLD_LIVE && settings->journal != NULL)
        session->gate = world.gate = bl_gate_new(session->loop, settings->journal, &gate);
    session->world = bl_world_new(&world);
    session_keep_secrets(session);
    session_start_signer(session);
    bl_runtime_enter(settings->runtime, session->world);
    for (size_t i = 0; i < SIGNALS; i++)
        session_watch(session, &session->signals[i], numbers[i]);
    uv_timer_init(bl_loop_uv(session->loop), &session->ticker);
    session->ticker.data = session;
    uv_unref((uv_handle_t *)&session->ticker);
    if (settings->on_waiting != NULL)
        uv_timer_start(&session->ticker, session_ticked, WAITING_MS, WAITING_MS);
    return session;
}

/* Undoes what was done; what is in doubt stays that. */
static enum bl_code session_undo(struct bl_session *session, struct bl_error *err)
{
    bl_world_leave_doubts(session->world);
    return bl_runtime_undo(session->settings.runtime, err);
}

/* The replay, up to where the run stopped. */
static enum bl_code session_replay(struct bl_session *session, struct bl_error *err)
{
    struct bl_runtime *runtime = session->settings.runtime;
    enum bl_replay_next next = BL_REPLAY_TASK;
    enum bl_code code = bl_world_replay(session->world, session->settings.replay, err);

    while (code == BL_OK && next != BL_REPLAY_OVER) {
        bool is_ready = bl_runtime_is_ready(runtime) && !bl_runtime_is_over(runtime);
        code = bl_world_replay_turn(session->world, is_ready, &next, err);
        if (code != BL_OK || next == BL_REPLAY_OVER)
            break;
        if (next == BL_REPLAY_AGAIN) {
            bl_runtime_again(runtime);
            bl_world_go_on(session->world);
        } else if (next == BL_REPLAY_UNDO) {
            code = session_undo(session, err);
        } else {
            bl_runtime_step(runtime, true);
        }
    }
    return code;
}

/* From the journal's end on: the doubts first, then everything begins again where it was. */
static enum bl_code session_again(struct bl_session *session, struct bl_error *err)
{
    struct bl_world *world = session->world;
    enum bl_code code = BL_OK;
    struct bl_value *data;

    bl_world_resolve(world);
    while (code == BL_OK && bl_world_is_resolving(world) && !session->is_stopping)
        code = bl_world_turn(world, true, err);
    if (code != BL_OK || session->is_stopping)
        return code;
    data = bl_map_new();
    bl_world_stamp(world, data);
    bl_world_emit(world, "steps_again", data);
    bl_runtime_again(session->settings.runtime);
    bl_world_go_on(world);
    return BL_OK;
}

static struct bl_value *session_resumed(const struct bl_session *session, bool undo)
{
    const struct bl_value *resumed = session->settings.resumed;
    struct bl_value *data = bl_map_new();

    for (size_t i = 0; i < bl_value_count(resumed); i++)
        bl_map_set(data, bl_map_key(resumed, i), bl_value_ref(bl_map_at(resumed, i)));
    if (undo)
        bl_map_set(data, "undo", bl_value_bool(true));
    return data;
}

/* An undo that stopped in its midst goes on with the step that it was at, which is not done. */
static enum bl_code session_resume(struct bl_session *session, struct bl_error *err)
{
    struct bl_runtime *runtime = session->settings.runtime;
    enum bl_code code = session_replay(session, err);
    bool undo = session->settings.undo;

    session->had_ended = bl_world_replay_has_ended(session->world);
    if (code != BL_OK || (session->had_ended && !undo))
        return code;
    if (!session->had_ended && bl_runtime_is_undoing(runtime))
        undo = false;
    bl_world_emit(session->world, "run_resumed", session_resumed(session, undo));
    session->settings.on_resumed(session->settings.on_resumed_arg);
    return undo ? session_undo(session, err) : session_again(session, err);
}

/* Nothing is sent any more; what was sent is waited for, so that it is not left in doubt. */
static enum bl_code session_drain(struct bl_session *session, struct bl_error *err)
{
    enum bl_code code = BL_OK;

    bl_world_drain(session->world);
    while (code == BL_OK && bl_world_has_sent(session->world) && !session->is_hurried)
        code = bl_world_turn(session->world, true, err);
    bl_runtime_stop(session->settings.runtime, &session->why);
    return code;
}

static enum bl_code session_turn(struct bl_session *session, struct bl_error *err)
{
    struct bl_runtime *runtime = session->settings.runtime;
    struct bl_error why;

    if (session->is_stopping)
        return session_drain(session, err);
    if (session->is_asking)
        return bl_world_turn(session->world, true, err);
    if (bl_runtime_stuck(runtime, &why) != BL_OK && !bl_world_is_resolving(session->world) &&
        !bl_world_has_sent(session->world)) {
        bl_runtime_stop(runtime, &why);
        return BL_OK;
    }
    return bl_world_turn(session->world, !bl_runtime_is_ready(runtime), err);
}

enum bl_code bl_session_run(struct bl_session *session, struct bl_error *err)
{
    struct bl_runtime *runtime = session->settings.runtime;
    enum bl_code code = BL_OK;

    bl_loop_turn(session->loop, false); /* a signal may have come before there was a session */
    if (session->settings.replay != NULL)
        code = session_resume(session, err);
    if (session->had_ended && !session->settings.undo)
        return code;
    session->may_ask = session->gate != NULL && bl_gate_is_attended(session->gate);
    while (code == BL_OK) {
        if (!session->is_stopping && !session->is_asking)
            bl_runtime_step(runtime, false);
        if (bl_runtime_is_over(runtime))
            break;
        code = session_turn(session, err);
    }
    if (code != BL_OK)
        bl_runtime_stop(runtime, err);
    bl_loop_turn(session->loop, false); /* a signal may have come while the script ran */
    bl_world_settle(session->world);
    return code;
}

static void session_closed(uv_handle_t *handle)
{
    (void)handle;
}

void bl_session_free(struct bl_session *session)
{
    if (session == NULL)
        return;
    bl_head_signer_free(session->signer);
    bl_gate_free(session->gate);
    bl_world_free(session->world);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&session->signals[i], session_closed);
    uv_close((uv_handle_t *)&session->ticker, session_closed);
    bl_loop_free(session->loop);
    bl_secrets_free(session->own_secrets);
    bl_free(session);
}

bool bl_session_had_ended(const struct bl_session *session)
{
    return session->had_ended;
}

struct bl_world *bl_session_world(struct bl_session *session)
{
    return session->world;
}

int bl_session_signal(const struct bl_session *session)
{
    return session->signal;
}

int64_t bl_session_longest(const struct bl_session *session)
{
    return bl_loop_longest(session->loop);
}
