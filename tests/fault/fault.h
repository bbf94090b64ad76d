/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* fault.h: the fault suite's parts: lanes of real servers, what they hold, and an engine that
 * is cut off. */
#ifndef BL_TEST_FAULT_H
#define BL_TEST_FAULT_H

#include "base/buf.h"
#include "support/engine.h"
#include "support/rabbit.h"

#include <amqp.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>

/* --- shop.c: an HTTP server that counts what it is sent
 * --------------------------------------- */

struct fault_shop;
/* Paths: POST /orders and /bell are written down; GET of the same gives {"count": N}. */
struct fault_shop *fault_shop_start(void);
void fault_shop_stop(struct fault_shop *shop);
int fault_shop_port(const struct fault_shop *shop);
int fault_shop_count(struct fault_shop *shop, const char *path);
void fault_shop_reset(struct fault_shop *shop);

/* --- lane.c: one project with servers of its own
 * ---------------------------------------------- */

/* RabbitMQ and the Docker Engine are shared by the lanes; all else is a lane's own. */
struct fault_lane {
    int number;
    const char *belay, *library, *environment; /* the engine, kill.c built, free or asked */
    struct test_server postgres, redis, *rabbit;
    /* which of them is killed at a point of its own sockets; NULL: the engine is, at any point
     */
    struct test_server *victim;
    const struct test_engine *engine; /* NULL: none can be started here */
    struct fault_shop *shop;
    PGconn *db;
    redisContext *cache;
    amqp_connection_state_t broker;
    char since[40]; /* when the state was made empty, for the Docker Engine's events */
    char folder[64], queue[24], container[24];
};

/* Starts the lane's servers, writes its project and makes the tables, the queue and the
 * container. */
void fault_lane_open(struct fault_lane *lane);
void fault_lane_close(struct fault_lane *lane);
/* Copies its folder, with project and journal, into the one that FAULT_KEEP names, if it does.
 */
void fault_lane_keep(const struct fault_lane *lane, long point);
/* Removes a folder with all that is in it. */
void fault_remove(const char *folder);
/* A path in the lane's folder; eight of them stay valid. */
const char *fault_lane_path(const struct fault_lane *lane, const char *file);
/* Connections for the suite itself, made anew when their server has been away. */
PGconn *fault_db(struct fault_lane *lane);
redisContext *fault_cache(struct fault_lane *lane);
amqp_connection_state_t fault_broker(struct fault_lane *lane);
/* Drops the connection after an error. */
void fault_broker_drop(struct fault_lane *lane);
/* Starts the victim again; what it had on its disk is still there. */
void fault_lane_revive(struct fault_lane *lane);
/* All as before the first change: cheap, no server is started. */
void fault_reset(struct fault_lane *lane);

/* --- state.c: what the servers hold
 * ----------------------------------------------------------- */

#define FAULT_CHANGES 12

struct fault_change {
    const char *step;                         /* its title, as people read it */
    const char *named;                        /* what its summary says of no other */
    int (*happened)(struct fault_lane *lane); /* how often, by what the system holds */
};
extern const struct fault_change fault_changes[FAULT_CHANGES];

/* Waits until no server works on anything of the lane any more; an engine that is alive may
 * keep idle connections, of one that is gone none is left. */
void fault_settle(struct fault_lane *lane, bool is_alive);
/* Adds a line for each change that has not happened exactly so often, for each server's log
 * that says otherwise, and for what is there beside. */
void fault_compare(struct fault_lane *lane, int times, struct bl_buf *differences);

/* The change that a text names last, by its step or its summary. NULL: none. */
const struct fault_change *fault_named(const char *text);
/* What a person answers to a question about a doubt, knowing what the systems hold: done or
 * redo. NULL: the question names no change, or one that has happened twice. */
const char *fault_answer(struct fault_lane *lane, const char *question);

/* --- sent.c: what the servers' own logs say
 * --------------------------------------------------- */

/* How often a text of a statement was committed, by PostgreSQL's log. */
int fault_sent_postgres(struct fault_lane *lane, const char *text);
/* How often PostgreSQL has refused something, such as an index that is there already. What the
 * engine itself cancels when it is stopped does not count. */
int fault_errors_postgres(struct fault_lane *lane);
/* How often a command was called, by Redis's append-only file and its statistics, which have to
 * agree unless it was killed; -1: they do not. */
int fault_sent_redis(struct fault_lane *lane, const char *command);
/* How many commands were started in the lane's container, by the Docker Engine's events. */
int fault_sent_docker(struct fault_lane *lane);
/* Takes all messages of the lane's queue; how many there were with this body, and in all. */
void fault_take_messages(struct fault_lane *lane, const char *body, int *same, int *all);

/* --- drive.c: the engine, cut off or not
 * ------------------------------------------------------ */

struct fault_cut {
    long point; /* 0: nowhere, negative: without the library */
    int signal;
    long whom;  /* 0: the engine itself; negative: a server's process group and children */
    long again; /* where the run is cut off once more when it is taken up; 0: nowhere */
};

struct fault_end {
    bool reached; /* the point was */
    int status; /* exit code, 128 + signal when it was killed, -1 when it did not end in time */
    bool signaled; /* by a signal, not by exit() */
    char where[120];
    struct bl_buf output;
};

void fault_end_init(struct fault_end *end);
void fault_end_release(struct fault_end *end);
/* `belay run` of the procedure, cut as said. */
void fault_run(struct fault_lane *lane, const struct fault_cut *cut, struct fault_end *end);
/* `belay VERB RUN ARGUMENT…` with nobody there. */
void fault_verb(struct fault_lane *lane, const char *verb, const char *run,
                const char *const *more, struct fault_end *end);
/* `belay resume RUN` with nobody there, cut as said. */
void fault_resume(struct fault_lane *lane, const char *run, const struct fault_cut *cut,
                  struct fault_end *end);
/* `belay resume RUN` in a terminal, where each question about a doubt is answered with the
 * truth: typed there, or by `belay approve` from elsewhere. How many were; *end as of
 * fault_verb. */
int fault_resume_answered(struct fault_lane *lane, const char *run, bool from_elsewhere,
                          struct fault_end *end);
/* The id of the run, once its journal has begun. */
bool fault_run_begun(struct fault_lane *lane, char *out, size_t size);
/* Whether the journal says that it has ended well. */
bool fault_run_ended(struct fault_lane *lane, const char *run);
/* Whether the journal says of every change that was sent what became of it; counts those that
 * were in doubt. What is not said is added to missing. */
bool fault_run_explained(struct fault_lane *lane, const char *run, int *doubts,
                         struct bl_buf *missing);

/* --- point.c: one point
 * ----------------------------------------------------------------------- */

enum fault_mode { FAULT_KILL, FAULT_STOP, FAULT_SERVER };

/* Sums over all points, shared by the lanes. */
struct fault_result {
    _Atomic int points;      /* the run was cut off there */
    _Atomic int beyond;      /* the run ended before that point */
    _Atomic int before;      /* there was no run yet */
    _Atomic int finished;    /* the run had ended all the same */
    _Atomic int resumed;     /* taken up again with nobody there */
    _Atomic int again;       /* cut off once more in that */
    _Atomic int intents;     /* changes that were sent, or may have been, without an outcome */
    _Atomic int doubts;      /* ends of a run in doubt, with the change named */
    _Atomic int by_terminal; /* answered in a terminal */
    _Atomic int by_inbox;    /* answered from elsewhere */
    _Atomic int failures;
    _Atomic int shown; /* failures that were told */
};

/* Cuts one run off and takes it up again until the systems hold what they should. What is wrong
 * is printed and counted. */
void fault_point(struct fault_lane *lane, enum fault_mode mode, const struct fault_cut *cut,
                 struct fault_result *result);
/* Runs it with nothing cut off; its points are in the lane's file "points" then. */
bool fault_uncut(struct fault_lane *lane);

#endif
