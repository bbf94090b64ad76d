/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* expiry.c: a question whose time is over is answered no. */
#include "base/prefix.h"

#include "gate/private.h"

#define EXPIRY_LOOK_MS                                                                         \
    10000 /* the run's clock may have been ahead of the timer: looks again                     \
           */

struct expiry {
    uv_timer_t timer;
    struct bl_gate *gate;
    struct question *question;
};

bool expiry_is_over(struct bl_gate *gate, struct question *question)
{
    struct bl_gate_answer answer = {.result = BL_GATE_NO, .is_expired = true};

    if (question->expires == 0 || bl_clock_now(bl_loop_clock(gate->loop)) < question->expires)
        return false;
    if (question == gate->first && gate->is_shown)
        bl_terminal_leave(gate->terminal, "Its time is over: that is a no.");
    gate_settle(gate, question, &answer, &(struct gate_source){.by = "", .how = "expired"});
    return true;
}

static void expiry_look(uv_timer_t *timer)
{
    struct expiry *expiry = timer->data;
    int64_t left = expiry->question->expires - bl_clock_now(bl_loop_clock(expiry->gate->loop));

    if (expiry_is_over(expiry->gate, expiry->question))
        return; /* it is closed with its question */
    uv_timer_start(timer, expiry_look,
                   (uint64_t)(left > EXPIRY_LOOK_MS ? EXPIRY_LOOK_MS : left + 1), 0);
}

void expiry_start(struct bl_gate *gate, struct question *question)
{
    int64_t millis = bl_map_int(question->map, "expires_in", 0);
    struct expiry *expiry;

    if (millis <= 0)
        return;
    question->expires = bl_clock_now(bl_loop_clock(gate->loop)) + millis;
    expiry = bl_alloc(sizeof(*expiry));
    expiry->gate = gate;
    expiry->question = question;
    uv_timer_init(bl_loop_uv(gate->loop), &expiry->timer);
    expiry->timer.data = expiry;
    question->timer = &expiry->timer;
    uv_update_time(bl_loop_uv(gate->loop));
    uv_timer_start(&expiry->timer, expiry_look,
                   (uint64_t)(millis > EXPIRY_LOOK_MS ? EXPIRY_LOOK_MS : millis), 0);
}

static void expiry_closed(uv_handle_t *handle)
{
    bl_free(handle->data);
}

void expiry_stop(struct question *question)
{
    if (question->timer != NULL)
        uv_close((uv_handle_t *)question->timer, expiry_closed);
    question->timer = NULL;
}
