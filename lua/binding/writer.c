/* writer.c - core.xml.write: a value as XML, as a model says; the inverse of core.xml.decode */
#include "xml.h"

/* What a trapheus.core.Writing is made of, by its place: of a structure `inside` has the names of
 * the members and their writings by turns, of a list the writing of its items; of what Lua writes
 * it is a function. */
enum place { KIND = 1, NAME, OPEN, CLOSE, TYPE, INSIDE };

enum kind { TEXT = 1, INTEGER, BOOLEAN, BY_FUNCTION, STRUCTURE, LIST, KIND_END };

enum { KEPT = 3 }; /* where in the stack it is: see lua/meta */

enum { DEEPEST = 8 * TPH_XML_MAX_DEPTH }; /* of the stack: no element takes more places than that */

static void put(lua_State *L, struct tph_buf *out, int writing, int value);

static void must(lua_State *L, enum tph_status status) {
    if (status != TPH_OK) luaL_error(L, "XML: %s", tph_status_text(status));
}

static void put_text(lua_State *L, struct tph_buf *out, int index) {
    must(L, tph_buf_append(out, tph_check_str(L, index)));
}

/* A tag, or nothing where the writing has none */
static void put_tag(lua_State *L, struct tph_buf *out, int writing, enum place place) {
    if (lua_rawgeti(L, writing, place) == LUA_TSTRING) put_text(L, out, -1);
    lua_pop(L, 1);
}

static void refuse(lua_State *L, int writing) {
    lua_rawgeti(L, writing, NAME);
    lua_pushliteral(L, " is no ");
    lua_rawgeti(L, writing, TYPE);
    lua_concat(L, 3);
    lua_error(L);
}

static void put_string(lua_State *L, struct tph_buf *out, int writing, int value) {
    if (lua_type(L, value) != LUA_TSTRING) refuse(L, writing);
    must(L, tph_xml_escape(tph_check_str(L, value), out));
}

static void put_integer(lua_State *L, struct tph_buf *out, int writing, int value) {
    int is_whole = 0;
    lua_Integer number = lua_tointegerx(L, value, &is_whole);
    if (!is_whole || lua_type(L, value) != LUA_TNUMBER) refuse(L, writing);
    must(L, tph_buf_appendf(out, "%lld", (long long)number));
}

static void put_boolean(lua_State *L, struct tph_buf *out, int writing, int value) {
    if (!lua_isboolean(L, value)) refuse(L, writing);
    must(L, tph_buf_append(out, lua_toboolean(L, value) ? TPH_STR("true") : TPH_STR("false")));
}

static void put_by_function(lua_State *L, struct tph_buf *out, int writing, int value) {
    lua_rawgeti(L, writing, INSIDE);
    lua_pushvalue(L, value);
    lua_call(L, 1, 1);
    if (lua_type(L, -1) != LUA_TSTRING) refuse(L, writing);
    put_text(L, out, -1);
    lua_pop(L, 1);
}

static bool is_member(lua_State *L, int inside, int name) {
    bool found = false;
    lua_Integer length = (lua_Integer)lua_rawlen(L, inside);
    for (lua_Integer i = 1; i < length && !found; i += 2) {
        lua_rawgeti(L, inside, i);
        found = lua_rawequal(L, -1, name);
        lua_pop(L, 1);
    }
    return found;
}

/* Names the first member, in the order of names, that the writing does not have. */
static void refuse_unknown(lua_State *L, int inside, int value) {
    lua_pushnil(L);
    int first = lua_gettop(L), name = first + 1;
    for (lua_pushnil(L); lua_next(L, value); lua_pop(L, 1)) {
        if (is_member(L, inside, name)) continue;
        if (!lua_isnil(L, first) && !lua_compare(L, name, first, LUA_OPLT)) continue;
        lua_pushvalue(L, name);
        lua_replace(L, first);
    }
    lua_pushfstring(L, "the model has no member %s", luaL_tolstring(L, first, NULL));
    lua_error(L);
}

static lua_Integer count_pairs(lua_State *L, int table) {
    lua_Integer count = 0;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) count++;
    return count;
}

static void put_structure(lua_State *L, struct tph_buf *out, int writing, int value) {
    if (!lua_istable(L, value)) refuse(L, writing);
    lua_rawgeti(L, writing, INSIDE);
    int inside = lua_gettop(L);
    lua_Integer left = count_pairs(L, value), length = (lua_Integer)lua_rawlen(L, inside);
    for (lua_Integer i = 1; left > 0 && i < length; i += 2) {
        lua_rawgeti(L, inside, i);
        if (lua_rawget(L, value) != LUA_TNIL) {
            lua_rawgeti(L, inside, i + 1);
            put(L, out, inside + 2, inside + 1);
            left--;
        }
        lua_settop(L, inside);
    }
    if (left > 0) refuse_unknown(L, inside, value);
    lua_pop(L, 1);
}

static void put_list(lua_State *L, struct tph_buf *out, int writing, int value) {
    if (!lua_istable(L, value)) refuse(L, writing);
    lua_rawgeti(L, writing, INSIDE);
    int item = lua_gettop(L);
    lua_Integer length = (lua_Integer)lua_rawlen(L, value);
    for (lua_Integer i = 1; i <= length; i++) {
        lua_rawgeti(L, value, i);
        put(L, out, item, item + 1);
        lua_settop(L, item);
    }
    lua_pop(L, 1);
}

static void put_inside(lua_State *L, struct tph_buf *out, int writing, int value) {
    static void (*const writers[])(lua_State *, struct tph_buf *, int, int) = {
        [TEXT] = put_string,         [INTEGER] = put_integer,
        [BOOLEAN] = put_boolean,     [BY_FUNCTION] = put_by_function,
        [STRUCTURE] = put_structure, [LIST] = put_list};
    lua_rawgeti(L, writing, KIND);
    lua_Integer kind = lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (kind < TEXT || kind >= KIND_END) luaL_error(L, "no such writing: %I", kind);
    writers[kind](L, out, writing, value);
}

/* [-0, +0|1] Is the value one of those that do not change? Then the room for what is written of it
 * is on the top. */
static bool push_room(lua_State *L, int value) {
    if (!lua_istable(L, KEPT) || !lua_istable(L, value)) return false;
    lua_pushvalue(L, value);
    if (lua_rawget(L, KEPT) == LUA_TTABLE) return true;
    lua_pop(L, 1);
    return false;
}

static void put_kept(lua_State *L, struct tph_buf *out, int writing, int value) {
    int room = lua_gettop(L);
    size_t start = out->length_bytes;
    lua_pushvalue(L, writing);
    if (lua_rawget(L, room) == LUA_TSTRING) {
        put_text(L, out, -1);
    } else {
        put_inside(L, out, writing, value);
        lua_pushvalue(L, writing);
        tph_push_str(L, (struct tph_str){out->data + start, out->length_bytes - start});
        lua_rawset(L, room);
    }
    lua_settop(L, room - 1);
}

/* Writes the element, or the elements, of the value at `value`. */
static void put(lua_State *L, struct tph_buf *out, int writing, int value) {
    if (lua_gettop(L) > DEEPEST) luaL_error(L, "XML: the value is too deep");
    luaL_checkstack(L, 16, "XML");
    put_tag(L, out, writing, OPEN);
    if (push_room(L, value))
        put_kept(L, out, writing, value);
    else
        put_inside(L, out, writing, value);
    put_tag(L, out, writing, CLOSE);
}

/* xml.write(writing, value[, kept]) -> text */
int tph_xml_write(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, KEPT);
    struct tph_buf *out = tph_push_buf(L, TPH_XML_MAX_BYTES);
    put(L, out, 1, 2);
    tph_push_str(L, tph_buf_view(out));
    tph_buf_deinit(out);
    return 1;
}
