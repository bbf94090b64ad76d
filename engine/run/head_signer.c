/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* head_signer.c: signs the head of a run with the operator's key: at gates and at its end. */
#include "base/prefix.h"

#include "run/head_signer.h"

struct signer_head {
    int64_t seq; /* 0: none */
    char hash[BL_HASH_TEXT];
};

struct bl_head_signer {
    struct bl_signing signing;
    struct bl_loop *loop;
    struct bl_journal *journal;
    struct signer_head last, wanted, at_work;
    bool is_busy, has_said;
    struct bl_buf signature; /* the thread's, while is_busy */
    struct bl_error why;
    enum bl_code code;
    uv_work_t work;
};

static enum bl_code signer_sign(const struct bl_signing *signing, const char *hash,
                                struct bl_buf *signature, struct bl_error *err)
{
    const struct bl_signed what = {
        .namespace = BL_SIGN_HEAD, .data = hash, .len = strlen(hash)};

    bl_buf_init(signature, 0);
    return bl_sign(signing->key, &what, signature, err);
}

enum bl_code bl_head_signer_try(const struct bl_signing *signing, const char *environment,
                                struct bl_error *err)
{
    struct bl_buf signature;
    struct bl_error why = {0};
    enum bl_code code = signer_sign(signing, "a trial", &signature, &why);

    bl_buf_release(&signature);
    return code == BL_OK ? BL_OK
                         : bl_fail(err, BL_E_GUARD, "environment %s wants signed runs: %s",
                                   environment, why.message);
}

/* Queues what became of a signature. */
static void signer_note(struct bl_head_signer *signer)
{
    struct bl_value *data = bl_map_new();
    char key[BL_SIGN_KEY];

    if (signer->code == BL_OK) {
        bl_map_set(data, "seq", bl_value_int(signer->at_work.seq));
        bl_map_set(data, "hash", bl_value_text(signer->at_work.hash));
        bl_map_set(data, "signature", bl_value_text(bl_buf_text(&signer->signature)));
        bl_sign_fingerprint(bl_buf_text(&signer->signature), key);
        bl_map_set(data, "key", bl_value_text(key));
        bl_journal_append(signer->journal, "signed", data);
    } else if (!signer->has_said) {
        signer->has_said = true;
        bl_map_set(data, "target", bl_value_text("journal"));
        bl_map_set(data, "text",
                   bl_value_textf("the run is not signed: %s", signer->why.message));
        bl_journal_append(signer->journal, "notice", data);
    } else {
        bl_value_unref(data);
    }
    bl_buf_release(&signer->signature);
}

static void signer_work(uv_work_t *work)
{
    struct bl_head_signer *signer = work->data;

    signer->code =
        signer_sign(&signer->signing, signer->at_work.hash, &signer->signature, &signer->why);
}

static void signer_start(struct bl_head_signer *signer);

static void signer_done(uv_work_t *work, int status)
{
    struct bl_head_signer *signer = work->data;

    (void)status; /* nobody cancels it */
    signer->is_busy = false;
    signer_note(signer);
    if (signer->wanted.seq > 0)
        signer_start(signer);
}

static void signer_start(struct bl_head_signer *signer)
{
    signer->at_work = signer->wanted;
    signer->wanted.seq = 0;
    signer->work.data = signer;
    signer->is_busy =
        uv_queue_work(bl_loop_uv(signer->loop), &signer->work, signer_work, signer_done) == 0;
}

static void signer_event(void *arg, const struct bl_event *event)
{
    struct bl_head_signer *signer = arg;

    signer->last.seq = event->seq;
    memcpy(signer->last.hash, event->hash, BL_HASH_TEXT);
    if (strcmp(event->kind, "gate_opened") != 0)
        return;
    signer->wanted = signer->last;
    if (!signer->is_busy)
        signer_start(signer);
}

struct bl_head_signer *bl_head_signer_new(struct bl_loop *loop, struct bl_journal *journal,
                                          const struct bl_signing *signing)
{
    struct bl_head_signer *signer = bl_alloc(sizeof(*signer));

    signer->signing = *signing;
    signer->loop = loop;
    signer->journal = journal;
    bl_journal_subscribe(journal, signer_event, signer);
    return signer;
}

/* Waits for the thread; it ends within the time that a signature may take. */
static void signer_wait(struct bl_head_signer *signer)
{
    signer->wanted.seq = 0;
    while (signer->is_busy)
        bl_loop_turn(signer->loop, true);
}

enum bl_code bl_head_signer_end(struct bl_head_signer *signer, struct bl_error *err)
{
    enum bl_code code;

    if (signer == NULL)
        return BL_OK;
    signer_wait(signer);
    code = bl_journal_flush(signer->journal, err);
    if (code != BL_OK)
        return code;
    signer->at_work = signer->last;
    signer->code =
        signer_sign(&signer->signing, signer->at_work.hash, &signer->signature, &signer->why);
    signer_note(signer);
    code = bl_journal_flush(signer->journal, err);
    if (code == BL_OK && signer->code != BL_OK && signer->signing.is_required)
        code = bl_fail(err, BL_E_FAILED,
                       "the run is over, and its end is not signed, which the environment "
                       "wants: %s",
                       signer->why.message);
    return code;
}

void bl_head_signer_free(struct bl_head_signer *signer)
{
    if (signer == NULL)
        return;
    signer_wait(signer);
    bl_free(signer);
}
