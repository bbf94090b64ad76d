/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redact.c: the values of secrets never reach an output. */
#include "base/redact.h"

#include "base/redact_match.h"

struct bl_redactor {
    struct redact_secret *secrets;
    uint8_t (*starts)[256]; /* of each secret: the forms that may begin with a byte, as bits */
    size_t count;
    uint8_t pairs[8192]; /* the first two bytes of any secret in any form, as bits */
    bool may_start[256]; /* the first byte alone, where a text ends behind it */
};

/* A part of a text that is masked, in bytes from its start. */
struct redact_hit {
    const struct redact_secret *secret;
    size_t from, end;
};

struct bl_redactor *bl_redactor_new(void)
{
    return bl_alloc(sizeof(struct bl_redactor));
}

void bl_redactor_free(struct bl_redactor *redactor)
{
    if (redactor == NULL)
        return;
    for (size_t i = 0; i < redactor->count; i++) {
        explicit_bzero(redactor->secrets[i].data, redactor->secrets[i].len);
        bl_free(redactor->secrets[i].data);
        bl_free(redactor->secrets[i].name);
    }
    bl_free(redactor->secrets);
    bl_free(redactor->starts);
    bl_free(redactor);
}

/* Which second bytes may follow: few, so that most of a text is passed over quickly. */
static void redactor_add_pairs(struct bl_redactor *redactor, unsigned form, const char *data)
{
    uint8_t follows[32] = {0};

    for (unsigned next = 0; next < 256; next++)
        follows[next >> 3] |=
            (uint8_t)(redact_may_follow(form, data, (uint8_t)next) << (next & 7));
    for (unsigned byte = 0; byte < 256; byte++) {
        bool is_any = byte == '%' || byte == '\\';
        if (!redact_may_start(form, data, (uint8_t)byte))
            continue;
        for (unsigned i = 0; i < 32; i++)
            redactor->pairs[byte << 5 | i] |= is_any ? 0xff : follows[i];
    }
}

static void redactor_add_starts(struct bl_redactor *redactor, const char *data)
{
    uint8_t *starts = redactor->starts[redactor->count];

    memset(starts, 0, 256);
    for (unsigned byte = 0; byte < 256; byte++) {
        for (unsigned form = 0; form < REDACT_FORMS; form++)
            starts[byte] |= (uint8_t)(redact_may_start(form, data, (uint8_t)byte) << form);
        redactor->may_start[byte] |= starts[byte] != 0;
    }
    for (unsigned form = 0; form < REDACT_FORMS; form++)
        redactor_add_pairs(redactor, form, data);
}

bool bl_redactor_add(struct bl_redactor *redactor, const char *name, const char *data,
                     size_t len)
{
    size_t count = redactor->count;

    if (len < BL_REDACT_LEAST)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (redactor->secrets[i].len == len &&
            memcmp(redactor->secrets[i].data, data, len) == 0)
            return true;
    }
    redactor->secrets = bl_realloc(redactor->secrets, (count + 1) * sizeof(*redactor->secrets));
    redactor->starts = bl_realloc(redactor->starts, (count + 1) * sizeof(*redactor->starts));
    redactor->secrets[count] =
        (struct redact_secret){bl_strdup(name), bl_strndup(data, len), len};
    redactor_add_starts(redactor, data);
    redactor->count++;
    return true;
}

/* The longest value that begins at a place. */
static enum redact_found redact_at(const struct bl_redactor *redactor,
                                   const struct redact_place *place, struct redact_hit *hit)
{
    enum redact_found all = REDACT_NO, found;
    size_t used, most = 0;

    for (size_t i = 0; i < redactor->count; i++) {
        unsigned forms = redactor->starts[i][(unsigned char)*place->data];
        for (unsigned form = 0; forms != 0; form++, forms >>= 1) {
            if ((forms & 1) == 0)
                continue;
            found = redact_match(form, &redactor->secrets[i], place, &used);
            if (found == REDACT_MORE)
                return REDACT_MORE;
            if (found == REDACT_NO || used <= most)
                continue;
            most = used;
            hit->secret = &redactor->secrets[i];
            all = REDACT_YES;
        }
    }
    hit->end = most;
    return all;
}

/* Values that overlap the hit belong to it. */
static enum redact_found redact_widen(const struct bl_redactor *redactor,
                                      const struct redact_place *text, struct redact_hit *hit)
{
    for (size_t at = hit->from + 1; at < hit->end; at++) {
        struct redact_place place = {text->data + at, text->len - at, text->is_last};
        struct redact_hit other;
        enum redact_found found = redact_at(redactor, &place, &other);
        if (found == REDACT_MORE)
            return REDACT_MORE;
        if (found == REDACT_YES && at + other.end > hit->end)
            hit->end = at + other.end;
    }
    return REDACT_YES;
}

static bool redact_may_be(const struct bl_redactor *redactor, const char *data, size_t len)
{
    unsigned first = (unsigned char)data[0], next;

    if (len < 2)
        return redactor->may_start[first];
    next = (unsigned char)data[1];
    return (redactor->pairs[first << 5 | next >> 3] >> (next & 7) & 1) != 0;
}

/* The first hit from hit->end on. REDACT_MORE: whether there is one at hit->from depends on
 * what comes. */
static enum redact_found redact_find(const struct bl_redactor *redactor,
                                     const struct redact_place *text, struct redact_hit *hit)
{
    size_t at = hit->end;

    for (; at < text->len; at++) {
        struct redact_place place = {text->data + at, text->len - at, text->is_last};
        enum redact_found found;
        if (!redact_may_be(redactor, place.data, place.len))
            continue;
        found = redact_at(redactor, &place, hit);
        if (found == REDACT_NO)
            continue;
        hit->from = at;
        hit->end += at;
        return found == REDACT_YES ? redact_widen(redactor, text, hit) : REDACT_MORE;
    }
    hit->from = at;
    return REDACT_NO;
}

/* Masks as far as can be said; the number of bytes that were dealt with. */
static size_t redact_part(const struct bl_redactor *redactor, const struct redact_place *text,
                          struct bl_buf *out)
{
    struct redact_hit hit = {NULL, 0, 0};
    enum redact_found found = REDACT_YES;

    while (found == REDACT_YES) {
        size_t done = hit.end;
        found = redact_find(redactor, text, &hit);
        bl_buf_add(out, text->data + done, hit.from - done);
        if (found == REDACT_YES)
            bl_buf_printf(out, "<secret:%s>", hit.secret->name);
    }
    return hit.from;
}

void bl_redact_text(const struct bl_redactor *redactor, struct bl_buf *out, const char *data,
                    size_t len)
{
    const struct redact_place text = {data, len, true};

    if (redactor == NULL || redactor->count == 0)
        bl_buf_add(out, data, len);
    else
        redact_part(redactor, &text, out);
}

void bl_redact_line(const struct bl_redactor *redactor, char *text, size_t size, bool is_cut)
{
    const struct redact_place place = {text, strnlen(text, size), !is_cut};
    struct bl_buf clean;

    if (redactor == NULL || redactor->count == 0)
        return;
    bl_buf_init(&clean, 0);
    redact_part(redactor, &place, &clean);
    snprintf(text, size, "%s", bl_buf_text(&clean));
    bl_buf_release(&clean);
}

static struct bl_value *redact_bytes(const struct bl_redactor *redactor,
                                     const struct bl_value *value, bool is_cut)
{
    struct redact_hit hit = {NULL, 0, 0};
    struct redact_place text = {.is_last = !is_cut};
    struct bl_buf clean;

    text.data = bl_value_as_bytes(value, &text.len);
    if (redact_find(redactor, &text, &hit) == REDACT_NO)
        return bl_value_ref(value);
    bl_buf_init(&clean, 0);
    redact_part(redactor, &text, &clean);
    return bl_value_take_buf(&clean);
}

/* A number that is a secret, all of it. */
static struct bl_value *redact_int(const struct bl_redactor *redactor,
                                   const struct bl_value *value)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)bl_value_as_int(value));

    for (size_t i = 0; i < redactor->count; i++) {
        if (redactor->secrets[i].len == (size_t)len &&
            memcmp(redactor->secrets[i].data, digits, (size_t)len) == 0)
            return bl_value_textf("<secret:%s>", redactor->secrets[i].name);
    }
    return bl_value_ref(value);
}

static struct bl_value *redact_map(const struct bl_redactor *redactor,
                                   const struct bl_value *value)
{
    struct bl_value *copy = bl_map_new();
    bool is_cut = bl_map_bool(value, "truncated", false);
    struct bl_buf key;

    bl_buf_init(&key, 0);
    for (size_t i = 0; i < bl_value_count(value); i++) {
        bl_buf_reset(&key);
        bl_redact_text(redactor, &key, bl_map_key(value, i), strlen(bl_map_key(value, i)));
        bl_map_set(copy, bl_buf_text(&key),
                   bl_value_type(bl_map_at(value, i)) == BL_BYTES
                       ? redact_bytes(redactor, bl_map_at(value, i), is_cut)
                       : bl_redact_value(redactor, bl_map_at(value, i)));
    }
    bl_buf_release(&key);
    return copy;
}

struct bl_value *bl_redact_value(const struct bl_redactor *redactor,
                                 const struct bl_value *value)
{
    struct bl_value *copy;

    if (redactor == NULL || redactor->count == 0)
        return bl_value_ref(value);
    switch (bl_value_type(value)) {
    case BL_BYTES:
        return redact_bytes(redactor, value, false);
    case BL_INT:
        return redact_int(redactor, value);
    case BL_MAP:
        return redact_map(redactor, value);
    case BL_LIST:
        copy = bl_list_new();
        for (size_t i = 0; i < bl_value_count(value); i++)
            bl_list_add(copy, bl_redact_value(redactor, bl_list_get(value, i)));
        return copy;
    default:
        return bl_value_ref(value);
    }
}

void bl_redact_stream_init(struct bl_redact_stream *stream, const struct bl_redactor *redactor)
{
    stream->redactor = redactor;
    bl_buf_init(&stream->held, 0);
}

void bl_redact_stream_release(struct bl_redact_stream *stream)
{
    bl_buf_release(&stream->held);
}

void bl_redact_stream_feed(struct bl_redact_stream *stream, struct bl_buf *out,
                           const char *data, size_t len)
{
    struct redact_place text = {.is_last = false};
    size_t done;

    if (stream->redactor == NULL || stream->redactor->count == 0) {
        bl_buf_add(out, data, len);
        return;
    }
    bl_buf_add(&stream->held, data, len);
    text.data = bl_buf_text(&stream->held);
    text.len = stream->held.len;
    done = redact_part(stream->redactor, &text, out);
    if (done > 0)
        memmove(stream->held.data, stream->held.data + done, stream->held.len - done);
    stream->held.len -= done;
}

void bl_redact_stream_end(struct bl_redact_stream *stream, struct bl_buf *out)
{
    if (stream->held.len > 0)
        bl_redact_text(stream->redactor, out, bl_buf_text(&stream->held), stream->held.len);
    bl_buf_reset(&stream->held);
}
