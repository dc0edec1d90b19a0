/* scalar.c - core.scalar: the scalars of the query protocol that are no strings */
#include "field.h"
#include "trapheus/timestamp.h"
#include <math.h>
#include <string.h>

/* As tonumber() of the text: an integer or a float */
static bool push_number(lua_State *L, struct tph_str text) {
    tph_push_str(L, text);
    bool is_number = lua_stringtonumber(L, lua_tostring(L, -1)) == text.length_bytes + 1;
    lua_remove(L, is_number ? -2 : -1);
    return is_number;
}

/* Digits and nothing else, as nearly all are */
static bool push_digits(lua_State *L, struct tph_str text) {
    lua_Integer number = 0;
    if (text.length_bytes == 0 || text.length_bytes > 18) return false;
    for (size_t i = 0; i < text.length_bytes; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        number = number * 10 + (text.data[i] - '0');
    }
    lua_pushinteger(L, number);
    return true;
}

static bool push_integer(lua_State *L, struct tph_str text) {
    int is_whole = 0;
    if (push_digits(L, text)) return true;
    if (!push_number(L, text)) return false;
    lua_Integer number = lua_tointegerx(L, -1, &is_whole);
    lua_pop(L, 1);
    if (is_whole) lua_pushinteger(L, number);
    return is_whole;
}

static bool push_float(lua_State *L, struct tph_str text) {
    const struct {
        struct tph_str word;
        double number;
    } words[] = {
        {TPH_STR("NaN"), NAN}, {TPH_STR("Infinity"), INFINITY}, {TPH_STR("-Infinity"), -INFINITY}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!tph_str_equal(text, words[i].word)) continue;
        lua_pushnumber(L, words[i].number);
        return true;
    }
    return push_number(L, text);
}

static bool push_boolean(lua_State *L, struct tph_str text) {
    bool is_true = tph_str_equal(text, TPH_STR("true")) || tph_str_equal(text, TPH_STR("1"));
    bool is_false = tph_str_equal(text, TPH_STR("false")) || tph_str_equal(text, TPH_STR("0"));
    if (is_true || is_false) lua_pushboolean(L, is_true);
    return is_true || is_false;
}

/* An integer when whole */
static bool push_timestamp(lua_State *L, struct tph_str text) {
    double seconds = 0;
    lua_Integer whole;
    if (tph_timestamp_parse(text, &seconds) != TPH_OK) return false;
    if (lua_numbertointeger(floor(seconds), &whole) && (double)whole == seconds)
        lua_pushinteger(L, whole);
    else
        lua_pushnumber(L, seconds);
    return true;
}

static const struct {
    const char *name;
    bool (*push)(lua_State *, struct tph_str);
} kinds[] = {{"integer", push_integer},
             {"boolean", push_boolean},
             {"timestamp", push_timestamp},
             {"float", push_float}};

size_t tph_scalar_kind(lua_State *L, const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0) return i;
    return (size_t)luaL_error(L, "no such scalar: %s", name);
}

const char *tph_scalar_name(size_t kind) { return kinds[kind].name; }

bool tph_push_scalar(lua_State *L, size_t kind, struct tph_str text) {
    return kinds[kind].push(L, text);
}

/* scalar(kind, text) -> value | nil */
static int scalar(lua_State *L) {
    size_t kind = tph_scalar_kind(L, luaL_checkstring(L, 1));
    if (!tph_push_scalar(L, kind, tph_check_str(L, 2))) lua_pushnil(L);
    return 1;
}

void tph_bind_scalar(lua_State *L) {
    lua_pushcfunction(L, scalar);
    lua_setfield(L, -2, "scalar");
}
