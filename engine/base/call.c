/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* call.c: one call of an operation on its way out, and the outcome on its way back. */
#include "base/module.h"

static const char *const class_names[] = {"observe", "change", "destroy"};
static const char *const finding_names[] = {"nothing", "done", "not done", "pending"};
static const char *const status_names[] = {"answered", "failed", "unknown", "planned",
                                           "refused"};

const char *bl_class_name(enum bl_class class)
{
    return class_names[class];
}

const char *bl_status_name(enum bl_status status)
{
    return status_names[status];
}

enum bl_status bl_status_find(const char *name)
{
    for (unsigned i = 0; i < BL_COUNT(status_names); i++) {
        if (strcmp(status_names[i], name) == 0)
            return (enum bl_status)i;
    }
    return BL_FAILED;
}

struct bl_call *bl_call_new(const struct bl_module *module,
                            const struct bl_operation *operation, const char *target,
                            const struct bl_value *args)
{
    struct bl_call *call = bl_alloc(sizeof(*call));

    call->module = module;
    call->operation = operation;
    call->target = bl_strdup(target);
    call->args = bl_value_ref(args);
    call->timeout_ms = operation->timeout_ms > 0 ? operation->timeout_ms : BL_TIMEOUT_MS;
    call->keep = BL_KEEP;
    call->file = bl_strdup("");
    call->step = bl_strdup("");
    return call;
}

void bl_call_place(struct bl_call *call, const struct bl_place *place)
{
    bl_free(call->file);
    bl_free(call->step);
    call->file = bl_strdup(place->file);
    call->line = place->line;
    call->step = bl_strdup(place->step);
}

void bl_call_bounds(struct bl_call *call)
{
    int64_t fallback = bl_map_int(call->settings, "timeout", call->timeout_ms);

    call->timeout_ms = bl_map_int(call->args, "timeout", fallback);
    call->keep = bl_map_int(call->args, "keep", call->keep);
}

void bl_call_free(struct bl_call *call)
{
    if (call == NULL)
        return;
    bl_free(call->target);
    bl_free(call->file);
    bl_free(call->step);
    bl_free(call->id);
    bl_value_unref((struct bl_value *)(uintptr_t)call->args);
    bl_value_unref((struct bl_value *)(uintptr_t)call->settings);
    bl_free(call);
}

struct bl_call *bl_call_dup(const struct bl_call *call)
{
    struct bl_call *copy = bl_call_new(call->module, call->operation, call->target, call->args);
    struct bl_place place = {call->file, call->line, call->step};

    copy->settings = bl_value_ref(call->settings);
    bl_call_place(copy, &place);
    copy->timeout_ms = call->timeout_ms;
    copy->keep = call->keep;
    if (call->id != NULL)
        bl_call_set_id(copy, call->id);
    return copy;
}

void bl_call_set_id(struct bl_call *call, const char *id)
{
    bl_free(call->id);
    call->id = bl_strdup(id);
}

struct bl_call *bl_call_question(const struct bl_call *about,
                                 const struct bl_operation *operation,
                                 struct bl_value *take_args)
{
    struct bl_call *call = bl_call_new(about->module, operation, about->target, take_args);
    struct bl_place place = {about->file, about->line, about->step};

    bl_value_unref(take_args);
    call->settings = bl_value_ref(about->settings);
    bl_call_place(call, &place);
    call->timeout_ms = about->timeout_ms;
    return call;
}

const struct bl_value *bl_call_value(const struct bl_call *call, const char *name)
{
    return bl_map_get(call->args, name);
}

const char *bl_call_text(const struct bl_call *call, const char *name)
{
    return bl_map_text(call->args, name, "");
}

int64_t bl_call_int(const struct bl_call *call, const char *name)
{
    return bl_map_int(call->args, name, 0);
}

bool bl_call_bool(const struct bl_call *call, const char *name)
{
    return bl_map_bool(call->args, name, false);
}

const char *bl_call_setting(const struct bl_call *call, const char *name, const char *fallback)
{
    const struct bl_value *value = bl_map_get(call->settings, name);

    return bl_value_type(value) == BL_NIL ? fallback : bl_value_reveal(value, NULL);
}

void bl_inspection_init(struct bl_inspection *inspection, const struct bl_call *call)
{
    memset(inspection, 0, sizeof(*inspection));
    inspection->class = call->operation->class;
    inspection->is_idempotent = call->operation->idempotent;
    snprintf(inspection->target, sizeof(inspection->target), "%s", call->target);
    snprintf(inspection->summary, sizeof(inspection->summary), "%s %s", call->target,
             call->operation->name);
    bl_buf_init(&inspection->detail, 65536);
    if (call->operation->inspect != NULL)
        call->operation->inspect(call, inspection);
}

void bl_inspection_release(struct bl_inspection *inspection)
{
    bl_buf_release(&inspection->detail);
    bl_value_unref(inspection->asking);
    bl_value_unref(inspection->before);
}

int64_t bl_inspection_count(const struct bl_inspection *inspection)
{
    char *end;
    long long count = strtoll(inspection->affects, &end, 10);

    return end == inspection->affects ? -1 : count;
}

const char *bl_finding_name(enum bl_finding finding)
{
    return finding_names[finding];
}

void bl_resolution_release(struct bl_resolution *resolution)
{
    bl_value_unref(resolution->value);
    bl_value_unref(resolution->asking);
    memset(resolution, 0, sizeof(*resolution));
}

void bl_resolution_set(struct bl_resolution *resolution, enum bl_finding finding,
                       const char *format, ...)
{
    va_list args;

    resolution->finding = finding;
    va_start(args, format);
    vsnprintf(resolution->how, sizeof(resolution->how), format, args);
    va_end(args);
}

void bl_outcome_release(struct bl_outcome *outcome)
{
    bl_value_unref(outcome->value);
    outcome->value = NULL;
}
