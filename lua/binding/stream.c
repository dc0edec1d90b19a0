/* stream.c - trapheus.core.stream: seeded random numbers. */
#include "field.h"
#include "trapheus/splitmix.h"
#include <math.h>

#define LONGEST_BYTES 4096 /* as of core.random_bytes */

static const char STREAM[] = "trapheus.stream";

static struct tph_splitmix *check_stream(lua_State *L) { return tph_check_class(L, 1, STREAM); }

/* stream(seed, purpose) -> stream */
static int new_stream(lua_State *L) {
    uint64_t seed = (uint64_t)luaL_checkinteger(L, 1);
    struct tph_str purpose = tph_check_str(L, 2);
    struct tph_splitmix *stream = lua_newuserdatauv(L, sizeof *stream, 0);
    *stream = tph_splitmix_new(seed, purpose);
    luaL_setmetatable(L, STREAM);
    return 1;
}

/* unit(stream) -> a number in [0, 1) */
static int stream_unit(lua_State *L) {
    lua_pushnumber(L, tph_splitmix_unit(check_stream(L)));
    return 1;
}

static lua_Integer draw(struct tph_splitmix *stream, lua_Integer low, lua_Integer high) {
    double count = (double)(lua_Integer)((lua_Unsigned)high - (lua_Unsigned)low + 1);
    return low + (lua_Integer)floor(tph_splitmix_unit(stream) * count);
}

/* integer(stream, low, high) -> from low up to high */
static int stream_integer(lua_State *L) {
    struct tph_splitmix *stream = check_stream(L);
    lua_pushinteger(L, draw(stream, luaL_checkinteger(L, 2), luaL_checkinteger(L, 3)));
    return 1;
}

/* pick(stream, list) -> one of it */
static int stream_pick(lua_State *L) {
    struct tph_splitmix *stream = check_stream(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_rawgeti(L, 2, draw(stream, 1, (lua_Integer)lua_rawlen(L, 2)));
    return 1;
}

static size_t check_length(lua_State *L) {
    lua_Integer length = luaL_checkinteger(L, 2);
    luaL_argcheck(L, length >= 0 && length <= LONGEST_BYTES, 2, "out of range");
    return (size_t)length;
}

/* text(stream, length, alphabet) -> so many characters of it */
static int stream_text(lua_State *L) {
    struct tph_splitmix *stream = check_stream(L);
    size_t length = check_length(L);
    struct tph_str alphabet = tph_check_str(L, 3);
    luaL_argcheck(L, alphabet.length_bytes > 0, 3, "empty");
    char text[LONGEST_BYTES];
    for (size_t i = 0; i < length; i++)
        text[i] = alphabet.data[draw(stream, 0, (lua_Integer)alphabet.length_bytes - 1)];
    lua_pushlstring(L, text, length);
    return 1;
}

/* bytes(stream, count) -> string */
static int stream_bytes(lua_State *L) {
    struct tph_splitmix *stream = check_stream(L);
    size_t count = check_length(L);
    char bytes[LONGEST_BYTES];
    for (size_t i = 0; i < count; i++) bytes[i] = (char)tph_splitmix_byte(stream);
    lua_pushlstring(L, bytes, count);
    return 1;
}

/* of_bytes(stream) -> what a client makes of the next six bytes: a number in [0, 1) */
static int stream_of_bytes(lua_State *L) {
    struct tph_splitmix *stream = check_stream(L);
    uint64_t bits = 0;
    for (int shift = 0; shift < 48; shift += 8)
        bits |= (uint64_t)tph_splitmix_byte(stream) << shift;
    lua_pushnumber(L, (double)bits * 0x1p-48);
    return 1;
}

void tph_bind_stream(lua_State *L) {
    static const luaL_Reg meta[] = {{NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"unit", stream_unit}, {"integer", stream_integer}, {"pick", stream_pick},
        {"text", stream_text}, {"bytes", stream_bytes},     {"of_bytes", stream_of_bytes},
        {NULL, NULL}};
    tph_new_class(L, STREAM, meta, methods);
    lua_pushcfunction(L, new_stream);
    lua_setfield(L, -2, "stream");
}
