/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* amqp_broker.c: threads that serve calls to one broker, and the way back to the loop. */
#include "base/prefix.h"

#include "amqp_broker.h"

#include <sys/socket.h>

#define BROKER_WORKERS 8
#define BROKER_STACK ((size_t)512 * 1024)

struct worker {
    struct bl_amqp_broker *broker;
    uv_thread_t thread;
    struct bl_amqp_link link; /* of the worker's thread */
    struct bl_amqp_job *job;  /* under the lock, like fd */
    int fd;                   /* that may be shut down from outside; -1: none */
};

struct bl_amqp_broker {
    struct bl_loop *loop;
    struct bl_amqp_settings *settings;
    uv_async_t wake;
    struct bl_addresses addresses; /* of the loop's thread: found once, until a link fails */
    size_t most_workers;

    uv_mutex_t lock; /* for what follows, and what its owners say is under it */
    uv_cond_t turn;
    struct bl_addresses current; /* a copy for the workers */
    struct bl_amqp_job *queue, **queue_end;
    struct bl_amqp_job *done, **done_end;
    struct worker workers[BROKER_WORKERS];
    size_t started, alive, idle, queued;
    bool is_closing, forget_addresses;
};

void bl_amqp_settings_free(struct bl_amqp_settings *settings)
{
    if (settings == NULL)
        return;
    bl_free(settings->host);
    bl_free(settings->vhost);
    bl_free(settings->user);
    bl_free(settings->password);
    bl_free(settings->ca_file);
    bl_free(settings);
}

/* --- on the workers' threads --- */

static void worker_on_stage(void *owner, const char *stage)
{
    struct worker *worker = owner;

    uv_mutex_lock(&worker->broker->lock);
    worker->job->stage = stage;
    uv_mutex_unlock(&worker->broker->lock);
    uv_async_send(&worker->broker->wake);
}

static bool worker_on_fd(void *owner, int fd)
{
    struct worker *worker = owner;
    bool is_wanted;

    uv_mutex_lock(&worker->broker->lock);
    worker->fd = fd;
    is_wanted = worker->job == NULL || !worker->job->is_cancelled;
    uv_mutex_unlock(&worker->broker->lock);
    return is_wanted;
}

static bool worker_connect(struct worker *worker, struct bl_amqp_job *job)
{
    struct bl_amqp_broker *broker = worker->broker;
    struct bl_addresses addresses;

    uv_mutex_lock(&broker->lock);
    addresses = broker->current;
    uv_mutex_unlock(&broker->lock);
    worker_on_stage(worker, "connecting");
    if (bl_amqp_link_open(&worker->link, &addresses, &job->err) == BL_OK)
        return true;
    uv_mutex_lock(&broker->lock);
    broker->forget_addresses = true;
    uv_mutex_unlock(&broker->lock);
    return false;
}

/* A change leaves only after the loop has noted that it does: from then on a timeout means that
 * nobody knows. */
static bool worker_may_send(struct worker *worker, struct bl_amqp_job *job)
{
    struct bl_amqp_broker *broker = worker->broker;
    bool may_send;

    uv_mutex_lock(&broker->lock);
    job->stage = "waiting for the broker's answer";
    job->wants_leave = job->is_change;
    uv_async_send(&broker->wake);
    while (job->is_change && !job->has_leave && !job->is_cancelled)
        uv_cond_wait(&broker->turn, &broker->lock);
    may_send = !job->is_cancelled;
    job->wants_leave = false;
    uv_mutex_unlock(&broker->lock);
    return may_send;
}

/* One try; true when it may be made again on a fresh link. */
static bool worker_try(struct worker *worker, struct bl_amqp_job *job)
{
    struct bl_amqp_link *link = &worker->link;
    bool is_reused = bl_amqp_link_is_alive(link);

    job->err = (struct bl_error){0};
    job->is_lost = false;
    if (!is_reused) {
        bl_amqp_link_close(link);
        if (!worker_connect(worker, job))
            return false;
    }
    if (bl_amqp_link_channel(link, &job->err) != BL_OK)
        return is_reused && link->is_broken;
    if (!worker_may_send(worker, job)) {
        bl_fail(&job->err, BL_E_CANCELLED, "%s: cancelled", job->call->target);
        return false;
    }
    job->work(job, link);
    amqp_maybe_release_buffers(link->state);
    job->is_lost = link->is_broken;
    return is_reused && link->is_broken && !job->is_change;
}

static void worker_serve(struct worker *worker, struct bl_amqp_job *job)
{
    struct bl_amqp_link *link = &worker->link;

    link->target = job->call->target;
    link->deadline = job->deadline;
    while (worker_try(worker, job)) {
        bl_value_unref(job->answer);
        job->answer = NULL;
    }
    if (link->is_broken)
        bl_amqp_link_close(link);
}

static struct bl_amqp_job *broker_take(struct bl_amqp_broker *broker)
{
    struct bl_amqp_job *job = broker->queue;

    broker->queue = job->next;
    if (broker->queue == NULL)
        broker->queue_end = &broker->queue;
    broker->queued--;
    job->next = NULL;
    return job;
}

static void broker_put_done(struct bl_amqp_broker *broker, struct bl_amqp_job *job)
{
    *broker->done_end = job;
    broker->done_end = &job->next;
    uv_async_send(&broker->wake);
}

/* Waits for something to do; a link with a heartbeat is looked after meanwhile. */
static void worker_idle(struct worker *worker)
{
    struct bl_amqp_broker *broker = worker->broker;
    int heartbeat = broker->settings->heartbeat;

    broker->idle++;
    if (heartbeat == 0) {
        uv_cond_wait(&broker->turn, &broker->lock);
    } else if (uv_cond_timedwait(&broker->turn, &broker->lock,
                                 (uint64_t)heartbeat * 400000000) != 0) {
        uv_mutex_unlock(&broker->lock);
        if (!bl_amqp_link_is_alive(&worker->link))
            bl_amqp_link_close(&worker->link);
        uv_mutex_lock(&broker->lock);
    }
    broker->idle--;
}

static void worker_main(void *data)
{
    struct worker *worker = data;
    struct bl_amqp_broker *broker = worker->broker;

    uv_mutex_lock(&broker->lock);
    for (;;) {
        while (broker->queue == NULL && !broker->is_closing)
            worker_idle(worker);
        if (broker->queue == NULL)
            break;
        worker->job = broker_take(broker);
        uv_mutex_unlock(&broker->lock);
        worker_serve(worker, worker->job);
        uv_mutex_lock(&broker->lock);
        broker_put_done(broker, worker->job);
        worker->job = NULL;
    }
    uv_mutex_unlock(&broker->lock);
    bl_amqp_link_close(&worker->link);
    uv_mutex_lock(&broker->lock);
    broker->alive--;
    uv_async_send(&broker->wake);
    uv_mutex_unlock(&broker->lock);
}

/* --- on the loop's thread --- */

static void job_finish(struct bl_amqp_job *job)
{
    struct bl_op *op = job->op;

    ((struct bl_amqp_op *)op)->job = NULL;
    if (job->err.code == BL_OK) {
        bl_op_answer(op, job->answer != NULL ? job->answer : bl_value_nil());
        job->answer = NULL;
    } else if (job->is_lost) {
        bl_op_lost(op, job->err.code, "%s", job->err.message);
    } else {
        bl_op_fail_error(op, &job->err);
    }
    bl_value_unref(job->answer);
    bl_free(job);
    bl_op_unref(op);
}

static void broker_closed(uv_handle_t *handle)
{
    struct bl_amqp_broker *broker = BL_CONTAINER(handle, struct bl_amqp_broker, wake);

    uv_cond_destroy(&broker->turn);
    uv_mutex_destroy(&broker->lock);
    bl_amqp_settings_free(broker->settings);
    bl_free(broker);
}

/* It is on disk that the change leaves now. */
static void job_go_on(struct bl_op *op)
{
    struct bl_amqp_job *job = ((struct bl_amqp_op *)op)->job;
    struct bl_amqp_broker *broker = job->broker;

    bl_op_sent(op);
    uv_mutex_lock(&broker->lock);
    job->has_leave = true;
    uv_cond_broadcast(&broker->turn);
    uv_mutex_unlock(&broker->lock);
}

/* Under the lock. */
static void job_ask_leave(struct bl_amqp_job *job)
{
    struct bl_value *mark = bl_map_new();

    job->has_asked = true;
    bl_map_set(mark, "leaves", bl_value_bool(true));
    bl_op_prepared(job->op, mark, job_go_on);
}

/* Under the lock: what the workers have to say about the jobs they are at. */
static void broker_look_at(struct bl_amqp_broker *broker, struct bl_amqp_job *job)
{
    const struct bl_amqp_settings *settings = broker->settings;

    if (job == NULL)
        return;
    if (job->stage != NULL)
        bl_op_stage(job->op, "%s (%s:%d)", job->stage, settings->host, settings->port);
    job->stage = NULL;
    if (!job->wants_leave || job->has_leave)
        return;
    if (bl_op_is_settled(job->op)) {
        job->is_cancelled = true;
        uv_cond_broadcast(&broker->turn);
    } else if (!job->has_asked) {
        job_ask_leave(job);
    }
}

static void broker_woken(uv_async_t *wake)
{
    struct bl_amqp_broker *broker = BL_CONTAINER(wake, struct bl_amqp_broker, wake);
    struct bl_amqp_job *done, *next;
    bool is_over;

    uv_mutex_lock(&broker->lock);
    for (size_t i = 0; i < broker->started; i++)
        broker_look_at(broker, broker->workers[i].job);
    if (broker->forget_addresses)
        broker->addresses.count = 0;
    broker->forget_addresses = false;
    done = broker->done;
    broker->done = NULL;
    broker->done_end = &broker->done;
    is_over = broker->is_closing && broker->alive == 0;
    uv_mutex_unlock(&broker->lock);
    for (; done != NULL; done = next) {
        next = done->next;
        job_finish(done);
    }
    if (!is_over || uv_is_closing((uv_handle_t *)wake))
        return;
    for (size_t i = 0; i < broker->started; i++)
        uv_thread_join(&broker->workers[i].thread); /* they have said their last word */
    uv_close((uv_handle_t *)wake, broker_closed);
}

struct bl_amqp_broker *bl_amqp_broker_open(struct bl_loop *loop,
                                           struct bl_amqp_settings *take_settings,
                                           size_t most_links)
{
    struct bl_amqp_broker *broker = bl_alloc(sizeof(*broker));

    broker->loop = loop;
    broker->settings = take_settings;
    broker->most_workers = most_links < BROKER_WORKERS ? most_links : BROKER_WORKERS;
    broker->queue_end = &broker->queue;
    broker->done_end = &broker->done;
    if (uv_mutex_init(&broker->lock) != 0 || uv_cond_init(&broker->turn) != 0 ||
        uv_async_init(bl_loop_uv(loop), &broker->wake, broker_woken) != 0)
        BL_BUG("the system has no lock, condition or descriptor left");
    uv_unref((uv_handle_t *)&broker->wake); /* an idle connection keeps nobody waiting */
    return broker;
}

void bl_amqp_broker_close(struct bl_amqp_broker *broker)
{
    uv_ref((uv_handle_t *)&broker->wake);
    uv_mutex_lock(&broker->lock);
    broker->is_closing = true;
    uv_cond_broadcast(&broker->turn);
    uv_mutex_unlock(&broker->lock);
    uv_async_send(&broker->wake);
}

/* Under the lock. */
static void broker_add_worker(struct bl_amqp_broker *broker)
{
    uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE,
                                   .stack_size = BROKER_STACK};
    struct worker *worker = &broker->workers[broker->started];

    worker->broker = broker;
    worker->fd = -1;
    worker->link = (struct bl_amqp_link){.settings = broker->settings,
                                         .fd = -1,
                                         .on_fd = worker_on_fd,
                                         .on_stage = worker_on_stage,
                                         .owner = worker};
    if (uv_thread_create_ex(&worker->thread, &options, worker_main, worker) != 0) {
        if (broker->started == 0)
            BL_BUG("the system has no thread left");
        return; /* the others do the work */
    }
    broker->started++;
    broker->alive++;
}

static void broker_enqueue(struct bl_amqp_broker *broker, struct bl_amqp_job *job)
{
    job->is_queued = true;
    uv_mutex_lock(&broker->lock);
    broker->current = broker->addresses;
    *broker->queue_end = job;
    broker->queue_end = &job->next;
    broker->queued++;
    if (broker->queued > broker->idle && broker->started < broker->most_workers)
        broker_add_worker(broker);
    uv_cond_broadcast(&broker->turn);
    uv_mutex_unlock(&broker->lock);
}

static void broker_resolved(struct bl_op *op, const struct bl_addresses *addresses)
{
    struct bl_amqp_job *job = ((struct bl_amqp_op *)op)->job;

    job->broker->addresses = *addresses;
    broker_enqueue(job->broker, job);
}

struct bl_amqp_job *bl_amqp_broker_serve(struct bl_amqp_broker *broker, struct bl_op *op,
                                         bl_amqp_work *work)
{
    struct bl_amqp_job *job = bl_alloc(sizeof(*job));

    *job = (struct bl_amqp_job){.call = op->call,
                                .work = work,
                                .op = bl_op_ref(op),
                                .broker = broker,
                                .deadline = op->started + op->call->timeout_ms,
                                .is_change = op->class != BL_CLASS_OBSERVE};
    ((struct bl_amqp_op *)op)->job = job;
    bl_op_stage(op, "waiting for a connection to %s:%d", broker->settings->host,
                broker->settings->port);
    if (broker->settings->has_tls || broker->addresses.count > 0)
        broker_enqueue(broker, job);
    else
        bl_resolve(op, broker->settings->host, broker->settings->port, broker_resolved);
    return job;
}

void bl_amqp_job_cancel(struct bl_amqp_job *job)
{
    struct bl_amqp_broker *broker = job->broker;
    struct bl_amqp_job **at;

    if (!job->is_queued) { /* its host name has no address yet */
        job_finish(job);
        return;
    }
    uv_mutex_lock(&broker->lock);
    job->is_cancelled = true;
    for (at = &broker->queue; *at != NULL && *at != job; at = &(*at)->next)
        continue;
    if (*at == job) { /* nobody has begun with it */
        *at = job->next;
        if (job->next == NULL)
            broker->queue_end = at;
        job->next = NULL;
        broker->queued--;
        broker_put_done(broker, job);
    }
    for (size_t i = 0; i < broker->started; i++) {
        if (broker->workers[i].job == job && broker->workers[i].fd >= 0)
            shutdown(broker->workers[i].fd, SHUT_RDWR);
    }
    uv_cond_broadcast(&broker->turn);
    uv_mutex_unlock(&broker->lock);
}
