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

/* The field is on the top, and must have this type. */
static void check_type(lua_State *L, const char *name, int type) {
    if (lua_type(L, -1) != type) type_error(L, name, lua_typename(L, type));
}

int tph_field_push(lua_State *L, int index, const char *name, int type) {
    tph_field_get(L, index, name);
    check_type(L, name, type);
    return lua_gettop(L);
}

/* Does the table have the field? Then it is on the top, and has this type. */
static bool push_optional(lua_State *L, int index, const char *name, int type) {
    if (tph_field_get(L, index, name) == LUA_TNIL) {
        lua_pop(L, 1);
        return false;
    }
    check_type(L, name, type);
    return true;
}

static struct tph_str pop_str(lua_State *L) {
    struct tph_str view;
    view.data = lua_tolstring(L, -1, &view.length_bytes);
    lua_pop(L, 1);
    return view;
}

struct tph_str tph_field_str(lua_State *L, int index, const char *name) {
    tph_field_push(L, index, name, LUA_TSTRING);
    return pop_str(L);
}

struct tph_str tph_field_opt_str(lua_State *L, int index, const char *name) {
    return push_optional(L, index, name, LUA_TSTRING) ? pop_str(L) : TPH_STR("");
}

static lua_Number pop_number(lua_State *L, const char *name) {
    lua_Number number = lua_tonumber(L, -1);
    if (!(number >= -9e15 && number <= 9e15)) tph_field_error(L, name, "out of range");
    lua_pop(L, 1);
    return number;
}

lua_Number tph_field_number(lua_State *L, int index, const char *name) {
    tph_field_push(L, index, name, LUA_TNUMBER);
    return pop_number(L, name);
}

lua_Number tph_field_opt_number(lua_State *L, int index, const char *name, lua_Number otherwise) {
    return push_optional(L, index, name, LUA_TNUMBER) ? pop_number(L, name) : otherwise;
}

bool tph_field_opt_flag(lua_State *L, int index, const char *name, bool otherwise) {
    if (!push_optional(L, index, name, LUA_TBOOLEAN)) return otherwise;
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

struct tph_str tph_check_bytes(lua_State *L, int index) {
    const struct tph_buf *buf = luaL_testudata(L, index, BUF);
    return buf ? tph_buf_view(buf) : tph_check_str(L, index);
}

/* bytes:sub(first, last) -> text, as of a string; last: not before the end if it is negative */
static int buf_sub(lua_State *L) {
    struct tph_str bytes = tph_buf_view(luaL_checkudata(L, 1, BUF));
    lua_Integer length = (lua_Integer)bytes.length_bytes;
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_optinteger(L, 3, length);
    if (first < 1) first = 1;
    if (last < 0 || last > length) last = length;
    if (first > last)
        lua_pushliteral(L, "");
    else
        lua_pushlstring(L, bytes.data + first - 1, (size_t)(last - first + 1));
    return 1;
}

static void bind_buf(lua_State *L) {
    static const luaL_Reg meta[] = {{"__gc", buf_gc}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{"sub", buf_sub}, {"close", buf_gc}, {NULL, NULL}};
    luaL_newmetatable(L, BUF);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void tph_bind_pure(lua_State *L) {
    bind_buf(L);
    tph_bind_scalar(L);
    tph_bind_sign(L);
    tph_bind_text(L);
    tph_bind_xml(L);
    tph_bind_json(L);
    tph_bind_judge(L);
    tph_bind_wait(L);
    tph_bind_stream(L);
}
