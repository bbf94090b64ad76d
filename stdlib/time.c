/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* time: clocks and waiting. Nothing here changes the world outside the process. */
#include "base/prefix.h"

#include "base/clock.h"
#include "module.h"

struct sleep_op {
    struct bl_op base; /* first: the engine's part */
    uv_timer_t timer;
};

static void sleep_closed(uv_handle_t *handle)
{
    bl_op_unref(handle->data); /* the loop has let go */
}

static void sleep_release(struct bl_op *op)
{
    uv_close((uv_handle_t *)&((struct sleep_op *)op)->timer, sleep_closed);
}

static void sleep_fired(uv_timer_t *timer)
{
    bl_op_answer(timer->data,
                 bl_value_bool(true)); /* puts it in line; nothing else happens here */
}

static void sleep_start(struct bl_op *op, const struct bl_call *call)
{
    struct sleep_op *sleep = (struct sleep_op *)op;

    uv_timer_init(bl_op_loop(op), &sleep->timer);
    sleep->timer.data = bl_op_ref(op);
    uv_timer_start(&sleep->timer, sleep_fired, (uint64_t)bl_call_int(call, "seconds"), 0);
    bl_op_stage(op, "sleeping");
}

static void now_start(struct bl_op *op, const struct bl_call *call)
{
    int64_t now = bl_clock_now(bl_loop_clock(op->loop));
    struct bl_value *answer = bl_map_new();
    char text[BL_TIME_TEXT];

    (void)call;
    bl_time_format(now, text);
    bl_map_set(answer, "epoch", bl_value_float((double)now / 1000));
    bl_map_set(answer, "text", bl_value_text(text));
    bl_op_answer(op, answer);
}

static struct bl_value *parse_call(const struct bl_value *args, struct bl_error *err)
{
    int64_t millis;

    if (bl_time_parse(bl_map_text(args, "text", ""), &millis, err) != BL_OK)
        return NULL;
    return bl_value_float((double)millis / 1000);
}

static struct bl_value *format_call(const struct bl_value *args, struct bl_error *err)
{
    char text[BL_TIME_TEXT];

    (void)err;
    bl_time_format((int64_t)(bl_value_as_float(bl_map_get(args, "epoch")) * 1000), text);
    return bl_value_text(text);
}

static const struct bl_arg sleep_args[] = {
    {.name = "seconds",
     .type = BL_T_DURATION,
     .text = "how long to wait",
     .max = INT64_C(86400000)},
    {0},
};
static const struct bl_arg parse_args[] = {
    {.name = "text", .type = BL_T_STRING, .text = "an ISO 8601 time; without a zone it is UTC"},
    {0},
};
static const struct bl_arg format_args[] = {
    {.name = "epoch", .type = BL_T_NUMBER, .text = "seconds since 1970 UTC"},
    {0},
};

static const struct bl_operation time_operations[] = {
    {
        .name = "now",
        .text = "Reads the clock.",
        .result = "table: epoch (seconds since 1970 UTC, with fraction), text (ISO 8601 UTC)",
        .class = BL_CLASS_OBSERVE,
        .start = now_start,
        .example = "time.now().epoch",
    },
    {
        .name = "sleep",
        .text = "Waits without blocking other branches. Skipped in a dry run.",
        .args = sleep_args,
        .result = "true",
        .class = BL_CLASS_OBSERVE,
        .is_wait = true,
        .timeout_ms = INT64_C(90000000),
        .size = sizeof(struct sleep_op),
        .start = sleep_start,
        .release = sleep_release,
        .nominal = bl_nominal_true,
        .example = "time.sleep(0.01)",
    },
    {0},
};

static const struct bl_function time_functions[] = {
    {
        .name = "parse",
        .text = "Reads a time that a server wrote.",
        .args = parse_args,
        .result = "seconds since 1970 UTC, with fraction",
        .example = "time.parse(\"2026-03-01T02:59:00Z\")",
        .call = parse_call,
    },
    {
        .name = "format",
        .text = "Writes a time as ISO 8601 UTC.",
        .args = format_args,
        .result = "string",
        .example = "time.format(0)",
        .call = format_call,
    },
    {0},
};

const struct bl_module bl_module_time = {
    .name = "time",
    .text = "Clocks and waiting.",
    .operations = time_operations,
    .functions = time_functions,
};
