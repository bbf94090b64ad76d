/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* redact_match.c: the forms in which a secret's value stands in a text. */
#include "base/prefix.h"

#include "base/redact_match.h"

#define SLASHES 7 /* backslashes before one character: text escaped three times */

struct reader {
    const unsigned char *secret, *data;
    size_t secret_len, len;
    bool is_last; /* nothing follows data */
    size_t at;    /* in secret */
    size_t from;  /* in data */
};

static int reader_hex(unsigned char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The value of `digits` hexadecimal digits at a place. */
static enum redact_found reader_number(const struct reader *reader, size_t from, int digits,
                                       uint32_t *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++, from++) {
        if (from >= reader->len)
            return REDACT_MORE;
        if (reader_hex(reader->data[from]) < 0)
            return REDACT_NO;
        *number = *number << 4 | (uint32_t)reader_hex(reader->data[from]);
    }
    return REDACT_YES;
}

static enum redact_found match_plain(struct reader *reader)
{
    size_t least = reader->len < reader->secret_len ? reader->len : reader->secret_len;

    if (memcmp(reader->data, reader->secret, least) != 0)
        return REDACT_NO;
    reader->from = least;
    return least == reader->secret_len ? REDACT_YES : REDACT_MORE;
}

/* One byte that may be written as %XX; gives it and moves on. */
static enum redact_found reader_percent(struct reader *reader, unsigned char *byte)
{
    enum redact_found found;
    uint32_t number;

    if (reader->from >= reader->len)
        return REDACT_MORE;
    *byte = reader->data[reader->from];
    found = *byte == '%' ? reader_number(reader, reader->from + 1, 2, &number) : REDACT_NO;
    if (found == REDACT_MORE)
        return REDACT_MORE;
    if (found == REDACT_YES)
        *byte = (unsigned char)number;
    reader->from += found == REDACT_YES ? 3 : 1;
    return REDACT_YES;
}

static enum redact_found match_percent(struct reader *reader)
{
    unsigned char byte;

    for (; reader->at < reader->secret_len; reader->at++) {
        unsigned char wanted = reader->secret[reader->at];
        if (reader_percent(reader, &byte) == REDACT_MORE)
            return REDACT_MORE;
        if (byte != wanted && !(wanted == ' ' && byte == '+'))
            return REDACT_NO;
    }
    return REDACT_YES;
}

/* A run of backslashes of the secret: the text has as many, or more that escape them. */
static enum redact_found escaped_slashes(struct reader *reader)
{
    size_t wanted = 0, given = 0;
    const unsigned char *rest = reader->data + reader->from;

    while (reader->at < reader->secret_len && reader->secret[reader->at] == '\\') {
        reader->at++;
        wanted++;
    }
    while (reader->from + given < reader->len && rest[given] == '\\' &&
           given < 8 * wanted + SLASHES)
        given++;
    reader->from += given;
    if (reader->from == reader->len && !reader->is_last)
        return REDACT_MORE;
    return given >= wanted ? REDACT_YES : REDACT_NO;
}

/* The bytes of a character in UTF-8. */
static size_t escaped_utf8(uint32_t c, unsigned char out[4])
{
    size_t count = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    if (count == 1) {
        out[0] = (unsigned char)c;
        return 1;
    }
    for (size_t i = count - 1; i > 0; i--, c >>= 6)
        out[i] = (unsigned char)(0x80 | (c & 0x3f));
    out[0] = (unsigned char)(0xf00 >> count | c);
    return count;
}

/* The character behind "\u", which may be the first of a pair. */
static enum redact_found escaped_number(const struct reader *reader, uint32_t *c, size_t *used)
{
    enum redact_found found = reader_number(reader, reader->from + 1, 4, c);
    size_t next = reader->from + 5;
    uint32_t low;

    *used = 5;
    if (found != REDACT_YES || *c < 0xd800 || *c > 0xdbff)
        return found;
    while (next < reader->len && reader->data[next] == '\\' && next < reader->from + 12)
        next++;
    if (next >= reader->len)
        return REDACT_MORE;
    if (reader->data[next] != 'u')
        return REDACT_NO;
    found = reader_number(reader, next + 1, 4, &low);
    *c = 0x10000 + ((*c - 0xd800) << 10) + ((low - 0xdc00) & 0x3ff);
    *used = next + 5 - reader->from;
    return found;
}

/* "\u0068" of the text against the next bytes of the secret. */
static enum redact_found escaped_unicode(struct reader *reader)
{
    unsigned char bytes[4];
    uint32_t c;
    size_t used, count;
    enum redact_found found = escaped_number(reader, &c, &used);

    if (found != REDACT_YES)
        return found;
    count = escaped_utf8(c, bytes);
    if (count <= reader->secret_len - reader->at &&
        memcmp(bytes, reader->secret + reader->at, count) == 0)
        reader->at += count;
    else if (c == reader->secret[reader->at]) /* a byte that is no text */
        reader->at++;
    else
        return REDACT_NO;
    reader->from += used;
    return REDACT_YES;
}

/* What stands behind a backslash for a control character; 0 for others. */
static unsigned char escaped_letter(unsigned char byte)
{
    static const char controls[] = "\n\t\r\b\f", letters[] = "ntrbf";
    const char *found = byte == '\0' ? NULL : strchr(controls, byte);

    return found == NULL ? 0 : (unsigned char)letters[found - controls];
}

static size_t escaped_skip(struct reader *reader)
{
    size_t slashes = 0;

    while (reader->from < reader->len && reader->data[reader->from] == '\\' &&
           slashes < SLASHES) {
        reader->from++;
        slashes++;
    }
    return slashes;
}

/* One byte of the secret that is no backslash, with any backslashes before it. */
static enum redact_found escaped_byte(struct reader *reader)
{
    unsigned char wanted = reader->secret[reader->at], byte;
    enum redact_found found = REDACT_NO;
    size_t slashes = escaped_skip(reader);
    bool behind = reader->from > 0 && reader->data[reader->from - 1] == '\\';

    if (reader->from == reader->len)
        return REDACT_MORE;
    byte = reader->data[reader->from];
    if (behind && byte == 'u' &&
        (slashes > 0 || wanted != 'u')) /* its own "\\u" is no number */
        found = escaped_unicode(reader);
    if (found != REDACT_NO)
        return found;
    if (byte != wanted && !(behind && byte == escaped_letter(wanted)))
        return REDACT_NO;
    reader->from++;
    reader->at++;
    return REDACT_YES;
}

static enum redact_found match_escaped(struct reader *reader)
{
    enum redact_found found = REDACT_YES;

    while (found == REDACT_YES && reader->at < reader->secret_len)
        found =
            reader->secret[reader->at] == '\\' ? escaped_slashes(reader) : escaped_byte(reader);
    return found;
}

static int base64_value(unsigned char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - '0' + 52;
    return byte == '+' || byte == '-' ? 62 : byte == '/' || byte == '_' ? 63 : -1;
}

/* Six bits at a place of the secret; *mask has those that are the secret's own. */
static int base64_bits(const unsigned char *secret, size_t len, long from, int *mask)
{
    int bits = 0;

    *mask = 0;
    for (long i = from; i < from + 6; i++) {
        bool is_own = i >= 0 && i < (long)len * 8;
        bits = bits << 1 | (is_own && (secret[i / 8] >> (7 - i % 8) & 1));
        *mask = *mask << 1 | is_own;
    }
    return bits;
}

/* The next character of base64: line ends and escapes before it do not count. */
static enum redact_found base64_next(struct reader *reader, int *value)
{
    unsigned char byte;

    for (int skipped = 0; skipped < 4; skipped++) {
        if (reader->from >= reader->len)
            return REDACT_MORE;
        byte = reader->data[reader->from];
        if (byte != '\n' && byte != '\r' && byte != '\\')
            break;
        reader->from++;
    }
    if (reader_percent(reader, &byte) == REDACT_MORE)
        return REDACT_MORE;
    *value = base64_value(byte);
    return *value < 0 ? REDACT_NO : REDACT_YES;
}

/* Where its first character begins, in bits; before: how many bytes in front share its first
 * group of three. */
static long base64_from(int before)
{
    return before == 0 ? 0 : before == 1 ? -2 : -4;
}

static enum redact_found match_base64(struct reader *reader, int before)
{
    int mask, value;

    for (long from = base64_from(before); from < (long)reader->secret_len * 8; from += 6) {
        int wanted = base64_bits(reader->secret, reader->secret_len, from, &mask);
        enum redact_found found = base64_next(reader, &value);
        if (found != REDACT_YES)
            return found;
        if ((value & mask) != wanted)
            return REDACT_NO;
    }
    return REDACT_YES;
}

enum redact_found redact_match(enum redact_form form, const struct redact_secret *secret,
                               const struct redact_place *place, size_t *used)
{
    struct reader reader = {.secret = (const unsigned char *)secret->data,
                            .data = (const unsigned char *)place->data,
                            .secret_len = secret->len,
                            .len = place->len,
                            .is_last = place->is_last};
    enum redact_found found = form == REDACT_PLAIN     ? match_plain(&reader)
                              : form == REDACT_ESCAPED ? match_escaped(&reader)
                              : form == REDACT_PERCENT
                                  ? match_percent(&reader)
                                  : match_base64(&reader, (int)form - REDACT_BASE64);

    *used = reader.from;
    return found == REDACT_MORE && place->is_last ? REDACT_NO : found;
}

bool redact_may_start(enum redact_form form, const char *secret, unsigned char byte)
{
    unsigned char first = (unsigned char)*secret;
    int wanted, mask, value = base64_value(byte), before = (int)form - REDACT_BASE64;

    if (form == REDACT_PLAIN)
        return byte == first;
    if (form == REDACT_ESCAPED) /* without a backslash in front it begins as it is */
        return byte == '\\' || byte == first;
    if (form == REDACT_PERCENT)
        return byte == '%' || byte == first || (byte == '+' && first == ' ');
    wanted = base64_bits((const unsigned char *)secret, 1, base64_from(before), &mask);
    return byte == '%' || (value >= 0 && (value & mask) == wanted);
}

bool redact_may_follow(enum redact_form form, const char *secret, unsigned char byte)
{
    int wanted, mask, value = base64_value(byte), before = (int)form - REDACT_BASE64;

    if (form == REDACT_PLAIN)
        return byte == (unsigned char)secret[1];
    if (form == REDACT_ESCAPED || form == REDACT_PERCENT)
        return true;
    if (value < 0)
        return byte == '%' || byte == '\\' || byte == '\n' || byte == '\r';
    wanted = base64_bits((const unsigned char *)secret, 2, base64_from(before) + 6, &mask);
    return (value & mask) == wanted;
}
