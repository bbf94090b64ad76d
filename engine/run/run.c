/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* run.c: one run of a procedure, from its file to its exit code. */
#include "base/prefix.h"

#include "run/private.h"

#include "base/exit.h"
#include "run/head_signer.h"
#include "run/others.h"
#include "run/params.h"
#include "world/environment.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

void run_loaded(void *context, enum bl_origin origin, const char *name, const char *text,
                size_t size)
{
    struct run *run = context;
    const char *before;
    struct bl_value *data;
    char hash[BL_HASH_TEXT];

    if (origin != BL_FROM_PROJECT)
        return;
    bl_hash_hex(text, size, hash);
    before = bl_map_text(run->files, name, NULL);
    if (before != NULL && strcmp(before, hash) == 0)
        return; /* of a run that is taken up again: it is what it was */
    data = bl_map_new();
    bl_map_set(data, "name", bl_value_text(name));
    bl_map_set(data, "sha256", bl_value_text(hash));
    bl_map_set(data, "size", bl_value_int((int64_t)size));
    bl_map_set(run->texts, hash, bl_value_bytes(text, size));
    if (before != NULL)
        bl_list_add(run->changed, bl_value_ref(data));
    if (run->session != NULL) {
        bl_journal_keep(run->journal, hash, text, size);
        bl_world_emit(bl_session_world(run->session), "file_loaded", data);
    } else {
        bl_list_add(run->loaded, data);
    }
}

/* The name of a secret inside that has no value; NULL when each has one. */
static const char *run_unset_secret(const struct bl_value *value)
{
    const char *name = NULL;
    size_t len;

    if (bl_value_type(value) == BL_SECRET) {
        bl_value_reveal(value, &len);
        return len == 0 ? bl_value_secret_name(value) : NULL;
    }
    for (size_t i = 0; name == NULL && i < bl_value_count(value); i++)
        name = run_unset_secret(bl_value_type(value) == BL_MAP ? bl_map_at(value, i)
                                                               : bl_list_get(value, i));
    return name;
}

/* Fetches the secrets of a connection; one of a variable that is not set has no value. */
static enum bl_code run_need(const struct run *run, const char *name,
                             const struct bl_value *settings, struct bl_error *err)
{
    struct bl_error why;
    const char *unset;

    if (bl_secrets_need(run->secrets, settings, &why) != BL_OK)
        return bl_fail(err, why.code, "%s: %s", name, why.message);
    unset = run_unset_secret(settings);
    return unset == NULL
               ? BL_OK
               : bl_fail(err, BL_E_ARG,
                         "%s needs the secret %s, which has no value: export %s, or give it "
                         "as a systemd credential of that name",
                         name, unset, unset);
}

/* Where signed runs are wanted, one that cannot sign does not begin. */
static enum bl_code run_check_signing(const struct run *run, struct bl_error *err)
{
    struct bl_signing signing;

    bl_signing_read(run->environment, run->project.root, &signing);
    if (run->options->world != BL_WORLD_LIVE || !signing.is_required)
        return BL_OK;
    return bl_head_signer_try(&signing, bl_map_text(run->environment, "name", ""), err);
}

/* Every connection that the procedure uses must be in the environment, with its secrets. */
static enum bl_code run_check_uses(const struct run *run, struct bl_error *err)
{
    const struct bl_value *uses = bl_map_get(run->procedure, "uses");
    const char *environment = bl_map_text(run->environment, "name", "");

    for (size_t i = 0; i < bl_value_count(uses); i++) {
        const char *target = bl_value_as_text(bl_map_at(uses, i));
        size_t len = strlen(target);
        bool may_be_missing = len > 0 && target[len - 1] == '?'; /* "docker.engine?" */
        char name[160];
        const struct bl_value *settings;
        snprintf(name, sizeof(name), "%.*s", (int)(len - may_be_missing), target);
        settings = bl_environment_connection(run->environment, name);
        if (settings == NULL && !may_be_missing)
            return bl_fail(err, BL_E_ARG,
                           "%s uses %s, which environment %s does not name: add it to "
                           "environments/%s.lua or choose another with --env",
                           run->id, name, environment, environment);
        if (run_need(run, name, settings, err) != BL_OK)
            return err->code;
    }
    return BL_OK;
}

static enum bl_code run_load(struct run *run, struct bl_error *err)
{
    const struct bl_run_options *options = run->options;
    struct bl_param_sources sources = {.sets = options->sets, .set_files = options->set_files};
    enum bl_code code = bl_clock_init(&run->clock, err);

    if (code == BL_OK)
        code = bl_project_open(&run->project, options->project, run_loaded, run, err);
    if (code == BL_OK && options->resume != NULL)
        code = run_take(run, err);
    else if (code == BL_OK)
        code =
            bl_project_environment(&run->project, options->environment, &run->environment, err);
    run->id = run->info != NULL ? bl_map_text(run->info, "procedure", "") : options->procedure;
    if (code == BL_OK)
        code = bl_project_procedure(&run->project, run->id, &run->procedure, err);
    if (code != BL_OK)
        return code;
    if (run->info != NULL)
        sources.recorded = bl_map_get(run->info, "params");
    run->secrets = sources.secrets = bl_secrets_new(options->is_attended);
    sources.environment = run->environment;
    sources.may_prompt = options->is_attended;
    bl_secrets_learn(run->secrets, run->environment);
    code = run_check_signing(run, err);
    if (code == BL_OK)
        code = run_check_uses(run, err);
    if (code == BL_OK)
        code = bl_params_resolve(run->procedure, &sources, &run->params, &run->given, err);
    if (code != BL_OK)
        return code;
    bl_runtime_answers(run->project.runtime, options->answers);
    return BL_OK;
}

static struct bl_value *run_info(const struct run *run)
{
    const struct bl_run_options *options = run->options;
    struct bl_value *info = bl_map_new();
    struct passwd *user = getpwuid(geteuid());
    char host[256] = "";

    gethostname(host, sizeof(host) - 1);
    bl_map_set(info, "procedure", bl_value_text(run->id));
    bl_map_set(info, "title", bl_value_text(bl_map_text(run->procedure, "title", "")));
    bl_map_set(info, "environment", bl_value_text(bl_map_text(run->environment, "name", "")));
    bl_map_set(info, "trusted", bl_environment_trusted(run->environment));
    bl_map_set(info, "world", bl_value_text(bl_world_name(options->world)));
    bl_map_set(info, "params", bl_value_ref(run->params));
    bl_map_set(info, "given", bl_value_ref(run->given));
    bl_map_set(info, "user", bl_value_text(user != NULL ? user->pw_name : "?"));
    bl_map_set(info, "host", bl_value_text(host));
    bl_map_set(info, "pid", bl_value_int(getpid()));
    bl_map_set(info, "version", bl_value_text(BL_VERSION));
    bl_map_set(info, "project", bl_value_text(run->project.root));
    if (run->clock.offset_ms != 0)
        bl_map_set(info, "clock", bl_value_int(run->clock.offset_ms));
    return info;
}

/* A signal waits until the run can end in order: from the first line of its journal on. */
static void run_hold_signals(bool hold)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL);
}

static void run_keep_texts(const struct run *run)
{
    for (size_t i = 0; i < bl_value_count(run->texts); i++) {
        size_t len;
        const char *text = bl_value_as_bytes(bl_map_at(run->texts, i), &len);
        bl_journal_keep(run->journal, bl_map_key(run->texts, i), text, len);
    }
}

/* From here on somebody reads along; what was said before they know. */
static void run_show(const struct run *run)
{
    const struct bl_run_options *options = run->options;

    if (options->on_start != NULL)
        options->on_start(options->arg, run->journal, run->state.is_default);
    if (run->info != NULL)
        run_tell_past(run);
    if (options->on_event != NULL)
        bl_journal_subscribe(run->journal, options->on_event, options->arg);
}

static void run_name_others(const struct run *run)
{
    bl_others_name(run->journal, &run->state, run->id,
                   bl_map_text(run->environment, "name", ""));
}

/* Who else runs, and the text that is used from here on. */
static void run_resume_with(void *arg)
{
    const struct run *run = arg;

    run_name_others(run);
    for (size_t i = 0; i < bl_value_count(run->changed); i++)
        bl_journal_append(run->journal, "file_loaded",
                          bl_value_ref(bl_list_get(run->changed, i)));
}

static enum bl_code run_open_journal(struct run *run, struct bl_error *err)
{
    struct bl_journal_options options = {.state = &run->state, .clock = &run->clock};
    struct bl_value *info = run_info(run);
    enum bl_code code =
        bl_state_open(bl_map_text(run->environment, "state", NULL), true, &run->state, err);

    if (code == BL_OK && run->options->world == BL_WORLD_LIVE)
        code = run_take_lease(run, err);
    options.info = info;
    options.redactor = bl_secrets_redactor(run->secrets);
    if (code == BL_OK)
        code = run->info != NULL ? run_reopen(run, &options, err)
                                 : bl_journal_create(&options, &run->journal, err);
    run->now = info;
    if (code != BL_OK)
        return code;
    if (run->lease != NULL)
        bl_lease_set_run(run->lease, bl_journal_run(run->journal));
    run_show(run);
    run_keep_texts(run);
    if (run->info != NULL)
        return BL_OK; /* nothing is journaled before it is known where the run stopped */
    for (size_t i = 0; i < bl_value_count(run->loaded); i++)
        bl_journal_append(run->journal, "file_loaded",
                          bl_value_ref(bl_list_get(run->loaded, i)));
    if (run->lease != NULL)
        run_name_others(run);
    return bl_journal_flush(run->journal, err);
}

static int run_exit(const struct run *run, const struct bl_result *result)
{
    const struct bl_world_counts *counts = bl_world_counts_of(bl_session_world(run->session));
    int signal = bl_session_signal(run->session);

    /* one that came when all was done has stopped nothing */
    if (signal != 0 && result->is_failed)
        return signal == SIGINT ? BL_EXIT_INT : BL_EXIT_TERM;
    if (counts->in_doubt > 0)
        return BL_EXIT_DOUBT;
    if (result->is_failed)
        return bl_exit_of(result->error.code);
    return result->failed > 0 || result->failed_steps > 0 ? BL_EXIT_FAILED : BL_EXIT_OK;
}

static void run_emit_end(const struct run *run, const struct bl_result *result, int status)
{
    const struct bl_world_counts *counts = bl_world_counts_of(bl_session_world(run->session));
    bool is_undone = run->options->undo && status == BL_EXIT_OK;
    struct bl_value *data = bl_map_new();

    bl_map_set(data, "exit", bl_value_int(status));
    bl_map_set(data, "status", bl_value_text(is_undone ? "undone" : bl_exit_word(status)));
    bl_map_set(
        data, "meaning",
        bl_value_text(is_undone ? "what could be undone is undone" : bl_exit_text(status)));
    bl_map_set(data, "passed", bl_value_int(result->passed));
    bl_map_set(data, "warned", bl_value_int(result->warned));
    bl_map_set(data, "failed", bl_value_int(result->failed));
    if (result->assumed > 0)
        bl_map_set(data, "assumed", bl_value_int(result->assumed));
    bl_map_set(data, "failed_steps", bl_value_int(result->failed_steps));
    bl_map_set(data, "changes", bl_value_int(counts->changes));
    bl_map_set(data, "in_doubt", bl_value_int(counts->in_doubt));
    bl_map_set(data, "planned", bl_value_int(counts->planned));
    bl_map_set(data, "destroys", bl_value_int(counts->destroys));
    bl_map_set(data, "refused", bl_value_int(counts->refused));
    bl_map_set(data, "millis", bl_value_int(bl_clock_steady() - run->started));
    bl_map_set(data, "longest_turn_us", bl_value_int(bl_session_longest(run->session)));
    if (result->is_failed) {
        struct bl_value *error = bl_map_new();
        bl_map_set(error, "code", bl_value_text(bl_code_name(result->error.code)));
        bl_map_set(error, "message", bl_value_text(result->error.message));
        bl_map_set(data, "error", error);
    }
    bl_journal_append(run->journal, "run_ended", data);
}

/* Runs the body to its end and journals that end. */
static int run_body(struct run *run, struct bl_error *err)
{
    const struct bl_run_options *options = run->options;
    struct bl_session_settings settings = {
        .runtime = run->project.runtime,
        .clock = &run->clock,
        .journal = run->journal,
        .environment = run->environment,
        .project = run->project.root,
        .world = options->world,
        .secrets = run->secrets,
        .is_attended = options->is_attended,
        .yes = options->yes,
        .on_waiting = options->on_waiting,
        .arg = options->arg,
    };
    struct bl_value *resumed = run->info != NULL ? run_resumed(run, run->now) : NULL;
    struct bl_result result = {0};
    enum bl_code code;
    int status;

    settings.replay = run->info != NULL ? run->path : NULL;
    settings.undo = options->undo;
    settings.resumed = resumed;
    settings.on_resumed = run_resume_with;
    settings.on_resumed_arg = run;
    run->session = bl_session_new(&settings);
    run_hold_signals(false);
    code = bl_runtime_start(run->project.runtime, run->id, run->params, err);
    if (code != BL_OK)
        bl_runtime_stop(run->project.runtime, err);
    code = bl_session_run(run->session, err);
    bl_runtime_result(run->project.runtime, &result);
    bl_value_unref(result.value);
    bl_value_unref(resumed);
    if (code != BL_OK) /* the journal takes nothing more, or the run cannot be taken up */
        return bl_exit_of(code);
    if (bl_session_had_ended(run->session) && !options->undo) {
        bl_fail(err, BL_E_ARG,
                "run %s has come to its end: there is nothing to go on with: run it again, or "
                "`belay undo %s`",
                run->taken, run->taken);
        return BL_EXIT_USAGE;
    }
    status = run_exit(run, &result);
    run_emit_end(run, &result, status);
    if (bl_journal_flush(run->journal, err) != BL_OK)
        return bl_exit_of(err->code);
    err->code = BL_OK; /* it may hold what was only tried */
    if (bl_session_sign(run->session, err) != BL_OK && status == BL_EXIT_OK)
        status = bl_exit_of(err->code);
    return status;
}

/* From the first line of the journal to its last. */
static int run_perform(struct run *run, struct bl_error *err)
{
    int status = BL_EXIT_FAILED;

    run_hold_signals(true);
    if (run_open_journal(run, err) == BL_OK)
        status = run_body(run, err);
    else if (err->code == BL_E_WAITING || err->code == BL_E_REJECTED)
        status = bl_exit_of(err->code); /* what a person said about taking over */
    run_hold_signals(false);
    return status;
}

/* The error is shown without having been journaled. */
static void run_mask(const struct run *run, struct bl_error *err)
{
    if (run->secrets != NULL && err->code != BL_OK)
        bl_redact_line(bl_secrets_redactor(run->secrets), err->message, sizeof(err->message),
                       strlen(err->message) + 1 >= sizeof(err->message));
}

static void run_close(struct run *run, struct bl_error *err)
{
    struct bl_error why;

    bl_project_close(&run->project);
    bl_session_free(run->session);
    if (run->journal != NULL && bl_journal_close(run->journal, &why) != BL_OK &&
        err->code == BL_OK)
        *err = why;
    bl_lease_release(run->lease);
    run_mask(run, err);
    bl_secrets_free(run->secrets);
    bl_value_unref(run->params);
    bl_value_unref(run->given);
    bl_value_unref(run->environment);
    bl_value_unref(run->loaded);
    bl_value_unref(run->now);
    bl_value_unref(run->info);
    bl_value_unref(run->files);
    bl_value_unref(run->changed);
    bl_value_unref(run->texts);
}

/* Before it began: what the machine, a person or the source of a secret said, else wrong use.
 */
static int run_load_exit(enum bl_code code)
{
    switch (code) {
    case BL_E_IO:
    case BL_E_FULL:
    case BL_E_BUSY:
    case BL_E_DENIED:
    case BL_E_EXIT:
    case BL_E_TIMEOUT:
    case BL_E_WAITING:
    case BL_E_CANCELLED:
    case BL_E_GUARD:
        return bl_exit_of(code);
    default:
        return BL_EXIT_USAGE;
    }
}

static int run_once(const struct bl_run_options *options, char undo[BL_RUN_TEXT],
                    struct bl_error *err)
{
    struct run run = {.options = options, .started = bl_clock_steady()};
    int status;

    err->code = BL_OK;
    run.loaded = bl_list_new();
    run.changed = bl_list_new();
    run.texts = bl_map_new();
    if (run_load(&run, err) != BL_OK)
        status = run_load_exit(err->code);
    else
        status = run_perform(&run, err);
    undo[0] = '\0';
    if (run.session != NULL && bl_runtime_wants_undo(run.project.runtime))
        snprintf(undo, BL_RUN_TEXT, "%s", bl_journal_run(run.journal));
    run_close(&run, err);
    return status == BL_EXIT_OK && err->code != BL_OK ? BL_EXIT_FAILED : status;
}

int bl_run(const struct bl_run_options *options, struct bl_error *err)
{
    struct bl_run_options again = *options;
    char undo[BL_RUN_TEXT], more[BL_RUN_TEXT];
    int status = run_once(options, undo, err), undone;

    if (undo[0] == '\0' || err->code != BL_OK)
        return status;
    again.resume = undo;
    again.undo = true;
    undone = run_once(&again, more, err);
    return undone == BL_EXIT_OK ? status : undone;
}
