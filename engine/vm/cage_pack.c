/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* cage_pack.c: string.pack, packsize and unpack as section 6.4.2 of the manual describes them.
 */
#include "base/prefix.h"

#include "vm/cage_lib.h"
#include "vm/scratch.h"

#define PACK_INTEGER_MOST 16 /* bytes of the widest integer */
#define PACK_ALIGN_NATIVE (_Alignof(max_align_t) > 8 ? 8 : _Alignof(max_align_t))

enum pack_kind {
    PACK_SIGNED,
    PACK_UNSIGNED,
    PACK_FLOAT,
    PACK_DOUBLE,
    PACK_FIXED,  /* cn */
    PACK_PREFIX, /* sn */
    PACK_ZERO,   /* z */
    PACK_BYTE,   /* x */
    PACK_ALIGN,  /* Xop */
    PACK_NOTHING /* a setting */
};

struct pack_state {
    lua_State *L;
    const char *at;
    const char *end;
    bool is_little;
    size_t align; /* the most that anything is aligned to */
};

struct pack_item {
    enum pack_kind kind;
    size_t size;
    size_t padding;
};

static const union {
    uint16_t whole;
    uint8_t first;
} pack_native = {1};

static bool pack_number(struct pack_state *state, size_t *out)
{
    size_t number = 0;

    if (state->at >= state->end || *state->at < '0' || *state->at > '9')
        return false;
    while (state->at < state->end && *state->at >= '0' && *state->at <= '9' &&
           number <= (SIZE_MAX / 2 - 9) / 10)
        number = number * 10 + (size_t)(*state->at++ - '0');
    *out = number;
    return true;
}

static BL_LJMP size_t pack_integer_size(struct pack_state *state, size_t fallback)
{
    size_t size = fallback;

    pack_number(state, &size);
    if (size < 1 || size > PACK_INTEGER_MOST)
        luaL_error(state->L, "integral size (%I) out of limits [1,%d]", (LUAI_UACINT)size,
                   PACK_INTEGER_MOST);
    return size;
}

static struct pack_item pack_made(enum pack_kind kind, size_t size)
{
    struct pack_item item = {kind, size, 0};

    return item;
}

/* The settings: byte order, alignment, blanks. */
static BL_LJMP struct pack_item pack_setting(struct pack_state *state, char option)
{
    switch (option) {
    case ' ':
        break;
    case '<':
        state->is_little = true;
        break;
    case '>':
        state->is_little = false;
        break;
    case '=':
        state->is_little = pack_native.first == 1;
        break;
    case '!':
        state->align = pack_integer_size(state, PACK_ALIGN_NATIVE);
        break;
    default:
        luaL_error(state->L, "invalid format option '%c'", option);
    }
    return pack_made(PACK_NOTHING, 0);
}

static BL_LJMP struct pack_item pack_option(struct pack_state *state)
{
    char option = *state->at++;
    struct pack_item item;

    switch (option) {
    case 'b':
    case 'B':
        return pack_made(option == 'b' ? PACK_SIGNED : PACK_UNSIGNED, sizeof(char));
    case 'h':
    case 'H':
        return pack_made(option == 'h' ? PACK_SIGNED : PACK_UNSIGNED, sizeof(short));
    case 'l':
    case 'L':
        return pack_made(option == 'l' ? PACK_SIGNED : PACK_UNSIGNED, sizeof(long));
    case 'j':
    case 'J':
        return pack_made(option == 'j' ? PACK_SIGNED : PACK_UNSIGNED, sizeof(lua_Integer));
    case 'T':
        return pack_made(PACK_UNSIGNED, sizeof(size_t));
    case 'i':
    case 'I':
        return pack_made(option == 'i' ? PACK_SIGNED : PACK_UNSIGNED,
                         pack_integer_size(state, sizeof(int)));
    case 'f':
        return pack_made(PACK_FLOAT, sizeof(float));
    case 'd':
    case 'n':
        return pack_made(PACK_DOUBLE, sizeof(double));
    case 's':
        return pack_made(PACK_PREFIX, pack_integer_size(state, sizeof(size_t)));
    case 'c':
        item = pack_made(PACK_FIXED, 0);
        if (!pack_number(state, &item.size))
            luaL_error(state->L, "missing size for format option 'c'");
        return item;
    case 'z':
        return pack_made(PACK_ZERO, 0);
    case 'x':
        return pack_made(PACK_BYTE, 1);
    case 'X':
        return pack_made(PACK_ALIGN, 0);
    default:
        return pack_setting(state, option);
    }
}

/* The next option, with the padding that it needs after `total` bytes. [-0, +0, v] */
static BL_LJMP struct pack_item pack_next(struct pack_state *state, size_t total)
{
    struct pack_item item = pack_option(state);
    struct pack_item aligned = item;
    size_t align;

    bl_charge(state->L, 4);
    if (item.kind == PACK_ALIGN) {
        if (state->at < state->end)
            aligned = pack_option(state);
        if (aligned.kind == PACK_FIXED || aligned.size == 0 || aligned.kind == PACK_ALIGN)
            luaL_argerror(state->L, 1, "invalid next option for option 'X'");
    } else if (item.kind > PACK_DOUBLE && item.kind != PACK_PREFIX) {
        return item;
    }
    align = aligned.size < state->align ? aligned.size : state->align;
    if (align <= 1)
        return item;
    if ((align & (align - 1)) != 0)
        luaL_argerror(state->L, 1, "format asks for alignment not power of 2");
    item.padding = (align - (total & (align - 1))) & (align - 1);
    return item;
}

static BL_LJMP void pack_begin(lua_State *L, struct pack_state *state)
{
    size_t len;

    state->L = L;
    state->at = luaL_checklstring(L, 1, &len);
    state->end = state->at + len;
    state->is_little = pack_native.first == 1;
    state->align = 1;
}

/* Adds the integer of an item; beyond 64 bits a signed one carries its sign on. */
static BL_LJMP void pack_add_integer(struct pack_state *state, struct bl_scratch *out,
                                     lua_Integer number, const struct pack_item *item)
{
    bool is_signed = item->kind == PACK_SIGNED;
    size_t size = item->size;
    lua_Unsigned bits = (lua_Unsigned)number;
    unsigned char bytes[PACK_INTEGER_MOST];

    for (size_t i = 0; i < size; i++) {
        unsigned char byte = is_signed && number < 0 ? 0xff : 0;

        if (i < sizeof(bits))
            byte = (unsigned char)(bits >> (8 * i));
        bytes[state->is_little ? i : size - 1 - i] = byte;
    }
    bl_scratch_add(out, bytes, size);
}

static void pack_turn(const struct pack_state *state, char *to, const char *from, size_t size)
{
    bool is_same = state->is_little == (pack_native.first == 1);

    for (size_t i = 0; i < size; i++)
        to[i] = from[is_same ? i : size - 1 - i];
}

static BL_LJMP void pack_add_float(struct pack_state *state, struct bl_scratch *out,
                                   const struct pack_item *item, int argument)
{
    double wide = luaL_checknumber(state->L, argument);
    float narrow = (float)wide;
    char bytes[sizeof(double)];

    pack_turn(state, bytes,
              item->kind == PACK_FLOAT ? (const char *)&narrow : (const char *)&wide,
              item->size);
    bl_scratch_add(out, bytes, item->size);
}

static BL_LJMP void pack_add_text(struct pack_state *state, struct bl_scratch *out,
                                  const struct pack_item *item, int argument)
{
    lua_State *L = state->L;
    size_t len;
    const char *text = luaL_checklstring(L, argument, &len);

    if (item->kind == PACK_PREFIX) {
        luaL_argcheck(L, item->size >= sizeof(size_t) || len < (size_t)1 << (item->size * 8),
                      argument, "string length does not fit in given size");
        pack_add_integer(state, out, (lua_Integer)len, item);
        bl_scratch_add(out, text, len);
    } else if (item->kind == PACK_ZERO) {
        luaL_argcheck(L, strlen(text) == len, argument, "string contains zeros");
        bl_scratch_add(out, text, len + 1);
    } else {
        luaL_argcheck(L, len <= item->size, argument, "string longer than given size");
        bl_scratch_check(L, item->size);
        bl_scratch_add(out, text, len);
        memset(bl_scratch_room(out, item->size - len), 0, item->size - len);
        out->len += item->size - len;
    }
}

static BL_LJMP lua_Integer pack_check_integer(lua_State *L, const struct pack_item *item,
                                              int argument)
{
    lua_Integer number = luaL_checkinteger(L, argument);
    lua_Integer bound;

    if (item->size >= sizeof(lua_Integer))
        return number;
    bound = (lua_Integer)1 << (item->size * 8 - 1);
    if (item->kind == PACK_SIGNED)
        luaL_argcheck(L, -bound <= number && number < bound, argument, "integer overflow");
    else
        luaL_argcheck(L, (lua_Unsigned)number < (lua_Unsigned)bound * 2, argument,
                      "unsigned overflow");
    return number;
}

BL_LJMP int bl_string_pack(lua_State *L)
{
    struct pack_state state;
    struct bl_scratch out;
    int argument = 1;

    pack_begin(L, &state);
    bl_scratch_init(L, &out);
    while (state.at < state.end) {
        struct pack_item item = pack_next(&state, out.len);

        while (item.padding-- > 0)
            bl_scratch_char(&out, '\0');
        switch (item.kind) {
        case PACK_SIGNED:
        case PACK_UNSIGNED:
            argument++;
            pack_add_integer(&state, &out, pack_check_integer(L, &item, argument), &item);
            break;
        case PACK_FLOAT:
        case PACK_DOUBLE:
            pack_add_float(&state, &out, &item, ++argument);
            break;
        case PACK_FIXED:
        case PACK_PREFIX:
        case PACK_ZERO:
            pack_add_text(&state, &out, &item, ++argument);
            break;
        case PACK_BYTE:
            bl_scratch_char(&out, '\0');
            break;
        default:
            break;
        }
    }
    bl_scratch_push(&out);
    return 1;
}

BL_LJMP int bl_string_packsize(lua_State *L)
{
    struct pack_state state;
    size_t total = 0;

    pack_begin(L, &state);
    while (state.at < state.end) {
        struct pack_item item = pack_next(&state, total);

        luaL_argcheck(L, item.kind != PACK_PREFIX && item.kind != PACK_ZERO, 1,
                      "variable-length format");
        luaL_argcheck(L, item.size + item.padding <= (size_t)INT32_MAX - total, 1,
                      "format result too large");
        total += item.padding + item.size;
    }
    lua_pushinteger(L, (lua_Integer)total);
    return 1;
}

/* The integer in `size` bytes; what does not fit into 64 bits raises. [-0, +0, v] */
static BL_LJMP lua_Integer pack_read_integer(const struct pack_state *state, const char *data,
                                             const struct pack_item *item)
{
    size_t size = item->size, most = sizeof(lua_Unsigned);
    lua_Unsigned bits = 0;
    unsigned char fill;

    for (size_t i = size < most ? size : most; i-- > 0;)
        bits = bits << 8 | (unsigned char)data[state->is_little ? i : size - 1 - i];
    if (size < most) {
        if (item->kind == PACK_SIGNED) {
            lua_Unsigned sign = (lua_Unsigned)1 << (size * 8 - 1);

            bits = (bits ^ sign) - sign;
        }
        return (lua_Integer)bits;
    }
    fill = item->kind == PACK_SIGNED && (lua_Integer)bits < 0 ? 0xff : 0;
    for (size_t i = most; i < size; i++)
        if ((unsigned char)data[state->is_little ? i : size - 1 - i] != fill)
            luaL_error(state->L, "%d-byte integer does not fit into Lua Integer", (int)size);
    return (lua_Integer)bits;
}

static BL_LJMP void pack_push_float(const struct pack_state *state, const char *data,
                                    const struct pack_item *item)
{
    double wide;
    float narrow;

    if (item->kind == PACK_FLOAT) {
        pack_turn(state, (char *)&narrow, data, sizeof(narrow));
        lua_pushnumber(state->L, (lua_Number)narrow);
    } else {
        pack_turn(state, (char *)&wide, data, sizeof(wide));
        lua_pushnumber(state->L, wide);
    }
}

/* Pushes the text at `data` with `rest` bytes there; gives how many bytes it took. [-0, +1, e]
 */
static BL_LJMP size_t pack_push_text(const struct pack_state *state, const char *data,
                                     size_t rest, const struct pack_item *item)
{
    lua_State *L = state->L;
    struct pack_item prefix = *item;
    size_t len;

    if (item->kind == PACK_FIXED) {
        bl_charge(L, item->size / 32);
        lua_pushlstring(L, data, item->size);
        return item->size;
    }
    if (item->kind == PACK_ZERO) {
        const char *zero = memchr(data, '\0', rest);

        luaL_argcheck(L, zero != NULL, 2, "unfinished string for format 'z'");
        bl_charge(L, (size_t)(zero - data) / 16);
        lua_pushlstring(L, data, (size_t)(zero - data));
        return (size_t)(zero - data) + 1;
    }
    prefix.kind = PACK_UNSIGNED;
    len = (size_t)pack_read_integer(state, data, &prefix);
    luaL_argcheck(L, len <= rest - item->size, 2, "data string too short");
    bl_charge(L, len / 32);
    lua_pushlstring(L, data + item->size, len);
    return item->size + len;
}

BL_LJMP int bl_string_unpack(lua_State *L)
{
    struct pack_state state;
    size_t len, at;
    const char *data = luaL_checklstring(L, 2, &len);
    int count = 0;

    pack_begin(L, &state);
    at = bl_string_start(luaL_optinteger(L, 3, 1), len);
    luaL_argcheck(L, at <= len, 3, "initial position out of string");
    while (state.at < state.end) {
        struct pack_item item = pack_next(&state, at);

        luaL_argcheck(L, item.padding <= len - at && item.size <= len - at - item.padding, 2,
                      "data string too short");
        at += item.padding;
        luaL_checkstack(L, 3, "too many results");
        count += item.kind < PACK_BYTE;
        if (item.kind <= PACK_UNSIGNED)
            lua_pushinteger(L, pack_read_integer(&state, data + at, &item));
        else if (item.kind <= PACK_DOUBLE)
            pack_push_float(&state, data + at, &item);
        else if (item.kind <= PACK_ZERO)
            item.size = pack_push_text(&state, data + at, len - at, &item);
        at += item.size;
    }
    lua_pushinteger(L, (lua_Integer)at + 1);
    return count + 1;
}
