/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* jsonl.c: JSON Lines: each event as it is, one a line, at once. */
#include "base/json.h"
#include "report/report.h"

struct jsonl {
    struct bl_reporter base;
    struct bl_buf line;
};

static struct bl_reporter *jsonl_open(const struct bl_report_options *options)
{
    struct jsonl *jsonl = bl_alloc(sizeof(*jsonl));

    (void)options;
    bl_buf_init(&jsonl->line, 0);
    return &jsonl->base;
}

static void jsonl_event(struct bl_reporter *reporter, const struct bl_event *event)
{
    struct jsonl *jsonl = (struct jsonl *)reporter;

    bl_buf_printf(&jsonl->line, "{\"seq\":%lld,\"at\":%lld,\"kind\":", (long long)event->seq,
                  (long long)event->at);
    bl_json_write_text(&jsonl->line, event->kind, strlen(event->kind));
    bl_buf_text_add(&jsonl->line, ",\"data\":");
    bl_json_write(&jsonl->line, event->data, BL_JSON_PLAIN);
    bl_buf_printf(&jsonl->line, ",\"hash\":\"%s\"}\n", event->hash);
    bl_reporter_write(reporter, &jsonl->line);
}

static void jsonl_close(struct bl_reporter *reporter)
{
    struct jsonl *jsonl = (struct jsonl *)reporter;

    bl_buf_release(&jsonl->line);
    bl_free(jsonl);
}

const struct bl_reporter_type bl_reporter_json = {
    .name = "json",
    .text = "JSON Lines: each event of the journal, one a line.",
    .open = jsonl_open,
    .event = jsonl_event,
    .close = jsonl_close,
};
