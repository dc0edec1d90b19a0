#include "field.h"

#define BUF "trapheus.buf"

int tph_field_error(lua_State *L, const char *name, const char *text) {
    if (name) text = lua_pushfstring(L, "field '%s': %s", name, text);
    return luaL_argerror(L, lua_isuserdata(L, 1) ? 2 : 1, text); /* a method's table comes second */
}

static int type_error(lua_State *L, const char *name, const char *expected) {
    const char *got = luaL_typename(L, -1);
    return tph_field_error(L, name, lua_pushfstring(L, "%s expected, got %s", expected, got));
}

int tph_field_get(lua_State *L, int index, const char *name) {
    index = lua_absindex(L, index);
    lua_pushstring(L, name);
    return lua_rawget(L, index);
}

int tph_field_push(lua_State *L, int index, const char *name, int type) {
    if (tph_field_get(L, index, name) != type) type_error(L, name, lua_typename(L, type));
    return lua_gettop(L);
}

struct tph_str tph_field_str(lua_State *L, int index, const char *name) {
    struct tph_str view;
    tph_field_push(L, index, name, LUA_TSTRING);
    view.data = lua_tolstring(L, -1, &view.length_bytes);
    lua_pop(L, 1);
    return view;
}

static bool is_absent(lua_State *L, int index, const char *name) {
    bool absent = tph_field_get(L, index, name) == LUA_TNIL;
    lua_pop(L, 1);
    return absent;
}

struct tph_str tph_field_opt_str(lua_State *L, int index, const char *name) {
    return is_absent(L, index, name) ? TPH_STR("") : tph_field_str(L, index, name);
}

lua_Number tph_field_number(lua_State *L, int index, const char *name) {
    tph_field_push(L, index, name, LUA_TNUMBER);
    lua_Number number = lua_tonumber(L, -1);
    if (!(number >= -9e15 && number <= 9e15)) tph_field_error(L, name, "out of range");
    lua_pop(L, 1);
    return number;
}

lua_Number tph_field_opt_number(lua_State *L, int index, const char *name, lua_Number otherwise) {
    return is_absent(L, index, name) ? otherwise : tph_field_number(L, index, name);
}

bool tph_field_opt_flag(lua_State *L, int index, const char *name, bool otherwise) {
    if (is_absent(L, index, name)) return otherwise;
    tph_field_push(L, index, name, LUA_TBOOLEAN);
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

void tph_field_pair(lua_State *L, int index, const char *name, lua_Integer i,
                    struct tph_str pair[2]) {
    index = lua_absindex(L, index);
    bool good = lua_rawgeti(L, index, i) == LUA_TTABLE;
    for (int part = 0; part < 2 && good; part++) {
        good = lua_rawgeti(L, -1, part + 1) == LUA_TSTRING;
        if (good) pair[part].data = lua_tolstring(L, -1, &pair[part].length_bytes);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    if (!good) tph_field_error(L, name, lua_pushfstring(L, "entry %I is no pair of strings", i));
}

void tph_push_str(lua_State *L, struct tph_str text) {
    lua_pushlstring(L, text.length_bytes ? text.data : "", text.length_bytes);
}

void tph_push_pair(lua_State *L, struct tph_str a, struct tph_str b) {
    lua_createtable(L, 2, 0);
    tph_push_str(L, a);
    lua_rawseti(L, -2, 1);
    tph_push_str(L, b);
    lua_rawseti(L, -2, 2);
}

static int buf_gc(lua_State *L) {
    tph_buf_wipe(luaL_checkudata(L, 1, BUF));
    return 0;
}

struct tph_buf *tph_push_buf(lua_State *L, size_t max_bytes) {
    struct tph_buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);
    tph_buf_init(buf, max_bytes);
    luaL_setmetatable(L, BUF);
    return buf;
}

void tph_bind_pure(lua_State *L) {
    luaL_newmetatable(L, BUF);
    lua_pushcfunction(L, buf_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    tph_bind_sign(L);
    tph_bind_text(L);
    tph_bind_xml(L);
    tph_bind_wait(L);
}
